//! `outerloop eval`: how many real crashes of published packages the fixer cures, and how many patches of it are wrong.
//!
//! In: a folder of cases. Out: a table, and a report with every answer. Read `case` (what a case states), `fetch` (the
//! release that crashed; `lock` pins it), `application` (a repository of our own), `record` (the crash, logged three
//! ways), `run` (the fixer, called as a user would), `score` (the only judge), `tally` (the counting), `report` (what
//! people and programs read); `upstream` and `gates` (how often a gate refuses right and wrong patches). `check` says
//! whether a case is valid, and `author` is what else who writes cases asks for. `scene` lays out the folders, `process`
//! runs what is not ours.
//! Invariants: no code of the fixer is called, only the command is; of a case, only log, repository and dependencies
//! reach it; every case ends in one row, those that could not be run included.
mod application;
mod author;
mod case;
mod check;
mod fetch;
mod gates;
mod lock;
mod process;
mod record;
mod report;
mod run;
mod scene;
mod score;
mod tally;
#[cfg(test)]
mod tests;
mod upstream;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use anyhow::Context;

use self::case::Case;
use self::fetch::Cache;
use self::record::Kind;
use self::report::{Outcome, Row};
use self::run::{Crash, Fixer};

/// Run the fixer on real crashes of published packages and count what it cures.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of cases (each a folder with case.toml, trigger and oracle), or one case.
    dir: PathBuf,
    /// How the crash is logged: the event that Sentry's SDK sends, JSON records, plain text, or each of them.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sentry")]
    input: Vec<Input>,
    /// Run this case only; may be repeated.
    #[arg(long = "case", value_name = "ID")]
    cases: Vec<String>,
    /// How many cases run at a time [default: the number of processor cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
    /// Where to keep the JSON report [default: a file of the cache folder].
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How long the fixer may take for a case, in seconds.
    #[arg(long, value_name = "SECS", default_value_t = 60)]
    time_limit: u64,
    /// Where fetched packages are kept [default: $OUTERLOOP_CACHE, or outerloop in the user's cache folder].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Measure the gates too: send upstream's own change, and what cured the crash and is wrong, through them.
    #[arg(long)]
    upstream: bool,
    /// Judge every behaviour that the choice was between, not only what was proposed: what confidence is calibrated on.
    #[arg(long)]
    ranked: bool,
    /// Only make each case's logs, repository and dependencies in this folder, to look at; call no fixer.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Only check the cases themselves: run trigger and oracle on the release that crashes and on the fixed one.
    #[arg(long, conflicts_with_all = ["record", "upstream"])]
    check: bool,
    /// Only pin the archives of the cases that are not pinned yet: write their SHA-256 to sources.sha256 in DIR, or in
    /// the folder above that has it.
    #[arg(long, conflicts_with_all = ["record", "upstream", "check"])]
    lock: bool,
    /// Only judge this patch, a diff from the root of the one case's source; call no fixer.
    #[arg(long, value_name = "PATCH", conflicts_with_all = ["record", "upstream", "check", "lock"])]
    judge: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Input {
    Sentry,
    Json,
    Text,
    All,
}

impl Input {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Sentry => &[Kind::Sentry],
            Self::Json => &[Kind::Json],
            Self::Text => &[Kind::Text],
            Self::All => &[Kind::Sentry, Kind::Json, Kind::Text],
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Output {
    /// Tables.
    Human,
    /// The table by half, input and kind of case, as README.md has it.
    Markdown,
    /// The whole report.
    Json,
}

/// Runs the benchmark: 0 when it ran (whatever the rates), 1 if not one case could be run, 2 for a bad request; with
/// `--check`, `--lock` or `--judge` 1 if one case is not valid, can't be pinned, or the patch is wrong.
///
/// # Errors
/// If the cache can't be used or the report can't be kept.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folders = match chosen(&args.dir, &args.cases) {
        Ok(folders) => folders,
        Err(refusal) => {
            eprintln!("error: {refusal:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let base = match &args.cache {
        Some(base) => base.clone(),
        None => default_cache().context("no cache folder: set OUTERLOOP_CACHE or give --cache")?,
    };
    let cache = Cache::open(&base)?;
    let base = base.canonicalize()?;
    eprintln!(
        "{} cases; packages are kept in {}",
        folders.len(),
        cache.root().display()
    );
    let jobs = args.jobs.map_or_else(cores, usize::from);
    if args.check {
        return Ok(author::check_all(&folders, &cache, jobs));
    }
    if args.lock {
        return author::lock_all(&folders, &args.dir, &cache, jobs);
    }
    if let Some(patch) = &args.judge {
        let [folder] = folders.as_slice() else {
            eprintln!("error: a patch is judged by one case: choose it with --case");
            return Ok(ExitCode::from(2));
        };
        return author::judge_patch(folder, patch, &cache);
    }
    let mut kinds: Vec<Kind> = args.input.iter().flat_map(|i| i.kinds()).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let bench = Bench {
        fixer: Fixer {
            program: std::env::current_exe().context("finding this program")?,
            cache: base,
            time_limit_secs: args.time_limit,
        },
        cache,
        kinds,
        upstream: args.upstream,
        ranked: args.ranked,
    };
    if let Some(folder) = &args.record {
        return bench.only_record(&folders, folder, jobs);
    }
    let rows = bench.run(&folders, jobs);
    let report = report::machine(&rows, args.time_limit);
    let file = match &args.report {
        Some(file) => file.clone(),
        None => report_file(bench.cache.root())?,
    };
    let text = serde_json::to_string_pretty(&report)? + "\n";
    fs::write(&file, &text).with_context(|| format!("writing {}", file.display()))?;
    match args.output {
        Output::Human => print!("{}", report::human(&rows)),
        Output::Markdown => print!("{}", report::markdown(&rows)),
        Output::Json => print!("{text}"),
    }
    eprintln!(
        "the report, with every answer of the fixer, is in {}",
        file.display()
    );
    let is_any_run = rows
        .iter()
        .any(|row| matches!(row.outcome, Outcome::Scored(_)));
    Ok(if is_any_run {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The folders of the cases asked for, in the order of their names.
fn chosen(dir: &Path, ids: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = case::find(dir)?;
    anyhow::ensure!(
        !folders.is_empty(),
        "no case.toml in {} or below",
        dir.display()
    );
    if let Some(unknown) = ids
        .iter()
        .find(|id| !folders.iter().any(|folder| name(folder) == **id))
    {
        anyhow::bail!("no case {unknown:?} in {}", dir.display());
    }
    folders.retain(|folder| ids.is_empty() || ids.contains(&name(folder)));
    Ok(folders)
}

/// A case's folder name, which is its id.
fn name(folder: &Path) -> String {
    let full = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    full.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn default_cache() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let user = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    set("OUTERLOOP_CACHE").or_else(|| Some(user()?.join("outerloop")))
}

fn report_file(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join("reports");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)?
        .as_secs();
    Ok(folder.join(format!("{now}-{}.json", std::process::id())))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A benchmark ready to run.
struct Bench {
    fixer: Fixer,
    cache: Cache,
    kinds: Vec<Kind>,
    /// Whether the gates are measured.
    upstream: bool,
    /// Whether every behaviour is judged.
    ranked: bool,
}

impl Bench {
    /// Runs every case under every kind of log, `jobs` cases at a time; rows come in the order of the folders.
    fn run(&self, folders: &[PathBuf], jobs: usize) -> Vec<Row> {
        let done = AtomicUsize::new(0);
        let n_rows = folders.len() * self.kinds.len();
        let rows = in_parallel(folders, jobs, |folder| {
            self.run_case(folder, &|row| {
                let nth = done.fetch_add(1, Ordering::Relaxed) + 1;
                eprintln!("[{nth}/{n_rows}] {}", row.progress());
            })
        });
        rows.into_iter().flatten().collect()
    }

    fn run_case(&self, folder: &Path, tell: &dyn Fn(&Row)) -> Vec<Row> {
        let id = name(folder);
        let case = Case::load(folder);
        let logs = tempfile::tempdir().context("making a temporary folder");
        let prepared = match (&case, &logs) {
            (Ok(case), Ok(logs)) => self
                .prepare(case, logs.path())
                .map(|prepared| (case, logs.path(), prepared)),
            (Err(error), _) | (_, Err(error)) => Err(anyhow::anyhow!("{error:#}")),
        };
        let mut rows = Vec::new();
        for &kind in &self.kinds {
            let mut sent = Vec::new();
            let scored = match &prepared {
                Ok((case, logs, (source, deps))) => {
                    let crash = Crash {
                        kind,
                        log: &logs.join(kind.file()),
                        source,
                        release: &case.buggy,
                        deps: deps.as_deref(),
                    };
                    let answer = self.fixer.fix(&crash, self.upstream || self.ranked);
                    let score =
                        answer.and_then(|answer| score::score(case, &self.cache, &crash, answer));
                    score.and_then(|mut score| {
                        if self.ranked {
                            upstream::judge_ranked(case, self, &crash, &mut score.answer)?;
                        }
                        if self.upstream {
                            sent = upstream::send(case, self, &crash, &score.answer)?;
                        }
                        Ok(score)
                    })
                }
                Err(error) => Err(anyhow::anyhow!("{error:#}")),
            };
            let outcome = match scored {
                Ok(score) => Outcome::Scored(Box::new(score)),
                Err(error) => Outcome::NotRun(format!("{error:#}")),
            };
            let row = Row {
                id: id.clone(),
                case: case.as_ref().ok().cloned(),
                kind,
                outcome,
                sent,
            };
            tell(&row);
            rows.push(row);
        }
        rows
    }

    /// Fetches what a case needs and leaves its logs in `out`.
    fn prepare(&self, case: &Case, out: &Path) -> anyhow::Result<(fetch::Source, Option<PathBuf>)> {
        let source = self.cache.source(case, &case.buggy)?;
        let deps = self.cache.deps(case)?;
        let service = tempfile::tempdir()?;
        record::record(
            case,
            &self.cache,
            &source,
            deps.as_deref(),
            &self.kinds,
            service.path(),
            out,
        )?;
        Ok((source, deps))
    }

    /// Leaves each case's logs, repository and dependencies in `out`.
    fn only_record(
        &self,
        folders: &[PathBuf],
        out: &Path,
        jobs: usize,
    ) -> anyhow::Result<ExitCode> {
        let ran = in_parallel(folders, jobs, |folder| {
            let kept =
                Case::load(folder).and_then(|case| self.keep(&case, &out.join(name(folder))));
            match &kept {
                Ok(()) => eprintln!("{}: recorded", name(folder)),
                Err(error) => eprintln!("{}: not recorded: {error:#}", name(folder)),
            }
            kept.is_ok()
        });
        Ok(if ran.contains(&true) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn keep(&self, case: &Case, out: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
        anyhow::ensure!(
            !out.join("repo").exists(),
            "{} is there already",
            out.join("repo").display()
        );
        let (source, deps) = self.prepare(case, out)?;
        scene::make_repository(&source, &case.buggy, &out.join("repo"))?;
        deps.map_or(Ok(()), |deps| scene::copy_tree(&deps, &out.join("deps")))
    }
}

/// Does `work` on every item, `jobs` at a time; results come in the order of the items.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                let turn = || next.fetch_add(1, Ordering::Relaxed);
                let mut index = turn();
                while let Some(item) = items.get(index) {
                    let result = work(item);
                    *results[index]
                        .lock()
                        .expect("no worker panics while it holds this") = Some(result);
                    index = turn();
                }
            });
        }
    });
    let take = |slot: Mutex<Option<R>>| {
        slot.into_inner()
            .expect("no worker panicked")
            .expect("every item was done")
    };
    results.into_iter().map(take).collect()
}
