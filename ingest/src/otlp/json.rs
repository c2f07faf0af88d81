//! Log records and spans as JSON: of requests, and as the Collector writes them to files and topics, a request a line.
//!
//! Read field by field: exporters differ in the case of names, in how they write 64-bit numbers, and in what they leave
//! out. Source: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use serde_json::{Map, Value};

use super::{
    record::{Copies, LogRecord, Shared},
    span::{EXCEPTION, Span, SpanEvent, Spans},
};
use crate::{json, outcome::Outcomes};

/// Whether an object is a request to export logs.
pub(crate) fn is_logs(object: &Map<String, Value>) -> bool {
    member(object, "resourceLogs", "resource_logs").is_some_and(Value::is_array)
}

/// Reads all log records of a request.
pub(crate) fn logs(request: Map<String, Value>, out: &mut dyn Outcomes) {
    let mut copies = Copies::new();
    for of_resource in objects(&request, "resourceLogs", "resource_logs") {
        let resource = resource(of_resource);
        let old = ("instrumentationLibraryLogs", "instrumentation_library_logs");
        for (scope, of_scope) in scopes(of_resource, ("scopeLogs", "scope_logs"), old) {
            for message in objects(of_scope, "logRecords", "log_records") {
                let record = record(message).structured(scope, &resource, &mut copies);
                json::record(record, out);
            }
        }
    }
}

/// What is said of a resource.
fn resource(of_resource: &Map<String, Value>) -> Shared {
    let resource = of_resource.get("resource").and_then(Value::as_object);
    Shared::new(resource.map(attributes).unwrap_or_default())
}

/// The scopes of a resource, each with its name, by both cases of what they are called now and of what they `old` were.
fn scopes<'a>(
    of_resource: &'a Map<String, Value>,
    new: (&'a str, &'a str),
    old: (&'a str, &'a str),
) -> impl Iterator<Item = (Option<&'a str>, &'a Map<String, Value>)> {
    let all = [new, old].into_iter();
    all.flat_map(|(camel, snake)| objects(of_resource, camel, snake))
        .map(|of_scope| {
            let scope = member(of_scope, "scope", "instrumentationLibrary");
            (
                scope.and_then(|scope| scope.get("name")?.as_str()),
                of_scope,
            )
        })
}

/// Whether an object is a request to export spans.
pub(crate) fn is_spans(object: &Map<String, Value>) -> bool {
    member(object, "resourceSpans", "resource_spans").is_some_and(Value::is_array)
}

/// Reads all spans of a request.
pub(crate) fn spans(request: Map<String, Value>, out: &mut dyn Outcomes) {
    let mut copies = Copies::new();
    for of_resource in objects(&request, "resourceSpans", "resource_spans") {
        let resource = resource(of_resource);
        let old = (
            "instrumentationLibrarySpans",
            "instrumentation_library_spans",
        );
        let mut spans = Spans::default();
        for (scope, of_scope) in scopes(of_resource, ("scopeSpans", "scope_spans"), old) {
            for message in objects(of_scope, "spans", "spans") {
                spans.add(span(message, scope), out);
            }
        }
        spans.read(&resource, &mut copies, out);
    }
}

fn span(message: &Map<String, Value>, scope: Option<&str>) -> Span {
    let events = || objects(message, "events", "events");
    let n_events = events().count();
    let exceptions: Vec<_> = events()
        .filter(|event| text(event, "name", "name") == EXCEPTION)
        .map(|event| SpanEvent {
            time: member(event, "timeUnixNano", "time_unix_nano")
                .and_then(number)
                .unwrap_or(0),
            attributes: attributes(event),
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
        name: text(message, "name", "name"),
        trace_id: text(message, "traceId", "trace_id"),
        span_id: text(message, "spanId", "span_id"),
        parent_span_id: text(message, "parentSpanId", "parent_span_id"),
        scope: scope.map(str::to_owned),
        attributes: attributes(message),
        exceptions,
        n_events,
    }
}

fn record(message: &Map<String, Value>) -> LogRecord {
    let number = |camel, snake| member(message, camel, snake).and_then(number);
    let text = |camel, snake| text(message, camel, snake);
    let time = number("timeUnixNano", "time_unix_nano").filter(|&time| time > 0);
    LogRecord {
        time: time
            .or_else(|| number("observedTimeUnixNano", "observed_time_unix_nano"))
            .unwrap_or(0),
        severity_number: severity(message).unwrap_or(0),
        severity_text: text("severityText", "severity_text"),
        body: message.get("body").map_or(Value::Null, value),
        attributes: attributes(message),
        trace_id: text("traceId", "trace_id"),
        span_id: text("spanId", "span_id"),
        event_name: text("eventName", "event_name"),
    }
}

/// The severity's number; an old encoder writes the enumeration's name: `SEVERITY_NUMBER_ERROR2`.
fn severity(message: &Map<String, Value>) -> Option<u64> {
    const NAMES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let severity = member(message, "severityNumber", "severity_number")?;
    if let Some(number) = number(severity) {
        return Some(number);
    }
    let name = severity.as_str()?.strip_prefix("SEVERITY_NUMBER_")?;
    let at = NAMES.iter().position(|level| name.starts_with(level))?;
    Some(at as u64 * 4 + 1)
}

fn attributes(of: &Map<String, Value>) -> Map<String, Value> {
    pairs(of.get("attributes"))
}

fn pairs(list: Option<&Value>) -> Map<String, Value> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let pairs = list.filter_map(|pair| {
        let key = pair.get("key")?.as_str()?;
        Some((key.to_owned(), pair.get("value").map_or(Value::Null, value)))
    });
    pairs.collect()
}

/// What a value's wrapper holds (`{"stringValue": "x"}`); as it is where there is none.
fn value(any: &Value) -> Value {
    let Some((kind, inner)) = any
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next())
    else {
        return any.clone();
    };
    match kind.as_str() {
        "stringValue" | "string_value" | "boolValue" | "bool_value" | "doubleValue"
        | "double_value" | "bytesValue" | "bytes_value" => inner.clone(),
        "intValue" | "int_value" => {
            let number = inner.as_str().and_then(|digits| digits.parse::<i64>().ok());
            number.map_or_else(|| inner.clone(), Value::from)
        }
        "arrayValue" | "array_value" => {
            let values = inner.get("values").and_then(Value::as_array);
            values.into_iter().flatten().map(value).collect()
        }
        "kvlistValue" | "kvlist_value" => pairs(inner.get("values")).into(),
        _ => any.clone(),
    }
}

/// A number, or one as a string, as 64-bit numbers stand in JSON.
fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|digits| digits.parse().ok()))
}

fn text(object: &Map<String, Value>, camel: &str, snake: &str) -> String {
    let text = member(object, camel, snake).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn member<'a>(object: &'a Map<String, Value>, camel: &str, snake: &str) -> Option<&'a Value> {
    object.get(camel).or_else(|| object.get(snake))
}

fn objects<'a>(
    object: &'a Map<String, Value>,
    camel: &str,
    snake: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let list = member(object, camel, snake).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}
