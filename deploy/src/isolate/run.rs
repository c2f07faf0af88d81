//! `outerloop sandbox run`: one command over a folder.

use std::{
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use fixer::lang::python::Interpreter;
use sandbox::{Ending, GuestJob, Job, Limits, Mount, Native, Outcome};

use super::{Isolate, program};
use crate::{
    config::Config,
    fix::{plain, usage},
    folder, guest,
    streams::printed,
};

/// Where things are inside, in both isolates.
const REPO: &str = "/work/repo";
const DEPS: &str = "/work/deps";
/// What is taken of standard input, in bytes.
const MAX_STDIN_BYTES: u64 = 64 << 20;
const MIB: u64 = 1 << 20;

/// Run a command over a folder, with no network, no environment of yours and bounded time, memory and output.
///
/// The folder is read-only, at /work/repo in both isolates, and the working directory. Natively the command is any
/// program of this machine. In wasm-python it is `python3 -c CODE`, `python3 -m MODULE` or `python3 FILE`, with
/// arguments.
///
/// Exit status: the command's own; 128 and the signal's number where a signal ended it; 124 after the time limit; 137
/// after any other limit; 125 where the sandbox itself failed; 2 bad usage.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to see, all of it (its .git too).
    #[arg(long, value_name = "DIR")]
    repo: PathBuf,
    /// Where the command runs.
    #[arg(long, value_enum, default_value_t = Isolate::Native)]
    isolate: Isolate,
    /// Installed Python packages (a site-packages folder), read-only at /work/deps and on Python's path.
    #[arg(long, value_name = "DIR")]
    deps: Option<PathBuf>,
    /// Seconds of wall-clock time.
    #[arg(long, value_name = "SECS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: u64,
    /// MiB of memory, for all processes together.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    memory: u64,
    /// MiB of standard output, and as much of standard error.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1024))]
    max_output: u64,
    /// Processes and threads at once; natively.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=32_768))]
    processes: u64,
    /// The configuration [default: $OUTERLOOP_CONFIG, else outerloop/config.toml in the user's configuration folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// For what the caller can mend. That the sandbox failed is told here, as it has a status of its own.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let repo = folder::given("--repo", &args.repo)?;
    let deps = args
        .deps
        .as_deref()
        .map(|deps| folder::given("--deps", deps))
        .transpose()?;
    let mut mounts = vec![Mount::read_only(&repo, REPO)];
    mounts.extend(deps.as_deref().map(|deps| Mount::read_only(deps, DEPS)));
    let paths: &[&str] = if deps.is_some() { &[DEPS] } else { &[] };
    let limits = Limits {
        wall: Duration::from_secs(args.time_limit),
        cpu: Duration::from_secs(args.time_limit).saturating_mul(N_CORES),
        memory_bytes: args.memory * MIB,
        output_bytes: usize::try_from(args.max_output * MIB).context("--max-output")?,
        n_processes: args.processes,
        ..Limits::default()
    };
    let outcome = match args.isolate {
        Isolate::WasmPython => {
            let program = program::text(&args.command, REPO, paths)?;
            let config = Config::load(args.config.as_deref())?;
            in_wasm(&config, program, stdin()?, mounts, limits)
        }
        Isolate::Native => in_native(&args.command, paths, stdin()?, mounts, limits),
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("error: {}", plain(&format!("{error:#}")));
            return Ok(ExitCode::from(125));
        }
    };
    show(std::io::stdout(), &outcome.stdout)?;
    show(std::io::stderr(), &outcome.stderr)?;
    let (status, limit) = status(outcome.ending, args);
    if let Some(limit) = limit {
        eprintln!("outerloop: {limit}");
    }
    Ok(ExitCode::from(status))
}

/// What is piped in. A terminal is not read: its end would have to be typed before anything happens.
fn stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        stdin
            .lock()
            .take(MAX_STDIN_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| usage(format!("standard input: {e}")))?;
    }
    if bytes.len() as u64 > MAX_STDIN_BYTES {
        return Err(usage(format!(
            "standard input has more than {} MiB",
            MAX_STDIN_BYTES / MIB
        )));
    }
    Ok(bytes)
}

fn in_wasm(
    config: &Config,
    program: String,
    request: Vec<u8>,
    mounts: Vec<Mount>,
    limits: Limits,
) -> anyhow::Result<Outcome> {
    let wasm = guest::load(config.sandbox.guest.as_deref(), &|what| eprintln!("{what}"))?;
    Ok(wasm.run(&GuestJob {
        program,
        request,
        mounts,
        limits,
    })?)
}

fn in_native(
    command: &[String],
    paths: &[&str],
    stdin: Vec<u8>,
    mut mounts: Vec<Mount>,
    limits: Limits,
) -> anyhow::Result<Outcome> {
    let native = Native::detect()?;
    let mut path = "/usr/local/bin:/usr/bin:/bin".to_owned();
    // A machine without Python still runs other commands.
    if let Ok(python) = Interpreter::detect() {
        let prefix = python.prefix();
        mounts.insert(0, Mount::read_only(prefix, prefix));
        // So that `python3` is the one that `fix` uses, whatever shim the host's path has for it.
        path = format!("{}:{path}", prefix.join("bin").display());
    }
    let mut env = vec![
        ("PATH".to_owned(), path),
        ("HOME".to_owned(), "/tmp".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
    ];
    if !paths.is_empty() {
        env.push(("PYTHONPATH".to_owned(), paths.join(":")));
    }
    // `env` looks the command up inside, where other folders are in reach than here; 127 where it is not there.
    let mut words = vec!["/usr/bin/env".into(), "--".into()];
    words.extend(command.iter().map(Into::into));
    Ok(native.run(&Job {
        command: words,
        mounts,
        cwd: REPO.into(),
        env,
        stdin,
        limits,
    })?)
}

/// The bytes as they are; on a terminal, without what it would obey.
fn show(mut to: impl Write + IsTerminal, bytes: &[u8]) -> anyhow::Result<()> {
    let written = match to.is_terminal() {
        true => to.write_all(plain(&String::from_utf8_lossy(bytes)).as_bytes()),
        false => to.write_all(bytes),
    };
    printed(written.and_then(|()| to.flush())).context("printing")
}

/// Processor time that a command may take for each second of its time limit.
const N_CORES: u32 = 4;

/// The exit status for an ending, and the limit that was reached.
fn status(ending: Ending, args: &Args) -> (u8, Option<String>) {
    let low = |n: i32| u8::try_from(n & 0xff).unwrap_or(255);
    match ending {
        Ending::Exited(status) => (low(status), None),
        Ending::Signaled(signal) => (low(128 + signal), None),
        Ending::TimedOut => (
            124,
            Some(format!(
                "the time limit of {} s was reached",
                args.time_limit
            )),
        ),
        Ending::CpuLimit => (
            137,
            Some(format!(
                "the limit of {} s of processor time was reached",
                args.time_limit * u64::from(N_CORES)
            )),
        ),
        Ending::OutOfMemory => (
            137,
            Some(format!(
                "the memory limit of {} MiB was reached",
                args.memory
            )),
        ),
        Ending::OutputLimit => (
            137,
            Some(format!(
                "the output limit of {} MiB was reached",
                args.max_output
            )),
        ),
        Ending::ProcessLimit => (
            137,
            Some(format!(
                "the limit of {} processes was reached",
                args.processes
            )),
        ),
        Ending::DiskLimit => (137, Some("the disk limit was reached".to_owned())),
    }
}
