//! Which file of the repository a frame is, and what becomes of a bug whose frames are none or too many.

use std::fs;

use serde_json::Value;
use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

/// A traceback whose one frame is this line of this file; the crash can't be reproduced, so it costs little time.
fn trace(path: &str, line: u32, source: &str) -> String {
    let source = if source.is_empty() {
        String::new()
    } else {
        format!("    {source}\n")
    };
    format!(
        "Traceback (most recent call last):\n  File \"{path}\", line {line}, in total\n{source}KeyError: 'discount'\n"
    )
}

const SUM: &str = "return sum(unit_price(item) for item in items)";

#[track_caller]
fn bug_of(repository: &Repository, log: &str) -> Value {
    let answer = Outerloop::fix(&repository.log(log), repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    shop::check_shape(&answer);
    assert_eq!(answer["events"], 1, "{answer}");
    answer["bugs"][0].clone()
}

/// The file that a frame of this path is; an empty string where the bug is declined.
#[track_caller]
fn check_file(repository: &Repository, path: &str, expected: &str) {
    let bug = bug_of(repository, &trace(path, 16, SUM));
    assert_eq!(
        bug["locations"][0]["file"].as_str().unwrap_or_default(),
        expected,
        "{path}: {bug}"
    );
}

#[test]
fn frames_are_found_under_another_prefix() {
    let flat = shop::shop();
    check_file(&flat, "/app/shop/pricing.py", "shop/pricing.py");
    check_file(
        &flat,
        "/usr/local/lib/python3.12/site-packages/shop/pricing.py",
        "shop/pricing.py",
    );
    check_file(&flat, "C:\\srv\\shop\\pricing.py", "shop/pricing.py");
    check_file(&flat, "shop/pricing.py", "shop/pricing.py");
    check_file(&flat, "./shop/pricing.py", "shop/pricing.py");
    let src = Repository::of(&[
        ("src/shop/__init__.py", ""),
        ("src/shop/pricing.py", shop::PRICING),
    ]);
    check_file(&src, "/app/src/shop/pricing.py", "src/shop/pricing.py");
    check_file(
        &src,
        "/usr/local/lib/python3.12/site-packages/shop/pricing.py",
        "src/shop/pricing.py",
    );
}

#[test]
fn a_src_layout_that_ran_from_site_packages_is_fixed() {
    let repository = Repository::of(&[
        ("src/shop/__init__.py", ""),
        ("src/shop/pricing.py", shop::PRICING),
    ]);
    let log = repository.crash(Crash {
        script: shop::SCRIPT,
        root: "src",
        shown: "/usr/local/lib/python3.12/site-packages",
        form: Form::Text,
    });
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run()
        .json(0);
    shop::check_shape(&answer);
    repository.git_with(
        &["apply", "-p1", "--check"],
        answer["bugs"][0]["fix"]["diff"].as_str().unwrap(),
    );
    assert_eq!(
        answer["bugs"][0]["locations"][0]["file"],
        "src/shop/pricing.py"
    );
}

/// A bug that is declined for this reason, without a look at any file.
#[track_caller]
fn check_declined(repository: &Repository, log: &str, reason: &str) {
    let bug = bug_of(repository, log);
    assert!(bug["why_not"].as_str().unwrap().contains(reason), "{bug}");
    assert_eq!(
        (&bug["locations"], &bug["reproduction"]),
        (&Value::Array(Vec::new()), &Value::Null)
    );
}

#[test]
fn frames_that_match_no_file_are_declined() {
    let repository = shop::shop();
    check_declined(
        &repository,
        &trace("/app/billing/ledger.py", 3, "return entries[0]"),
        "no frame of the trace is a file of the repository",
    );
    check_declined(
        &repository,
        &trace("/usr/lib/python3.11/json/decoder.py", 16, SUM),
        "wholly inside a dependency",
    );
    check_declined(
        &repository,
        &trace("<string>", 1, ""),
        "no frame of the trace is a file of the repository",
    );
    check_declined(
        &repository,
        &trace("/app/shop/pricing.py", 16, "return something_else()"),
        "differs at this commit",
    );
    check_declined(
        &repository,
        &trace("/app/shop/pricing.py", 4_000_000_000, SUM),
        "differs at this commit",
    );
}

#[test]
fn frames_that_match_two_files_are_declined() {
    let repository = Repository::of(&[
        ("a/shop/pricing.py", shop::PRICING),
        ("b/shop/pricing.py", shop::PRICING),
    ]);
    let bug = bug_of(&repository, &trace("/srv/shop/pricing.py", 16, SUM));
    let why = bug["why_not"].as_str().unwrap();
    assert!(
        why.contains("several files")
            && why.contains("a/shop/pricing.py")
            && why.contains("b/shop/pricing.py"),
        "{why}"
    );
    assert_eq!(bug["fix"], Value::Null);
}

#[test]
fn a_path_that_leaves_the_repository_is_never_read() {
    let repository = shop::shop();
    let secret = "SECRET = 'kept beside the repository'";
    fs::write(repository.beside("secret.py"), format!("{secret}\n")).unwrap();
    let beside = repository.beside("secret.py");
    for path in [
        "/app/../secret.py",
        "../secret.py",
        "shop/../../secret.py",
        "/app/shop/../shop/pricing.py",
        "..\\secret.py",
        beside.to_str().unwrap(),
        "/proc/self/environ",
        "/etc/passwd",
    ] {
        // The line of source is left to be looked up, which must not happen outside the commit.
        let ran = Outerloop::fix(&repository.log(trace(path, 1, "")), &repository)
            .and(["--output", "json"])
            .run();
        let answer = ran.json(3);
        assert_eq!(
            answer["bugs"][0]["locations"],
            Value::Array(Vec::new()),
            "{path}"
        );
        assert!(
            !ran.text().contains("kept beside") && !ran.errors().contains("kept beside"),
            "{path}: {answer}"
        );
    }
}
