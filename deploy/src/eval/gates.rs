//! Counts how often each gate refuses patches that are known to be right or wrong.

use std::fmt::Write;

use serde_json::{Value, json};

use super::report::{Row, align};
use super::run::Answer;
use super::tally::share;

/// The gates, as `outerloop verify` names them.
const GATES: [&str; 8] = [
    "applies",
    "reproduces",
    "cures",
    "no_regression",
    "behaviour",
    "not_suppression",
    "test_says",
    "policy",
];

/// What is known of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Upstream's fix: of its change of the file, the parts that the oracle asks for.
    Fix,
    /// Upstream's whole change of the file, which brings other things as well.
    File,
    /// It cures the crash and fails the oracle.
    Wrong,
}

impl What {
    const ALL: [Self; 3] = [Self::Fix, Self::File, Self::Wrong];

    fn name(self) -> &'static str {
        match self {
            Self::Fix => "upstream's fix",
            Self::File => "upstream's file",
            Self::Wrong => "wrong candidates",
        }
    }
}

/// A patch that was sent through the gates, or could not be.
pub(crate) struct Sent {
    what: What,
    diff: String,
    /// What `outerloop verify` said, or how it failed.
    answer: Result<Value, String>,
}

impl Sent {
    pub(crate) fn new(what: What, diff: String, answer: Answer) -> Self {
        Self {
            what,
            diff,
            answer: answer.output,
        }
    }

    /// There is no change of upstream's to send.
    pub(crate) fn not_made(why: String) -> Self {
        Self {
            what: What::Fix,
            diff: String::new(),
            answer: Err(why),
        }
    }

    /// Each gate that was asked, and whether it refused; empty where the crash was not reproduced.
    fn verdicts(&self) -> Vec<(&str, bool)> {
        let gates = self
            .answer
            .as_ref()
            .ok()
            .and_then(|a| a["gates"].as_array());
        gates
            .into_iter()
            .flatten()
            .filter(|gate| gate["outcome"] != "skipped")
            .filter_map(|gate| Some((gate["gate"].as_str()?, gate["outcome"] == "refused")))
            .collect()
    }

    fn refusals(&self) -> Vec<&str> {
        let refused = self.verdicts().into_iter().filter(|(_, refused)| *refused);
        refused.map(|(gate, _)| gate).collect()
    }

    pub(crate) fn json(&self) -> Value {
        let (answer, failure) = match &self.answer {
            Ok(answer) => (answer.clone(), None),
            Err(failure) => (Value::Null, Some(failure)),
        };
        json!({
            "what": self.what.name(), "diff": self.diff, "verified": answer["verified"],
            "gates": answer["gates"], "why_not": answer["why_not"], "failure": failure,
        })
    }
}

/// What one gate did with one kind of patches.
#[derive(Debug, Default)]
struct Count {
    asked: usize,
    refused: usize,
    /// Refused by this gate and no other.
    alone: usize,
}

fn count(sent: &[&Sent], gate: &str) -> Count {
    let mut out = Count::default();
    for one in sent {
        let refusals = one.refusals();
        out.asked += usize::from(one.verdicts().iter().any(|(g, _)| *g == gate));
        out.refused += usize::from(refusals.contains(&gate));
        out.alone += usize::from(refusals == [gate]);
    }
    out
}

fn of(rows: &[Row], what: What) -> Vec<&Sent> {
    let all = rows.iter().flat_map(|row| &row.sent);
    all.filter(|one| one.what == what).collect()
}

/// The table: nothing where no patch was sent.
pub(crate) fn human(rows: &[Row]) -> String {
    if rows.iter().all(|row| row.sent.is_empty()) {
        return String::new();
    }
    let mut table = vec![vec!["refused by gate".to_owned()]];
    table[0].extend(What::ALL.map(|what| format!("{} (by it alone)", what.name())));
    for gate in GATES {
        let cells = What::ALL.map(|what| {
            let count = count(&of(rows, what), gate);
            format!("{} ({})", share(count.refused, count.asked), count.alone)
        });
        table.push([gate.to_owned()].into_iter().chain(cells).collect());
    }
    let any = What::ALL.map(|what| {
        let sent = of(rows, what);
        let asked: Vec<_> = sent.iter().filter(|s| !s.verdicts().is_empty()).collect();
        let refused = asked.iter().filter(|s| !s.refusals().is_empty()).count();
        share(refused, asked.len())
    });
    table.push(["any".to_owned()].into_iter().chain(any).collect());
    let mut text = format!("\n{}\n", align(&table));
    for row in rows {
        for one in row.sent.iter().filter(|one| one.what != What::Wrong) {
            let why = match &one.answer {
                Err(failure) => failure.clone(),
                Ok(answer) if one.verdicts().is_empty() => {
                    answer["why_not"].as_str().unwrap_or_default().to_owned()
                }
                Ok(answer) => details(answer),
            };
            if !why.is_empty() {
                writeln!(
                    text,
                    "{}, {}: {}",
                    row.id,
                    one.what.name(),
                    super::report::shorten(&why, 300)
                )
                .expect("a string takes it");
            }
        }
    }
    text
}

/// What the gates that refused said.
fn details(answer: &Value) -> String {
    let gates = answer["gates"].as_array().into_iter().flatten();
    let refused = gates.filter(|gate| gate["outcome"] == "refused");
    let said = refused.filter_map(|g| {
        Some(format!(
            "{}: {}",
            g["gate"].as_str()?,
            g["detail"].as_str()?
        ))
    });
    said.collect::<Vec<_>>().join("; ")
}

/// The same for programs.
pub(crate) fn machine(rows: &[Row]) -> Value {
    let cell = |what: What, gate: &str| {
        let count = count(&of(rows, what), gate);
        json!({"gate": gate, "patches": what.name(), "asked": count.asked, "refused": count.refused, "alone": count.alone})
    };
    What::ALL
        .iter()
        .flat_map(|what| GATES.map(|gate| cell(*what, gate)))
        .collect()
}
