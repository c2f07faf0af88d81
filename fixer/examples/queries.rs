//! Times queries in one process: `queries REPOSITORY INDEX ROUNDS QUERY…` prints their p50 and p99 in milliseconds.
//! `tests/search/compare.py` runs it.
#![allow(clippy::unwrap_used, reason = "a tool of our own may panic")]

use std::{path::Path, time::Instant};

use fixer::{
    git::Repository,
    search::{Index, Kind, Query},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, folder, rounds, queries @ ..] = arguments.as_slice() else {
        panic!("usage: queries REPOSITORY INDEX ROUNDS QUERY…");
    };
    let repository = Repository::open(Path::new(repository)).unwrap();
    let commit = repository.resolve("HEAD").unwrap();
    let index = Index::open(&repository, &commit, Path::new(folder), &|_| ()).unwrap();
    let mut times = Vec::new();
    for round in 0..=rounds.parse().unwrap() {
        for text in queries {
            let query = Query {
                text,
                kind: Kind::Text,
                stack: &[],
                limit: 10,
            };
            let started = Instant::now();
            index.search(&query).unwrap();
            // The first round fills the memory with the files' pages.
            if round > 0 {
                times.push(started.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{:.2} {:.2}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}
