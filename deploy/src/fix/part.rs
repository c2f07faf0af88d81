//! Whether a fix cures all kinds of events of a bug: those that it leaves as they are become a bug of their own.

use fixer::{Checkout, Goal, Report};
use serde_json::{Value, json};
use triage::{Bug, BugId};

use super::session::{Done, MAX_COMPARED, Session};

/// Kinds of events that a bug was taken for and is not, as its fix showed.
pub(crate) struct Part {
    /// Of the bug that they are now; none where the store kept them together, as a person had decided.
    pub(crate) bug: Option<BugId>,
    pub(crate) kinds: Vec<BugId>,
    /// Why, in a sentence.
    pub(crate) reason: String,
}

impl Part {
    pub(super) fn to_json(&self) -> Value {
        let kinds: Vec<&str> = self.kinds.iter().map(BugId::as_str).collect();
        json!({"bug": self.bug.as_ref().map(BugId::as_str), "kinds": kinds, "reason": self.reason})
    }
}

/// The kinds of a bug that its fix, or that of the bug which cured it, leaves as they are. A kind whose crash does not come about
/// at the fix's commit tells nothing, nor do those beyond [`MAX_COMPARED`].
///
/// # Errors
/// As [`fixer::fix`].
pub(super) fn compare(
    session: &mut Session<'_>,
    bug: &Bug,
    nth: &str,
    checkout: &Checkout,
    report: &Report,
    done: &Done,
) -> anyhow::Result<Option<Part>> {
    let Some((by, fix)) = fix_of(bug, report, done) else {
        return Ok(None);
    };
    let alone = Done {
        paths: Vec::new(),
        fixes: vec![(checkout.commit().clone(), by.clone(), fix)],
    };
    let mut kinds = Vec::new();
    // The first one was fixed.
    for kind in bug.kinds.iter().skip(1).take(MAX_COMPARED) {
        let one = Bug {
            event: kind.event.clone(),
            kinds: Vec::new(),
            ..bug.clone()
        };
        let nth = format!("{nth}kind {}: ", kind.id);
        let report = session.work(&one, &nth, checkout, Goal::Compare, &alone, &fixer::fix)?;
        if report.left_by.is_some() {
            kinds.push(kind.id.clone());
        }
    }
    let reason = format!("the fix of {by} does not cure it");
    Ok((!kinds.is_empty()).then_some(Part {
        bug: None,
        kinds,
        reason,
    }))
}

/// The fix that cures a bug, and whose it is.
fn fix_of(bug: &Bug, report: &Report, done: &Done) -> Option<(String, fixer::Candidate)> {
    if let Some(fix) = &report.fix {
        return Some((bug.id.as_str().to_owned(), fix.candidate().clone()));
    }
    let by = report.cured_by.as_ref()?;
    let (_, _, fix) = done.fixes.iter().find(|(_, id, _)| id == by)?;
    Some((by.clone(), fix.clone()))
}
