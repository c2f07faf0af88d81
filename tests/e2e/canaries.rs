//! Nothing of production's data is published: no value, key or word of a message in a test, patch, proof or answer.

use std::{fs, path::Path};

use tests::{Crash, Form, Outerloop, Repository};

const SHOP: &str = r#""""Orders of a shop."""


def unit_price(item):
    """The price of one piece; an item without a discount has none."""
    return item["price"] - item["discount"]


def saved(item):
    """What the discount of a piece saves; 0 without one."""
    return item.get("discount", 0)


def total(items):
    return sum(unit_price(item) for item in items)


def stock(levels, sku):
    """How many are left; 0 for what was never there."""
    return levels[sku]


def amount(row):
    return int(row["amount"])


class Refused(Exception):
    pass


def book(order):
    if order["owner"] is None:
        raise Refused(f"nobody owns {order['number']} of {order['city']}")
    return order["owner"].strip()


def greeting(user):
    return "Dear " + user["name"].title()
"#;

/// Ways to crash the shop with data that a file brings.
const CALLS: [&str; 5] = [
    "total(data['items'])",
    "stock(data['levels'], data['wanted'])",
    "amount(data['row'])",
    "book(data['order'])",
    "greeting(data['user'])",
];

/// A hundred words and numbers that stand nowhere else.
fn canaries() -> Vec<String> {
    (0..100)
        .map(|n| match n % 4 {
            0 => format!("Canary{n}Zq"),
            1 => format!("canary_{n}_key"),
            2 => format!("{}{n:02}", 73_919_000 + n),
            _ => format!("kanarie-{n}-vogel"),
        })
        .collect()
}

/// Data with every canary in it: values, keys, nested, numbers.
fn data(canaries: &[String]) -> String {
    let c = |n: usize| canaries[n % 100].as_str();
    let text = |n: usize| format!("\"{} {}\"", c(n), c(n + 1));
    // Four to a part, so that a local variable shows it whole.
    let parts: Vec<String> = (0..25)
        .map(|n| 4 * n)
        .map(|n| {
            let (a, b, d) = (c(n), c(n + 1), c(n + 3));
            format!("{{\"{b}\": [\"{a} {d}\", {{\"{d}\": {}}}]}}", c(n + 2))
        })
        .collect();
    format!(
        r#"{{"items": [{{"price": 10, "discount": 1}}, {{"price": {}, "{}": "{}", "note": {}}}],
            "levels": {{"{}": 3, "{}": 0}}, "wanted": "{}",
            "row": {{"amount": {}}},
            "order": {{"owner": null, "number": {}, "city": "{}"}},
            "user": {{"name": null, "mail": "{}@example.org"}},
            "parts": [{}]}}"#,
        c(2),
        c(1),
        c(3),
        text(5),
        c(4),
        c(7),
        c(8),
        text(9),
        c(6),
        c(11),
        c(12),
        parts.join(", ")
    )
}

#[track_caller]
fn check(what: &str, text: &str, canaries: &[String]) {
    for canary in canaries {
        for part in canary.split('-').filter(|p| p.len() > 4) {
            let found = text.find(part);
            assert!(
                found.is_none(),
                "{part} is in {what}: {}",
                &text[found.map_or(0, |at| text[..at].rfind('\n').map_or(0, |n| n + 1))..]
            );
        }
        assert!(
            !text.contains(canary.as_str()),
            "{canary} is in {what}: {text}"
        );
    }
}

fn check_folder(folder: &Path, canaries: &[String]) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            check(&name, &fs::read_to_string(&path).unwrap(), canaries);
        })
        .count()
}

#[test]
fn none_of_a_hundred_canaries_is_published() {
    let canaries = canaries();
    let repository = Repository::of(&[("shop.py", SHOP)]);
    let data_file = repository.beside("data.json");
    fs::write(&data_file, data(&canaries)).unwrap();
    let mut log = Vec::new();
    for (n, call) in CALLS.iter().enumerate() {
        let script = format!(
            "import json\nfrom shop import *\n\n\ndef handle(data):\n    {} = data[\"parts\"]\n    return {call}  # {}\n\n\nhandle(json.load(open({:?})))\n",
            (0..25)
                .map(|n| format!("part{n}"))
                .collect::<Vec<_>>()
                .join(", "),
            canaries[60 + n],
            data_file
        );
        for form in [Form::Sentry, Form::Text] {
            let one = repository.crash(Crash {
                script: &script,
                root: "",
                shown: "/app",
                form,
            });
            log.push((form, fs::read_to_string(one).unwrap()));
        }
    }
    for form in [Form::Sentry, Form::Text] {
        let of_form = log.iter().filter(|(f, _)| *f == form);
        let text: String = of_form.map(|(_, text)| format!("{text}\n")).collect();
        let n_planted = canaries
            .iter()
            .filter(|c| text.contains(c.as_str()))
            .count();
        assert!(
            n_planted >= if form == Form::Sentry { 100 } else { 8 },
            "{n_planted}"
        );
        let log = repository.log(&text);
        for (command, output) in [
            ("fix", "json"),
            ("fix", "human"),
            ("test", "json"),
            ("test", "human"),
        ] {
            let out = repository.beside(&format!("out-{command}-{output}-{form:?}"));
            let ran = Outerloop::with([command, "--output", output])
                .and(["--log".into(), log.as_os_str().to_owned()])
                .and(["--repo".into(), repository.root().as_os_str().to_owned()])
                .and(["--out".into(), out.as_os_str().to_owned()])
                .run();
            let n_files = check_folder(&out, &canaries);
            if form == Form::Sentry {
                ran.ended(0);
                assert!(n_files > 2, "{n_files}");
            }
            check("standard output", &ran.text(), &canaries);
            check("standard error", &ran.errors(), &canaries);
        }
    }
}
