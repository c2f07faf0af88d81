//! What the commands that work on a log's bugs share: their arguments, and the way from a bug to the fixer's report.

use std::{
    cmp::Reverse,
    io::IsTerminal,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Context;
use fixer::{
    Candidate, Checkout, FixError, Goal, Report, Task,
    git::{CommitSha, GitError, Repository},
    lang::python::Interpreter,
};
use ingest::{Format, Platform};
use triage::{Bug, Bugs, History, Project, worth};

use super::{Output, human::plain, usage};
use crate::{
    config::{self, Config, Explore},
    folder, guest, install,
    streams::open_log,
};

/// The arguments of a command that works on a log's bugs.
#[derive(Debug, clap::Args)]
pub(crate) struct Input {
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
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    pub(crate) output: Output,
}

/// What a bug's turn goes by, in hundredths.
fn worth_of(bug: &Bug, project: &Project) -> u64 {
    let priority = bug.impact.priority(project);
    let worth = worth(
        &bug.assessment,
        &priority,
        &bug.event,
        LANGUAGES,
        &History::default(),
    );
    (worth.score * 100.0) as u64
}

/// What came of the bugs before.
#[derive(Default)]
pub(crate) struct Done {
    /// Of their tests.
    pub(crate) paths: Vec<String>,
    /// Their fixes, each with the commit that it is for and the bug's id.
    pub(crate) fixes: Vec<(CommitSha, String, Candidate)>,
}

impl Done {
    fn fixes_at(&self, commit: &CommitSha) -> Vec<(String, Candidate)> {
        let same = self.fixes.iter().filter(|(of, ..)| of == commit);
        same.map(|(_, bug, fix)| (bug.clone(), fix.clone()))
            .collect()
    }
}

/// Kinds of events of a bug that its fix is tried on, beside the one that it was made for. Together they may take as long as the
/// fix itself.
pub(super) const MAX_COMPARED: usize = 4;

/// Languages that can be fixed.
pub(crate) const LANGUAGES: &[Platform] = &[Platform::Python];

/// One run over a log: what all of its bugs share.
pub(crate) struct Session<'a> {
    input: &'a Input,
    pub(crate) config: Config,
    pub(crate) repository: Repository,
    /// The commit that was asked for.
    forced: Option<CommitSha>,
    /// Installed dependencies that were given.
    deps: Option<PathBuf>,
    trees: Vec<Rc<Checkout>>,
    /// Found at the first bug that needs it.
    machine: Option<Machine>,
    pub(crate) n_events: u64,
    progress: bool,
}

impl<'a> Session<'a> {
    /// Opens the repository.
    ///
    /// # Errors
    /// A usage error for what the caller can mend, others for failures of ours.
    pub(crate) fn open(input: &'a Input) -> anyhow::Result<Self> {
        let config = Config::load(input.config.as_deref())?;
        let repository = repository(&input.repo)?;
        let forced = input.commit.as_deref().map(|r| {
            repository
                .resolve(r)
                .map_err(|e| usage(format!("--commit: {e}")))
        });
        let forced = forced.transpose()?;
        let deps = input.deps.as_deref();
        let deps = deps.map(|deps| folder::given("--deps", deps)).transpose()?;
        Ok(Self {
            config,
            repository,
            forced,
            deps,
            trees: Vec::new(),
            machine: None,
            n_events: 0,
            progress: input.output == Output::Human || std::io::stderr().is_terminal(),
            input,
        })
    }

    /// The bugs of a log, in the order in which they are worth the time.
    ///
    /// # Errors
    /// A usage error if it can't be read.
    pub(crate) fn read(&mut self, path: &Path) -> anyhow::Result<Vec<Bug>> {
        let mut bugs = Bugs::default();
        ingest::read(open_log(path)?, self.input.format, |event| bugs.add(event))
            .map_err(|e| usage(format!("{}: {:#}", path.display(), anyhow::Error::new(e))))?;
        self.n_events = bugs.n_events();
        let project = bugs.project();
        let mut bugs = bugs.into_ranked();
        bugs.sort_by_cached_key(|bug| Reverse(worth_of(bug, &project)));
        self.say(&format!("{} events, {} bugs", self.n_events, bugs.len()));
        Ok(bugs)
    }

    /// What is being done, on standard error.
    pub(crate) fn say(&self, text: &str) {
        if self.progress {
            eprintln!("{text}");
        }
    }

    /// The commit of a bug, and why it is not the release's where it is not.
    pub(crate) fn checkout(&mut self, bug: &Bug) -> anyhow::Result<(Rc<Checkout>, Option<String>)> {
        let (commit, note) = match &self.forced {
            Some(commit) => (commit.clone(), None),
            None => release(&self.repository, bug)?,
        };
        if let Some(known) = self.trees.iter().find(|t| t.commit() == &commit) {
            return Ok((Rc::clone(known), note));
        }
        let made = Checkout::of(&self.repository, commit).context("writing the commit's files")?;
        self.trees.push(Rc::new(made));
        Ok((Rc::clone(&self.trees[self.trees.len() - 1]), note))
    }

    /// One bug through the fixer; a second time with its requirements where it lacked a module.
    pub(crate) fn work(
        &mut self,
        bug: &Bug,
        nth: &str,
        checkout: &Checkout,
        goal: Goal,
        done: &Done,
        attempt: &dyn Fn(&Task<'_>) -> Result<Report, FixError>,
    ) -> anyhow::Result<Report> {
        if !LANGUAGES.contains(&bug.event.platform) {
            return Ok(Report {
                why_not: Some("only Python can be fixed so far".to_owned()),
                ..Report::default()
            });
        }
        let is_told = self.progress;
        let title = plain(&fixer::without_values(&bug.title, &bug.event, checkout));
        let say = |what: &str| {
            if is_told {
                eprintln!("{nth}{title}: {what}");
            }
        };
        let Machine {
            native,
            wasm,
            python,
            tools,
        } = match &mut self.machine {
            Some(known) => known,
            none => none.insert(Machine::detect(&self.config, &say)?),
        };
        let seconds = self
            .input
            .time_limit
            .unwrap_or(self.config.fix.time_limit_secs);
        let fixes = done.fixes_at(checkout.commit());
        let (policy, repository) = (self.config.fix.policy(), &self.repository);
        let mut limit = Duration::from_secs(seconds);
        if goal == Goal::Compare {
            limit /= MAX_COMPARED as u32;
        }
        let started = Instant::now();
        let attempt = |deps: Option<&Path>| {
            attempt(&Task {
                event: &bug.event,
                repository,
                checkout,
                deps,
                tools: tools.as_deref(),
                python,
                native,
                wasm: wasm.as_ref(),
                taken_paths: &done.paths,
                fixes: &fixes,
                policy: &policy,
                goal,
                time_limit: limit.saturating_sub(started.elapsed()),
                progress: &say,
            })
        };
        let report = attempt(self.deps.as_deref())?;
        if self.deps.is_some() || !report.lacks_module {
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

/// The repository that a command names.
///
/// # Errors
/// A usage error if it is none that can be worked with.
pub(crate) fn repository(dir: &Path) -> anyhow::Result<Repository> {
    Repository::open(dir).map_err(|error| match error {
        GitError::NoRepository(_) | GitError::NoCommit | GitError::ForeignWorkTree(_) => {
            usage(format!("{}: {error}", dir.display()))
        }
        other => anyhow::Error::new(other).context("opening the repository"),
    })
}

/// The commit of a bug's release, or HEAD with a note that says so.
pub(crate) fn release(
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
            plain(release)
        ),
        None => "the log names no release, so HEAD was taken".to_owned(),
    };
    Ok((head, Some(note)))
}
