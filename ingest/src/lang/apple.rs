//! Apple's systems: crash reports as text and as JSON (`.ips`), and what Objective-C's runtime prints of an exception
//! that nobody caught.

pub(crate) mod ips;
mod report;
mod thrown;

pub(crate) use self::{report::Report, thrown::Thrown};
use crate::lang::{Above, Begun};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["\nException Type:", " exception"];

/// The report or exception that begins in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    report::begin(line, above).or_else(|| thrown::begin(line))
}
