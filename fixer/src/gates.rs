//! What a candidate has to pass, and the type that only passing makes.

use serde::Serialize;

use crate::candidate::Candidate;

/// A gate, in the order in which candidates meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The change applies, compiles, and stays within what a fix may touch.
    Applies,
    /// The generated test fails on the unpatched tree with the same crash.
    Reproduces,
    /// On the patched tree it passes, in fresh processes and under several hash seeds.
    Cures,
    /// Tests that passed before pass after.
    NoRegression,
    /// Inputs that did not crash behave as before.
    Behaviour,
    /// The error is cured, not silenced.
    NotSuppression,
    /// Undoing any part of the change turns the test red.
    TestSays,
    /// Nothing that an owner would not want touched.
    Policy,
}

impl Gate {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Applies,
        Self::Reproduces,
        Self::Cures,
        Self::NoRegression,
        Self::Behaviour,
        Self::NotSuppression,
        Self::TestSays,
        Self::Policy,
    ];
}

/// What a gate saw.
#[derive(Debug, Clone, Serialize)]
pub struct GateReport {
    /// The gate.
    pub gate: Gate,
    /// Whether the candidate passed.
    pub outcome: GateOutcome,
    /// The evidence, for people.
    pub detail: String,
    /// Milliseconds that it took.
    pub ms: u64,
}

/// How a gate was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// It was.
    Passed,
    /// It was not: the candidate is refused.
    Refused,
    /// There was nothing to look at (a repository without tests).
    None,
    /// It could not be asked, because an earlier gate refused.
    Skipped,
}

/// A reproducing test.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduction {
    /// Where the test belongs, from the repository's root.
    pub path: String,
    /// Its source.
    pub source: String,
    /// The isolate in which it was seen to fail.
    pub isolate: &'static str,
}

/// A candidate that passed every gate, with what each gate saw.
///
/// Only [`Trial::finish`] makes one, and only where every gate has a report and none refused or was left out. Plausible, not correct:
/// a person decides that.
#[derive(Debug, Clone)]
pub struct VerifiedFix {
    candidate: Candidate,
    test: Reproduction,
    gates: Vec<GateReport>,
    confidence: f64,
}

impl VerifiedFix {
    /// The change.
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// The test that was red and is green.
    pub fn test(&self) -> &Reproduction {
        &self.test
    }

    /// What each gate saw.
    pub fn gates(&self) -> &[GateReport] {
        &self.gates
    }

    /// How sure the choice among the plausible candidates is, in `0.0..=1.0`.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }
}

/// A candidate on its way through the gates.
pub(crate) struct Trial {
    candidate: Candidate,
    gates: Vec<GateReport>,
}

/// A candidate that a gate refused.
#[derive(Debug, Clone)]
pub struct Refuted {
    /// The gate.
    pub gate: Gate,
    /// Why.
    pub reason: String,
}

/// What one gate found: the evidence where it passed, `Nothing` where there was nothing to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Passed(String),
    Nothing(String),
    Refused(String),
    Skipped(String),
}

impl Trial {
    pub(crate) fn new(candidate: Candidate) -> Self {
        Self {
            candidate,
            gates: Vec::new(),
        }
    }

    /// Sends the candidate through one gate; false where that refuses it.
    pub(crate) fn pass<E>(
        &mut self,
        gate: Gate,
        look: impl FnOnce(&Candidate) -> Result<Finding, E>,
    ) -> Result<bool, E> {
        let started = std::time::Instant::now();
        let finding = look(&self.candidate)?;
        let ms = started.elapsed().as_millis() as u64;
        let (outcome, detail) = match finding {
            Finding::Passed(detail) => (GateOutcome::Passed, detail),
            Finding::Nothing(detail) => (GateOutcome::None, detail),
            Finding::Refused(reason) => (GateOutcome::Refused, reason),
            Finding::Skipped(why) => (GateOutcome::Skipped, why),
        };
        self.gates.push(GateReport {
            gate,
            outcome,
            detail,
            ms,
        });
        Ok(outcome != GateOutcome::Refused)
    }

    /// What each gate saw so far, in their order.
    pub(crate) fn reports(&self) -> Vec<GateReport> {
        let mut out = self.gates.clone();
        out.sort_by_key(|g| g.gate);
        out
    }

    /// The refusals so far, the first one first.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = Refuted> {
        let refused = self.gates.iter();
        refused
            .filter(|g| g.outcome == GateOutcome::Refused)
            .map(|g| Refuted {
                gate: g.gate,
                reason: g.detail.clone(),
            })
    }

    /// The verified fix, where every gate was met once and none refused or was skipped.
    pub(crate) fn finish(self, test: Reproduction, confidence: f64) -> Option<VerifiedFix> {
        let gates = self.reports();
        let met: Vec<Gate> = gates
            .iter()
            .filter(|g| matches!(g.outcome, GateOutcome::Passed | GateOutcome::None))
            .map(|g| g.gate)
            .collect();
        (met == Gate::ALL).then_some(VerifiedFix {
            candidate: self.candidate,
            test,
            gates,
            confidence,
        })
    }
}

/// What is told of a patch that the first gate refuses before there is a candidate.
pub(crate) fn refused_at_once(reason: &str) -> Vec<GateReport> {
    let mut trial = Trial::new(Candidate::default());
    for gate in Gate::ALL {
        let finding = match gate {
            Gate::Applies => Finding::Refused(reason.to_owned()),
            _ => Finding::Skipped("the patch does not apply".to_owned()),
        };
        let Ok(_) = trial.pass(gate, |_| Ok::<_, std::convert::Infallible>(finding));
    }
    trial.reports()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_verified(met: impl IntoIterator<Item = (Gate, GateOutcome)>) -> bool {
        let mut trial = Trial::new(Candidate::default());
        for (gate, outcome) in met {
            let finding = match outcome {
                GateOutcome::Passed => Finding::Passed(String::new()),
                GateOutcome::None => Finding::Nothing(String::new()),
                GateOutcome::Refused => Finding::Refused(String::new()),
                GateOutcome::Skipped => Finding::Skipped(String::new()),
            };
            trial.pass(gate, |_| Ok::<_, ()>(finding)).unwrap();
        }
        let test = Reproduction {
            path: String::new(),
            source: String::new(),
            isolate: "native",
        };
        trial.finish(test, 1.0).is_some()
    }

    #[test]
    fn only_a_candidate_that_met_every_gate_is_verified() {
        let all = Gate::ALL.map(|g| (g, GateOutcome::Passed));
        assert!(is_verified(all));
        assert!(is_verified(all.into_iter().rev()), "in any order");
        assert!(!is_verified(all.into_iter().chain([all[0]])), "once each");
        for (gate, _) in all {
            let others = || all.into_iter().filter(move |(g, _)| *g != gate);
            assert!(!is_verified(others()), "{gate:?} was not met");
            for (outcome, expected) in [
                (GateOutcome::None, true),
                (GateOutcome::Refused, false),
                (GateOutcome::Skipped, false),
            ] {
                let with = others().chain([(gate, outcome)]);
                assert_eq!(is_verified(with), expected, "{gate:?} {outcome:?}");
            }
        }
    }
}
