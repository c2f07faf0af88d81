//! Machine code: sanitizers, signals, C++, Swift, Objective-C and the Linux kernel.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(
        &[
            "bad_alloc",
            "bad_array_new_length",
            "out-of-memory",
            "allocation-size-too-big",
        ],
        Memory,
    ),
    words(&["out of memory", "out-of-memory"], Memory),
    both(
        &["SEGV", "SIGSEGV", "EXC_BAD_ACCESS", "SIGBUS", "KASAN"],
        &[
            "address 0x000000000000",
            "null pointer",
            "zero page",
            "null-deref",
            "segmentation fault",
        ],
        NoneDeref,
    ),
    words(
        &[
            "null pointer of type",
            "unexpectedly found nil",
            "object cannot be nil",
        ],
        NoneDeref,
    ),
    types(&["out_of_range", "NSRangeException"], IndexRange),
    words(
        &[
            "index out of range",
            "beyond bounds",
            "out of bounds for type",
        ],
        IndexRange,
    ),
    types(
        &[
            "heap-buffer-overflow",
            "stack-buffer-overflow",
            "global-buffer-overflow",
            "dynamic-stack-buffer-overflow",
            "container-overflow",
            "heap-use-after-free",
            "stack-use-after-return",
            "stack-use-after-scope",
            "use-after-poison",
            "use-of-uninitialized-value",
            "double-free",
            "attempting double-free",
            "bad-free",
            "alloc-dealloc-mismatch",
            "stack-buffer-underflow",
            "negative-size-param",
            "SEGV",
            "SIGSEGV",
            "SIGBUS",
            "EXC_BAD_ACCESS",
            "EXCEPTION_ACCESS_VIOLATION_READ",
            "EXCEPTION_ACCESS_VIOLATION_WRITE",
            "EXCEPTION_ACCESS_VIOLATION_EXEC",
            "tag-mismatch",
            "access-violation",
        ],
        MemorySafety,
    ),
    words(
        &[
            "double-free",
            "double free",
            "use-after-free",
            "buffer-overflow",
            "slab-out-of-bounds",
            "heap corruption",
        ],
        MemorySafety,
    ),
    types(&["stack-overflow"], Recursion),
    types(&["FPE", "SIGFPE", "EXCEPTION_INT_DIVIDE_BY_ZERO"], ZeroDiv),
    words(&["division by zero"], ZeroDiv),
    words(
        &["signed integer overflow", "cannot be represented in type"],
        Overflow,
    ),
    both(&["Oops"], &["null pointer dereference"], NoneDeref),
    types(
        &[
            "Oops",
            "segfault",
            "general protection fault",
            "Bad pointer dereference",
        ],
        MemorySafety,
    ),
    types(&["divide error"], ZeroDiv),
    types(&["Out of memory"], Memory),
    words(&["unable to mount root"], Configuration),
    types(
        &["hung task", "soft lockup", "RCU stall", "data race"],
        InvalidState,
    ),
    words(&["unrecognized selector"], AttrMissing),
    types(
        &[
            "bad_cast",
            "bad_any_cast",
            "bad_variant_access",
            "bad_optional_access",
        ],
        TypeMismatch,
    ),
    types(
        &[
            "invalid_argument",
            "length_error",
            "NSInvalidArgumentException",
        ],
        BadValue,
    ),
    words(&["detected memory leaks"], MemorySafety),
];

pub(super) const LATE: &[Rule] = &[];

/// What the program's own `throw` and `abort` are reported as.
pub(super) const RAISED: &[&str] = &[
    "runtime_error",
    "logic_error",
    "exception",
    "SIGABRT",
    "ABRT",
    "EXC_CRASH",
    "BUG",
    "WARNING",
    "Kernel panic",
    "Assertion failed",
    "NSInternalInconsistencyException",
];
