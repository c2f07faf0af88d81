//! `outerloop test`: a log and a repository in, a test for each crash out, for people who fix by hand.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use fixer::Goal;
use serde_json::{Value, json};
use triage::Fixability;

use crate::fix::{self, Answer, Done, Input, Output, Session};

/// Find the errors in a log and write a test that fails as each of them did; change no code.
///
/// Exit status: 0 at least one test; 3 errors found, none reproduced; 4 no error in the log; 2 bad usage; 1 an internal
/// failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Write the tests to the work tree.
    #[arg(long, conflicts_with = "out")]
    apply: bool,
    /// Write the tests, and a patch for each, to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// A usage error for what the caller can mend, others for failures of ours.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(&args.input)?;
    let bugs = session.read(&args.log)?;
    let mut answers = Vec::new();
    let mut done = Done::default();
    for (n, bug) in bugs.iter().enumerate() {
        let started = Instant::now();
        let (checkout, note) = session.checkout(bug)?;
        let nth = format!("[{}/{}] ", n + 1, bugs.len());
        let report = match bug.assessment.kind {
            Fixability::Fixable | Fixability::Unsure => {
                session.work(bug, &nth, &checkout, Goal::Reproduce, &done, &fixer::fix)?
            }
            Fixability::NotFixable => fix::not_fixable(bug, &checkout),
        };
        let answer = Answer::new(bug, report, &checkout, note, started.elapsed(), false);
        if args.input.output == Output::Human {
            fix::reproduced(&answer);
            if answer.report.reproduction.is_none() {
                fix::refusal("no test", &answer);
            }
        }
        done.paths
            .extend(answer.report.reproduction.iter().map(|r| r.path.clone()));
        answers.push(answer);
    }
    let tests: Vec<_> = answers
        .iter()
        .filter_map(|a| Some((a, a.report.reproduction.as_ref()?)))
        .collect();
    if args.apply {
        let files: Vec<_> = tests
            .iter()
            .map(|(a, test)| (*a, [(test.path.clone(), test.source.clone())]))
            .collect();
        let files: Vec<_> = files.iter().map(|(a, f)| (*a, f.as_slice())).collect();
        fix::apply(&session.repository, &files)?;
    }
    if let Some(folder) = &args.out {
        for (answer, test) in &tests {
            fix::write_test(folder, answer, test)?;
        }
    }
    match args.input.output {
        Output::Json => {
            let bugs: Vec<Value> = answers.iter().map(to_json).collect();
            println!("{}", json!({"events": session.n_events, "bugs": bugs}));
        }
        Output::Human if session.n_events == 0 => println!("no error in the log"),
        Output::Human => println!(
            "\n{} events, {} bugs: {} with a test",
            session.n_events,
            answers.len(),
            tests.len()
        ),
    }
    Ok(fix::status(session.n_events, !tests.is_empty()))
}

fn to_json(answer: &Answer) -> Value {
    let mut out = answer.bug_json();
    let more = json!({
        "reproduction": answer.report.reproduction,
        "why_not": answer.report.why_not,
        "ms": answer.took.as_millis() as u64,
    });
    fix::merge(&mut out, more);
    out
}
