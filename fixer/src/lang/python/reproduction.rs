//! The event's crash as a script: found natively, explored where it can be, made short and fit to be shown.

use std::time::Duration;

use super::{
    caller::{self, Script},
    engine::Work,
    explorer::Explorer,
    judge,
    neighbours::{Replacement, reductions, replaced, synthetic},
    publish::{Vocabulary, foreign},
    run::{Kind, Mode, Raised, Run},
};
use crate::{Exploration, FixError, Report, frames::innermost};

/// How often guesses are made again from how they failed.
const MAX_REFINEMENTS: usize = 3;
/// Failed guesses, the nearest first, from which others are made.
const MAX_NEAR: usize = 20;
/// Guesses made so in one round.
const MAX_REFINED: usize = 160;

/// A script, and how it crashes.
type Attempt = (Script, Raised);

impl Work<'_> {
    /// Finds a script that crashes as the event did, natively: what is explored elsewhere is to hold there.
    pub(super) fn reproduce(&self, report: &mut Report) -> Result<Option<Attempt>, FixError> {
        let told = caller::scripts(self.task.event, self.mapped, self.project);
        let found = self.first_that_crashes(&told, 0.4, report)?;
        if found.is_ok() || report.lacks_module {
            return Ok(found.ok());
        }
        (self.task.progress)("guessing what was given");
        // How near the log's own values came says more than how near a guess did.
        let why_not = report.why_not.take();
        let mut scripts = caller::guesses(self.task.event, self.mapped, self.project);
        for _ in 0..=MAX_REFINEMENTS {
            let mut near = match self.first_that_crashes(&scripts, 0.3, report)? {
                Ok(found) => {
                    report.why_not = None;
                    return Ok(Some(found));
                }
                Err(near) => near,
            };
            near.sort_by_cached_key(|(_, error)| self.distance(error));
            let next = near.iter().take(MAX_NEAR).flat_map(|(script, error)| {
                caller::refined(script, &error.type_name, &error.message)
            });
            scripts = next.collect();
            scripts.truncate(MAX_REFINED);
            if scripts.is_empty() {
                break;
            }
        }
        report.why_not = why_not;
        Ok(None)
    }

    /// How far from the event's place a run crashed: lines of the same function that were still to come, more for any other
    /// place.
    fn distance(&self, error: &Raised) -> u32 {
        let Some((path, wanted)) = innermost(&self.exception.frames, self.mapped) else {
            return u32::MAX;
        };
        let function = wanted.function.rsplit('.').next().unwrap_or_default();
        let reached = error
            .frames
            .iter()
            .rev()
            .find(|f| f.path == path && f.function == function);
        reached
            .zip(wanted.line)
            .map_or(10_000, |(f, line)| f.line.abs_diff(line))
    }

    /// The first of some scripts that crashes as the event did; else those that crash otherwise.
    fn first_that_crashes(
        &self,
        scripts: &[Script],
        share: f64,
        report: &mut Report,
    ) -> Result<Result<Attempt, Vec<Attempt>>, FixError> {
        if scripts.is_empty() {
            report.why_not =
                Some("not reproduced: the log tells too little of the call".to_owned());
            return Ok(Err(Vec::new()));
        }
        let runs: Vec<Run> = scripts
            .iter()
            .enumerate()
            .map(|(id, s)| Run {
                detail: 1,
                ..Run::script(id, &s.text())
            })
            .collect();
        let batch = self
            .bench
            .run(&runs, Mode::explore(self.bench.left().mul_f64(share)))?;
        let mut near = None;
        let mut others = Vec::new();
        for ran in batch.runs {
            let Some(error) = ran.error else { continue };
            let script = scripts[ran.id].clone();
            match judge::same_crash(self.exception, self.mapped, &error, &self.vocabulary()) {
                Ok(()) => return Ok(Ok((script, error))),
                Err(reason) => {
                    tracing::trace!("{reason}, by\n{}", script.text());
                    near = Some(near.unwrap_or(reason));
                    others.push((script, error));
                }
            }
        }
        if batch.ending == sandbox::Ending::TimedOut {
            near.get_or_insert_with(|| {
                "the repository's modules did not import in time".to_owned()
            });
        }
        report.lacks_module = batch
            .failed
            .values()
            .any(|e| e.starts_with("ModuleNotFoundError"));
        let failed = batch
            .failed
            .into_iter()
            .next()
            .map(|(module, error)| format!("{module} cannot be imported ({error})"));
        report.why_not = Some(format!(
            "not reproduced: {}",
            failed
                .or(near)
                .unwrap_or_else(|| "no attempt raised".to_owned())
        ));
        Ok(Err(others))
    }

    /// Explores in WebAssembly where the crash happens there too. Its crash there is the one that later runs are compared
    /// with: another version of Python words some messages differently.
    pub(super) fn choose_isolate(
        &mut self,
        script: &Script,
        crash: &Raised,
    ) -> Result<(Raised, Exploration), FixError> {
        let natively = |reason: String| {
            let exploration = Exploration {
                isolate: "native",
                reason,
            };
            Ok((crash.clone(), exploration))
        };
        let Some(wasm) = self.task.wasm else {
            return natively("there is no WebAssembly guest here".to_owned());
        };
        self.explorer = Some(Explorer::new(wasm));
        let run = Run {
            detail: 1,
            timeout: 8.0,
            ..Run::script(0, &script.text())
        };
        let ran = self.run(&[run], 0.1)?.pop();
        let reason = match ran.map(|ran| (ran.outcome, ran.error)) {
            Some((_, Some(error))) if judge::is_like(&error, crash) => {
                let exploration = Exploration {
                    isolate: "wasm-python",
                    reason: "the crash happens there too".to_owned(),
                };
                return Ok((error, exploration));
            }
            Some((Kind::Raised, Some(error))) => format!(
                "in WebAssembly it raises {}: {}",
                error.type_name,
                self.vocabulary().masked(&judge::first_line(&error.message))
            ),
            Some((Kind::Ok, None)) => "in WebAssembly it does not crash".to_owned(),
            Some((outcome, error)) => format!(
                "in WebAssembly it gives no answer ({outcome:?}{})",
                error.map_or_else(String::new, |e| format!(", {}", e.type_name))
            ),
            None => "in WebAssembly the repository did not import in time".to_owned(),
        };
        self.preparation = self.explorer.take().and_then(Explorer::close);
        natively(reason)
    }

    /// A shorter script that crashes the same, the one of its kind that may be shown to others, and the latter's crash.
    pub(super) fn simplify(
        &mut self,
        script: Script,
        crash: &Raised,
        native_crash: Raised,
    ) -> Result<(Script, Script, Raised), FixError> {
        let short = self.shrink(script.clone(), crash)?;
        let published = self.publishable(&short, crash)?;
        let mut steps = vec![short, published];
        let runs: Vec<Run> = steps
            .iter()
            .enumerate()
            .map(|(id, script)| Run::script(id, &script.text()))
            .collect();
        let wall = Duration::from_secs(10);
        let mut batch = self.bench.run(&runs, Mode::explore(wall))?;
        let mut crash_of = |id: usize| {
            let ran = batch.runs.iter_mut().find(|r| r.id == id);
            ran.and_then(|r| r.error.take())
                .filter(|e| judge::is_like(e, &native_crash))
        };
        // The last step that holds natively as well.
        Ok(match (crash_of(0), crash_of(1)) {
            (short, Some(crash)) => {
                let published = steps.remove(1);
                let kept = short.map_or(script, |_| steps.remove(0));
                (kept, published, crash)
            }
            (Some(crash), None) => (steps[0].clone(), steps.remove(0), crash),
            (None, None) => (script.clone(), script, native_crash),
        })
    }

    /// Leaves out what the crash does not need, as long as it stays the same crash.
    fn shrink(&mut self, mut script: Script, crash: &Raised) -> Result<Script, FixError> {
        for _ in 0..12 {
            if self.bench.left() < self.task.time_limit.mul_f64(0.8) {
                break;
            }
            let crashing = self.still_crash(reductions(&script), crash)?;
            let Some((_, best)) = crashing.into_iter().min_by_key(|(_, s)| s.text().len()) else {
                break;
            };
            script = best;
        }
        Ok(script)
    }

    /// The same script with synthetic values wherever it crashes with them as well: what may be shown to others.
    fn publishable(&mut self, script: &Script, crash: &Raised) -> Result<Script, FixError> {
        let alone = synthetic(script).into_iter().map(|r| vec![r]).collect();
        let script = self.with_most(script, alone, crash)?;
        let words = foreign(&script, &self.vocabulary());
        self.with_most(&script, words, crash)
    }

    /// A script with as many of some groups of replacements as leave the crash what it is.
    fn with_most(
        &mut self,
        script: &Script,
        groups: Vec<Vec<Replacement>>,
        crash: &Raised,
    ) -> Result<Script, FixError> {
        let apply = |groups: &[&Vec<Replacement>]| {
            let all: Vec<&Replacement> = groups.iter().flat_map(|g| g.iter()).collect();
            replaced(script, &all)
        };
        let alone = groups.iter().map(|g| apply(&[g])).collect();
        let alone = self.still_crash(alone, crash)?;
        let mut good: Vec<&Vec<Replacement>> = alone.iter().map(|(id, _)| &groups[*id]).collect();
        // All at once where that crashes too, else as many as do.
        while !good.is_empty() {
            let together = apply(&good);
            if !self.still_crash(vec![together.clone()], crash)?.is_empty() {
                return Ok(together);
            }
            good.truncate(good.len() / 2);
        }
        Ok(script.clone())
    }

    /// The words that may be shown.
    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        let words = &self.task.checkout.words;
        Vocabulary::new(words.get_or_init(|| self.project.words()), self.exception)
    }

    /// Those of some scripts that crash like this.
    fn still_crash(
        &mut self,
        scripts: Vec<Script>,
        crash: &Raised,
    ) -> Result<Vec<(usize, Script)>, FixError> {
        if scripts.is_empty() {
            return Ok(Vec::new());
        }
        let run = Run {
            scripts: scripts.iter().map(Script::text).collect(),
            timeout: 8.0,
            ..Run::script(0, "")
        };
        let ran = self
            .run(&[run], 0.1)?
            .into_iter()
            .next()
            .map(|r| r.many)
            .unwrap_or_default();
        let vocabulary = self.vocabulary();
        let said = |e: &Raised| judge::wording(&e.type_name, &vocabulary.masked(&e.message));
        let same: Vec<usize> = ran
            .iter()
            .filter(|r| {
                let error = r.error.as_ref();
                error.is_some_and(|e| judge::is_like(e, crash) && said(e) == said(crash))
            })
            .map(|r| r.id)
            .collect();
        Ok(scripts
            .into_iter()
            .enumerate()
            .filter(|(id, _)| same.contains(id))
            .collect())
    }
}
