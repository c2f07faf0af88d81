//! A small program with a bug whose fix stands beside it, and the checks of an answer.

use std::path::PathBuf;

use serde_json::Value;
use tests::{Crash, Form, Repository};

pub(crate) const PRICING: &str = r#""""Prices of an order, in cents."""


def unit_price(item):
    """The price of one piece; an item without a discount has none."""
    return item["price"] - item["discount"]


def saved(item):
    """What the discount of a piece saves; 0 without one."""
    return item.get("discount", 0)


def total(items):
    """The price of all items."""
    return sum(unit_price(item) for item in items)
"#;

pub(crate) const TESTS: &str = r#"from shop.pricing import saved, total


def test_total():
    assert total([{"price": 100, "discount": 10}]) == 90


def test_saved():
    assert saved({"price": 5}) == 0
"#;

pub(crate) const SCRIPT: &str = r#"from shop.pricing import total

total([{"price": 100, "discount": 10}, {"price": 250}])
"#;

/// An error that no patch of the program mends, so that it costs no time.
pub(crate) const REFUSED: &str = "Traceback (most recent call last):
  File \"/app/shop/pricing.py\", line 16, in total
    return sum(unit_price(item) for item in items)
ConnectionRefusedError: [Errno 111] Connection refused
";

/// The shop without tests of its own, which makes a fix quicker.
pub(crate) fn shop() -> Repository {
    Repository::of(&[("shop/__init__.py", ""), ("shop/pricing.py", PRICING)])
}

/// The log of its crash.
#[track_caller]
pub(crate) fn crash(repository: &Repository, form: Form) -> PathBuf {
    repository.crash(Crash {
        script: SCRIPT,
        root: "",
        shown: "/app",
        form,
    })
}

/// Checks that an answer has every key that it promises, each of its type.
#[track_caller]
pub(crate) fn check_shape(answer: &Value) {
    assert!(answer["events"].is_u64(), "{answer}");
    for bug in answer["bugs"].as_array().expect("bugs is a list") {
        let id = bug["id"].as_str().expect("a bug has an id");
        assert!(
            id.len() == 10
                && id
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "{id}"
        );
        for text in ["title", "commit"] {
            assert!(bug[text].is_string(), "{text} in {bug}");
        }
        for number in ["count", "ms"] {
            assert!(bug[number].is_u64(), "{number} in {bug}");
        }
        for text in ["type", "message"] {
            assert!(
                bug["exception"][text].is_string(),
                "exception.{text} in {bug}"
            );
        }
        for text in ["class", "reason"] {
            assert!(
                bug["assessment"][text].is_string(),
                "assessment.{text} in {bug}"
            );
        }
        assert!(
            ["fixable", "not_fixable", "unsure"]
                .contains(&bug["assessment"]["kind"].as_str().unwrap()),
            "{bug}"
        );
        for place in bug["locations"].as_array().expect("locations is a list") {
            check_path(&place["file"]);
            let function = place["function"]
                .as_str()
                .expect("a location has a function");
            assert!(!function.contains('.'), "{function} is the bare name");
            assert!(
                place["line"].is_u64() && place["score"].is_number(),
                "{place}"
            );
        }
        for key in ["commit_note", "reproduction", "fix", "why_not", "cured_by"] {
            assert!(bug.get(key).is_some(), "{key} in {bug}");
        }
        if !bug["reproduction"].is_null() {
            check_path(&bug["reproduction"]["path"]);
            assert!(
                bug["reproduction"]["source"].is_string()
                    && bug["reproduction"]["isolate"].is_string()
                    && bug["exploration"]["isolate"].is_string(),
                "{bug}"
            );
        }
        assert_eq!(
            bug["fix"].is_null(),
            bug["why_not"].is_string(),
            "a bug has either a fix or the reason why not: {bug}"
        );
        assert!(bug["candidates"].is_u64(), "{bug}");
        if !bug["fix"].is_null() {
            check_fix(&bug["fix"]);
        }
    }
}

#[track_caller]
fn check_fix(fix: &Value) {
    assert!(
        fix["diff"].is_string() && fix["generator"].is_string() && fix["candidates"].is_u64(),
        "{fix}"
    );
    let confidence = fix["confidence"].as_f64().expect("confidence is a number");
    assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    check_path(&fix["test"]["path"]);
    assert!(fix["test"]["source"].is_string(), "{fix}");
    let gates = fix["gates"].as_array().expect("gates is a list");
    let names: Vec<&str> = gates.iter().filter_map(|g| g["gate"].as_str()).collect();
    assert_eq!(
        names,
        [
            "applies",
            "reproduces",
            "cures",
            "no_regression",
            "behaviour",
            "not_suppression",
            "test_says",
            "policy"
        ]
    );
    for gate in gates {
        assert!(
            ["passed", "none"].contains(&gate["outcome"].as_str().unwrap()),
            "{gate}"
        );
        assert!(gate["detail"].is_string() && gate["ms"].is_u64(), "{gate}");
    }
}

/// A path from the repository's root.
#[track_caller]
fn check_path(path: &Value) {
    let path = path.as_str().expect("a path is text");
    assert!(
        !path.is_empty() && !path.starts_with('/') && path.split('/').all(|p| p != ".."),
        "{path}"
    );
}
