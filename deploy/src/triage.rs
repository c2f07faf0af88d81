//! `outerloop triage`: the second stage alone.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use triage::{OfLines, of_lines};

use crate::fix::{plain, usage};

/// Group what a log says.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

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
    match &args.command {
        Command::Templates(args) => templates(args),
    }
}

fn templates(args: &TemplatesArgs) -> anyhow::Result<ExitCode> {
    let found = of_lines(open(&args.log)?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match args.output {
        TemplatesOutput::Csv => found.write_csv(&mut out),
        TemplatesOutput::Human => table(&found, &mut out),
    };
    match result.and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        result => result?,
    }
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

fn open(log: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if log == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(log).map_err(|error| usage(format!("{}: {error}", log.display())))?;
    if file.metadata()?.is_dir() {
        return Err(usage(format!("{} is a folder", log.display())));
    }
    Ok(Box::new(BufReader::new(file)))
}
