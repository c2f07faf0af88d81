//! What is kept of the events of one bug.

use std::{cmp::Reverse, collections::HashSet, fmt};

use ingest::ErrorEvent;

use crate::{
    Assessment, Clusters, Features, Fingerprint, Impact, Project, Releases, Why, assess,
    fingerprint::first_line,
};

/// Bugs kept at once; events of further ones are counted and let go.
const MAX_BUGS: usize = 10_000;

/// How many of them may be errors that were logged without a trace, so that a log full of these leaves room for others.
const MAX_LOGGED: usize = 1_000;

/// A bug's name: ten hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BugId(String);

impl BugId {
    /// The first digits of a fingerprint.
    pub fn of(fingerprint: &Fingerprint) -> Self {
        Self(fingerprint.as_str()[..10].to_owned())
    }

    /// From a text of ten hex digits; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 10 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_owned()))
    }

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

/// Events that are one bug, as [`Clusters`] says.
#[derive(Debug, Clone)]
pub struct Bug {
    /// Its name.
    pub id: BugId,
    /// One line for people: type, message, function; without a trace the logger and the message.
    pub title: String,
    /// How many events there were, whom they hit and when.
    pub impact: Impact,
    /// The event that tells most of it: the one with the most captured values.
    pub event: ErrorEvent,
    /// Whether code can fix it.
    pub assessment: Assessment,
}

/// Bugs, in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct Bugs {
    bugs: Vec<Bug>,
    clusters: Clusters,
    ids: HashSet<BugId>,
    /// Bugs without a trace.
    n_logged: usize,
    n_events: u64,
    n_overflow: u64,
    releases: Releases,
}

impl Bugs {
    /// Lets an event join its bug.
    pub fn add(&mut self, event: ErrorEvent) {
        self.n_events += 1;
        if let Some(release) = &event.release {
            self.releases.note(release, self.n_events as i64);
        }
        let features = Features::of(&event);
        if let Some((at, why)) = self.clusters.find(&features) {
            if why != Why::Equal {
                self.clusters.insert(&features, at);
            }
            let bug = &mut self.bugs[at as usize];
            bug.impact.add(&event, None);
            if wealth(&event) > wealth(&bug.event) {
                bug.event = event;
            }
            return;
        }
        let is_logged = event.exceptions.is_empty();
        if self.bugs.len() == MAX_BUGS || is_logged && self.n_logged == MAX_LOGGED {
            self.n_overflow += 1;
            return;
        }
        self.n_logged += usize::from(is_logged);
        self.clusters.insert(&features, self.bugs.len() as u64);
        let mut id = features.bug_id();
        if !self.ids.insert(id.clone()) {
            id = BugId::of(&features.fingerprint);
        }
        let impact = Impact::of(&event, None);
        self.bugs.push(Bug {
            id,
            title: title(&event),
            impact,
            assessment: assess(&event),
            event,
        });
    }

    /// The bugs with a trace before those without, the most frequent first; of equals the first seen.
    pub fn into_ranked(mut self) -> Vec<Bug> {
        self.join_messages();
        self.bugs
            .sort_by_key(|b| (b.event.exceptions.is_empty(), Reverse(b.impact.n_events)));
        self.bugs
    }

    /// Lets bugs without a trace join an older one whose messages have turned out to be of the same template.
    fn join_messages(&mut self) {
        self.clusters.learn();
        let mut into: Vec<usize> = Vec::with_capacity(self.bugs.len());
        for (at, bug) in self.bugs.iter().enumerate() {
            let is_logged = bug.event.exceptions.is_empty();
            let features = is_logged.then(|| Features::of(&bug.event));
            let found = features.and_then(|features| self.clusters.in_hindsight(&features));
            into.push(found.map_or(at, |older| (older as usize).min(at)));
        }
        // Younger ones first, so that what they hand on reaches the oldest.
        for at in (0..into.len()).rev().filter(|at| into[*at] != *at) {
            let impact = std::mem::take(&mut self.bugs[at].impact);
            self.bugs[into[at]].impact.merge(&impact);
        }
        self.bugs.retain(|bug| bug.impact.n_events > 0);
    }

    /// What the bugs are looked at beside; the moment is when the last event came.
    pub fn project(&self) -> Project {
        let activities = || self.bugs.iter().map(|bug| &bug.impact.activity);
        Project {
            newest_release: self.releases.newest().map(str::to_owned),
            since: activities().filter_map(|activity| activity.first).min(),
            now: activities().filter_map(|activity| activity.last).max(),
        }
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
    let (name, message) = if event.exceptions.is_empty() {
        let logger = event.attributes.get("logger").and_then(|l| l.as_str());
        (logger.unwrap_or("error"), first_line(event))
    } else {
        let message = exception.message.lines().next();
        (exception.type_name.as_str(), message.unwrap_or_default())
    };
    let message: String = message
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
    format!("{name}{separator}{message}{place}")
}

#[cfg(test)]
mod tests {
    use ingest::Exception;

    use super::*;

    #[test]
    fn a_storm_without_traces_is_few_bugs() {
        let mut bugs = Bugs::default();
        for n in 0..100_000 {
            bugs.add(ErrorEvent {
                message: Some(format!("order {n} of user u{} failed\ndetails {n}", n % 7)),
                attributes: [("logger".to_owned(), "shop".into())].into(),
                ..ErrorEvent::default()
            });
        }
        // As many kinds of messages as there are words leave room for bugs with a trace.
        for n in 0..5_000 {
            let word: String = format!("{n:04}")
                .bytes()
                .map(|b| char::from(b + 49))
                .collect();
            bugs.add(ErrorEvent {
                message: Some(word),
                ..ErrorEvent::default()
            });
        }
        bugs.add(ErrorEvent {
            exceptions: vec![Exception::default()],
            ..ErrorEvent::default()
        });
        assert_eq!(bugs.n_overflow(), 5_001 - MAX_LOGGED as u64);
        let found = bugs.into_ranked();
        assert_eq!(
            (found.len(), found[1].impact.n_events),
            (MAX_LOGGED + 1, 100_000)
        );
        assert_eq!(found[1].title, "shop: order 0 of user u0 failed");
    }

    #[test]
    fn messages_of_one_template_are_one_bug() {
        let logged = |logger: &str, message: String| ErrorEvent {
            message: Some(message),
            attributes: [("logger".to_owned(), logger.into())].into(),
            ..ErrorEvent::default()
        };
        let names = [
            "ada", "bo", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jo",
        ];
        let mut bugs = Bugs::default();
        for name in names {
            bugs.add(logged(
                "shop",
                format!("no basket for customer {name} in the store"),
            ));
            bugs.add(logged(
                "bank",
                format!("no basket for customer {name} in the store"),
            ));
            bugs.add(logged("shop", name.to_owned()));
        }
        for verb in ["read", "write"] {
            bugs.add(logged("shop", format!("can't {verb} the stock of today")));
        }
        let mut found: Vec<_> = bugs
            .into_ranked()
            .iter()
            .map(|bug| (bug.title.clone(), bug.impact.n_events))
            .filter(|(title, _)| title.contains(' ') && title.len() > 12)
            .collect();
        found.sort();
        let expected = [
            ("bank: no basket for customer ada in the store", 10),
            ("shop: can't read the stock of today", 1),
            ("shop: can't write the stock of today", 1),
            ("shop: no basket for customer ada in the store", 10),
        ];
        assert_eq!(found, expected.map(|(title, n)| (title.to_owned(), n)));
    }

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
            .map(|b| (b.title.clone(), b.impact.n_events))
            .collect();
        assert_eq!(
            found,
            [("ValueError".to_owned(), 2), ("KeyError".to_owned(), 1)]
        );
    }
}
