//! The fix is built on the commit; the user's repository changes only as asked, and in nothing else.

use std::{fs, process::Command};

use tests::{Form, Outerloop, Repository, Snapshot};

use crate::shop;

/// A repository with all that a person leaves lying about: changed, staged, deleted and untracked files, also in the
/// file that crashes.
fn untidy() -> Repository {
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/pricing.py", shop::PRICING),
        ("README.md", "The shop.\n"),
        ("NEWS.md", "None.\n"),
    ]);
    repository.write("README.md", "The shop, staged.\n");
    repository.git(&["add", "README.md"]);
    repository.write("README.md", "The shop, changed after that.\n");
    fs::remove_file(repository.root().join("NEWS.md")).unwrap();
    repository.write("notes.txt", "untracked");
    repository
}

#[test]
fn a_fix_leaves_an_untidy_work_tree_alone_and_proves_itself_again() {
    let repository = untidy();
    let log = shop::crash(&repository, Form::Sentry);
    // Only the commit can be the source of a fix now.
    repository.write("shop/pricing.py", "def unit_price(item:\n");
    repository.write(
        "shop/__init__.py",
        "raise SystemExit('the work tree was run')\n",
    );
    let before = repository.snapshot();
    let out = repository.beside("out");
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json", "--out", out.to_str().unwrap()])
        .run()
        .json(0);
    shop::check_shape(&answer);
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);

    let bug = &answer["bugs"][0];
    let patch = out.join(format!("{}.patch", bug["id"].as_str().unwrap()));
    assert_eq!(
        fs::read_to_string(&patch).unwrap(),
        bug["fix"]["diff"].as_str().unwrap()
    );
    let test = out.join(
        bug["fix"]["test"]["path"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap(),
    );
    assert_eq!(
        fs::read_to_string(test).unwrap(),
        bug["fix"]["test"]["source"].as_str().unwrap()
    );
    let proof: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("proof.json")).unwrap()).unwrap();
    assert_eq!(proof["proofs"][0]["commit"], repository.head());
    assert_eq!(proof["proofs"][0]["fix"], bug["fix"]);

    let replay = || {
        Command::new(out.join("replay.sh"))
            .arg(repository.root())
            .output()
            .unwrap()
    };
    let replayed = replay();
    assert!(
        replayed.status.success(),
        "{}{}",
        String::from_utf8_lossy(&replayed.stdout),
        String::from_utf8_lossy(&replayed.stderr)
    );
    assert_eq!(
        repository.snapshot().differences(&before),
        [""; 0],
        "a replay leaves the repository alone as well"
    );
    // A proof that would hold without the patch proves nothing.
    fs::write(&patch, "").unwrap();
    assert!(!replay().status.success(), "an empty patch");
    let harmless = bug["fix"]["diff"]
        .as_str()
        .unwrap()
        .replace(".get(\"discount\", 0)", "[\"discount\"]  # as before");
    fs::write(&patch, harmless).unwrap();
    assert!(!replay().status.success(), "a patch that cures nothing");
}

/// Everything but what a new branch adds.
fn without_branch(changed: Vec<String>) -> Vec<String> {
    changed
        .into_iter()
        .filter(|path| {
            !path.starts_with(".git/refs/heads/outerloop/")
                && !path.starts_with(".git/logs/refs/heads/outerloop/")
        })
        .collect()
}

#[test]
fn a_branch_holds_exactly_patch_and_test() {
    let repository = untidy();
    let log = shop::crash(&repository, Form::Text);
    let before = repository.snapshot();
    let run = || {
        Outerloop::fix(&log, &repository)
            .and(["--output", "json", "--branch"])
            .run()
            .json(0)
    };
    let answer = run();
    let bug = &answer["bugs"][0];
    let branch = format!("outerloop/{}", bug["id"].as_str().unwrap());
    let after = repository.snapshot();
    assert_eq!(without_branch(after.differences(&before)), [""; 0]);
    assert_eq!(
        repository.git(&["rev-parse", &format!("{branch}^")]),
        repository.head()
    );
    let test = bug["fix"]["test"]["path"].as_str().unwrap();
    let mut expected = ["shop/pricing.py", test];
    expected.sort_unstable();
    assert_eq!(
        repository.git(&["diff", "--name-only", "HEAD", &branch]),
        expected.join("\n")
    );
    assert_eq!(
        repository
            .git(&["diff", "HEAD", &branch, "--", "shop"])
            .lines()
            .skip(2)
            .collect::<Vec<_>>(),
        bug["fix"]["diff"]
            .as_str()
            .unwrap()
            .lines()
            .skip(1)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        repository.git(&["show", &format!("{branch}:{test}")]),
        bug["fix"]["test"]["source"].as_str().unwrap().trim_end()
    );

    let again = run();
    assert_eq!(again["bugs"][0]["fix"]["diff"], bug["fix"]["diff"]);
    assert_eq!(
        repository.snapshot().differences(&after),
        [""; 0],
        "a second run makes nothing new"
    );
}

#[test]
fn apply_writes_exactly_patch_and_test() {
    let repository = untidy();
    let log = shop::crash(&repository, Form::Sentry);
    let before = repository.snapshot();
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json", "--apply"])
        .run()
        .json(0);
    let fix = &answer["bugs"][0]["fix"];
    let test = fix["test"]["path"].as_str().unwrap();
    let mut expected = ["shop/pricing.py", test];
    expected.sort_unstable();
    assert_eq!(repository.snapshot().differences(&before), expected);
    assert_eq!(
        repository.read(test),
        fix["test"]["source"].as_str().unwrap()
    );
    assert!(
        repository
            .read("shop/pricing.py")
            .contains("item.get(\"discount\", 0)\n\n\ndef saved"),
        "{}",
        repository.read("shop/pricing.py")
    );
}

/// `--apply` refuses: status 2, and not one file is written.
#[track_caller]
fn check_refused(repository: &Repository, log: &std::path::Path, names: &str) {
    let before: Snapshot = repository.snapshot();
    let ran = Outerloop::fix(log, repository).and(["--apply"]).run();
    ran.ended(2);
    assert!(ran.errors().contains(names), "{}", ran.errors());
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);
}

#[test]
fn apply_over_changes_is_refused() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    repository.write(
        "shop/pricing.py",
        format!("{}\n\nMINE = 1\n", shop::PRICING),
    );
    check_refused(&repository, &log, "shop/pricing.py");
}

#[test]
fn apply_through_a_link_out_of_the_work_tree_is_refused() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    let elsewhere = repository.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, repository.root().join("tests")).unwrap();
    check_refused(&repository, &log, "symbolic link");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}
