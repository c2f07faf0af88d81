//! Node and browsers.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    both(
        &["TypeError"],
        &[
            "fetch failed",
            "failed to fetch",
            "networkerror when",
            "load failed",
            "network request failed",
        ],
        Network,
    ),
    both(
        &["TypeError"],
        &[
            "of undefined",
            "of null",
            "undefined is not an object",
            "null is not an object",
            "is undefined",
            "is null",
            "undefined or null",
            "undefined to object",
            "null to object",
            "null or undefined",
        ],
        NoneDeref,
    ),
    both(
        &["RangeError"],
        &["maximum call stack", "too much recursion"],
        Recursion,
    ),
    both(&["InternalError"], &["too much recursion"], Recursion),
    both(
        &["RangeError"],
        &[
            "outside buffer bounds",
            "out of range",
            "out of bounds",
            "offset",
        ],
        IndexRange,
    ),
    types(&["RangeError"], BadValue),
    both(
        &["RuntimeError"],
        &[
            "memory access out of bounds",
            "unreachable",
            "indirect call",
        ],
        MemorySafety,
    ),
    types(&["URIError"], Encoding),
    both(
        &["ReferenceError"],
        &[
            "is not defined",
            "before initialization",
            "can't find variable",
        ],
        UnboundName,
    ),
    types(&["ReferenceError"], UnboundName),
    both(
        &["TypeError"],
        &[
            "is not a function",
            "has no method",
            "is not iterable",
            "is not a constructor",
            "is not an object",
            "must be an object",
            "must be of type",
            "must be an instance of",
            "must be one of type",
            "cannot convert",
            "cannot mix bigint",
            "circular structure",
            "assignment to constant",
            "cannot assign to read only",
            "cannot redefine",
            "object is not extensible",
            "in operator",
            "'in' operator",
            "first argument must be",
        ],
        TypeMismatch,
    ),
    words(&["err_invalid_arg_type"], TypeMismatch),
    words(&["err_module_not_found"], Dependency),
    both(
        &["Error", "AssertionError"],
        &[
            "loading chunk",
            "loading css chunk",
            "dynamically imported module",
        ],
        Deploy,
    ),
    types(&["ChunkLoadError"], Deploy),
    types(&["AbortError"], Deploy),
    both(
        &["Error", "SystemError"],
        &[
            "enoent",
            "eisdir",
            "enotdir",
            "eexist",
            "enotempty",
            "ebusy",
        ],
        Disk,
    ),
    both(
        &["Error"],
        &[
            "write after end",
            "already been called",
            "headers after they are sent",
            "headers already sent",
        ],
        InvalidState,
    ),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    both(
        &["AxiosError", "Error", "HTTPError"],
        &["request failed with status code", "response code"],
        Upstream,
    ),
    types(&["FetchError", "RequestError", "AxiosError"], Network),
];

/// Types that only a `throw` makes; a `TypeError` too, if the message is none of the engine's.
pub(super) const RAISED: &[&str] = &["Error", "TypeError", "AggregateError", "UnhandledRejection"];
