//! Haskell.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(
        &["empty list", "index too large", "negative index"],
        IndexRange,
    ),
    words(
        &[
            "non-exhaustive",
            "no instance nor default method",
            "prelude.undefined",
        ],
        MissingCase,
    ),
    words(&["fromjust"], NoneDeref),
    words(&["divide by zero"], ZeroDiv),
    words(&["arithmetic overflow", "arithmetic underflow"], Overflow),
    words(
        &[
            "key is not an element",
            "element not in the map",
            "key not found",
        ],
        KeyMissing,
    ),
    words(&["no parse", "ambiguous parse"], BadValue),
    words(&["cannot decode byte", "invalid byte sequence"], Encoding),
    words(&["heap exhausted", "heap overflow"], Memory),
    words(&["stack overflow"], Recursion),
    words(&["thread blocked indefinitely"], InvalidState),
];

pub(super) const LATE: &[Rule] = &[];

/// What `error` throws.
pub(super) const RAISED: &[&str] = &["ErrorCall"];
