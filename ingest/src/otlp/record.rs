//! One log record, however it was encoded.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::record::level::severity;

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
        resource: &Map<String, Value>,
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
        for (key, value) in resource {
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
