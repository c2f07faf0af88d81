//! Prints how well redaction does on the corpus in `tests/redaction`: `cargo run --release -p ingest --example redaction`.
//!
//! With `--mistakes` it prints what is left and what is taken wrongly, of the half that rules are written with;
//! with `--held-out` that of the other one. With files it prints what is taken in each of their lines instead, or
//! with `--events` in each event that is read from them, or with `--speed` how fast it goes.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "shared with the tests"
)]

#[path = "../tests/redaction/corpus.rs"]
mod corpus;
#[path = "../tests/redaction/score.rs"]
mod score;

use std::{env, fs, hint::black_box, time::Instant};

use ingest::{Options, Redaction, read_with};

use score::Score;

fn main() {
    let is_asked = |flag: &str| env::args().any(|arg| arg == flag);
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    if !files.is_empty() {
        if is_asked("--speed") {
            print_speed(&files);
            return;
        }
        for file in &files {
            if is_asked("--events") {
                print_taken_of_events(file)
            } else {
                print_taken(file)
            }
        }
        return;
    }
    let scores = score::all();
    println!(
        "| kind | secrets | gone | spans | right | of them held out: secrets | gone | spans | right |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut kinds: Vec<&String> = scores.keys().map(|(_, kind)| kind).collect();
    kinds.sort();
    kinds.dedup();
    let (mut seen, mut held_out) = (Score::default(), Score::default());
    for kind in kinds {
        let of = |is_held_out| scores.get(&(is_held_out, kind.clone())).cloned();
        let (a, b) = (of(false).unwrap_or_default(), of(true).unwrap_or_default());
        seen.add(&a);
        held_out.add(&b);
        row(kind, &a, &b);
    }
    row("all", &seen, &held_out);
    let mut whole = seen.clone();
    whole.add(&held_out);
    for (name, score) in [("seen", &seen), ("held out", &held_out), ("all", &whole)] {
        println!(
            "{name}: recall {:.1}% ({} of {} secrets), precision {:.1}% ({} of {} spans)",
            100.0 * score.recall(),
            score.n_gone,
            score.n_secrets,
            100.0 * score.precision(),
            score.n_right,
            score.n_spans
        );
    }
    if is_asked("--mistakes") {
        println!("{}", seen.mistakes.join("\n"));
    }
    if is_asked("--held-out") {
        println!("{}", held_out.mistakes.join("\n"));
    }
}

fn print_taken(file: &str) {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    let redactor = score::redactor();
    text.lines()
        .for_each(|line| print_spans(file, line, &redactor.text(line)));
}

fn print_taken_of_events(file: &str) {
    let options = Options {
        redaction: Redaction::Off,
        ..Options::default()
    };
    let bytes = fs::read(file).unwrap();
    let summary = read_with(bytes.as_slice(), &options, |mut event| {
        let before = serde_json::to_string(&event).unwrap();
        score::redactor().event(&mut event);
        print_spans(file, &before, &serde_json::to_string(&event).unwrap());
    });
    summary.unwrap();
}

/// Each span with what stands round it, and what replaces it.
fn print_spans(file: &str, text: &str, redacted: &str) {
    for span in score::spans(text, redacted) {
        let before = &text[text.floor_char_boundary(span.start.saturating_sub(60))..span.start];
        let after = &text[span.end..text.ceil_char_boundary(span.end + 20)];
        println!(
            "{file}: {before}«{}» {} »{after}",
            &text[span.clone()],
            &redacted[span]
        );
    }
}

/// Megabytes of lines a second, on one core, as the best of five.
fn print_speed(files: &[String]) {
    let bytes: Vec<u8> = files
        .iter()
        .flat_map(|file| fs::read(file).unwrap())
        .collect();
    let text = String::from_utf8_lossy(&bytes);
    let redactor = score::redactor();
    let best = (0..5).map(|_| {
        let start = Instant::now();
        let n: usize = text
            .lines()
            .map(|line| black_box(redactor.text(line)).len())
            .sum();
        n as f64 / 1e6 / start.elapsed().as_secs_f64()
    });
    println!("{:.0} MB/s", best.fold(0.0, f64::max));
}

fn row(name: &str, seen: &Score, held_out: &Score) {
    let cells = |score: &Score| {
        let (secrets, gone) = (score.n_secrets, score.n_gone);
        format!("{secrets} | {gone} | {} | {}", score.n_spans, score.n_right)
    };
    let mut both = seen.clone();
    both.add(held_out);
    println!("| {name} | {} | {} |", cells(&both), cells(held_out));
}
