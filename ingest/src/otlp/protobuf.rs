//! Log records as messages.

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    logs::v1,
};
use serde_json::{Map, Value};

use super::record::LogRecord;
use crate::{json, outcome::Outcomes};

/// Reads all log records of a request.
pub(super) fn logs(request: ExportLogsServiceRequest, out: &mut dyn Outcomes) {
    for of_resource in request.resource_logs {
        let resource = members(of_resource.resource.unwrap_or_default().attributes);
        for of_scope in of_resource.scope_logs {
            let scope = of_scope.scope.map(|scope| scope.name);
            for message in of_scope.log_records {
                let record = record(message).structured(scope.as_deref(), &resource);
                json::record(record, out);
            }
        }
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
