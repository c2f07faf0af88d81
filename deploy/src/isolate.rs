//! `outerloop sandbox`: the isolates by themselves, for people.
//!
//! Read `run` (one command), `program` (how a `python3` command line becomes a program for WebAssembly), then `bench`
//! (what isolation costs).

mod bench;
mod program;
mod run;

use std::process::ExitCode;

/// The sandbox by itself: run a command in it, or measure it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    Bench(bench::Args),
}

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Isolate {
    /// Python alone, in WebAssembly.
    WasmPython,
    /// Any program of this machine, in Linux namespaces.
    Native,
}

/// Runs the command.
///
/// # Errors
/// [`crate::fix::UsageError`] for what the caller can mend, others for failures of ours.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Run(args) => run::run(args),
        Command::Bench(args) => bench::run(args),
    }
}
