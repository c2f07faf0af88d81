//! Dart and Flutter.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(
        &[
            "null check operator used on a null",
            "was called on null",
            "type 'null' is not a subtype",
            "has not been initialized",
            "receiver: null",
        ],
        NoneDeref,
    ),
    types(
        &["LateInitializationError", "LateError", "NullThrownError"],
        NoneDeref,
    ),
    words(&["is not a subtype of"], TypeMismatch),
    types(
        &["CastError", "_CastError", "TypeError", "_TypeError"],
        TypeMismatch,
    ),
    types(&["RangeError", "IndexError"], IndexRange),
    words(&["rangeerror (index)"], IndexRange),
    both(
        &["NoSuchMethodError"],
        &[
            "non-existent argument",
            "mismatched arguments",
            "incorrect number of arguments",
        ],
        WrongArg,
    ),
    types(&["NoSuchMethodError"], AttrMissing),
    words(&["cannot instantiate abstract class"], MissingCase),
    types(&["StackOverflowError"], Recursion),
    types(&["IntegerDivisionByZeroException"], ZeroDiv),
    types(
        &[
            "UnsupportedError",
            "UnimplementedError",
            "AbstractClassInstantiationError",
        ],
        MissingCase,
    ),
    types(&["ConcurrentModificationError"], InvalidState),
    both(
        &["StateError"],
        &["no element", "bad state: no element", "too many elements"],
        BadValue,
    ),
    words(
        &[
            "setstate() called after dispose",
            "setstate() called during build",
            "looking up a deactivated widget",
            "stream has already been listened",
        ],
        InvalidState,
    ),
    types(&["OutOfMemoryError"], Memory),
    types(&["HandshakeException", "TlsException"], Tls),
    types(&["FileSystemException", "PathNotFoundException"], Disk),
    types(&["MissingPluginException"], Dependency),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    types(
        &[
            "SocketException",
            "HttpException",
            "ClientException",
            "WebSocketException",
            "DioException",
            "DioError",
        ],
        Network,
    ),
    types(&["FormatException", "ArgumentError"], BadValue),
    types(&["StateError"], InvalidState),
];

/// Types that only a `throw` makes.
pub(super) const RAISED: &[&str] = &[
    "Exception",
    "_Exception",
    "Error",
    "PlatformException",
    "AssertionError",
];
