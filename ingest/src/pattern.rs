//! Patterns that are constants of this crate; a test of each module compiles its own.

use regex::{Regex, bytes};

/// Compiles one for texts.
#[expect(clippy::expect_used, reason = "the patterns are constants")]
pub(crate) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Compiles one for lines as they come.
#[expect(clippy::expect_used, reason = "the patterns are constants")]
pub(crate) fn bytes_regex(pattern: &str) -> bytes::Regex {
    bytes::Regex::new(pattern).expect("a constant pattern")
}
