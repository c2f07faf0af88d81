//! `outerloop fix`: a log and a repository in, verified patches out.
//!
//! Read this file (the order of things), then `answer` (what is told of a bug), `human` and `json` (how), `deliver`
//! (where patches go).
//! Invariant: the user's repository is written only by `--apply` and `--branch`.

mod answer;
mod deliver;
mod human;

use std::{
    fs::File,
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use fixer::{
    Checkout, Goal, Report, Task,
    git::{GitError, Repository},
    lang::python::Interpreter,
};
use ingest::Format;
use triage::{Bug, Bugs, Fixability};

use self::answer::Answer;
pub(crate) use self::human::plain;
use crate::{
    config::{self, Config, Explore},
    folder, guest, install,
};

/// Find the errors in a log, reproduce them against a repository, and fix what can be proven.
///
/// Exit status: 0 at least one verified fix; 3 errors found, none fixed; 4 no error in the log; 2 bad usage; 1 an
/// internal failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The log; - for standard input.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// The git repository of the program that wrote it.
    #[arg(long, value_name = "DIR")]
    repo: PathBuf,
    /// The commit that failed [default: the events' release, else HEAD].
    #[arg(long, value_name = "REV")]
    commit: Option<String>,
    /// Installed dependencies (a site-packages folder) [default: none; where an import fails, the repository's own requirements, installed once].
    #[arg(long, value_name = "DIR")]
    deps: Option<PathBuf>,
    /// The log's form: auto, text, json or sentry.
    #[arg(long, default_value = "auto")]
    format: Format,
    /// Seconds for one bug [default: 60].
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(config::TIME_LIMIT_SECS))]
    time_limit: Option<u64>,
    /// The configuration [default: $OUTERLOOP_CONFIG, else outerloop/config.toml in the user's configuration folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
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
enum Output {
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
    let config = Config::load(args.config.as_deref())?;
    let repository = Repository::open(&args.repo).map_err(|e| match e {
        GitError::NoRepository(_) | GitError::NoCommit | GitError::ForeignWorkTree(_) => {
            usage(format!("{}: {e}", args.repo.display()))
        }
        other => anyhow::Error::new(other).context("opening the repository"),
    })?;
    let forced = args
        .commit
        .as_deref()
        .map(|r| {
            repository
                .resolve(r)
                .map_err(|e| usage(format!("--commit: {e}")))
        })
        .transpose()?;
    if let Some(deps) = &args.deps {
        folder::given("--deps", deps)?;
    }
    let progress = Progress {
        on: args.output == Output::Human || std::io::stderr().is_terminal(),
    };
    let mut bugs = Bugs::default();
    let input = open(&args.log)?;
    ingest::read(input, args.format, |event| bugs.add(event)).map_err(|e| {
        usage(format!(
            "{}: {:#}",
            args.log.display(),
            anyhow::Error::new(e)
        ))
    })?;
    let n_events = bugs.n_events();
    let bugs = bugs.into_ranked();
    progress.say(&format!("{n_events} events, {} bugs", bugs.len()));
    let mut answers = Vec::new();
    let mut trees: Vec<Checkout> = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    let mut machine = None;
    for (n, bug) in bugs.iter().enumerate() {
        let started = Instant::now();
        let (commit, note) = match &forced {
            Some(commit) => (commit.clone(), None),
            None => release(&repository, bug)?,
        };
        if !trees.iter().any(|t| t.commit() == &commit) {
            trees.push(
                Checkout::of(&repository, commit.clone()).context("writing the commit's files")?,
            );
        }
        let checkout = trees
            .iter()
            .find(|t| t.commit() == &commit)
            .expect("it was added just now");
        let say = |what: &str| {
            progress.say(&format!(
                "[{}/{}] {}: {what}",
                n + 1,
                bugs.len(),
                human::plain(&bug.title)
            ))
        };
        let report = match bug.assessment.kind {
            Fixability::Fixable => work(&mut machine, args, &config, bug, checkout, &taken, &say)?,
            Fixability::Unsure => {
                let mut report = work(&mut machine, args, &config, bug, checkout, &taken, &say)?;
                let reason = &bug.assessment.reason;
                report.why_not = Some(match report.why_not {
                    None => reason.clone(),
                    Some(why) => format!("{reason}; {why}"),
                });
                report
            }
            Fixability::NotFixable => Report {
                locations: fixer::locate(&bug.event, checkout),
                why_not: Some(bug.assessment.reason.clone()),
                ..Report::default()
            },
        };
        let answer = Answer::new(bug, report, checkout, note, started.elapsed());
        if args.output == Output::Human {
            human::show(&answer);
        }
        taken.extend(answer.fix.as_ref().map(|f| f.verified.test().path.clone()));
        answers.push(answer);
    }
    deliver::all(args, &repository, &answers)?;
    match args.output {
        Output::Json => println!("{}", answer::json(n_events, &answers)),
        Output::Human => human::summary(n_events, &answers),
    }
    Ok(ExitCode::from(
        match (n_events, answers.iter().any(|a| a.fix.is_some())) {
            (_, true) => 0,
            (0, false) => 4,
            (_, false) => 3,
        },
    ))
}

/// What bugs are worked on with: found at the first one that needs it, the same for all.
struct Machine {
    native: sandbox::Native,
    /// The isolate to explore in, where its guest is at hand.
    wasm: Option<sandbox::Wasm>,
    python: Interpreter,
    /// The folder with pytest, where it could be installed.
    tools: Option<PathBuf>,
}

impl Machine {
    fn detect(config: &Config, say: &dyn Fn(&str)) -> anyhow::Result<Self> {
        let native = sandbox::Native::detect().context("the sandbox")?;
        let wasm = match config.sandbox.explore {
            Explore::Native => None,
            Explore::WasmPython => guest::load(config.sandbox.guest.as_deref(), say)
                .map_err(|e| say(&format!("exploring natively, not in WebAssembly ({e:#})")))
                .ok(),
        };
        let python = Interpreter::detect()?;
        let tools = install::tools(&native, &python)
            .map_err(|e| {
                say(&format!(
                    "no pytest, so the repository's tests are not run ({e:#})"
                ))
            })
            .ok();
        Ok(Self {
            native,
            wasm,
            python,
            tools,
        })
    }
}

/// One bug through the fixer; a second time with its requirements where it lacked a module.
fn work(
    machine: &mut Option<Machine>,
    args: &Args,
    config: &Config,
    bug: &Bug,
    checkout: &Checkout,
    taken_paths: &[String],
    say: &dyn Fn(&str),
) -> anyhow::Result<Report> {
    if bug.event.platform != ingest::Platform::Python {
        return Ok(Report {
            why_not: Some("only Python can be fixed so far".to_owned()),
            ..Report::default()
        });
    }
    let Machine {
        native,
        wasm,
        python,
        tools,
    } = match machine {
        Some(known) => known,
        None => machine.insert(Machine::detect(config, say)?),
    };
    let seconds = args.time_limit.unwrap_or(config.fix.time_limit_secs);
    let policy = config.fix.policy();
    let (limit, started) = (Duration::from_secs(seconds), Instant::now());
    let attempt = |deps: Option<&Path>| {
        fixer::fix(&Task {
            event: &bug.event,
            checkout,
            deps,
            tools: tools.as_deref(),
            python,
            native,
            wasm: wasm.as_ref(),
            taken_paths,
            policy: &policy,
            // What may be meant so gets its test; what should be there instead is for people to say.
            goal: match bug.assessment.kind {
                Fixability::Fixable => Goal::Fix,
                Fixability::Unsure | Fixability::NotFixable => Goal::Reproduce,
            },
            time_limit: limit.saturating_sub(started.elapsed()),
            progress: say,
        })
    };
    let report = attempt(args.deps.as_deref())?;
    if args.deps.is_some() || !report.lacks_module {
        return Ok(report);
    }
    say("installing the repository's requirements");
    match install::requirements(native, python, checkout) {
        Ok(Some(deps)) => Ok(attempt(Some(&deps))?),
        Ok(None) => Ok(report),
        Err(error) => {
            let why = report.why_not.unwrap_or_default();
            Ok(Report {
                why_not: Some(format!(
                    "{why}; its requirements could not be installed: {error:#}"
                )),
                ..report
            })
        }
    }
}

/// The commit of a bug's release, or HEAD with a note that says so.
fn release(
    repository: &Repository,
    bug: &Bug,
) -> anyhow::Result<(fixer::git::CommitSha, Option<String>)> {
    if let Some(commit) = bug
        .event
        .release
        .as_deref()
        .and_then(|r| repository.resolve_release(r))
    {
        return Ok((commit, None));
    }
    let head = repository.resolve("HEAD").context("resolving HEAD")?;
    let note = match &bug.event.release {
        Some(release) => format!(
            "no commit or tag matches release {}, so HEAD was taken",
            human::plain(release)
        ),
        None => "the log names no release, so HEAD was taken".to_owned(),
    };
    Ok((head, Some(note)))
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(path).map_err(|e| usage(format!("--log: {}: {e}", path.display())))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(usage(format!("--log: {} is a folder", path.display())));
    }
    Ok(Box::new(file))
}

/// What is being done, on standard error.
struct Progress {
    on: bool,
}

impl Progress {
    fn say(&self, text: &str) {
        if self.on {
            eprintln!("{text}");
        }
    }
}
