//! The messages of one partition, in their order.

use std::{
    collections::VecDeque,
    hash::Hash,
    time::{Duration, Instant},
};

use rdkafka::{Message, message::OwnedMessage};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::{
    log_reader::LogReader, message::whole, outcome::DropReason, read::Format, redact::Redactor,
    sink::Batch,
};

/// How far a partition is read: what is remembered of it.
///
/// The group's own offset is committed apart from the events. This one is stored with them, so that nothing is read twice
/// after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// What comes before need not be read again.
    pub(super) offset: i64,
    /// The latest time of the messages so far, in milliseconds. A topic that was made anew has smaller offsets, and later times.
    time: i64,
}

impl Mark {
    fn is_of(&self, id: MessageId) -> bool {
        id.offset < self.offset && id.time <= self.time
    }
}

/// What tells a message from others of its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct MessageId {
    offset: i64,
    /// In milliseconds since 1970.
    time: i64,
}

/// Lines that the reader took of a message: where they end for it.
#[derive(Debug, Clone, Copy)]
struct Lines {
    id: MessageId,
    end: u64,
}

/// What was read of a partition, and how far.
#[derive(Debug)]
pub(super) struct Partition {
    format: Format,
    redactor: Redactor,
    /// Lines that may go on in the next message.
    reader: LogReader,
    /// Messages whose lines the reader may look at again, or has events of.
    lines: VecDeque<Lines>,
    /// Bytes that the reader took with messages before those.
    before: u64,
    /// The offset after the last message.
    next: i64,
    /// The latest time.
    time: i64,
    stored: Option<Mark>,
    changed_at: Instant,
}

impl Partition {
    /// A partition that was read before up to a mark, if it was.
    pub(super) fn new(format: Format, redactor: Redactor, mark: Option<Mark>) -> Self {
        Self {
            reader: LogReader::new(format, Some(redactor.clone()), 0),
            format,
            redactor,
            lines: VecDeque::new(),
            before: 0,
            next: 0,
            time: mark.map_or(i64::MIN, |mark| mark.time),
            stored: mark,
            changed_at: Instant::now(),
        }
    }

    /// Reads a message; why not, if it can't be.
    pub(super) fn read(
        &mut self,
        message: &OwnedMessage,
        now: Instant,
        batch: &mut Batch,
    ) -> Option<DropReason> {
        let id = MessageId {
            offset: message.offset(),
            time: message.timestamp().to_millis().unwrap_or(0),
        };
        if self.stored.is_some_and(|mark| mark.is_of(id)) {
            return None;
        }
        if id.offset < self.next {
            // Read again from further back.
            *self = Self::new(self.format, self.redactor.clone(), self.stored);
        }
        self.next = id.offset + 1;
        self.time = self.time.max(id.time);
        self.changed_at = now;
        let payload = message.payload().unwrap_or_default();
        let Some(mut whole) = whole(payload, self.format, &self.redactor) else {
            let line_feed: &[u8] = if payload.ends_with(b"\n") { b"" } else { b"\n" };
            let start = self.lines.back().map_or(self.before, |lines| lines.end);
            let end = start + (payload.len() + line_feed.len()) as u64;
            self.lines.push_back(Lines { id, end });
            self.reader.push(payload);
            self.reader.push(line_feed);
            return None;
        };
        let poison = whole.poison();
        for (nth, event) in (0_u32..).zip(&mut whole.events) {
            if event.id.is_none() {
                event.id = Some(event_id(message.topic(), message.partition(), id, (0, nth)));
            }
        }
        batch.events.append(&mut whole.events);
        batch.summary.add(&whole.summary);
        poison
    }

    /// Ends what has waited so long for its rest.
    pub(super) fn flush_if_idle(&mut self, now: Instant, pause: Duration) {
        if now.duration_since(self.changed_at) >= pause && !self.lines.is_empty() {
            self.reader.flush();
        }
    }

    /// Puts what was read of the lines into a batch; what is to be remembered then, if it is new.
    pub(super) fn hand_over(
        &mut self,
        topic: &str,
        number: i32,
        batch: &mut Batch,
    ) -> Option<Mark> {
        let (events, summary) = self.reader.take();
        batch.summary.add(&summary);
        for placed in events {
            let mut event = placed.event;
            if event.id.is_none() {
                let at = self.lines.partition_point(|lines| lines.end < placed.end);
                let start = match at.checked_sub(1) {
                    Some(previous) => self.lines[previous].end,
                    None => self.before,
                };
                event.id = self.lines.get(at).map(|lines| {
                    event_id(topic, number, lines.id, (placed.end - start, placed.nth))
                });
            }
            batch.events.push(event);
        }
        let safe = self.reader.safe_position();
        while let Some(first) = self.lines.front().filter(|lines| lines.end <= safe) {
            self.before = first.end;
            self.lines.pop_front();
        }
        let mark = Mark {
            offset: self
                .lines
                .front()
                .map_or(self.next, |lines| lines.id.offset),
            time: self.time,
        };
        // Nothing was read yet, or what came was read before.
        if self.next == 0 || self.stored == Some(mark) {
            return None;
        }
        self.stored = Some(mark);
        Some(mark)
    }
}

/// The same for the same place in the same message, whenever it is read.
fn event_id(topic: &str, partition: i32, message: MessageId, place: (u64, u32)) -> String {
    let mut hasher = SipHasher24::new();
    (topic, partition, message, place).hash(&mut hasher);
    let digest = hasher.finish128();
    format!("{:016x}{:016x}", digest.h1, digest.h2)
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;

    use super::*;
    use crate::redact::RedactionKey;

    const TRACE: [&str; 4] = [
        "Traceback (most recent call last):",
        "  File \"/app/shop.py\", line 3, in total",
        "    return order[\"price\"]",
        "KeyError: 'price'",
    ];

    fn partition(mark: Option<Mark>) -> Partition {
        let redactor = Redactor::new(RedactionKey::new([1; 16]));
        Partition::new(Format::Auto, redactor, mark)
    }

    fn message(offset: usize, time: i64, text: &str) -> OwnedMessage {
        OwnedMessage::new(
            Some(text.as_bytes().to_vec()),
            None,
            "logs".to_owned(),
            Timestamp::CreateTime(time),
            0,
            offset as i64,
            None,
        )
    }

    /// The messages of a log, by offset: traces between ordinary lines, and whole records.
    fn messages(time: i64) -> Vec<OwnedMessage> {
        let mut lines = Vec::new();
        for n in 0..5 {
            lines.push(format!("2024-05-01 10:00:0{n},000 INFO shop: order {n}"));
            lines.push(format!(
                "2024-05-01 10:00:0{n},000 ERROR shop: order {n} failed"
            ));
            lines.extend(TRACE.map(str::to_owned));
            lines.push(format!(r#"{{"level": "error", "msg": "no cart {n}"}}"#));
            lines.push(format!(
                "{{\n\"level\": \"error\", \"msg\": \"no shop {n}\"\n}}"
            ));
        }
        let numbered = lines.iter().enumerate();
        numbered.map(|(at, line)| message(at, time, line)).collect()
    }

    /// Reads messages; the ids of the events and the last mark.
    fn read(
        partition: &mut Partition,
        messages: &[OwnedMessage],
        flushes: bool,
    ) -> (Vec<String>, Option<Mark>) {
        let mut batch = Batch::default();
        for message in messages {
            assert_eq!(partition.read(message, Instant::now(), &mut batch), None);
        }
        if flushes {
            partition.flush_if_idle(Instant::now(), Duration::ZERO);
        }
        let mark = partition.hand_over("logs", 0, &mut batch);
        let ids = batch.events.iter().map(|event| event.id.clone().unwrap());
        (ids.collect(), mark)
    }

    #[test]
    fn wherever_reading_ends_and_begins_again_nothing_is_lost_or_doubled() {
        let messages = messages(1);
        let (all, mark) = read(&mut partition(None), &messages, true);
        assert_eq!(all.len(), 15);
        assert_eq!(mark.unwrap().offset, messages.len() as i64);
        for end in 0..messages.len() {
            let (mut ids, mark) = read(&mut partition(None), &messages[..end], false);
            // The group's offset may be further back than the mark.
            let (rest, _) = read(&mut partition(mark), &messages, true);
            ids.extend(rest);
            ids.sort();
            ids.dedup();
            let mut all = all.clone();
            all.sort();
            assert_eq!(ids, all, "{end}");
        }
    }

    #[test]
    fn a_pause_ends_a_record_and_reading_goes_on_after_it() {
        let messages = messages(1);
        let (first, mark) = read(&mut partition(None), &messages[..6], true);
        assert_eq!(first.len(), 1);
        assert_eq!(mark.unwrap().offset, 6);
        let (rest, _) = read(&mut partition(mark), &messages, true);
        assert_eq!(rest.len(), 14);
        assert!(!rest.contains(&first[0]));
    }

    #[test]
    fn a_topic_that_is_made_anew_is_read_anew() {
        let (first, mark) = read(&mut partition(None), &messages(1), true);
        let (again, _) = read(&mut partition(mark), &messages(1), true);
        assert_eq!(again.len(), 0);
        let (other, _) = read(&mut partition(mark), &messages(2), true);
        assert_eq!(other.len(), first.len());
        assert!(other.iter().all(|id| !first.contains(id)));
    }
}
