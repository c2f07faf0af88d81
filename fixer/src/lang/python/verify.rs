//! A Python candidate's way through the gates (DESIGN, 2).

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    caller::Script,
    judge::{self, Behaviour},
    policy::policy,
    project::Project,
    run::{Bench, Kind, Mode, Raised, Ran, Run},
    source::{PyFile, children, descendants},
    suite::{Suite, Verdict},
    swap,
};
use crate::{
    FixError,
    candidate::Candidate,
    gates::{Finding, Gate, Refuted, Reproduction, Trial, VerifiedFix},
};

/// Lines that a fix of a simple bug may add and remove.
const MAX_CHANGED_LINES: usize = 30;
/// `PYTHONHASHSEED`s under which the finalist runs.
const HASH_SEEDS: [u32; 3] = [0, 1, 2];
/// What is left after all gates: everything but the confidence, which needs the rivals.
pub(crate) struct Evidence {
    trial: Trial,
    pub(crate) test: Reproduction,
}

impl Evidence {
    pub(crate) fn finish(self, confidence: f64) -> VerifiedFix {
        self.trial.finish(self.test, confidence)
    }
}

/// Sends one candidate through the gates, cheapest first.
pub(crate) fn gates(
    bench: &Bench<'_>,
    project: &Project,
    behaviour: &Behaviour,
    script: &Script,
    crash: &Raised,
    test: Reproduction,
    suite: &mut Suite<'_>,
) -> Result<Result<Evidence, Refuted>, FixError> {
    let mut trial = Trial::new(behaviour.candidate.clone());
    macro_rules! gate {
        ($gate:expr, $look:expr) => {
            if let Err(refuted) = trial.pass($gate, $look)? {
                return Ok(Err(refuted));
            }
        };
    }
    gate!(Gate::Applies, |c| Ok::<_, FixError>(applies(c, project)));
    gate!(Gate::Policy, |c| Ok::<_, FixError>(policy(c, project)));
    gate!(Gate::NotSuppression, |c| Ok::<_, FixError>(suppression(
        c, project
    )));
    let base = tree_with(bench.tree, &[(test.path.clone(), test.source.clone())])?;
    gate!(Gate::Reproduces, |_| reproduces(
        bench,
        base.path(),
        &test,
        crash
    ));
    let mut files: Vec<(String, String)> = behaviour.candidate.files.clone().into_iter().collect();
    let control = Control::of(&test);
    for test in [&test, &control.test] {
        files.push((test.path.clone(), test.source.clone()));
    }
    let patched = tree_with(bench.tree, &files)?;
    gate!(Gate::Cures, |_| cures(
        bench,
        patched.path(),
        &test,
        &control
    ));
    gate!(Gate::TestSays, |c| says(
        bench, project, c, script, behaviour
    ));
    gate!(Gate::Behaviour, |_| {
        let cured = if behaviour.n_cured > 0 {
            format!(", {} that crashed as well are cured", behaviour.n_cured)
        } else {
            String::new()
        };
        let alike = if behaviour.n_alike > 1 {
            format!("; {} candidates do the same", behaviour.n_alike)
        } else {
            String::new()
        };
        Ok::<_, FixError>(match behaviour.n_unchanged {
            0 => Finding::Nothing(format!(
                "no input beside the crash ran without crashing{cured}{alike}"
            )),
            n => Finding::Passed(format!(
                "{n} inputs beside the crash do what they did before{cured}{alike}"
            )),
        })
    });
    gate!(Gate::NoRegression, |_| {
        Ok::<_, FixError>(match suite.check(patched.path())? {
            Verdict::None(why) => Finding::Nothing(why),
            Verdict::Passed(detail) => Finding::Passed(detail),
            Verdict::Broken(reason) => Finding::Refused(reason),
        })
    });
    Ok(Ok(Evidence { trial, test }))
}

fn applies(candidate: &Candidate, project: &Project) -> Finding {
    for (path, text) in &candidate.files {
        let was_sound = project.file(path).is_some_and(|f| !f.has_error());
        if was_sound && PyFile::parse(path, text).has_error() {
            return Finding::Refused(format!("{path} does not parse"));
        }
    }
    let n = judge::n_changed(candidate, project);
    if n > MAX_CHANGED_LINES {
        return Finding::Refused(format!("{n} changed lines, more than {MAX_CHANGED_LINES}"));
    }
    Finding::Passed(format!(
        "{} file, {n} changed lines, compiles",
        candidate.files.len()
    ))
}

/// No broad handler more than before, and no early return of a constant that nothing in the repository speaks for.
fn suppression(candidate: &Candidate, project: &Project) -> Finding {
    let broad = |file: &PyFile| {
        let handlers = descendants(file.root())
            .into_iter()
            .filter(|n| n.kind() == "except_clause");
        handlers
            .filter(|n| {
                children(*n).first().is_none_or(|c| {
                    c.kind() == "block" || matches!(file.text_of(*c), "Exception" | "BaseException")
                })
            })
            .count()
    };
    for (path, text) in &candidate.files {
        let before = project.file(path).map_or(0, |f| broad(&f));
        if broad(&PyFile::parse(path, text)) > before {
            return Finding::Refused("catches everything".to_owned());
        }
    }
    if candidate.rules.contains(&"return early") && candidate.witness.is_none() {
        return Finding::Refused(
            "returns early, and nothing in the repository speaks for that value".to_owned(),
        );
    }
    Finding::Passed(candidate.witness.clone().map_or_else(
        || "no handler, no blanket return".to_owned(),
        |w| format!("no blanket handler; {w}"),
    ))
}

/// Runs tests on a tree, each in a fresh process of one job.
fn run_tests(
    bench: &Bench<'_>,
    tree: &Path,
    tests: &[&Reproduction],
    seed: u32,
) -> Result<Vec<Ran>, FixError> {
    let bench = Bench {
        tree,
        ..bench.clone()
    };
    let run = |(id, test): (usize, &&Reproduction)| {
        let mut run = Run {
            timeout: 10.0,
            ..Run::script(id, "")
        };
        if uses_pytest(&bench, test, seed) {
            run.tests = Some(vec![test.path.clone()]);
            run.no_conftest = true;
        } else {
            let name = test
                .source
                .lines()
                .rev()
                .find_map(|l| l.strip_prefix("def ")?.split('(').next())
                .unwrap_or_default();
            run.script = format!("{}\n{name}()\n", test.source);
        }
        run
    };
    let runs: Vec<Run> = tests.iter().enumerate().map(run).collect();
    let mode = Mode {
        hash_seed: seed,
        warm: false,
        skip_sleep: false,
        wall: Duration::from_secs(15),
    };
    Ok(bench.run(&runs, mode)?.runs)
}

/// pytest once, as the repository's own run will be; the further hash seeds call the test itself, which is quicker.
fn uses_pytest(bench: &Bench<'_>, test: &Reproduction, seed: u32) -> bool {
    bench.tools.is_some() && (seed == 0 || test.source.contains("import pytest"))
}

fn reproduces(
    bench: &Bench<'_>,
    tree: &Path,
    test: &Reproduction,
    crash: &Raised,
) -> Result<Finding, FixError> {
    let Some(ran) = run_tests(bench, tree, &[test], 0)?.pop() else {
        return Ok(Finding::Refused(
            "the test did not report on the unpatched tree".to_owned(),
        ));
    };
    let said = match ran.tests.iter().next() {
        Some((id, outcome)) if outcome == "failed" => {
            ran.messages.get(id).cloned().unwrap_or_default()
        }
        Some((id, outcome)) => {
            return Ok(Finding::Refused(format!(
                "{id} is {outcome} on the unpatched tree: {}",
                ran.messages
                    .get(id)
                    .map_or("", |m| m.lines().last().unwrap_or_default())
            )));
        }
        None if ran.outcome == Kind::Raised => ran
            .error
            .as_ref()
            .map_or_else(String::new, |e| e.type_name.clone()),
        None => {
            return Ok(Finding::Refused(format!(
                "the test did not fail on the unpatched tree ({:?})",
                ran.outcome
            )));
        }
    };
    // Of several lines the first: that much of a message every version of pytest shows.
    let message = judge::mask(crash.message.lines().next().unwrap_or_default());
    let agrees = said.contains(&crash.type_name)
        && (bench.tools.is_none() || judge::mask(&said).contains(message.trim_end()));
    if !agrees {
        return Ok(Finding::Refused(format!(
            "the test fails with something else: {}",
            said.lines().next().unwrap_or_default()
        )));
    }
    let at = crash
        .place()
        .map_or_else(String::new, |p| format!(" at {}:{}", p.path, p.line));
    Ok(Finding::Passed(format!(
        "{} fails on the unpatched tree with {}{at}",
        test.path, crash.type_name
    )))
}

/// A test that does what another does and then fails in a way that nobody can guess.
///
/// The code under test runs in the process that reports on it, so what it reports is worth as much as that code. Here it
/// is asked for a red test beside the green one: whoever answers "passed" to everything (a patched pytest, a forged
/// report) gives himself away.
struct Control {
    test: Reproduction,
    nonce: u64,
}

impl Control {
    fn of(test: &Reproduction) -> Self {
        let nonce = RandomState::new().hash_one(&test.source);
        Self {
            test: Reproduction {
                path: test
                    .path
                    .replace(".py", &format!("_{:04x}.py", nonce >> 48)),
                source: format!(
                    "{}\n    raise AssertionError(\"{nonce}\")\n",
                    test.source.trim_end()
                ),
                ..test.clone()
            },
            nonce,
        }
    }

    fn is_red(&self, ran: &Ran) -> bool {
        let nonce = self.nonce.to_string();
        if ran.tests.is_empty() {
            return ran.error.as_ref().is_some_and(|e| e.message == nonce);
        }
        ran.tests.iter().all(|(id, outcome)| {
            outcome == "failed" && ran.messages.get(id).is_some_and(|m| m.contains(&nonce))
        })
    }
}

fn cures(
    bench: &Bench<'_>,
    tree: &Path,
    test: &Reproduction,
    control: &Control,
) -> Result<Finding, FixError> {
    for seed in HASH_SEEDS {
        // In an order that the code under test does not know.
        let at = (control.nonce >> seed & 1) as usize;
        let mut tests = [&control.test; 2];
        tests[at] = test;
        let runs = run_tests(bench, tree, &tests, seed)?;
        let ran = |id: usize| runs.iter().find(|r| r.id == id);
        let green = ran(at).is_some_and(|r| {
            if uses_pytest(bench, test, seed) {
                !r.tests.is_empty() && r.tests.values().all(|o| o == "passed")
            } else {
                r.outcome == Kind::Ok
            }
        });
        if !green {
            let why = ran(at)
                .and_then(|r| {
                    let message = r.messages.values().next().cloned();
                    let error = r.error.as_ref();
                    message.or(error.map(|e| format!("{}: {}", e.type_name, e.message)))
                })
                .unwrap_or_else(|| "no report".to_owned());
            return Ok(Finding::Refused(format!(
                "the test does not pass on the patched tree under hash seed {seed}: {}",
                why.lines().next().unwrap_or_default()
            )));
        }
        if !ran(1 - at).is_some_and(|r| control.is_red(r)) {
            return Ok(Finding::Refused(format!(
                "a test that must fail on the patched tree was not reported as failed under hash seed {seed}: the reports cannot be believed"
            )));
        }
    }
    Ok(Finding::Passed(format!(
        "the test passes on the patched tree, in fresh processes under {} hash seeds; one that must fail there fails",
        HASH_SEEDS.len()
    )))
}

/// Undoes each part of the change in turn: the crash must come back.
fn says(
    bench: &Bench<'_>,
    project: &Project,
    candidate: &Candidate,
    script: &Script,
    behaviour: &Behaviour,
) -> Result<Finding, FixError> {
    let mut partial: Vec<Candidate> = Vec::new();
    for (path, text) in &candidate.files {
        let old = project.read(path).unwrap_or_default();
        let diff = similar::TextDiff::from_lines(&*old, text.as_str());
        let changes: Vec<_> = diff
            .ops()
            .iter()
            .filter(|o| o.tag() != similar::DiffTag::Equal)
            .collect();
        if changes.len() + candidate.files.len() < 3 {
            continue;
        }
        for undone in &changes {
            let mut out = String::new();
            for op in diff.ops() {
                let keep_old = op == *undone;
                for change in diff.iter_changes(op) {
                    match change.tag() {
                        similar::ChangeTag::Equal => out.push_str(change.value()),
                        similar::ChangeTag::Delete if keep_old => out.push_str(change.value()),
                        similar::ChangeTag::Insert if !keep_old => out.push_str(change.value()),
                        _ => {}
                    }
                }
            }
            let mut files = candidate.files.clone();
            files.insert(path.clone(), out);
            partial.push(Candidate {
                files,
                ..candidate.clone()
            });
        }
    }
    let runs: Vec<Run> = partial
        .iter()
        .enumerate()
        .map(|(id, c)| Run {
            changes: swap::changes(project, c),
            ..Run::script(id, &script.text())
        })
        .collect();
    if !runs.is_empty() {
        for ran in bench
            .run(&runs, Mode::explore(Duration::from_secs(10)))?
            .runs
        {
            let red = match &behaviour.raises {
                None => ran.outcome != Kind::Ok,
                Some(error) => ran
                    .error
                    .as_ref()
                    .is_none_or(|e| e.type_name != error.type_name),
            };
            if !red {
                return Ok(Finding::Refused(
                    "a part of the change can be undone and the test stays green".to_owned(),
                ));
            }
        }
    }
    let what = if behaviour.raises.is_some() {
        "the declared exception"
    } else {
        "no crash"
    };
    Ok(Finding::Passed(format!(
        "undoing any of the {} parts turns the test red; it asserts {what}",
        partial.len().max(1)
    )))
}

/// A copy of a tree with some files replaced or added; unchanged files are hard links.
fn tree_with(tree: &Path, files: &[(String, String)]) -> Result<TempDir, FixError> {
    let copy = tempfile::Builder::new()
        .prefix("outerloop-tree-")
        .tempdir_in(tree.parent().unwrap_or(tree))?;
    std::fs::set_permissions(
        copy.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    let mut folders = vec![std::path::PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(tree.join(&folder))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            let target = copy.path().join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                std::fs::create_dir(&target)?;
                folders.push(name);
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(std::fs::read_link(entry.path())?, &target)?;
            } else {
                std::fs::hard_link(entry.path(), &target)?;
            }
        }
    }
    for (path, text) in files {
        let target = copy.path().join(path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        // Never through a hard link: that would change the base tree.
        if std::fs::symlink_metadata(&target).is_ok() {
            std::fs::remove_file(&target)?;
        }
        std::fs::write(&target, text)?;
    }
    Ok(copy)
}
