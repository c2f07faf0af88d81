//! Log records: what stands at the beginning of one, where it begins and ends, and which of them report an error.
//!
//! `head` splits a line (with `whole` and `logfmt`, layouts of their own), `layout` learns where a stream's records begin, `container` unpacks what runtimes wrap round
//! lines, `assemble` puts lines together, `errors` finds records that report an error without a trace, `level` knows the
//! names of severities.

mod assemble;
pub(crate) mod container;
pub(crate) mod errors;
pub(crate) mod head;
pub(crate) mod layout;
pub(crate) mod level;
mod logfmt;
mod whole;

pub use assemble::{Record, RecordReader, UnusablePattern, read_records};
