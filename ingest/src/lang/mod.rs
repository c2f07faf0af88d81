//! What this crate knows of each programming language: how its runtime prints a failure.

pub(crate) mod chain;
pub(crate) mod javascript;
pub(crate) mod python;

/// What a trace parser made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The line belongs to the trace.
    Taken,
    /// It does not; the trace may go on after it.
    Foreign,
    /// The trace ended before it.
    Over,
}

/// How the text after an exception's line is told from the next thing in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The text holds nothing else: a field of a structured record.
    Whole,
    /// Log records have a recognisable beginning, so a message goes on until the next one.
    Record,
    /// Nothing is known: a message ends at a blank line.
    Plain,
    /// Every line has the logger's prefix, so neighbours can't be told apart: only what is visibly unfinished goes on.
    Prefixed,
}
