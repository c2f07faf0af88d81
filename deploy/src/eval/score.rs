//! Holds an answer against the case: the only place that knows trigger, oracle and where upstream mended the bug.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Component, Path};
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use super::case::{Case, Ecosystem, Wanted};
use super::fetch::{Cache, Source};
use super::process::{Finished, finish, last_line};
use super::run::{Answer, Crash};
use super::scene::{Scene, copy_tree, git};

const JUDGE: &str = include_str!("judge.py");
const LIMIT: Duration = Duration::from_secs(60);

/// What an answer is worth.
#[derive(Debug)]
pub(crate) struct Score {
    /// A test came out that fails with the crash.
    pub(crate) reproduced: bool,
    /// Upstream's function is this place of the list, from 1.
    pub(crate) place: Option<usize>,
    pub(crate) verdict: Verdict,
    pub(crate) generator: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) candidates: Option<u64>,
    /// Resident, of the fixer's own process.
    pub(crate) peak_memory_bytes: Option<u64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) cost: Option<f64>,
    /// No bug of the log was held to be one that code can cure.
    pub(crate) is_declined: bool,
    /// Why there is no fix, in the fixer's words.
    pub(crate) why_not: Option<String>,
    /// The fixer broke: how.
    pub(crate) failure: Option<String>,
    /// All that the fixer said.
    pub(crate) answer: Value,
}

/// Whether what was proposed is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    NotProposed,
    Correct,
    /// What the trigger, the oracle or git said.
    Wrong(String),
}

/// Scores one answer.
///
/// # Errors
/// If the scorer itself could not work; a patch that does not apply is a wrong one.
pub(crate) fn score(
    case: &Case,
    cache: &Cache,
    crash: &Crash<'_>,
    answer: Answer,
) -> anyhow::Result<Score> {
    let (answer, seconds, failure) = match answer.output {
        Ok(value) => (value, answer.seconds, None),
        Err(failure) => (Value::Null, answer.seconds, Some(failure)),
    };
    let bugs: Vec<&Value> = answer["bugs"].as_array().into_iter().flatten().collect();
    let mut verdict = Verdict::NotProposed;
    let mut generator = None;
    for fix in bugs
        .iter()
        .map(|bug| &bug["fix"])
        .filter(|fix| fix.is_object())
    {
        if matches!(verdict, Verdict::Wrong(_)) {
            break;
        }
        let diff = fix["diff"].as_str().unwrap_or_default();
        verdict = judge(case, cache, crash.source, crash.deps, diff)?;
        generator = fix["generator"].as_str().map(str::to_owned);
    }
    let place_of = |bug: &Value| {
        let fix = case.fix()?;
        place(
            bug,
            &normal(&crash.source.src_root.join(&fix.file)),
            &fix.function,
        )
    };
    let sum = |name: &str| -> Option<f64> {
        let of_bugs = bugs
            .iter()
            .filter_map(|bug| bug["fix"][name].as_f64().or(bug[name].as_f64()));
        of_bugs.reduce(|a, b| a + b).or(answer[name].as_f64())
    };
    let whole = |number: f64| number.max(0.0) as u64;
    let score = Score {
        reproduced: bugs.iter().any(|bug| bug["reproduction"].is_object()),
        place: bugs.iter().filter_map(|bug| place_of(bug)).min(),
        verdict,
        generator,
        seconds,
        candidates: sum("candidates").map(whole),
        peak_memory_bytes: answer["peak_memory_bytes"].as_u64(),
        tokens: sum("tokens").map(whole),
        cost: sum("cost"),
        is_declined: failure.is_none()
            && bugs
                .iter()
                .all(|bug| bug["assessment"]["kind"] != "fixable"),
        why_not: match bugs.as_slice() {
            [] if failure.is_none() => Some("no bug in the log".to_owned()),
            bugs => bugs
                .iter()
                .find_map(|bug| bug["why_not"].as_str())
                .map(str::to_owned),
        },
        failure,
        answer: Value::Null,
    };
    Ok(Score { answer, ..score })
}

/// At which of a bug's places, from 1, a function of a file comes.
fn place(bug: &Value, file: &Path, function: &str) -> Option<usize> {
    let bare = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let mut locations = bug["locations"].as_array()?.iter();
    let at = locations.position(|location| {
        let same_file = location["file"]
            .as_str()
            .is_some_and(|found| normal(Path::new(found)) == file);
        same_file
            && location["function"]
                .as_str()
                .is_some_and(|found| bare(found) == bare(function))
    })?;
    Some(at + 1)
}

fn normal(path: &Path) -> std::path::PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// Applies a diff to the untouched source, then runs trigger and oracle there.
///
/// # Errors
/// If the scorer itself could not work.
pub(crate) fn judge(
    case: &Case,
    cache: &Cache,
    source: &Source,
    deps: Option<&Path>,
    diff: &str,
) -> anyhow::Result<Verdict> {
    if let Wanted::Nothing(why) = &case.wanted {
        let said = format!("there is no pull request to make: {}", why.name());
        return Ok(Verdict::Wrong(said));
    }
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join("tree");
    copy_tree(&source.root, &tree)?;
    if let Err(refusal) = apply(diff, &tree) {
        return Ok(Verdict::Wrong(format!("{refusal:#}")));
    }
    let scene = Scene::lay_out(
        case,
        cache.python(),
        &tree,
        &source.src_root,
        deps,
        folder.path(),
    )?;
    for script in [Script::Trigger, Script::Oracle] {
        if let Err(said) = passes(case, &scene, script, folder.path())? {
            return Ok(Verdict::Wrong(said));
        }
    }
    Ok(Verdict::Correct)
}

/// What a case brings to run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Script {
    Trigger,
    Oracle,
}

/// Runs a script of the case in a scene; what it said, if it does not come to a good end.
///
/// # Errors
/// If it can't be run.
pub(crate) fn passes(
    case: &Case,
    scene: &Scene,
    script: Script,
    folder: &Path,
) -> anyhow::Result<Result<(), String>> {
    let (name, file) = match script {
        Script::Trigger => ("trigger", case.trigger()),
        Script::Oracle => ("oracle", case.oracle()),
    };
    let placed = scene.place(&file, name)?;
    let (ran, is_whole) = watch(case.ecosystem, scene, &placed, &folder.join(name))?;
    if !ran.is_success() {
        // An oracle says on standard output what is wrong.
        let said = match script {
            Script::Oracle => last_line(&ran.stdout),
            Script::Trigger => None,
        };
        let said = said.unwrap_or(ran.last_words());
        return Ok(Err(format!("{name}: {said}")));
    }
    if !is_whole {
        return Ok(Err(format!("{name}: the package ended the process")));
    }
    Ok(Ok(()))
}

/// Runs a script of the case; also whether it came to its own end, where that can be told: of Node only the exit
/// status is known.
fn watch(
    ecosystem: Ecosystem,
    scene: &Scene,
    script: &Path,
    mark: &Path,
) -> anyhow::Result<(Finished, bool)> {
    let mut command = scene.interpreter();
    match ecosystem {
        Ecosystem::Npm => Ok((finish(command.arg(script), b"", LIMIT)?, true)),
        Ecosystem::Pypi => {
            let token = format!("{:016x}\n", RandomState::new().build_hasher().finish());
            command.args(["-c", JUDGE]).args([script, mark]);
            let ran = finish(&mut command, token.as_bytes(), LIMIT)?;
            let is_whole = std::fs::read_to_string(mark).is_ok_and(|left| left == token);
            Ok((ran, is_whole))
        }
    }
}

/// Applies a diff inside `tree`, and refuses one that reaches out of it.
fn apply(diff: &str, tree: &Path) -> anyhow::Result<()> {
    let touched = git(tree, &["apply", "-p1", "--numstat", "-z"], diff.as_bytes())?;
    for record in touched.split('\0').filter(|record| !record.is_empty()) {
        let path = record.splitn(3, '\t').last().unwrap_or(record);
        let inside = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(name) if name != ".git"));
        ensure!(inside, "the diff touches {path:?}");
    }
    for link in [
        "new file mode 120000",
        "new file mode 160000",
        "new mode 120000",
        "new mode 160000",
    ] {
        ensure!(
            !diff.lines().any(|line| line == link),
            "the diff makes a link"
        );
    }
    git(
        tree,
        &["apply", "-p1", "--whitespace=nowarn"],
        diff.as_bytes(),
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check_place(function: &str, expected: Option<usize>) {
        let bug = json!({"locations": [
            {"file": "src/a/core.py", "function": "load", "line": 1},
            {"file": "src/a/core.py", "function": "Parser.parse", "line": 3},
            {"file": "src/a/other.py", "function": "emit", "line": 9},
            {"file": null, "function": null},
        ]});
        assert_eq!(
            place(&bug, &normal(Path::new("./src/./a/core.py")), function),
            expected
        );
    }

    #[test]
    fn places_are_compared_by_file_and_bare_name() {
        check_place("load", Some(1));
        check_place("parse", Some(2));
        check_place("Other.parse", Some(2));
        check_place("emit", None);
        assert_eq!(place(&json!({}), Path::new("a.py"), "f"), None);
    }

    /// Applies a diff to a tree with the file `a.txt` ("one\n"): its text after, or what was refused.
    #[track_caller]
    fn check_diff(diff: &str, expected: &str) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let tree = home.path().join("tree");
        std::fs::create_dir(&tree).expect("a folder");
        std::fs::write(tree.join("a.txt"), "one\n").expect("a file");
        std::fs::write(home.path().join("b.txt"), "one\n").expect("a file");
        let said = match apply(diff, &tree) {
            Ok(()) => std::fs::read_to_string(tree.join("a.txt")).expect("it is there"),
            Err(error) => format!("{error:#}"),
        };
        assert!(said.contains(expected), "{said}");
        assert_eq!(
            std::fs::read_to_string(home.path().join("b.txt")).expect("it is there"),
            "one\n"
        );
    }

    #[test]
    fn diffs_stay_in_the_tree() {
        let edit = |path: &str| format!("--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-one\n+two\n");
        check_diff(&edit("a.txt"), "two\n");
        check_diff(&edit("../b.txt"), "touches \"../b.txt\"");
        check_diff(&edit("sub/../../b.txt"), "touches");
        check_diff(
            "diff --git a/.git/x b/.git/x\nnew file mode 100644\n--- /dev/null\n+++ b/.git/x\n@@ -0,0 +1 @@\n+x\n",
            ".git",
        );
        let link = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n";
        check_diff(link, "makes a link");
        check_diff(&edit("c.txt"), "c.txt");
        check_diff("", "git apply");
    }
}
