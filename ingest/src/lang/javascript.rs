//! JavaScript: what `Error.prototype.stack` is in V8, Hermes, Firefox, Safari, old Edge and old Opera.
//!
//! `line` knows single lines, `trace` puts them together.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[
    "  at ",
    "\tat ",
    "\n at ",
    "\nat ",
    "@http",
    "@file:",
    "@[",
    "@/",
    "@webpack",
    "@app:",
    "@capacitor",
    "@blob:",
    "-extension://",
    "@resource:",
    "@chrome:",
    ".js:",
    ".mjs:",
    ".jsbundle:",
    ".bundle:",
];
