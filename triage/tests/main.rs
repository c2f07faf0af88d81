//! What triage makes of real errors that others collected, against what people know of them.
#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "tests may panic, and share code with the examples"
)]

mod assess;
mod clusters;
mod loghub;
