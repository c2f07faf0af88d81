//! Rust: what the standard panic hook and color-eyre print, and what `anyhow` prints of an error that ends `main`.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["panicked at ", "The application panicked", "Caused by:"];
