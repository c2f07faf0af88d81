//! Which change: candidates are made, run and judged, and the best behaviours go through the gates.

use std::{collections::BTreeMap, time::Duration};

use super::{
    behaviour::{self, Behaviour, Cured, Inputs},
    caller::Script,
    confidence::confidence,
    contract::{Step, answerable},
    engine::{Crash, Work},
    generate::{self, ASKED_BY_PYTHON, HELPER, Site},
    history::Past,
    hunks::parts,
    judge::{self, Judged},
    locate,
    neighbours::neighbours,
    oracle::Oracle,
    run::{Kind, Raised, Ran, Run},
    suite::Suite,
    swap,
    testfile::Expectation,
    verify::Gates,
};
use crate::{
    FixError, Goal, Location, Report,
    candidate::Candidate,
    gates::{Reproduction, Trial},
};

/// Repository frames, innermost first, at which candidates are made.
const MAX_SITES: usize = 5;
/// Candidates tried at the crash and at its callers.
const MAX_CANDIDATES: usize = 400;
/// Candidates that got past the crash only to crash further on, and are built upon.
const MAX_MOVED: usize = 12;
/// Cures that are compared with each other, whatever a comparison costs, and at most.
const MIN_JUDGED: usize = 12;
const MAX_JUDGED: usize = 60;
/// Runs of cures on inputs beside the crash, of all of them together.
const MAX_NEIGHBOUR_RUNS: usize = 900;
/// Behaviours that the report holds.
const MAX_TOLD: usize = 12;
/// Behaviours told apart and sent through the gates.
const MAX_FINALISTS: usize = 6;

impl Work<'_> {
    fn sites<'c>(&self, error: &'c Raised) -> Vec<(&'c super::run::RunFrame, bool)> {
        let n = error.frames.len();
        let mut out: Vec<(&super::run::RunFrame, bool)> = Vec::new();
        for (i, frame) in error.frames.iter().enumerate().rev() {
            if frame.repo
                && !out
                    .iter()
                    .any(|(f, _)| f.path == frame.path && f.line == frame.line)
                && !super::project::is_test(&frame.path)
            {
                out.push((frame, i + 1 == n));
            }
        }
        out.truncate(MAX_SITES);
        out
    }

    /// Which of the places is to handle the exception, as other callers of the same function do.
    fn answerable(&self, error: &Raised, sites: &[(&super::run::RunFrame, bool)]) -> Option<usize> {
        let frames: Vec<_> = error.frames.iter().filter(|f| f.repo).collect();
        let stack: Vec<Step<'_>> = frames
            .iter()
            .map(|f| (f.path.as_str(), f.line, f.function.as_str()))
            .collect();
        let (path, line, _) = stack[answerable(self.project, &stack, &error.mro)?];
        sites
            .iter()
            .position(|(f, _)| f.path == path && f.line == line)
    }

    /// Whether a frame of the event was to handle the exception.
    fn answerable_in_event(&self) -> bool {
        locate::answerable_frame(self.exception, self.mapped, self.project).is_some()
    }

    /// Candidates at every place of a crash, on a given version of the files.
    fn propose(
        &self,
        error: &Raised,
        base: Option<&Candidate>,
        promised: &judge::Promised,
    ) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = Vec::new();
        let sites = self.sites(error);
        let answerable = self.answerable(error, &sites);
        // The script calls further in than the place that is to handle it.
        let is_above = base.is_none() && answerable.is_none() && self.answerable_in_event();
        for (depth, (frame, innermost)) in sites.into_iter().enumerate() {
            // What several callers handle is how the function answers: it is not to change, and the way out starts above it.
            let fit = match answerable {
                Some(above) if depth < above => 0.4,
                None if is_above => 0.4,
                above => 0.85f64.powi((depth - above.unwrap_or(0)) as i32),
            };
            let patched = base
                .and_then(|b| b.files.get(&frame.path))
                .map(|text| std::rc::Rc::new(super::source::PyFile::parse(&frame.path, text)));
            let is_edited = patched.is_some();
            let Some(file) = patched.or_else(|| self.project.file(&frame.path)) else {
                continue;
            };
            let site = Site {
                project: self.project,
                file: &file,
                frame,
                error,
                innermost,
                promised,
                is_edited,
            };
            for proposal in generate::propose(&site) {
                let text = generate::apply(&file.text, &proposal.edits);
                let mut files = base.map(|b| b.files.clone()).unwrap_or_default();
                files.insert(frame.path.clone(), text);
                let mut rules = base.map(|b| b.rules.clone()).unwrap_or_default();
                rules.push(proposal.rule);
                let prior = proposal.prior * fit * base.map_or(1.0, |b| 0.6 + 0.4 * b.prior);
                if !out.iter().any(|c| c.files == files) {
                    out.push(Candidate {
                        files,
                        deleted: Default::default(),
                        rules,
                        prior,
                        witness: proposal
                            .witness
                            .or_else(|| base.and_then(|b| b.witness.clone())),
                    });
                }
            }
        }
        if self.task.goal == Goal::AskedFor {
            out.retain(is_asked_for);
        }
        out.sort_by(|a, b| b.prior.total_cmp(&a.prior));
        out
    }

    pub(super) fn execute(
        &mut self,
        candidates: &[Candidate],
        script: &Script,
        detail: u8,
        share: f64,
    ) -> Result<Vec<Ran>, FixError> {
        let text = script.text();
        let runs: Vec<Run> = candidates
            .iter()
            .enumerate()
            .map(|(id, c)| Run {
                changes: swap::changes(self.project, c),
                detail,
                timeout: 3.0,
                ..Run::script(id, &text)
            })
            .collect();
        self.run(&runs, share)
    }

    /// Enumerates, runs, and keeps what cures; builds on what got further.
    pub(super) fn try_candidates(
        &mut self,
        whole @ Crash {
            script,
            explored: crash,
            ..
        }: &Crash,
        past: Option<&Past<'_>>,
        report: &mut Report,
    ) -> Result<Vec<Cured>, FixError> {
        let promised = judge::promised(self.exception, self.mapped, self.project);
        let mut candidates = self.propose(crash, None, &promised);
        candidates.truncate(MAX_CANDIDATES);
        report.n_candidates += candidates.len();
        let mut cured = Vec::new();
        let mut moved: Vec<(usize, Raised)> = Vec::new();
        for ran in self.execute(&candidates, script, 0, 0.35)? {
            let candidate = &candidates[ran.id];
            tracing::trace!(
                candidate.prior,
                "tried {}: {:?} {}\n{}",
                candidate.generator(),
                ran.outcome,
                ran.error.as_ref().map_or("", |e| &e.message),
                candidate.diff(|path| self.project.read(path).unwrap_or_default().to_string())
            );
            match judge::outcome(&ran, crash, &promised, candidate, self.project) {
                Judged::Cured => cured.push(Cured {
                    candidate: candidate.clone(),
                    ran,
                }),
                Judged::Moved(error) => moved.push((ran.id, error)),
                Judged::Failed => {}
            }
        }
        // A helper that cannot take the value is not the one for it.
        moved.retain(|(id, _)| !candidates[*id].rules.contains(&HELPER));
        moved.truncate(MAX_MOVED);
        // Once more, now telling what the values were where they crash next.
        let further: Vec<Candidate> = moved
            .iter()
            .map(|(id, _)| candidates[*id].clone())
            .collect();
        for ran in self.execute(&further, script, 1, 0.1)? {
            if let Some(error) = ran.error {
                moved[ran.id].1 = error;
            }
        }
        let mut second: Vec<Candidate> = Vec::new();
        for (id, error) in moved {
            let mut next = self.propose(&error, Some(&candidates[id]), &promised);
            next.truncate(25);
            next.retain(|c| !second.contains(c));
            second.extend(next);
        }
        second.sort_by(|a, b| b.prior.total_cmp(&a.prior));
        second.truncate(MAX_CANDIDATES / 2);
        report.n_candidates += second.len();
        for ran in self.execute(&second, script, 0, 0.3)? {
            let candidate = &second[ran.id];
            if let Judged::Cured = judge::outcome(&ran, crash, &promised, candidate, self.project) {
                cured.push(Cured {
                    candidate: candidate.clone(),
                    ran,
                });
            }
        }
        if let Some(past) = past {
            cured.extend(self.undo_changes(past, whole, &promised, report)?);
        }
        Ok(cured)
    }

    /// Groups what cures by what it does, on the crashing input and beside it; leaves out what changes anything else.
    pub(super) fn judge(
        &mut self,
        Crash {
            script,
            explored: crash,
            ..
        }: &Crash,
        past: Option<&mut Past<'_>>,
        mut cured: Vec<Cured>,
        report: &mut Report,
    ) -> Result<Vec<Behaviour>, FixError> {
        cured.sort_by(|a, b| b.candidate.prior.total_cmp(&a.candidate.prior));
        report.cured = behaviour::unlike(&cured);
        // Each alone: one that does not end is no input to compare on, and must not take the others along.
        let alone: Vec<Run> = neighbours(script)
            .iter()
            .enumerate()
            .map(|(id, s)| Run {
                timeout: 2.0,
                ..Run::script(id, &s.text())
            })
            .collect();
        let mut base = self.run(&alone, 0.15)?;
        base.retain(|r| matches!(r.outcome, Kind::Ok | Kind::Raised));
        let beside: Vec<String> = base.iter().map(|r| alone[r.id].script.clone()).collect();
        let oracle = match past {
            Some(past) => Oracle::ask(past, &self.bench, &beside, &base, crash)?,
            None => None,
        };
        if let Some(oracle) = &oracle {
            cured.sort_by_key(|one| !oracle.agreement(&one.ran, None).is_same);
        }
        // The likeliest, as many as the runs allow: the next best alone decides against the best.
        let n_judged = MAX_NEIGHBOUR_RUNS / beside.len().max(1);
        cured.truncate(n_judged.clamp(MIN_JUDGED, MAX_JUDGED));
        let runs: Vec<Run> = cured
            .iter()
            .enumerate()
            .filter(|_| !beside.is_empty())
            .map(|(id, one)| Run {
                changes: swap::changes(self.project, &one.candidate),
                scripts: beside.clone(),
                timeout: 10.0,
                ..Run::script(id, "")
            })
            .collect();
        let after: BTreeMap<usize, Ran> = self
            .run(&runs, 0.4)?
            .into_iter()
            .map(|r| (r.id, r))
            .collect();
        let inputs = Inputs {
            scripts: &beside,
            base: &base,
            after: &after,
            oracle: oracle.as_ref(),
        };
        Ok(behaviour::group(cured, script, &inputs, crash, report))
    }

    /// Sends the finalists through the gates, best behaviour first.
    pub(super) fn finalists(
        &self,
        crash: &Crash,
        ranked: Vec<Behaviour>,
        report: &mut Report,
    ) -> Result<(), FixError> {
        let mut suite = Suite::new(&self.bench, self.project, &crash.native);
        let told = ranked.iter().take(MAX_TOLD);
        report.ranked = told
            .map(|b| (b.candidate.clone(), b.evidence.clone()))
            .collect();
        let mut alive = ranked;
        // A diff of a large file takes time.
        let shown = match tracing::enabled!(tracing::Level::DEBUG) {
            true => alive.as_slice(),
            false => &[],
        };
        for behaviour in shown {
            let diff = behaviour
                .candidate
                .diff(|path| self.project.read(path).unwrap_or_default().to_string());
            tracing::debug!(
                score = behaviour.score(),
                n_alike = behaviour.evidence.n_alike,
                "a behaviour, by {}\n{diff}",
                behaviour.candidate.generator()
            );
        }
        // Where even the best would not be proposed if it had no rival, the gates have nothing to decide.
        if alive
            .first()
            .is_some_and(|best| confidence(&best.evidence, None) < self.task.policy.min_confidence)
        {
            report.why_not = Some(undecided(&alive));
            return Ok(());
        }
        let mut standing: Option<(Trial, Reproduction)> = None;
        for _ in 0..MAX_FINALISTS {
            if self.bench.left() < Duration::from_millis(500) {
                report.why_not =
                    Some("the time was over before the finalists were checked".to_owned());
                return Ok(());
            }
            // The first that is not yet checked; once the best stands, its nearest rival.
            let at = usize::from(standing.is_some());
            let Some(behaviour) = alive.get(at) else {
                break;
            };
            let raises = self.ends_in(crash, &behaviour.candidate, behaviour.raises.as_ref())?;
            let test = self.write(crash, &Expectation::of(raises.as_ref()));
            let parts = parts(&behaviour.candidate, self.project);
            let gates = Gates {
                bench: &self.bench,
                project: self.project,
                crash,
                raises: raises.as_ref(),
                test: &test,
                parts: &parts,
                returned: &[],
                all: false,
            };
            let beside = |_: &Candidate| Ok(behaviour.beside.finding(behaviour.evidence.n_alike));
            let trial = gates.send(behaviour.candidate.clone(), beside, &mut suite)?;
            if let Some(refuted) = trial.refusals().next() {
                report.refuted.push(refuted);
                alive.remove(at);
            } else if standing.is_some() {
                break;
            } else {
                standing = Some((trial, test));
            }
            if standing.is_some() && lead(&alive) >= self.task.policy.min_confidence {
                break;
            }
        }
        let Some((behaviour, (trial, test))) = alive.first().zip(standing) else {
            let why = report.refuted.last().map_or_else(String::new, |r| {
                format!(", the last by {:?}: {}", r.gate, r.reason)
            });
            report.why_not = Some(format!(
                "reproduced, but the gates refused every candidate{why}"
            ));
            return Ok(());
        };
        let confidence = lead(&alive);
        if confidence < self.task.policy.min_confidence {
            report.why_not = Some(undecided(&alive));
            return Ok(());
        }
        report.reproduction = Some(test.clone());
        if let Some(place) = self.changed_place(&behaviour.candidate) {
            report
                .locations
                .retain(|l| (&l.file, &l.function) != (&place.file, &place.function));
            report.locations.insert(0, place);
        }
        report.fix = trial.finish(test, confidence);
        Ok(())
    }

    /// The function that a candidate changes first.
    fn changed_place(&self, candidate: &Candidate) -> Option<Location> {
        let (path, text) = candidate.files.first_key_value()?;
        let old = self.project.file(path)?;
        let same = old
            .text
            .lines()
            .zip(text.lines())
            .take_while(|(a, b)| a == b)
            .count();
        let line = same as u32 + 1;
        let function = old
            .function_at(line)
            .map_or("<module>", |f| old.name_of(f))
            .to_owned();
        Some(Location {
            file: path.clone(),
            function,
            line,
            score: 1.0,
        })
    }
}

/// Whether others that call what fails, or Python itself, show what is to be done: enough even where the program may have
/// raised the error on purpose.
fn is_asked_for(candidate: &Candidate) -> bool {
    let by_others = |rule: &str| {
        matches!(
            rule,
            "handle as other callers do" | "handle as a sibling method does" | ASKED_BY_PYTHON
        )
    };
    candidate.witness.is_some() && candidate.rules.iter().all(|r| by_others(r))
}

/// The confidence in the first of some behaviours.
fn lead(alive: &[Behaviour]) -> f64 {
    let rival = alive.get(1).map(|b| &b.evidence);
    alive
        .first()
        .map_or(0.0, |best| confidence(&best.evidence, rival))
}

/// Why none of several behaviours is proposed.
fn undecided(alive: &[Behaviour]) -> String {
    let best = alive
        .first()
        .map_or_else(String::new, |b| b.candidate.generator());
    let confidence = lead(alive);
    format!(
        "several behaviours would cure it and nothing in the repository decides (best: {best}, confidence {confidence:.2})"
    )
}
