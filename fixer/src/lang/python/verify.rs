//! A Python candidate's way through the gates (DESIGN, 2).

use super::{
    applies::applies,
    behaviour::{self, Beside},
    caller::Script,
    engine::{Crash, Scene, Work},
    hunks::{Part, follow, is_passed_by, parts, returned, run_each, says},
    judge::{self, Judged},
    neighbours::neighbours,
    policy::policy,
    project::{Project, is_test},
    retest::{Control, cures, reproduces},
    run::{Bench, Kind, Mode, Raised, Run},
    suite::{Suite, Verdict},
    suppression::{Returned, suppression},
    testfile::Expectation,
};
use crate::{
    FixError, Report, Task,
    candidate::Candidate,
    checkout::tree_with,
    gates::{Finding, Gate, GateOutcome, GateReport, Reproduction, Trial},
};

/// What all candidates for one crash are sent through.
pub(super) struct Gates<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) project: &'a Project,
    pub(super) crash: &'a Crash,
    /// The promised exception in which the crashing input ends on the patched tree.
    pub(super) raises: Option<&'a Raised>,
    pub(super) test: &'a Reproduction,
    /// The parts of the change.
    pub(super) parts: &'a [Part],
    /// What the changed functions return, where that was looked at.
    pub(super) returned: &'a [Returned],
    /// Ask every gate, also after a refusal.
    pub(super) all: bool,
}

impl Gates<'_> {
    /// Sends one candidate through the gates, cheapest first.
    pub(super) fn send(
        &self,
        candidate: Candidate,
        behaviour: impl FnOnce(&Candidate) -> Result<Finding, FixError>,
        suite: &mut Suite<'_>,
    ) -> Result<Trial, FixError> {
        let Self {
            bench,
            project,
            crash,
            raises,
            test,
            parts,
            returned,
            all,
        } = *self;
        let code = code(&candidate);
        let mut trial = Trial::new(candidate);
        macro_rules! gate {
            ($gate:expr, $look:expr) => {{
                if !trial.pass($gate, $look)? && !all {
                    return Ok(trial);
                }
            }};
        }
        gate!(Gate::Applies, |c| applies(bench, project, c));
        gate!(Gate::Policy, |c| Ok::<_, FixError>(policy(c, project)));
        gate!(Gate::NotSuppression, |c| Ok::<_, FixError>(suppression(
            c, project, parts, returned
        )));
        let base = tree_with(bench.tree, &Candidate::default(), &[test])?;
        gate!(Gate::Reproduces, |_| reproduces(
            bench,
            base.path(),
            test,
            &crash.native
        ));
        // Tests that the candidate brings along do not count: those that were there before do.
        let control = Control::of(test);
        let patched = tree_with(bench.tree, &code, &[test, &control.test])?;
        let mut is_green = false;
        gate!(Gate::Cures, |_| {
            let found = cures(bench, patched.path(), test, &control)?;
            is_green = matches!(found, Finding::Passed(_));
            Ok::<_, FixError>(match found {
                Finding::Refused(_) if is_passed_by(parts) => Finding::Skipped(
                    "the reproduction runs no line of the change: it calls another function than the one that is changed, or one further in".to_owned(),
                ),
                found => found,
            })
        });
        gate!(Gate::TestSays, |c| {
            if is_green {
                says(bench, project, c.is_given(), parts, crash, raises)
            } else {
                Ok(Finding::Skipped(
                    "the test is not green with the whole change".to_owned(),
                ))
            }
        });
        gate!(Gate::Behaviour, behaviour);
        gate!(Gate::NoRegression, |_| {
            Ok::<_, FixError>(match suite.check(patched.path())? {
                Verdict::None(why) => Finding::Nothing(why),
                Verdict::Passed(detail) => Finding::Passed(detail),
                Verdict::Broken(reason) => Finding::Refused(reason),
            })
        });
        Ok(trial)
    }
}

/// Reproduces a bug and sends a given patch through every gate.
///
/// # Errors
/// Where the sandbox or a file fails: then nothing is known. A patch that is refused is a [`Report`].
pub(crate) fn verify(task: &Task<'_>, patch: &Candidate) -> Result<Report, FixError> {
    let started = std::time::Instant::now();
    let taken: Vec<String> = task
        .taken_paths
        .iter()
        .chain(patch.files.keys())
        .cloned()
        .collect();
    let task = &Task {
        taken_paths: &taken,
        ..*task
    };
    let mut report = Report::default();
    let Some(scene) = Scene::of(task, &mut report) else {
        return Ok(report);
    };
    let mut work = Work::new(task, &scene, started);
    let Some(crash) = work.crash(&mut report)? else {
        return Ok(report);
    };
    (task.progress)("sending the patch through the gates");
    // From here on natively, as production would run it.
    work.explorer = None;
    let (bench, project) = (&work.bench, work.project);
    let code = code(patch);
    let promised = judge::promised(work.exception, work.mapped, project);
    let captured = work.natively(&code, &crash.script.text())?;
    let raises = match judge::outcome(&captured, &crash.native, &promised, patch, project) {
        Judged::Cured => work.ends_in(&crash, &code, captured.error.as_ref())?,
        Judged::Moved(_) | Judged::Failed => None,
    };
    let test = work.write(&crash, &Expectation::of(raises.as_ref()));
    let mut parts = parts(&code, project);
    follow(bench, project, &code, &mut parts, &crash.script.text())?;
    let scripts = neighbours(&crash.published);
    let texts: Vec<String> = scripts.iter().map(Script::text).collect();
    let published = crash.published.text();
    let returned = returned(bench, project, &code, &parts, &published, &texts)?;
    let gates = Gates {
        bench,
        project,
        crash: &crash,
        raises: raises.as_ref(),
        test: &test,
        parts: &parts,
        returned: &returned,
        all: true,
    };
    let mut suite = Suite::new(bench, project, &crash.native);
    let beside = |_: &Candidate| {
        let alone: Vec<Run> = texts
            .iter()
            .enumerate()
            .map(|(id, text)| Run {
                timeout: 2.0,
                ..Run::script(id, text)
            })
            .collect();
        let mut base = bench
            .run(&alone, Mode::explore(bench.left().mul_f64(0.15)))?
            .runs;
        base.retain(|r| matches!(r.outcome, Kind::Ok | Kind::Raised));
        if base.is_empty() {
            return Ok(Beside::default().finding(1));
        }
        let after = run_each(bench, project, &[&code], |id| Run {
            scripts: base.iter().map(|r| alone[r.id].script.clone()).collect(),
            timeout: 10.0,
            ..Run::script(id, "")
        })?;
        let now = work.natively(&code, &published)?;
        Ok(
            match behaviour::beside(&base, after.first(), &now, &crash.native) {
                Ok(beside) => beside.finding(1),
                Err(Some(at)) => Finding::Refused(format!(
                    "an input that did not crash behaves differently: {}",
                    judge::first_line(&scripts[base[at].id].call)
                )),
                Err(None) => Finding::Refused(
                    "it does not come to an end on inputs that did not crash".to_owned(),
                ),
            },
        )
    };
    let trial = gates.send(patch.clone(), beside, &mut suite)?;
    report.gates = trial.reports();
    report.refuted = trial.refusals().collect();
    let is_skipped = |g: &&GateReport| g.outcome == GateOutcome::Skipped;
    report.why_not = match (report.refuted.first(), report.gates.iter().find(is_skipped)) {
        (Some(r), _) => Some(format!("refused by {:?}: {}", r.gate, r.reason)),
        (None, Some(g)) => Some(format!("{:?} could not be asked: {}", g.gate, g.detail)),
        (None, None) => None,
    };
    report.reproduction = Some(test.clone());
    report.fix = trial.finish(test, crash.script.fidelity);
    Ok(report)
}

/// The part of a candidate that a program runs or reads: no tests, nothing written for people.
pub(super) fn code(candidate: &Candidate) -> Candidate {
    let is_code = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_prose = !name.contains('.')
            || [".md", ".rst", ".txt"]
                .iter()
                .any(|end| name.ends_with(end));
        !is_prose && !is_test(path)
    };
    let mut out = candidate.clone();
    out.files.retain(|path, _| is_code(path));
    out.deleted.retain(|path| is_code(path));
    out
}
