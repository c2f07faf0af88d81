//! Where messages go that can't be read, so that a person can look at them and send them again.

use std::time::Duration;

use rdkafka::{
    ClientConfig, Message,
    error::KafkaError,
    message::{Header, OwnedHeaders, OwnedMessage},
    producer::{FutureProducer, FutureRecord},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::outcome::DropReason;

/// Between two tries.
const WAIT: Duration = Duration::from_secs(1);

/// Sends to the topic of those.
pub(super) struct DeadLetters {
    topic: String,
    producer: FutureProducer,
}

impl DeadLetters {
    pub(super) fn new(topic: &str, mut config: ClientConfig) -> Result<Self, KafkaError> {
        Ok(Self {
            topic: topic.to_owned(),
            producer: config.set("enable.idempotence", "true").create()?,
        })
    }

    /// Sends a message as it came, trying for as long as it takes; `None` if told to stop before. It may come twice: after a
    /// crash it is read again.
    pub(super) async fn send(
        &self,
        message: &OwnedMessage,
        reason: DropReason,
        stop: &CancellationToken,
    ) -> Option<()> {
        let mut headers = message.headers().cloned().unwrap_or_else(OwnedHeaders::new);
        let offset = message.offset().to_string();
        let partition = message.partition().to_string();
        for (key, value) in [
            ("outerloop.reason", reason.as_str()),
            ("outerloop.topic", message.topic()),
            ("outerloop.partition", &partition),
            ("outerloop.offset", &offset),
        ] {
            let value = Some(value);
            headers = headers.insert(Header { key, value });
        }
        loop {
            let mut record = FutureRecord::to(&self.topic).headers(headers.clone());
            if let Some(payload) = message.payload() {
                record = record.payload(payload);
            }
            if let Some(key) = message.key() {
                record = record.key(key);
            }
            match stop
                .run_until_cancelled(self.producer.send(record, WAIT))
                .await?
            {
                Ok(_) => return Some(()),
                Err((error, _)) => {
                    tracing::warn!(%error, topic = self.topic, "the dead-letter topic takes nothing, trying again");
                }
            }
            stop.run_until_cancelled(sleep(WAIT)).await?;
        }
    }
}
