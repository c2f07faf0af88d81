//! `outerloop triage`: the second stage alone.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use fixer::{Suspect, Suspects, git::Repository};
use ingest::Format;
use serde_json::{Value, json};
use triage::{Bug, Bugs, History, OfLines, Priority, Project, Worth, of_lines, worth};

use crate::{
    fix::{LANGUAGES, Output, plain, release, repository, usage},
    streams::{open_log, printed},
};

/// Group a log's errors into bugs, and say of each whether code can fix it and how much it matters.
///
/// Exit status: 0 at least one bug; 4 none; 2 bad usage.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE", required = true)]
    log: Option<PathBuf>,
    /// The log's form: auto, text, json or sentry.
    #[arg(long, value_name = "FORM", default_value_t)]
    format: Format,
    /// The repository of the program, to say which commit last changed the line that failed.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "human")]
    output: Output,
}

/// Bugs that a suspect is looked for: git walks the history for each.
const MAX_SUSPECTS: usize = 50;

#[derive(Debug, Subcommand)]
enum Command {
    Templates(TemplatesArgs),
}

/// Show the templates of a log's lines: what they say, with <*> for each value.
///
/// Learned from the log itself; its headers need no description. What was counted goes to standard error. Exit status: 0;
/// 2 bad usage.
#[derive(Debug, ClapArgs)]
struct TemplatesArgs {
    /// The log; - for standard input.
    #[arg(value_name = "FILE")]
    log: PathBuf,
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "human")]
    output: TemplatesOutput,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TemplatesOutput {
    /// Each template with the number of its lines, the most frequent first.
    Human,
    /// Line by line, in the log's order: id,template.
    Csv,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match (&args.command, &args.log) {
        (Some(Command::Templates(args)), _) => templates(args),
        (None, Some(log)) => bugs(args, log),
        (None, None) => Err(usage("--log is missing")),
    }
}

fn bugs(args: &Args, log: &Path) -> anyhow::Result<ExitCode> {
    let repository = args.repo.as_deref().map(repository).transpose()?;
    let mut bugs = Bugs::default();
    ingest::read(open_log(log)?, args.format, |event| bugs.add(event)).map_err(|error| {
        usage(format!(
            "{}: {:#}",
            log.display(),
            anyhow::Error::new(error)
        ))
    })?;
    let (n_events, n_overflow) = (bugs.n_events(), bugs.n_overflow());
    let project = bugs.project();
    let mut ranked: Vec<_> = bugs
        .into_ranked()
        .into_iter()
        .map(|bug| Ranked::of(bug, &project))
        .collect();
    ranked.sort_by_key(|one| {
        (
            one.bug.event.exceptions.is_empty(),
            std::cmp::Reverse(one.priority.score),
        )
    });
    let mut turns: Vec<usize> = (0..ranked.len())
        .filter(|at| ranked[*at].worth.score > 0.0)
        .collect();
    turns.sort_by(|a, b| ranked[*b].worth.score.total_cmp(&ranked[*a].worth.score));
    for (turn, at) in turns.into_iter().enumerate() {
        ranked[at].turn = Some(turn + 1);
    }
    if let Some(repository) = &repository {
        accuse(&mut ranked, repository);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match args.output {
        Output::Json => {
            let bugs: Vec<_> = ranked.iter().map(machine).collect();
            let n_left = n_overflow;
            writeln!(
                out,
                "{:#}",
                json!({"bugs": bugs, "events": n_events, "events_of_further_bugs": n_left})
            )
        }
        Output::Human => ranked
            .iter()
            .try_for_each(|one| write!(out, "{}", human(one))),
    };
    printed(result.and_then(|()| out.flush()))?;
    eprintln!("{n_events} events, {} bugs", ranked.len());
    if n_overflow > 0 {
        eprintln!("{n_overflow} events were of further bugs, beyond the most that are kept");
    }
    Ok(if ranked.is_empty() {
        ExitCode::from(4)
    } else {
        ExitCode::SUCCESS
    })
}

/// A bug, and what is to be done about it.
struct Ranked {
    bug: Bug,
    priority: Priority,
    worth: Worth,
    /// In which place the fixer takes it, from 1.
    turn: Option<usize>,
    suspect: Option<Suspect>,
}

impl Ranked {
    fn of(bug: Bug, project: &Project) -> Self {
        let priority = bug.impact.priority(project);
        let worth = worth(
            &bug.assessment,
            &priority,
            &bug.event,
            LANGUAGES,
            &History::default(),
        );
        Self {
            bug,
            priority,
            worth,
            turn: None,
            suspect: None,
        }
    }
}

/// Says of the first bugs which commit last changed the line that failed.
fn accuse(ranked: &mut [Ranked], repository: &Repository) {
    let mut suspects = Suspects::of(repository);
    for one in ranked.iter_mut().take(MAX_SUSPECTS) {
        let first_seen = one.bug.impact.activity.first.map(|ms| ms / 1000);
        let found = release(repository, &one.bug).and_then(|(commit, _)| {
            Ok(suspects.find(&commit, one.bug.event.traced(), first_seen)?)
        });
        match found {
            Ok(suspect) => one.suspect = suspect,
            Err(error) => tracing::warn!(%error, bug = %one.bug.id, "no commit was found"),
        }
    }
}

fn machine(one: &Ranked) -> Value {
    let bug = &one.bug;
    json!({
        "id": bug.id.as_str(),
        "title": bug.title,
        "count": bug.impact.n_events,
        "assessment": bug.assessment,
        "priority": one.priority,
        "fixer": {"turn": one.turn, "worth": one.worth.score, "reason": one.worth.reason},
        "suspect": one.suspect,
        "users": bug.impact.n_users(),
        "requests": bug.impact.n_requests(),
        "releases": bug.impact.releases,
        "environments": bug.impact.environments,
    })
}

fn human(one: &Ranked) -> String {
    let Ranked { bug, priority, .. } = one;
    let turn = one.turn.map_or_else(String::new, |turn| {
        format!("  the fixer's no. {turn}: {}\n", one.worth.reason)
    });
    let suspect = one.suspect.as_ref().map_or_else(String::new, |suspect| {
        let commit = suspect.commit.get(..10).unwrap_or_default();
        let text = format!("{}: {}", suspect.author, suspect.summary);
        format!(
            "  {}:{} was last changed by {commit}, {}\n",
            plain(&suspect.file),
            suspect.line,
            plain(&text)
        )
    });
    format!(
        "{}  priority {:>3}  {:>7} ×  {}\n  {}\n  {}\n{turn}{suspect}",
        bug.id,
        priority.score,
        bug.impact.n_events,
        plain(&bug.title),
        plain(&bug.assessment.reason),
        plain(&priority.reasons.join("; "))
    )
}

fn templates(args: &TemplatesArgs) -> anyhow::Result<ExitCode> {
    let found = of_lines(open_log(&args.log)?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match args.output {
        TemplatesOutput::Csv => found.write_csv(&mut out),
        TemplatesOutput::Human => table(&found, &mut out),
    };
    printed(result.and_then(|()| out.flush()))?;
    eprintln!(
        "{} lines, {} templates; {} empty, {} not UTF-8, {} cut, {} of forgotten templates",
        found.ids.len(),
        found.templates.len(),
        found.n_empty,
        found.n_invalid,
        found.n_cut,
        found.n_forgotten
    );
    Ok(ExitCode::SUCCESS)
}

fn table(found: &OfLines, out: &mut dyn Write) -> io::Result<()> {
    let mut templates: Vec<_> = found.templates.iter().collect();
    templates.sort_by_key(|template| std::cmp::Reverse(template.count));
    for template in templates {
        writeln!(out, "{:>8}  {}", template.count, plain(&template.text))?;
    }
    Ok(())
}
