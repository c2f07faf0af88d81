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
/// Only [`Trial::finish`] makes one, and only where every gate has a report and none refused. Plausible, not correct:
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

/// What one gate found: the evidence where it passed, `None` in place of it where there was nothing to look at.
pub(crate) enum Finding {
    Passed(String),
    Nothing(String),
    Refused(String),
}

impl Trial {
    pub(crate) fn new(candidate: Candidate) -> Self {
        Self {
            candidate,
            gates: Vec::new(),
        }
    }

    /// Sends the candidate through one gate.
    pub(crate) fn pass<E>(
        &mut self,
        gate: Gate,
        look: impl FnOnce(&Candidate) -> Result<Finding, E>,
    ) -> Result<Result<(), Refuted>, E> {
        let started = std::time::Instant::now();
        let finding = look(&self.candidate)?;
        let ms = started.elapsed().as_millis() as u64;
        let (outcome, detail) = match finding {
            Finding::Passed(detail) => (GateOutcome::Passed, detail),
            Finding::Nothing(detail) => (GateOutcome::None, detail),
            Finding::Refused(reason) => return Ok(Err(Refuted { gate, reason })),
        };
        self.gates.push(GateReport {
            gate,
            outcome,
            detail,
            ms,
        });
        Ok(Ok(()))
    }

    /// The verified fix.
    ///
    /// # Panics
    /// If a gate was left out, which is a bug of the caller.
    pub(crate) fn finish(mut self, test: Reproduction, confidence: f64) -> VerifiedFix {
        use Gate::{
            Applies, Behaviour, Cures, NoRegression, NotSuppression, Policy, Reproduces, TestSays,
        };
        self.gates.sort_by_key(|g| g.gate);
        let met: Vec<Gate> = self.gates.iter().map(|g| g.gate).collect();
        assert_eq!(
            met,
            [
                Applies,
                Reproduces,
                Cures,
                NoRegression,
                Behaviour,
                NotSuppression,
                TestSays,
                Policy
            ],
            "every gate is met once"
        );
        VerifiedFix {
            candidate: self.candidate,
            test,
            gates: self.gates,
            confidence,
        }
    }
}
