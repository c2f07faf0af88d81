//! What the repository's own past says of a crash: since which commit it is there, and what came before it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    behaviour::observed,
    engine::{Crash, Work},
    explorer::Explorer,
    judge::{mask, wording},
    run::{Bench, Kind, Mode, Raised, Ran, Run},
};
use crate::{
    FixError, History, Report,
    checkout::Checkout,
    git::{CommitSha, Repository},
};

/// Commits that are looked back at, by first parents: a regression that is older is one that people live with.
const MAX_COMMITS: usize = 200;
/// Commits tried: halving gets through all of them with as many to spare for those that cannot tell.
const MAX_TRIED: usize = 16;
/// The share of the bug's time that the search may take.
const SHARE: f64 = 0.2;
/// Seconds for the crashing input, in one commit.
const TIMEOUT: f64 = 5.0;
/// Bytes of a commit's files: each is written to disk, and an old one may hold what was thrown out since.
const MAX_TREE_BYTES: u64 = 256 << 20;

/// The last commit that did not crash, and the first that does.
pub(super) struct Past<'a> {
    pub(super) good: Checkout,
    /// None: the one that failed.
    pub(super) bad: Option<Checkout>,
    /// What the crashing input gave, in the isolate that is explored in; none where that is not the same each time.
    pub(super) gave: Option<Ran>,
    explorer: Option<Explorer<'a>>,
}

impl Past<'_> {
    /// Its short name, for people.
    pub(super) fn name(&self) -> &str {
        short(self.good.commit())
    }

    /// Runs scripts on the last good commit, in the isolate that is explored in.
    pub(super) fn run(
        &mut self,
        bench: &Bench<'_>,
        runs: &[Run],
        wall: Duration,
    ) -> Result<Vec<Ran>, FixError> {
        let bench = bench_of(bench, &self.good);
        match &mut self.explorer {
            Some(explorer) => explorer.run(&bench, runs, wall),
            None => Ok(bench.run(runs, Mode::explore(wall))?.runs),
        }
    }
}

pub(super) fn short(commit: &CommitSha) -> &str {
    &commit.as_str()[..10]
}

/// What a commit does on the crashing input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Crash,
    Return,
    /// It does something else, or is not there as yet.
    CannotTell,
}

impl<'a> Work<'a> {
    /// Looks for the last ancestor that did not crash; nothing is run where there is no ancestor.
    pub(super) fn look_back(
        &self,
        crash: &Crash,
        report: &mut Report,
    ) -> Result<Option<Past<'a>>, FixError> {
        let repository = self.task.repository;
        // A history that cannot be read is none: the bug is worked on without.
        let ancestors = repository
            .ancestors(self.task.checkout.commit(), MAX_COMMITS)
            .unwrap_or_default();
        if ancestors.is_empty() {
            return Ok(None);
        }
        (self.task.progress)("looking for the last commit that did not crash");
        let over = self.bench.left().mul_f64(1.0 - SHARE);
        let mut n_tried = 0;
        let found = bisect(ancestors.len(), |at| {
            let left = self.bench.left().saturating_sub(over);
            if left.is_zero() || n_tried == MAX_TRIED {
                return Ok(None);
            }
            n_tried += 1;
            let does = match checkout(repository, &ancestors[at]) {
                Some(tree) => self.does(&tree, crash, left)?,
                None => Does::CannotTell,
            };
            tracing::debug!("{} would {does:?}", short(&ancestors[at]));
            Ok::<_, FixError>(Some(does))
        })?;
        let Some((good, bad)) = found else {
            return Ok(None);
        };
        let bad = bad.and_then(|at| checkout(repository, &ancestors[at]));
        let Some(good) = checkout(repository, &ancestors[good]) else {
            return Ok(None);
        };
        let first_bad = bad
            .as_ref()
            .map_or(self.task.checkout.commit(), |b| b.commit());
        report.history = Some(History {
            last_good: good.commit().clone(),
            first_bad: first_bad.clone(),
        });
        let mut past = Past {
            good,
            bad,
            gave: None,
            explorer: (self.task.wasm.filter(|_| self.explorer.is_some())).map(Explorer::new),
        };
        let left = self.bench.left().saturating_sub(over);
        let ran = past.run(&self.bench, &twice(crash), left.max(Duration::from_secs(2)))?;
        past.gave = match ran.as_slice() {
            [one, two] if is_ok(one) && is_ok(two) && observed(one) == observed(two) => {
                Some(one.clone())
            }
            _ => None,
        };
        Ok(Some(past))
    }

    /// What a commit does on the crashing input, natively, where the crash is sure to happen.
    fn does(&self, tree: &Checkout, crash: &Crash, wall: Duration) -> Result<Does, FixError> {
        let bench = bench_of(&self.bench, tree);
        let batch = bench.run(&twice(crash), Mode::explore(wall))?;
        let is_same = |ran: &Ran| {
            ran.error
                .as_ref()
                .is_some_and(|e| is_crash(e, &crash.native))
        };
        Ok(match batch.runs.as_slice() {
            [one, two] if is_ok(one) && is_ok(two) => Does::Return,
            [one, two] if is_same(one) && is_same(two) => Does::Crash,
            _ => Does::CannotTell,
        })
    }
}

fn is_ok(ran: &Ran) -> bool {
    ran.outcome == Kind::Ok
}

/// Whether an exception of another commit is the crash: its lines lie elsewhere there.
fn is_crash(error: &Raised, crash: &Raised) -> bool {
    let said = |e: &Raised| mask(&wording(&e.type_name, &e.message));
    error.type_name == crash.type_name && said(error) == said(crash)
}

/// What chance decides is no regression, and nothing to expect.
fn twice(crash: &Crash) -> [Run; 2] {
    let text = crash.script.text();
    [0, 1].map(|id| Run {
        timeout: TIMEOUT,
        ..Run::script(id, &text)
    })
}

fn bench_of<'b>(bench: &Bench<'b>, tree: &'b Checkout) -> Bench<'b> {
    Bench {
        tree: tree.tree(),
        ..bench.clone()
    }
}

/// The files of a commit; none where they are not all there, as in a partial clone, or too many.
fn checkout(repository: &Repository, commit: &CommitSha) -> Option<Checkout> {
    let files = repository.sized_files(commit).ok()?;
    let n_bytes = files
        .iter()
        .fold(0u64, |n, (_, size)| n.saturating_add(*size));
    (n_bytes <= MAX_TREE_BYTES).then(|| Checkout::of(repository, commit.clone()).ok())?
}

/// The places of the last good commit and of the first bad one (none: the one that failed) among `n` ancestors, the
/// nearest first; `None` where no good one is seen.
///
/// `does` ends the search where it gives `None`: what was seen until then is told.
fn bisect<E>(
    n: usize,
    mut does: impl FnMut(usize) -> Result<Option<Does>, E>,
) -> Result<Option<(usize, Option<usize>)>, E> {
    // The oldest first: where that one crashes already, which is usual, one run has told.
    let Some(mut old) = n.checked_sub(1) else {
        return Ok(None);
    };
    let mut is_good = match does(old)? {
        Some(Does::Return) => true,
        Some(Does::CannotTell) => false,
        Some(Does::Crash) | None => return Ok(None),
    };
    let mut bad = None;
    let mut skipped = BTreeSet::new();
    loop {
        let from = bad.map_or(0, |bad: usize| bad + 1);
        let middle = (from + old) / 2;
        let next = (from..old)
            .filter(|at| !skipped.contains(at))
            .min_by_key(|at| at.abs_diff(middle));
        let Some(next) = next else { break };
        match does(next)? {
            None => break,
            Some(Does::Crash) => bad = Some(next),
            Some(Does::Return) => (old, is_good) = (next, true),
            Some(Does::CannotTell) if is_good => drop(skipped.insert(next)),
            // As long as none was good, what cannot tell is taken to be from before the code was written.
            Some(Does::CannotTell) => old = next,
        }
    }
    Ok(is_good.then_some((old, bad)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits from the newest to the oldest: `x` crashes, `o` returns, `?` cannot tell.
    #[track_caller]
    fn check(commits: &str, expected: Option<(usize, Option<usize>)>, max_tried: usize) {
        let mut n_tried = 0;
        let found = bisect(commits.len(), |at| {
            n_tried += 1;
            assert!(n_tried <= max_tried, "{commits} took more than {max_tried}");
            Ok::<_, ()>(Some(match commits.as_bytes()[at] {
                b'x' => Does::Crash,
                b'o' => Does::Return,
                _ => Does::CannotTell,
            }))
        });
        assert_eq!(found, Ok(expected), "{commits}");
    }

    #[test]
    fn the_last_good_commit_is_found() {
        check("", None, 0);
        check("o", Some((0, None)), 1);
        check("x", None, 1);
        check("?", None, 1);
        check("xo", Some((1, Some(0))), 2);
        check("xxxxxxxx", None, 1);
        check("xxxooooo", Some((3, Some(2))), 4);
        check("oooooooo", Some((0, None)), 4);
        check("xxo?????", Some((2, Some(1))), 4);
        check("xxxx????", None, 4);
        check("xx??oooo", Some((4, Some(1))), 6);
        check(
            &format!("{}{}", "x".repeat(77), "o".repeat(123)),
            Some((77, Some(76))),
            9,
        );
    }

    #[test]
    fn what_was_seen_before_the_time_was_over_is_told() {
        let mut n_tried = 0;
        let found = bisect(8, |at| {
            n_tried += 1;
            Ok::<_, ()>((n_tried < 3).then_some(if at < 5 { Does::Crash } else { Does::Return }))
        });
        assert_eq!(found, Ok(Some((7, Some(3)))));
    }
}
