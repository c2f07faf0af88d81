//! What stands at the beginning of a log record.

pub(crate) use crate::record::head::{Head as Record, is_start, parse};
