//! Where errors come from without being sent: files, standard input, brokers. What is sent over HTTP is taken
//! by functions instead ([`crate::request`]), which the service mounts.

mod files;
mod identity;
mod kafka;
mod stdin;
mod tail;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use self::{files::Files, kafka::Kafka, stdin::Stdin};
use crate::sink::{Batch, EventSink, SinkError, Stored};

/// Something that is read until it ends or is told to stop.
#[async_trait]
pub trait Source: Send {
    /// What messages call it: `files /var/log/shop/*.log`.
    fn name(&self) -> String;

    /// Looks at its settings, without reading or connecting: what is wrong in them stays wrong however often it is tried.
    ///
    /// # Errors
    /// If they can't be used.
    fn check(&self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Reads, and hands over what it reads; waits where the sink is busy or fails. Ends early, with everything handed
    /// over or to be read again next time, when `stop` says so.
    ///
    /// # Errors
    /// If there is nothing to be read any more that should be: it can't be opened, or failed.
    async fn run(
        self: Box<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) -> Result<(), SourceError>;
}

/// Why a source ended that should not have.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct SourceError {
    /// What can't be read.
    pub what: String,
    /// Why.
    pub why: String,
}

/// The longest wait between two tries to store the same batch.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Stores a batch, trying for as long as it takes; `None` if told to stop before.
pub(crate) async fn store(
    sink: &dyn EventSink,
    batch: Batch,
    stop: &CancellationToken,
) -> Option<Stored> {
    let mut wait = Duration::from_millis(50);
    loop {
        match sink.store(batch.clone()).await {
            Ok(stored) => return Some(stored),
            Err(SinkError::Busy) => {}
            Err(SinkError::Failed(why)) => {
                tracing::warn!(why, "events could not be stored, trying again")
            }
        }
        stop.run_until_cancelled(sleep(wait)).await?;
        wait = (2 * wait).min(MAX_WAIT);
    }
}

/// The checkpoints whose keys begin so, trying for as long as it takes; `None` if told to stop before.
pub(crate) async fn checkpoints(
    sink: &dyn EventSink,
    project: u64,
    prefix: &str,
    stop: &CancellationToken,
) -> Option<BTreeMap<String, String>> {
    loop {
        match sink.checkpoints(project, prefix).await {
            Ok(found) => return Some(found),
            Err(error) => {
                tracing::warn!(%error, "the checkpoints could not be read, trying again");
            }
        }
        let wait = sleep(Duration::from_secs(1));
        stop.run_until_cancelled(wait).await?;
    }
}
