//! Counts outcomes, and shows them to people and programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::case::{BugClass, Case, Group, Half};
use super::gates::{self, Sent};
use super::record::Kind;
use super::score::{Score, Verdict};
use super::tally::{self, HEADINGS, milli, share};

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
    pub(crate) fn score(&self) -> Option<&Score> {
        match &self.outcome {
            Outcome::Scored(score) => Some(score),
            Outcome::NotRun(_) => None,
        }
    }

    /// Whether it counts in the headline.
    pub(crate) fn is_simple(&self) -> bool {
        let fix = self.case.as_ref().and_then(Case::fix);
        fix.is_none_or(|fix| fix.is_simple)
    }

    pub(crate) fn bug_class(&self) -> Option<BugClass> {
        Some(self.case.as_ref()?.bug_class)
    }

    pub(crate) fn half(&self) -> Option<Half> {
        self.case.as_ref()?.half
    }

    pub(crate) fn group(&self) -> Option<Group> {
        Some(self.case.as_ref()?.group())
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
            row["kind"] = case.group().name().into();
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
                row["declined"] = score.is_declined.into();
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
    let tallies = tally::tallies(rows);
    let mut groups = vec![titled("", HEADINGS.map(str::to_owned).to_vec())];
    groups.extend(
        tallies
            .iter()
            .map(|(by, name, tally)| titled(format!("{by} {name}").trim(), tally.cells())),
    );
    let mut text = align(&cases) + "\n" + &align(&groups) + "\n" + &align(&counts(rows));
    let all = &tallies[0].2;
    if let Some(speed) = all.speed() {
        writeln!(text, "\n{speed}").expect("a string takes it");
    }
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
            share(tally.correct, tally.n_fixable),
            share(tally.correct, tally.proposed),
        );
        writeln!(text, "{input}: correct {rate}, precision {precision}")
            .expect("a string takes it");
    }
    text
}

/// A row of cells after its title.
fn titled(title: &str, cells: Vec<String>) -> Vec<String> {
    [vec![title.to_owned()], cells].concat()
}

/// The table by half, input and kind, under its headings.
fn counts(rows: &[Row]) -> Vec<Vec<String>> {
    let names = ["half", "input", "cases"].map(str::to_owned).to_vec();
    let mut table = vec![[names, HEADINGS.map(str::to_owned).to_vec()].concat()];
    for ([half, input, kind], tally) in tally::table(rows) {
        let names = vec![
            half.to_owned(),
            input.to_owned(),
            format!("{} {kind}", tally.ran),
        ];
        table.push([names, tally.cells()].concat());
    }
    table
}

/// The table that README.md has, and what could not be run.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let table = counts(rows);
    let (head, body) = table.split_at(1);
    let mut text = line(&head[0]) + "|---|---|---|" + &"--:|".repeat(HEADINGS.len()) + "\n";
    text.extend(body.iter().map(|cells| line(cells)));
    let not_run = rows.iter().filter(|row| row.score().is_none());
    let not_run: Vec<String> = not_run
        .map(|row| format!("{} ({})", row.id, row.kind.name()))
        .collect();
    if !not_run.is_empty() {
        writeln!(text, "\nNot run: {}.", not_run.join(", ")).expect("a string takes it");
    }
    text
}

/// What a program reads, the fixer's whole answers included.
pub(crate) fn machine(rows: &[Row], time_limit_secs: u64) -> Value {
    let mut groups: Vec<Value> = tally::tallies(rows)
        .iter()
        .map(|(by, name, tally)| tally.json(by, name))
        .collect();
    let table = tally::table(rows);
    groups.extend(
        table
            .iter()
            .map(|(names, tally)| tally.json("half input kind", &names.join(" "))),
    );
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time_limit_secs": time_limit_secs,
        "not_run": rows.iter().filter(|row| row.score().is_none()).count(),
        "summary": groups,
        "gates": gates::machine(rows),
        "cases": rows.iter().map(Row::json).collect::<Vec<_>>(),
    })
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

    const FACTS: &str = "\
        id = 'x'\necosystem = 'pypi'\npackage = 'p'\nbuggy = '1'\nfixed = '2'\nexception = 'E'\nmessage = ''\n\
        fix_file = 'p.py'\nfix_function = 'f'\nbug_class = 'other'\nfix_lines = 1\nupstream = ''\nsimple = true";

    fn row(id: &str, simple: bool, class: &str, verdict: Verdict, seconds: f64) -> Row {
        let text = FACTS
            .replace("'other'", &format!("'{class}'"))
            .replace("simple = true", &format!("simple = {simple}"));
        let proposed = verdict != Verdict::NotProposed;
        let score = Score {
            reproduced: proposed,
            place: proposed.then_some(2),
            verdict,
            generator: proposed.then(|| "guard".to_owned()),
            seconds,
            candidates: proposed.then_some(40),
            peak_memory_bytes: Some(300 << 20),
            tokens: None,
            cost: None,
            is_declined: false,
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

                   correct        precision      wrong  declined / tried / proposed  reproduced     place 1 / 3 / 5  seconds  candidates
all                1 of 3 (33%)   1 of 2 (50%)   1      0 / 1 / 2                    2 of 3 (67%)   0 / 2 / 2        4.0      40
not simple         1 of 1 (100%)  1 of 1 (100%)  0      0 / 0 / 1                    1 of 1 (100%)  0 / 1 / 1        1.0      40
input sentry       1 of 3 (33%)   1 of 2 (50%)   1      0 / 1 / 2                    2 of 3 (67%)   0 / 2 / 2        4.0      40
kind pypi          1 of 3 (33%)   1 of 2 (50%)   1      0 / 1 / 2                    2 of 3 (67%)   0 / 2 / 2        4.0      40
class none-deref   0 of 2 (0%)    0 of 1 (0%)    1      0 / 1 / 1                    1 of 2 (50%)   0 / 1 / 1        6.5      40
class key-missing  1 of 1 (100%)  1 of 1 (100%)  0      0 / 0 / 1                    1 of 1 (100%)  0 / 1 / 1        2.0      40
generator guard    1 of 2 (50%)   1 of 2 (50%)   1      0 / 0 / 2                    2 of 2 (100%)  0 / 2 / 2        3.0      40

half  input   cases   correct       precision     wrong  declined / tried / proposed  reproduced    place 1 / 3 / 5  seconds  candidates
-     sentry  3 pypi  1 of 3 (33%)  1 of 2 (50%)  1      0 / 1 / 2                    2 of 3 (67%)  0 / 2 / 2        4.0      40
-     sentry  3 all   1 of 3 (33%)  1 of 2 (50%)  1      0 / 1 / 2                    2 of 3 (67%)  0 / 2 / 2        4.0      40

80 candidates in 15 s of fixing: 5.3 a second, 720 cases an hour one after another, at most 300 MiB in one run

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

    /// A row of another kind of case: its facts edited, in a half, under an input.
    fn other(edits: &[(&str, &str)], half: Option<Half>, kind: Kind, verdict: Verdict) -> Row {
        let text = edits
            .iter()
            .fold(FACTS.to_owned(), |text, (from, to)| text.replace(from, to));
        let mut case = Case::parse(&text, std::path::Path::new("")).expect("a case");
        case.half = half;
        Row {
            case: Some(case),
            kind,
            ..row("x", true, "other", verdict, 1.0)
        }
    }

    #[test]
    fn halves_inputs_and_kinds_are_counted_apart() {
        let wrong = || Verdict::Wrong(String::new());
        let npm = [("'pypi'", "'npm'")];
        let application = [("package", "application = true\npackage")];
        let nothing = [
            ("fixed = '2'", "proposal = false\nwhy = 'disk'"),
            ("fix_file = 'p.py'\nfix_function = 'f'", ""),
            ("fix_lines = 1", ""),
            ("simple = true", ""),
        ];
        let (dev, check) = (Some(Half::Dev), Some(Half::Check));
        let mut rows = vec![
            other(&[], dev, Kind::Sentry, Verdict::Correct),
            other(&application, dev, Kind::Sentry, wrong()),
            other(&npm, dev, Kind::Text, Verdict::NotProposed),
            other(&nothing, dev, Kind::Sentry, wrong()),
            other(&nothing, dev, Kind::Sentry, Verdict::NotProposed),
            other(&nothing, check, Kind::Sentry, Verdict::NotProposed),
        ];
        if let Outcome::Scored(score) = &mut rows[4].outcome {
            score.is_declined = true;
        }
        rows.push(Row {
            outcome: Outcome::NotRun("no index has it".to_owned()),
            ..other(&[], dev, Kind::Text, Verdict::Correct)
        });
        let expected = "\
| half | input | cases | correct | precision | wrong | declined / tried / proposed | reproduced | place 1 / 3 / 5 | seconds | candidates |
|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
| dev | sentry | 1 pypi | 1 of 1 (100%) | 1 of 1 (100%) | 0 | 0 / 0 / 1 | 1 of 1 (100%) | 0 / 1 / 1 | 1.0 | 40 |
| dev | sentry | 1 application | 0 of 1 (0%) | 0 of 1 (0%) | 1 | 0 / 0 / 1 | 1 of 1 (100%) | 0 / 1 / 1 | 1.0 | 40 |
| dev | sentry | 2 none | - | 0 of 1 (0%) | 1 | 1 / 0 / 1 | - | - | 1.0 | 40 |
| dev | sentry | 4 all | 1 of 2 (50%) | 1 of 3 (33%) | 2 | 1 / 0 / 3 | 2 of 2 (100%) | 0 / 2 / 2 | 1.0 | 40 |
| dev | text | 1 npm | 0 of 1 (0%) | 0 of 0 | 0 | 0 / 1 / 0 | 0 of 1 (0%) | 0 / 0 / 0 | 1.0 | - |
| dev | text | 1 all | 0 of 1 (0%) | 0 of 0 | 0 | 0 / 1 / 0 | 0 of 1 (0%) | 0 / 0 / 0 | 1.0 | - |
| check | sentry | 1 none | - | 0 of 0 | 0 | 0 / 1 / 0 | - | - | 1.0 | - |
| check | sentry | 1 all | - | 0 of 0 | 0 | 0 / 1 / 0 | - | - | 1.0 | - |

Not run: x (text).
";
        assert_eq!(markdown(&rows), expected);
        let report = machine(&rows, 60);
        let all = &report["summary"][0];
        let counts = ["ran", "fixable", "correct", "proposed", "declined"].map(|key| &all[key]);
        assert_eq!(counts, [6, 3, 1, 3, 1]);
    }
}
