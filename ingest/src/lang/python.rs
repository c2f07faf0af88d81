//! Python: the tracebacks that CPython's `traceback` module prints, and what loguru and friends make of them.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod message;
mod trace;

pub(crate) use line::{HEADER, Strictness, exception_line, frame_line, is_level, location_line};
pub(crate) use trace::Trace;

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[HEADER, "File \""];

/// Splits a qualified class name as tracebacks print it: module and bare name.
pub(crate) fn split_type(name: &str) -> (Option<String>, String) {
    match name.rsplit_once('.') {
        Some((module, bare)) if !bare.is_empty() => (Some(module.to_owned()), bare.to_owned()),
        _ => (None, name.to_owned()),
    }
}
