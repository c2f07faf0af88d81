//! What is kept of the events of one bug.

use std::{collections::HashMap, fmt};

use ingest::ErrorEvent;

use crate::{Assessment, Fingerprint, assess};

/// Bugs kept at once; events of further ones are counted and let go.
const MAX_BUGS: usize = 10_000;

/// A bug's name: the first ten hex digits of its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BugId(String);

impl BugId {
    /// The ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BugId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Events that share a fingerprint.
#[derive(Debug, Clone)]
pub struct Bug {
    /// Its name.
    pub id: BugId,
    /// What its events have in common.
    pub fingerprint: Fingerprint,
    /// One line for people: type, message, function.
    pub title: String,
    /// Events seen.
    pub count: u64,
    /// The event that tells most of it: the one with the most captured values.
    pub event: ErrorEvent,
    /// Whether code can fix it.
    pub assessment: Assessment,
}

/// Bugs, in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct Bugs {
    bugs: Vec<Bug>,
    by_fingerprint: HashMap<Fingerprint, usize>,
    n_events: u64,
    n_overflow: u64,
}

impl Bugs {
    /// Lets an event join its bug.
    pub fn add(&mut self, event: ErrorEvent) {
        self.n_events += 1;
        let fingerprint = Fingerprint::of(&event);
        if let Some(&at) = self.by_fingerprint.get(&fingerprint) {
            let bug = &mut self.bugs[at];
            bug.count += 1;
            if wealth(&event) > wealth(&bug.event) {
                bug.event = event;
            }
            return;
        }
        if self.bugs.len() == MAX_BUGS {
            self.n_overflow += 1;
            return;
        }
        self.by_fingerprint
            .insert(fingerprint.clone(), self.bugs.len());
        self.bugs.push(Bug {
            id: BugId(fingerprint.as_str()[..10].to_owned()),
            title: title(&event),
            count: 1,
            assessment: assess(&event),
            fingerprint,
            event,
        });
    }

    /// The bugs, the most frequent first; of equals the first seen.
    pub fn into_ranked(mut self) -> Vec<Bug> {
        self.bugs.sort_by_key(|b| std::cmp::Reverse(b.count));
        self.bugs
    }

    /// Events added, those of bugs beyond the limit included.
    pub fn n_events(&self) -> u64 {
        self.n_events
    }

    /// Events whose bugs were beyond the limit.
    pub fn n_overflow(&self) -> u64 {
        self.n_overflow
    }
}

/// How much an event tells: captured values and source lines, each counted; to compare events of one bug.
pub fn wealth(event: &ErrorEvent) -> usize {
    event
        .exceptions
        .iter()
        .flat_map(|e| &e.frames)
        .map(|f| 4 * f.locals.len() + f.pre_context.len() + usize::from(f.context_line.is_some()))
        .sum()
}

/// One line for people: type, message, function.
pub fn title(event: &ErrorEvent) -> String {
    let exception = event.traced();
    let message: String = exception
        .message
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    let place = exception
        .frames
        .last()
        .map(|f| format!(" in {}", f.function))
        .unwrap_or_default();
    let separator = if message.is_empty() { "" } else { ": " };
    format!("{}{separator}{message}{place}", exception.type_name)
}

#[cfg(test)]
mod tests {
    use ingest::Exception;

    use super::*;

    #[test]
    fn events_join_their_bug() {
        let event = |name: &str| ErrorEvent {
            exceptions: vec![Exception {
                type_name: name.into(),
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        };
        let mut bugs = Bugs::default();
        for name in ["KeyError", "ValueError", "ValueError"] {
            bugs.add(event(name));
        }
        let found: Vec<_> = bugs
            .into_ranked()
            .iter()
            .map(|b| (b.title.clone(), b.count))
            .collect();
        assert_eq!(
            found,
            [("ValueError".to_owned(), 2), ("KeyError".to_owned(), 1)]
        );
    }
}
