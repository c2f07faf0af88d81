//! `outerloop ingest`: what a log holds.

use serde_json::{Value, json};
use tests::Outerloop;

const LOG: &str = "2026-01-05 10:00:00,123 INFO shop.orders: start\n2026-01-05 10:00:01,000 ERROR shop.orders: card of jane@shop.io refused\n\
2026-01-05 10:00:02,000 ERROR shop.orders: it broke\nTraceback (most recent call last):\n  File \"/app/shop/orders.py\", line 12, in total\n    \
return order['price']\nKeyError: 'price'\n2026-01-05 10:00:03,000 INFO shop.orders: going on\n\
Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat shop.Orders.total(Orders.java:7)\n";

fn run(arguments: &[&str], status: i32) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("x.log");
    std::fs::write(&log, LOG).unwrap();
    let mut command =
        Outerloop::with(["ingest", "--output", "json", "--log"]).and([log.as_os_str()]);
    for argument in arguments {
        command = command.and([*argument]);
    }
    let ran = command.run();
    assert_eq!(
        ran.status,
        Some(status),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let text = String::from_utf8(ran.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn events_are_lines_of_json() {
    let events = run(&[], 0);
    assert_eq!(events.len(), 3, "{events:#?}");
    assert_eq!(
        (&events[0]["exceptions"], &events[0]["level"]),
        (&json!([]), &json!("error"))
    );
    let message = events[0]["message"].as_str().unwrap();
    assert!(
        message.ends_with(" refused") && !message.contains("jane"),
        "{message}"
    );
    assert_eq!(events[1]["language"], "python");
    assert_eq!(events[1]["message"], "it broke");
    let frame = &events[1]["exceptions"][0]["frames"][0];
    assert_eq!(
        (&frame["function"], &frame["line"]),
        (&json!("total"), &json!(12))
    );
    assert_eq!(
        events[2]["exceptions"][0]["type"],
        "java.lang.IllegalStateException"
    );
    let plain = run(&["--no-redaction"], 0);
    assert_eq!(plain[0]["message"], "card of jane@shop.io refused");
}

#[test]
fn records_say_which_lines_belong_together() {
    let records = run(&["--records"], 0);
    let lines: Vec<_> = records
        .iter()
        .map(|record| record["lines"].as_u64().unwrap())
        .collect();
    assert_eq!(lines[..3], [1, 1, 5], "{records:#?}");
    assert_eq!(records[2]["level"], "error");
    run(&["--records", "--record-start", "("], 2);
}
