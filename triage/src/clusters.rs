//! Which events are one bug: those with equal fingerprints, and those whose traces agree from the same place on.
//!
//! The place comes first: two traces are compared only if the same kind of error was raised in the same function, and on
//! the same source line where both tell it. So a merge can be said in one sentence, and there is little to compare.

use std::{collections::HashMap, fmt};

use ingest::ErrorEvent;
use serde::{Deserialize, Serialize};

use crate::{bug::BugId, fingerprint::Fingerprint, similarity::similarity, trace::Trace};

/// The version of what is compared. Features of another version are not compared with these: make them anew, from an event
/// of each bug that is known, so that no bug falls apart.
pub const FEATURES_VERSION: i64 = 2;

/// From which similarity on traces are one bug's: see [`crate::similarity`].
const MIN_SIMILARITY: f64 = 0.4;

/// Traces kept of one place; more have been seen to be alike or not.
const MAX_TRACES: usize = 32;
/// Fingerprints kept; events of further ones are compared each time.
const MAX_FINGERPRINTS: usize = 200_000;

/// What is compared of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Equal for events that are one bug beyond doubt.
    pub fingerprint: Fingerprint,
    trace: Option<Trace>,
}

impl Features {
    /// The features of an event.
    pub fn of(event: &ErrorEvent) -> Self {
        let trace = Trace::of(event);
        Self {
            fingerprint: Fingerprint::of(event, trace.as_ref()),
            trace: trace.filter(Trace::tells_a_place),
        }
    }

    /// Those of events that are of more kinds than are told apart.
    pub fn overflow() -> Self {
        Self {
            fingerprint: Fingerprint::digest("overflow"),
            trace: None,
        }
    }

    /// A name for a bug of such events, the same for all that went wrong in one place: whichever comes first gives it.
    /// Where two bugs are in one place, the second is called by its fingerprint.
    pub fn bug_id(&self) -> BugId {
        match &self.trace {
            Some(trace) => {
                let line = trace.line.as_deref().unwrap_or_default();
                BugId::of(&Fingerprint::digest(&format!("{}\n{line}", trace.place())))
            }
            None => BugId::of(&self.fingerprint),
        }
    }
}

/// Why an event belongs to a bug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// All that is compared is equal.
    Equal,
    /// The same kind of error in the same place, called in much the same way.
    Similar {
        /// Kind of error and function: `KeyError in cart.py total`.
        place: String,
        /// How much of the traces' weight agrees, in percent: [`crate::clusters`]' minimum to 100.
        percent: u8,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("type, application frames and source line are equal"),
            Self::Similar { place, percent } => {
                write!(f, "{place}, and {percent}% of the calls that led there")
            }
        }
    }
}

/// The traces of known bugs, by place. A bug is what its number says to the caller.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    by_fingerprint: HashMap<Fingerprint, u64>,
    by_place: HashMap<String, Vec<(Trace, u64)>>,
}

impl Clusters {
    /// The bug that an event with these features belongs to, and why; `None` if it is none of the known ones.
    pub fn find(&self, features: &Features) -> Option<(u64, Why)> {
        if let Some(&bug) = self.by_fingerprint.get(&features.fingerprint) {
            return Some((bug, Why::Equal));
        }
        let trace = features.trace.as_ref()?;
        let traces = self.by_place.get(&trace.place())?.iter();
        let (similarity, bug) = traces
            .filter(|(other, _)| trace.may_be_on_line_of(other))
            .map(|(other, bug)| (similarity(other.outwards(), trace.outwards()), *bug))
            // Of equals the first that was seen.
            .fold(None, |best: Option<(f64, u64)>, next| match best {
                Some(best) if best.0 >= next.0 => Some(best),
                _ => Some(next),
            })?;
        let why = Why::Similar {
            place: trace.place(),
            percent: (similarity * 100.0) as u8,
        };
        (similarity >= MIN_SIMILARITY).then_some((bug, why))
    }

    /// Remembers that events with these features belong to a bug.
    pub fn insert(&mut self, features: &Features, bug: u64) {
        if self.by_fingerprint.len() < MAX_FINGERPRINTS {
            self.by_fingerprint
                .insert(features.fingerprint.clone(), bug);
        }
        if let Some(trace) = &features.trace {
            let traces = self.by_place.entry(trace.place()).or_default();
            if traces.len() < MAX_TRACES {
                traces.push((trace.clone(), bug));
            }
        }
    }
}

impl Trace {
    /// Whether it says where it went wrong. The trace of a failed check of a test says where it was noticed.
    fn tells_a_place(&self) -> bool {
        !self.is_failed_check
    }

    /// The kind of error and the function: `KeyError in cart.py total`.
    fn place(&self) -> String {
        format!("{} in {}", self.kind, self.frames[self.site])
    }

    /// Whether both went wrong on the same source line, as far as they tell.
    fn may_be_on_line_of(&self, other: &Self) -> bool {
        match (&self.line, &other.line) {
            (Some(line), Some(other)) => line == other,
            _ => true,
        }
    }
}
