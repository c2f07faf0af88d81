//! All that the fixer knows of Python.
//!
//! Read `engine` (the way of one bug), `locate` (where it may be fixed), `reproduction` with `caller` (scripts that may
//! crash as the event did) and `publish` (what of them may be shown), `run` with `runner.py` and `explorer` (how they are
//! run), `choice` with `generate` (candidates), `history` with `revert` and `oracle` (what the repository's past says), `judge` (what runs say) and `behaviour` (which cures do the same), `verify`
//! (the gates, of which `applies`, `retest`, `hunks`, `suite`, `suppression` and `policy` are one or two each; `trace`
//! tells what the reproduction runs), `testfile`.
//! `source`, `project`, `values`, `neighbours` and `swap` serve them; `chunks` serves the code search.

mod applies;
mod behaviour;
mod caller;
mod choice;
mod chunks;
mod confidence;
mod contract;
mod definition;
mod engine;
mod examples;
mod explorer;
mod generate;
mod history;
mod hunks;
mod judge;
mod locate;
mod neighbours;
mod oracle;
mod policy;
mod project;
mod publish;
mod reproduction;
mod retest;
mod revert;
mod run;
mod source;
mod suite;
mod suppression;
mod swap;
mod testfile;
mod trace;
mod values;
mod verify;

pub use run::Interpreter;

pub(crate) use chunks::{chunks, symbols};
pub(crate) use engine::fix;
pub(crate) use locate::locate;
pub(crate) use publish::without_values;
pub(crate) use verify::verify;
