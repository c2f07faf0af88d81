//! PHP.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(&["allowed memory size"], Memory),
    words(&["maximum execution time"], Timeout),
    words(
        &[
            "on null",
            "of null",
            "property of non-object",
            "offset on value of type null",
            "null given",
            "of type null is deprecated",
        ],
        NoneDeref,
    ),
    words(
        &[
            "undefined offset",
            "undefined array key 0",
            "undefined array key 1",
            "undefined array key 2",
            "uninitialized string offset",
        ],
        IndexRange,
    ),
    words(&["undefined index", "undefined array key"], KeyMissing),
    words(
        &[
            "undefined variable",
            "undefined constant",
            "undefined function",
        ],
        UnboundName,
    ),
    words(
        &[
            "undefined property",
            "undefined method",
            "cannot access private",
            "cannot access protected",
        ],
        AttrMissing,
    ),
    words(
        &[
            "too few arguments",
            "expects exactly",
            "expects at least",
            "expects at most",
            "unknown named parameter",
        ],
        WrongArg,
    ),
    types(&["ArgumentCountError"], WrongArg),
    words(&["division by zero", "modulo by zero"], ZeroDiv),
    types(&["DivisionByZeroError"], ZeroDiv),
    types(&["UnhandledMatchError"], MissingCase),
    words(
        &[
            "array to string conversion",
            "unsupported operand types",
            "could not be converted to",
            "must be of type",
            "must be an instance of",
            "illegal string offset",
            "cannot access offset of type",
            "illegal offset type",
            "non-numeric value",
            "cannot use object of type",
            "must be of the type",
            "return value must be",
        ],
        TypeMismatch,
    ),
    words(&["when not in object context"], InvalidState),
    words(&["malformed utf-8"], Encoding),
    words(&["maximum function nesting level"], Recursion),
    words(&["failed to open stream: permission denied"], Permission),
    words(
        &[
            "failed to open stream: no such file",
            "no such file or directory",
            "failed opening required",
        ],
        Disk,
    ),
    both(
        &["Error", "Fatal error"],
        &["class \"", "class '"],
        Dependency,
    ),
    types(
        &["ReflectionException", "BindingResolutionException"],
        Configuration,
    ),
    words(&["sqlstate[hy000] [1045]"], Credentials),
    words(&["sqlstate[42s02]", "sqlstate[42s22]"], Configuration),
    words(&["curl error 28: resolving"], Dns),
    types(&["ServerException"], Upstream),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    types(
        &["PDOException", "mysqli_sql_exception", "QueryException"],
        Database,
    ),
    types(
        &[
            "ConnectException",
            "NetworkException",
            "RequestException",
            "TransferException",
        ],
        Network,
    ),
    types(&["TypeError"], TypeMismatch),
    types(&["ValueError", "DivisionByZero"], BadValue),
    types(
        &["Warning", "Notice", "Deprecated", "ErrorException"],
        BadValue,
    ),
];

/// Types that only a `throw` makes.
pub(super) const RAISED: &[&str] = &[
    "Exception",
    "Error",
    "RuntimeException",
    "LogicException",
    "InvalidArgumentException",
    "DomainException",
    "UnexpectedValueException",
    "Fatal error",
];
