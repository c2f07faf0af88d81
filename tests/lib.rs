//! End-to-end tests of the `outerloop` command.
//!
//! Here is what the tests speak with: a [`Repository`] with a history, logs of its real crashes ([`Crash`]), and
//! [`Outerloop`], one run of the command, and [`Service`], which runs until it is stopped, with a broker
//! ([`Kafka`]) where it needs one. The tests stand in `e2e`, by topic.
//! Invariants: a test sees nothing of the user's configuration of git, pip or the command; every run has a temporary
//! folder of its own, so that what it leaves behind can be told from what others do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness of tests may panic"
)]

mod installed;
mod kafka;
mod outerloop;
mod repository;
mod service;

pub use crate::{
    installed::{installed, pip},
    kafka::{Kafka, Message},
    outerloop::{Outerloop, Ran, cache, exploring_isolate, program},
    repository::{Crash, Form, Repository, Snapshot},
    service::{KEY, Service},
};
