//! Compares our templates with those of other programs on Loghub's labelled logs.
//!
//! `cargo run --release -p triage --example loghub -- DIR` prints grouping accuracy, F1 of group accuracy and lines a
//! second on one core. Everyone has one setting for all systems: its defaults. Peers are given whole lines, as we are, and
//! in a row of their own the lines without headers, which they expect. Drain3 of PyPI runs where the program that
//! `DRAIN3_PYTHON` names (`python3` if unset) has it.
#![allow(missing_docs, reason = "a benchmark is not read as a library")]

mod score;

use std::{
    env, hint,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::Context;
use score::{Score, System, score, systems};
use triage::Templates;

/// Passes over each system's lines that the time is taken of, and attempts of which the best counts.
const PASSES: usize = 20;
const ATTEMPTS: usize = 3;

type Group = fn(&[&str]) -> Vec<u64>;

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder
        .context("usage: loghub DIR, a folder with one of Loghub-2k's folders for each system")?;
    let systems = systems(&folder)?;
    let names: Vec<&str> = systems.iter().map(|system| system.name.as_str()).collect();
    println!(
        "| GA / FGA | {} | mean | lines a second |",
        names.join(" | ")
    );
    println!("|---|{}---|---|", "---|".repeat(names.len()));
    let whole = |system: &System| system.lines.clone();
    let content = |system: &System| system.contents.clone();
    let ours: Group = |lines| of_all(&mut Templates::default(), lines);
    let programs: [(&str, Group); 3] = [
        ("ours", ours),
        ("logdrain", logdrain),
        ("drain3 (crate)", drain3),
    ];
    for (name, group) in programs {
        row(name, &systems, &whole, &|lines| Ok(rust(lines, group)))?;
        row(
            &format!("{name}, no headers"),
            &systems,
            &content,
            &|lines| Ok(rust(lines, group)),
        )?;
    }
    row("Drain3 (PyPI)", &systems, &whole, &python)?;
    row("Drain3 (PyPI), no headers", &systems, &content, &python)
}

/// The groups of lines, and the seconds that one pass took.
type Run = (Vec<u64>, f64);

fn row(
    name: &str,
    systems: &[System],
    input: &dyn Fn(&System) -> Vec<String>,
    run: &dyn Fn(&[&str]) -> anyhow::Result<Run>,
) -> anyhow::Result<()> {
    let (mut cells, mut sum, mut seconds, mut n_lines) = (Vec::new(), Score::default(), 0.0, 0);
    for system in systems {
        let lines = input(system);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (groups, took) = match run(&lines) {
            Ok(found) => found,
            Err(error) => {
                println!("| {name} | not run: {error:#} |");
                return Ok(());
            }
        };
        let score = score(&groups, &system.events);
        cells.push(show(score));
        sum.ga += score.ga;
        sum.fga += score.fga;
        seconds += took;
        n_lines += lines.len();
    }
    let n = systems.len().max(1) as f64;
    let mean = Score {
        ga: sum.ga / n,
        fga: sum.fga / n,
    };
    println!(
        "| {name} | {} | {} | {:.0} |",
        cells.join(" | "),
        show(mean),
        n_lines as f64 / seconds
    );
    Ok(())
}

fn show(score: Score) -> String {
    format!("{:.3} / {:.3}", score.ga, score.fga)
}

fn rust(lines: &[&str], group: Group) -> Run {
    let repeated: Vec<&str> = lines
        .iter()
        .copied()
        .cycle()
        .take(lines.len() * PASSES)
        .collect();
    let seconds = (0..ATTEMPTS)
        .map(|_| {
            let start = Instant::now();
            hint::black_box(group(&repeated));
            start.elapsed().as_secs_f64() / PASSES as f64
        })
        .fold(f64::INFINITY, f64::min);
    (group(lines), seconds)
}

fn of_all(templates: &mut Templates, lines: &[&str]) -> Vec<u64> {
    let ids: Vec<_> = lines.iter().map(|line| templates.add(line)).collect();
    templates.all();
    ids.into_iter()
        .map(|id| u64::from(templates.current(id).0))
        .collect()
}

fn logdrain(lines: &[&str]) -> Vec<u64> {
    let miner = logdrain::Miner::from_options(logdrain::Options::default());
    lines
        .iter()
        .map(|line| miner.add(line).cluster_id)
        .collect()
}

fn drain3(lines: &[&str]) -> Vec<u64> {
    let mut matcher = drain3::Matcher::new(drain3::Config::default());
    let id = |line| {
        matcher
            .add_log_message(line)
            .map_or(u64::MAX, |template| template.id() as u64)
    };
    lines.iter().copied().map(id).collect()
}

fn python(lines: &[&str]) -> anyhow::Result<Run> {
    let python = env::var_os("DRAIN3_PYTHON").unwrap_or_else(|| "python3".into());
    let mut child = Command::new(python)
        .args(["-c", include_str!("drain3_pypi.py"), &ATTEMPTS.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("there is a pipe")?;
    // It reads everything before it writes.
    let written = input.write_all((lines.join("\n") + "\n").as_bytes());
    drop(input);
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "needs `pip install drain3`");
    written?;
    let text = String::from_utf8(output.stdout)?;
    let mut rows: Vec<&str> = text.lines().collect();
    let seconds = rows.pop().context("no time was printed")?.parse()?;
    let groups = rows.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    Ok((groups, seconds))
}
