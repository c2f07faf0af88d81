//! How fast events find their bugs, and what a bug costs, as the number of bugs grows.
//!
//! `cargo run --release -p triage --example storm -- [EVENTS]`: 1,000,000 events (or so many) of 500, 5,000 and 50,000 bugs, some
//! much more frequent than others. A bug has one place in the program; its events come from up to five callers, on lines that move with each of four
//! releases, for up to 1,000 users. The events are made beforehand, in parts, and not timed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example may panic, and prints"
)]

use std::{
    collections::HashSet,
    fs,
    time::{Duration, Instant},
};

use ingest::{ErrorEvent, Exception, Frame, Platform};
use triage::{Clusters, Features, Impact, Why};

const TYPES: [&str; 6] = [
    "KeyError",
    "TypeError",
    "ValueError",
    "AttributeError",
    "IndexError",
    "ZeroDivisionError",
];

fn main() {
    let n_events: u64 = std::env::args()
        .nth(1)
        .map_or(1_000_000, |text| text.parse().expect("a number of events"));
    println!(
        "| bugs | found | events/s | median µs | 99% µs | bytes a bug | bytes a bug, stored |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for n_bugs in [500, 5_000, 50_000] {
        storm(n_events, n_bugs);
    }
}

fn storm(n_events: u64, n_bugs: u64) {
    let mut clusters = Clusters::default();
    let mut bugs: Vec<Impact> = Vec::new();
    let mut stored: HashSet<String> = HashSet::new();
    let mut made: HashSet<u64> = HashSet::new();
    let mut times: Vec<u32> = Vec::with_capacity(n_events as usize);
    let mut numbers = Numbers(n_bugs);
    let before = resident_bytes();
    let mut spent = Duration::ZERO;
    let mut n_stored_bytes = 0;
    let mut left = n_events;
    while left > 0 {
        let part: Vec<ErrorEvent> = (0..left.min(1_000))
            .map(|_| {
                let bug = numbers.below(n_bugs).min(numbers.below(n_bugs));
                made.insert(bug);
                event(&mut numbers, bug)
            })
            .collect();
        left -= part.len() as u64;
        for event in &part {
            let began = Instant::now();
            let features = Features::of(event);
            let bug = match clusters.find(&features) {
                Some((bug, Why::Equal)) => bug,
                Some((bug, _)) => {
                    clusters.insert(&features, bug);
                    bug
                }
                None => {
                    clusters.insert(&features, bugs.len() as u64);
                    bugs.push(Impact::default());
                    bugs.len() as u64 - 1
                }
            };
            bugs[bug as usize].add(event, None);
            let took = began.elapsed();
            spent += took;
            times.push(took.as_nanos().min(u128::from(u32::MAX)) as u32);
            if stored.insert(features.fingerprint.as_str().to_owned()) {
                n_stored_bytes += serde_json::to_vec(&features).unwrap().len();
            }
        }
    }
    drop(stored);
    let resident = resident_bytes().saturating_sub(before + 4 * n_events as usize);
    for impact in &bugs {
        n_stored_bytes += serde_json::to_vec(impact).unwrap().len();
    }
    times.sort_unstable();
    let at = |share: f64| f64::from(times[((times.len() - 1) as f64 * share) as usize]) / 1e3;
    println!(
        "| {} | {} | {:.0} | {:.1} | {:.1} | {} | {} |",
        made.len(),
        bugs.len(),
        n_events as f64 / spent.as_secs_f64(),
        at(0.5),
        at(0.99),
        resident / bugs.len(),
        n_stored_bytes / bugs.len(),
    );
}

/// An event of a bug.
fn event(numbers: &mut Numbers, bug: u64) -> ErrorEvent {
    let caller = numbers.below(5).min(numbers.below(5));
    let release = numbers.below(4);
    let user = numbers.below(1_000);
    let line = |base: u64| Some((base + 7 * release) as u32);
    let frame = |module: String, function: String, at: u64, source: String| Frame {
        path: format!("/srv/releases/{release}/shop/{module}.py"),
        function,
        line: line(at),
        context_line: Some(source),
        in_app: Some(true),
        ..Frame::default()
    };
    let mut frames = vec![
        frame(
            "app".into(),
            "handle".into(),
            40,
            "return view(request)".into(),
        ),
        frame(
            format!("views_{}", letters(bug % 400)),
            format!("view_{}", letters(caller)),
            80,
            format!("return step_{}(request)", letters(bug)),
        ),
    ];
    frames.extend((0..12).map(|n| {
        frame(
            format!("services_{}", letters(bug % 900)),
            format!("step_{}_{}", letters(n), letters(bug)),
            120 + n,
            format!("step_{}(order)", letters(n + 1)),
        )
    }));
    ErrorEvent {
        platform: Platform::Python,
        release: Some(format!("1.{release}")),
        timestamp: Some(format!(
            "2026-09-{:02}T10:{:02}:00Z",
            1 + numbers.below(14),
            numbers.below(60)
        )),
        exceptions: vec![Exception {
            type_name: TYPES[(bug % 6) as usize].to_owned(),
            message: format!("'{}' of order {}", letters(user), numbers.below(1 << 40)),
            frames,
            ..Exception::default()
        }],
        attributes: [("user_id".to_owned(), user.into())].into(),
        ..ErrorEvent::default()
    }
}

/// A number in letters: a name that is not taken for a generated one.
fn letters(number: u64) -> String {
    number
        .to_string()
        .bytes()
        .map(|digit| {
            ["ka", "lo", "mi", "nu", "pe", "ra", "so", "ti", "vu", "ze"][usize::from(digit - b'0')]
        })
        .collect()
}

/// Numbers that are the same in each run (SplitMix64: Steele et al., OOPSLA 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// Memory of the process that is in use; 0 where the system doesn't say.
fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|n| n.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
