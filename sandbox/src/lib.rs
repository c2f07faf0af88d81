//! Runs untrusted code: no network, no secrets, bounded time, memory and output.
//!
//! In: [`Job`]. Out: [`Outcome`]. Read `job` first, then `native` (Linux namespaces through bubblewrap) and below it
//! `arguments` (what a job sees), `filter` (which system calls it may make), `starting` and `running` (how it is started,
//! watched and ended), `cgroup`, `processes` and `disk` (what it uses), `doctor` (what this machine lacks). The second
//! isolate is `wasm`: Python alone, in WebAssembly, for [`GuestJob`]s and for [`Session`]s that answer many requests.
//!
//! Invariants: [`Native::run`] returns only after every process of the job is gone; nothing of the host is visible but
//! the system's libraries and the job's mounts; an [`Ending`] says why a job is over, never whether its work was right.

mod job;
mod native;
mod wasm;

pub use crate::wasm::{Answer, GuestJob, Preparation, Session, Wasm};
pub use crate::{
    job::{Access, Ending, Job, Limits, Mount, Outcome, SandboxError},
    native::{Check, Native, State, doctor},
};
