//! What a repository's own past says of a crash: since when it is there, and what is expected instead.

use serde_json::Value;
use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

/// As it was: an order without a name is a customer's.
const WORKED: &str = r#""""Labels of parcels."""


def salutation(order):
    name = order.get("name")
    if name is None:
        name = "customer"
    return "To " + name


def label(order):
    return salutation(order) + ", " + order["town"]
"#;

const SCRIPT: &str = r#"from shop.labels import label

label({"name": None, "town": "Lyon"})
"#;

/// The answer to the crash of the last commit's program.
#[track_caller]
fn bug_of(repository: &Repository, status: i32) -> Value {
    let log = repository.crash(Crash {
        script: SCRIPT,
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let ran = Outerloop::fix(&log, repository)
        .and(["--output", "json", "--cured"])
        .run();
    let answer = ran.json(status);
    shop::check_shape(&answer);
    answer["bugs"][0].clone()
}

/// A repository in which the name lost its stand-in some commits ago, and the commits before and of that change.
fn regressed() -> (Repository, String, String) {
    let stand_in = "    if name is None:\n        name = \"customer\"\n";
    let broken = WORKED.replace(stand_in, "");
    let repository = Repository::of(&[("README.md", "A shop.\n")]);
    repository.commit(&[("shop/__init__.py", ""), ("shop/labels.py", WORKED)]);
    repository.commit(&[("README.md", "A shop, with labels.\n")]);
    let good = repository.commit(&[("shop/towns.py", "TOWNS = [\"Lyon\"]\n")]);
    let bad = repository.commit(&[("shop/labels.py", &broken)]);
    repository.commit(&[("shop/towns.py", "TOWNS = [\"Lyon\", \"Nice\"]\n")]);
    let later = broken.replace("Labels of parcels", "What is on parcels");
    repository.commit(&[("shop/labels.py", &later)]);
    (repository, good, bad)
}

#[test]
fn what_the_last_good_commit_gave_decides() {
    let (repository, good, bad) = regressed();
    let bug = bug_of(&repository, 0);
    assert_eq!(bug["history"]["last_good"], good, "{bug}");
    assert_eq!(bug["history"]["first_bad"], bad, "{bug}");
    let witness = bug["fix"]["witness"].as_str().unwrap_or_default();
    let said = format!("{}, the last commit that did not crash", &good[..10]);
    assert!(witness.contains(&said), "{bug}");
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("\"customer\""), "{diff}");
}

#[test]
fn a_past_that_crashes_or_is_not_there_says_nothing() {
    let (regressed, ..) = regressed();
    let broken = regressed.read("shop/labels.py");
    // Always broken; the file is not there before.
    let always = Repository::of(&[("README.md", "A shop.\n")]);
    always.commit(&[("shop/__init__.py", ""), ("shop/labels.py", &broken)]);
    always.commit(&[("shop/towns.py", "TOWNS = []\n")]);
    // One commit is all that a shallow clone has.
    let shallow = Repository::of(&[("README.md", "A shop.\n")]);
    let from = format!("file://{}", regressed.root().display());
    shallow.git(&["fetch", "--quiet", "--depth=1", &from, "main"]);
    shallow.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    for repository in [always, shallow] {
        let bug = bug_of(&repository, 0);
        assert!(bug["history"].is_null(), "{bug}");
        assert!(bug["reproduction"].is_object(), "{bug}");
    }
}
