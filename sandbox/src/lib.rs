//! Runs untrusted code: no network, no secrets, bounded time, memory and output.
//!
//! In: [`Job`]. Out: [`Outcome`]. Read `job` first, then `native`.

mod job;

pub use crate::job::{Access, Ending, Job, Limits, Mount, Outcome, SandboxError};
