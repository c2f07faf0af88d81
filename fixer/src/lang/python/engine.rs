//! From one event to a verified fix, or to the reason why there is none.

use std::time::{Duration, Instant};

use ingest::Exception;

use super::{
    explorer::Explorer,
    judge,
    locate::{locations, map},
    project::Project,
    run::{Bench, Mode, Ran, Run},
    testfile::{self, Expectation},
};
use crate::{FixError, Goal, Report, Task, frames::Mapped};

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
    if let Some(Mapped::File(path)) = innermost
        && let Some(why) = project.ignored.reason(path)
    {
        report.why_not = Some(format!(
            "the crash lies in {path}, which is to be left alone: {why}"
        ));
        return Ok(report);
    }
    project.add_roots(&places);
    report.import_roots.clone_from(&project.roots);
    report.locations = locations(task.event, &mapped, &project, task.checkout);

    let mut work = Work {
        task,
        project: &project,
        exception,
        mapped: &mapped,
        bench: bench(task, &project, &places, started + task.time_limit),
        explorer: None,
        preparation: None,
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

impl Work<'_> {
    /// Runs within what is left of the bug's time, a share of it at most.
    pub(super) fn run(&mut self, runs: &[Run], share: f64) -> Result<Vec<Ran>, FixError> {
        let wall =
            self.bench.left().mul_f64(share).max(Duration::from_secs(1)) + Duration::from_secs(1);
        match &mut self.explorer {
            Some(explorer) => explorer.run(&self.bench, runs, wall),
            None => Ok(self.bench.run(runs, Mode::explore(wall))?.runs),
        }
    }
}
