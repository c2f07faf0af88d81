//! Groups error events that share a cause, and says which of them code can fix.
//!
//! In: `ingest::ErrorEvent`. Out: [`Bug`] with an [`Assessment`]. Read `trace` (what of a trace can be compared),
//! `fingerprint` and `clusters` (what makes two events alike), `bug` (what is kept of them), `class` (what went wrong, in
//! the benchmark's words), `assess`, `impact` (whom it hits); `templates` tells what lines without a trace say.
//! Invariants: an event joins exactly one bug; equal events have equal fingerprints on every machine; no I/O.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assess;
mod bug;
mod class;
mod clusters;
mod fingerprint;
mod impact;
mod similarity;
mod templates;
mod trace;

pub use crate::{
    assess::{Assessment, Fixability, assess},
    bug::{Bug, BugId, Bugs, title, wealth},
    class::BugClass,
    clusters::{Clusters, FEATURES_VERSION, Features, Why},
    fingerprint::Fingerprint,
    impact::{Impact, Priority},
    templates::{OfLines, Template, TemplateId, Templates, of_lines},
};
