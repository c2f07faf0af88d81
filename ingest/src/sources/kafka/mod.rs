//! Kafka: topics, as a member of a consumer group.

mod dead_letter;
mod partition;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rdkafka::{
    ClientConfig, ClientContext, Message, TopicPartitionList,
    consumer::{
        BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance,
        stream_consumer::StreamConsumer,
    },
    error::KafkaError,
    message::OwnedMessage,
    topic_partition_list::Offset,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::{
    dead_letter::DeadLetters,
    partition::{Mark, Partition},
};
use super::{Source, SourceError, checkpoints, store};
use crate::{
    outcome::DropReason,
    read::Format,
    redact::Redactor,
    sink::{Batch, EventSink},
};

/// How long an unfinished record waits for its rest.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// What is stored at once: as much as comes without a wait, up to these.
const MAX_MESSAGES: usize = 2_000;
const MAX_BYTES: usize = 8 << 20;
const MAX_WAIT: Duration = Duration::from_millis(20);

/// Reads topics: log lines, structured records, Sentry's events and envelopes, OpenTelemetry's logs, a message each.
///
/// Lines of text that come one by one are put together within a partition. An offset is committed when what came before
/// it is stored; what comes again after a crash or a rebalance has its ids again.
#[derive(Debug)]
pub struct Kafka {
    /// The project that the events belong to.
    pub project: u64,
    /// `HOST:PORT` of some brokers of the cluster.
    pub brokers: Vec<String>,
    /// Names, or patterns that begin with `^`.
    pub topics: Vec<String>,
    /// The consumer group. Several services may be in it: each reads some of the partitions.
    pub group: String,
    /// The form of the messages. With [`Format::Json`] and [`Format::Sentry`] one that is not of the form is poison.
    pub format: Format,
    /// The topic that poison goes to, as it came, with headers that say whence and why.
    pub dead_letter: Option<String>,
    /// librdkafka's settings by its own names
    /// (<https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md>).
    pub settings: BTreeMap<String, String>,
    /// Redacts before anything is handed over.
    pub redactor: Redactor,
}

type PartitionId = (String, i32);
type Partitions = HashMap<PartitionId, Partition>;

/// Remembers which partitions have been taken away.
#[derive(Debug, Default)]
struct Context {
    revoked: Mutex<Vec<PartitionId>>,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let ids = list
                .elements()
                .iter()
                .map(|element| (element.topic().to_owned(), element.partition()))
                .collect::<Vec<_>>();
            self.lock().extend(ids);
        }
    }
}

impl Context {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PartitionId>> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for Kafka {
    fn name(&self) -> String {
        format!(
            "Kafka {} at {}",
            self.topics.join(" "),
            self.brokers.join(",")
        )
    }

    fn check(&self) -> Result<(), SourceError> {
        // Making a client is what looks at them; it goes away with its connections, if it came to any.
        let consumer: BaseConsumer = self
            .consumer_config()
            .create()
            .map_err(|error| self.failed(&error))?;
        drop(consumer);
        self.dead_letters().map(drop)
    }

    async fn run(
        self: Box<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) -> Result<(), SourceError> {
        let consumer: StreamConsumer<Context> = self
            .consumer_config()
            .create_with_context(Context::default())
            .map_err(|error| self.failed(&error))?;
        let topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        consumer
            .subscribe(&topics)
            .map_err(|error| self.failed(&error))?;
        let dead_letters = self.dead_letters()?;
        let prefix = format!("kafka\0{}\0", self.group);
        let mut partitions = Partitions::new();
        while let Some(messages) = self.receive(&consumer, &stop).await? {
            for id in consumer.context().lock().drain(..) {
                partitions.remove(&id);
            }
            let is_new = |message: &OwnedMessage| !partitions.contains_key(&id(message));
            if messages.iter().any(is_new) {
                let Some(marks) = checkpoints(&*sink, self.project, &prefix, &stop).await else {
                    return Ok(());
                };
                for message in &messages {
                    partitions.entry(id(message)).or_insert_with_key(|id| {
                        let mark = marks.get(&key(&prefix, id));
                        let mark = mark.and_then(|mark| serde_json::from_str(mark).ok());
                        Partition::new(self.format, self.redactor.clone(), mark)
                    });
                }
            }
            let reading = tokio::task::spawn_blocking(move || {
                let read = read(&mut partitions, &messages);
                (partitions, messages, read)
            });
            let (returned, messages, mut read) = reading.await.map_err(|error| SourceError {
                what: self.name(),
                why: error.to_string(),
            })?;
            partitions = returned;
            for (at, reason) in read.poison {
                let message = &messages[at];
                let place = (message.topic(), message.partition(), message.offset());
                tracing::warn!(?place, %reason, "a message can't be read");
                if let Some(dead_letters) = &dead_letters
                    && dead_letters.send(message, reason, &stop).await.is_none()
                {
                    return Ok(());
                }
            }
            if read.marks.is_empty() {
                continue;
            }
            read.batch.project = self.project;
            for (id, mark) in &read.marks {
                let mark = serde_json::to_string(mark).expect("numbers are JSON");
                read.batch.checkpoints.insert(key(&prefix, id), Some(mark));
            }
            if store(&*sink, read.batch, &stop).await.is_none() {
                return Ok(());
            }
            commit(&consumer, &read.marks);
        }
        // What is not committed now comes again.
        drop(
            tokio::task::spawn_blocking(move || consumer.commit_consumer_state(CommitMode::Sync))
                .await,
        );
        Ok(())
    }
}

impl Kafka {
    fn failed(&self, error: &KafkaError) -> SourceError {
        let why = match error {
            // It says which key it is and what is wrong with it. The value itself may be a secret.
            KafkaError::ClientConfig(_, why, ..) | KafkaError::ClientCreation(why) => why.clone(),
            error => error.to_string(),
        };
        let what = self.name();
        SourceError { what, why }
    }

    fn consumer_config(&self) -> ClientConfig {
        // Another choice is for `settings` to make.
        let mut config = self.config(&[
            ("group.id", self.group.as_str()),
            ("auto.offset.reset", "earliest"),
        ]);
        config
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("enable.auto.offset.store", "false");
        config
    }

    fn dead_letters(&self) -> Result<Option<DeadLetters>, SourceError> {
        let Some(topic) = &self.dead_letter else {
            return Ok(None);
        };
        let made = DeadLetters::new(topic, self.config(&[]));
        made.map(Some).map_err(|error| self.failed(&error))
    }

    /// Our settings, over them `defaults`, and over these the user's.
    fn config(&self, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.brokers.join(","))
            .set("client.id", "outerloop");
        let own = self
            .settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        for (key, value) in defaults.iter().copied().chain(own) {
            config.set(key, value);
        }
        config
    }

    /// What has come, at least one message unless nothing came for a while; `None` if told to stop.
    async fn receive(
        &self,
        consumer: &StreamConsumer<Context>,
        stop: &CancellationToken,
    ) -> Result<Option<Vec<OwnedMessage>>, SourceError> {
        let mut messages = Vec::new();
        let mut n_bytes = 0;
        let mut wait = MAX_PAUSE / 4;
        while messages.len() < MAX_MESSAGES && n_bytes < MAX_BYTES {
            let Some(next) = stop
                .run_until_cancelled(timeout(wait, consumer.recv()))
                .await
            else {
                return Ok(None);
            };
            match next {
                Err(_) => break,
                Ok(Ok(message)) => {
                    n_bytes += message.payload_len();
                    messages.push(message.detach());
                    wait = MAX_WAIT;
                }
                Ok(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(SourceError {
                        what: self.name(),
                        why: code.to_string(),
                    });
                }
                // The client tries again by itself.
                Ok(Err(error)) => {
                    tracing::warn!(%error, source = self.name(), "reading goes on");
                    if stop
                        .run_until_cancelled(sleep(MAX_PAUSE / 4))
                        .await
                        .is_none()
                    {
                        return Ok(None);
                    }
                    break;
                }
            }
        }
        Ok(Some(messages))
    }
}

/// A message's partition.
fn id(message: &OwnedMessage) -> PartitionId {
    (message.topic().to_owned(), message.partition())
}

/// The key of a partition's checkpoint.
fn key(prefix: &str, (topic, number): &PartitionId) -> String {
    format!("{prefix}{topic}\0{number}")
}

/// What was made of some messages.
#[derive(Default)]
struct Reading {
    batch: Batch,
    /// Which messages can't be read, and why.
    poison: Vec<(usize, DropReason)>,
    /// How far partitions are read with the batch.
    marks: Vec<(PartitionId, Mark)>,
}

/// Reads messages of known partitions, and ends what has waited too long for its rest.
fn read(partitions: &mut Partitions, messages: &[OwnedMessage]) -> Reading {
    let now = Instant::now();
    let mut reading = Reading::default();
    for (at, message) in messages.iter().enumerate() {
        let partition = partitions.get_mut(&id(message));
        let partition = partition.expect("it was made for the message");
        let poison = partition.read(message, now, &mut reading.batch);
        reading.poison.extend(poison.map(|reason| (at, reason)));
    }
    for (id, partition) in partitions {
        partition.flush_if_idle(now, MAX_PAUSE);
        let mark = partition.hand_over(&id.0, id.1, &mut reading.batch);
        reading.marks.extend(mark.map(|mark| (id.clone(), mark)));
    }
    reading
}

/// Lets the group's offsets be committed.
fn commit(consumer: &StreamConsumer<Context>, marks: &[(PartitionId, Mark)]) {
    let mut list = TopicPartitionList::new();
    for ((topic, number), mark) in marks {
        let offset = Offset::Offset(mark.offset);
        let added = list.add_partition_offset(topic, *number, offset);
        added.expect("an offset is one");
    }
    if let Err(error) = consumer.store_offsets(&list) {
        // Of a partition that has been taken away: who has it now begins at the checkpoint.
        tracing::debug!(%error, "offsets are not committed");
    }
}
