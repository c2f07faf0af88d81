//! Log records and spans as messages.

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value},
    logs::v1,
    trace,
};
use serde_json::{Map, Value};

use super::{
    record::{Copies, LogRecord, Shared},
    span::{EXCEPTION, Span, SpanEvent, Spans},
};
use crate::{json, outcome::Outcomes};

/// Reads all log records of a request.
pub(super) fn logs(request: ExportLogsServiceRequest, out: &mut dyn Outcomes) {
    let mut copies = Copies::new();
    for of_resource in request.resource_logs {
        let resource = of_resource.resource.unwrap_or_default();
        let resource = Shared::new(members(resource.attributes));
        for of_scope in of_resource.scope_logs {
            let scope = of_scope.scope.map(|scope| scope.name);
            for message in of_scope.log_records {
                let record = record(message);
                let record = record.structured(scope.as_deref(), &resource, &mut copies);
                json::record(record, out);
            }
        }
    }
}

/// Reads all spans of a request.
pub(super) fn spans(request: ExportTraceServiceRequest, out: &mut dyn Outcomes) {
    let mut copies = Copies::new();
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.unwrap_or_default();
        let resource = Shared::new(members(resource.attributes));
        let mut spans = Spans::default();
        for of_scope in of_resource.scope_spans {
            let scope = of_scope.scope.map(|scope| scope.name);
            for message in of_scope.spans {
                spans.add(span(message, scope.as_deref()), out);
            }
        }
        spans.read(&resource, &mut copies, out);
    }
}

fn span(message: trace::v1::Span, scope: Option<&str>) -> Span {
    let n_events = message.events.len();
    let events = message.events.into_iter();
    let exceptions: Vec<_> = events
        .filter(|event| event.name == EXCEPTION)
        .map(|event| SpanEvent {
            time: event.time_unix_nano,
            attributes: members(event.attributes),
        })
        .collect();
    // Most spans are of work that went well.
    if exceptions.is_empty() {
        return Span {
            n_events,
            ..Span::default()
        };
    }
    Span {
        name: message.name,
        trace_id: hex(&message.trace_id),
        span_id: hex(&message.span_id),
        parent_span_id: hex(&message.parent_span_id),
        scope: scope.map(str::to_owned),
        attributes: members(message.attributes),
        exceptions,
        n_events,
    }
}

fn record(message: v1::LogRecord) -> LogRecord {
    LogRecord {
        time: match message.time_unix_nano {
            0 => message.observed_time_unix_nano,
            time => time,
        },
        severity_number: message.severity_number.try_into().unwrap_or(0),
        severity_text: message.severity_text,
        body: message.body.map_or(Value::Null, value),
        attributes: members(message.attributes),
        trace_id: hex(&message.trace_id),
        span_id: hex(&message.span_id),
        event_name: message.event_name,
    }
}

fn members(pairs: Vec<KeyValue>) -> Map<String, Value> {
    let pairs = pairs.into_iter();
    pairs
        .map(|pair| (pair.key, pair.value.map_or(Value::Null, value)))
        .collect()
}

/// `prost` does not decode messages that are nested deeper than 100 levels: the recursion ends.
fn value(any: AnyValue) -> Value {
    use any_value::Value as Any;
    match any.value {
        None | Some(Any::StringValueStrindex(_)) => Value::Null,
        Some(Any::StringValue(text)) => text.into(),
        Some(Any::BoolValue(is)) => is.into(),
        Some(Any::IntValue(number)) => number.into(),
        Some(Any::DoubleValue(number)) => number.into(),
        Some(Any::ArrayValue(array)) => array.values.into_iter().map(value).collect(),
        Some(Any::KvlistValue(list)) => members(list.values).into(),
        Some(Any::BytesValue(bytes)) => STANDARD.encode(bytes).into(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
