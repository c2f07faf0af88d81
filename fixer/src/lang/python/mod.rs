//! All that the fixer knows of Python.
//!
//! Read `engine` (the way of one bug), `locate` (where it may be fixed), `reproduction` with `caller` (scripts that may
//! crash as the event did), `run` with `runner.py` and `explorer` (how they are run), `choice` with `generate` (candidates)
//! and `judge` (what runs say), `verify` with `suite` and `policy` (the gates), `testfile`.
//! `source`, `project`, `values`, `neighbours` and `swap` serve them; `chunks` serves the code search.

mod caller;
mod choice;
mod chunks;
mod contract;
mod engine;
mod examples;
mod explorer;
mod generate;
mod judge;
mod locate;
mod neighbours;
mod policy;
mod project;
mod reproduction;
mod run;
mod source;
mod suite;
mod swap;
mod testfile;
mod values;
mod verify;

pub use run::Interpreter;

pub(crate) use chunks::{chunks, symbols};
pub(crate) use engine::fix;
pub(crate) use locate::locate;
