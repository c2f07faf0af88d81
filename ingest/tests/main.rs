//! Tests over whole inputs: our own, hostile ones, and real data that others collected.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod corpus;
mod errors;
mod forms;
mod fuzz;
mod hostile;
mod real;
mod records;
mod redaction;
mod report;
mod scan;
