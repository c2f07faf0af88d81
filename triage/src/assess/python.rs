//! CPython and PyPy.

use super::rule::{Rule, both, types};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(
        &[
            "ModuleNotFoundError",
            "ImportError",
            "DistributionNotFound",
            "VersionConflict",
            "ContextualVersionConflict",
        ],
        Dependency,
    ),
    types(
        &[
            "KeyboardInterrupt",
            "SystemExit",
            "CancelledError",
            "GeneratorExit",
            "WorkerLostError",
        ],
        Deploy,
    ),
    types(&["ImproperlyConfigured", "NoRegionError"], Configuration),
    types(
        &[
            "NoCredentialsError",
            "PartialCredentialsError",
            "TokenRetrievalError",
        ],
        Credentials,
    ),
    both(&["KeyError"], &["there is no item named"], Upstream),
    types(&["KeyError", "MultiValueDictKeyError"], KeyMissing),
    types(&["IndexError"], IndexRange),
    types(&["ZeroDivisionError"], ZeroDiv),
    types(&["RecursionError"], Recursion),
    types(&["NameError", "UnboundLocalError"], UnboundName),
    types(
        &[
            "UnicodeDecodeError",
            "UnicodeEncodeError",
            "UnicodeTranslateError",
            "UnicodeError",
        ],
        Encoding,
    ),
    types(&["OverflowError"], Overflow),
    types(&["NotImplementedError"], MissingCase),
    both(
        &["AttributeError"],
        &["'settings' object has no attribute"],
        Configuration,
    ),
    both(&["AttributeError", "TypeError"], &["nonetype"], NoneDeref),
    types(&["AttributeError"], AttrMissing),
    both(
        &["TypeError"],
        &[
            "positional argument",
            "unexpected keyword",
            "required keyword-only",
            "missing 1 required",
            "multiple values for",
            "takes no arguments",
            "takes exactly",
            "takes at most",
            "takes at least",
            "not all arguments converted",
            "not enough arguments for",
        ],
        WrongArg,
    ),
    types(&["TypeError"], TypeMismatch),
    both(&["RuntimeError"], &["maximum recursion depth"], Recursion),
    both(
        &["RuntimeError"],
        &[
            "changed size during iteration",
            "mutated during iteration",
            "generator raised stopiteration",
        ],
        InvalidState,
    ),
    types(
        &["StopIteration", "StopAsyncIteration", "BufferError"],
        InvalidState,
    ),
    types(&["MemoryError"], Memory),
    both(
        &["OSError", "IOError", "EnvironmentError", "error"],
        NETWORK_ERRNO,
        Network,
    ),
    types(
        &[
            "ConnectionRefusedError",
            "ConnectionResetError",
            "ConnectionAbortedError",
            "BrokenPipeError",
            "RemoteDisconnected",
            "MaxRetryError",
            "IncompleteRead",
            "ProxyError",
            "EndpointConnectionError",
            "ServerDisconnectedError",
            "NoBrokersAvailable",
            "SMTPServerDisconnected",
        ],
        Network,
    ),
    types(&["gaierror", "herror"], Dns),
    types(&["SSLCertVerificationError", "SSLZeroReturnError"], Tls),
    types(
        &[
            "PoolTimeout",
            "TooManyConnections",
            "AutoReconnect",
            "ServerSelectionTimeoutError",
        ],
        Database,
    ),
    both(&["OperationalError"], &["readonly database"], Permission),
    types(&["PermissionError"], Permission),
    both(
        &["OSError", "IOError"],
        &["permission denied", "operation not permitted"],
        Permission,
    ),
    types(
        &[
            "FileNotFoundError",
            "IsADirectoryError",
            "NotADirectoryError",
            "FileExistsError",
            "BlockingIOError",
            "ProcessLookupError",
            "ChildProcessError",
            "FileCreateError",
        ],
        Disk,
    ),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    // Named after the built-in type that they stand for.
    types(&["*KeyError"], KeyMissing),
    types(&["*IndexError"], IndexRange),
    types(&["*AttributeError"], AttrMissing),
    types(&["*TypeError"], TypeMismatch),
    types(
        &["OSError", "IOError", "EnvironmentError", "WindowsError"],
        Disk,
    ),
    types(
        &["InterfaceError", "InternalError", "OperationalError"],
        Database,
    ),
    types(
        &[
            "URLError",
            "RequestException",
            "ClientConnectorError",
            "ClientOSError",
        ],
        Network,
    ),
    both(&["ClientError"], &["an error occurred ("], Upstream),
    both(
        &["APIError", "APIStatusError", "ApiException"],
        &["server", "5"],
        Upstream,
    ),
    types(
        &[
            "ValueError",
            "ArithmeticError",
            "FloatingPointError",
            "LookupError",
            "binascii.Error",
            "Error",
            "error",
            "InvalidOperation",
            "EOFError",
        ],
        BadValue,
    ),
];

/// Built-in types that the interpreter hardly throws by itself: somebody's `raise`.
pub(super) const RAISED: &[&str] = &["RuntimeError", "Exception", "BaseException", "Warning"];

const NETWORK_ERRNO: &[&str] = &[
    "[errno 111]",
    "[errno 61]",
    "[errno 104]",
    "[errno 32]",
    "[errno 113]",
    "[errno 101]",
    "[errno 110]",
];
