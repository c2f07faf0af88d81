//! Swift.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(&["unexpectedly found nil"], NoneDeref),
    words(
        &[
            "index out of range",
            "index is out of",
            "negative array index",
            "from an empty collection",
            "more items from a collection than it has",
        ],
        IndexRange,
    ),
    words(
        &[
            "arithmetic overflow",
            "not enough bits to represent",
            "cannot be converted to int because",
            "results in an overflow",
        ],
        Overflow,
    ),
    words(&["division by zero"], ZeroDiv),
    words(
        &[
            "upperbound < lowerbound",
            "lowerbound <= upperbound",
            "duplicate values for key",
            "duplicate keys",
        ],
        BadValue,
    ),
    words(&["could not cast value of type"], TypeMismatch),
    words(
        &[
            "attempted to read an unowned reference",
            "simultaneous accesses",
        ],
        InvalidState,
    ),
    words(
        &["unimplemented initializer", "not implemented"],
        MissingCase,
    ),
];

/// An error that nobody expected.
pub(super) const LATE: &[Rule] = &[words(
    &["unexpectedly raised an error", "error raised at top level"],
    BadValue,
)];

/// What `fatalError` and the assertions are reported as.
pub(super) const RAISED: &[&str] = &["Fatal error", "Precondition failed", "Assertion failed"];
