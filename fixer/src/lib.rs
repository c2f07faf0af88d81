//! Turns a bug into a verified fix.
//!
//! In: an `ingest::ErrorEvent` and the repository that failed ([`Task`]). Out: a [`Report`] with a [`VerifiedFix`] or
//! the reason why there is none. Read `git` and `checkout` (the commit's files, hostile or not), `search` (finding code in
//! them, what their owner hides), `frames` (which file a frame is), `suspect` (which commit last changed it), `lang` (what is known of a language: reproduction, candidates, runs), `candidate` and `patch` (ours, and other people's), then `gates` (what
//! "verified" means).
//! Invariants: candidate code runs in the sandbox only; the user's work tree is never touched; only the gates make a
//! [`VerifiedFix`]; nothing here knows a project.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod candidate;
mod checkout;
mod frames;
mod gates;
pub mod git;
pub mod lang;
mod patch;
pub mod search;
mod suspect;

use std::{path::Path, time::Duration};

use ingest::{ErrorEvent, Platform};
use lang::python::Interpreter;
use serde::Serialize;

pub use crate::{
    candidate::{Candidate, unified},
    checkout::Checkout,
    gates::{Gate, GateOutcome, GateReport, Refuted, Reproduction, VerifiedFix},
    patch::{MAX_PATCH_BYTES, Patch},
    suspect::{Suspect, Suspects},
};

/// One bug to work on.
pub struct Task<'a> {
    /// The event that stands for the bug.
    pub event: &'a ErrorEvent,
    /// The repository that it is of, for its history.
    pub repository: &'a git::Repository,
    /// The commit that failed.
    pub checkout: &'a Checkout,
    /// Installed dependencies.
    pub deps: Option<&'a Path>,
    /// A folder that holds pytest.
    pub tools: Option<&'a Path>,
    /// The interpreter to run with.
    pub python: &'a Interpreter,
    /// The isolate to confirm in.
    pub native: &'a sandbox::Native,
    /// The isolate to explore in where the crash happens there.
    pub wasm: Option<&'a sandbox::Wasm>,
    /// How far to go.
    pub goal: Goal,
    /// Wall-clock time for the bug. Never exceeded by more than one job's grace of a few seconds.
    pub time_limit: Duration,
    /// Paths that tests of other bugs have taken already.
    pub taken_paths: &'a [String],
    /// Fixes of other bugs of this commit, with the bugs' ids: what one of them cures is not fixed again.
    pub fixes: &'a [(String, Candidate)],
    /// What the owner allows.
    pub policy: &'a Policy,
    /// Told what is being done, for people.
    pub progress: &'a dyn Fn(&str),
}

/// How far to go with a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// To a test that shows it.
    Reproduce,
    /// To whether one of the fixes of other bugs cures it, or leaves it as it is.
    Compare,
    /// To a fix that the repository's own ways or Python's rules ask for: where it is not sure that code is to change.
    AskedFor,
    /// To a verified fix.
    Fix,
}

/// What the owner of a repository allows.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Below this confidence nothing is proposed, in `0.0..=1.0`: how likely a proposal is to be right, as fitted to crashes
    /// whose right fix is known (`tests/realcrash/calibrate.py`).
    pub min_confidence: f64,
    /// Lower-case words in a path that need a person before a patch.
    pub protected: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let protected = [
            "auth",
            "authentication",
            "authorization",
            "oauth",
            "crypto",
            "cryptography",
            "permission",
            "permissions",
            "migrations",
            "security",
        ];
        Self {
            min_confidence: 0.7,
            protected: protected.map(str::to_owned).into(),
        }
    }
}

/// What became of a bug.
#[derive(Debug, Default)]
pub struct Report {
    /// Where the bug may be fixed, likeliest first.
    pub locations: Vec<Location>,
    /// The test that shows it.
    pub reproduction: Option<Reproduction>,
    /// Since when it crashes, where the repository's history tells.
    pub history: Option<History>,
    /// Where candidates were tried.
    pub exploration: Option<Exploration>,
    /// The fix.
    pub fix: Option<VerifiedFix>,
    /// Why there is none.
    pub why_not: Option<String>,
    /// The bug whose fix cures this one as well: the two are one.
    pub cured_by: Option<String>,
    /// The bug whose fix was tried on this crash, which came about as before; told for [`Goal::Compare`] only.
    pub left_by: Option<String>,
    /// Candidates tried.
    pub n_candidates: usize,
    /// Candidates that cured the crash and were refused by a gate.
    pub refuted: Vec<Refuted>,
    /// Candidates that cured the crash, the likeliest first; each does something else on the crashing input.
    pub cured: Vec<Candidate>,
    /// The behaviours that the choice was between, best first: the candidate that stands for each, and what speaks for it.
    pub ranked: Vec<(Candidate, Evidence)>,
    /// What every gate saw of a patch that was given.
    pub gates: Vec<GateReport>,
    /// Whether a module that the repository imports is not installed.
    pub lacks_module: bool,
    /// Folders of the repository that go on the import path, from its root.
    pub import_roots: Vec<String>,
}

/// What speaks for a behaviour and against it: the fixer's confidence is made of this.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// What behaviours are ranked by, in `0.0..=1.0`.
    pub score: f64,
    /// The candidate's own, in `0.0..=1.0`: of its form and its place.
    pub prior: f64,
    /// How near the reproduction is to what happened, in `0.0..=1.0`.
    pub fidelity: f64,
    /// The share of the inputs that crash on which it gives what the last commit that did not crash gave, in `0.0..=1.0`;
    /// none where that is not known.
    pub as_before: Option<f64>,
    /// Whether something in the repository speaks for it.
    pub has_witness: bool,
    /// Whether the crashing input now ends in an exception that the repository promises.
    pub raises: bool,
    /// Whether the crashing input now gives a value of a type that no input beside it gives.
    pub is_unusual: bool,
    /// Whether that value holds an object of a private class that no answer beside it holds.
    pub leaks: bool,
    /// Words of the crashing input that its answer does not show, and that every answer shows to an input beside it that
    /// has them.
    pub n_lost: usize,
    /// Candidates that do the same, itself included.
    pub n_alike: usize,
    /// Inputs beside the crash on which nothing changes.
    pub n_unchanged: usize,
    /// Inputs beside the crash that crashed as well and are cured.
    pub n_cured: usize,
    /// Inputs beside the crash that crashed as well and still do.
    pub n_still: usize,
}

/// Since when a crash is there: its script was run on ancestors of the commit that failed.
#[derive(Debug, Clone)]
pub struct History {
    /// The last one that did not crash.
    pub last_good: git::CommitSha,
    /// The first one after it that does, of those that could tell.
    pub first_bad: git::CommitSha,
}

/// The isolate in which candidates were tried; the finalist's gates run natively whatever it was.
#[derive(Debug, Clone, Serialize)]
pub struct Exploration {
    /// `wasm-python` or `native`.
    pub isolate: &'static str,
    /// Why that one.
    pub reason: String,
}

/// A function that may be the one to change.
#[derive(Debug, Clone)]
pub struct Location {
    /// Path from the repository's root.
    pub file: String,
    /// Its bare name; `<module>` outside functions.
    pub function: String,
    /// 1-based line.
    pub line: u32,
    /// In `0.0..=1.0`, falling.
    pub score: f64,
}

/// Why the fixer could not tell.
#[derive(Debug, thiserror::Error)]
pub enum FixError {
    /// A program that is needed is missing.
    #[error("{0}")]
    Missing(String),
    /// The sandbox failed.
    #[error("the sandbox failed")]
    Sandbox(#[source] sandbox::SandboxError),
    /// Git failed.
    #[error("git failed")]
    Git(#[from] git::GitError),
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    Io(#[from] std::io::Error),
}

/// Repository functions on an event's stack, innermost first; nothing is run.
pub fn locate(event: &ErrorEvent, checkout: &Checkout) -> Vec<Location> {
    match event.platform {
        Platform::Python => lang::python::locate(event, checkout),
        _ => Vec::new(),
    }
}

/// A text about an event (its message, its title) with `…` for the words that only production's data can have brought
/// there: those that neither the commit's sources nor Python's own messages hold.
pub fn without_values(text: &str, event: &ErrorEvent, checkout: &Checkout) -> String {
    lang::python::without_values(text, event, checkout)
}

/// Works on one bug, within its time.
///
/// # Errors
/// Where the sandbox, git or a file fails. A bug that cannot be fixed is a [`Report`] with `why_not`.
pub fn fix(task: &Task<'_>) -> Result<Report, FixError> {
    match task.event.platform {
        Platform::Python => lang::python::fix(task),
        _ => Ok(unsupported(task.event.platform)),
    }
}

/// Sends a patch that somebody wrote through the gates, every one of them, within the bug's time.
///
/// One that does not apply is refused by the first gate, and nothing runs.
///
/// # Errors
/// As [`fix()`]. A patch that a gate refuses is a [`Report`] with `why_not`.
pub fn verify(task: &Task<'_>, patch: &Patch) -> Result<Report, FixError> {
    match (patch, task.event.platform) {
        (Patch::Refused(why) | Patch::Malformed(why), _) => Ok(Report {
            gates: gates::refused_at_once(why),
            why_not: Some(format!("refused by Applies: {why}")),
            ..Report::default()
        }),
        (Patch::Applies(candidate), Platform::Python) => lang::python::verify(task, candidate),
        (Patch::Applies(_), _) => Ok(unsupported(task.event.platform)),
    }
}

fn unsupported(platform: Platform) -> Report {
    let why_not = match platform {
        Platform::JavaScript => "fixing JavaScript is not supported yet",
        _ => "the event's language is not supported yet",
    };
    Report {
        why_not: Some(why_not.to_owned()),
        ..Report::default()
    }
}
