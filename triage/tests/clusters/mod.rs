//! Clusters against what people know.

pub mod data;
pub mod score;

use std::path::PathBuf;

use self::score::Score;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data")
        .join(name)
}

#[test]
fn defects4j() {
    let Some(all) = data::defects4j(&folder("defects4j")) else {
        eprintln!("skipped: there is no shared/data/defects4j");
        return;
    };
    let crashes: Vec<_> = all
        .iter()
        .filter(|e| !score::is_failed_check(&e.event))
        .collect();
    let ours = Score::of(&crashes, &score::clusters(&crashes));
    assert!(
        ours.precision() >= 0.95 && ours.recall() >= 0.78,
        "{ours:?}"
    );
    let exact = Score::of(&crashes, &score::fingerprints(&crashes));
    let top = Score::of(&crashes, &score::top_frames(&crashes));
    assert!(
        ours.f1() > exact.f1() && ours.f1() > top.f1(),
        "{ours:?} {exact:?} {top:?}"
    );

    let all: Vec<_> = all.iter().collect();
    let ours = Score::of(&all, &score::clusters(&all));
    assert!(ours.precision() >= 0.85, "{ours:?}");
}

#[test]
fn sentry_groups() {
    let Some(all) = data::sentry_groups(&folder("sentry_grouping")) else {
        eprintln!("skipped: there is no shared/data/sentry_grouping");
        return;
    };
    let all: Vec<_> = all.iter().collect();
    let ours = Score::of(&all, &score::clusters(&all));
    // The application's functions have one and the same name in these, so that three more pairs can't be told from others.
    assert_eq!((ours.right, ours.grouped), (2, 2), "{ours:?}");
}
