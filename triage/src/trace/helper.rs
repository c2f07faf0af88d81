//! Functions that only check or raise: where they are on top, the error is their caller's.

/// How such functions begin. What follows must end as one of [`ENDS`] says, or be nothing.
const BEGINNINGS: [&str; 19] = [
    "check",
    "assert",
    "require",
    "ensure",
    "verify",
    "throw",
    "raise",
    "fail",
    "panic",
    "unwrap",
    "expect",
    "abort",
    "report",
    "construct",
    "new",
    "make",
    "create",
    "invariant",
    "not",
];
/// How the names go on that tell such a function from one that does something: `checkNotNull`, `_raise_for_status`,
/// `throwEmpty` needs none of them.
const ENDS: [&str; 19] = [
    "error",
    "exception",
    "bounds",
    "state",
    "argument",
    "arguments",
    "null",
    "none",
    "nil",
    "index",
    "range",
    "failed",
    "failure",
    "status",
    "overflow",
    "type",
    "that",
    "fail",
    "empty",
];
/// Names for nothing but raising.
const RAISING: [&str; 5] = ["throw", "raise", "panic", "fail", "abort"];

/// How machine code ends itself.
const ENDING: [&str; 12] = [
    "kill",
    "pthread_kill",
    "gsignal",
    "signal_handler",
    "terminate",
    "libc_message",
    "malloc_printerr",
    "cxa_throw",
    "cxa_rethrow",
    "objc_exception_throw",
    "exit",
    "rtlraiseexception",
];

/// Whether a function's bare name says so.
pub(super) fn is_helper(function: &str) -> bool {
    let bare = function
        .rsplit(['.', ':', '#'])
        .next()
        .unwrap_or(function)
        .trim_start_matches('_');
    let name = bare.to_ascii_lowercase();
    if ENDING.contains(&name.as_str()) || name.contains("crashlog") || name.contains("crash_log") {
        return true;
    }
    let Some(beginning) = BEGINNINGS.iter().find(|b| name.starts_with(**b)) else {
        return false;
    };
    let rest = &name[beginning.len()..];
    // `checkout` and `newton` are words of their own.
    let goes_on = bare[beginning.len()..].starts_with(|c: char| c == '_' || c.is_ascii_uppercase());
    if rest.is_empty() {
        return !matches!(
            *beginning,
            "new" | "make" | "create" | "report" | "construct" | "not"
        );
    }
    goes_on && (RAISING.contains(beginning) || ENDS.iter().any(|end| rest.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_by_name() {
        for name in [
            "Preconditions.checkState",
            "assertThat",
            "requireNonNull",
            "_raise_error",
            "throwEmpty",
            "raise_for_status",
            "core::result::unwrap_failed",
            "fail",
            "panic",
            "reportOverflowError",
            "newIllegalArgumentException",
            "__pthread_kill",
            "std::terminate",
            "__assert_fail",
            "gpusGenerateCrashLog",
        ] {
            assert!(is_helper(name), "{name}");
        }
        for name in [
            "checkout",
            "Cart.total",
            "new",
            "create",
            "verifyOrder",
            "createOrder",
            "raised",
            "expectation",
            "checkAll",
            "",
        ] {
            assert!(!is_helper(name), "{name}");
        }
    }
}
