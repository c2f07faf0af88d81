//! Errors that people labelled, and how the assessment compares with them.
//!
//! Each record states facts of one error: where it is told of, the type, the message with values replaced, a few frames.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use ingest::{ErrorEvent, Exception, Frame, Link, Parent, Platform};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use triage::{Assessment, Fixability, assess};

/// One labelled error, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The public thread, or the case of ours.
    pub(crate) source: String,
    platform: Platform,
    #[serde(default, rename = "type")]
    type_name: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    frames: Vec<Call>,
    #[serde(default)]
    caused_by: Vec<Cause>,
    /// What was logged, if there was no trace.
    log: Option<String>,
    pub(crate) label: Label,
    /// Why it is labelled so.
    #[expect(dead_code, reason = "for people")]
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    path: String,
    function: String,
    line: Option<String>,
    in_app: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    #[serde(rename = "type")]
    type_name: String,
    message: String,
    #[serde(default)]
    frames: Vec<Call>,
}

/// What people say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    /// `fixable` or `not_fixable`.
    pub(crate) kind: String,
    pub(crate) class: String,
}

/// A labelled error and what the assessment says of it.
pub(crate) struct Judged {
    pub(crate) record: Record,
    pub(crate) assessment: Assessment,
    class: String,
    is_first_half: bool,
    /// Whether it was labelled after the rules were written.
    is_later: bool,
}

impl Judged {
    fn is_fixable(&self) -> bool {
        self.record.label.kind == "fixable"
    }

    fn is_said_fixable(&self) -> bool {
        self.assessment.kind == Fixability::Fixable
    }

    /// Whether it is in the half named: `first` or `second`; every other word is both.
    fn is_in(&self, half: &str) -> bool {
        match half {
            "first" => self.is_first_half,
            "second" => !self.is_first_half,
            _ => true,
        }
    }

    fn is_wrong(&self) -> bool {
        self.is_said_fixable() != self.is_fixable()
    }
}

/// All records, judged.
pub(crate) fn judged() -> Vec<Judged> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labelled");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    let judge_all = |path: &PathBuf| -> Vec<Judged> {
        let is_later = path.ends_with("later.jsonl");
        let text = fs::read_to_string(path).expect("it is text");
        text.lines().map(|line| judge(line, is_later)).collect()
    };
    files.iter().flat_map(judge_all).collect()
}

fn judge(line: &str, is_later: bool) -> Judged {
    let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let assessment = assess(&record.event());
    let class = serde_json::to_value(assessment.class).expect("it is a word");
    Judged {
        is_first_half: Sha256::digest(&record.source)[0] < 128,
        is_later,
        class: class.as_str().unwrap_or_default().to_owned(),
        assessment,
        record,
    }
}

impl Record {
    fn event(&self) -> ErrorEvent {
        let surfaced = Exception {
            type_name: self.type_name.clone(),
            message: self.message.clone(),
            frames: self.frames.iter().map(Call::frame).collect(),
            ..Exception::default()
        };
        let causes = self
            .caused_by
            .iter()
            .enumerate()
            .map(|(index, cause)| Exception {
                type_name: cause.type_name.clone(),
                message: cause.message.clone(),
                frames: cause.frames.iter().map(Call::frame).collect(),
                parent: Some(Parent {
                    index,
                    link: Link::Cause,
                }),
                ..Exception::default()
            });
        ErrorEvent {
            platform: self.platform,
            message: self.log.clone(),
            exceptions: match self.log {
                Some(_) => Vec::new(),
                None => [surfaced].into_iter().chain(causes).collect(),
            },
            ..ErrorEvent::default()
        }
    }
}

impl Call {
    fn frame(&self) -> Frame {
        Frame {
            path: self.path.clone(),
            function: self.function.clone(),
            context_line: self.line.clone(),
            in_app: self.in_app,
            ..Frame::default()
        }
    }
}

/// What the assessment gets wrong in a half (`first` or `second`; any other word is both).
pub(crate) fn wrong(judged: &[Judged], half: &str) -> String {
    let wrong = judged
        .iter()
        .filter(|one| one.is_wrong() && one.is_in(half));
    wrong.fold(String::new(), |mut text, one| {
        let (label, found) = (&one.record.label, &one.assessment);
        let source = &one.record.source;
        writeln!(
            text,
            "{source}\n  {} {}, found {:?}: {}",
            label.kind, label.class, found.class, found.reason
        )
        .expect("a string can be written to");
        text
    })
}

/// Counts for precision and recall on `fixable`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Score {
    both: u32,
    said: u32,
    labelled: u32,
    n: u32,
    n_class: u32,
}

impl Score {
    pub(crate) fn of<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Self {
        judged.into_iter().fold(Self::default(), |mut score, one| {
            score.n += 1;
            score.said += u32::from(one.is_said_fixable());
            score.labelled += u32::from(one.is_fixable());
            score.both += u32::from(one.is_said_fixable() && one.is_fixable());
            score.n_class += u32::from(one.class == one.record.label.class);
            score
        })
    }

    /// The share of what is called fixable that people call so; 1 if nothing is.
    pub(crate) fn precision(self) -> f64 {
        share(self.both, self.said)
    }

    /// The share of what people call fixable that is called so; 1 if they call nothing so.
    pub(crate) fn recall(self) -> f64 {
        share(self.both, self.labelled)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        1.0
    } else {
        f64::from(part) / f64::from(whole)
    }
}

/// Labelled errors that speak for a part of the assessments: how many, and how many of them people call fixable.
#[derive(Debug, Default, Clone, Copy)]
struct Evidence {
    n: u32,
    n_fixable: u32,
}

impl Evidence {
    fn add(&mut self, one: &Judged) {
        self.n += 1;
        self.n_fixable += u32::from(one.is_fixable());
    }

    /// The middle of Wilson's interval at 95% and its half width.
    ///
    /// Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    fn interval(self) -> (f64, f64) {
        const Z: f64 = 1.96;
        let (n, p) = (f64::from(self.n), share(self.n_fixable, self.n));
        let scale = 1.0 + Z * Z / n;
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
        ((p + Z * Z / (2.0 * n)) / scale, half)
    }
}

/// How many labelled errors get each verdict and class, and how many of them people call fixable.
pub(crate) fn counts(judged: &[Judged]) -> BTreeMap<(String, String), (u32, u32)> {
    let mut counts = BTreeMap::new();
    for one in judged {
        let kind = format!("{:?}", one.assessment.kind);
        let (n, k): &mut (u32, u32) = counts.entry((kind, one.class.clone())).or_default();
        *n += 1;
        *k += u32::from(one.is_fixable());
    }
    counts
}

/// The mean squared error of the probabilities, each made without the error that it is for; and that of always saying the
/// share that is fixable. Source: Brier, "Verification of forecasts expressed in terms of probability" (1950).
fn brier(judged: &[Judged]) -> (f64, f64) {
    let counts = counts(judged);
    let squared = |one: &Judged, p: f64| (p - f64::from(u8::from(one.is_fixable()))).powi(2);
    let n = judged.len() as f64;
    let share = share(Score::of(judged).labelled, judged.len() as u32);
    let (mut own, mut always) = (0.0, 0.0);
    for one in judged {
        own += squared(one, expected(&counts, one, true)) / n;
        always += squared(one, share) / n;
    }
    (own, always)
}

/// The probability by the formula of the assessment, with or without the error itself among the labelled ones.
pub(crate) fn expected(
    counts: &BTreeMap<(String, String), (u32, u32)>,
    one: &Judged,
    is_left_out: bool,
) -> f64 {
    let kind = format!("{:?}", one.assessment.kind);
    let out = |(n, k): (u32, u32)| match is_left_out {
        true => (f64::from(n - 1), f64::from(k - u32::from(one.is_fixable()))),
        false => (f64::from(n), f64::from(k)),
    };
    let of_kind = counts.iter().filter(|((of, _), _)| *of == kind);
    let of_kind = out(of_kind.fold((0, 0), |sum, (_, next)| (sum.0 + next.0, sum.1 + next.1)));
    let of_class = out(counts[&(kind, one.class.clone())]);
    (of_class.1 + 4.0 * (of_kind.1 + 1.0) / (of_kind.0 + 2.0)) / (of_class.0 + 4.0)
}

/// How far each word of the assessment can be relied on: of the errors that it was said of, those that people call
/// fixable. The labelled errors were chosen, not drawn.
fn reliability(judged: &[Judged]) -> String {
    let mut parts: BTreeMap<(String, String), Evidence> = BTreeMap::new();
    for one in judged {
        let kind = format!("{:?}", one.assessment.kind);
        let all = (kind.clone(), "all".to_owned());
        parts.entry(all).or_default().add(one);
        let class = (kind, one.class.clone());
        parts.entry(class).or_default().add(one);
    }
    let mut text = String::from("\nsaid          class              errors  fixable   95%\n");
    for ((kind, class), evidence) in parts {
        let (middle, half) = evidence.interval();
        writeln!(
            text,
            "{kind:13} {class:18} {:6} {:8} {:4.0}-{:.0}%",
            evidence.n,
            evidence.n_fixable,
            100.0 * (middle - half).max(0.0),
            100.0 * (middle + half)
        )
        .expect("a string can be written to");
    }
    text
}

/// The confusion table, precision, recall and the share of right classes for each part, and how far each word can be relied on.
pub(crate) fn table(judged: &[Judged]) -> String {
    let mut text = String::from("label         fixable  not_fixable  unsure\n");
    for label in ["fixable", "not_fixable"] {
        let count = |kind| {
            let is = |one: &&Judged| one.record.label.kind == label && one.assessment.kind == kind;
            judged.iter().filter(is).count()
        };
        let row = [
            Fixability::Fixable,
            Fixability::NotFixable,
            Fixability::Unsure,
        ]
        .map(count);
        writeln!(text, "{label:12} {:8} {:12} {:7}", row[0], row[1], row[2])
            .expect("a string can be written to");
    }
    text.push_str("\n                   errors  fixable  precision  recall  class\n");
    let mut line = |name: &str, score: Score| {
        writeln!(
            text,
            "{name:18} {:6} {:8} {:9.1}% {:6.1}% {:5.1}%",
            score.n,
            score.labelled,
            100.0 * score.precision(),
            100.0 * score.recall(),
            100.0 * share(score.n_class, score.n)
        )
        .expect("a string can be written to");
    };
    line("all", Score::of(judged));
    line(
        "first half",
        Score::of(judged.iter().filter(|one| one.is_first_half)),
    );
    line(
        "second half",
        Score::of(judged.iter().filter(|one| !one.is_first_half)),
    );
    line(
        "labelled later",
        Score::of(judged.iter().filter(|one| one.is_later)),
    );
    let is_ours = |one: &&Judged| one.record.source.starts_with("tests/");
    line("cases of ours", Score::of(judged.iter().filter(is_ours)));
    line(
        "public threads",
        Score::of(judged.iter().filter(|one| !is_ours(one))),
    );
    let mut platforms: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        let name = format!("{:?}", one.record.platform);
        platforms.entry(name).or_default().push(one);
    }
    for (name, judged) in platforms {
        line(&name, Score::of(judged));
    }
    let (own, always) = brier(judged);
    text + &reliability(judged)
        + &format!(
            "\nBrier score of the probability {own:.3}; of always the same one {always:.3}\n"
        )
}
