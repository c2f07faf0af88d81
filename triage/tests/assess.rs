//! What people labelled, and what the assessment says.

#[path = "labelled/mod.rs"]
mod labelled;

use std::{fs::File, path::Path};

use labelled::{Score, judged, table, wrong};
use triage::{Fixability, assess};

#[test]
fn what_is_called_fixable_is() {
    let judged = judged();
    let score = Score::of(&judged);
    assert!(judged.len() >= 250, "{} labelled errors", judged.len());
    let is_good = score.precision() >= 0.95 && score.recall() >= 0.85;
    assert!(is_good, "{}\n{}", table(&judged), wrong(&judged, "both"));
}

#[test]
fn the_probability_is_what_the_labels_say() {
    let judged = judged();
    let counts = labelled::counts(&judged);
    for one in &judged {
        let (found, expected) = (
            one.assessment.probability,
            labelled::expected(&counts, one, false),
        );
        assert!(
            (found - expected).abs() < 1e-9,
            "{:?} {:?}: {found}, by the labels {expected}; the table in src/assess/probability.rs is old: {counts:?}",
            one.assessment.kind,
            one.assessment.class
        );
    }
}

#[test]
fn what_is_not_for_code_says_what_to_look_at() {
    for one in judged() {
        let assessment = &one.assessment;
        let is_known = !assessment.reason.starts_with("deliberate")
            && !assessment.reason.contains("without a trace to go by");
        if assessment.kind == Fixability::NotFixable && is_known {
            assert!(
                !assessment.advice.is_empty(),
                "{}: {assessment:?}",
                one.record.source
            );
            assert!(
                !assessment.evidence.is_empty(),
                "{}: {assessment:?}",
                one.record.source
            );
        }
    }
}

/// Traces as other projects print them, read as a log is; they are no part of the repository.
#[test]
fn of_traces_that_were_read_from_text_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stacktraces");
    if !folder.is_dir() {
        eprintln!("skipped: {} is absent", folder.display());
        return;
    }
    let rows = include_str!("labelled/stacktraces.csv").lines();
    let (mut n_both, mut n_said, mut n_labelled, mut wrong) = (0, 0, 0, Vec::new());
    for row in rows.filter(|row| !row.starts_with('#')) {
        let (name, label) = row.split_once(',').expect("two columns");
        let mut first = None;
        let file = File::open(folder.join(name)).expect("the row names a file");
        ingest::read(file, ingest::Format::Auto, |event| {
            first.get_or_insert_with(|| assess(&event));
        })
        .expect("it can be read");
        let found = first.expect("there is an error in it");
        let (is_said, is_labelled) = (found.kind == Fixability::Fixable, label == "fixable");
        n_both += u32::from(is_said && is_labelled);
        n_said += u32::from(is_said);
        n_labelled += u32::from(is_labelled);
        if is_said != is_labelled {
            wrong.push(format!("{name}: {}", found.reason));
        }
    }
    let report = format!("{n_both} of {n_said} said, of {n_labelled} labelled: {wrong:#?}");
    eprintln!("{report}");
    assert!(
        n_both * 100 >= n_said * 95 && n_both * 100 >= n_labelled * 85,
        "{report}"
    );
}
