//! Rust: what the standard panic hook and color-eyre print, and what `anyhow` and `eyre` print of
//! an error that ends `main` or is logged with its causes.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[
    "panicked at ",
    "The application panicked",
    "Caused by:",
    "ktrace:",
    "\nLocation:",
    "\n   0: ",
];
