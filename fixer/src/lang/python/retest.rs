//! The generated test on the unpatched and on the patched tree (gates 2 and 3).

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    time::Duration,
};

use super::{
    judge,
    run::{Bench, Kind, Mode, Raised, Ran, Run},
};
use crate::{
    FixError,
    gates::{Finding, Reproduction},
};

/// `PYTHONHASHSEED`s under which the finalist runs.
const HASH_SEEDS: [u32; 3] = [0, 1, 2];

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

pub(super) fn reproduces(
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
    let message = crash.message.lines().next().unwrap_or_default();
    let message = judge::wording(&crash.type_name, message);
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
pub(super) struct Control {
    pub(super) test: Reproduction,
    nonce: u64,
}

impl Control {
    pub(super) fn of(test: &Reproduction) -> Self {
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

pub(super) fn cures(
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
