//! Counts outcomes, and shows them to people and programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::case::{BugClass, Case, Half};
use super::gates::{self, Sent};
use super::record::Kind;
use super::score::{Score, Verdict};

/// One case under one kind of log.
pub(crate) struct Row {
    /// The folder's name, which a case that can't be read has as well.
    pub(crate) id: String,
    pub(crate) case: Option<Case>,
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
    /// Patches that were sent through the gates to measure those.
    pub(crate) sent: Vec<Sent>,
}

/// What came of it.
pub(crate) enum Outcome {
    Scored(Box<Score>),
    /// It could not be read, fetched, recorded or scored: why. No word about the fixer.
    NotRun(String),
}

impl Row {
    fn score(&self) -> Option<&Score> {
        match &self.outcome {
            Outcome::Scored(score) => Some(score),
            Outcome::NotRun(_) => None,
        }
    }

    fn is_simple(&self) -> bool {
        let fix = self.case.as_ref().and_then(Case::fix);
        fix.is_none_or(|fix| fix.is_simple)
    }

    fn bug_class(&self) -> Option<BugClass> {
        Some(self.case.as_ref()?.bug_class)
    }

    /// What the row says in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self.score() {
            None => "not run",
            Some(score) => match score.verdict {
                Verdict::Correct => "correct",
                Verdict::Wrong(_) => "wrong",
                Verdict::NotProposed if score.failure.is_some() => "failed",
                Verdict::NotProposed => "-",
            },
        }
    }

    /// Why it says so.
    fn note(&self) -> &str {
        match &self.outcome {
            Outcome::NotRun(why) => why,
            Outcome::Scored(score) => match &score.verdict {
                Verdict::Correct => "",
                Verdict::Wrong(why) => why,
                Verdict::NotProposed => score
                    .failure
                    .as_deref()
                    .or(score.why_not.as_deref())
                    .unwrap_or("it gave no reason"),
            },
        }
    }

    /// The line on standard error when the row is done.
    pub(crate) fn progress(&self) -> String {
        let seconds = self
            .score()
            .map_or(String::new(), |score| format!(" in {:.1} s", score.seconds));
        let note = shorten(self.note(), 100);
        let colon = if note.is_empty() { "" } else { ": " };
        format!(
            "{} ({}): {}{seconds}{colon}{note}",
            self.id,
            self.kind.name(),
            self.word().replace('-', "no fix")
        )
    }

    fn json(&self) -> Value {
        let mut row = json!({"id": self.id, "input": self.kind.name(), "outcome": match self.word() {
            "-" => "no fix",
            word => word,
        }});
        if let Some(case) = &self.case {
            row["ecosystem"] = case.ecosystem.name().into();
            row["package"] = case.package.as_str().into();
            row["bug_class"] = case.bug_class.name().into();
            row["simple"] = case.fix().map(|fix| fix.is_simple).into();
            row["half"] = case.half.map(Half::name).into();
        }
        match &self.outcome {
            Outcome::NotRun(why) => row["error"] = why.as_str().into(),
            Outcome::Scored(score) => {
                row["reproduced"] = score.reproduced.into();
                row["place"] = score.place.into();
                row["proposed"] = (score.verdict != Verdict::NotProposed).into();
                row["correct"] = (score.verdict == Verdict::Correct).into();
                row["wrong_because"] = match &score.verdict {
                    Verdict::Wrong(why) => why.as_str().into(),
                    Verdict::Correct | Verdict::NotProposed => Value::Null,
                };
                row["generator"] = score.generator.clone().into();
                row["seconds"] = json!(milli(score.seconds));
                row["candidates"] = score.candidates.into();
                row["tokens"] = score.tokens.into();
                row["cost"] = score.cost.into();
                row["why_not"] = score.why_not.clone().into();
                row["failure"] = score.failure.clone().into();
                row["answer"] = score.answer.clone();
            }
        }
        if !self.sent.is_empty() {
            row["sent"] = self.sent.iter().map(Sent::json).collect();
        }
        row
    }
}

/// The outcomes of rows that have something in common.
#[derive(Debug, Default)]
struct Tally {
    ran: usize,
    correct: usize,
    proposed: usize,
    reproduced: usize,
    /// Among the first 1, 3 and 5 places.
    placed: [usize; 3],
    seconds: Vec<f64>,
    candidates: Vec<f64>,
    tokens: u64,
    cost: f64,
}

impl Tally {
    fn of<'a>(scores: impl Iterator<Item = &'a Score>) -> Tally {
        let mut tally = Tally::default();
        for score in scores {
            tally.ran += 1;
            tally.correct += usize::from(score.verdict == Verdict::Correct);
            tally.proposed += usize::from(score.verdict != Verdict::NotProposed);
            tally.reproduced += usize::from(score.reproduced);
            for (count, most) in tally.placed.iter_mut().zip([1, 3, 5]) {
                *count += usize::from(score.place.is_some_and(|place| place <= most));
            }
            tally.seconds.push(score.seconds);
            tally.candidates.extend(score.candidates.map(|n| n as f64));
            tally.tokens += score.tokens.unwrap_or(0);
            tally.cost += score.cost.unwrap_or(0.0);
        }
        tally
    }

    fn json(&self, by: &str, name: &str) -> Value {
        json!({
            "by": by, "name": name, "ran": self.ran, "correct": self.correct, "proposed": self.proposed,
            "wrong": self.proposed - self.correct, "reproduced": self.reproduced,
            "localised_1": self.placed[0], "localised_3": self.placed[1], "localised_5": self.placed[2],
            "median_seconds": median(&self.seconds).map(milli), "median_candidates": median(&self.candidates),
            "tokens": self.tokens, "cost": self.cost,
        })
    }

    fn cells(&self, by: &str, name: &str) -> Vec<String> {
        let places = self.placed.map(|n| n.to_string()).join(" / ");
        vec![
            format!("{by} {name}").trim().to_owned(),
            share(self.correct, self.ran),
            share(self.correct, self.proposed),
            share(self.reproduced, self.ran),
            places,
            median(&self.seconds).map_or("-".to_owned(), |s| format!("{s:.1}")),
            median(&self.candidates).map_or("-".to_owned(), |n| format!("{n:.0}")),
        ]
    }
}

/// Rows in groups: all simple cases, the others, then the simple ones by half, input, class and generator.
fn tallies(rows: &[Row]) -> Vec<(&'static str, String, Tally)> {
    let simple = || rows.iter().filter(|row| row.is_simple());
    let mut groups = vec![(
        "all",
        String::new(),
        Tally::of(simple().filter_map(Row::score)),
    )];
    let hard = Tally::of(
        rows.iter()
            .filter(|row| !row.is_simple())
            .filter_map(Row::score),
    );
    if hard.ran > 0 {
        groups.push(("not simple", String::new(), hard));
    }
    let half = |row: &Row| row.case.as_ref().and_then(|case| case.half);
    for wanted in [Half::Dev, Half::Check] {
        let scores = simple().filter(|row| half(row) == Some(wanted));
        let tally = Tally::of(scores.filter_map(Row::score));
        if tally.ran > 0 {
            groups.push(("half", wanted.name().to_owned(), tally));
        }
    }
    let mut kinds: Vec<Kind> = simple().map(|row| row.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let scores = simple()
            .filter(|row| row.kind == kind)
            .filter_map(Row::score);
        groups.push(("input", kind.name().to_owned(), Tally::of(scores)));
    }
    let mut classes: Vec<BugClass> = simple().filter_map(Row::bug_class).collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let scores = simple()
            .filter(|row| row.bug_class() == Some(class))
            .filter_map(Row::score);
        groups.push(("class", class.name().to_owned(), Tally::of(scores)));
    }
    let generator = |score: &Score| score.generator.clone();
    let mut generators: Vec<String> = simple().filter_map(|row| generator(row.score()?)).collect();
    generators.sort_unstable();
    generators.dedup();
    for name in generators {
        let scores = simple()
            .filter_map(Row::score)
            .filter(|score| score.generator.as_ref() == Some(&name));
        groups.push(("generator", name.clone(), Tally::of(scores)));
    }
    groups
}

/// What a person reads: every case, every group, then what could not be run.
pub(crate) fn human(rows: &[Row]) -> String {
    let mut cases = vec![
        [
            "case",
            "input",
            "reproduced",
            "place",
            "patch",
            "generator",
            "seconds",
            "why",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for row in rows {
        let Some(score) = row.score() else { continue };
        cases.push(vec![
            row.id.clone(),
            row.kind.name().to_owned(),
            if score.reproduced { "yes" } else { "-" }.to_owned(),
            score
                .place
                .map_or("-".to_owned(), |place| place.to_string()),
            row.word().to_owned(),
            shorten(score.generator.as_deref().unwrap_or("-"), 24),
            format!("{:.1}", score.seconds),
            shorten(row.note(), 70),
        ]);
    }
    let mut groups = vec![
        [
            "",
            "correct",
            "precision",
            "reproduced",
            "place 1 / 3 / 5",
            "seconds",
            "candidates",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let tallies = tallies(rows);
    groups.extend(
        tallies
            .iter()
            .map(|(by, name, tally)| tally.cells(by, name)),
    );
    let mut text = align(&cases) + "\n" + &align(&groups);
    let all = &tallies[0].2;
    if all.tokens > 0 {
        writeln!(text, "\n{} model tokens, cost {:.2}", all.tokens, all.cost)
            .expect("a string takes it");
    }
    let not_run: Vec<&Row> = rows.iter().filter(|row| row.score().is_none()).collect();
    if !not_run.is_empty() {
        writeln!(
            text,
            "\n{} could not be run and count nowhere above:",
            not_run.len()
        )
        .expect("a string takes it");
        for row in not_run {
            writeln!(
                text,
                "  {} ({}): {}",
                row.id,
                row.kind.name(),
                shorten(row.note(), 200)
            )
            .expect("a string takes it");
        }
    }
    text.push_str(&gates::human(rows));
    text.push('\n');
    for (_, input, tally) in tallies.iter().filter(|(by, ..)| *by == "input") {
        let (rate, precision) = (
            share(tally.correct, tally.ran),
            share(tally.correct, tally.proposed),
        );
        writeln!(text, "{input}: correct {rate}, precision {precision}")
            .expect("a string takes it");
    }
    text
}

/// What a program reads, the fixer's whole answers included.
pub(crate) fn machine(rows: &[Row], time_limit_secs: u64) -> Value {
    let groups: Vec<Value> = tallies(rows)
        .iter()
        .map(|(by, name, tally)| tally.json(by, name))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time_limit_secs": time_limit_secs,
        "not_run": rows.iter().filter(|row| row.score().is_none()).count(),
        "summary": groups,
        "gates": gates::machine(rows),
        "cases": rows.iter().map(Row::json).collect::<Vec<_>>(),
    })
}

/// Seconds, to the thousandth.
fn milli(seconds: f64) -> f64 {
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

/// One line without control characters, for text that others wrote.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most - 1).collect::<String>() + "…",
    }
}

/// Columns as wide as their widest cell, two spaces apart.
pub(crate) fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, simple: bool, class: &str, verdict: Verdict, seconds: f64) -> Row {
        let text = format!(
            "id = '{id}'\necosystem = 'pypi'\npackage = 'p'\nbuggy = '1'\nfixed = '2'\nexception = 'E'\nmessage = ''\n\
             fix_file = 'p.py'\nfix_function = 'f'\nbug_class = '{class}'\nfix_lines = 1\nupstream = ''\nsimple = {simple}"
        );
        let proposed = verdict != Verdict::NotProposed;
        let score = Score {
            reproduced: proposed,
            place: proposed.then_some(2),
            verdict,
            generator: proposed.then(|| "guard".to_owned()),
            seconds,
            candidates: proposed.then_some(40),
            tokens: None,
            cost: None,
            why_not: (!proposed)
                .then(|| "two groups of patches\u{1b}[31m, and nothing decides".to_owned()),
            failure: None,
            answer: Value::Null,
        };
        let case = Case::parse(&text, std::path::Path::new("")).expect("a case");
        Row {
            id: id.to_owned(),
            case: Some(case),
            kind: Kind::Sentry,
            outcome: Outcome::Scored(Box::new(score)),
            sent: Vec::new(),
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("a", true, "key-missing", Verdict::Correct, 2.0),
            row(
                "b",
                true,
                "none-deref",
                Verdict::Wrong("oracle: None: got 1, want 2".to_owned()),
                4.0,
            ),
            row("c", true, "none-deref", Verdict::NotProposed, 9.0),
            row("d", false, "other", Verdict::Correct, 1.0),
            Row {
                id: "e".to_owned(),
                case: None,
                kind: Kind::Sentry,
                outcome: Outcome::NotRun("no index has it".to_owned()),
                sent: Vec::new(),
            },
        ]
    }

    #[test]
    fn people_read_counts_beside_percentages() {
        let expected = "\
case  input   reproduced  place  patch    generator  seconds  why
a     sentry  yes         2      correct  guard      2.0
b     sentry  yes         2      wrong    guard      4.0      oracle: None: got 1, want 2
c     sentry  -           -      -        -          9.0      two groups of patches [31m, and nothing decides
d     sentry  yes         2      correct  guard      1.0

                   correct        precision      reproduced     place 1 / 3 / 5  seconds  candidates
all                1 of 3 (33%)   1 of 2 (50%)   2 of 3 (67%)   0 / 2 / 2        4.0      40
not simple         1 of 1 (100%)  1 of 1 (100%)  1 of 1 (100%)  0 / 1 / 1        1.0      40
input sentry       1 of 3 (33%)   1 of 2 (50%)   2 of 3 (67%)   0 / 2 / 2        4.0      40
class none-deref   0 of 2 (0%)    0 of 1 (0%)    1 of 2 (50%)   0 / 1 / 1        6.5      40
class key-missing  1 of 1 (100%)  1 of 1 (100%)  1 of 1 (100%)  0 / 1 / 1        2.0      40
generator guard    1 of 2 (50%)   1 of 2 (50%)   2 of 2 (100%)  0 / 2 / 2        3.0      40

1 could not be run and count nowhere above:
  e (sentry): no index has it

sentry: correct 1 of 3 (33%), precision 1 of 2 (50%)
";
        assert_eq!(human(&rows()), expected);
    }

    #[test]
    fn programs_read_the_same_counts() {
        let report = machine(&rows(), 60);
        assert_eq!(report["not_run"], 1);
        assert_eq!(report["cases"].as_array().map(Vec::len), Some(5));
        assert_eq!(
            (
                &report["summary"][0]["correct"],
                &report["summary"][0]["wrong"]
            ),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            report["cases"][1]["wrong_because"],
            "oracle: None: got 1, want 2"
        );
        assert_eq!(report["cases"][4]["error"], "no index has it");
    }

    #[test]
    fn others_text_can_not_steer_a_terminal() {
        assert_eq!(shorten("a\u{1b}[31m\r\nb\u{7}", 80), "a [31m b");
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }

    #[test]
    fn halves_are_counted_apart() {
        let mut rows = vec![
            row("a", true, "key-missing", Verdict::Correct, 2.0),
            row("b", true, "key-missing", Verdict::NotProposed, 2.0),
        ];
        for (row, half) in rows.iter_mut().zip([Half::Dev, Half::Check]) {
            row.case.as_mut().expect("a case").half = Some(half);
        }
        let text = human(&rows);
        let correct_of = |group: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(group));
            line.map(|rest| rest.trim_start().to_owned())
        };
        assert!(
            correct_of("half dev").is_some_and(|l| l.starts_with("1 of 1 ")),
            "{text}"
        );
        assert!(
            correct_of("half check").is_some_and(|l| l.starts_with("0 of 1 ")),
            "{text}"
        );
    }
}
