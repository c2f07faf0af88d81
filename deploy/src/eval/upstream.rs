//! What the gates are measured on: upstream's own change, and what the fixer found that cures the crash and is wrong.
//!
//! A release brings more than one fix, and the file that was mended may have changed for other reasons. So upstream's
//! change goes through the gates twice: as the whole change of that file, and reduced to the parts that trigger and
//! oracle ask for, which is what a pull request for this bug would have held.

use std::fs;

use anyhow::Context;
use serde_json::Value;
use similar::{ChangeTag, DiffTag, TextDiff};

use super::Bench;
use super::case::{Case, Ecosystem, Fix};
use super::gates::{Sent, What};
use super::run::Crash;
use super::score::{self, Verdict};

/// Wrong candidates of a case that are sent through the gates.
const MAX_WRONG: usize = 6;
/// Runs of trigger and oracle to find the parts of a change that they ask for.
const MAX_REDUCTIONS: usize = 200;

/// Sends what is known to be right or wrong for a case through the gates.
///
/// # Errors
/// If the scorer itself could not work.
pub(crate) fn send(
    case: &Case,
    bench: &Bench,
    crash: &Crash<'_>,
    answer: &Value,
) -> anyhow::Result<Vec<Sent>> {
    let Some(fix) = case.fix().filter(|_| case.ecosystem == Ecosystem::Pypi) else {
        return Ok(Vec::new());
    };
    let mut sent = Vec::new();
    let is_right = |diff: &str| {
        score::judge(case, &bench.cache, crash.source, crash.deps, diff)
            .map(|verdict| verdict == Verdict::Correct)
    };
    let verify = |what: What, diff: String| -> anyhow::Result<Sent> {
        let answer = bench.fixer.verify(crash, &diff)?;
        Ok(Sent::new(what, diff, answer))
    };
    match change(case, fix, bench, crash).and_then(|change| {
        anyhow::ensure!(
            is_right(&change.diff(&change.all()))?,
            "upstream's change of that file alone does not satisfy the oracle"
        );
        Ok(change)
    }) {
        Ok(change) => {
            // The oracle sees little of the package, so what it does not ask for may still belong to what it does: the
            // mended function is only cut where it is right by itself, and otherwise kept whole with what it needs.
            let inside = change.inside(&fix.function);
            let parts = if is_right(&change.diff(&inside))? {
                change.reduced(inside, |parts| is_right(&change.diff(parts)))?
            } else {
                let with = |parts: &[usize]| [inside.as_slice(), parts].concat();
                let outside = change.all().into_iter().filter(|p| !inside.contains(p));
                let needed = change.reduced(outside.collect(), |parts| {
                    is_right(&change.diff(&with(parts)))
                })?;
                with(&needed)
            };
            sent.push(verify(What::Fix, change.diff(&parts))?);
            sent.push(verify(What::File, change.diff(&change.all()))?);
        }
        Err(error) => sent.push(Sent::not_made(format!("{error:#}"))),
    }
    let bugs = answer["bugs"].as_array().into_iter().flatten();
    let cured = bugs.flat_map(|bug| bug["cured"].as_array().into_iter().flatten());
    let mut n_wrong = 0;
    for diff in cured.filter_map(Value::as_str) {
        if n_wrong < MAX_WRONG && !is_right(diff)? {
            n_wrong += 1;
            sent.push(verify(What::Wrong, diff.to_owned())?);
        }
    }
    Ok(sent)
}

/// Writes beside each behaviour that the fixer chose between whether it is right.
///
/// # Errors
/// If the scorer itself could not work.
pub(crate) fn judge_ranked(
    case: &Case,
    bench: &Bench,
    crash: &Crash<'_>,
    answer: &mut Value,
) -> anyhow::Result<()> {
    if case.fix().is_none() {
        return Ok(());
    }
    let bugs = answer["bugs"].as_array_mut().into_iter().flatten();
    for one in bugs.flat_map(|bug| bug["ranked"].as_array_mut().into_iter().flatten()) {
        let diff = one["diff"].as_str().unwrap_or_default();
        let is_right =
            score::judge(case, &bench.cache, crash.source, crash.deps, diff)? == Verdict::Correct;
        one["right"] = is_right.into();
    }
    Ok(())
}

/// A change of one file, in parts that can be left out.
struct Change {
    path: String,
    old: String,
    /// The new text as runs of lines: those of no number are in both, the others are old and new ones of a part.
    pieces: Vec<(Option<usize>, String, String)>,
}

/// What upstream did to the file that it mended.
fn change(case: &Case, fix: &Fix, bench: &Bench, crash: &Crash<'_>) -> anyhow::Result<Change> {
    let read = |source: &super::fetch::Source| {
        let path = source.root.join(&source.src_root).join(&fix.file);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let fixed = bench.cache.source(case, &fix.release)?;
    let path = crash.source.src_root.join(&fix.file);
    let parts = path
        .components()
        .filter(|c| *c != std::path::Component::CurDir);
    let path: std::path::PathBuf = parts.collect();
    Ok(Change::new(
        path.to_str().context("the path is not UTF-8")?,
        &read(crash.source)?,
        &read(&fixed)?,
    ))
}

impl Change {
    fn new(path: &str, old: &str, new: &str) -> Self {
        let diff = TextDiff::from_lines(old, new);
        let mut n = 0;
        let pieces = diff.ops().iter().map(|op| {
            let text = |without: ChangeTag| -> String {
                let kept = diff.iter_changes(op).filter(|c| c.tag() != without);
                kept.map(|c| c.value()).collect()
            };
            let number = (op.tag() != DiffTag::Equal).then(|| {
                n += 1;
                n - 1
            });
            (number, text(ChangeTag::Insert), text(ChangeTag::Delete))
        });
        Self {
            pieces: pieces.collect(),
            path: path.to_owned(),
            old: old.to_owned(),
        }
    }

    fn all(&self) -> Vec<usize> {
        self.pieces.iter().filter_map(|(n, ..)| *n).collect()
    }

    /// The change with some of its parts.
    fn diff(&self, parts: &[usize]) -> String {
        let new: String = self
            .pieces
            .iter()
            .map(|(n, old, new)| match n {
                Some(n) if !parts.contains(n) => old.as_str(),
                _ => new.as_str(),
            })
            .collect();
        let (from, to) = (format!("a/{}", self.path), format!("b/{}", self.path));
        TextDiff::from_lines(self.old.as_str(), &new)
            .unified_diff()
            .header(&from, &to)
            .to_string()
    }

    /// The parts that are in a function, told by its indentation in the new text.
    fn inside(&self, function: &str) -> Vec<usize> {
        let name = function.rsplit('.').next().unwrap_or(function);
        let depth = |line: &str| line.len() - line.trim_start().len();
        let mut around: Option<usize> = None;
        let mut out = Vec::new();
        for (part, old, new) in &self.pieces {
            let text = if new.is_empty() { old } else { new };
            let mut is_inside = around.is_some();
            for line in text.lines().filter(|l| !l.trim().is_empty()) {
                let starts = line.trim_start().trim_start_matches("async ");
                let is_it = starts
                    .strip_prefix("def ")
                    .and_then(|l| l.strip_prefix(name));
                if is_it.is_some_and(|rest| rest.starts_with('(')) {
                    around = Some(depth(line));
                } else if around
                    .is_some_and(|d| depth(line) <= d && !line.trim_start().starts_with(')'))
                {
                    around = None;
                }
                is_inside |= around.is_some();
            }
            out.extend(part.filter(|_| is_inside));
        }
        out
    }

    /// Of some parts those that are still right without the others, none of which can be left out.
    ///
    /// Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002), the complements.
    fn reduced(
        &self,
        mut parts: Vec<usize>,
        is_right: impl Fn(&[usize]) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Vec<usize>> {
        let (mut n_chunks, mut n_runs) = (2, 0);
        while parts.len() > 1 && n_runs < MAX_REDUCTIONS {
            let size = parts.len().div_ceil(n_chunks);
            let mut smaller = None;
            for chunk in parts.chunks(size) {
                let rest: Vec<usize> = parts
                    .iter()
                    .copied()
                    .filter(|p| !chunk.contains(p))
                    .collect();
                n_runs += 1;
                if is_right(&rest)? {
                    smaller = Some(rest);
                    break;
                }
            }
            match smaller {
                Some(rest) => {
                    parts = rest;
                    n_chunks = (n_chunks - 1).max(2);
                }
                None if size == 1 => break,
                None => n_chunks = (n_chunks * 2).min(parts.len()),
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";
    const NEW: &str = "ONE\ntwo\nTHREE\nfour\nFIVE\nsix\nseven\n";

    #[track_caller]
    fn check(needed: &[&str], expected: &[usize]) {
        let change = Change::new("a.txt", OLD, NEW);
        let reduced = change.reduced(change.all(), |parts| {
            let diff = change.diff(parts);
            Ok(needed.iter().all(|line| diff.contains(line)))
        });
        assert_eq!(reduced.expect("the judge does not fail"), expected);
    }

    #[test]
    fn a_change_is_reduced_to_what_is_needed() {
        check(&["+THREE\n"], &[1]);
        check(&["+ONE\n", "+seven\n"], &[0, 3]);
        check(
            &["+ONE\n", "+THREE\n", "+FIVE\n", "+seven\n"],
            &[0, 1, 2, 3],
        );
    }

    #[test]
    fn parts_in_a_function_are_told() {
        let old = "import a\ndef f(x):\n    x\n    y\nclass C:\n    def g(self):\n        u\n\n        v\n    w = 1\n";
        let new = old
            .replace('a', "b")
            .replace('y', "Y")
            .replace('v', "V")
            .replace("1", "2");
        let change = Change::new("a.py", old, &new);
        assert_eq!(change.inside("f"), [1]);
        assert_eq!(change.inside("C.g"), [2]);
        assert_eq!(change.inside("h"), [0; 0]);
    }

    #[test]
    fn a_part_that_is_left_out_stays_as_it_was() {
        let diff = Change::new("a.txt", OLD, NEW).diff(&[1]);
        assert!(diff.starts_with("--- a/a.txt\n+++ b/a.txt\n"), "{diff}");
        assert!(diff.contains("-three\n+THREE\n"), "{diff}");
        assert!(!diff.contains("ONE") && !diff.contains("seven"), "{diff}");
    }
}
