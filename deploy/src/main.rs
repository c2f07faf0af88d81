//! The `outerloop` command: wires the stages, decides nothing.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cache;
mod eval;
mod fix;
mod install;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    Eval(eval::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Fix(args) => fix::run(&args),
        Command::Eval(args) => eval::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        let is_usage = error.chain().any(|e| e.is::<fix::UsageError>());
        ExitCode::from(if is_usage { 2 } else { 1 })
    })
}
