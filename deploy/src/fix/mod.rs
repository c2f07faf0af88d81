//! `outerloop fix`: a log and a repository in, verified patches out.
//!
//! Read this file (the order of things), then `session` (arguments, and the way to the fixer, which `verify` and `test`
//! share), `stored` (bugs of the store instead of a log), `part` (whether a fix cures the whole of a bug), `answer` (what
//! is told of a bug), `human` (how), `deliver` (where patches go).
//! Invariant: the user's repository is written only by `--apply` and `--branch`.

mod answer;
mod deliver;
mod human;
mod part;
mod session;
mod stored;

use std::{future::Future, path::PathBuf, process::ExitCode, time::Instant};

use anyhow::Context;
use fixer::{Checkout, Goal, Report};
use triage::{Bug, Fixability};

use self::stored::Stored;
pub(crate) use self::{
    answer::{Answer, merge},
    deliver::{apply, write_test},
    human::{gates, plain, refusal, reproduced},
    session::{Done, Input, LANGUAGES, Session, release, repository},
    stored::{ids, worth_now},
};
use crate::bugs::store_of;

/// Find the errors in a log or the store, reproduce them against a repository, and fix what can be proven.
///
/// Exit status: 0 at least one verified fix; 3 errors found, none fixed; 4 no error in the log, or no stored bug that waits;
/// 2 bad usage; 1 an internal failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,
    /// The project of the stored bugs.
    #[arg(long, value_name = "ID", conflicts_with = "log")]
    project: Option<u64>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    target: Target,
    /// List in the JSON what else cured the crash: for the benchmark, which measures the gates on it.
    #[arg(long, hide = true)]
    cured: bool,
}

/// Where the errors come from; exactly one.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// A bug that `outerloop serve` has stored, by its name or the beginning of it; may be given several times.
    #[arg(long, value_name = "BUG")]
    bug: Vec<String>,
    /// The N stored bugs that are worth the time most, of those that wait for it.
    #[arg(long, value_name = "N")]
    next: Option<usize>,
}

/// Where verified patches go; at most one.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Target {
    /// Write patches and tests to the work tree.
    #[arg(long)]
    apply: bool,
    /// Commit each patch with its test on outerloop/<bug>.
    #[arg(long)]
    branch: bool,
    /// Write patches, tests, proof.json and replay.sh to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    Human,
    Json,
}

/// A mistake of the caller: exit status 2.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

pub(crate) fn usage(text: impl Into<String>) -> anyhow::Error {
    UsageError(text.into()).into()
}

/// Runs the command.
///
/// # Errors
/// [`UsageError`] for what the caller can mend, others for failures of ours.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(&args.input)?;
    let (stored, mut bugs) = match &args.source.log {
        Some(log) => (None, session.read(log)?),
        None => {
            let source = &args.source;
            let path = store_of(&session.config)?;
            let (stored, bugs) = Stored::take(path, args.project, &source.bug, source.next)?;
            session.n_events = bugs.iter().map(|bug| bug.impact.n_events).sum();
            (Some(stored), bugs)
        }
    };
    let mut answers = Vec::new();
    // A bug that can't be kept, as one that a person has merged meanwhile, is no reason to withhold fixes.
    let mut kept = Ok(());
    let mut done = Done::default();
    let mut n = 0;
    while n < bugs.len() {
        let bug = &bugs[n];
        let started = Instant::now();
        let (checkout, note) = session.checkout(bug)?;
        let nth = format!("[{}/{}] ", n + 1, bugs.len());
        // What may be meant so gets its test; what should be there instead is for people to say, or for the code around it.
        let mut work = |goal| session.work(bug, &nth, &checkout, goal, &done, &fixer::fix);
        let report = match bug.assessment.kind {
            Fixability::Fixable => work(Goal::Fix)?,
            Fixability::Unsure => {
                let mut report = work(Goal::AskedFor)?;
                if report.fix.is_none() {
                    let reason = &bug.assessment.reason;
                    report.why_not = Some(match report.why_not {
                        None => reason.clone(),
                        Some(why) => format!("{reason}; {why}"),
                    });
                }
                report
            }
            Fixability::NotFixable => not_fixable(bug, &checkout),
        };
        let mut part = part::compare(&mut session, bug, &nth, &checkout, &report, &done)?;
        if let (Some(part), None) = (&mut part, &stored)
            && let Some(other) = bugs[n].split_off(&part.kinds)
        {
            part.bug = Some(other.id.clone());
            bugs.push(other);
        }
        let took = started.elapsed();
        let mut answer = Answer::new(&bugs[n], report, &checkout, note, took, args.cured);
        answer.part = part;
        if let Some(stored) = &stored {
            kept = kept.and(stored.note(n, &mut answer));
        }
        if args.input.output == Output::Human {
            human::show(&answer);
        }
        if let Some(fix) = &answer.fix {
            done.paths.push(fix.verified.test().path.clone());
            let candidate = fix.verified.candidate().clone();
            let id = answer.bug.id.as_str().to_owned();
            done.fixes.push((answer.commit.clone(), id, candidate));
        }
        answers.push(answer);
        n += 1;
    }
    deliver::all(&args.target, &session.repository, &answers)?;
    let n_events = session.n_events;
    match args.input.output {
        Output::Json => println!("{}", answer::json(n_events, &answers)),
        Output::Human => human::summary(n_events, &answers),
    }
    kept?;
    Ok(status(n_events, answers.iter().any(|a| a.fix.is_some())))
}

/// Waits for what is asked of the store.
pub(crate) fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(work)
}

/// What is told of a bug that code cannot fix: why, and where it shows.
pub(crate) fn not_fixable(bug: &Bug, checkout: &Checkout) -> Report {
    Report {
        locations: fixer::locate(&bug.event, checkout),
        why_not: Some(bug.assessment.reason.clone()),
        ..Report::default()
    }
}

/// 0 for success; 3 where there were errors in the log, 4 where there were none.
pub(crate) fn status(n_events: u64, is_success: bool) -> ExitCode {
    ExitCode::from(match (n_events, is_success) {
        (_, true) => 0,
        (0, false) => 4,
        (_, false) => 3,
    })
}
