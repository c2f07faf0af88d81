//! Whom a bug hits, and how much it matters now.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use ingest::ErrorEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Users, and requests, that are told apart for one bug; beyond it they are "at least".
const MAX_DISTINCT: usize = 4096;
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

/// What the events of a bug tell of whom it hits. A value to keep: it does not depend on the order of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Events.
    pub n_events: u64,
    /// Of them, those that nothing in the program had caught, or that say that they are fatal.
    pub n_unhandled: u64,
    /// Digests of users.
    users: HashSet<u64>,
    /// Digests of requests.
    requests: HashSet<u64>,
    /// Events by release.
    pub releases: BTreeMap<String, u64>,
    /// Events by environment.
    pub environments: BTreeMap<String, u64>,
}

/// How much a bug matters now, and why, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Priority {
    /// `0..=100`. Comparable between bugs of one project.
    pub score: u8,
    /// What speaks for it, most first.
    pub reasons: Vec<String>,
}

impl Impact {
    /// Counts an event.
    pub fn add(&mut self, event: &ErrorEvent) {
        self.n_events += 1;
        self.n_unhandled += u64::from(is_unhandled(event));
        note(&mut self.users, event, &USERS);
        note(&mut self.requests, event, &REQUESTS);
        let environment = ENVIRONMENTS.iter().find_map(|field| text(event, field));
        let names = [
            (&mut self.releases, event.release.clone()),
            (&mut self.environments, environment),
        ];
        for (counts, name) in names {
            let Some(name) = name.filter(|name| name.len() <= MAX_NAME_BYTES) else {
                continue;
            };
            if counts.len() < MAX_NAMES || counts.contains_key(&name) {
                *counts.entry(name).or_default() += 1;
            }
        }
    }

    /// Users that it hit, as far as events tell; at most 4096.
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// Requests that it hit, as far as events tell; at most 4096.
    pub fn n_requests(&self) -> usize {
        self.requests.len()
    }

    /// How much it matters, beside the other bugs of the project: `newest` is the release that was seen last in all events.
    ///
    /// Reach counts by powers of two: 8 for each doubling of the users up to 64 points; requests count three quarters, events of
    /// nobody in particular half, since a retrying job logs a thousand of them. Then up to 16 for what the program did not
    /// catch, and 12 for what happens in the newest release; 8 less for what does no longer. Outside of production a fifth counts.
    pub fn priority(&self, newest: Option<&str>) -> Priority {
        let mut reasons = Vec::new();
        let at_least = |n: usize| if n >= MAX_DISTINCT { "at least " } else { "" };
        let doublings = |n: u64| (n as f64 + 1.0).log2();
        let (users, requests) = (self.n_users(), self.n_requests());
        let mut score = if users > 0 {
            reasons.push(format!(
                "{}{} hit",
                at_least(users),
                counted(users as u64, "user")
            ));
            8.0 * doublings(users as u64)
        } else if requests > 0 {
            let n = counted(requests as u64, "request");
            reasons.push(format!("{}{n} hit", at_least(requests)));
            6.0 * doublings(requests as u64)
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
        Priority {
            score: score.round().clamp(0.0, 100.0) as u8,
            reasons,
        }
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

fn note(set: &mut HashSet<u64>, event: &ErrorEvent, fields: &[&str]) {
    let value = fields.iter().find_map(|field| text(event, field));
    if let Some(value) = value
        && set.len() < MAX_DISTINCT
    {
        // With fixed keys, so that it is the same after a restart. Who finds a collision is one user less.
        set.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(value));
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
            impact.add(&ErrorEvent {
                attributes,
                release: Some("1.1".to_owned()),
                ..ErrorEvent::default()
            });
        }
        impact
    }

    fn score(impact: &Impact) -> u8 {
        impact.priority(None).score
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
        assert_eq!(users.priority(None).reasons, ["100 users hit"]);
    }

    #[test]
    fn release_environment_and_what_nobody_caught_count() {
        let plain = impact([json!({"user_id": "a"})]);
        let fatal = impact([json!({"user_id": "a", "level": "fatal"})]);
        assert!(score(&fatal) > score(&plain));
        let staging = impact([json!({"user_id": "a", "environment": "staging-eu"})]);
        let live = impact([json!({"user_id": "a", "environment": "prod"})]);
        assert!(score(&staging) < score(&live));
        assert!(plain.priority(Some("1.1")).score > plain.priority(Some("1.2")).score);
        let gone = plain.priority(Some("1.2"));
        assert_eq!(gone.reasons[1], "not seen in the newest release, 1.2");
    }

    #[test]
    fn what_is_kept_is_bounded_and_order_does_not_matter() {
        let event = |n: u64| json!({"user": {"id": n}, "environment": format!("e{n}")});
        let all = impact((0..10_000).map(event));
        assert_eq!(all.n_users(), MAX_DISTINCT);
        assert_eq!(all.environments.len(), MAX_NAMES);
        assert_eq!(all.priority(None).reasons[0], "at least 4096 users hit");
        let some = impact((0..10).map(event));
        assert_eq!(some, impact((0..10).rev().map(event)));
    }
}
