//! Ruby.

use super::rule::{Rule, both, types};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    both(&["NoMethodError"], &["for nil", "nil:nilclass"], NoneDeref),
    both(
        &["NoMethodError"],
        &["undefined local variable"],
        UnboundName,
    ),
    types(&["NoMethodError"], AttrMissing),
    types(&["NameError"], UnboundName),
    both(&["TypeError"], &["nil"], NoneDeref),
    types(&["TypeError"], TypeMismatch),
    types(&["ZeroDivisionError"], ZeroDiv),
    types(&["KeyError"], KeyMissing),
    types(&["IndexError"], IndexRange),
    types(&["SystemStackError"], Recursion),
    types(
        &[
            "CompatibilityError",
            "UndefinedConversionError",
            "InvalidByteSequenceError",
            "ConverterNotFoundError",
        ],
        Encoding,
    ),
    both(&["ArgumentError"], &["invalid byte sequence"], Encoding),
    both(
        &["ArgumentError"],
        &[
            "wrong number of arguments",
            "missing keyword",
            "unknown keyword",
        ],
        WrongArg,
    ),
    both(
        &["ArgumentError"],
        &[
            "invalid value for",
            "comparison of",
            "invalid date",
            "negative",
            "argument out of range",
            "no time information",
        ],
        BadValue,
    ),
    types(
        &[
            "FloatDomainError",
            "RangeError",
            "StopIteration",
            "DateError",
            "Date::Error",
        ],
        BadValue,
    ),
    types(&["FrozenError", "ThreadError", "FiberError"], InvalidState),
    types(
        &[
            "NotImplementedError",
            "NoMatchingPatternError",
            "NoMatchingPatternKeyError",
        ],
        MissingCase,
    ),
    types(
        &["LoadError", "ConflictError", "VersionConflict"],
        Dependency,
    ),
    types(&["NoMemoryError"], Memory),
    types(
        &["SignalException", "Interrupt", "SystemExit", "Shutdown"],
        Deploy,
    ),
    types(
        &[
            "ECONNREFUSED",
            "ECONNRESET",
            "EPIPE",
            "EHOSTUNREACH",
            "ENETUNREACH",
            "ECONNABORTED",
            "CannotConnectError",
            "FailedToOpenSocket",
            "EADDRNOTAVAIL",
        ],
        Network,
    ),
    types(&["ResolutionError", "ResolvError"], Dns),
    types(
        &["ETIMEDOUT", "OpenTimeout", "ReadTimeout", "WriteTimeout"],
        Timeout,
    ),
    types(&["SSLError"], Tls),
    types(
        &[
            "ENOENT", "ENOSPC", "EMFILE", "EISDIR", "ENOTDIR", "EROFS", "EIO", "EEXIST",
        ],
        Disk,
    ),
    types(&["EACCES", "EPERM"], Permission),
    types(&["ENOMEM"], Memory),
    types(&["EADDRINUSE"], Configuration),
    types(
        &[
            "ConnectionBad",
            "ConnectionNotEstablished",
            "ConnectionTimeoutError",
            "UnableToSend",
            "Deadlocked",
            "LockWaitTimeout",
            "NoDatabaseError",
            "ConnectionFailed",
        ],
        Database,
    ),
    types(&["PendingMigrationError"], Configuration),
];

pub(super) const LATE: &[Rule] = &[types(&["EOFError", "IOError"], Network)];

/// Types that only a `raise` makes.
pub(super) const RAISED: &[&str] = &[
    "RuntimeError",
    "StandardError",
    "ArgumentError",
    "Exception",
];
