//! .NET and Mono: what `Exception.ToString` gives.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["  at ", "\tat ", "\n at ", "\nat ", " exception"];
