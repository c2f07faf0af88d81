//! `outerloop ingest`: the first stage alone, from a log to events or records.

use std::{
    io::{self, BufRead, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args as ClapArgs;
use ingest::{
    ErrorEvent, Format, Options, RecordReader, Redaction, Summary, read_records, read_with, report,
};
use serde_json::json;

use crate::{
    fix::{Output, plain, usage},
    streams::{open_log, printed},
};

/// Show the errors that a log holds, as the other stages see them.
///
/// With --output json each event is one line: docs/error-event.schema.json says what is in it. What was counted goes to
/// standard error. Exit status: 0 at least one error; 4 none; 2 bad usage.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// The log's form: auto, text, json or sentry.
    #[arg(long, value_name = "FORM", default_value_t)]
    format: Format,
    /// Show the log's records instead: which lines belong together, and what their beginnings say.
    #[arg(long)]
    records: bool,
    /// A regular expression that a record's first line matches, where it is not to be guessed.
    #[arg(long, value_name = "REGEX", requires = "records")]
    record_start: Option<String>,
    /// Show secrets and personal data as they are.
    #[arg(long)]
    no_redaction: bool,
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "human")]
    output: Output,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let input = open_log(&args.log)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let result = if args.records {
        let reader = match &args.record_start {
            Some(pattern) => RecordReader::with_start(pattern).map_err(|error| {
                usage(format!("--record-start: {:#}", anyhow::Error::new(error)))
            })?,
            None => RecordReader::default(),
        };
        records(args, reader, input, &mut out)
    } else {
        events(args, input, &mut out)
    };
    let mut status = ExitCode::SUCCESS;
    let result = result.map(|told| status = told);
    printed(result.and_then(|()| out.flush()))?;
    Ok(status)
}

fn events(args: &Args, input: Box<dyn BufRead>, out: &mut dyn Write) -> io::Result<ExitCode> {
    let options = Options {
        format: args.format,
        redaction: redaction(args),
    };
    let mut written = Ok(());
    let summary = read_with(input, &options, |event| {
        if written.is_ok() {
            written = match args.output {
                Output::Json => writeln!(out, "{}", report(&event)),
                Output::Human => write!(out, "{}", human(&event)),
            };
        }
    });
    written?;
    let summary = summary.map_err(io::Error::other)?;
    count(&summary);
    Ok(ExitCode::from(if summary.events > 0 { 0 } else { 4 }))
}

fn redaction(args: &Args) -> Redaction {
    if args.no_redaction {
        Redaction::Off
    } else {
        Redaction::Random
    }
}

fn records(
    args: &Args,
    reader: RecordReader,
    input: Box<dyn BufRead>,
    out: &mut dyn Write,
) -> io::Result<ExitCode> {
    let (mut n, mut written) = (0, Ok(()));
    let read = read_records(input, reader, &redaction(args), |record| {
        n += 1;
        if written.is_ok() {
            written = match args.output {
                Output::Json => writeln!(out, "{}", json!(record)),
                Output::Human => {
                    let level = record.level.as_deref().unwrap_or("-");
                    let (first, last) = (record.line, record.line + record.lines.saturating_sub(1));
                    writeln!(out, "{first}-{last} {level}: {}", plain(&record.message))
                }
            };
        }
    });
    written?;
    read.map_err(io::Error::other)?;
    eprintln!("{n} records");
    Ok(ExitCode::from(if n > 0 { 0 } else { 4 }))
}

/// The chain, each with the frame where it was raised.
fn human(event: &ErrorEvent) -> String {
    let mut text = String::new();
    if event.exceptions.is_empty() {
        let message = event.message.as_deref().unwrap_or_default();
        text += &format!("{}\n", plain(message.lines().next().unwrap_or_default()));
    }
    for exception in &event.exceptions {
        let message = exception.message.lines().next().unwrap_or_default();
        let indent = if exception.parent.is_some() { "  " } else { "" };
        text += &plain(&format!(
            "{indent}{}: {message}",
            exception.qualified_name()
        ));
        if let Some(frame) = exception.frames.last() {
            let line = frame
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let place = format!("{indent}  at {}{line} in {}", frame.path, frame.function);
            text += &format!("\n{}", plain(&place));
        }
        text.push('\n');
    }
    text
}

fn count(summary: &Summary) {
    let dropped = summary.dropped.iter();
    let dropped: String = dropped
        .map(|(reason, n)| format!(", {n} {reason}"))
        .collect();
    eprintln!(
        "{} events of {} records{dropped}",
        summary.events, summary.records
    );
}
