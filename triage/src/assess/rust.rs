//! Rust.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(
        &["`option::unwrap()` on a `none`", "option::expect"],
        NoneDeref,
    ),
    words(
        &[
            "index out of bounds",
            "out of range for slice",
            "slice index starts at",
            "range start index",
            "range end index",
            "is out of bounds of",
            "removal index",
            "insertion index",
            "swap_remove index",
            "but the index is",
        ],
        IndexRange,
    ),
    words(
        &[
            "not a char boundary",
            "utf8error",
            "fromutf8error",
            "invalid utf-8",
        ],
        Encoding,
    ),
    words(
        &[
            "divide by zero",
            "divisor of zero",
            "remainder with a divisor",
        ],
        ZeroDiv,
    ),
    words(
        &["with overflow", "tryfrominterror", "capacity overflow"],
        Overflow,
    ),
    words(
        &[
            "already borrowed",
            "already mutably borrowed",
            "borrowmuterror",
            "borrowerror",
            "cannot start a runtime from within",
            "there is no reactor running",
            "cannot drop a runtime",
            "poisonerror",
        ],
        InvalidState,
    ),
    words(
        &["not implemented", "not yet implemented", "unreachable code"],
        MissingCase,
    ),
    words(&["overflowed its stack"], Recursion),
    words(
        &[
            "parseinterror",
            "parsefloaterror",
            "parseboolerror",
            "kind: invaliddigit",
        ],
        BadValue,
    ),
    words(
        &["kind: notfound", "no such file or directory", "os error 2"],
        Disk,
    ),
    words(&["repr: os(2)"], Dependency),
    words(
        &["varerror", "environment variable not found", "notpresent"],
        Configuration,
    ),
];

/// An error that nobody expected.
pub(super) const LATE: &[Rule] = &[words(&["`result::unwrap()` on an `err`"], BadValue)];

/// What `panic!`, `expect` and the assertions are reported as.
pub(super) const RAISED: &[&str] = &["panic"];
