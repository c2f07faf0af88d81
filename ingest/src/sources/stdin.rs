//! Standard input: what a pipe brings, once.

use std::{
    io::{ErrorKind, Read},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Source, SourceError, store};
use crate::{
    log_reader::LogReader,
    read::Format,
    redact::Redactor,
    sink::{Batch, EventSink},
};

/// How long an unfinished record waits for its rest.
const MAX_PAUSE: Duration = Duration::from_secs(2);
const CHUNK_BYTES: usize = 64 << 10;

/// Reads standard input to its end. What was read and not stored when it stops is lost: a pipe can't be read twice.
#[derive(Debug)]
pub struct Stdin {
    /// The project that the events belong to.
    pub project: u64,
    /// The form of the lines.
    pub format: Format,
    /// Redacts before anything is handed over.
    pub redactor: Redactor,
}

#[async_trait]
impl Source for Stdin {
    fn name(&self) -> String {
        "standard input".to_owned()
    }

    async fn run(
        self: Box<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) -> Result<(), SourceError> {
        // A read that waits can't be interrupted: it has a thread of its own, which the process does not wait for.
        let (chunks, mut pipe) = mpsc::channel(8);
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = match input.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(n) => {
                        chunk.truncate(n);
                        Ok(chunk)
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let is_over = read.is_err();
                if chunks.blocking_send(read).is_err() || is_over {
                    return;
                }
            }
        });
        let mut reader = LogReader::new(self.format, Some(self.redactor), 0);
        loop {
            let next = stop.run_until_cancelled(timeout(MAX_PAUSE, pipe.recv()));
            let next = next.await.unwrap_or(Ok(None));
            let is_over = match next {
                Ok(Some(Ok(chunk))) => {
                    reader.push(&chunk);
                    false
                }
                Ok(Some(Err(error))) => {
                    return Err(SourceError {
                        what: "standard input".to_owned(),
                        why: error.to_string(),
                    });
                }
                Ok(None) => {
                    reader.flush();
                    true
                }
                Err(_) => {
                    reader.flush();
                    false
                }
            };
            let (events, summary) = reader.take();
            if summary.records > 0 {
                let batch = Batch {
                    project: self.project,
                    events: events.into_iter().map(|placed| placed.event).collect(),
                    summary,
                    ..Batch::default()
                };
                store(&*sink, batch, &stop).await;
            }
            if is_over {
                return Ok(());
            }
        }
    }
}
