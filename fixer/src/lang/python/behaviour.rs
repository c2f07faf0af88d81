//! What cures do: on the crash, on inputs beside it that crashed as well, and on those that did not (gate 5).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    caller::Script,
    judge::is_like,
    oracle::Oracle,
    publish::literal_words,
    revert,
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

pub(super) fn observed(ran: &Ran) -> Value {
    match &ran.error {
        // A message's wording may change, its type may not.
        Some(error) => json!({"raises": error.type_name}),
        None => json!({"value": ran.value, "printed": ran.printed, "state": ran.state}),
    }
}

/// An observation with whole floats as integers: in place of a crash, `0` and `0.0` are one answer.
pub(super) fn plain(value: Value) -> Value {
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

/// Inputs beside the crash, and what came of them.
pub(crate) struct Inputs<'a> {
    /// The programs.
    pub(crate) scripts: &'a [String],
    /// The answers on the unpatched tree.
    pub(crate) base: &'a [Ran],
    /// Those on each cure's, in `many` by their place in `base`.
    pub(crate) after: &'a BTreeMap<usize, Ran>,
    /// Those of the last commit that did not crash.
    pub(crate) oracle: Option<&'a Oracle>,
}

/// Groups cures by behaviour and scores the groups. `script` is what crashed.
pub(crate) fn group(
    cured: Vec<Cured>,
    script: &Script,
    Inputs {
        scripts,
        base,
        after,
        oracle,
    }: &Inputs<'_>,
    crash: &Raised,
    report: &mut Report,
) -> Vec<Behaviour> {
    let fidelity = script.fidelity;
    let usual = Usual::of(&script.text(), scripts, base);
    let mut groups: BTreeMap<String, Vec<(Behaviour, usize)>> = BTreeMap::new();
    for (n, Cured { mut candidate, ran }) in cured.into_iter().enumerate() {
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
        let agreement = oracle.map(|oracle| (oracle, oracle.agreement(&ran, after.get(&n))));
        let is_undoing = revert::is_undoing(&candidate);
        if let Some((oracle, _)) =
            agreement.filter(|(oracle, a)| !is_undoing && oracle.is_witness(*a))
        {
            let others = candidate.witness.take().map(|w| format!("{w}; "));
            candidate.witness = Some(others.unwrap_or_default() + &oracle.witness());
        }
        let has_witness = candidate.witness.is_some();
        let is_unusual = ran.outcome == Kind::Ok && usual.lacks_kind(&ran.value);
        let leaks = ran.outcome == Kind::Ok && usual.lacks_private(&ran.value);
        let n_lost = usual.n_lost(&ran);
        let mut score = candidate.prior * fidelity;
        if is_unusual && !has_witness {
            score *= 0.5;
        }
        if leaks || n_lost > 0 && !has_witness {
            score *= 0.5;
        }
        if beside.n_still > 0 {
            let n = beside.n_still + beside.n_cured;
            score *= 1.0 - 0.5 * beside.n_still as f64 / n as f64;
        }
        if has_witness {
            score = (score * 1.1).min(0.99);
        }
        if let Some((oracle, agreement)) = agreement.filter(|_| !is_undoing) {
            score = oracle.weigh(score, agreement);
        }
        let evidence = Evidence {
            score,
            prior: candidate.prior,
            fidelity,
            as_before: agreement.map(|(_, a)| a.share),
            has_witness,
            raises: ran.error.is_some(),
            is_unusual,
            leaks,
            n_lost,
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
            let scores = members.iter().map(|(behaviour, _)| behaviour.score());
            let score = scores.fold(0.0, f64::max);
            // One of a single edit stands for its group, where a second edit does nothing more; of those the likeliest, of
            // equals the smallest.
            members.sort_by(|(a, x), (b, y)| {
                let n_edits = |b: &Behaviour| b.candidate.rules.len();
                n_edits(a)
                    .cmp(&n_edits(b))
                    .then(b.score().total_cmp(&a.score()))
                    .then(x.cmp(y))
            });
            members.into_iter().next().map(|(mut behaviour, _)| {
                behaviour.evidence.n_alike = n_alike;
                behaviour.evidence.score = score;
                behaviour
            })
        })
        .collect();
    // Beside those that were compared, others about which the time was over say nothing.
    let was_compared =
        |b: &Behaviour| b.beside.n_unchanged + b.beside.n_cured + b.beside.n_still > 0;
    if out.iter().any(was_compared) {
        out.retain(was_compared);
    }
    out.sort_by(|a, b| b.score().total_cmp(&a.score()));
    out
}

/// What the inputs beside the crash that do not crash have in common.
struct Usual {
    n: usize,
    /// Types of the values that they give.
    kinds: BTreeSet<String>,
    /// Types of what these values hold.
    held: BTreeSet<String>,
    /// Words of the crashing input that every answer shows to an input that has them.
    kept: Vec<String>,
}

impl Usual {
    fn of(script: &str, scripts: &[String], base: &[Ran]) -> Self {
        let answered = |r: &&Ran| r.outcome == Kind::Ok;
        let mut held = BTreeSet::new();
        for ran in base.iter().filter(answered) {
            hold(&ran.value, &mut held);
        }
        let shown: Vec<(BTreeSet<String>, BTreeSet<String>)> = base
            .iter()
            .zip(scripts)
            .filter(|(r, _)| answered(r))
            .map(|(r, script)| (literal_words(script), answer_words(r)))
            .collect();
        let is_kept = |word: &String| {
            let mut with = shown
                .iter()
                .filter(|(given, _)| given.contains(word))
                .peekable();
            with.peek().is_some() && with.all(|(_, answer)| answer.contains(word))
        };
        Self {
            n: base.iter().filter(answered).count(),
            kinds: base
                .iter()
                .filter(answered)
                .map(|r| kind_of(&r.value))
                .collect(),
            held,
            kept: literal_words(script).into_iter().filter(is_kept).collect(),
        }
    }

    /// Whether a value is of a type that no input beside it gives.
    fn lacks_kind(&self, value: &Value) -> bool {
        self.n >= 2 && !self.kinds.contains(&kind_of(value))
    }

    /// Whether a value holds an object of a private class that no answer beside it holds: a placeholder that never got out.
    fn lacks_private(&self, value: &Value) -> bool {
        let mut held = BTreeSet::new();
        hold(value, &mut held);
        held.difference(&self.held)
            .any(|kind| kind.starts_with('_'))
    }

    /// How many words of the input an answer no longer shows; none of an exception.
    fn n_lost(&self, ran: &Ran) -> usize {
        if ran.outcome != Kind::Ok {
            return 0;
        }
        let answer = answer_words(ran);
        self.kept.iter().filter(|w| !answer.contains(*w)).count()
    }
}

/// The words of what a run gives and prints.
fn answer_words(ran: &Ran) -> BTreeSet<String> {
    let text = json!([ran.value, ran.printed]).to_string();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.map(str::to_owned).collect()
}

/// Adds the types of the values that a canonical value is made of.
fn hold(value: &Value, out: &mut BTreeSet<String>) {
    let Value::Array(items) = value else { return };
    let Some((Value::String(kind), rest)) = items.split_first() else {
        return;
    };
    out.insert(kind.clone());
    let is_sequence = matches!(kind.as_str(), "list" | "tuple" | "set" | "frozenset");
    for item in rest {
        match item {
            // A field or a key, and its value.
            Value::Array(pair) if !is_sequence && pair.len() == 2 => hold(&pair[1], out),
            _ => hold(item, out),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: Value) -> Ran {
        Ran {
            value,
            ..Ran::without_answer(0, Kind::Ok)
        }
    }

    #[test]
    fn answers_beside_the_crash_show_what_is_lost_and_what_leaks() {
        let scripts = ["f('nut 1')".to_owned(), "f('nut bolt')".to_owned()];
        let base = [
            answer(json!(["dict", ["nut", 1]])),
            answer(json!(["dict", ["nut", ["Part", ["size", 2]]]])),
        ];
        let usual = Usual::of("f('nut;')", &scripts, &base);
        let is_lost = |value| usual.n_lost(&answer(value)) > 0;
        assert!(is_lost(json!(["dict"])));
        assert!(!is_lost(json!(["dict", ["nut", null]])));
        let held = |kind: &str| json!(["dict", ["nut", [kind, ["id", "a"]]]]);
        assert!(usual.lacks_private(&held("_Later")));
        assert!(!usual.lacks_private(&held("Other")));
        assert!(usual.lacks_kind(&json!("nut")) && !usual.lacks_kind(&json!(["dict"])));
    }
}
