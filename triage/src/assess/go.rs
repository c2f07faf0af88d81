//! Go.

use super::rule::{Rule, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    words(
        &[
            "nil pointer dereference",
            "nil map",
            "invalid memory address",
        ],
        NoneDeref,
    ),
    words(
        &[
            "index out of range",
            "slice bounds out of range",
            "makeslice: len out of range",
            "slice length too",
        ],
        IndexRange,
    ),
    words(&["integer divide by zero", "division by zero"], ZeroDiv),
    words(
        &[
            "interface conversion:",
            "reflect: call of",
            "reflect.set",
            "reflect.value",
            "hash of unhashable",
        ],
        TypeMismatch,
    ),
    words(
        &[
            "concurrent map",
            "all goroutines are asleep",
            "close of closed channel",
            "send on closed channel",
            "close of nil channel",
            "negative waitgroup",
            "unlock of unlocked",
        ],
        InvalidState,
    ),
    words(&["stack overflow", "goroutine stack exceeds"], Recursion),
    words(&["strings: negative repeat count", "strconv."], BadValue),
];

/// What is reported only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    words(
        &["dial tcp", "dial udp", "dial unix", "read tcp", "write tcp"],
        Network,
    ),
    words(&["no such file or directory"], Disk),
    words(&["context canceled"], Deploy),
];

/// What a call of `panic` is reported as.
pub(super) const RAISED: &[&str] = &[
    "panic",
    "fatal error",
    "errorString",
    "wrapError",
    "fundamental",
    "withStack",
];
