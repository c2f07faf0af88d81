//! What is told of a bug, to people and programs alike.

use std::{mem, time::Duration};

use fixer::{Candidate, Checkout, Refuted, Report, VerifiedFix, git::CommitSha};
use serde_json::{Value, json};
use triage::Bug;

use super::part::Part;
use crate::store::Outcome;

/// One bug and what became of it.
pub(crate) struct Answer {
    /// With a title that holds no captured value.
    pub(crate) bug: Bug,
    /// The exception's message, likewise.
    message: String,
    pub(crate) commit: CommitSha,
    /// Why another commit than the release's was taken.
    pub(crate) note: Option<String>,
    pub(crate) report: Report,
    pub(crate) fix: Option<Fix>,
    /// What of the bug its fix does not cure.
    pub(crate) part: Option<Part>,
    /// What the benchmark asks for beside: diffs of what else cured the crash, and of the behaviours that the choice was
    /// between, each with what speaks for it. Null where it does not ask.
    beside: Value,
    pub(crate) took: Duration,
}

/// A verified fix as text.
pub(crate) struct Fix {
    pub(crate) verified: VerifiedFix,
    /// The source edits alone.
    pub(crate) diff: String,
    /// The whole new texts of the changed files, and the test.
    pub(crate) files: Vec<(String, String)>,
    pub(crate) generator: String,
}

impl Answer {
    pub(crate) fn new(
        bug: &Bug,
        mut report: Report,
        checkout: &Checkout,
        note: Option<String>,
        took: Duration,
        with_cured: bool,
    ) -> Self {
        let fix = report.fix.take().map(|verified| {
            let candidate = verified.candidate();
            let mut files: Vec<(String, String)> = candidate.files.clone().into_iter().collect();
            files.push((verified.test().path.clone(), verified.test().source.clone()));
            Fix {
                diff: candidate.diff(|path| checkout.text(path)),
                generator: candidate.generator(),
                files,
                verified,
            }
        });
        // Each holds whole files: no longer than they are needed.
        let (cured, ranked) = (mem::take(&mut report.cured), mem::take(&mut report.ranked));
        let beside = if with_cured {
            let diff = |c: &Candidate| c.diff(|path| checkout.text(path));
            let cured: Vec<String> = cured.iter().map(diff).collect();
            let ranked = ranked.iter().map(|(candidate, evidence)| {
                json!({"diff": diff(candidate), "generator": candidate.generator(), "evidence": evidence})
            });
            json!({"cured": cured, "ranked": ranked.collect::<Vec<_>>()})
        } else {
            Value::Null
        };
        let shown = |text: &str| fixer::without_values(text, &bug.event, checkout);
        let message = match &bug.event.message {
            Some(message) if bug.event.exceptions.is_empty() => message,
            _ => &bug.event.traced().message,
        };
        Self {
            beside,
            message: shown(message),
            bug: Bug {
                title: shown(&bug.title),
                ..bug.clone()
            },
            commit: checkout.commit().clone(),
            note,
            report,
            fix,
            part: None,
            took,
        }
    }

    /// Why there is no fix, where there is none.
    pub(crate) fn why_not(&self) -> &str {
        let why = self.report.why_not.as_deref();
        why.unwrap_or("no fix was found")
    }

    fn to_json(&self) -> Value {
        let mut out = self.bug_json();
        let more = json!({
            "reproduction": self.report.reproduction,
            "exploration": self.report.exploration,
            "history": self.history_json(),
            "fix": self.fix.as_ref().map(|fix| fix.to_json(self.report.n_candidates)),
            "why_not": if self.fix.is_some() { None } else { Some(self.why_not()) },
            "cured_by": self.report.cured_by,
            "split_off": self.part.as_ref().map(Part::to_json),
            "refuted": refuted(&self.report.refuted),
            "candidates": self.report.n_candidates,
            "ms": self.took.as_millis() as u64,
        });
        merge(&mut out, more);
        merge(&mut out, self.beside.clone());
        out
    }

    /// Since when it crashes, where that is known.
    pub(crate) fn history_json(&self) -> Value {
        self.report.history.as_ref().map_or(
            Value::Null,
            |h| json!({"last_good": h.last_good.as_str(), "first_bad": h.first_bad.as_str()}),
        )
    }

    /// The bug itself: what is known of it without running anything.
    pub(crate) fn bug_json(&self) -> Value {
        let exception = self.bug.event.traced();
        let locations: Vec<Value> =
            self.report.locations.iter().map(|l| json!({"file": l.file, "function": l.function, "line": l.line, "score": round(l.score)})).collect();
        json!({
            "id": self.bug.id.as_str(),
            "title": self.bug.title,
            "count": self.bug.impact.n_events,
            "exception": {"type": exception.type_name, "message": self.message},
            "assessment": self.bug.assessment,
            "commit": self.commit.as_str(),
            "commit_note": self.note,
            "locations": locations,
        })
    }
}

/// Adds the members of one object to another.
pub(crate) fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

impl Fix {
    pub(crate) fn to_json(&self, n_candidates: usize) -> Value {
        json!({
            "diff": self.diff,
            "test": {"path": self.verified.test().path, "source": self.verified.test().source},
            "generator": self.generator,
            "witness": self.verified.candidate().witness,
            "gates": self.verified.gates(),
            "candidates": n_candidates,
            "confidence": round(self.verified.confidence()),
        })
    }
}

/// The first refusals, with their gates.
fn refuted(all: &[Refuted]) -> Vec<Value> {
    all.iter()
        .take(20)
        .map(|r| json!({"gate": r.gate, "reason": r.reason}))
        .collect()
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The whole answer as one JSON object.
pub(crate) fn json(n_events: u64, answers: &[Answer]) -> Value {
    let bugs: Vec<Value> = answers.iter().map(Answer::to_json).collect();
    json!({"events": n_events, "bugs": bugs, "peak_memory_bytes": peak_memory_bytes()})
}

/// The most memory that this process has held resident, where the kernel tells (proc(5), `VmHWM`): the WebAssembly
/// guests are in it, processes that it started are not.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// How many bugs ended in what way, for the last line.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) fixed: usize,
    /// By the fix of another.
    pub(crate) cured: usize,
    /// As not for code.
    pub(crate) declined: usize,
    pub(crate) unfixed: usize,
}

impl Counts {
    pub(crate) fn of(answers: &[Answer]) -> Self {
        let mut out = Self::default();
        for answer in answers {
            let n = match answer.outcome() {
                Outcome::Fixed => &mut out.fixed,
                Outcome::Cured => &mut out.cured,
                Outcome::Declined => &mut out.declined,
                Outcome::Unfixed => &mut out.unfixed,
            };
            *n += 1;
        }
        out
    }
}
