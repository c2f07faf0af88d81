//! `outerloop verify`: a patch that somebody wrote, through the gates that our own must pass.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
    time::Instant,
};

use fixer::{Checkout, Gate, GateOutcome, Goal, MAX_PATCH_BYTES, Patch};
use serde_json::json;
use triage::Bug;

use crate::fix::{self, Answer, Done, Input, Output, Session, usage};

/// Bugs of a log that a patch is tried on, those first whose trace passes through a file that it changes.
const MAX_BUGS: usize = 10;

/// Reproduce a logged error and say of any patch, whoever wrote it, whether it passes every gate.
///
/// Exit status: 0 verified; 3 refused or not reproduced; 4 no error in the log; 2 bad usage, also where the file is no
/// patch; 1 an internal failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The patch, a unified diff with a/ and b/ before the paths; - for standard input.
    #[arg(long, value_name = "FILE")]
    patch: PathBuf,
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    #[command(flatten)]
    input: Input,
    /// The bug that the patch is for [default: the first that it cures, of those whose trace passes through a changed file first].
    #[arg(long, value_name = "ID")]
    bug: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A usage error for what the caller can mend, others for failures of ours.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.patch == Path::new("-") && args.log == Path::new("-") {
        return Err(usage("--patch and --log cannot both be standard input"));
    }
    let text = read(&args.patch)?;
    let mut session = Session::open(&args.input)?;
    let bugs = session.read(&args.log)?;
    let mut best: Option<Answer> = None;
    for tried in chosen(args, &mut session, bugs, &text)? {
        let (started, bug) = (Instant::now(), &tried.bug);
        let verify = |task: &fixer::Task<'_>| fixer::verify(task, &tried.patch);
        let report = session.work(
            bug,
            "",
            &tried.checkout,
            Goal::Fix,
            &Done::default(),
            &verify,
        )?;
        let is_cured = report
            .gates
            .iter()
            .any(|g| g.gate == Gate::Cures && g.outcome == GateOutcome::Passed);
        let answer = Answer::new(
            bug,
            report,
            &tried.checkout,
            tried.note,
            started.elapsed(),
            false,
        );
        if is_cured || best.as_ref().is_none_or(|b| rank(&answer) > rank(b)) {
            best = Some(answer);
        }
        if is_cured {
            break;
        }
    }
    let is_verified = best.as_ref().is_some_and(|b| b.fix.is_some());
    match args.input.output {
        Output::Json => println!("{}", to_json(best.as_ref())),
        Output::Human => show(best.as_ref()),
    }
    Ok(fix::status(session.n_events, is_verified))
}

/// A bug that the patch may be for.
struct Tried {
    bug: Bug,
    checkout: Rc<Checkout>,
    note: Option<String>,
    patch: Rc<Patch>,
}

/// How far a bug got: the one that is told of where the patch cures none.
fn rank(answer: &Answer) -> (bool, bool) {
    let report = &answer.report;
    (report.reproduction.is_some(), !report.gates.is_empty())
}

/// The bugs to try, in their order.
fn chosen(
    args: &Args,
    session: &mut Session<'_>,
    mut bugs: Vec<Bug>,
    text: &[u8],
) -> anyhow::Result<Vec<Tried>> {
    if let Some(id) = &args.bug {
        bugs.retain(|bug| bug.id.as_str() == id);
        if bugs.is_empty() {
            return Err(usage(format!("--bug: the log has no bug {id}")));
        }
    }
    let mut applied: Vec<(Rc<Checkout>, Rc<Patch>)> = Vec::new();
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for bug in bugs {
        let (checkout, note) = session.checkout(&bug)?;
        let known = applied.iter().find(|(of, _)| Rc::ptr_eq(of, &checkout));
        let patch = match known {
            Some((_, patch)) => Rc::clone(patch),
            None => {
                let patch = Patch::read(text, &checkout)?;
                if let Patch::Malformed(why) = &patch {
                    return Err(usage(format!("--patch: {}", fix::plain(why))));
                }
                applied.push((Rc::clone(&checkout), Rc::new(patch)));
                Rc::clone(&applied[applied.len() - 1].1)
            }
        };
        let is_near = match &*patch {
            Patch::Applies(candidate) => fixer::locate(&bug.event, &checkout).iter().any(|l| {
                candidate.files.contains_key(&l.file) || candidate.deleted.contains(&l.file)
            }),
            Patch::Refused(_) | Patch::Malformed(_) => false,
        };
        let bugs = if is_near { &mut near } else { &mut far };
        bugs.push(Tried {
            bug,
            checkout,
            note,
            patch,
        });
    }
    near.extend(far);
    near.truncate(MAX_BUGS);
    Ok(near)
}

/// One byte more than is permitted tells that there is too much.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let refused = |e: std::io::Error| usage(format!("--patch: {}: {e}", path.display()));
    let input: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(refused)?),
    };
    input
        .take(MAX_PATCH_BYTES as u64 + 1)
        .read_to_end(&mut text)
        .map_err(refused)?;
    Ok(text)
}

fn to_json(answer: Option<&Answer>) -> serde_json::Value {
    let Some(answer) = answer else {
        return json!({"bug": null, "verified": false, "gates": [], "reproduction": null, "exploration": null, "why_not": "no error in the log"});
    };
    json!({
        "bug": answer.bug_json(),
        "verified": answer.fix.is_some(),
        "gates": answer.report.gates,
        "reproduction": answer.report.reproduction,
        "exploration": answer.report.exploration,
        "why_not": answer.report.why_not,
        "ms": answer.took.as_millis() as u64,
    })
}

fn show(answer: Option<&Answer>) {
    let Some(answer) = answer else {
        println!("no error in the log");
        return;
    };
    fix::reproduced(answer);
    fix::gates(&answer.report.gates);
    match &answer.fix {
        Some(_) => println!("  verified"),
        None => fix::refusal("not verified", answer),
    }
}
