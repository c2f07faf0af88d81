//! Prints how well errors are grouped into bugs, wrong merges first:
//! `cargo run --release -p triage --example clusters -- DEFECTS4J SENTRY_GROUPING`.
#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "shared with the tests"
)]

#[path = "../tests/clusters/data.rs"]
mod data;
#[path = "../tests/clusters/score.rs"]
mod score;

use std::{collections::BTreeMap, env, path::Path};

use data::Labelled;
use score::Score;

fn main() {
    let folders: Vec<String> = env::args().skip(1).collect();
    let [defects4j, sentry] = folders.as_slice() else {
        eprintln!("usage: clusters DEFECTS4J SENTRY_GROUPING");
        std::process::exit(2);
    };
    let java = data::defects4j(Path::new(defects4j)).expect("the folder of Defects4J can be read");
    let sentry =
        data::sentry_groups(Path::new(sentry)).expect("the folder of Sentry's groups can be read");
    let crashes: Vec<_> = java
        .iter()
        .filter(|e| !score::is_failed_check(&e.event))
        .collect();
    let sentry: Vec<_> = sentry.iter().collect();
    println!("Wrong merges among Defects4J's crashes:\n");
    wrong_merges(&crashes);
    wrong_merges(&sentry);
    println!(
        "\n| traces | grouped by | wrong pairs | precision | recall | F1 | groups / bugs |\n|---|---|--:|--:|--:|--:|--:|"
    );
    table("Defects4J, crashes", &crashes);
    table(
        "Defects4J, with failed checks of tests",
        &java.iter().collect::<Vec<_>>(),
    );
    table("Sentry's groups", &sentry);
}

fn table(name: &str, events: &[&Labelled]) {
    let bugs: std::collections::HashSet<_> = events.iter().map(|e| &e.label).collect();
    let rows = [
        (
            "place and calls (ours)",
            Score::of(events, &score::clusters(events)),
        ),
        (
            "our fingerprint alone",
            Score::of(events, &score::fingerprints(events)),
        ),
        (
            "type and innermost frame",
            Score::of(events, &score::top_frames(events)),
        ),
        (
            "the same, without runtime and frameworks",
            Score::of(events, &score::top_application_frames(events)),
        ),
    ];
    for (by, score) in rows {
        println!(
            "| {name}: {} | {by} | {} | {:.3} | {:.3} | {:.3} | {} / {} |",
            events.len(),
            score.grouped - score.right,
            score.precision(),
            score.recall(),
            score.f1(),
            score.groups,
            bugs.len()
        );
    }
}

fn wrong_merges(events: &[&Labelled]) {
    let mut groups: BTreeMap<u64, Vec<&Labelled>> = BTreeMap::new();
    for (bug, event) in score::clusters(events).into_iter().zip(events) {
        groups.entry(bug).or_default().push(event);
    }
    for members in groups.values() {
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for member in members {
            *labels.entry(member.label.as_str()).or_default() += 1;
        }
        if labels.len() > 1 {
            println!("- {}: {labels:?}", triage::title(&members[0].event));
        }
    }
}
