//! Reads errors out of whatever production writes.
//!
//! In: bytes of a log, Sentry events or envelopes. Out: [`ErrorEvent`]s, redacted. Read `event` (what everything
//! becomes) first, then `read` (the whole way), `quiet` (which lines are not read), `mixed` (lines of text and JSON),
//! `record` (what a log record is), `text` (traces between ordinary lines), `lang` (what each language prints), `json`
//! and `sentry` (structured reports), `redact`, `report` (what other programs see). `log_reader` reads a log while it
//! is written, `sources` follow logs and hand over to a `sink`, `request` and `otlp` read what clients post.
//! Invariants: nothing here opens a path that a log names; frames are oldest first; no I/O but the given reader;
//! memory is bounded by [`limits`]; every record ends in one counted outcome.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod event;
mod json;
mod lang;
pub mod limits;
mod log_reader;
mod message;
mod mixed;
pub mod otlp;
mod outcome;
mod pattern;
mod quiet;
mod read;
mod record;
mod redact;
mod report;
pub mod request;
mod sentry;
mod sink;
mod source;
pub mod sources;
mod splitter;
mod text;

pub use crate::{
    event::{ErrorEvent, Exception, Frame, Link, Location, Parent, Platform},
    log_reader::{LogReader, Placed},
    outcome::{DropReason, Summary},
    read::{Format, Options, ReadError, Redaction, UnknownFormat, read, read_with},
    record::{Record, RecordReader, UnusablePattern, read_records},
    redact::{RedactionKey, Redactor},
    report::report,
    sink::{Batch, EventSink, SinkError, Stored},
};
#[doc(hidden)]
pub use quiet::first_patterns;
