//! How much two traces agree.

/// What the next frame outwards counts, beside one further in: `exp(-0.2)`. Near the crash frames say which bug it is, far
/// from it which way the program came.
///
/// Chosen, with [`crate::clusters`]' threshold, on Defects4J's traces that are no failed checks: exponents from 0.1 to 0.3
/// and thresholds from 0.3 to 0.4 do alike there. Weights by the frames' rarity (as in TraceSim, arXiv 2009.12590)
/// gained nothing, and would make what is alike depend on what has been seen.
const DECAY: f64 = 0.818_730_753;

/// The share of two traces' weight that stands in frames that both have, in the same order: `0.0..=1.0`. Innermost frames
/// first.
pub(crate) fn similarity(a: &[String], b: &[String]) -> f64 {
    let weight = |at: usize| DECAY.powi(at as i32);
    let total: f64 = (0..a.len()).chain(0..b.len()).map(weight).sum();
    if total == 0.0 {
        return 0.0;
    }
    // The heaviest common subsequence, row by row.
    let mut above = vec![0.0_f64; b.len() + 1];
    for (i, frame) in a.iter().enumerate() {
        let mut row = vec![0.0_f64; b.len() + 1];
        for (j, other) in b.iter().enumerate() {
            row[j + 1] = row[j].max(above[j + 1]);
            if frame == other {
                row[j + 1] = row[j + 1].max(above[j] + weight(i) + weight(j));
            }
        }
        above = row;
    }
    above[b.len()] / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn inner_frames_weigh_more_and_order_counts() {
        let similar = |a, b| similarity(&frames(a), &frames(b));
        assert_eq!(similar("a b c", "a b c"), 1.0);
        assert_eq!(similar("a b", "c d"), 0.0);
        assert_eq!(similar("", ""), 0.0);
        assert!(similar("a b c x", "a b c y") > similar("x b c d", "y b c d"));
        assert!(similar("a b c d", "d c b a") < 0.4);
        assert!(similar("a b c", "a m b c") > 0.6);
    }
}
