//! From one event to a verified fix, or to the reason why there is none.

use std::time::{Duration, Instant};

use ingest::Exception;

use super::{
    caller::Script,
    explorer::Explorer,
    hunks::run_each,
    judge::{self, Judged},
    locate::{locations, map},
    project::Project,
    publish::n_foreign,
    run::{Bench, Kind, Mode, Raised, Ran, Run},
    testfile::{self, Expectation},
};
use crate::{
    FixError, Goal, Report, Task, candidate::Candidate, frames::Mapped, gates::Reproduction,
};

/// Works on one bug of a Python program.
///
/// # Errors
/// Where the sandbox or a file fails: then nothing is known. A bug that cannot be fixed is a [`Report`].
pub(crate) fn fix(task: &Task<'_>) -> Result<Report, FixError> {
    let mut report = Report::default();
    let started = Instant::now();
    let Some(scene) = Scene::of(task, &mut report) else {
        return Ok(report);
    };
    let mut work = Work::new(task, &scene, started);
    let Some(crash) = work.crash(&mut report)? else {
        return Ok(report);
    };
    report.reproduction = Some(work.write(&crash, &Expectation::NoCrash));
    if task.goal == Goal::Reproduce {
        return Ok(report);
    }
    if task.goal == Goal::Compare {
        (report.cured_by, report.left_by) = work.compare(&crash)?;
        return Ok(report);
    }
    if let Some(bug) = work.cured_already(&crash)? {
        report.why_not = Some(format!("the fix of {bug} cures it as well"));
        report.cured_by = Some(bug);
        return Ok(report);
    }
    let mut past = match task.goal {
        Goal::Fix => work.look_back(&crash, &mut report)?,
        // What is asked for elsewhere in the code or by Python is no matter of its past.
        Goal::AskedFor | Goal::Reproduce | Goal::Compare => None,
    };
    (task.progress)("trying candidates");
    let tried = work.try_candidates(&crash, past.as_ref(), &mut report)?;
    if tried.is_empty() {
        report.why_not = Some(format!(
            "reproduced, but none of {} candidates cured it",
            report.n_candidates
        ));
        return Ok(report);
    }
    let ranked = work.judge(&crash, past.as_mut(), tried, &mut report)?;
    if ranked.is_empty() {
        report.why_not = Some(format!(
            "reproduced, but every candidate that cured it changed behaviour elsewhere ({} tried)",
            report.n_candidates
        ));
        return Ok(report);
    }
    (task.progress)("checking the finalists");
    work.finalists(&crash, ranked, &mut report)?;
    Ok(report)
}

/// The repository as the trace sees it.
pub(super) struct Scene {
    pub(super) project: Project,
    /// Which file each frame of the event is.
    mapped: Vec<Mapped>,
    /// Modules of the trace, to be imported before the runs.
    preload: Vec<String>,
}

impl Scene {
    /// None, and the reason in the report, where no frame is code of the repository.
    pub(super) fn of(task: &Task<'_>, report: &mut Report) -> Option<Self> {
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
            return None;
        }
        if places.is_empty() {
            report.why_not = Some(match innermost {
                Some(Mapped::OtherContent(file)) => {
                    format!("{file} differs at this commit from what the trace shows")
                }
                _ => "no frame of the trace is a file of the repository".to_owned(),
            });
            return None;
        }
        if let Some(Mapped::File(path)) = innermost
            && let Some(why) = project.ignored.reason(path)
        {
            report.why_not = Some(format!(
                "the crash lies in {path}, which is to be left alone: {why}"
            ));
            return None;
        }
        project.add_roots(&places);
        report.import_roots.clone_from(&project.roots);
        report.locations = locations(task.event, &mapped, &project, task.checkout);
        let mut preload: Vec<String> = Vec::new();
        for (path, _) in &places {
            if let Some(module) = project.module_of(path)
                && !preload.contains(&module)
            {
                preload.push(module);
            }
        }
        Some(Self {
            project,
            mapped,
            preload,
        })
    }
}

/// One bug at work: what reproducing it and choosing a change share.
pub(super) struct Work<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) project: &'a Project,
    pub(super) exception: &'a Exception,
    pub(super) mapped: &'a [Mapped],
    pub(super) bench: Bench<'a>,
    /// The isolate to explore in; none: natively.
    pub(super) explorer: Option<Explorer<'a>>,
    /// Goes on until the bug is done: most of all an import that took too long is to be faster the next time.
    pub(super) preparation: Option<sandbox::Preparation>,
}

/// The event's crash, brought about.
pub(super) struct Crash {
    /// What crashes, with the captured values that it needs.
    pub(super) script: Script,
    /// One of its kind that may be shown to others.
    pub(super) published: Script,
    /// The crash of the published one, natively.
    pub(super) native: Raised,
    /// The crash in the isolate that is explored in.
    pub(super) explored: Raised,
}

impl<'a> Work<'a> {
    pub(super) fn new(task: &'a Task<'a>, scene: &'a Scene, started: Instant) -> Self {
        Self {
            task,
            project: &scene.project,
            exception: task.event.traced(),
            mapped: &scene.mapped,
            bench: Bench {
                native: task.native,
                python: task.python,
                tree: task.checkout.tree(),
                deps: task.deps,
                tools: task.tools,
                roots: scene.project.roots.clone(),
                preload: scene.preload.clone(),
                deadline: started + task.time_limit,
            },
            explorer: None,
            preparation: None,
        }
    }

    /// Runs within what is left of the bug's time, a share of it at most.
    pub(super) fn run(&mut self, runs: &[Run], share: f64) -> Result<Vec<Ran>, FixError> {
        let wall =
            self.bench.left().mul_f64(share).max(Duration::from_secs(1)) + Duration::from_secs(1);
        match &mut self.explorer {
            Some(explorer) => explorer.run(&self.bench, runs, wall),
            None => Ok(self.bench.run(runs, Mode::explore(wall))?.runs),
        }
    }

    /// Brings the crash about, and chooses where to explore; none, and the reason in the report, where it cannot be.
    pub(super) fn crash(&mut self, report: &mut Report) -> Result<Option<Crash>, FixError> {
        (self.task.progress)("reproducing the crash");
        let Some((script, native)) = self.reproduce(report)? else {
            return Ok(None);
        };
        // What the script imports besides is imported once as well, not in each of its runs.
        for module in script.modules() {
            if !self.bench.preload.contains(&module) {
                self.bench.preload.push(module);
            }
        }
        let (explored, exploration) = self.choose_isolate(&script, &native)?;
        report.exploration = Some(exploration);
        let (script, published, native) = self.simplify(script, &explored, native)?;
        let n_foreign = n_foreign(&published, &self.vocabulary());
        if n_foreign > 0 {
            report.why_not = Some(format!(
                "reproduced, but not without {n_foreign} words or numbers that only production's data holds, and those are not published: an input that may be shown is needed"
            ));
            return Ok(None);
        }
        Ok(Some(Crash {
            script,
            published,
            native,
            explored,
        }))
    }

    /// The bug whose fix cures this one as well, of those whose fix changes a file on the stack.
    fn cured_already(&self, crash: &Crash) -> Result<Option<String>, FixError> {
        let promised = judge::promised(self.exception, self.mapped, self.project);
        let is_near = |fix: &Candidate| {
            let on_stack =
                |m: &Mapped| matches!(m, Mapped::File(path) if fix.files.contains_key(path));
            self.mapped.iter().any(on_stack)
        };
        for (bug, fix) in self.task.fixes.iter().filter(|(_, fix)| is_near(fix)) {
            if let (_, Judged::Cured) = self.judged(crash, fix, &promised)? {
                return Ok(Some(bug.clone()));
            }
        }
        Ok(None)
    }

    /// The bugs of the first fix that cures the crash and of the first that leaves it as it is, whatever files they change.
    fn compare(&self, crash: &Crash) -> Result<(Option<String>, Option<String>), FixError> {
        let promised = judge::promised(self.exception, self.mapped, self.project);
        let (mut cured_by, mut left_by) = (None, None);
        for (bug, fix) in self.task.fixes {
            let (ran, judged) = self.judged(crash, fix, &promised)?;
            match judged {
                Judged::Cured => cured_by = cured_by.or_else(|| Some(bug.clone())),
                Judged::Failed | Judged::Moved(_) if judge::is_unchanged(&ran, &crash.native) => {
                    left_by = left_by.or_else(|| Some(bug.clone()));
                }
                // A run without an answer tells nothing, and another crash further on is another matter.
                Judged::Failed | Judged::Moved(_) => {}
            }
        }
        Ok((cured_by, left_by))
    }

    /// What the published script does with another bug's fix, natively.
    fn judged(
        &self,
        crash: &Crash,
        fix: &Candidate,
        promised: &judge::Promised,
    ) -> Result<(Ran, Judged), FixError> {
        let ran = self.natively(fix, &crash.published.text())?;
        let judged = judge::outcome(&ran, &crash.native, promised, fix, self.project);
        Ok((ran, judged))
    }

    /// What a script does on a patched tree, natively.
    pub(super) fn natively(&self, candidate: &Candidate, script: &str) -> Result<Ran, FixError> {
        let ran = run_each(&self.bench, self.project, &[candidate], |id| {
            Run::script(id, script)
        })?;
        let none = || Ran::without_answer(0, Kind::Skipped);
        Ok(ran.into_iter().next().unwrap_or_else(none))
    }

    /// The exception in which the test's input ends on a patched tree that cures the crash; `captured` is that of the
    /// captured input.
    ///
    /// The value that stands for a captured one may be one that the mended code refuses as it should, where the captured
    /// one was good: a time zone of no known name.
    pub(super) fn ends_in(
        &self,
        crash: &Crash,
        candidate: &Candidate,
        captured: Option<&Raised>,
    ) -> Result<Option<Raised>, FixError> {
        if captured.is_some() || crash.published.text() == crash.script.text() {
            return Ok(captured.cloned());
        }
        let published = self.natively(candidate, &crash.published.text())?;
        Ok(published
            .error
            .filter(|e| judge::is_answer(e, &crash.native, self.project)))
    }

    /// The crash as a test file.
    pub(super) fn write(&self, crash: &Crash, expectation: &Expectation) -> Reproduction {
        let place = crash.native.place().cloned().unwrap_or_default();
        // A comprehension is named after the function around it.
        let frames = crash.native.frames.iter().rev();
        let function = frames
            .filter(|f| f.path == place.path)
            .find(|f| !f.function.starts_with('<'))
            .map_or("import", |f| f.function.as_str());
        let message = self.vocabulary().masked(&crash.native.message);
        let title = if message.is_empty() {
            crash.native.type_name.clone()
        } else {
            format!("{}: {message}", crash.native.type_name)
        };
        testfile::write(
            &crash.published,
            expectation,
            &title,
            function,
            &place.path,
            self.project,
            self.task.taken_paths,
        )
    }
}
