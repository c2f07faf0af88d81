//! Structured records: one JSON object each, as the logging libraries of several languages write them.

mod fields;
mod record;

use serde_json::{Map, Value};

pub(crate) use self::{
    fields::{LEVELS, fields},
    record::read as record,
};
use crate::{
    lang::apple::ips,
    otlp,
    outcome::{DropReason, Outcomes},
    sentry,
};

/// Parses a JSON document of at most [`crate::limits::MAX_JSON_DEPTH`] levels.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, DropReason> {
    let lossy;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            lossy = String::from_utf8_lossy(bytes);
            &lossy
        }
    };
    serde_json::from_str(text).map_err(|error| reason(&error))
}

/// Reads documents after each other, with nothing else between them; what follows a broken one is left.
pub(crate) fn documents(bytes: &[u8], out: &mut dyn Outcomes) {
    let mut is_empty = true;
    for value in serde_json::Deserializer::from_slice(bytes).into_iter() {
        is_empty = false;
        match value {
            Ok(value) => document(value, out),
            Err(error) => return out.dropped(reason(&error)),
        }
    }
    if is_empty {
        out.dropped(DropReason::NoError);
    }
}

/// Why a document can't be parsed.
fn reason(error: &serde_json::Error) -> DropReason {
    // `serde_json` names this case by its message alone.
    if error.to_string().starts_with("recursion limit") {
        DropReason::TooDeep
    } else {
        DropReason::Malformed
    }
}

/// Reads a document of any kind: a Sentry event, a structured record, or an array of such (nested at will).
pub(crate) fn document(value: Value, out: &mut dyn Outcomes) {
    match value {
        Value::Object(object) => self::object(object, out),
        Value::Array(elements) => {
            let mut is_empty = true;
            for element in elements {
                if element.is_object() || element.is_array() {
                    is_empty = false;
                    document(element, out);
                }
            }
            if is_empty {
                out.dropped(DropReason::NoError);
            }
        }
        _ => out.dropped(DropReason::NoError),
    }
}

fn object(object: Map<String, Value>, out: &mut dyn Outcomes) {
    if sentry::is_event(&object) {
        sentry::event(object, out);
    } else if otlp::is_logs(&object) {
        otlp::logs(object, out);
    } else if otlp::is_spans(&object) {
        otlp::spans(object, out);
    } else if ips::is_report(&object) {
        match ips::event(&object) {
            Some(event) => out.event(event),
            None => out.dropped(DropReason::NoError),
        }
    } else {
        record::read(object, out);
    }
}

/// A string, or a number or boolean as one.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A rough size of a value's JSON text, which stops counting beyond `limit`.
pub(crate) fn size(value: &Value, limit: usize) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(elements) => {
            let mut sum = 2;
            for element in elements {
                sum += size(element, limit) + 1;
                if sum > limit {
                    break;
                }
            }
            sum
        }
        Value::Object(members) => {
            let mut sum = 2;
            for (key, member) in members {
                sum += key.len() + 4 + size(member, limit);
                if sum > limit {
                    break;
                }
            }
            sum
        }
        Value::Number(_) => 8,
        Value::Null | Value::Bool(_) => 4,
    }
}
