//! The last good commit as an oracle: what it gave on inputs that crash now is what is expected of a cure.

use std::collections::BTreeMap;

use super::{
    behaviour::{observed, plain},
    history::Past,
    judge::is_like,
    run::{Bench, Kind, Raised, Ran, Run},
};
use crate::FixError;

/// How much of what a score lacks full agreement adds.
const WEIGHT: f64 = 0.5;

/// What the last good commit gave.
pub(super) struct Oracle {
    /// Its name, for people.
    commit: String,
    crash: Ran,
    /// On inputs beside the crash that crash now, by their place among them.
    beside: BTreeMap<usize, Ran>,
    /// The share of those that do not crash on which today's code does the same, in `0.0..=1.0`: where much was changed
    /// on purpose, the past says less.
    trust: f64,
}

/// How a cure stands to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    /// Whether it gives the same on the crashing input.
    pub(super) is_same: bool,
    /// The share of the inputs that crash now on which it gives the same, in `0.0..=1.0`.
    pub(super) share: f64,
}

impl Oracle {
    /// Asks the last good commit about the inputs beside the crash; `base` has what today's code does on them.
    pub(super) fn ask(
        past: &mut Past<'_>,
        bench: &Bench<'_>,
        beside: &[String],
        base: &[Ran],
        crash: &Raised,
    ) -> Result<Option<Self>, FixError> {
        let Some(gave) = past.gave.clone() else {
            return Ok(None);
        };
        let run = Run {
            scripts: beside.to_vec(),
            timeout: 10.0,
            ..Run::script(0, "")
        };
        let asked = match beside {
            [] => Vec::new(),
            _ => past.run(bench, &[run], bench.left().mul_f64(0.1))?,
        };
        let gave_beside = asked.into_iter().flat_map(|ran| ran.many);
        let (mut n, mut n_same) = (1, 1);
        let mut crashed = BTreeMap::new();
        for then in gave_beside.filter(|ran| ran.outcome != Kind::Skipped) {
            let Some(now) = base.get(then.id) else {
                continue;
            };
            if now.error.as_ref().is_some_and(|e| is_like(e, crash)) {
                crashed.insert(then.id, then);
            } else {
                n += 1;
                n_same += usize::from(observed(now) == observed(&then));
            }
        }
        crashed.retain(|_, then| then.outcome == Kind::Ok);
        Ok(Some(Self {
            commit: past.name().to_owned(),
            crash: gave,
            beside: crashed,
            trust: n_same as f64 / n as f64,
        }))
    }

    /// What speaks for a cure that agrees.
    pub(super) fn witness(&self) -> String {
        format!(
            "{}, the last commit that did not crash, gave the same",
            self.commit
        )
    }

    /// Holds a cure against it: `ran` is what that does on the crashing input, `after` on those beside it.
    pub(super) fn agreement(&self, ran: &Ran, after: Option<&Ran>) -> Agreement {
        let alike = |then: &Ran, now: &Ran| plain(observed(then)) == plain(observed(now));
        let is_same = alike(&self.crash, ran);
        let (mut n, mut n_same) = (1, usize::from(is_same));
        for now in after.iter().flat_map(|r| &r.many) {
            if let Some(then) = self.beside.get(&now.id) {
                n += 1;
                n_same += usize::from(alike(then, now));
            }
        }
        Agreement {
            is_same,
            share: n_same as f64 / n as f64,
        }
    }

    /// Whether agreeing with it is a witness.
    pub(super) fn is_witness(&self, agreement: Agreement) -> bool {
        agreement.is_same && self.trust >= 0.5
    }

    /// A score in the light of it.
    pub(super) fn weigh(&self, score: f64, agreement: Agreement) -> f64 {
        // To give nothing, as then, is what most cures do.
        let says = match self.crash.value.is_null() && self.crash.printed.is_empty() {
            true => 0.5 * self.trust,
            false => self.trust,
        };
        match agreement.is_same {
            true => score + (1.0 - score) * WEIGHT * says * agreement.share,
            false => score * (1.0 - WEIGHT * says),
        }
    }
}
