//! What is kept of the events of one bug.

use std::{cmp::Reverse, collections::HashSet, fmt, mem};

use ingest::ErrorEvent;

use crate::{
    Assessment, Clusters, Features, Fingerprint, Impact, Project, Releases, Rollout, Why, assess,
    fingerprint::first_line,
};

/// Bugs kept at once; events of further ones are counted and let go.
const MAX_BUGS: usize = 10_000;

/// Kinds of events that are told apart of one bug; events of further ones count for the kind that they are most like.
const MAX_KINDS: usize = 8;

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
    /// Where its events are of several kinds: each of them, those that tell most first. Else empty.
    pub kinds: Vec<Kind>,
}

/// Events of a bug that are equal beyond doubt; what joins them to those of other kinds is that they are alike.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Ten hex digits of the fingerprint.
    pub id: BugId,
    /// How many events there were, whom they hit and when.
    pub impact: Impact,
    /// The one that tells most.
    pub event: ErrorEvent,
}

impl Kind {
    fn of(features: &Features, event: ErrorEvent) -> Self {
        Self {
            id: BugId::of(&features.fingerprint),
            impact: Impact::of(&event, None),
            event,
        }
    }

    fn add(&mut self, event: ErrorEvent) {
        self.impact.add(&event, None);
        if wealth(&event) > wealth(&self.event) {
            self.event = event;
        }
    }
}

impl Bug {
    /// Takes kinds out of a bug that have turned out to be another one, which is called by the one of them that tells most.
    /// `None`, and nothing is changed, where these are none of its kinds, all of them, or the one that gave it its name.
    pub fn split_off(&mut self, kinds: &[BugId]) -> Option<Self> {
        let is_other = |kind: &Kind| kinds.contains(&kind.id);
        let (others, own): (Vec<_>, Vec<_>) = self.kinds.iter().cloned().partition(is_other);
        if own.is_empty() || others.iter().any(|kind| kind.id == self.id) {
            return None;
        }
        // The first of them tells most.
        let id = others.first()?.id.clone();
        let made = |id: BugId, kinds: Vec<Kind>| {
            let event = &kinds[0].event;
            Self::of_kinds(id, title(event), assess(event), kinds)
        };
        // It may have been called by what it is not.
        *self = made(self.id.clone(), own);
        Some(made(id, others))
    }

    /// Of at least one kind.
    fn of_kinds(id: BugId, title: String, assessment: Assessment, mut kinds: Vec<Kind>) -> Self {
        // Of equals the first seen.
        kinds.sort_by_key(|kind| Reverse(wealth(&kind.event)));
        let (impact, event) = if kinds.len() == 1 {
            let kind = kinds.remove(0);
            (kind.impact, kind.event)
        } else {
            let mut impact = Impact::default();
            kinds.iter().for_each(|kind| impact.merge(&kind.impact));
            (impact, kinds[0].event.clone())
        };
        Self {
            id,
            title,
            impact,
            event,
            assessment,
            kinds,
        }
    }
}

/// A bug whose events are still coming.
#[derive(Debug)]
struct Growing {
    id: BugId,
    title: String,
    assessment: Assessment,
    kinds: Vec<Kind>,
}

impl Growing {
    fn is_logged(&self) -> bool {
        self.kinds[0].event.exceptions.is_empty()
    }
}

/// Bugs, in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct Bugs {
    bugs: Vec<Growing>,
    /// Knows kinds, by their place here: of which bug the kind is, and which of its kinds.
    clusters: Clusters,
    kinds: Vec<(usize, usize)>,
    ids: HashSet<BugId>,
    /// Bugs without a trace.
    n_logged: usize,
    n_events: u64,
    n_overflow: u64,
    /// By the number of the event that each came with: not every log has times.
    releases: Releases,
    /// By times, where there are any.
    timed: Releases,
}

impl Bugs {
    /// Lets an event join its bug.
    pub fn add(&mut self, event: ErrorEvent) {
        self.n_events += 1;
        if let Some(release) = &event.release {
            self.releases.note(release, self.n_events as i64);
            if let Some(at) = Impact::of(&event, None).activity.first {
                self.timed.note(release, at);
            }
        }
        let features = Features::of(&event);
        if let Some((number, why)) = self.clusters.find(&features) {
            let (at, nth) = self.kinds[number as usize];
            let kinds = &mut self.bugs[at].kinds;
            let is_similar = matches!(why, Why::Similar { .. });
            if is_similar && kinds.len() < MAX_KINDS {
                self.clusters.insert(&features, self.kinds.len() as u64);
                self.kinds.push((at, kinds.len()));
                kinds.push(Kind::of(&features, event));
            } else {
                if why != Why::Equal {
                    self.clusters.insert(&features, number);
                }
                kinds[nth].add(event);
            }
            return;
        }
        let is_logged = event.exceptions.is_empty();
        if self.bugs.len() == MAX_BUGS || is_logged && self.n_logged == MAX_LOGGED {
            self.n_overflow += 1;
            return;
        }
        self.n_logged += usize::from(is_logged);
        self.clusters.insert(&features, self.kinds.len() as u64);
        self.kinds.push((self.bugs.len(), 0));
        let mut id = features.bug_id();
        if !self.ids.insert(id.clone()) {
            id = BugId::of(&features.fingerprint);
        }
        self.bugs.push(Growing {
            id,
            title: title(&event),
            assessment: assess(&event),
            kinds: vec![Kind::of(&features, event)],
        });
    }

    /// The bugs with a trace before those without, the most frequent first; of equals the first seen.
    pub fn into_ranked(mut self) -> Vec<Bug> {
        self.join_messages();
        let now = self.project().now;
        let mut bugs: Vec<Bug> = self
            .bugs
            .into_iter()
            .map(|bug| Bug::of_kinds(bug.id, bug.title, bug.assessment, bug.kinds))
            .collect();
        for bug in &mut bugs {
            if let Some(rollout) = now.and_then(|now| Rollout::of(&bug.impact, &self.timed, now)) {
                bug.assessment = rollout.explain(bug.assessment.clone());
            }
        }
        bugs.sort_by_key(|b| (b.event.exceptions.is_empty(), Reverse(b.impact.n_events)));
        bugs
    }

    /// Lets bugs without a trace join an older one whose messages have turned out to be of the same template.
    fn join_messages(&mut self) {
        self.clusters.learn();
        let mut into: Vec<usize> = Vec::with_capacity(self.bugs.len());
        for (at, bug) in self.bugs.iter().enumerate() {
            let features = bug.is_logged().then(|| Features::of(&bug.kinds[0].event));
            let found = features.and_then(|features| self.clusters.in_hindsight(&features));
            let older = found.map(|number| self.kinds[number as usize].0);
            into.push(older.map_or(at, |older| older.min(at)));
        }
        // Younger ones first, so that what they hand on reaches the oldest.
        for at in (0..into.len()).rev().filter(|at| into[*at] != *at) {
            let impact = mem::take(&mut self.bugs[at].kinds[0].impact);
            self.bugs[into[at]].kinds[0].impact.merge(&impact);
        }
        self.bugs.retain(|bug| bug.kinds[0].impact.n_events > 0);
    }

    /// What the bugs are looked at beside; the moment is when the last event came.
    pub fn project(&self) -> Project {
        let kinds = || self.bugs.iter().flat_map(|bug| &bug.kinds);
        let activities = || kinds().map(|kind| &kind.impact.activity);
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
    use ingest::{Exception, Frame};

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
    fn kinds_can_be_taken_out_of_their_bug() {
        let event = |caller: &str, n_locals: usize| {
            let frame = |function: &str| Frame {
                path: "shop/orders.py".to_owned(),
                function: function.to_owned(),
                locals: (0..n_locals).map(|n| (format!("v{n}"), n.into())).collect(),
                ..Frame::default()
            };
            ErrorEvent {
                exceptions: vec![Exception {
                    type_name: "KeyError".to_owned(),
                    frames: vec![frame(caller), frame("total")],
                    ..Exception::default()
                }],
                ..ErrorEvent::default()
            }
        };
        let mut bugs = Bugs::default();
        for (caller, n_locals) in [
            ("page", 0),
            ("page", 1),
            ("mail", 2),
            ("mail", 0),
            ("feed", 0),
        ] {
            bugs.add(event(caller, n_locals));
        }
        let mut bug = bugs.into_ranked().remove(0);
        let counts = |bug: &Bug| {
            bug.kinds
                .iter()
                .map(|k| k.impact.n_events)
                .collect::<Vec<_>>()
        };
        assert_eq!((bug.impact.n_events, counts(&bug)), (5, vec![2, 2, 1]));
        assert_eq!(bug.event, bug.kinds[0].event);
        let ids: Vec<BugId> = bug.kinds.iter().map(|kind| kind.id.clone()).collect();
        assert!(bug.split_off(&ids).is_none() && bug.split_off(&[]).is_none());
        let other = bug.split_off(&ids[..1]).unwrap();
        assert_eq!((other.impact.n_events, other.id), (2, ids[0].clone()));
        assert!(other.kinds.is_empty());
        assert_eq!((bug.impact.n_events, counts(&bug)), (3, vec![2, 1]));
        assert_eq!(bug.event.exceptions[0].frames[0].function, "page");
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
