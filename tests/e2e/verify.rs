//! Patches that somebody else wrote, through the gates; and the reproducing test alone.

use serde_json::Value;
use tests::{Form, Outerloop, Ran, Repository};

use crate::shop;

const GATES: [&str; 8] = [
    "applies",
    "reproduces",
    "cures",
    "no_regression",
    "behaviour",
    "not_suppression",
    "test_says",
    "policy",
];

fn verify(repository: &Repository, form: Form, patch: impl AsRef<[u8]>) -> Ran {
    let log = shop::crash(repository, form);
    verify_log(repository, &log, patch)
}

pub(crate) fn verify_log(
    repository: &Repository,
    log: &std::path::Path,
    patch: impl AsRef<[u8]>,
) -> Ran {
    let file = repository.beside("given.patch");
    std::fs::write(&file, patch).unwrap();
    let before = repository.snapshot();
    let ran = Outerloop::with(["verify", "--output", "json"])
        .and(["--patch".into(), file.into_os_string()])
        .and(["--log".into(), log.as_os_str().to_owned()])
        .and(["--repo".into(), repository.root().as_os_str().to_owned()])
        .run();
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);
    ran
}

/// What git makes of a change of the work tree; the tree is as it was afterwards.
pub(crate) fn diff(repository: &Repository, files: &[(&str, &str)]) -> String {
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.git(&["add", "--all"]);
    let file = repository.beside("made.patch");
    let path = file.to_str().unwrap();
    repository.git(&["diff", "--cached", "--no-color", "--output", path]);
    let patch = std::fs::read_to_string(&file).unwrap();
    repository.git(&["reset", "--quiet", "--hard"]);
    patch
}

/// The gates that refused, each with what it said.
pub(crate) fn refusals(answer: &Value) -> Vec<(String, String)> {
    let gates = answer["gates"].as_array().unwrap();
    let met: Vec<&str> = gates.iter().map(|g| g["gate"].as_str().unwrap()).collect();
    assert_eq!(met, GATES, "{answer}");
    let refused = gates.iter().filter(|g| g["outcome"] == "refused");
    refused
        .map(|g| {
            (
                g["gate"].as_str().unwrap().to_owned(),
                g["detail"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn with_tests() -> Repository {
    Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/pricing.py", shop::PRICING),
        ("tests/test_pricing.py", shop::TESTS),
    ])
}

#[test]
fn a_patch_as_people_write_them_is_verified() {
    let repository = with_tests();
    let fixed = shop::PRICING.replace(
        "item[\"price\"] - item[\"discount\"]",
        "item[\"price\"] - saved(item)",
    );
    let documented = fixed.replace(
        "The price of all items.",
        "The price of all items, in cents.",
    );
    let tests = format!(
        "{}\n\ndef test_none():\n    assert total([{{\"price\": 1}}]) == 1\n",
        shop::TESTS
    );
    let patch = diff(
        &repository,
        &[
            ("shop/pricing.py", &documented),
            (
                "shop/currency.py",
                "def cents(amount):\n    return round(amount * 100)\n",
            ),
            ("tests/test_pricing.py", &tests),
            (
                "CHANGES.md",
                "- An item without a discount has its full price.\n",
            ),
        ],
    );
    let answer = verify(&repository, Form::Sentry, &patch).json(0);
    assert_eq!(answer["verified"], true, "{answer}");
    assert_eq!(answer["why_not"], Value::Null);
    assert_eq!(refusals(&answer), []);
    assert_eq!(answer["bug"]["exception"]["type"], "KeyError", "{answer}");
    assert!(
        answer["reproduction"]["source"]
            .as_str()
            .unwrap()
            .contains("total("),
        "{answer}"
    );
    // What the test does not run is said.
    let says = answer["gates"][6]["detail"].as_str().unwrap();
    assert!(
        says.contains("1 that it does not run: shop/currency.py"),
        "{says}"
    );
    let regression = answer["gates"][3]["detail"].as_str().unwrap();
    assert!(
        regression.contains("2 tests that passed before"),
        "{regression}"
    );
}

#[test]
fn a_plain_diff_on_standard_input_for_the_right_bug_of_several() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Text);
    let mut text = std::fs::read_to_string(&log).unwrap();
    text.insert_str(0, shop::REFUSED);
    std::fs::write(&log, &text).unwrap();
    let patch = "--- a/shop/pricing.py\t2026-01-01\n+++ b/shop/pricing.py\t2026-01-02\n@@ -4,6 +4,6 @@\n def unit_price(item):\n     \"\"\"The price of one piece; an item without a discount has none.\"\"\"\n-    return item[\"price\"] - item[\"discount\"]\n+    return item[\"price\"] - item.get(\"discount\", 0)\n \n \n def saved(item):\n";
    let run = |more: &[&str]| {
        let mut run = Outerloop::with(["verify", "--output", "json", "--patch", "-"])
            .and(["--log".into(), log.as_os_str().to_owned()])
            .and(["--repo".into(), repository.root().as_os_str().to_owned()]);
        for argument in more {
            run = run.and([*argument]);
        }
        run.run_with(|input| input.write_all(patch.as_bytes()))
    };
    let answer = run(&[]).json(0);
    assert_eq!(answer["bug"]["exception"]["type"], "KeyError", "{answer}");
    let id = answer["bug"]["id"].as_str().unwrap();
    assert_eq!(run(&["--bug", id]).json(0)["bug"]["id"], id);
    run(&["--bug", "0000000000"]).ended(2);
}

/// A patch that the first gate refuses before anything runs.
#[track_caller]
fn check_hostile(patch: impl AsRef<[u8]>, reason: &str) {
    let repository = shop::shop();
    std::os::unix::fs::symlink("shop", repository.root().join("link")).unwrap();
    repository.commit(&[]);
    std::fs::write(repository.beside("b.txt"), "one\n").unwrap();
    let answer = verify(&repository, Form::Text, patch).json(3);
    let refused = refusals(&answer);
    assert_eq!(refused.len(), 1, "{answer}");
    assert_eq!(refused[0].0, "applies");
    assert!(refused[0].1.contains(reason), "{}", refused[0].1);
    for gate in &answer["gates"].as_array().unwrap()[1..] {
        assert_eq!(gate["outcome"], "skipped");
    }
    assert_eq!(
        std::fs::read_to_string(repository.beside("b.txt")).unwrap(),
        "one\n"
    );
}

#[test]
fn hostile_patches_are_refused() {
    let edit = |path: &str| format!("--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-one\n+two\n");
    let new = |path: &str, mode: &str| {
        format!(
            "diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
        )
    };
    check_hostile(edit("../b.txt"), "no path inside a repository");
    check_hostile(edit("/etc/passwd"), "no path inside a repository");
    check_hostile(edit("link/pricing.py"), "beyond a symbolic link");
    check_hostile(edit("missing.py"), "does not apply");
    check_hostile(new(".git/config", "100644"), ".git/config is no path");
    check_hostile(new("sub/.gitattributes", "100644"), "is git's own");
    check_hostile(new("l", "120000"), "mode 120000");
    check_hostile(new("sub", "160000"), "mode 160000");
    check_hostile(new("run", "100755"), "mode 100755");
    check_hostile(
        "diff --git a/shop/pricing.py b/shop/pricing.py\nold mode 100644\nnew mode 100755\n",
        "changes the mode",
    );
    check_hostile(
        "diff --git a/link b/link\nindex 1..2 120000\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-shop\n\\ No newline at end of file\n+/etc\n\\ No newline at end of file\n",
        "symbolic link",
    );
    check_hostile(
        "diff --git a/x b/x\nnew file mode 100644\nindex 0000000..1\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n",
        "binary",
    );
    check_hostile(
        b"--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+# \xe9\n",
        "not text in UTF-8",
    );
    let many = "+x\n".repeat(400_000);
    check_hostile(
        format!("--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,400000 @@\n{many}"),
        "longer than",
    );
}

#[test]
fn what_is_no_patch_is_bad_usage() {
    let repository = shop::shop();
    for text in [
        "",
        "hello\n",
        "--- a/shop/pricing.py\n+++ b/shop/pricing.py\n@@ -1,9 +1,9 @@\n x\n",
    ] {
        let ran = verify(&repository, Form::Text, text);
        ran.ended(2);
        assert!(
            ran.stdout.is_empty() && ran.errors().contains("--patch"),
            "{}",
            ran.errors()
        );
    }
}

#[test]
fn no_error_in_the_log_is_4() {
    let repository = shop::shop();
    let log = repository.log("all is well\n");
    let patch = diff(&repository, &[("shop/pricing.py", "x = 1\n")]);
    let answer = verify_log(&repository, &log, patch).json(4);
    assert_eq!(answer["verified"], false);
    assert_eq!(answer["bug"], Value::Null);
}

#[test]
fn only_the_test_is_written() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    let out = repository.beside("out");
    let run = |more: &[&std::ffi::OsStr]| {
        let mut run = Outerloop::with(["test", "--output", "json"])
            .and(["--log".into(), log.as_os_str().to_owned()])
            .and(["--repo".into(), repository.root().as_os_str().to_owned()]);
        for argument in more {
            run = run.and([*argument]);
        }
        run.run()
    };
    let before = repository.snapshot();
    let answer = run(&["--out".as_ref(), out.as_os_str()]).json(0);
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);
    let test = &answer["bugs"][0]["reproduction"];
    let (path, source) = (
        test["path"].as_str().unwrap(),
        test["source"].as_str().unwrap(),
    );
    assert_eq!(answer["bugs"][0]["why_not"], Value::Null);
    assert!(answer["bugs"][0].get("fix").is_none());
    let name = path.rsplit('/').next().unwrap();
    assert_eq!(std::fs::read_to_string(out.join(name)).unwrap(), source);
    run(&["--apply".as_ref()]).ended(0);
    assert_eq!(repository.snapshot().differences(&before), [path]);
    assert_eq!(repository.read(path), source);
    let declined = repository.log(shop::REFUSED);
    let ran = Outerloop::with(["test", "--output", "json"])
        .and(["--log".into(), declined.into_os_string()])
        .and(["--repo".into(), repository.root().as_os_str().to_owned()])
        .run();
    assert!(ran.json(3)["bugs"][0]["why_not"].is_string());
}
