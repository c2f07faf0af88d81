//! From one event to a verified fix, or to the reason why there is none.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ingest::{ErrorEvent, Exception};

use super::{
    caller::{self, Script},
    explorer::Explorer,
    generate::{self, Site},
    judge::{self, Behaviour, Cured, Judged},
    neighbours::{Replacement, neighbours, reductions, replaced, synthetic},
    project::Project,
    run::{Bench, Kind, Mode, Raised, Ran, Run},
    source::ancestors,
    suite::Suite,
    swap,
    testfile::{self, Expectation},
    verify,
};
use crate::{
    Checkout, Exploration, FixError, Goal, Location, Policy, Report, Task,
    candidate::Candidate,
    frames::{self, Mapped},
    gates::Reproduction,
};

/// Repository frames, innermost first, at which candidates are made.
const MAX_SITES: usize = 5;
/// Candidates tried at the crash and at its callers.
const MAX_CANDIDATES: usize = 400;
/// Candidates that got past the crash only to crash further on, and are built upon.
const MAX_MOVED: usize = 12;
/// Behaviours told apart and sent through the gates.
const MAX_FINALISTS: usize = 6;

/// Repository functions on the stack, likeliest first: what is known of a bug without running anything.
pub(crate) fn locate(event: &ErrorEvent, checkout: &Checkout) -> Vec<Location> {
    let exception = event.traced();
    let project = Project::new(
        checkout.tree().to_path_buf(),
        checkout.entries().to_vec(),
        None,
        &Policy::default(),
    );
    let mapped = map(exception, checkout, &project);
    locations(exception, &mapped, &project, checkout)
}

/// Which file of the repository each frame is.
fn map(exception: &Exception, checkout: &Checkout, project: &Project) -> Vec<Mapped> {
    let line_of = |path: &str, line: u32| {
        let text = project.read(path)?;
        text.lines().nth(line as usize - 1).map(str::to_owned)
    };
    exception
        .frames
        .iter()
        .map(|frame| frames::map(frame, checkout.entries(), line_of))
        .collect()
}

/// Works on one bug of a Python program.
///
/// # Errors
/// Where the sandbox or a file fails: then nothing is known. A bug that cannot be fixed is a [`Report`].
pub(crate) fn fix(task: &Task<'_>) -> Result<Report, FixError> {
    let started = Instant::now();
    let mut report = Report::default();
    let exception = task.event.traced();
    let mut project = Project::new(
        task.checkout.tree().to_path_buf(),
        task.checkout.entries().to_vec(),
        task.deps,
        task.policy,
    );
    let mapped = map(exception, task.checkout, &project);
    let places: Vec<(String, Option<String>)> = mapped
        .iter()
        .zip(&exception.frames)
        .filter_map(|(m, f)| {
            if let Mapped::File(path) = m {
                Some((path.clone(), f.module.clone()))
            } else {
                None
            }
        })
        .collect();
    let innermost = mapped.iter().rev().find(|m| !matches!(m, Mapped::Outside));
    if let Some(Mapped::Ambiguous(files)) = innermost {
        report.why_not = Some(format!(
            "the crashing frame fits several files: {}",
            files.join(", ")
        ));
        return Ok(report);
    }
    if places.is_empty() {
        report.why_not = Some(match innermost {
            Some(Mapped::OtherContent(file)) => {
                format!("{file} differs at this commit from what the trace shows")
            }
            _ => "no frame of the trace is a file of the repository".to_owned(),
        });
        return Ok(report);
    }
    project.add_roots(&places);
    report.import_roots.clone_from(&project.roots);
    report.locations = locations(exception, &mapped, &project, task.checkout);

    let mut work = Work {
        task,
        project: &project,
        exception,
        mapped: &mapped,
        bench: bench(task, &project, &places, started + task.time_limit),
        explorer: None,
    };
    (task.progress)("reproducing the crash");
    let Some((script, native_crash)) = work.reproduce(&mut report)? else {
        return Ok(report);
    };
    let (crash, exploration) = work.choose_isolate(&script, &native_crash)?;
    report.exploration = Some(exploration);
    let (script, published) = work.simplify(script, &crash, &native_crash)?;
    let place = native_crash.place().cloned().unwrap_or_default();
    let function = if place.function == "<module>" {
        "import".to_owned()
    } else {
        place.function.clone()
    };
    // A message holds captured values; masked, it tells as much.
    let message = judge::mask(&native_crash.message);
    let title = if message.is_empty() {
        native_crash.type_name.clone()
    } else {
        format!("{}: {message}", native_crash.type_name)
    };
    let write = |expectation: &Expectation| {
        testfile::write(
            &published,
            expectation,
            &title,
            &function,
            &place.path,
            &project,
            task.taken_paths,
        )
    };
    report.reproduction = Some(write(&Expectation::NoCrash));
    if task.goal == Goal::Reproduce {
        return Ok(report);
    }

    (task.progress)("trying candidates");
    let tried = work.try_candidates(&script, &crash, &mut report)?;
    if tried.is_empty() {
        report.why_not = Some(format!(
            "reproduced, but none of {} candidates cured it",
            report.n_candidates
        ));
        return Ok(report);
    }
    let ranked = work.judge(&script, &crash, tried, &mut report)?;
    if ranked.is_empty() {
        report.why_not = Some(format!(
            "reproduced, but every candidate that cured it changed behaviour elsewhere ({} tried)",
            report.n_candidates
        ));
        return Ok(report);
    }
    (task.progress)("checking the finalists");
    work.finalists(&script, &native_crash, ranked, &write, &mut report)?;
    Ok(report)
}

/// Functions that may be the one to change, likeliest first: those on the stack, and the ones that they are defined in.
///
/// A step further out halves, thirds, … the score; a function that is named in many places loses by the logarithm of their
/// number, as a change there would reach all of them.
fn locations(
    exception: &Exception,
    mapped: &[Mapped],
    project: &Project,
    checkout: &Checkout,
) -> Vec<Location> {
    let mut out: Vec<Location> = Vec::new();
    let mut add = |file: &str, function: String, line: u32| {
        let known = out.iter().any(|l| l.file == file && l.function == function);
        if !known {
            out.push(Location {
                file: file.to_owned(),
                function,
                line,
                score: 0.0,
            });
        }
    };
    for (frame, mapped) in exception.frames.iter().zip(mapped).rev() {
        let (Mapped::File(path), Some(line)) = (mapped, frame.line) else {
            continue;
        };
        let parsed = project.file(path);
        let Some((file, node)) = parsed
            .as_ref()
            .and_then(|f| Some((f, f.function_at(line)?)))
        else {
            let named = frame.function.rsplit('.').next().unwrap_or_default();
            add(path, named.to_owned(), line);
            continue;
        };
        add(path, file.name_of(node).to_owned(), line);
        let around = ancestors(node)
            .skip(1)
            .filter(|n| n.kind() == "function_definition")
            .last();
        if let Some(around) = around {
            add(path, file.name_of(around).to_owned(), line);
        }
    }
    if out.is_empty() {
        return out;
    }
    let words = checkout.words.get_or_init(|| project.words());
    for (at, place) in out.iter_mut().enumerate() {
        let n = words.get(&place.function).copied().unwrap_or(0);
        // Special methods are called by no name: neither few nor many places.
        let n = if place.function.starts_with("__") {
            7
        } else {
            n
        };
        place.score = 1.0 / ((1 + at) as f64 * (1.0 + n as f64).log2().max(1.0));
    }
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    out
}

fn bench<'a>(
    task: &'a Task<'a>,
    project: &Project,
    places: &[(String, Option<String>)],
    deadline: Instant,
) -> Bench<'a> {
    let mut preload: Vec<String> = Vec::new();
    for (path, _) in places {
        if let Some(module) = project.module_of(path)
            && !preload.contains(&module)
        {
            preload.push(module);
        }
    }
    Bench {
        native: task.native,
        python: task.python,
        tree: task.checkout.tree(),
        deps: task.deps,
        tools: task.tools,
        roots: project.roots.clone(),
        preload,
        deadline,
    }
}

fn confidence(alive: &[Behaviour]) -> f64 {
    judge::confidence(&alive.iter().map(|b| b.score).collect::<Vec<_>>())
}

/// Why none of several behaviours is proposed.
fn undecided(alive: &[Behaviour]) -> String {
    let best = alive
        .first()
        .map_or_else(String::new, |b| b.candidate.generator());
    let confidence = confidence(alive);
    format!(
        "several behaviours would cure it and nothing in the repository decides (best: {best}, confidence {confidence:.2})"
    )
}

fn expectation(behaviour: &Behaviour) -> Expectation {
    match &behaviour.raises {
        None => Expectation::NoCrash,
        Some(error) => {
            let import = Some(format!("from {} import {}", error.module, error.type_name))
                .filter(|_| error.module != "builtins");
            Expectation::Raises {
                name: error.type_name.clone(),
                import,
            }
        }
    }
}

struct Work<'a> {
    task: &'a Task<'a>,
    project: &'a Project,
    exception: &'a Exception,
    mapped: &'a [Mapped],
    bench: Bench<'a>,
    /// The isolate to explore in; none: natively.
    explorer: Option<Explorer<'a>>,
}

impl Work<'_> {
    /// Runs within what is left of the bug's time, a share of it at most.
    fn run(&mut self, runs: &[Run], share: f64) -> Result<Vec<Ran>, FixError> {
        let wall =
            self.bench.left().mul_f64(share).max(Duration::from_secs(1)) + Duration::from_secs(1);
        match &mut self.explorer {
            Some(explorer) => explorer.run(&self.bench, runs, wall),
            None => Ok(self.bench.run(runs, Mode::explore(wall))?.runs),
        }
    }

    /// Finds a script that crashes as the event did, natively: what is explored elsewhere is to hold there.
    fn reproduce(&self, report: &mut Report) -> Result<Option<(Script, Raised)>, FixError> {
        let scripts = caller::scripts(self.task.event, self.mapped, self.project);
        if scripts.is_empty() {
            report.why_not =
                Some("not reproduced: the log tells too little of the call".to_owned());
            return Ok(None);
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
            .run(&runs, Mode::explore(self.bench.left().mul_f64(0.4)))?;
        let mut near = None;
        for ran in batch.runs {
            let Some(error) = ran.error else { continue };
            match judge::same_crash(self.exception, self.mapped, &error) {
                Ok(()) => return Ok(Some((scripts[ran.id].clone(), error))),
                Err(reason) => near = Some(near.unwrap_or(reason)),
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
        Ok(None)
    }

    /// Explores in WebAssembly where the crash happens there too. Its crash there is the one that later runs are compared
    /// with: another version of Python words some messages differently.
    fn choose_isolate(
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
                judge::mask(judge::first_line(&error.message).as_str())
            ),
            Some((Kind::Ok, None)) => "in WebAssembly it does not crash".to_owned(),
            Some((outcome, error)) => format!(
                "in WebAssembly it gives no answer ({outcome:?}{})",
                error.map_or_else(String::new, |e| format!(", {}", e.type_name))
            ),
            None => "in WebAssembly the repository did not import in time".to_owned(),
        };
        self.explorer = None;
        natively(reason)
    }

    /// A shorter script that crashes the same, and the one of its kind that may be shown to others.
    fn simplify(
        &mut self,
        script: Script,
        crash: &Raised,
        native_crash: &Raised,
    ) -> Result<(Script, Script), FixError> {
        let short = self.shrink(script.clone(), crash)?;
        let published = self.publishable(&short, crash)?;
        if self.explorer.is_none() {
            return Ok((short, published));
        }
        let mut steps = vec![short, published];
        let runs: Vec<Run> = steps
            .iter()
            .enumerate()
            .map(|(id, script)| Run::script(id, &script.text()))
            .collect();
        let wall = Duration::from_secs(10);
        let batch = self.bench.run(&runs, Mode::explore(wall))?;
        let holds = |id: usize| {
            let ran = batch.runs.iter().find(|r| r.id == id);
            ran.and_then(|r| r.error.as_ref())
                .is_some_and(|e| judge::is_like(e, native_crash))
        };
        // The last step that holds natively as well.
        Ok(match (holds(0), holds(1)) {
            (_, true) => {
                let published = steps.remove(1);
                (if holds(0) { steps.remove(0) } else { script }, published)
            }
            (true, false) => (steps[0].clone(), steps.remove(0)),
            (false, false) => (script.clone(), script),
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
        let all = synthetic(script);
        let alone = all.iter().map(|r| replaced(script, &[r])).collect();
        let alone = self.still_crash(alone, crash)?;
        let mut good: Vec<&Replacement> = alone.into_iter().map(|(id, _)| &all[id]).collect();
        // All at once where that crashes too, else as many as do.
        while !good.is_empty() {
            let together = replaced(script, &good);
            if !self.still_crash(vec![together.clone()], crash)?.is_empty() {
                return Ok(together);
            }
            good.truncate(good.len() / 2);
        }
        Ok(script.clone())
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
        let same: Vec<usize> = ran
            .iter()
            .filter(|r| {
                let error = r.error.as_ref();
                error.is_some_and(|e| judge::is_like(e, crash) && judge::says_the_same(e, crash))
            })
            .map(|r| r.id)
            .collect();
        Ok(scripts
            .into_iter()
            .enumerate()
            .filter(|(id, _)| same.contains(id))
            .collect())
    }

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

    /// Candidates at every place of a crash, on a given version of the files.
    fn propose(
        &self,
        error: &Raised,
        base: Option<&Candidate>,
        promised: &judge::Promised,
    ) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = Vec::new();
        for (depth, (frame, innermost)) in self.sites(error).into_iter().enumerate() {
            let patched = base
                .and_then(|b| b.files.get(&frame.path))
                .map(|text| std::rc::Rc::new(super::source::PyFile::parse(&frame.path, text)));
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
            };
            for proposal in generate::propose(&site) {
                let text = generate::apply(&file.text, &proposal.edits);
                let mut files = base.map(|b| b.files.clone()).unwrap_or_default();
                files.insert(frame.path.clone(), text);
                let mut rules = base.map(|b| b.rules.clone()).unwrap_or_default();
                rules.push(proposal.rule);
                let prior = proposal.prior
                    * 0.85f64.powi(depth as i32)
                    * base.map_or(1.0, |b| 0.6 + 0.4 * b.prior);
                if !out.iter().any(|c| c.files == files) {
                    out.push(Candidate {
                        files,
                        rules,
                        prior,
                        witness: proposal
                            .witness
                            .or_else(|| base.and_then(|b| b.witness.clone())),
                    });
                }
            }
        }
        out.sort_by(|a, b| b.prior.total_cmp(&a.prior));
        out
    }

    fn execute(
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
    fn try_candidates(
        &mut self,
        script: &Script,
        crash: &Raised,
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
            match judge::outcome(&ran, crash, &promised, candidate, self.project) {
                Judged::Cured => cured.push(Cured {
                    candidate: candidate.clone(),
                    ran,
                }),
                Judged::Moved(error) => moved.push((ran.id, error)),
                Judged::Failed => {}
            }
        }
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
        Ok(cured)
    }

    /// Groups what cures by what it does, on the crashing input and beside it; leaves out what changes anything else.
    fn judge(
        &mut self,
        script: &Script,
        crash: &Raised,
        mut cured: Vec<Cured>,
        report: &mut Report,
    ) -> Result<Vec<Behaviour>, FixError> {
        cured.sort_by(|a, b| b.candidate.prior.total_cmp(&a.candidate.prior));
        cured.truncate(60);
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
        Ok(judge::group(
            cured,
            &base,
            &after,
            crash,
            script.fidelity,
            report,
        ))
    }

    /// Sends the finalists through the gates, best behaviour first.
    fn finalists(
        &self,
        script: &Script,
        crash: &Raised,
        ranked: Vec<Behaviour>,
        write: &dyn Fn(&Expectation) -> Reproduction,
        report: &mut Report,
    ) -> Result<(), FixError> {
        let mut suite = Suite::new(&self.bench, self.project, crash);
        let mut alive = ranked;
        for behaviour in &alive {
            let diff = behaviour
                .candidate
                .diff(|path| self.project.read(path).unwrap_or_default().to_string());
            tracing::debug!(
                score = behaviour.score,
                n_alike = behaviour.n_alike,
                "a behaviour, by {}\n{diff}",
                behaviour.candidate.generator()
            );
        }
        // Where even the best would not be proposed if it had no rival, the gates have nothing to decide.
        if alive
            .first()
            .is_some_and(|best| best.score < self.task.policy.min_confidence)
        {
            report.why_not = Some(undecided(&alive));
            return Ok(());
        }
        let mut standing: Option<verify::Evidence> = None;
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
            match verify::gates(
                &self.bench,
                self.project,
                behaviour,
                script,
                crash,
                write(&expectation(behaviour)),
                &mut suite,
            )? {
                Err(refuted) => {
                    report.refuted.push(refuted);
                    alive.remove(at);
                }
                Ok(_) if standing.is_some() => break,
                Ok(evidence) => standing = Some(evidence),
            }
            if standing.is_some() && confidence(&alive) >= self.task.policy.min_confidence {
                break;
            }
        }
        let Some((behaviour, evidence)) = alive.first().zip(standing) else {
            let why = report.refuted.last().map_or_else(String::new, |r| {
                format!(", the last by {:?}: {}", r.gate, r.reason)
            });
            report.why_not = Some(format!(
                "reproduced, but the gates refused every candidate{why}"
            ));
            return Ok(());
        };
        let confidence = confidence(&alive);
        if confidence < self.task.policy.min_confidence {
            report.why_not = Some(undecided(&alive));
            return Ok(());
        }
        report.reproduction = Some(evidence.test.clone());
        if let Some(place) = self.changed_place(&behaviour.candidate) {
            report
                .locations
                .retain(|l| (&l.file, &l.function) != (&place.file, &place.function));
            report.locations.insert(0, place);
        }
        report.fix = Some(evidence.finish(confidence));
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
