//! The `outerloop` command: wires the stages, decides nothing.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bugs;
mod cache;
mod config;
mod doctor;
mod eval;
mod fix;
mod folder;
mod guest;
mod ingest;
mod install;
mod isolate;
mod search;
mod serve;
mod store;
mod streams;
mod test;
mod triage;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Turns the errors that production logs into verified patches.
#[derive(Debug, Parser)]
#[command(name = "outerloop", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fix(fix::Args),
    Verify(verify::Args),
    Test(test::Args),
    Eval(eval::Args),
    Install(install::Args),
    Sandbox(isolate::Args),
    Doctor(doctor::Args),
    Search(search::Args),
    Ingest(self::ingest::Args),
    Triage(self::triage::Args),
    Serve(serve::Args),
    Bugs(bugs::Args),
    Merge(bugs::MergeArgs),
    Split(bugs::SplitArgs),
    Resolve(bugs::ResolveArgs),
    Mute(bugs::MuteArgs),
    Unmute(bugs::UnmuteArgs),
    /// Print completions for a shell.
    Completions {
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

fn main() -> ExitCode {
    // `RUST_LOG=debug` shows every batch of runs and every behaviour among the cures.
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    let result = match Cli::parse().command {
        Command::Fix(args) => fix::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Install(args) => install::run(&args),
        Command::Sandbox(args) => isolate::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Ingest(args) => self::ingest::run(&args),
        Command::Triage(args) => self::triage::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Bugs(args) => bugs::run(&args),
        Command::Merge(args) => bugs::merge(&args),
        Command::Split(args) => bugs::split(&args),
        Command::Resolve(args) => bugs::resolve(&args),
        Command::Mute(args) => bugs::mute(&args),
        Command::Unmute(args) => bugs::unmute(&args),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "outerloop",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .map(|()| ExitCode::SUCCESS)
            .map_err(Into::into),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        let is_usage = error.chain().any(|e| e.is::<fix::UsageError>());
        ExitCode::from(if is_usage { 2 } else { 1 })
    })
}
