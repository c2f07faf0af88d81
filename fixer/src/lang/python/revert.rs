//! Candidates that undo what was changed between the last commit that did not crash and the first that does.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use similar::{DiffTag, TextDiff};

use super::{
    behaviour::Cured,
    engine::{Crash, Work},
    history::Past,
    hunks::is_same_code,
    judge::{self, Judged, Promised},
    project::{MAX_FILE_BYTES, is_test},
    run::Ran,
    source::PyFile,
};
use crate::{FixError, Report, candidate::Candidate, frames::Mapped, git};

/// The rule that brings back what was taken out, and takes nothing away.
const PUT_BACK: &str = "put back what was taken out since it worked";
/// The rule that also takes away what came in its place.
const UNDO: &str = "undo a change since it worked";

/// Whether a candidate takes away what a change was made for. That it then gives what was given before says nothing.
pub(super) fn is_undoing(candidate: &Candidate) -> bool {
    candidate.rules.contains(&UNDO)
}

/// Candidates that undo changes; those of the crashing function come first.
const MAX_REVERTS: usize = 80;
/// Hunks of a cure that are left out in turn, for it to undo no more than it must.
const MAX_REDUCED: usize = 40;
/// How often they are.
const MAX_ROUNDS: usize = 4;

/// A file of the stack, as it is, as it was when the crash came, and before.
struct Changed {
    path: String,
    now: String,
    bad: String,
    good: String,
    hunks: Vec<Hunk>,
}

/// Lines that were changed together; of as many lines that took the place of others each is a hunk, so that one can be
/// undone without the next.
struct Hunk {
    bad: Range<usize>,
    good: Range<usize>,
    /// How near to the crash it lies.
    place: Place,
}

/// Where a hunk lies, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In the function that crashed.
    Crashing,
    /// In another one on the stack, by its distance.
    OnStack(usize),
    Elsewhere,
}

/// Some hunks, as places of a file and of a hunk in it.
type Hunks = BTreeSet<(usize, usize)>;

impl Work<'_> {
    /// Undoes what was changed since the last good commit, in files on the stack, and keeps what cures.
    pub(super) fn undo_changes(
        &mut self,
        past: &Past<'_>,
        crash: &Crash,
        promised: &Promised,
        report: &mut Report,
    ) -> Result<Vec<Cured>, FixError> {
        let changed = self.changed(past, crash);
        let candidates = candidates(&changed, &sets(&changed));
        let mut cured = self.keep_cures(&candidates, crash, promised, report)?;
        // One hunk alone says which; of many, those that are not needed are left as they are.
        let is_whole = cured.iter().all(|(at, _)| candidates[*at].0.len() > 1);
        if let Some((at, _)) = cured.first().filter(|_| is_whole) {
            let (hunks, candidate) = &candidates[*at];
            let found = (hunks.clone(), candidate.prior);
            cured.extend(self.reduce(&changed, found, crash, promised, report)?);
        }
        Ok(cured.into_iter().map(|(_, one)| one).collect())
    }

    /// Files on the stack that were changed then.
    fn changed(&self, past: &Past<'_>, crash: &Crash) -> Vec<Changed> {
        // Innermost first: of the run, then of the event, which may know more of the callers.
        let ran = crash.explored.frames.iter().rev().filter(|f| f.repo);
        let mut stack: Vec<(&str, &str)> = ran
            .map(|f| (f.path.as_str(), f.function.as_str()))
            .collect();
        for (frame, mapped) in self.exception.frames.iter().zip(self.mapped).rev() {
            if let Mapped::File(path) = mapped {
                let function = frame.function.rsplit('.').next().unwrap_or_default();
                stack.push((path, function));
            }
        }
        let mut out: Vec<Changed> = Vec::new();
        for (path, _) in &stack {
            if is_test(path) || out.iter().any(|c| c.path == *path) {
                continue;
            }
            let Some(now) = self.project.read(path) else {
                continue;
            };
            let bad = past
                .bad
                .as_ref()
                .map_or_else(|| now.to_string(), |b| b.text(path));
            let good = past.good.text(path);
            let is_sane = |text: &str| !text.is_empty() && text.len() as u64 <= MAX_FILE_BYTES;
            if bad == good || !is_sane(&bad) || !is_sane(&good) {
                continue;
            }
            out.push(Changed::of(path, &now, bad, good, &stack));
        }
        out
    }

    /// Runs candidates and keeps the cures, each with its place among them.
    fn keep_cures(
        &mut self,
        candidates: &[(Hunks, Candidate)],
        crash: &Crash,
        promised: &Promised,
        report: &mut Report,
    ) -> Result<Vec<(usize, Cured)>, FixError> {
        let all: Vec<Candidate> = candidates.iter().map(|(_, c)| c.clone()).collect();
        report.n_candidates += all.len();
        let ran: Vec<Ran> = self.execute(&all, &crash.script, 0, 0.15)?;
        let cures = ran.into_iter().filter_map(|ran| {
            let candidate = all[ran.id].clone();
            let judged = judge::outcome(&ran, &crash.explored, promised, &candidate, self.project);
            matches!(judged, Judged::Cured).then_some((ran.id, Cured { candidate, ran }))
        });
        Ok(cures.collect())
    }

    /// A cure with fewer hunks: those that can each be left alone are, all of them if that cures as well, else one.
    fn reduce(
        &mut self,
        changed: &[Changed],
        (mut hunks, prior): (Hunks, f64),
        crash: &Crash,
        promised: &Promised,
        report: &mut Report,
    ) -> Result<Option<(usize, Cured)>, FixError> {
        let mut best = None;
        for _ in 0..MAX_ROUNDS {
            if hunks.len() < 2
                || hunks.len() > MAX_REDUCED
                || self.bench.left() < Duration::from_secs(5)
            {
                break;
            }
            let without = hunks.iter().map(|one| {
                let rest: Hunks = hunks.iter().filter(|h| *h != one).copied().collect();
                (rest, prior)
            });
            let alone = candidates(changed, &without.collect::<Vec<_>>());
            let cures = self.keep_cures(&alone, crash, promised, report)?;
            let Some((first, _)) = cures.first() else {
                break;
            };
            // What is in all of them is in what is left when all that can be is left alone.
            let needed: Hunks = hunks
                .iter()
                .filter(|h| cures.iter().all(|(at, _)| alone[*at].0.contains(h)))
                .copied()
                .collect();
            let together = candidates(changed, &[(needed, prior)]);
            let together_cures = self.keep_cures(&together, crash, promised, report)?;
            let (left, cure) = match together_cures.into_iter().next() {
                Some(cure) => (together[0].0.clone(), cure),
                None => {
                    let left = alone[*first].0.clone();
                    let Some(cure) = cures.into_iter().next() else {
                        break;
                    };
                    (left, cure)
                }
            };
            hunks = left;
            best = Some(cure);
        }
        Ok(best)
    }
}

impl Changed {
    fn of(path: &str, now: &str, bad: String, good: String, stack: &[(&str, &str)]) -> Self {
        let file = PyFile::parse(path, &bad);
        let place = |lines: Range<usize>| {
            // A hunk that only takes lines away has none of its own here: the line before says where.
            let mut lines = lines.start.max(1)..=lines.end.max(1);
            let names: BTreeSet<&str> = lines
                .by_ref()
                .filter_map(|line| Some(file.name_of(file.function_at(line as u32)?)))
                .collect();
            let mut frames = stack.iter().enumerate();
            match frames.find(|(_, (p, f))| *p == path && names.contains(f)) {
                Some((0, _)) => Place::Crashing,
                Some((nth, _)) => Place::OnStack(nth),
                None => Place::Elsewhere,
            }
        };
        let hunks = changes(&bad, &good).map(|(bad, good)| Hunk {
            place: place(bad.clone()),
            bad,
            good,
        });
        let hunks = hunks.collect();
        Self {
            path: path.to_owned(),
            now: now.to_owned(),
            bad,
            good,
            hunks,
        }
    }

    /// Whether undoing a hunk leaves every word where it is, and puts others between them.
    fn is_put_back(&self, hunk: usize) -> bool {
        let Hunk { bad, good, .. } = &self.hunks[hunk];
        let words = |text: &str, lines: &Range<usize>| -> Vec<String> {
            let lines = text
                .split_inclusive('\n')
                .skip(lines.start)
                .take(lines.len());
            lines.flat_map(words).collect()
        };
        let mut put_back = words(&self.good, good).into_iter();
        words(&self.bad, bad)
            .iter()
            .all(|word| put_back.any(|w| w == *word))
    }

    /// Today's text with some hunks undone; none where they no longer apply, or say nothing to the interpreter.
    fn undone(&self, hunks: &BTreeSet<usize>) -> Option<String> {
        let [bad, good] =
            [&self.bad, &self.good].map(|t| t.split_inclusive('\n').collect::<Vec<_>>());
        let (mut text, mut at) = (String::new(), 0);
        for hunk in hunks.iter().map(|nth| &self.hunks[*nth]) {
            text.extend(bad[at..hunk.bad.start].iter().copied());
            text.extend(good[hunk.good.clone()].iter().copied());
            at = hunk.bad.end;
        }
        text.extend(bad[at..].iter().copied());
        let text = match self.now == self.bad {
            true => text,
            false => git::merge(&self.now, &self.bad, &text).ok()??,
        };
        (!is_same_code(&self.now, &text)).then_some(text)
    }
}

/// Names, numbers and signs of a line.
fn words(line: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in line.chars() {
        let goes_on = c.is_alphanumeric() || c == '_';
        match out.last_mut().filter(|_| is_open && goes_on) {
            Some(word) => word.push(c),
            None if c.is_whitespace() => {}
            None => out.push(c.to_string()),
        }
        is_open = goes_on;
    }
    out
}

/// The lines that two texts differ in, in their order.
fn changes(bad: &str, good: &str) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    // Two large texts that have nothing in common take long; a coarse difference of those will do.
    let diff = TextDiff::configure()
        .timeout(Duration::from_secs(1))
        .diff_lines(bad, good);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let changed: Vec<_> = changed.map(|op| (op.old_range(), op.new_range())).collect();
    changed
        .into_iter()
        .flat_map(|(bad, good)| match bad.len() == good.len() {
            true => bad.zip(good).map(|(b, g)| (b..b + 1, g..g + 1)).collect(),
            false => vec![(bad, good)],
        })
}

/// Which hunks are undone together, the likeliest first, with a prior.
///
/// The priors are lower than those of most forms: only what the last good commit gave says that the way back is the way on.
fn sets(changed: &[Changed]) -> Vec<(Hunks, f64)> {
    let mut all: Vec<(Place, (usize, usize))> = Vec::new();
    for (file, one) in changed.iter().enumerate() {
        all.extend((one.hunks.iter().enumerate()).map(|(at, h)| (h.place, (file, at))));
    }
    all.sort();
    let mut places: Vec<Place> = all.iter().map(|(place, _)| *place).collect();
    places.dedup();
    let mut out: Vec<(Hunks, f64)> = Vec::new();
    for place in places {
        let here = || (all.iter().filter(|(p, _)| *p == place)).map(|(_, hunk)| *hunk);
        let prior = match place {
            Place::Crashing => 0.45,
            Place::OnStack(_) => 0.4,
            Place::Elsewhere => 0.3,
        };
        out.extend(here().map(|hunk| ([hunk].into(), prior)));
        if place != Place::Elsewhere {
            out.push((here().collect(), prior - 0.02));
        }
    }
    out.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Whole files always have their turn.
    out.truncate(MAX_REVERTS);
    for file in 0..changed.len() {
        let hunks = all.iter().map(|(_, hunk)| *hunk).filter(|h| h.0 == file);
        out.push((hunks.collect(), 0.28));
    }
    out.push((all.iter().map(|(_, hunk)| *hunk).collect(), 0.25));
    out.retain(|(hunks, _)| !hunks.is_empty());
    out
}

/// The candidates that undo these sets, each once.
fn candidates(changed: &[Changed], sets: &[(Hunks, f64)]) -> Vec<(Hunks, Candidate)> {
    let mut out: Vec<(Hunks, Candidate)> = Vec::new();
    for (hunks, prior) in sets {
        let is_put_back = hunks
            .iter()
            .all(|(file, at)| changed[*file].is_put_back(*at));
        let (rule, share) = if is_put_back {
            (PUT_BACK, 1.0)
        } else {
            (UNDO, 0.5)
        };
        let mut candidate = Candidate {
            rules: vec![rule],
            prior: prior * share,
            ..Candidate::default()
        };
        for (file, one) in changed.iter().enumerate() {
            let own: BTreeSet<usize> = hunks
                .iter()
                .filter(|(f, _)| *f == file)
                .map(|(_, at)| *at)
                .collect();
            if let Some(text) = (!own.is_empty()).then(|| one.undone(&own)).flatten() {
                candidate.files.insert(one.path.clone(), text);
            }
        }
        let is_known = out.iter().any(|(_, c)| c.files == candidate.files);
        if !candidate.files.is_empty() && !is_known {
            out.push((hunks.clone(), candidate));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "import os\n\ndef f(x):\n    return x or 0\n\ndef g(x):\n    y = f(x)\n    return y\n";
    const BAD: &str = "import os\n\ndef f(x):\n    return x[0]\n\ndef g(x):\n    y = f(x)\n    # Why.\n    return y + 1\n";

    /// The texts that candidates give, the likeliest first, for a file that is `now`.
    fn texts(now: &str) -> Vec<String> {
        let stack = [("m.py", "f"), ("m.py", "g")];
        let changed = Changed::of("m.py", now, BAD.to_owned(), GOOD.to_owned(), &stack);
        let candidates = candidates(&[changed], &sets_of(now));
        candidates
            .into_iter()
            .map(|(_, c)| c.files["m.py"].clone())
            .collect()
    }

    fn sets_of(now: &str) -> Vec<(Hunks, f64)> {
        let stack = [("m.py", "f"), ("m.py", "g")];
        sets(&[Changed::of(
            "m.py",
            now,
            BAD.to_owned(),
            GOOD.to_owned(),
            &stack,
        )])
    }

    #[test]
    fn the_crashing_functions_hunks_come_first_and_each_alone() {
        let of_f = BAD.replace("x[0]", "x or 0");
        let of_g = BAD.replace("    # Why.\n    return y + 1", "    return y");
        assert_eq!(texts(BAD), [of_f, of_g, GOOD.to_owned()]);
    }

    #[test]
    fn hunks_apply_to_what_came_later_or_not_at_all() {
        let later = format!("\"\"\"Later.\"\"\"\n{BAD}");
        let of_f = later.replace("x[0]", "x or 0");
        assert_eq!(texts(&later)[0], of_f);
        let rewritten = BAD.replace("x[0]", "x[1]");
        let of_g = rewritten.replace("    # Why.\n    return y + 1", "    return y");
        assert_eq!(texts(&rewritten), [of_g]);
    }

    #[track_caller]
    fn check(bad: &str, good: &str, expected: bool) {
        let changed = Changed::of("m.py", bad, bad.to_owned(), good.to_owned(), &[]);
        let is_put_back = (0..changed.hunks.len()).all(|at| changed.is_put_back(at));
        assert_eq!(is_put_back, expected, "{bad:?} to {good:?}");
    }

    #[test]
    fn what_came_in_is_told_from_what_was_taken_out() {
        check("a()\n", "if x:\n    b()\na()\n", true);
        check("return x\n", "return x or 0\n", true);
        check("f(xs[0])\n", "f(xs[0] if xs else None)\n", true);
        check("b()\na()\n", "a()\n", false);
        check("return x[0]\n", "return x\n", false);
        check("return clean(x)\n", "return x\n", false);
    }
}
