//! Where sources put what they read: the one interface between reading and remembering.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{event::ErrorEvent, outcome::Summary};

/// What a source hands over at once: it is stored as a whole or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The project that the events belong to.
    pub project: u64,
    /// Redacted. One whose [`ErrorEvent::id`] the project has already is the same event again, and counts as stored.
    pub events: Vec<ErrorEvent>,
    /// What was read to get them, since the last batch.
    pub summary: Summary,
    /// How far the source has read with this batch, so that it can go on there: by its own keys.
    pub checkpoints: BTreeMap<String, Option<String>>,
}

/// How many of a batch's events were new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Events that are stored now and were not before.
    pub n_new: usize,
    /// Events that were stored before.
    pub n_known: usize,
}

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Too much waits already: try again after this.
    #[error("too many events are waiting to be stored")]
    Busy,
    /// The store can't be written.
    #[error("the events could not be stored: {0}")]
    Failed(String),
}

/// Takes what sources read.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Stores a batch. An answer of `Ok` means that it is durable: the source may acknowledge.
    ///
    /// # Errors
    /// If nothing of the batch was stored.
    async fn store(&self, batch: Batch) -> Result<Stored, SinkError>;

    /// The checkpoints of a project whose keys begin so.
    ///
    /// # Errors
    /// If the store can't be read.
    async fn checkpoints(
        &self,
        project: u64,
        prefix: &str,
    ) -> Result<BTreeMap<String, String>, SinkError>;
}
