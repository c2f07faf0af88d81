//! Our groups of lines against people's labels of Loghub-2k, headers included, with one setting for all systems.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../examples/loghub/score.rs"]
mod score;

use std::path::Path;

#[test]
fn lines_are_grouped_as_people_group_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/loghub2k");
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let (mut ga, mut fga, mut n) = (0.0, 0.0, 0.0);
    for system in score::systems(&folder).unwrap() {
        let found = triage::of_lines(system.lines.join("\n").as_bytes()).unwrap();
        let groups: Vec<u64> = found.ids.iter().map(|id| u64::from(id.0)).collect();
        let score = score::score(&groups, &system.events);
        eprintln!("{}: GA {:.4}, FGA {:.4}", system.name, score.ga, score.fga);
        ga += score.ga;
        fga += score.fga;
        n += 1.0;
    }
    // 0.9992 and 0.9984 on eight systems; systems that nobody looked at will do worse.
    assert!(
        ga / n > 0.97 && fga / n > 0.95,
        "GA {}, FGA {}",
        ga / n,
        fga / n
    );
}
