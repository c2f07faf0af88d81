//! What people labelled, and what the assessment says.

#[path = "labelled/mod.rs"]
mod labelled;

use labelled::{Score, judged, table, wrong};

#[test]
fn what_is_called_fixable_is() {
    let judged = judged();
    let score = Score::of(&judged);
    assert!(judged.len() >= 250, "{} labelled errors", judged.len());
    let is_good = score.precision() >= 0.95 && score.recall() >= 0.85;
    assert!(is_good, "{}\n{}", table(&judged), wrong(&judged, "both"));
}

#[test]
fn what_is_not_for_code_says_what_to_look_at() {
    for one in judged() {
        let assessment = &one.assessment;
        let is_known = !assessment.reason.starts_with("deliberate")
            && !assessment.reason.contains("without a trace to go by");
        if assessment.kind == triage::Fixability::NotFixable && is_known {
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
