//! One log record, however it was encoded.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::{json::size, limits::MAX_COPIED_BYTES, record::level::severity};

/// What is said once of many records.
#[derive(Debug, Default)]
pub(super) struct Shared {
    attributes: Map<String, Value>,
    n_bytes: usize,
}

impl Shared {
    pub(super) fn new(attributes: Map<String, Value>) -> Self {
        let sizes = attributes
            .iter()
            .map(|(key, value)| key.len() + size(value, MAX_COPIED_BYTES));
        Self {
            n_bytes: sizes.sum(),
            attributes,
        }
    }
}

/// How much of that may still be copied within a request: a large resource of many small records is a bomb.
#[derive(Debug)]
pub(super) struct Copies {
    n_bytes_left: usize,
}

impl Copies {
    /// Those of a request.
    pub(super) fn new() -> Self {
        Self {
            n_bytes_left: MAX_COPIED_BYTES,
        }
    }

    /// What to copy; nothing if there has been too much.
    pub(super) fn of<'a>(
        &mut self,
        shared: &'a Shared,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        let left = self.n_bytes_left.checked_sub(shared.n_bytes);
        self.n_bytes_left = left.unwrap_or(self.n_bytes_left);
        left.map(|_| shared.attributes.iter()).into_iter().flatten()
    }
}

/// What a log record says. Empty texts and zeros are what was not said.
#[derive(Debug, Default)]
pub(super) struct LogRecord {
    /// Nanoseconds since 1970; the time of observation where the program gave none.
    pub(super) time: u64,
    pub(super) severity_number: u64,
    pub(super) severity_text: String,
    pub(super) body: Value,
    pub(super) attributes: Map<String, Value>,
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) event_name: String,
}

impl LogRecord {
    /// The record with the names that structured records have. What the record says goes before what is said of its
    /// scope, and that before its resource.
    pub(super) fn structured(
        self,
        scope: Option<&str>,
        resource: &Shared,
        copies: &mut Copies,
    ) -> Map<String, Value> {
        let mut record = Map::new();
        let mut add = |key: &str, value: Value| {
            let is_said = match &value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            if is_said && !record.contains_key(key) {
                record.insert(key.to_owned(), value);
            }
        };
        if self.time > 0 {
            let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(self.time);
            add(
                "timestamp",
                humantime::format_rfc3339_nanos(time).to_string().into(),
            );
        }
        // The program's own word, unless it is of no use; the number is the same in every language.
        let level = match severity(&self.severity_text) {
            Some(_) => self.severity_text,
            None => {
                level_name(self.severity_number).map_or(self.severity_text, |name| name.to_owned())
            }
        };
        add("level", level.into());
        match self.body {
            // A collector's receivers leave a parsed record in the body.
            Value::Object(body) => body.into_iter().for_each(|(key, value)| add(&key, value)),
            body => add("message", body),
        }
        for (key, value) in self.attributes {
            add(&key, value);
        }
        add("logger", scope.unwrap_or_default().into());
        add("trace_id", self.trace_id.into());
        add("span_id", self.span_id.into());
        add("event.name", self.event_name.into());
        for (key, value) in copies.of(resource) {
            add(key, value.clone());
        }
        record
    }
}

/// Severity numbers go in fours.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber>.
fn level_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warning",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => return None,
    })
}
