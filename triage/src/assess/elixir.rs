//! Elixir and Erlang.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(&[":nxdomain"], Dns),
    words(
        &[
            ":econnrefused",
            ":econnreset",
            ":econnaborted",
            ":closed}",
            ":closed",
            ":ehostunreach",
            ":enetunreach",
            ":epipe",
        ],
        Network,
    ),
    words(&[":timeout", "{:timeout"], Timeout),
    words(&[":enospc", ":emfile", ":enoent"], Disk),
    words(&[":eacces", ":eperm"], Permission),
    words(&["no process: the process is not alive"], InvalidState),
    types(
        &[
            "FunctionClauseError",
            "CaseClauseError",
            "WithClauseError",
            "CondClauseError",
            "TryClauseError",
            "MatchError",
            "badmatch",
            "function_clause",
            "case_clause",
        ],
        MissingCase,
    ),
    both(&["BadMapError", "BadMapException"], &["nil"], NoneDeref),
    both(&["UndefinedFunctionError"], &["function nil."], NoneDeref),
    both(
        &["UndefinedFunctionError"],
        &["is not available"],
        Dependency,
    ),
    types(&["UndefinedFunctionError", "undef"], UnboundName),
    both(&["KeyError"], &["not found in: nil"], NoneDeref),
    types(&["KeyError"], KeyMissing),
    types(
        &[
            "BadMapError",
            "BadStructError",
            "BadArityError",
            "BadFunctionError",
            "BadBooleanError",
        ],
        TypeMismatch,
    ),
    both(&["ArithmeticError"], &["nil"], NoneDeref),
    types(&["ArithmeticError", "badarith"], BadValue),
    both(
        &["UndefinedError"],
        &["of type nil", "got value: nil", "for nil"],
        NoneDeref,
    ),
    types(&["UndefinedError"], TypeMismatch),
    both(
        &["ArgumentError"],
        &["must be binar", "must be a", "not a binary", "expected"],
        WrongArg,
    ),
    types(&["UnicodeConversionError"], Encoding),
    types(&["EmptyError", "OutOfBoundsError"], IndexRange),
    types(&["ConnectionError"], Database),
    types(&["SystemLimitError"], Memory),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    types(&["ArgumentError", "badarg", "ErlangError"], BadValue),
    types(&["TransportError"], Network),
];

/// Types that only a `raise`, a `throw` or an exit makes.
pub(super) const RAISED: &[&str] = &["RuntimeError", "throw", "exit", "stop", "EXIT"];
