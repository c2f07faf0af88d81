//! Go: what the runtime prints of a panic, a fatal error or a goroutine, and what `%+v` prints of a `pkg/errors` error.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["goroutine ", "runtime stack:", ".go:"];
