//! What became of each record.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::event::ErrorEvent;

/// What was read, and what became of it: `records` is `events` plus all that `dropped` counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Lines outside of traces, error records and documents, traces, error records, JSON documents, envelope items, spans by their
    /// events. A document with several traces counts once for each.
    pub records: u64,
    /// Records that became an [`ErrorEvent`].
    pub events: u64,
    /// Records that did not, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Lines that were longer than a record may be, and were cut.
    pub cut_lines: u64,
}

impl Summary {
    /// Counts what another counted as well.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.events += other.events;
        self.cut_lines += other.cut_lines;
        for (&reason, n) in &other.dropped {
            *self.dropped.entry(reason).or_default() += n;
        }
    }

    /// Counts records that were dropped.
    pub(crate) fn drop_many(&mut self, reason: DropReason, n: u64) {
        self.records += n;
        *self.dropped.entry(reason).or_default() += n;
    }

    /// How many records were dropped for the reason.
    pub fn n_dropped(&self, reason: DropReason) -> u64 {
        self.dropped.get(&reason).copied().unwrap_or(0)
    }
}

/// Why a record became no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// It holds no exception, and is no record at level error or above: an ordinary line or message.
    NoError,
    /// A trace that ends before it says which exception it is.
    Torn,
    /// It looked like JSON by its format, and is not.
    Malformed,
    /// JSON nested deeper than [`crate::limits::MAX_JSON_DEPTH`].
    TooDeep,
    /// Longer than [`crate::limits::MAX_RECORD_BYTES`], or beyond what the events of one request may hold.
    TooLarge,
    /// An item of an envelope that is not an event: a session, a transaction, an attachment. A span, or an event of one, that
    /// is no exception.
    OtherItem,
    /// An exception of a span that the span around it recorded as well.
    Repeated,
}

impl DropReason {
    /// The reason as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoError => "no_error",
            Self::Torn => "torn",
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::OtherItem => "other_item",
            Self::Repeated => "repeated",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the readers of single formats put what they find.
pub(crate) trait Outcomes {
    fn event(&mut self, event: ErrorEvent);
    fn dropped(&mut self, reason: DropReason) {
        self.dropped_many(reason, 1);
    }
    fn dropped_many(&mut self, reason: DropReason, n: u64);
}

/// Keeps the events of a part of a record; what was dropped in it is not a record of its own.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) events: Vec<ErrorEvent>,
    pub(crate) is_torn: bool,
}

impl Outcomes for Collected {
    fn event(&mut self, event: ErrorEvent) {
        self.events.push(event);
    }

    fn dropped_many(&mut self, reason: DropReason, _n: u64) {
        self.is_torn |= reason == DropReason::Torn;
    }
}
