//! The `outerloop` command from its arguments to what it leaves behind, on crashes that happened.
//!
//! Read `shop` (the program that crashes) first; then each module is one promise of the command.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "tests may panic, and their names say what they show"
)]

mod benchmark;
mod beside;
mod bodies;
mod cache;
mod canaries;
mod clients;
mod decide;
mod doctor;
mod duplicates;
mod forms;
mod frames;
mod gates;
mod handlers;
mod history;
mod hostile_code;
mod hostile_log;
mod hostile_repository;
mod ingest;
mod install;
mod kafka;
mod objects;
mod registry;
mod release;
mod rules;
mod sandbox;
mod search;
mod serve;
mod shop;
mod status;
mod stored;
mod triage;
mod verify;
mod witness;
mod work_tree;
