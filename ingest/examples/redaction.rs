//! Prints how well redaction does on the corpus in `tests/redaction`: `cargo run --release -p ingest --example redaction`.
//!
//! With `--mistakes` it prints what is left and what is taken wrongly, of the half that rules are written with;
//! with `--held-out` that of the other one. With files it prints what is taken in each of their lines instead.
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

use std::{env, fs};

use score::Score;

fn main() {
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    if !files.is_empty() {
        files.iter().for_each(|file| print_taken(file));
        return;
    }
    let is_asked = |flag: &str| env::args().any(|arg| arg == flag);
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

/// Each span with what stands round it, and what replaces it.
fn print_taken(file: &str) {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    let redactor = score::redactor();
    for line in text.lines() {
        let redacted = redactor.text(line);
        for span in score::spans(line, &redacted) {
            let before = &line[line.floor_char_boundary(span.start.saturating_sub(60))..span.start];
            let after = &line[span.end..line.ceil_char_boundary(span.end + 20)];
            println!(
                "{file}: {before}«{}» {} »{after}",
                &line[span.clone()],
                &redacted[span]
            );
        }
    }
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
