//! Crystal.

use super::rule::{Rule, types};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(&["IndexError"], IndexRange),
    types(&["KeyError"], KeyMissing),
    types(&["NilAssertionError"], NoneDeref),
    types(&["TypeCastError"], TypeMismatch),
    types(&["DivisionByZeroError"], ZeroDiv),
    types(&["OverflowError"], Overflow),
    types(&["NotImplementedError"], MissingCase),
];

/// What the library throws for many reasons.
pub(super) const LATE: &[Rule] = &[types(&["ArgumentError", "EOFError"], BadValue)];

/// What `raise` with a text throws.
pub(super) const RAISED: &[&str] = &["Exception"];
