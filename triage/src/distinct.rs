//! How many different values there are, in little memory.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

use serde::{Deserialize, Serialize};

/// Digests kept. The standard error of what is beyond it is 1/√254, 6%.
const MAX: usize = 256;

/// Counts different values: exactly up to 256, beyond it from how close to zero the smallest 256 digests lie (k minimum
/// values: Bar-Yossef et al., "Counting distinct elements in a data stream", RANDOM 2002; unbiased as in Beyer et al.,
/// SIGMOD 2007). Neither order nor repetition matters, and two can be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Distinct(BTreeSet<u64>);

impl Distinct {
    pub(crate) fn add(&mut self, value: impl Hash) {
        // With fixed keys, so that it is the same after a restart. Who finds a collision is one less.
        self.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(value));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for digest in &other.0 {
            self.insert(*digest);
        }
    }

    fn insert(&mut self, digest: u64) {
        self.0.insert(digest);
        if self.0.len() > MAX {
            self.0.pop_last();
        }
    }

    /// How many; a guess where it is not [`Self::is_exact`].
    pub(crate) fn count(&self) -> u64 {
        match self.0.last() {
            Some(last) if !self.is_exact() => {
                ((MAX - 1) as f64 / (*last as f64 / u64::MAX as f64)).round() as u64
            }
            _ => self.0.len() as u64,
        }
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.0.len() < MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl Iterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::default();
        values.for_each(|value| distinct.add(value));
        distinct
    }

    #[test]
    fn few_are_counted_and_many_are_guessed() {
        assert_eq!(of((0..200).chain(0..200)).count(), 200);
        for n in [1_000, 20_000, 300_000] {
            let ratio = of(0..n).count() as f64 / n as f64;
            assert!((0.8..1.2).contains(&ratio), "{n}: {ratio}");
        }
    }

    #[test]
    fn parts_add_up_in_any_order() {
        let mut one = of(0..3000);
        one.merge(&of(2000..5000));
        assert_eq!(one, of((0..5000).rev()));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Distinct>(&text).unwrap(), one);
    }
}
