//! OCaml.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(&["Not_found"], KeyMissing),
    words(&["index out of bounds"], IndexRange),
    both(&["Failure"], &["hd", "tl", "nth"], IndexRange),
    both(&["Failure"], &["_of_string"], BadValue),
    types(&["Division_by_zero"], ZeroDiv),
    types(&["Match_failure"], MissingCase),
    types(&["Stack_overflow"], Recursion),
    types(&["Out_of_memory"], Memory),
    words(&["option is none"], NoneDeref),
];

/// What the library throws for many reasons.
pub(super) const LATE: &[Rule] = &[types(&["Invalid_argument", "End_of_file"], BadValue)];

/// What `failwith` and `assert` throw.
pub(super) const RAISED: &[&str] = &["Failure", "Exit", "Assert_failure"];
