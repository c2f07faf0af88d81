//! Groups error events that share a cause, and says which of them code can fix.
//!
//! In: `ingest::ErrorEvent`. Out: [`Bug`] with an [`Assessment`]. Read `trace` (what of a trace can be compared),
//! `fingerprint` and `clusters` (what makes two events alike), `bug` (what is kept of them), `class` (what went wrong, in
//! the benchmark's words), `assess`, `impact` and `activity` (whom it hits and when), `budget` (which bugs get the
//! fixer's time), `regression` (whether one is back), `rollout` (whether a deployment brought it about); `templates`
//! tells what lines without a trace say.
//! Invariants: an event joins exactly one bug; equal events have equal fingerprints on every machine; no I/O.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activity;
mod assess;
mod budget;
mod bug;
mod class;
mod clusters;
mod distinct;
mod fingerprint;
mod impact;
mod regression;
mod rollout;
mod similarity;
mod templates;
mod time;
mod trace;

pub use crate::{
    activity::{Activity, Trend},
    assess::{Assessment, Fixability, assess},
    budget::{History, Likeness, Worth, worth},
    bug::{Bug, BugId, Bugs, Kind, title, wealth},
    class::BugClass,
    clusters::{Clusters, FEATURES_VERSION, Features, Why},
    fingerprint::Fingerprint,
    impact::{Impact, Priority, Project},
    regression::{Releases, Resolution},
    rollout::Rollout,
    templates::{OfLines, Template, TemplateId, Templates, of_lines},
};
