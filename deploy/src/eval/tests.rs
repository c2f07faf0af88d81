//! The benchmark from end to end on a made-up package, with a shell script for a fixer and no network.
mod kinds;

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::case::Ecosystem;
use super::score::{Score, Verdict};
use super::*;

const CORE: &str = "def parse(text):\n    return text.strip()\n";
/// Its end is far from any frame of the crash, so no log may show it.
const TRIGGER: &str = "\
import helper
from tiny import parse


def handle(payload):
    return parse(helper.name_of(payload))


print(handle({'name': ' Ann '}))
print(handle({'name': None}))






# sentinel-of-the-trigger
";
const ORACLE: &str = "\
# sentinel-of-the-oracle
import sys
from tiny import parse
for given, want in [(None, ''), (' a ', 'a'), ('', '')]:
    if parse(given) != want:
        print(f'{given!r}: got {parse(given)!r}, want {want!r}')
        sys.exit(1)
";

/// A folder of cases, a cache that already holds their packages, and a fixer.
struct World {
    home: TempDir,
    bench: Bench,
}

impl World {
    /// `fixer` is the body of a shell script.
    fn new(fixer: &str) -> World {
        let home = tempfile::tempdir().expect("a temporary folder");
        let base = home.path().join("cache");
        let cache = Cache::open(&base).expect("a cache");
        write(
            &cache
                .root()
                .join("source/pypi/tiny-1.0/tiny-1.0/src/tiny/__init__.py"),
            "from .core import parse\n",
        );
        write(
            &cache
                .root()
                .join("source/pypi/tiny-1.0/tiny-1.0/src/tiny/core.py"),
            CORE,
        );
        let deps = cache.key("deps", Ecosystem::Pypi, &["helper==3.0"]);
        write(
            &cache.root().join(deps).join("helper.py"),
            "def name_of(payload):\n    return payload['name']\n",
        );
        let program = home.path().join("fixer.sh");
        write(&program, &format!("#!/bin/sh\n{fixer}\n"));
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
        let fixer = Fixer {
            program,
            cache: base,
            time_limit_secs: 5,
        };
        World {
            home,
            bench: Bench {
                fixer,
                cache,
                kinds: vec![Kind::Text],
                upstream: false,
                ranked: false,
            },
        }
    }

    /// A fixer that proposes one patch of `parse`.
    fn proposing(body: &str) -> World {
        let diff = format!(
            "--- a/src/tiny/core.py\n+++ b/src/tiny/core.py\n@@ -1,2 +1,2 @@\n def parse(text):\n-    return text.strip()\n+    {body}\n"
        );
        World::answering(&json!({"events": 1, "bugs": [{
            "locations": [
                {"file": "src/tiny/__init__.py", "function": "parse", "line": 1},
                {"file": "src/tiny/core.py", "function": "parse", "line": 2},
            ],
            "reproduction": {"path": "tests/test_core.py", "source": ""},
            "fix": {"diff": diff, "generator": "guard", "candidates": 12},
        }]}))
    }

    fn answering(answer: &Value) -> World {
        World::new(&format!("cat <<'END'\n{answer}\nEND"))
    }

    /// Writes a case; `edits` replace words of a good one.
    fn case(&self, id: &str, edits: &[(&str, &str)]) -> PathBuf {
        let folder = self.home.path().join("cases").join(id);
        let mut text = format!(
            r#"
            id = "{id}"
            ecosystem = "pypi"
            package = "tiny"
            buggy = "1.0"
            fixed = "98.76.54"
            deps = ["helper==3.0"]
            exception = "AttributeError"
            message = "has no attribute 'strip'"
            fix_file = "tiny/core.py"
            fix_function = "Core.parse"
            bug_class = "none-deref"
            fix_lines = 1
            upstream = "sentinel-of-the-facts"
            simple = true
            "#
        );
        for (from, to) in edits {
            text = text.replacen(from, to, 1);
        }
        write(&folder.join("case.toml"), &text);
        write(&folder.join("trigger.py"), TRIGGER);
        write(&folder.join("oracle.py"), ORACLE);
        folder
    }

    fn run(&self, folder: &Path) -> Outcome {
        let mut rows = self.bench.run(&[folder.to_path_buf()], 1);
        rows.pop().expect("one row for one case").outcome
    }

    fn score(&self) -> Score {
        match self.run(&self.case("pypi-tiny", &[])) {
            Outcome::Scored(score) => *score,
            Outcome::NotRun(why) => panic!("not run: {why}"),
        }
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder");
    fs::write(file, text).expect("a file");
}

#[test]
fn a_right_patch_is_correct() {
    let score = World::proposing("return text.strip() if text else ''").score();
    assert_eq!(score.verdict, Verdict::Correct);
    assert!(score.reproduced);
    assert_eq!(
        (score.place, score.candidates, score.generator.as_deref()),
        (Some(2), Some(12), Some("guard"))
    );
    assert_eq!(score.answer["events"], 1);
}

#[test]
fn patches_that_the_scripts_refuse_are_wrong() {
    let wrong = |said: &str| Verdict::Wrong(said.to_owned());
    let silenced = World::proposing("return ''").score();
    assert_eq!(silenced.verdict, wrong("oracle: ' a ': got '', want 'a'"));
    let crashing = World::proposing("return text.lstrip()").score();
    assert_eq!(
        crashing.verdict,
        wrong("trigger: AttributeError: 'NoneType' object has no attribute 'lstrip'")
    );
}

#[test]
fn a_patch_that_ends_the_process_is_wrong() {
    for end in ["import os; os._exit(0)", "raise SystemExit"] {
        let verdict = World::proposing(end).score().verdict;
        assert_eq!(
            verdict,
            Verdict::Wrong("trigger: the package ended the process".to_owned())
        );
    }
}

#[test]
fn one_wrong_patch_of_several_makes_the_answer_wrong() {
    let right = World::proposing("return text.strip() if text else ''")
        .score()
        .answer["bugs"][0]
        .clone();
    let mut wrong = right.clone();
    wrong["fix"]["diff"] = "--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n".into();
    for bugs in [[&right, &wrong], [&wrong, &right]] {
        let score = World::answering(&json!({ "bugs": bugs })).score();
        assert!(
            matches!(score.verdict, Verdict::Wrong(_)),
            "{:?}",
            score.verdict
        );
        assert_eq!(score.candidates, Some(24));
    }
    assert_eq!(
        World::answering(&json!({"bugs": [right, {"fix": null}]}))
            .score()
            .verdict,
        Verdict::Correct
    );
}

#[test]
fn no_patch_is_told_from_a_broken_fixer() {
    let declined =
        World::answering(&json!({"bugs": [{"fix": null, "why_not": "nothing decides"}]})).score();
    assert_eq!(
        (declined.verdict, declined.why_not.as_deref()),
        (Verdict::NotProposed, Some("nothing decides"))
    );
    assert_eq!(declined.failure, None);
    let statuses = [
        (0, false),
        (3, false),
        (4, false),
        (1, true),
        (2, true),
        (101, true),
    ];
    for (status, is_failure) in statuses {
        let score = World::new(&format!(
            "echo '{{\"bugs\": []}}'; echo broken >&2; exit {status}"
        ))
        .score();
        assert_eq!(
            (score.failure.is_some(), score.verdict),
            (is_failure, Verdict::NotProposed),
            "status {status}"
        );
    }
    let babble = World::new("echo hello")
        .score()
        .failure
        .expect("that is no JSON");
    assert!(babble.starts_with("no JSON"), "{babble}");
}

#[test]
fn cases_that_can_not_be_run_are_rows_too() {
    #[track_caller]
    fn check(edit: (&str, &str), expected: &str) {
        let world = World::new("exit 1");
        match world.run(&world.case("pypi-tiny", &[edit])) {
            Outcome::NotRun(why) => assert!(why.contains(expected), "{why}"),
            Outcome::Scored(_) => panic!("it ran"),
        }
    }
    check(("simple = true", ""), "missing field `simple`");
    check(("tiny/core.py", "tiny/gone.py"), "has no tiny/gone.py");
    check(
        ("AttributeError", "KeyError"),
        "the trigger died with AttributeError: 'NoneType' object has no",
    );
    check(
        ("attribute 'strip'", "attribute 'split'"),
        "the case says AttributeError: has no attribute 'split'",
    );
}

#[test]
fn rows_come_in_the_order_of_the_cases() {
    let world = World::answering(&json!({"bugs": []}));
    let folders: Vec<_> = ["a", "b", "c", "d"].map(|id| world.case(id, &[])).into();
    let ids: Vec<_> = world
        .bench
        .run(&folders, 3)
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
}

/// The scorer stands apart from the fixer: of a case, only log, repository and dependencies get there.
#[test]
fn nothing_else_of_a_case_reaches_the_fixer() {
    let seen = TempDir::new().expect("a temporary folder");
    let seen = seen.path().join("seen");
    // Every argument, the environment as it was handed over, the working folder, and every file below the folder that
    // the arguments point into and below the cache; the repository's history unpacked.
    let world = World::new(&format!(
        r#"exec 3>'{}'
        printf '%s\n' "$@" >&3
        tr '\0' '\n' </proc/$$/environ | tee '{}.env' >&3
        pwd >&3; find . >&3
        while [ $# -gt 0 ]; do
            case "$1" in
                --log) find "$(dirname "$(dirname "$2")")" "$OUTERLOOP_CACHE" -print -type f -exec cat {{}} + >&3 ;;
                --repo) git -C "$2" log --all --patch --format=fuller --decorate >&3; git -C "$2" config --list >&3 ;;
            esac
            shift
        done
        echo '{{"bugs": []}}'"#,
        seen.display(),
        seen.display(),
    ));
    // A function that the source does not have: the fixer could know it from the case's facts only.
    let folder = world.case(
        "pypi-sentinel-of-the-id",
        &[("Core.parse", "sentinel_of_the_function")],
    );
    assert!(matches!(world.run(&folder), Outcome::Scored(_)));
    let text = String::from_utf8_lossy(&fs::read(&seen).expect("the fixer ran")).into_owned();

    // The probe works: what may be seen was.
    for shown in [
        "--time-limit",
        "def parse(text)",
        "def name_of(payload)",
        "Traceback",
        "print(handle({'name': None}))",
    ] {
        assert!(text.contains(shown), "the fixer should have seen {shown}");
    }
    let cases = folder
        .parent()
        .expect("a case has a folder")
        .to_string_lossy()
        .into_owned();
    for hidden in [
        "sentinel",
        "98.76.54",
        "oracle",
        "trigger",
        "case.toml",
        "none-deref",
        &cases,
    ] {
        let line = text.lines().find(|line| line.contains(hidden));
        assert_eq!(line, None, "the fixer saw {hidden}");
    }
    let environment = fs::read_to_string(seen.with_extension("env")).expect("the fixer ran");
    let mut names: Vec<_> = environment
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "OUTERLOOP_CACHE", "PATH"]);
}

#[test]
fn a_repository_is_one_tagged_commit_whatever_the_source_says() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let root = home.path().join("source");
    write(
        &root.join(".gitattributes"),
        "* text=auto eol=crlf\n*.py export-ignore filter=evil\n",
    );
    write(&root.join(".gitignore"), "*.py\n");
    write(&root.join("a.py"), "one\r\ntwo\n");
    write(&root.join("inner/.git/HEAD"), "ref: refs/heads/main\n");
    let source = fetch::Source {
        root,
        src_root: PathBuf::new(),
        history: None,
    };
    let commits: Vec<String> = ["one", "two"]
        .map(|name| {
            let folder = home.path().join(name);
            scene::make_repository(&source, "1.0", &folder).expect("a repository");
            assert_eq!(
                scene::git(&folder, &["show", "1.0:a.py"], b"").expect("it is committed"),
                "one\r\ntwo\n"
            );
            assert_eq!(
                scene::git(&folder, &["status", "--porcelain"], b"").expect("a status"),
                ""
            );
            assert_eq!(
                scene::git(&folder, &["rev-list", "--count", "HEAD"], b"").expect("a count"),
                "1\n"
            );
            assert!(!folder.join("inner/.git").exists());
            scene::git(&folder, &["rev-parse", "1.0"], b"").expect("a commit")
        })
        .into();
    assert_eq!(commits[0], commits[1]);
}

/// Runs `fetch.py` with an index of our own; what it said, or "" if it went well.
fn fetch(index: &str, args: &[&str]) -> String {
    let mut command = std::process::Command::new("python3");
    command.args(["-c", include_str!("fetch.py")]).args(args);
    command
        .env("PIP_INDEX_URL", index)
        .env("PIP_EXTRA_INDEX_URL", "")
        .env("NO_PROXY", "127.0.0.1");
    let ran = process::finish(&mut command, b"", std::time::Duration::from_secs(60))
        .expect("python3 runs");
    if ran.is_success() {
        String::new()
    } else {
        ran.last_words().to_owned()
    }
}

/// Makes an archive with the Python given, in which `t` is an open tar file and `add(name, text)` adds a file.
fn archive(file: &Path, steps: &str) {
    let script = format!(
        "import io, sys, tarfile\nt = tarfile.open(sys.argv[1], 'w:gz')\ndef add(name, text):\n    i = tarfile.TarInfo(name)\n    \
         i.size = len(text)\n    t.addfile(i, io.BytesIO(text.encode()))\n{steps}\nt.close()"
    );
    let ran = std::process::Command::new("python3")
        .args(["-c", &script])
        .arg(file)
        .status()
        .expect("python3 runs");
    assert!(ran.success());
}

#[test]
fn archives_unpack_inside_their_folder_or_not_at_all() {
    let home = tempfile::tempdir().expect("a temporary folder");
    #[track_caller]
    fn check(home: &Path, steps: &str, expected: &str) {
        let file = home.join("a.tar.gz");
        archive(&file, steps);
        let folder = home.join("unpacked");
        let said = fetch(
            "",
            &["unpack", &file.to_string_lossy(), &folder.to_string_lossy()],
        );
        assert!(
            said.contains(expected) && said.is_empty() == expected.is_empty(),
            "{said}"
        );
        assert!(!home.join("x").exists());
    }
    let link = |to: &str| {
        format!(
            "i = tarfile.TarInfo('l')\ni.type = tarfile.SYMTYPE\ni.linkname = '{to}'\nt.addfile(i)"
        )
    };
    check(home.path(), "add('a/b', 'text')", "");
    assert_eq!(
        fs::read_to_string(home.path().join("unpacked/a/b")).expect("it is there"),
        "text"
    );
    check(home.path(), "add('../x', 'text')", "outside");
    check(home.path(), &link("/etc"), "absolute path");
    check(home.path(), &link("../.."), "outside");
}

/// Serves an index of one package over HTTP: its page, as `kind`, and its files.
fn serve(kind: &'static str, page: String, file: Vec<u8>) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = String::new();
            let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
            while let Some(Ok(line)) = lines
                .next()
                .filter(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
            {
                request += &line;
            }
            let (kind, body) = match request.starts_with("GET /simple/my-pkg/ ") {
                true => (kind, page.as_bytes()),
                false => ("application/octet-stream", file.as_slice()),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body))
                .expect("the client reads");
        }
    });
    format!("http://{address}/simple")
}

#[test]
fn a_release_comes_from_the_configured_index_with_its_digest_checked() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let file = home.path().join("a.tar.gz");
    archive(&file, "add('my_pkg-1.0/my_pkg.py', 'text')");
    let bytes = fs::read(&file).expect("it was made");
    let digest =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let asked = std::process::Command::new("python3")
        .args(["-c", digest])
        .arg(&file)
        .output()
        .expect("python3 runs");
    let digest = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let html = |digest: &str| {
        format!(
            "<a href='/f/my_pkg-1.0-py3-none-any.whl'>w</a><a href='../../f/my_pkg-1.0.1.tar.gz'>n</a>\
             <a href='../../f/My.Pkg-1.0.0.tar.gz#sha256={digest}'>s</a>"
        )
    };
    let json = json!({"files": [
        {"filename": "my_pkg-2.0.tar.gz", "url": "/f/2", "hashes": {}},
        {"filename": "my-pkg-1.0.tar.gz", "url": "/f/1", "hashes": {"sha256": digest}},
    ]})
    .to_string();
    let release = |index: &str, version: &str, to: &str| {
        fetch(
            index,
            &[
                "release",
                "My_Pkg",
                version,
                &home.path().join(to).to_string_lossy(),
            ],
        )
    };
    assert_eq!(
        release(
            &serve("text/html", html(&digest), bytes.clone()),
            "1.0",
            "html"
        ),
        ""
    );
    assert_eq!(
        release(
            &serve("application/vnd.pypi.simple.v1+json", json, bytes.clone()),
            "1.0",
            "json"
        ),
        ""
    );
    for made in ["html", "json"] {
        let module = home.path().join(made).join("my_pkg-1.0/my_pkg.py");
        assert_eq!(fs::read_to_string(module).expect("it was unpacked"), "text");
    }
    let forged = release(
        &serve("text/html", html(&"0".repeat(64)), bytes.clone()),
        "1.0",
        "forged",
    );
    assert!(forged.contains("not the SHA-256"), "{forged}");
    let index = serve("text/html", html(&digest), bytes.clone());
    let pinned = |pin: &str, to: &str| {
        let folder = home.path().join(to);
        let said = fetch(
            &index,
            &["release", "My_Pkg", "1.0", &folder.to_string_lossy(), pin],
        );
        assert_eq!(folder.exists(), said.is_empty(), "{said}");
        said
    };
    assert_eq!(pinned(&digest, "pinned"), "");
    let other = pinned(&"0".repeat(64), "other");
    assert!(
        other.contains(&format!("SHA-256 {digest}, and 0")),
        "{other}"
    );
    let absent = release(&serve("text/html", html(&digest), bytes), "3.0", "absent");
    assert!(absent.contains("no index has My_Pkg 3.0"), "{absent}");
}

/// The fixed release does more than mend: what goes through the gates as the fix is the mended function alone, and what
/// cured and is wrong goes through them beside it.
#[test]
fn gates_are_measured_on_right_and_wrong_patches() {
    let diff = |body: &str| {
        format!(
            "--- a/src/tiny/core.py\n+++ b/src/tiny/core.py\n@@ -1,2 +1,2 @@\n def parse(text):\n-    return text.strip()\n+    {body}\n"
        )
    };
    let cured = [
        diff("return text.strip() if text else ''"),
        diff("return (text or 'x').strip()"),
    ];
    let ranked = cured.clone().map(|diff| json!({"diff": diff}));
    let fixed = json!({"events": 1, "bugs": [{"fix": null, "cured": cured, "ranked": ranked}]});
    let gates = |refuses: bool| {
        let outcome = if refuses { "refused" } else { "passed" };
        json!({"verified": !refuses, "gates": [{"gate": "behaviour", "outcome": outcome, "detail": "other"}, {"gate": "test_says", "outcome": "skipped", "detail": ""}]})
    };
    // It refuses what holds an `x` or a `y` and keeps what it was given.
    let mut world = World::new(&format!(
        "case $1 in\nfix) echo \"$@\" | grep -q -e --cured || exit 1\ncat <<'END'\n{fixed}\nEND\n;;\nverify) while [ $1 != --patch ]; do shift; done\nif grep -q \"'x'\\|y = 1\" $2; then cat <<'END'\n{}\nEND\nelse cat <<'END'\n{}\nEND\nfi;;\nesac",
        gates(true),
        gates(false)
    ));
    world.bench.upstream = true;
    world.bench.ranked = true;
    let core = "source/pypi/tiny-98.76.54/tiny-98.76.54/src/tiny/core.py";
    write(
        &world.bench.cache.root().join(core),
        "\ny = 1\n\n\ndef parse(text):\n    return text.strip() if text else ''\n",
    );
    let folder = world.case("pypi-tiny", &[("Core.parse", "parse")]);
    let rows = world.bench.run(&[folder], 1);
    let report = report::machine(&rows, 5);
    let ranked = &report["cases"][0]["answer"]["bugs"][0]["ranked"];
    assert_eq!([true, false], [0, 1].map(|n| ranked[n]["right"] == true));
    let sent = report["cases"][0]["sent"]
        .as_array()
        .expect("patches were sent");
    let whats: Vec<_> = sent
        .iter()
        .map(|s| s["what"].as_str().expect("a text"))
        .collect();
    assert_eq!(
        whats,
        ["upstream's fix", "upstream's file", "wrong candidates"]
    );
    assert!(!sent[0]["diff"].as_str().expect("a diff").contains("y = 1"));
    let counts: Vec<_> = report["gates"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|cell| cell["gate"] == "behaviour")
        .map(|cell| [&cell["asked"], &cell["refused"], &cell["alone"]].map(|n| n.as_u64()))
        .collect();
    let counted = |refused| [Some(1), Some(refused), Some(refused)];
    assert_eq!(counts, [counted(0), counted(1), counted(1)]);
    let table = report::human(&rows);
    let row = table.lines().find(|l| l.starts_with("behaviour"));
    let cells: Vec<_> = row
        .unwrap_or_default()
        .split("  ")
        .filter(|c| !c.is_empty())
        .map(str::trim)
        .collect();
    assert_eq!(
        cells,
        [
            "behaviour",
            "0 of 1 (0%) (0)",
            "1 of 1 (100%) (1)",
            "1 of 1 (100%) (1)"
        ]
    );
    assert!(
        table.contains("pypi-tiny, upstream's file: behaviour: other"),
        "{table}"
    );
}
