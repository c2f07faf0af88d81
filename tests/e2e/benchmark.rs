//! A fixed small part of the benchmark on real crashes, of every kind of case.
//!
//! Only what holds on any machine is asserted: how many crashes are cured is measured, not tested.

use std::{fs, path::PathBuf, process::Command};

use tests::Outerloop;

const PACKAGES: [&str; 2] = [
    "pypi-inflect-ordinal-suffix-only",
    "pypi-textdistance-two-empty",
];
const APPLICATION: &str = "app-ledgerin-batch-of-one";
/// No pull request should come of these, and the log alone says so.
const NONE: [&str; 2] = ["none-gatepass-forged-token", "none-watchdog-folder-gone"];
const NPM: &str = "npm-cookie-malformed-value";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("realcrash")
}

fn eval(cases: &[&str]) -> Outerloop {
    let run = Outerloop::with(["eval"]).and([folder()]);
    cases.iter().fold(run, |run, id| run.and(["--case", id]))
}

/// The cases that this machine can run: npm need not be there.
fn cases() -> Vec<&'static str> {
    let mut cases = [&PACKAGES[..], &[APPLICATION], &NONE].concat();
    let has_npm = Command::new("npm").arg("--version").output();
    if has_npm.is_ok_and(|said| said.status.success()) {
        cases.push(NPM);
    } else {
        eprintln!("not tested: there is no npm here");
    }
    cases
}

/// One test, for both halves fetch the same packages.
#[test]
fn cases_are_valid_and_each_ends_in_one_row() {
    let cases = cases();
    let checked = eval(&cases).and(["--check"]).run();
    checked.ended(0);
    let said = checked.text();
    let mut valid: Vec<_> = said.lines().collect();
    valid.sort_unstable();
    let mut expected: Vec<_> = cases.iter().map(|id| format!("{id}: valid")).collect();
    expected.sort_unstable();
    assert_eq!(valid, expected);

    let report = eval(&cases).and(["--output", "json"]).run().json(0);
    let rows = report["cases"].as_array().unwrap();
    let mut ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = cases;
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for row in rows {
        let id = row["id"].as_str().unwrap();
        assert!(
            row["error"].is_null() && row["failure"].is_null(),
            "{row:#}"
        );
        if NONE.contains(&id) {
            assert_eq!(row["proposed"], false, "{row:#}");
        }
        if id == NPM {
            assert_eq!(row["why_not"], "only Python can be fixed so far");
        }
    }
}

#[test]
fn a_right_and_a_wrong_patch_are_told_apart() {
    let right = folder().join("apps").join(APPLICATION).join("fix.patch");
    let text = fs::read_to_string(&right).unwrap();
    // It no longer dies, and drops what it should have booked.
    let dropped = text.replace("as_list(details[\"TxDtls\"])", "[]");
    assert_ne!(dropped, text, "the patch is another than this test knows");
    let home = tempfile::tempdir().unwrap();
    let wrong = home.path().join("wrong.patch");
    fs::write(&wrong, dropped).unwrap();
    for (patch, status, verdict) in [(right, 0, "correct"), (wrong, 1, "wrong: oracle: ")] {
        let ran = eval(&[APPLICATION]).and(["--judge".into(), patch]).run();
        ran.ended(status);
        assert!(
            ran.text().starts_with(&format!("{APPLICATION}: {verdict}")),
            "{}",
            ran.text()
        );
    }
}
