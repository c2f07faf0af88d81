//! Ways to group events, and how well they do: over all pairs of events, is a pair in one group, and of one bug?

use std::{collections::HashMap, hash::Hash};

use ingest::ErrorEvent;
use triage::{Clusters, Features};

use super::data::Labelled;

/// Pairs of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// In one group, and of one bug.
    pub right: usize,
    /// In one group.
    pub grouped: usize,
    /// Of one bug.
    pub alike: usize,
    pub groups: usize,
}

impl Score {
    pub fn of<K: Hash + Eq + Clone>(events: &[&Labelled], groups: &[K]) -> Self {
        let labels: Vec<&str> = events.iter().map(|e| e.label.as_str()).collect();
        let both: Vec<(K, &str)> = groups.iter().cloned().zip(labels.iter().copied()).collect();
        Self {
            right: pairs(&both),
            grouped: pairs(groups),
            alike: pairs(&labels),
            groups: counts(groups).len(),
        }
    }

    pub fn precision(&self) -> f64 {
        self.right as f64 / self.grouped.max(1) as f64
    }

    pub fn recall(&self) -> f64 {
        self.right as f64 / self.alike.max(1) as f64
    }

    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.grouped + self.alike).max(1) as f64
    }
}

fn counts<K: Hash + Eq>(keys: &[K]) -> HashMap<&K, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

fn pairs<K: Hash + Eq>(keys: &[K]) -> usize {
    counts(keys).values().map(|n| n * (n - 1) / 2).sum()
}

/// Ours: the bug of each event, as they come.
pub fn clusters(events: &[&Labelled]) -> Vec<u64> {
    let mut clusters = Clusters::default();
    let mut n = 0;
    let bug = |labelled: &&Labelled| {
        let features = Features::of(&labelled.event);
        let bug = clusters.find(&features).map_or_else(
            || {
                n += 1;
                n
            },
            |(bug, _)| bug,
        );
        clusters.insert(&features, bug);
        bug
    };
    events.iter().map(bug).collect()
}

/// Equal fingerprints.
pub fn fingerprints(events: &[&Labelled]) -> Vec<String> {
    let fingerprint = |e: &&Labelled| Features::of(&e.event).fingerprint.as_str().to_owned();
    events.iter().map(fingerprint).collect()
}

/// Equal types and innermost functions, as they are printed.
pub fn top_frames(events: &[&Labelled]) -> Vec<(String, String)> {
    let top = |e: &&Labelled| {
        let exception = e.event.exception();
        let frame = exception.frames.last();
        let function = frame.map(|frame| frame.function.clone());
        (exception.type_name.clone(), function.unwrap_or_default())
    };
    events.iter().map(top).collect()
}

/// The same with the frames of test frameworks and of the runtime left out.
pub fn top_application_frames(events: &[&Labelled]) -> Vec<(String, String)> {
    const OUT: [&str; 8] = [
        "junit.",
        "org.junit.",
        "org.hamcrest.",
        "org.mockito.",
        "org.testng.",
        "java.",
        "sun.",
        "org.apache.tools.ant.",
    ];
    let top = |e: &&Labelled| {
        let exception = e.event.exception();
        let mut frames = exception.frames.iter().rev();
        let frame = frames.find(|f| !OUT.iter().any(|out| f.function.starts_with(out)));
        let function = frame.map(|frame| frame.function.clone());
        (exception.type_name.clone(), function.unwrap_or_default())
    };
    events.iter().map(top).collect()
}

/// Whether a test's own check failed: then the trace says where it was noticed, and bugs with one helper look alike.
pub fn is_failed_check(event: &ErrorEvent) -> bool {
    let name = event.exception().type_name.as_str();
    [
        "AssertionError",
        "AssertionFailedError",
        "ComparisonFailure",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}
