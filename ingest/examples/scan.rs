//! Prints how fast large logs are read, beside ripgrep: `cargo run --release -p ingest --example scan -- [MEGABYTES|FILE]`.
//!
//! Each log is read by one thread, redaction included. `rg --count` searches it with one thread, for the patterns with
//! which our reader begins, and for a single word, which is about as fast as a search can be. Times are those of the
//! processor, so that what else the machine does counts less. All take turns, and the files are in the page cache.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "../tests/scan/logs.rs"]
mod logs;

use std::{
    env, fs,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
};

use ingest::Format;

const ROUNDS: u32 = 5;
/// Of each log, unless the caller says so.
const MEGABYTES: u64 = 256;

fn main() {
    let folder = env::temp_dir().join(format!("outerloop-scan-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let patterns = folder.join("patterns");
    fs::write(&patterns, ingest::first_patterns().join("\n")).unwrap();
    let patterns = has_ripgrep().then_some(patterns.as_path());
    println!(
        "| log | MB | MB/s | ripgrep, same patterns | ratio | ripgrep, `FATAL` | ratio | events | peak memory, MB |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let argument = env::args().nth(1).unwrap_or(MEGABYTES.to_string());
    if let Ok(megabytes) = argument.parse::<u64>() {
        let log = folder.join("log");
        for (kind, name) in logs::Kind::ALL {
            let mut file = BufWriter::new(fs::File::create(&log).unwrap());
            logs::write(kind, megabytes * 1_000_000, &mut file).unwrap();
            file.flush().unwrap();
            println!("{}", row(name, &log, patterns));
        }
    } else {
        println!("{}", row(&argument, Path::new(&argument), patterns));
    }
    fs::remove_dir_all(&folder).unwrap();
    if patterns.is_none() {
        println!("\nNothing to compare with: ripgrep is not here (Debian's package: `ripgrep`).");
    }
}

/// The figures of one log.
fn row(name: &str, log: &Path, patterns: Option<&Path>) -> String {
    // The most memory that was in use counts from here on (proc(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (mut own, mut same, mut word) = (0, 0, 0);
    let mut n_events = 0;
    for _ in 0..ROUNDS {
        let before = ticks(Whose::Own);
        n_events = 0;
        ingest::read(fs::File::open(log).unwrap(), Format::Auto, |_| {
            n_events += 1
        })
        .unwrap();
        own += ticks(Whose::Own) - before;
        if let Some(patterns) = patterns {
            same += ripgrep(&[Path::new("--file"), patterns], log);
            word += ripgrep(&[Path::new("FATAL")], log);
        }
    }
    let megabytes = fs::metadata(log).unwrap().len() as f64 / 1e6;
    let speed = |ticks: u64| f64::from(ROUNDS) * megabytes * TICKS_A_SECOND / ticks.max(1) as f64;
    let beside = |ticks: u64| match patterns {
        Some(_) => format!("{:.0} | {:.2}", speed(ticks), speed(own) / speed(ticks)),
        None => "– | –".to_owned(),
    };
    format!(
        "| {name} | {megabytes:.0} | {:.0} | {} | {} | {n_events} | {} |",
        speed(own),
        beside(same),
        beside(word),
        peak_memory()
    )
}

fn has_ripgrep() -> bool {
    let version = Command::new("rg")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// Has ripgrep count, and says what that took.
fn ripgrep(arguments: &[&Path], log: &Path) -> u64 {
    let before = ticks(Whose::Children);
    let status = Command::new("rg")
        .args(["--no-config", "--count", "--text", "--threads=1"])
        .args(arguments)
        .arg(log)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    // 1: nothing was found.
    assert!(
        status.code().is_some_and(|code| code < 2),
        "ripgrep failed: {status}"
    );
    ticks(Whose::Children) - before
}

const TICKS_A_SECOND: f64 = 100.0;

#[derive(Clone, Copy)]
enum Whose {
    Own,
    Children,
}

/// Time of the processor, in the system's calls too (proc(5): utime and stime, cutime and cstime).
fn ticks(whose: Whose) -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this benchmark needs Linux");
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    // The first one here is the third of all.
    let [user, system] = match whose {
        Whose::Own => [11, 12],
        Whose::Children => [13, 14],
    };
    fields[user].parse::<u64>().unwrap() + fields[system].parse::<u64>().unwrap()
}

/// The most memory that was in use, in megabytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
        / 1_000_000
}
