//! Perl.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(&["in @inc"], Dependency),
    words(
        &["on an undefined value", "can't use an undefined value"],
        NoneDeref,
    ),
    words(&["can't locate object method"], AttrMissing),
    words(&["undefined subroutine", "global symbol"], UnboundName),
    words(
        &["illegal division by zero", "illegal modulus zero"],
        ZeroDiv,
    ),
    words(
        &[
            "not a hash reference",
            "not an array reference",
            "not a code reference",
            "not a scalar reference",
            "can't use string (",
            "on unblessed reference",
        ],
        TypeMismatch,
    ),
    words(&["modification of a read-only"], InvalidState),
];

pub(super) const LATE: &[Rule] = &[];

/// What every error is, the program's own too.
pub(super) const RAISED: &[&str] = &["die"];
