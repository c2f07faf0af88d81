//! Which events are one bug: those with equal fingerprints, and those whose traces agree from the same place on.
//!
//! The place comes first: two traces are compared only if the same kind of error was raised in the same function, and on
//! the same source line where both tell it. So a merge can be said in one sentence, and there is little to compare.
//! Errors without a trace are one bug if their logger is the same and their messages are of one template.

use std::{collections::HashMap, fmt};

use ingest::ErrorEvent;
use serde::{Deserialize, Serialize};

use crate::{
    bug::BugId,
    fingerprint::{Fingerprint, first_line, logger},
    similarity::similarity,
    templates::{TemplateId, Templates, n_words, shape},
    trace::Trace,
};

/// The version of what is compared. Features of another version are not compared with these: make them anew, from an event
/// of each bug that is known, so that no bug falls apart.
pub const FEATURES_VERSION: i64 = 4;

/// From which similarity on traces are one bug's: see [`crate::similarity`].
const MIN_SIMILARITY: f64 = 0.4;

/// Traces kept of one place; more have been seen to be alike or not.
const MAX_TRACES: usize = 32;
/// Words that are no values which messages have to have in common.
const MIN_WORDS: usize = 2;
/// Fingerprints kept; events of further ones are compared each time.
const MAX_FINGERPRINTS: usize = 200_000;

/// What is compared of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Equal for events that are one bug beyond doubt.
    pub fingerprint: Fingerprint,
    trace: Option<Trace>,
    /// Of an error without a trace.
    #[serde(default)]
    message: Option<Message>,
}

/// What an error says that was logged without a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    logger: String,
    /// Its first line, with values masked.
    shape: String,
}

impl Features {
    /// The features of an event.
    pub fn of(event: &ErrorEvent) -> Self {
        let trace = Trace::of(event);
        let message = event.exceptions.is_empty().then(|| Message {
            logger: logger(event).to_owned(),
            shape: shape(first_line(event)),
        });
        Self {
            fingerprint: Fingerprint::of(event, trace.as_ref()),
            trace: trace.filter(Trace::tells_a_place),
            message,
        }
    }

    /// Those of events that are of more kinds than are told apart.
    pub fn overflow() -> Self {
        Self {
            fingerprint: Fingerprint::digest("overflow"),
            trace: None,
            message: None,
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
    /// The same logger, and a message of the same template.
    Message {
        /// `order <*> of user <*> failed`.
        template: String,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("type, application frames and source line are equal"),
            Self::Similar { place, percent } => {
                write!(f, "{place}, and {percent}% of the calls that led there")
            }
            Self::Message { template } => write!(f, "the message is one of: {template}"),
        }
    }
}

/// The traces of known bugs, by place. A bug is what its number says to the caller.
#[derive(Debug, Clone)]
pub struct Clusters {
    by_fingerprint: HashMap<Fingerprint, u64>,
    by_place: HashMap<String, Vec<(Trace, u64)>>,
    /// What messages without a trace have in common, whatever their logger.
    templates: Templates,
    by_template: HashMap<(String, TemplateId), u64>,
}

impl Default for Clusters {
    fn default() -> Self {
        Self {
            by_fingerprint: HashMap::new(),
            by_place: HashMap::new(),
            // Messages have no header.
            templates: Templates::of_log(&[]),
            by_template: HashMap::new(),
        }
    }
}

impl Clusters {
    /// The bug that an event with these features belongs to, and why; `None` if it is none of the known ones.
    pub fn find(&mut self, features: &Features) -> Option<(u64, Why)> {
        if let Some(&bug) = self.by_fingerprint.get(&features.fingerprint) {
            return Some((bug, Why::Equal));
        }
        if let Some(message) = &features.message {
            return self.of_message(message);
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
        if let Some(message) = &features.message {
            let template = self.template(message);
            self.by_template
                .entry((message.logger.clone(), template))
                .or_insert(bug);
        }
        if let Some(trace) = &features.trace {
            let traces = self.by_place.entry(trace.place()).or_default();
            if traces.len() < MAX_TRACES {
                traces.push((trace.clone(), bug));
            }
        }
    }
}

impl Clusters {
    fn of_message(&mut self, message: &Message) -> Option<(u64, Why)> {
        let template = self.template(message);
        let bug = *self.by_template.get(&(message.logger.clone(), template))?;
        // What is nothing but values says nothing.
        let text = self
            .templates
            .text(template)
            .filter(|text| n_words(text) >= MIN_WORDS)?;
        let template = text.to_owned();
        Some((bug, Why::Message { template }))
    }

    fn template(&mut self, message: &Message) -> TemplateId {
        let template = self.templates.add_shaped(&message.shape);
        self.templates.current(template)
    }

    /// The bug that an event without a trace belongs to, now that all of a log has been seen: its messages may show only at the
    /// end what is a value in them. `None` for other events.
    pub(crate) fn in_hindsight(&mut self, features: &Features) -> Option<u64> {
        Some(self.of_message(features.message.as_ref()?)?.0)
    }

    /// Learns from all messages so far what is a value in them.
    pub(crate) fn learn(&mut self) {
        self.templates.learn();
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
