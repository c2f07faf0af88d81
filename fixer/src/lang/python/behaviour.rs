//! What cures do: on the crash, on inputs beside it that crashed as well, and on those that did not (gate 5).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    judge::is_like,
    run::{Kind, Raised, Ran},
};
use crate::{
    Evidence, Report,
    candidate::Candidate,
    gates::{Finding, Gate, Refuted},
};

/// A candidate that cured the crash, and what it does instead.
pub(crate) struct Cured {
    pub(crate) candidate: Candidate,
    pub(crate) ran: Ran,
}

/// A behaviour: what a group of candidates does alike, and the candidate that stands for it.
pub(crate) struct Behaviour {
    pub(crate) candidate: Candidate,
    /// The promised exception in which the crashing input now ends.
    pub(crate) raises: Option<Raised>,
    pub(crate) evidence: Evidence,
    pub(crate) beside: Beside,
}

impl Behaviour {
    pub(crate) fn score(&self) -> f64 {
        self.evidence.score
    }
}

/// How a patched tree does on inputs beside the crash.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Those on which nothing changed.
    n_unchanged: usize,
    /// Those that crashed as well and are cured.
    n_cured: usize,
    /// Those that crashed as well and still do.
    n_still: usize,
    /// What it does on the crash and on those that crashed as well.
    does: Vec<Value>,
}

impl Beside {
    /// What it means for the fifth gate.
    pub(crate) fn finding(&self, n_alike: usize) -> Finding {
        let cured = match self.n_cured {
            0 => String::new(),
            n => format!(", {n} that crashed as well are cured"),
        };
        let alike = match n_alike {
            0 | 1 => String::new(),
            n => format!("; {n} candidates do the same"),
        };
        match self.n_unchanged {
            0 => Finding::Nothing(format!(
                "no input beside the crash ran without crashing{cured}{alike}"
            )),
            n => Finding::Passed(format!(
                "{n} inputs beside the crash do what they did before{cured}{alike}"
            )),
        }
    }
}

/// Compares the answers to inputs beside the crash, before (`base`) and `after`, there in `many` by their place in `base`.
/// `ran` is the crashing input after.
///
/// # Errors
/// The place of the first that did not crash and does something else now; none where they do not come to an end.
pub(crate) fn beside(
    base: &[Ran],
    after: Option<&Ran>,
    ran: &Ran,
    crash: &Raised,
) -> Result<Beside, Option<usize>> {
    if after.is_some_and(|r| !matches!(r.outcome, Kind::Ok | Kind::Skipped)) {
        return Err(None);
    }
    let runs: BTreeMap<usize, &Ran> = after
        .iter()
        .flat_map(|r| &r.many)
        .map(|r| (r.id, r))
        .collect();
    let mut out = Beside {
        does: vec![plain(observed(ran))],
        ..Beside::default()
    };
    for (at, before) in base.iter().enumerate() {
        let Some(now) = runs.get(&at).filter(|r| r.outcome != Kind::Skipped) else {
            continue;
        };
        if before.error.as_ref().is_some_and(|e| is_like(e, crash)) {
            let still = now.error.as_ref().is_some_and(|e| {
                e.type_name == crash.type_name
                    && ran
                        .error
                        .as_ref()
                        .is_none_or(|r| r.type_name != e.type_name)
            });
            out.n_still += usize::from(still);
            out.n_cured += usize::from(!still);
            out.does.push(plain(observed(now)));
        } else if observed(before) != observed(now) || now.outcome != before.outcome {
            return Err(Some(at));
        } else {
            out.n_unchanged += 1;
        }
    }
    Ok(out)
}

/// The most that [`unlike`] gives.
const MAX_UNLIKE: usize = 12;

/// The first of each kind of cure, told apart by what the crashing input does.
pub(crate) fn unlike(cured: &[Cured]) -> Vec<Candidate> {
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for one in cured {
        let does = observed(&one.ran);
        if out.len() < MAX_UNLIKE && !seen.contains(&does) {
            seen.push(does);
            out.push(one.candidate.clone());
        }
    }
    out
}

fn observed(ran: &Ran) -> Value {
    match &ran.error {
        // A message's wording may change, its type may not.
        Some(error) => json!({"raises": error.type_name}),
        None => json!({"value": ran.value, "printed": ran.printed, "state": ran.state}),
    }
}

/// An observation with whole floats as integers: in place of a crash, `0` and `0.0` are one answer.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => match items.as_slice() {
            [Value::String(kind), Value::String(number)] if kind == "float" => number
                .strip_suffix(".0")
                .and_then(|n| n.parse::<i64>().ok())
                .map_or(Value::Array(items.clone()), Value::from),
            _ => items.into_iter().map(plain).collect(),
        },
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, plain(v))).collect(),
        other => other,
    }
}

/// Groups cures by behaviour and scores the groups.
///
/// `base` has the answers to inputs beside the crash on the unpatched tree, `after` those on each cure's, in `many` by
/// their place in `base`.
pub(crate) fn group(
    cured: Vec<Cured>,
    base: &[Ran],
    after: &BTreeMap<usize, Ran>,
    crash: &Raised,
    fidelity: f64,
    report: &mut Report,
) -> Vec<Behaviour> {
    let kinds: Vec<String> = base
        .iter()
        .filter(|r| r.outcome == Kind::Ok)
        .map(|r| kind_of(&r.value))
        .collect();
    let mut groups: BTreeMap<String, Vec<(Behaviour, usize)>> = BTreeMap::new();
    for (n, Cured { candidate, ran }) in cured.into_iter().enumerate() {
        let mut refuse = |reason: String| {
            report.refuted.push(Refuted {
                gate: Gate::Behaviour,
                reason: format!("{} {reason}", candidate.generator()),
            });
        };
        // The time was over before it could be compared: nothing is known of it.
        if !after.contains_key(&n) && !base.is_empty() {
            continue;
        }
        let beside = match beside(base, after.get(&n), &ran, crash) {
            Ok(beside) => beside,
            Err(Some(at)) => {
                refuse(format!("changes what input {at} beside the crash does"));
                continue;
            }
            Err(None) => {
                refuse("does not come to an end on inputs beside the crash".to_owned());
                continue;
            }
        };
        let has_witness = candidate.witness.is_some();
        let is_unusual =
            ran.outcome == Kind::Ok && kinds.len() >= 2 && !kinds.contains(&kind_of(&ran.value));
        let mut score = candidate.prior * fidelity;
        if is_unusual && !has_witness {
            score *= 0.5;
        }
        if beside.n_still > 0 {
            let n = beside.n_still + beside.n_cured;
            score *= 1.0 - 0.5 * beside.n_still as f64 / n as f64;
        }
        if has_witness {
            score = (score * 1.1).min(0.99);
        }
        let evidence = Evidence {
            score,
            prior: candidate.prior,
            fidelity,
            has_witness,
            raises: ran.error.is_some(),
            is_unusual,
            n_alike: 1,
            n_unchanged: beside.n_unchanged,
            n_cured: beside.n_cured,
            n_still: beside.n_still,
        };
        let size = candidate.files.values().map(String::len).sum();
        let does = Value::Array(beside.does.clone()).to_string();
        let behaviour = Behaviour {
            raises: ran.error.clone(),
            candidate,
            evidence,
            beside,
        };
        groups.entry(does).or_default().push((behaviour, size));
    }
    let mut out: Vec<Behaviour> = groups
        .into_values()
        .filter_map(|mut members| {
            let n_alike = members.len();
            // The likeliest stands for its group; of equals the smallest.
            members.sort_by(|(a, x), (b, y)| b.score().total_cmp(&a.score()).then(x.cmp(y)));
            members.into_iter().next().map(|(mut behaviour, _)| {
                behaviour.evidence.n_alike = n_alike;
                behaviour
            })
        })
        .collect();
    out.sort_by(|a, b| b.score().total_cmp(&a.score()));
    out
}

/// The type of a canonical value.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "NoneType".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "int".to_owned(),
        Value::String(_) => "str".to_owned(),
        Value::Array(items) => items
            .first()
            .and_then(Value::as_str)
            .unwrap_or("list")
            .to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

/// How sure the best of several behaviours is: its own score, less by how near the next one comes.
pub(crate) fn confidence(scores: &[f64]) -> f64 {
    match scores {
        [] => 0.0,
        [only] => *only,
        [best, next, ..] => best * (1.0 - 0.5 * (next / best).min(1.0)),
    }
}
