//! The JSON form of events agrees with its published schema.

use ingest::{Format, report};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::corpus::{files, folder, read_bytes, read_file};

fn schema() -> Validator {
    let schema = include_str!("../../docs/error-event.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

#[track_caller]
fn check(schema: &Validator, shown: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(shown)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {shown:#}");
}

#[test]
fn a_report_says_what_the_schema_says() {
    let input = "2024-01-01 12:00:00 ERROR shop: it broke
java.lang.IllegalStateException: no stock
\tat shop.Stock.take(Stock.java:10)
\tat shop.Main.main(Main.java:3)
Caused by: java.io.IOException: gone
\tat shop.Db.read(Unknown Source)
\t... 1 more
";
    let (events, _) = read_bytes(input.as_bytes(), Format::Auto);
    let shown = report(&events[0]);
    check(&schema(), &shown);
    let frame = |function: &str, module: &str, file: &str, line: Option<u32>| json!({"function": function, "module": module, "file": file, "line": line, "column": null, "in_app": null});
    let place = |file: &str, line: Option<u32>| json!({"file": file, "line": line, "column": null});
    assert_eq!(
        shown,
        json!({
            "language": "java",
            "id": null,
            "timestamp": "2024-01-01 12:00:00",
            "release": null,
            "level": "error",
            "logger": null,
            "message": "shop: it broke",
            "exceptions": [
                {
                    "type": "java.lang.IllegalStateException",
                    "module": "java.lang",
                    "message": "no stock",
                    "notes": [],
                    "location": place("Stock.java", Some(10)),
                    "frames": [
                        frame("shop.Stock.take", "shop.Stock", "Stock.java", Some(10)),
                        frame("shop.Main.main", "shop.Main", "Main.java", Some(3)),
                    ],
                    "common_frames": 0,
                    "parent": null,
                    "link": null,
                },
                {
                    "type": "java.io.IOException",
                    "module": "java.io",
                    "message": "gone",
                    "notes": [],
                    "location": place("Unknown Source", None),
                    "frames": [frame("shop.Db.read", "shop.Db", "Unknown Source", None)],
                    "common_frames": 1,
                    "parent": 0,
                    "link": "cause",
                },
            ],
            "attributes": {},
        })
    );
    let php = "PHP Fatal error:  Uncaught App\\Oops: no in /app/a.php:3\nStack trace:\n#0 /app/b.php(7): App\\f(1)\n#1 {main}\n  thrown in /app/a.php on line 3\n";
    let (events, _) = read_bytes(php.as_bytes(), Format::Auto);
    let shown = report(&events[0]);
    check(&schema(), &shown);
    let exception = &shown["exceptions"][0];
    assert_eq!(exception["type"], "App\\Oops");
    assert_eq!(exception["location"], place("/app/a.php", Some(3)));
    assert_eq!(exception["frames"].as_array().map(Vec::len), Some(1));
    assert_eq!(exception["frames"][0]["function"], "App\\f");
    // The event itself keeps where the script had called it.
    let main = &events[0].exceptions[0].frames[0];
    assert_eq!((main.path.as_str(), main.line), ("/app/b.php", Some(7)));
}

#[test]
fn reports_of_real_events_follow_the_schema() {
    let schema = schema();
    let mut n = 0;
    for name in ["stacktraces", "sentry_grouping", "other_events", "app_logs"] {
        let Some(folder) = folder(name) else { return };
        for path in files(&folder) {
            for event in read_file(&path).0 {
                check(&schema, &report(&event));
                n += 1;
            }
        }
    }
    eprintln!("{n} reports follow the schema");
}
