//! Spans, of which only the exceptions are taken that their programs recorded in them.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/trace/exceptions/>.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::record::{Copies, LogRecord, Shared};
use crate::{
    json,
    outcome::{DropReason, Outcomes},
};

/// The name of a span's event that is an exception.
pub(super) const EXCEPTION: &str = "exception";
/// Of these at least one says which exception it is.
const SAID: [&str; 3] = [
    "exception.type",
    "exception.message",
    "exception.stacktrace",
];
/// The number of the severity `ERROR`: a span's events have none.
const ERROR: u64 = 17;

/// What a span says. Empty texts and zeros are what was not said.
#[derive(Debug, Default)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) parent_span_id: String,
    /// The name of the library that made the span.
    pub(super) scope: Option<String>,
    pub(super) attributes: Map<String, Value>,
    /// Its events with the name [`EXCEPTION`].
    pub(super) exceptions: Vec<SpanEvent>,
    /// How many events it has, of any name.
    pub(super) n_events: usize,
}

/// An event of a span.
#[derive(Debug, Default)]
pub(super) struct SpanEvent {
    /// Nanoseconds since 1970.
    pub(super) time: u64,
    pub(super) attributes: Map<String, Value>,
}

impl SpanEvent {
    fn says_which(&self) -> bool {
        SAID.iter().any(|key| self.attributes.contains_key(*key))
    }

    fn text(&self, key: &str) -> String {
        let text = self.attributes.get(key).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }
}

/// An exception in a span: the trace, the span, the exception's type and its message.
type Recorded = (String, String, String, String);

/// The exceptions of one resource's spans. A span counts once for each of its events, or once if it has none.
///
/// An exception that leaves several spans is recorded in each of them. It is one event: that of the outermost span, as the
/// stack is the longest there.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// Those with exceptions.
    spans: Vec<Span>,
}

impl Spans {
    /// Takes a span.
    pub(super) fn add(&mut self, mut span: Span, out: &mut dyn Outcomes) {
        span.exceptions.retain(SpanEvent::says_which);
        let n_others = span.n_events.max(1) - span.exceptions.len();
        if n_others > 0 {
            out.dropped_many(DropReason::OtherItem, n_others as u64);
        }
        if !span.exceptions.is_empty() {
            self.spans.push(span);
        }
    }

    /// Reads the exceptions of all spans that were taken.
    pub(super) fn read(self, resource: &Shared, copies: &mut Copies, out: &mut dyn Outcomes) {
        let mut recorded: HashMap<Recorded, u32> = HashMap::new();
        for span in &self.spans {
            for event in &span.exceptions {
                *recorded.entry(key(span, &span.span_id, event)).or_default() += 1;
            }
        }
        for mut span in self.spans {
            let attributes = Shared::new(std::mem::take(&mut span.attributes));
            for event in std::mem::take(&mut span.exceptions) {
                // One in the parent stands for one in a child: a call that was tried again failed more than once.
                let in_parent = recorded.get_mut(&key(&span, &span.parent_span_id, &event));
                let is_child =
                    !span.parent_span_id.is_empty() && span.parent_span_id != span.span_id;
                match in_parent.filter(|n| **n > 0 && is_child) {
                    Some(n) => {
                        *n -= 1;
                        out.dropped(DropReason::Repeated);
                    }
                    None => {
                        let record = span.record(event, copies.of(&attributes));
                        let scope = span.scope.as_deref();
                        json::record(record.structured(scope, resource, copies), out);
                    }
                }
            }
        }
    }
}

fn key(span: &Span, span_id: &str, event: &SpanEvent) -> Recorded {
    let [name, message, _] = SAID.map(|key| event.text(key));
    (span.trace_id.clone(), span_id.to_owned(), name, message)
}

impl Span {
    /// An event of it, as the log record that says the same.
    fn record<'a>(
        &self,
        event: SpanEvent,
        of_span: impl Iterator<Item = (&'a String, &'a Value)>,
    ) -> LogRecord {
        let mut attributes = event.attributes;
        for (key, value) in of_span {
            attributes
                .entry(key.as_str())
                .or_insert_with(|| value.clone());
        }
        if !self.name.is_empty() {
            let name = Value::String(self.name.clone());
            attributes.entry("span.name").or_insert(name);
        }
        LogRecord {
            time: event.time,
            severity_number: ERROR,
            attributes,
            trace_id: self.trace_id.clone(),
            span_id: self.span_id.clone(),
            ..LogRecord::default()
        }
    }
}
