//! The second stage alone: a log's bugs, and its templates.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tests::program;

use crate::shop;

fn outerloop(args: &[&str], log: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, log).unwrap();
    let output = Command::new(program())
        .arg("triage")
        .args(args)
        .arg(&path)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// An event of a Sentry SDK, on a line.
fn event(user: u64, caller: &str, function: &str) -> String {
    let frame = |function: &str, source: &str| json!({"filename": "shop/cart.py", "function": function, "lineno": user + 3, "context_line": source});
    let frames = [
        frame(caller, "cart.total()"),
        frame(function, "return order['price']"),
    ];
    let exception =
        json!({"type": "KeyError", "value": format!("'{user}'"), "stacktrace": {"frames": frames}});
    json!({"event_id": format!("{user:032x}"), "platform": "python", "user": {"id": user}, "exception": {"values": [exception]}})
        .to_string()
}

#[test]
fn a_log_becomes_a_short_list() {
    let mut lines = vec![
        event(0, "job", "tax"),
        event(0, "job", "tax"),
        event(0, "job", "tax"),
    ];
    lines.extend((1..9).map(|n| event(n, ["create", "update"][n as usize % 2], "total")));
    let (status, answer) = outerloop(&["--output", "json", "--log"], &lines.join("\n"));
    assert_eq!(status, Some(0));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let bugs = answer["bugs"].as_array().unwrap();
    let seen = |bug: &Value| {
        (
            bug["title"].as_str().unwrap().to_owned(),
            bug["count"].as_u64(),
            bug["users"].as_u64(),
        )
    };
    assert_eq!(
        bugs.iter().map(seen).collect::<Vec<_>>(),
        [
            ("KeyError: '1' in total".to_owned(), Some(8), Some(8)),
            ("KeyError: '0' in tax".to_owned(), Some(3), Some(1)),
        ]
    );
    assert_eq!(bugs[0]["assessment"]["kind"], "fixable");
    assert!(bugs[0]["priority"]["score"].as_u64() > bugs[1]["priority"]["score"].as_u64());
    assert_eq!(bugs[0]["priority"]["reasons"][0], "8 users hit");
    let fixer: Vec<_> = bugs.iter().map(|bug| &bug["fixer"]).collect();
    assert_eq!(
        (&fixer[0]["turn"], &fixer[1]["turn"]),
        (&json!(1), &json!(2))
    );
    let reason = fixer[0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("fixable, without captured values"),
        "{reason}"
    );
    // The same names, whatever comes first.
    lines.reverse();
    let (_, again) = outerloop(&["--output", "json", "--log"], &lines.join("\n"));
    let again: Value = serde_json::from_str(&again).unwrap();
    let ids = |answer: &Value| {
        answer["bugs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bug| bug["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&again), ids(&answer));

    assert_eq!(outerloop(&["--log"], "all is well\n").0, Some(4));
}

#[test]
fn templates_come_line_by_line() {
    let mut log = String::new();
    for n in 0..20 {
        log += &format!("2024-05-01 10:00:{n:02} INFO shop: order {n} of user u{n} took {n} ms\n");
        log += &format!("2024-05-01 10:00:{n:02} WARN shop: \"{n}\" is slow\n");
    }
    let (status, csv) = outerloop(&["templates", "--output", "csv"], &log);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 40);
    assert_eq!((lines[0], lines[1]), (lines[38], lines[39]));
    assert!(
        lines[0].contains("order <*> of user <*> took <*>"),
        "{}",
        lines[0]
    );
    assert_ne!(lines[0].split(',').next(), lines[1].split(',').next());
}

#[test]
fn the_commit_that_last_changed_the_line_is_named() {
    let repository = shop::shop();
    let before = repository.head();
    let line = shop::PRICING
        .lines()
        .position(|line| line.contains("return sum("))
        .unwrap()
        + 1;
    let trace = |time: &str| {
        let source = shop::PRICING.lines().nth(line - 1).unwrap().trim();
        format!(
            "{time} ERROR shop: failed\nTraceback (most recent call last):\n  \
             File \"/app/shop/pricing.py\", line {line}, in total\n    {source}\nKeyError: 'discount'\n"
        )
    };
    repository.commit(&[("shop/other.py", "OTHER = 1\n")]);
    let suspect = |log: &str| {
        let root = repository.root().to_str().unwrap();
        let (status, answer) = outerloop(&["--output", "json", "--repo", root, "--log"], log);
        assert_eq!(status, Some(0));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["bugs"][0]["suspect"].clone()
    };
    let found = suspect(&trace("2099-01-01 10:00:00,000"));
    assert_eq!(found["commit"], before.as_str(), "{found}");
    assert_eq!(
        (&found["file"], &found["line"]),
        (&json!("shop/pricing.py"), &json!(line))
    );
    // It was not that commit if the error is older.
    assert_eq!(suspect(&trace("2001-01-01 10:00:00,000")), Value::Null);
}
