//! Cases of other kinds than a fixed release, and the checker.

use super::*;

const RIGHT: &str = "return text.strip() if text else ''";
const NOTHING: [(&str, &str); 5] = [
    ("fixed = \"98.76.54\"", "proposal = false"),
    ("fix_file = \"tiny/core.py\"", "why = \"unknowable\""),
    ("fix_function = \"Core.parse\"", "src_root = \"src\""),
    ("fix_lines = 1", ""),
    ("simple = true", ""),
];

impl World {
    /// The case whose crash should lead to nothing.
    fn nothing(&self) -> PathBuf {
        let folder = self.case("none-tiny", &NOTHING);
        fs::remove_file(folder.join("oracle.py")).expect("it is there");
        folder
    }

    /// The same crash in an application of two commits.
    fn application(&self) -> PathBuf {
        let edits = [("simple = true", "simple = true\napplication = true")];
        let folder = self.case("app-tiny", &edits);
        let home = self.home.path().join("app");
        let git = |args: &[&str]| scene::git(&home, args, b"").expect("git works");
        write(
            &home.join("src/tiny/__init__.py"),
            "from .core import parse\n",
        );
        git(&["init", "--quiet"]);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "-m", "Start"]);
        write(&home.join("src/tiny/core.py"), CORE);
        let test =
            "from tiny import parse\n\n\ndef test_parse():\n    assert parse(' a ') == 'a'\n";
        write(&home.join("tests/test_tiny.py"), test);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "-m", "Parse names"]);
        let history = folder.join("history");
        git(&[
            "format-patch",
            "--quiet",
            "--root",
            "-o",
            &history.to_string_lossy(),
        ]);
        write(
            &home.join("src/tiny/core.py"),
            &CORE.replace("return text.strip()", RIGHT),
        );
        write(&folder.join("fix.patch"), &git(&["diff"]));
        folder
    }

    /// Puts the release that does not crash into the cache.
    fn fixed(&self, body: &str) {
        let root = self.bench.cache.root();
        let fixed = root.join("source/pypi/tiny-98.76.54/tiny-98.76.54/src/tiny");
        write(&fixed.join("__init__.py"), "from .core import parse\n");
        write(
            &fixed.join("core.py"),
            &CORE.replace("return text.strip()", body),
        );
    }
}

#[test]
fn a_proposal_where_none_is_wanted_is_wrong() {
    let world = World::proposing(RIGHT);
    let Outcome::Scored(score) = world.run(&world.nothing()) else {
        panic!("it was not run");
    };
    let said = "there is no pull request to make: unknowable".to_owned();
    assert_eq!((score.verdict, score.place), (Verdict::Wrong(said), None));
}

#[test]
fn an_application_is_judged_as_a_package_is() {
    for (body, is_right) in [(RIGHT, true), ("return ''", false)] {
        let world = World::proposing(body);
        let Outcome::Scored(score) = world.run(&world.application()) else {
            panic!("it was not run");
        };
        assert_eq!(score.verdict == Verdict::Correct, is_right, "{body}");
    }
}

#[test]
fn an_application_has_its_own_commits_and_nothing_of_its_fix() {
    let world = World::new("exit 1");
    let case = Case::load(&world.application()).expect("a case");
    let cache = &world.bench.cache;
    let source = cache.source(&case, "1.0").expect("the patches apply");
    let repository = world.home.path().join("repository");
    scene::make_repository(&source, "1.0", &repository).expect("a repository");
    let git = |args: &[&str]| scene::git(&repository, args, b"").expect("git works");
    assert_eq!(git(&["log", "--format=%s", "1.0"]), "Parse names\nStart\n");
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["show", "HEAD:src/tiny/core.py"]), CORE);
    let fixed = cache.source(&case, "98.76.54").expect("the fix applies");
    let text = fs::read_to_string(fixed.root.join("src/tiny/core.py")).expect("it is there");
    assert!(text.contains(RIGHT));
    // An edited patch is a new state.
    write(&case.folder.join("fix.patch"), "nonsense");
    let refusal = cache.source(&case, "98.76.54").err().expect("a refusal");
    assert!(format!("{refusal:#}").contains("fix.patch"), "{refusal:#}");
}

#[test]
fn a_locked_case_comes_from_the_archive_that_is_pinned() {
    let world = World::answering(&json!({"bugs": []}));
    let folder = world.case("pypi-tiny", &[]);
    let why = || match world.run(&folder) {
        Outcome::NotRun(why) => why,
        Outcome::Scored(_) => String::new(),
    };
    assert_eq!(why(), "");
    let lock = world.home.path().join("cases/sources.sha256");
    write(&lock, "");
    assert!(why().contains("does not pin pypi/tiny-1.0"), "{}", why());
    let digest = "0123456789abcdef".repeat(4);
    write(&lock, &format!("{digest}  pypi/tiny-1.0\n"));
    let source = world.bench.cache.root().join("source/pypi");
    let unpinned = source.join("tiny-1.0");
    fs::rename(&unpinned, source.join("tiny-1.0-0123456789abcdef")).expect("it is there");
    assert_eq!(why(), "");
}

#[track_caller]
fn check(world: &World, folder: &Path, expected: &[&str]) {
    let faults = check::faults(folder, &world.bench.cache, &world.bench.kinds);
    let agrees = faults.iter().zip(expected).all(|(f, e)| f.contains(e));
    assert!(agrees && faults.len() == expected.len(), "{faults:#?}");
}

#[test]
fn a_valid_case_has_no_faults_and_others_have_theirs() {
    let world = World::new("exit 1");
    world.fixed(RIGHT);
    let folder = world.case("pypi-tiny", &[]);
    check(&world, &folder, &[]);
    write(&folder.join("oracle.py"), "");
    check(&world, &folder, &["the oracle passes on 1.0"]);
    write(&folder.join("oracle.py"), "import sys\nsys.exit('no')");
    check(&world, &folder, &["on 98.76.54, oracle: no"]);
    write(&folder.join("oracle.py"), ORACLE);
    write(&folder.join("trigger.py"), "None.strip()");
    let outside = ["no frame of the package", "on 98.76.54, trigger"];
    check(&world, &folder, &outside);
    let silent = world.case("pypi-tiny", &[("'strip'", "'split'")]);
    check(&world, &silent, &["the case says"]);
    check(&world, &world.home.path().join("gone"), &["reading"]);
}

#[test]
fn a_crash_that_leads_to_nothing_says_the_same_each_time() {
    let world = World::new("exit 1");
    let folder = world.nothing();
    check(&world, &folder, &[]);
    let trigger = "import os, tiny\n\n\nclass Text:\n    strip = property(lambda s: getattr(os.urandom(8), \
                   f'{os.urandom(8)} has no attribute \\'strip\\''))\n\n\ntiny.parse(Text())\n";
    write(&folder.join("trigger.py"), trigger);
    check(&world, &folder, &["the message changes"]);
}

#[test]
fn an_application_passes_its_own_tests() {
    let world = World::new("exit 1");
    // The pytest of this machine, not one from an index.
    let find = "import pathlib, pytest; print(pathlib.Path(pytest.__file__).parents[1])";
    let asked = std::process::Command::new("python3")
        .args(["-c", find])
        .output();
    let pytest = String::from_utf8(asked.expect("python3 runs").stdout).expect("a path");
    let key = world
        .bench
        .cache
        .key("tools", Ecosystem::Pypi, &fetch::PYTHON_TESTER);
    let entry = world.bench.cache.root().join(key);
    fs::create_dir_all(entry.parent().expect("it has a folder")).expect("a folder");
    std::os::unix::fs::symlink(pytest.trim(), entry).expect("a link");
    let folder = world.application();
    check(&world, &folder, &[]);
    let fix = fs::read_to_string(folder.join("fix.patch")).expect("it is there");
    write(
        &folder.join("fix.patch"),
        &fix.replace(".strip() if", " if"),
    );
    let broken = ["its tests do not pass on 98.76.54", "on 98.76.54, oracle"];
    check(&world, &folder, &broken);
}
