//! Swift: what the runtime prints of a fatal error, and the stacks that follow it: its own since 5.9, the older one with
//! an image in each frame, the package `swift-backtrace`'s, and LLDB's, which has those of other languages' machine code too.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[
    "atal error: ",
    "Fatal error",
    "recondition failed",
    "ssertion failed",
    "Program crashed: ",
    "Swift runtime failure: ",
    "stack trac",
    "ktrace:",
    "stop reason = ",
];
