//! Whom a bug hits and when, and how much it matters now.

use std::collections::{BTreeMap, BTreeSet};

use ingest::ErrorEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    activity::{Activity, Trend},
    distinct::Distinct,
    time,
};

/// Releases and environments kept of one bug.
const MAX_NAMES: usize = 16;
/// Bytes of such a name.
const MAX_NAME_BYTES: usize = 200;

/// Attributes that tell users apart, best first; a dot means a member.
const USERS: [&str; 12] = [
    "user.id",
    "user.username",
    "user.email",
    "user_id",
    "userId",
    "usr.id",
    "enduser.id",
    "uid",
    "account_id",
    "user.ip_address",
    "client_ip",
    "remote_addr",
];
/// Attributes that tell requests apart.
const REQUESTS: [&str; 9] = [
    "contexts.trace.trace_id",
    "trace_id",
    "traceId",
    "trace.id",
    "request_id",
    "requestId",
    "req.id",
    "correlation_id",
    "http.request.id",
];
/// Attributes that name the environment.
const ENVIRONMENTS: [&str; 5] = [
    "environment",
    "env",
    "deployment.environment.name",
    "deployment.environment",
    "stage",
];

/// What the events of a bug tell of whom it hits and when. A value to keep: it does not depend on the order of events, and two
/// can be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Impact {
    /// Events.
    pub n_events: u64,
    /// Of them, those that nothing in the program had caught, or that say that they are fatal.
    pub n_unhandled: u64,
    users: Distinct,
    requests: Distinct,
    /// Events by release.
    pub releases: BTreeMap<String, u64>,
    /// Events by environment.
    pub environments: BTreeMap<String, u64>,
    /// When they came.
    pub activity: Activity,
}

/// What a bug is looked at beside.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The release that was first seen last.
    pub newest_release: Option<String>,
    /// When its first event came, in milliseconds since 1970.
    pub since: Option<i64>,
    /// The moment that it is looked at: now, or when a log ends.
    pub now: Option<i64>,
}

/// How much a bug matters now, and why, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Priority {
    /// `0..=100`. Comparable between bugs of one project.
    pub score: u8,
    /// What its hours show; `None` if no event told its time.
    pub trend: Option<Trend>,
    /// What speaks for it, most first.
    pub reasons: Vec<String>,
}

impl Impact {
    /// Of one event, which came at its own time; where it tells none, when it was `received` (milliseconds since 1970), if that is
    /// known.
    pub fn of(event: &ErrorEvent, received: Option<i64>) -> Self {
        let mut impact = Self::default();
        impact.add(event, received);
        impact
    }

    /// Counts an event as [`Self::of`] does.
    pub fn add(&mut self, event: &ErrorEvent, received: Option<i64>) {
        self.n_events += 1;
        self.n_unhandled += u64::from(is_unhandled(event));
        note(&mut self.users, event, &USERS);
        note(&mut self.requests, event, &REQUESTS);
        // Nothing happens after it was received: that clock is wrong.
        let own = event.timestamp.as_deref().and_then(time::at);
        let own = own.filter(|own| received.is_none_or(|received| *own <= received));
        if let Some(at) = own.or(received) {
            self.activity.add(at);
        }
        let environment = ENVIRONMENTS.iter().find_map(|field| text(event, field));
        let names = [
            (&mut self.releases, event.release.clone()),
            (&mut self.environments, environment),
        ];
        for (counts, name) in names {
            if let Some(name) = name.filter(|name| name.len() <= MAX_NAME_BYTES) {
                count(counts, name, 1);
            }
        }
    }

    /// Counts what another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.n_events += other.n_events;
        self.n_unhandled += other.n_unhandled;
        self.users.merge(&other.users);
        self.requests.merge(&other.requests);
        self.activity.merge(&other.activity);
        for (own, others) in [
            (&mut self.releases, &other.releases),
            (&mut self.environments, &other.environments),
        ] {
            for (name, n) in others {
                count(own, name.clone(), *n);
            }
        }
    }

    /// Users that it hit, as far as events tell; a guess from 256 on.
    pub fn n_users(&self) -> u64 {
        self.users.count()
    }

    /// Requests that it hit, as far as events tell; a guess from 256 on.
    pub fn n_requests(&self) -> u64 {
        self.requests.count()
    }

    /// How much it matters, beside the other bugs of the project.
    ///
    /// Reach counts by powers of two: 8 for each doubling of the users up to 64 points; requests count three quarters, events of
    /// nobody in particular half, since a retrying job logs a thousand of them. Then up to 16 for what the program did not
    /// catch, and 12 for what happens in the newest release; 8 less for what does no longer. A spike counts 14, growth 10,
    /// what is new 8, what comes and goes 4. Outside of production a fifth counts, and of what was not seen for a week a half.
    pub fn priority(&self, project: &Project) -> Priority {
        let mut reasons = Vec::new();
        let about = |distinct: &Distinct| if distinct.is_exact() { "" } else { "about " };
        let doublings = |n: u64| (n as f64 + 1.0).log2();
        let (users, requests) = (self.n_users(), self.n_requests());
        let mut score = if users > 0 {
            let n = counted(users, "user");
            reasons.push(format!("{}{n} hit", about(&self.users)));
            8.0 * doublings(users)
        } else if requests > 0 {
            let n = counted(requests, "request");
            reasons.push(format!("{}{n} hit", about(&self.requests)));
            6.0 * doublings(requests)
        } else {
            let n = counted(self.n_events, "event");
            reasons.push(format!("{n}, of users that are not told"));
            4.0 * doublings(self.n_events)
        }
        .min(64.0);
        if self.n_unhandled > 0 {
            let n = counted(self.n_unhandled, "event");
            reasons.push(format!("not caught by the program in {n}"));
            score += 16.0 * self.n_unhandled as f64 / self.n_events.max(1) as f64;
        }
        let trend = project
            .now
            .and_then(|now| self.activity.trend(now, project.since));
        let weight = match trend {
            Some(Trend::Spike) => 14.0,
            Some(Trend::Growing) => 10.0,
            Some(Trend::New) => 8.0,
            Some(Trend::Flapping) => 4.0,
            Some(Trend::Steady | Trend::Quiet) | None => 0.0,
        };
        score += weight;
        if let Some(trend) = trend.filter(|trend| *trend != Trend::Steady) {
            reasons.push(trend.to_string());
        }
        let newest = project.newest_release.as_ref();
        if let Some(newest) = newest.filter(|_| !self.releases.is_empty()) {
            if self.releases.contains_key(newest) {
                reasons.push(format!("happens in the newest release, {newest}"));
                score += 12.0;
            } else {
                reasons.push(format!("not seen in the newest release, {newest}"));
                score -= 8.0;
            }
        }
        if !self.environments.is_empty()
            && !self.environments.keys().any(|name| is_production(name))
        {
            let names: BTreeSet<&str> = self.environments.keys().map(String::as_str).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            reasons.push(format!("only in {names}"));
            score /= 5.0;
        }
        if trend == Some(Trend::Quiet) {
            score /= 2.0;
        }
        Priority {
            score: score.round().clamp(0.0, 100.0) as u8,
            trend,
            reasons,
        }
    }
}

/// Adds to what is counted of a name, if there is room for it.
fn count(counts: &mut BTreeMap<String, u64>, name: String, n: u64) {
    if counts.len() < MAX_NAMES || counts.contains_key(&name) {
        *counts.entry(name).or_default() += n;
    }
}

/// `1 user`, `3 users`.
fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Whether an environment's name is one that users see: all but those for trying things.
fn is_production(name: &str) -> bool {
    const OTHERS: [&str; 9] = [
        "dev", "test", "testing", "stag", "local", "qa", "ci", "sandbox", "preview",
    ];
    let name = name.to_ascii_lowercase();
    !OTHERS.iter().any(|other| {
        name.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == *other || other.len() > 2 && word.starts_with(other))
    })
}

fn is_unhandled(event: &ErrorEvent) -> bool {
    let is_fatal = matches!(
        text(event, "level").as_deref(),
        Some("fatal" | "critical" | "panic")
    );
    let handled = lookup(event, "handled").or_else(|| lookup(event, "mechanism.handled"));
    is_fatal || handled.and_then(Value::as_bool) == Some(false)
}

fn note(distinct: &mut Distinct, event: &ErrorEvent, fields: &[&str]) {
    if let Some(value) = fields.iter().find_map(|field| text(event, field)) {
        distinct.add(value);
    }
}

fn text(event: &ErrorEvent, field: &str) -> Option<String> {
    match lookup(event, field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An attribute by name, or by a path of names.
fn lookup<'a>(event: &'a ErrorEvent, field: &str) -> Option<&'a Value> {
    if let Some(value) = event.attributes.get(field) {
        return Some(value);
    }
    let mut path = field.split('.');
    let mut value = event.attributes.get(path.next()?)?;
    for name in path {
        value = value.get(name)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn impact(events: impl IntoIterator<Item = Value>) -> Impact {
        let mut impact = Impact::default();
        for attributes in events {
            let attributes = serde_json::from_value(attributes).unwrap();
            impact.add(
                &ErrorEvent {
                    attributes,
                    release: Some("1.1".to_owned()),
                    ..ErrorEvent::default()
                },
                None,
            );
        }
        impact
    }

    fn score(impact: &Impact) -> u8 {
        impact.priority(&Project::default()).score
    }

    #[test]
    fn users_weigh_more_than_events() {
        let retries = impact((0..1000).map(|_| json!({})));
        let one_user = impact((0..1000).map(|_| json!({"user": {"id": 7}})));
        let users = impact((0..100).map(|n| json!({"user": {"id": n}})));
        let requests = impact((0..100).map(|n| json!({"request_id": format!("r{n}")})));
        assert!(score(&users) > score(&requests), "{users:?}");
        assert!(score(&requests) >= score(&retries));
        assert!(score(&retries) > score(&one_user));
        assert_eq!(
            users.priority(&Project::default()).reasons,
            ["100 users hit"]
        );
    }

    #[test]
    fn release_environment_and_what_nobody_caught_count() {
        let plain = impact([json!({"user_id": "a"})]);
        let fatal = impact([json!({"user_id": "a", "level": "fatal"})]);
        assert!(score(&fatal) > score(&plain));
        let staging = impact([json!({"user_id": "a", "environment": "staging-eu"})]);
        let live = impact([json!({"user_id": "a", "environment": "prod"})]);
        assert!(score(&staging) < score(&live));
        let newest = |release: &str| Project {
            newest_release: Some(release.to_owned()),
            ..Project::default()
        };
        let gone = plain.priority(&newest("1.2"));
        assert!(plain.priority(&newest("1.1")).score > gone.score);
        assert_eq!(gone.reasons[1], "not seen in the newest release, 1.2");
    }

    #[test]
    fn what_happens_now_counts_more() {
        let now = 1_790_244_672_000;
        let of_hours = |back: [i64; 4]| {
            let mut impact = Impact::default();
            for hours in back {
                impact.add(&ErrorEvent::default(), Some(now - hours * 3_600_000));
            }
            impact
        };
        let project = Project {
            since: Some(now - 90 * 24 * 3_600_000),
            now: Some(now),
            ..Project::default()
        };
        let [new, steady, quiet] = [[0, 1, 2, 3], [0, 30, 60, 61], [200, 300, 301, 302]]
            .map(|back| of_hours(back).priority(&project));
        assert!(new.score > steady.score && steady.score > quiet.score);
        assert_eq!(new.reasons[1], "first seen within the last day");
        assert_eq!(quiet.reasons[1], "not seen for a week");
    }

    #[test]
    fn a_clock_that_is_ahead_is_not_believed() {
        let event = ErrorEvent {
            timestamp: Some("2031-01-01T00:00:00Z".to_owned()),
            ..ErrorEvent::default()
        };
        let received = Some(1_790_244_672_000);
        assert_eq!(Impact::of(&event, received).activity.last, received);
        assert!(Impact::of(&event, None).activity.last > received);
    }

    #[test]
    fn what_is_kept_is_bounded_and_parts_add_up() {
        let event = |n: u64| json!({"user": {"id": n}, "environment": format!("e{n}")});
        let all = impact((0..10_000).map(event));
        assert_eq!(all.environments.len(), MAX_NAMES);
        let priority = all.priority(&Project::default());
        assert!(priority.reasons[0].starts_with("about "), "{priority:?}");
        let some = impact((0..10).map(event));
        assert_eq!(some, impact((0..10).rev().map(event)));
        let mut parts = impact((0..4).map(event));
        parts.merge(&impact((4..10).map(event)));
        assert_eq!(parts, some);
    }
}
