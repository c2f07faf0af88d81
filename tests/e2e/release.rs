//! Which commit an event's release names.

use serde_json::{Value, json};
use tests::{Outerloop, Repository};

/// Bugs are told apart by the name of their error; none is for code, so that only the commit is looked for.
fn event(kind: &str, release: Option<&str>) -> String {
    let frame = json!({"filename": "/app/app.py", "function": "run", "lineno": 1, "context_line": "connect()"});
    let error = json!({"type": kind, "value": "refused", "stacktrace": {"frames": [frame]}});
    format!(
        "{}\n",
        json!({"platform": "python", "level": "error", "release": release, "exception": {"values": [error]}})
    )
}

const KINDS: &[&str] = &[
    "ConnectionRefusedError",
    "ConnectionResetError",
    "TimeoutError",
    "OperationalError",
    "InterfaceError",
    "PermissionError",
    "FileNotFoundError",
    "MemoryError",
    "ImproperlyConfigured",
    "HTTPError",
    "URLError",
    "SSLError",
    "ReadTimeout",
    "BrokenPipeError",
];

#[test]
fn a_release_is_a_commit_a_tag_or_head_with_a_note() {
    let repository = Repository::empty();
    let first = repository.commit(&[("app.py", "connect()\n")]);
    repository.git(&["tag", "1.0.0"]);
    let second = repository.commit(&[("app.py", "connect()\n\n")]);
    repository.git(&["tag", "--annotate", "--message", "Release 1.1.0", "v1.1.0"]);
    let third = repository.commit(&[("app.py", "connect()\n\n\n")]);
    // Names that only look like releases: a branch, and a tag with a name that contains one.
    repository.git(&["branch", "2.0.0", &first]);
    repository.git(&["tag", "rc-3.0.0", &first]);
    let head = repository.commit(&[("app.py", "connect()\n\n\n\n")]);

    let short = &third[..12];
    let cases: &[(Option<&str>, &str)] = &[
        (Some(&third), &third),
        (Some(short), &third),
        (Some("1.0.0"), &first),
        (Some("1.1.0"), &second),
        (Some("v1.1.0"), &second),
        (Some("shop@1.1.0"), &second),
        (Some("@scope/shop@1.0.0"), &first),
        (Some(&format!("shop@{third}")), &third),
        (Some("2.0.0"), &head),
        (Some("3.0.0"), &head),
        (Some("9.9.9"), &head),
        (Some("--output=/tmp/x"), &head),
        (Some("1.0.0\u{1b}[31m"), &head),
        (None, &head),
    ];
    let log: String = cases
        .iter()
        .zip(KINDS)
        .map(|((release, _), kind)| event(kind, *release))
        .collect();
    let answer = Outerloop::fix(&repository.log(log), &repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    let bug_of = |kind: &str| {
        answer["bugs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|b| b["exception"]["type"] == kind)
            .cloned()
            .unwrap_or(Value::Null)
    };
    for ((release, expected), kind) in cases.iter().zip(KINDS) {
        let bug = bug_of(kind);
        assert_eq!(bug["commit"], *expected, "release {release:?} of {kind}");
        let note = bug["commit_note"].as_str().unwrap_or_default();
        assert_eq!(
            note.contains("HEAD"),
            *expected == head,
            "release {release:?}: {note}"
        );
        if let Some(release) = release.filter(|r| *expected == head && !r.contains('\u{1b}')) {
            assert!(note.contains(release), "{note}");
        }
    }
}

#[test]
fn a_stated_commit_goes_before_the_release() {
    let repository = Repository::empty();
    let first = repository.commit(&[("app.py", "connect()\n")]);
    repository.git(&["tag", "1.0.0"]);
    repository.commit(&[("app.py", "connect()\n\n")]);
    repository.git(&["tag", "2.0.0"]);
    let log = repository.log(event("TimeoutError", Some("2.0.0")));
    for revision in ["1.0.0", "HEAD~1", "main~1", &first] {
        let answer = Outerloop::fix(&log, &repository)
            .and(["--output", "json", "--commit", revision])
            .run()
            .json(3);
        assert_eq!(answer["bugs"][0]["commit"], first, "{revision}");
        assert_eq!(answer["bugs"][0]["commit_note"], Value::Null);
    }
}

#[test]
fn people_are_told_which_commit_was_taken() {
    let repository = Repository::of(&[("app.py", "connect()\n")]);
    let ran = Outerloop::fix(
        &repository.log(event("TimeoutError", Some("9.9.9"))),
        &repository,
    )
    .run();
    ran.ended(3);
    assert!(
        ran.text()
            .contains("no commit or tag matches release 9.9.9, so HEAD was taken"),
        "{}",
        ran.text()
    );
}
