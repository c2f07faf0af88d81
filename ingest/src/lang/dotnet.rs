//! .NET, Mono and Unity: what `Exception.ToString` gives, and what Unity's console makes of it.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a frame of Unity has.
const UNITY: &str = ") (at ";
/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["  at ", "\tat ", "\n at ", "\nat ", " exception", UNITY];
