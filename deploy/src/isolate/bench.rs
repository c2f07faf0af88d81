//! `outerloop sandbox bench`: what isolation costs on this machine, each way to run Python in the same run.
//!
//! Read `way` (the ways), then this file (what is measured of each), then `table` (how it is told).

mod table;
mod way;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use fixer::lang::python::Interpreter;
use sandbox::Native;

use self::way::{Bench, Kind, Way};
use crate::{
    config::Config,
    fix::{plain, usage},
    guest, install,
};

/// What `--package` defaults to: pure Python, so that WebAssembly can load it; its import loads some 450 modules.
const PACKAGES: [&str; 1] = ["networkx==3.2.1"];
const MODULE: &str = "networkx";
/// A one-line test, as far as an interpreter is concerned.
const ONE_LINE: &str = "assert sum([1, 2, 3]) == 6\n";

/// Measure what isolation costs: time of a one-line test, imports, many jobs at once, memory.
///
/// Each row is one way to run Python: a fresh WebAssembly instance, a WebAssembly session that stays, the native
/// sandbox, bubblewrap alone, and python3 without a sandbox.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One-line tests in a row, of which median and 99th percentile are told.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// Imports, of which the median is told.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    imports: u32,
    /// Jobs at once.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    at_once: u32,
    /// A folder of installed packages and the module in it to import [default: a pinned networkx, installed into the cache].
    #[arg(long, num_args = 2, value_names = ["DIR", "MODULE"])]
    package: Option<Vec<String>>,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
    /// The configuration [default: $OUTERLOOP_CONFIG, else outerloop/config.toml in the user's configuration folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Human,
    Json,
}

/// What was measured of one way.
#[derive(Debug)]
struct Row {
    kind: Kind,
    /// A one-line test, median and 99th percentile.
    p50: Duration,
    p99: Duration,
    /// An import from a folder without bytecode, and one with what an earlier import can leave; none where the package
    /// cannot be imported in this way.
    import: Option<(Duration, Duration)>,
    /// From the start of many jobs until the last is over.
    at_once: Duration,
    /// Resident memory of one, after a one-line test.
    memory_bytes: u64,
}

/// Runs the command.
///
/// # Errors
/// Where one of the ways does not work here.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let native = Native::detect().context("the sandbox")?;
    let interpreter = Interpreter::detect()?;
    let say = |what: &str| eprintln!("{what}");
    let wasm = guest::load(config.sandbox.guest.as_deref(), &say)
        .map_err(|e| say(&format!("without WebAssembly ({e:#})")))
        .ok();
    let (installed, module) = match args.package.as_deref() {
        Some([folder, module]) => (PathBuf::from(folder), module.clone()),
        _ => {
            let folder = install::packages(&native, &interpreter, &PACKAGES)?;
            (folder, MODULE.to_owned())
        }
    };
    let is_name = |part: &str| {
        part.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !part.starts_with(|c: char| c.is_numeric())
            && !part.is_empty()
    };
    if !installed.is_dir() || !module.split('.').all(is_name) {
        return Err(usage("--package takes a folder and a module's name"));
    }
    let home = tempfile::Builder::new().prefix("outerloop-").tempdir()?;
    let bench = Bench {
        python: interpreter.executable().to_owned(),
        prefix: interpreter.prefix().to_owned(),
        native,
        wasm,
    };
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        if !bench.can(kind) {
            continue;
        }
        say(&format!("measuring: {}", kind.name()));
        let place = home.path().join(kind.key());
        fs::create_dir(&place)?;
        rows.push(measure(&bench, kind, args, &installed, &module, &place)?);
    }
    let about = table::About {
        runs: args.runs,
        imports: args.imports,
        at_once: args.at_once,
        module,
    };
    match args.output {
        Output::Human => print!("{}", table::human(&about, &rows)),
        Output::Json => println!("{}", table::json(&about, &rows)),
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    bench: &Bench,
    kind: Kind,
    args: &Args,
    installed: &Path,
    module: &str,
    place: &Path,
) -> anyhow::Result<Row> {
    let mut times = Vec::new();
    let mut way = Way::open(bench, kind, None)?;
    way.run(ONE_LINE)?; // The first may read the program from the disk.
    for _ in 0..args.runs {
        times.push(way.run(ONE_LINE)?);
    }
    times.sort();
    let import = imports(bench, kind, args.imports, installed, module, place)
        .map_err(|error| eprintln!("without an import ({})", plain(&format!("{error:#}"))))
        .ok();
    Ok(Row {
        kind,
        p50: percentile(&times, 50),
        p99: percentile(&times, 99),
        import,
        at_once: at_once(bench, kind, args.at_once)?,
        memory_bytes: way::memory(bench, kind)?,
    })
}

/// The medians of so many imports, cold and warm.
fn imports(
    bench: &Bench,
    kind: Kind,
    n: u32,
    installed: &Path,
    module: &str,
    place: &Path,
) -> anyhow::Result<(Duration, Duration)> {
    let import = format!("import {module}\n");
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for n in 0..n {
        // A folder that this way has not seen.
        let bare = place.join(n.to_string());
        copy_bare(installed, &bare)?;
        let mut way = Way::open(bench, kind, Some(&bare))?;
        cold.push(way.run(&import)?);
        way.keep_bytecode(&import)?;
        warm.push(way.run(&import)?);
        fs::remove_dir_all(&bare)?;
    }
    cold.sort();
    warm.sort();
    Ok((percentile(&cold, 50), percentile(&warm, 50)))
}

/// Starts so many jobs at once, and waits for the last.
///
/// A session answers one request after another: there are as many of them as cores, started before, and they share the
/// requests.
fn at_once(bench: &Bench, kind: Kind, n: u32) -> anyhow::Result<Duration> {
    let n_threads = match kind {
        Kind::WasmSession => thread::available_parallelism()
            .map_or(1, |n| n.get() as u32)
            .min(n),
        _ => n,
    };
    let (ready, started) = (
        std::sync::Barrier::new(n_threads as usize + 1),
        std::sync::OnceLock::new(),
    );
    let ended = thread::scope(|scope| -> anyhow::Result<Instant> {
        let mut threads = Vec::new();
        for thread in 0..n_threads {
            let share = n / n_threads + u32::from(thread < n % n_threads);
            let (ready, started) = (&ready, &started);
            threads.push(scope.spawn(move || -> anyhow::Result<Instant> {
                let way = Way::open(bench, kind, None);
                ready.wait();
                started.get_or_init(Instant::now);
                let mut way = way?;
                for _ in 0..share {
                    way.run(ONE_LINE)?;
                }
                Ok(Instant::now())
            }));
        }
        ready.wait();
        let mut last = Instant::now();
        for thread in threads {
            let ended = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a job's thread died"))??;
            last = last.max(ended);
        }
        Ok(last)
    })?;
    Ok(ended - *started.get().context("no job was started")?)
}

/// A sorted list's value below which so many of a hundred lie (nearest rank).
fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Copies packages without the bytecode that was made when they were installed.
fn copy_bare(from: &Path, to: &Path) -> anyhow::Result<()> {
    const MAX_FILES: usize = 100_000;
    fs::create_dir(to)?;
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    let mut n_files = 0;
    while let Some((from, to)) = folders.pop() {
        for entry in fs::read_dir(&from).with_context(|| format!("reading {}", from.display()))? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            n_files += 1;
            ensure!(n_files <= MAX_FILES, "the package has too many files");
            if kind.is_dir() && name != "__pycache__" {
                fs::create_dir(to.join(&name))?;
                folders.push((entry.path(), to.join(&name)));
            } else if kind.is_file() {
                fs::copy(entry.path(), to.join(&name))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_of_the_list() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
    }
}
