//! Lua.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(
        &[
            "attempt to index a nil",
            "(a nil value)",
            "arithmetic on a nil value",
            "attempt to concatenate a nil",
            "attempt to compare nil with",
            "attempt to get length of a nil",
        ],
        NoneDeref,
    ),
    words(&["attempt to call a nil value"], UnboundName),
    words(
        &[
            "attempt to index a",
            "attempt to call a",
            "attempt to perform arithmetic on",
            "attempt to compare",
            "attempt to concatenate",
        ],
        TypeMismatch,
    ),
    words(&["bad argument #"], WrongArg),
    words(&["stack overflow"], Recursion),
    words(&["not enough memory"], Memory),
    words(&["module '"], Dependency),
    words(&["divide by zero", "perform 'n%%0'"], ZeroDiv),
];

pub(super) const LATE: &[Rule] = &[];

/// What every error is, the program's own too.
pub(super) const RAISED: &[&str] = &["error"];
