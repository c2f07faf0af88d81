//! Julia.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(&["BoundsError"], IndexRange),
    types(&["KeyError"], KeyMissing),
    types(&["UndefVarError"], UnboundName),
    types(&["UndefRefError"], NoneDeref),
    both(
        &["MethodError", "FieldError"],
        &["::nothing", "::missing"],
        NoneDeref,
    ),
    types(&["MethodError", "UndefKeywordError"], WrongArg),
    types(&["FieldError"], AttrMissing),
    words(&["has no field"], AttrMissing),
    types(&["TypeError"], TypeMismatch),
    types(&["DivideError"], ZeroDiv),
    types(&["InexactError", "OverflowError"], Overflow),
    types(&["DomainError", "DimensionMismatch"], BadValue),
    types(&["StackOverflowError"], Recursion),
    types(&["OutOfMemoryError"], Memory),
    both(
        &["ArgumentError"],
        &["not found in current path"],
        Dependency,
    ),
];

/// What the library throws for many reasons.
pub(super) const LATE: &[Rule] = &[types(&["ArgumentError"], BadValue)];

/// What `error` and `@assert` throw.
pub(super) const RAISED: &[&str] = &["ErrorException", "AssertionError"];
