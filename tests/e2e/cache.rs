//! What runs share.

use std::{fs, thread};

use tests::{Form, Outerloop};

use crate::shop;

#[test]
fn two_runs_at_once_share_a_fresh_cache() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    let cache = repository.beside("cache");
    let ran = thread::scope(|scope| {
        let both = [(); 2].map(|()| {
            scope.spawn(|| {
                Outerloop::fix(&log, &repository)
                    .and(["--output", "json"])
                    .cache(&cache)
                    .run()
            })
        });
        both.map(|one| one.join().unwrap())
    });
    let [one, other] = ran
        .each_ref()
        .map(|r| r.json(0)["bugs"][0]["fix"]["diff"].clone());
    assert_eq!(one, other);
    let installed = ran
        .iter()
        .filter(|r| r.errors().contains("installing pytest"))
        .count();
    assert_eq!(installed, 1, "the second waits for the first");
    let kept: Vec<_> = fs::read_dir(cache.join("tools"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(
        kept.iter().filter(|p| p.is_dir()).count(),
        1,
        "nothing half-made is left: {kept:?}"
    );
}

#[test]
fn a_cache_that_cannot_be_written_costs_the_suite_alone() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    let file = repository.beside("file");
    fs::write(&file, "no folder").unwrap();
    let ran = Outerloop::fix(&log, &repository).cache(&file).run();
    ran.ended(0);
    assert!(
        ran.errors()
            .contains("no pytest, so the repository's tests are not run"),
        "{}",
        ran.errors()
    );
}
