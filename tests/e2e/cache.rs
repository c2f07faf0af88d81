//! What runs share.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use sha2::{Digest, Sha256};
use tests::{Form, Outerloop, Repository, exploring_isolate};

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

/// Whether there is bytecode of this text in a cache, in whichever guest's folder.
fn has_bytecode(cache: &Path, text: &[u8]) -> bool {
    let name: String = Sha256::digest(text)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let guests = fs::read_dir(cache.join("bytecode")).unwrap();
    guests
        .map(|g| g.unwrap().path().join(&name))
        .any(|entry| entry.exists())
}

#[test]
fn bytecode_is_kept_of_the_commit_and_of_no_patch() {
    if exploring_isolate() != "wasm-python" {
        return;
    }
    // Its text is like no other test's, and no run before this one has met it.
    let nonce = PathBuf::from(tempfile::tempdir().unwrap().path().file_name().unwrap());
    let text = format!("# {}\n{}", nonce.display(), shop::PRICING);
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/pricing.py", &text)]);
    let log = shop::crash(&repository, Form::Sentry);
    let cache = tests::cache();
    let run = || {
        Outerloop::fix(&log, &repository)
            .and(["--output", "json"])
            .run()
    };
    let first = run().json(0)["bugs"][0]["fix"]["diff"].clone();
    assert!(has_bytecode(&cache, text.as_bytes()));
    let second = run().json(0)["bugs"][0]["fix"]["diff"].clone();
    assert_eq!(first, second, "an import from bytecode is the same");
    Outerloop::fix(&log, &repository)
        .and(["--apply"])
        .run()
        .ended(0);
    let patched = fs::read(repository.root().join("shop/pricing.py")).unwrap();
    assert_ne!(patched, text.as_bytes());
    assert!(!has_bytecode(&cache, &patched));
}
