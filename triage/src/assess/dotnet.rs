//! .NET and Mono.

use super::rule::{Rule, both, types};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(
        &[
            "NullReferenceException",
            "UnassignedReferenceException",
            "MissingReferenceException",
        ],
        NoneDeref,
    ),
    types(&["KeyNotFoundException"], KeyMissing),
    types(&["IndexOutOfRangeException"], IndexRange),
    both(
        &["ArgumentOutOfRangeException"],
        &["index", "length", "count"],
        IndexRange,
    ),
    types(&["ArgumentOutOfRangeException"], BadValue),
    types(&["ArgumentNullException"], NoneDeref),
    types(
        &[
            "InvalidCastException",
            "ArrayTypeMismatchException",
            "RuntimeBinderException",
        ],
        TypeMismatch,
    ),
    types(&["DivideByZeroException"], ZeroDiv),
    types(&["OverflowException"], Overflow),
    both(&["FormatException"], &["index (zero based)"], WrongArg),
    types(&["FormatException"], BadValue),
    types(
        &[
            "StackOverflowException",
            "InsufficientExecutionStackException",
        ],
        Recursion,
    ),
    types(
        &[
            "NotImplementedException",
            "NotSupportedException",
            "SwitchExpressionException",
        ],
        MissingCase,
    ),
    types(
        &["DecoderFallbackException", "EncoderFallbackException"],
        Encoding,
    ),
    types(
        &[
            "MissingMethodException",
            "MissingFieldException",
            "TypeLoadException",
            "FileLoadException",
            "BadImageFormatException",
            "DllNotFoundException",
            "EntryPointNotFoundException",
            "ReflectionTypeLoadException",
        ],
        Dependency,
    ),
    both(
        &["InvalidOperationException"],
        &[
            "sequence contains no",
            "sequence contains more",
            "collection was modified",
            "nullable object must have a value",
            "queue empty",
            "stack empty",
        ],
        BadValue,
    ),
    both(
        &["InvalidOperationException"],
        &[
            "cross-thread",
            "second operation was started",
            "collection was modified",
        ],
        InvalidState,
    ),
    both(
        &["InvalidOperationException"],
        &[
            "unable to resolve service",
            "no connection string",
            "connectionstring",
        ],
        Configuration,
    ),
    types(&["ObjectDisposedException"], InvalidState),
    types(
        &["UnauthorizedAccessException", "SecurityException"],
        Permission,
    ),
    types(
        &["OutOfMemoryException", "InsufficientMemoryException"],
        Memory,
    ),
    both(&["SqlException"], &["timeout"], Timeout),
    both(&["SqlException"], &["login failed"], Credentials),
    types(
        &[
            "RedisConnectionException",
            "RedisTimeoutException",
            "NpgsqlException",
            "MySqlException",
        ],
        Database,
    ),
    types(
        &[
            "FileNotFoundException",
            "DirectoryNotFoundException",
            "PathTooLongException",
            "DriveNotFoundException",
        ],
        Disk,
    ),
    types(
        &[
            "TaskCanceledException",
            "OperationCanceledException",
            "ThreadAbortException",
        ],
        Timeout,
    ),
    types(
        &["BrokerUnreachableException", "WebSocketException"],
        Network,
    ),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    types(
        &["SqlException", "DbUpdateException", "EntityException"],
        Database,
    ),
    types(
        &[
            "HttpRequestException",
            "SocketException",
            "ExtendedSocketException",
            "WebException",
            "RpcException",
        ],
        Network,
    ),
    types(&["IOException"], Disk),
    types(&["ConfigurationErrorsException"], Configuration),
    types(&["ArgumentException"], BadValue),
    types(&["InvalidOperationException"], InvalidState),
];

/// Types that only a `throw` makes.
pub(super) const RAISED: &[&str] = &["Exception", "ApplicationException", "SystemException"];
