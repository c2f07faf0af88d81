//! Reads errors out of whatever production writes.
//!
//! In: bytes of a log. Out: [`ErrorEvent`]s. Read `event` (what everything becomes) first.
//! Invariants: nothing here opens a path that a log names; frames are oldest first; no I/O but the given reader.

mod event;

pub use crate::event::{ErrorEvent, Exception, Frame, Link, Parent, Platform};
