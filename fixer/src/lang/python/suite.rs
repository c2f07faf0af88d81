//! The repository's own tests: what passed before must pass after (gate 4).

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    project::Project,
    run::{Bench, Kind, Mode, Raised, Run},
};
use crate::FixError;

/// Seconds for one test file.
const FILE_TIMEOUT: f64 = 10.0;
/// Test files run, those that speak of the crashing code first.
const MAX_FILES: usize = 30;

/// The tests of a repository, and how they fared on the unpatched tree.
pub(crate) struct Suite<'a> {
    bench: &'a Bench<'a>,
    /// Test files, the ones nearest to the crash first.
    files: Vec<String>,
    n_all: usize,
    baseline: Option<Baseline>,
}

struct Baseline {
    /// Files that came to their end, with the tests that passed twice.
    passed: BTreeMap<String, Vec<String>>,
    n_tests: usize,
}

/// What the tests said of a patched tree.
pub(crate) enum Verdict {
    /// None passed before, for this reason.
    None(String),
    /// All that passed before pass.
    Passed(String),
    /// This one passed before and does not now.
    Broken(String),
}

impl<'a> Suite<'a> {
    pub(crate) fn new(bench: &'a Bench<'a>, project: &Project, crash: &Raised) -> Self {
        let place = crash
            .place()
            .map(|p| (p.path.clone(), p.function.clone()))
            .unwrap_or_default();
        let module = place
            .0
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".py")
            .trim_matches('_')
            .to_owned();
        let mut files: Vec<(i32, String)> = project
            .tests()
            .map(|path| {
                let text = project.read(path).unwrap_or_default();
                let near = i32::from(path.contains(&module) && !module.is_empty()) * 2
                    + i32::from(text.contains(place.1.trim_matches('_')))
                    + i32::from(text.contains(&module));
                (-near, path.to_owned())
            })
            .collect();
        files.sort();
        let n_all = files.len();
        files.truncate(MAX_FILES);
        Self {
            bench,
            files: files.into_iter().map(|(_, p)| p).collect(),
            n_all,
            baseline: None,
        }
    }

    /// Runs the tests on a patched tree, after the baseline where that has not run yet.
    pub(crate) fn check(&mut self, patched: &Path) -> Result<Verdict, FixError> {
        if self.bench.tools.is_none() {
            return Ok(Verdict::None("pytest is not at hand".to_owned()));
        }
        if self.files.is_empty() {
            return Ok(Verdict::None("the repository has no tests".to_owned()));
        }
        let baseline = match self.baseline.take() {
            Some(known) => known,
            None => self.measure(self.bench.left().mul_f64(0.15))?,
        };
        let verdict = if baseline.n_tests == 0 {
            Verdict::None(format!(
                "none of {} test files has a test that passes without the patch here",
                self.n_all
            ))
        } else {
            self.compare(&baseline, patched)?
        };
        self.baseline = Some(baseline);
        Ok(verdict)
    }

    /// The tests that pass twice on the unpatched tree; files that the time does not allow are left out.
    fn measure(&self, share: Duration) -> Result<Baseline, FixError> {
        let files: Vec<&String> = self.files.iter().collect();
        let first = self.run(self.bench, &files, share, 0)?;
        let files: Vec<&String> = self
            .files
            .iter()
            .filter(|f| {
                first
                    .get(*f)
                    .is_some_and(|t| t.values().any(|o| o == "passed"))
            })
            .collect();
        let second = self.run(self.bench, &files, share, 1)?;
        let mut passed = BTreeMap::new();
        for file in files {
            let (Some(one), Some(two)) = (first.get(file), second.get(file)) else {
                continue;
            };
            let both: Vec<String> = one
                .iter()
                .filter(|(id, o)| *o == "passed" && two.get(*id).is_some_and(|o| o == "passed"))
                .map(|(id, _)| id.clone())
                .collect();
            passed.insert(file.clone(), both);
        }
        let n_tests = passed.values().map(Vec::len).sum();
        Ok(Baseline { passed, n_tests })
    }

    fn compare(&self, baseline: &Baseline, patched: &Path) -> Result<Verdict, FixError> {
        let bench = Bench {
            tree: patched,
            ..self.bench.clone()
        };
        let files: Vec<&String> = self
            .files
            .iter()
            .filter(|f| baseline.passed.contains_key(*f))
            .collect();
        let after = self.run(&bench, &files, bench.left().mul_f64(0.5), 0)?;
        let (mut n, mut n_files) = (0, 0);
        for (file, ids) in &baseline.passed {
            let Some(now) = after.get(file) else { continue };
            n_files += 1;
            for id in ids {
                if now.get(id).map(String::as_str) != Some("passed") {
                    return Ok(Verdict::Broken(format!(
                        "{id} passed before and does not now"
                    )));
                }
                n += 1;
            }
        }
        if n == 0 {
            return Ok(Verdict::None(
                "the tests did not end in time on the patched tree".to_owned(),
            ));
        }
        Ok(Verdict::Passed(format!(
            "{n} tests that passed before pass after ({n_files} of {} test files ran, those nearest to the crash first)",
            self.n_all
        )))
    }

    fn run(
        &self,
        bench: &Bench<'_>,
        files: &[&String],
        wall: Duration,
        seed: u32,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, FixError> {
        let runs: Vec<Run> = files
            .iter()
            .enumerate()
            .map(|(id, file)| Run {
                tests: Some(vec![(*file).clone()]),
                timeout: FILE_TIMEOUT,
                ..Run::script(id, "")
            })
            .collect();
        let wall = wall.clamp(Duration::from_secs(2), Duration::from_secs(12));
        let batch = bench.run(
            &runs,
            Mode {
                hash_seed: seed,
                warm: true,
                skip_sleep: false,
                wall,
            },
        )?;
        Ok(batch
            .runs
            .into_iter()
            .filter(|r| r.outcome != Kind::Skipped)
            .map(|r| (files[r.id].clone(), r.tests))
            .collect())
    }
}
