//! The counts of rows that have something in common.

use serde_json::{Value, json};

use super::case::{BugClass, Group, Half};
use super::record::Kind;
use super::report::Row;
use super::score::Verdict;

/// The outcomes of rows that have something in common.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) ran: usize,
    /// Cases that a patch can cure; the fix rate is over them, and so are reproductions and places.
    pub(crate) n_fixable: usize,
    pub(crate) correct: usize,
    /// Also for cases that nothing should come of: precision is over all that was proposed.
    pub(crate) proposed: usize,
    /// The fixer said of the crash alone that code is not to blame.
    declined: usize,
    reproduced: usize,
    /// Among the first 1, 3 and 5 places.
    placed: [usize; 3],
    seconds: Vec<f64>,
    candidates: Vec<f64>,
    peak_memory_bytes: u64,
    pub(crate) tokens: u64,
    pub(crate) cost: f64,
}

impl Tally {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Tally {
        let mut tally = Tally::default();
        for (row, score) in rows.filter_map(|row| Some((row, row.score()?))) {
            tally.ran += 1;
            match score.verdict {
                Verdict::Correct => {
                    tally.proposed += 1;
                    tally.correct += 1;
                }
                Verdict::Wrong(_) => tally.proposed += 1,
                Verdict::NotProposed => tally.declined += usize::from(score.is_declined),
            }
            tally.seconds.push(score.seconds);
            tally.candidates.extend(score.candidates.map(|n| n as f64));
            tally.peak_memory_bytes = tally
                .peak_memory_bytes
                .max(score.peak_memory_bytes.unwrap_or(0));
            tally.tokens += score.tokens.unwrap_or(0);
            tally.cost += score.cost.unwrap_or(0.0);
            if row.group() == Some(Group::Nothing) {
                continue;
            }
            tally.n_fixable += 1;
            tally.reproduced += usize::from(score.reproduced);
            for (count, most) in tally.placed.iter_mut().zip([1, 3, 5]) {
                *count += usize::from(score.place.is_some_and(|place| place <= most));
            }
        }
        tally
    }

    /// Cases of which the fixer tried to mend the code, and proposed nothing.
    fn tried(&self) -> usize {
        self.ran - self.declined - self.proposed
    }

    /// What the fixer got through and what it took, over the seconds of all cases; `None` where it took none.
    pub(crate) fn speed(&self) -> Option<String> {
        let seconds: f64 = self.seconds.iter().sum();
        let n_candidates: f64 = self.candidates.iter().sum();
        (seconds > 0.0).then(|| {
            format!(
                "{n_candidates:.0} candidates in {seconds:.0} s of fixing: {:.1} a second, {:.0} cases an hour one after \
                 another, at most {} MiB in one run",
                n_candidates / seconds,
                3600.0 * self.ran as f64 / seconds,
                self.peak_memory_bytes >> 20
            )
        })
    }

    pub(crate) fn json(&self, by: &str, name: &str) -> Value {
        json!({
            "by": by, "name": name, "ran": self.ran, "fixable": self.n_fixable, "correct": self.correct,
            "proposed": self.proposed, "wrong": self.proposed - self.correct, "declined": self.declined,
            "tried": self.tried(), "reproduced": self.reproduced,
            "localised_1": self.placed[0], "localised_3": self.placed[1], "localised_5": self.placed[2],
            "median_seconds": median(&self.seconds).map(milli), "median_candidates": median(&self.candidates),
            "seconds": milli(self.seconds.iter().sum()), "candidates": self.candidates.iter().sum::<f64>(),
            "peak_memory_bytes": self.peak_memory_bytes, "tokens": self.tokens, "cost": self.cost,
        })
    }

    /// The cells under [`HEADINGS`].
    pub(crate) fn cells(&self) -> Vec<String> {
        let of_fixable = |text: String| match self.n_fixable {
            0 => "-".to_owned(),
            _ => text,
        };
        vec![
            of_fixable(share(self.correct, self.n_fixable)),
            share(self.correct, self.proposed),
            (self.proposed - self.correct).to_string(),
            slashed(&[self.declined, self.tried(), self.proposed]),
            of_fixable(share(self.reproduced, self.n_fixable)),
            of_fixable(slashed(&self.placed)),
            median(&self.seconds).map_or("-".to_owned(), |s| format!("{s:.1}")),
            median(&self.candidates).map_or("-".to_owned(), |n| format!("{n:.0}")),
        ]
    }
}

/// What the columns of [`Tally::cells`] hold.
pub(crate) const HEADINGS: [&str; 8] = [
    "correct",
    "precision",
    "wrong",
    "declined / tried / proposed",
    "reproduced",
    "place 1 / 3 / 5",
    "seconds",
    "candidates",
];

fn slashed(counts: &[usize]) -> String {
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    counts.join(" / ")
}

/// Rows in groups: all simple cases, the others, then the simple ones by half, input, group, class and generator.
pub(crate) fn tallies(rows: &[Row]) -> Vec<(&'static str, String, Tally)> {
    let simple: Vec<&Row> = rows.iter().filter(|row| row.is_simple()).collect();
    let hard = rows.iter().filter(|row| !row.is_simple());
    let mut groups = vec![
        ("all", String::new(), Tally::of(simple.iter().copied())),
        ("not simple", String::new(), Tally::of(hard)),
    ];
    let mut by = |what: &'static str, name_of: &dyn Fn(&Row) -> Option<(usize, String)>| {
        let mut names: Vec<_> = simple.iter().filter_map(|row| name_of(row)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let members = simple
                .iter()
                .filter(|row| name_of(row).as_ref() == Some(&name));
            let tally = Tally::of(members.copied());
            groups.push((what, name.1, tally));
        }
    };
    // An enum's own order, or that of the names.
    by("half", &|row| {
        row.half()
            .map(|half| (half as usize, half.name().to_owned()))
    });
    by("input", &|row| {
        Some((row.kind as usize, row.kind.name().to_owned()))
    });
    by("kind", &|row| {
        row.group()
            .map(|group| (group as usize, group.name().to_owned()))
    });
    by("class", &|row| {
        row.bug_class()
            .map(|class: BugClass| (class as usize, class.name().to_owned()))
    });
    by("generator", &|row| {
        row.score()?.generator.clone().map(|name| (0, name))
    });
    groups.retain(|(by, _, tally)| *by == "all" || tally.ran > 0);
    groups
}

/// The simple cases by half, input and kind, with a total for each half and input: the names of these three, and counts.
pub(crate) fn table(rows: &[Row]) -> Vec<([&'static str; 3], Tally)> {
    let mut table = Vec::new();
    for half in [Some(Half::Dev), Some(Half::Check), None] {
        for kind in [Kind::Sentry, Kind::Json, Kind::Text] {
            let members = || {
                let is_simple = rows.iter().filter(|row| row.is_simple());
                is_simple.filter(move |row| row.half() == half && row.kind == kind)
            };
            let names = [half.map_or("-", Half::name), kind.name()];
            let mut of = |name: &'static str, tally: Tally| {
                if tally.ran > 0 {
                    table.push(([names[0], names[1], name], tally));
                }
            };
            for group in Group::ALL {
                of(
                    group.name(),
                    Tally::of(members().filter(|row| row.group() == Some(group))),
                );
            }
            of("all", Tally::of(members()));
        }
    }
    table
}

/// Seconds, to the thousandth.
pub(crate) fn milli(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// A count of a whole, with the percentage that alone would hide how few there are.
pub(crate) fn share(count: usize, whole: usize) -> String {
    match whole {
        0 => "0 of 0".to_owned(),
        _ => format!(
            "{count} of {whole} ({:.0}%)",
            100.0 * count as f64 / whole as f64
        ),
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[half]),
        _ => Some((sorted[half - 1] + sorted[half]) / 2.0),
    }
}
