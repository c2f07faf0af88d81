//! Sentry events: each field read on its own, so that a bad one loses only itself.
//!
//! Source of the meanings: <https://develop.sentry.dev/sdk/data-model/event-payloads/>.

pub(crate) mod envelope;
mod exceptions;
pub(crate) mod frames;

use serde_json::{Map, Value};

use crate::{
    event::{ErrorEvent, Platform},
    json::{scalar, size},
    lang::python::HEADER,
    limits::{
        MAX_ATTRIBUTES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, MAX_RECORD_BYTES, MAX_VALUE_BYTES, cut,
    },
    outcome::{Collected, DropReason, Outcomes},
    record::level::{Severity, severity},
    source::clean_text,
    text,
};

/// Names of the exception interface, the present one and the one of old clients.
const EXCEPTION: [&str; 2] = ["exception", "sentry.interfaces.Exception"];

/// Whether the object is a Sentry event, or a message of Sentry's own queue with one in it.
pub(crate) fn is_event(object: &Map<String, Value>) -> bool {
    let has = |key: &str| object.contains_key(key);
    if has("sentry.interfaces.Exception") || has("sentry.interfaces.Stacktrace") {
        return true;
    }
    if object
        .get("data")
        .and_then(Value::as_object)
        .is_some_and(|data| has("event_id") || data.contains_key("exception"))
    {
        return true;
    }
    let has_values = object.get("exception").is_some_and(|exception| {
        let is_one = |value: &Value| {
            value
                .get("stacktrace")
                .is_some_and(|stack| stack.is_object() || stack.is_array())
                || value.get("type").is_some()
                    && (value.get("value").is_some() || value.get("mechanism").is_some())
        };
        exception.get("values").is_some()
            || is_one(exception)
            || exception
                .as_array()
                .is_some_and(|list| list.iter().any(is_one))
    });
    has_values
        || has("event_id")
            && ["platform", "sdk", "logentry", "stacktrace", "threads"]
                .iter()
                .any(|key| has(key))
}

/// Reads an event; one without exceptions is an error by its level, or if its message is a traceback.
pub(crate) fn event(object: Map<String, Value>, out: &mut dyn Outcomes) {
    let (event, outer) = unwrap(object);
    let outer = outer.as_ref();
    let field = |key: &str| {
        event
            .get(key)
            .filter(|value| !value.is_null())
            .or_else(|| outer.and_then(|outer| outer.get(key)))
    };
    let platform = field("platform").and_then(Value::as_str).unwrap_or("");
    let interface = EXCEPTION
        .iter()
        .find_map(|key| event.get(*key).filter(|value| !value.is_null()));
    let exceptions = interface
        .map(|interface| exceptions::read(interface, &event, platform))
        .unwrap_or_default();
    let message = message(&event).or_else(|| outer.and_then(message));
    let mut base = ErrorEvent {
        id: field("event_id")
            .and_then(scalar)
            .map(|id| cut(&id, MAX_NAME_BYTES).to_owned()),
        timestamp: field("timestamp")
            .or_else(|| field("datetime"))
            .and_then(scalar),
        platform: self::platform(platform, &exceptions),
        release: field("release")
            .and_then(scalar)
            .map(|release| cut(&release, MAX_NAME_BYTES).to_owned()),
        message,
        exceptions,
        ..ErrorEvent::default()
    };
    attributes(&event, &mut base);
    if !base.exceptions.is_empty() {
        out.event(base);
        return;
    }
    let mut collected = Collected::default();
    if let Some(text) = base.message.as_deref().filter(|text| text.contains(HEADER)) {
        text::read_whole(text, &mut collected);
    }
    let Some(read) = collected.events.into_iter().next() else {
        return if is_error(&event) && base.message.is_some() {
            out.event(base);
        } else {
            out.dropped(DropReason::NoError);
        };
    };
    base.exceptions = read.exceptions;
    base.message = read.message;
    base.platform = read.platform;
    out.event(base);
}

/// Whether an event without exceptions reports an error. The level is `error` where none is given; a type other than
/// these two is a transaction or another report.
fn is_error(event: &Map<String, Value>) -> bool {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    matches!(text("type"), None | Some("" | "error" | "default"))
        && severity(text("level").unwrap_or("error")).is_some_and(Severity::is_error)
}

/// The event itself, and the queue's message around it.
fn unwrap(mut object: Map<String, Value>) -> (Map<String, Value>, Option<Map<String, Value>>) {
    let is_inside = !EXCEPTION
        .iter()
        .any(|key| object.get(*key).is_some_and(|value| !value.is_null()))
        && object.get("data").is_some_and(Value::is_object);
    if is_inside && let Some(Value::Object(data)) = object.remove("data") {
        return (data, Some(object));
    }
    (object, None)
}

/// The log message: formatted, else the pattern; old clients have it at the top.
fn message(event: &Map<String, Value>) -> Option<String> {
    let keys = ["logentry", "message", "sentry.interfaces.Message"];
    let text = keys.iter().find_map(|key| match event.get(*key)? {
        Value::Object(entry) => {
            let text = |key: &str| {
                entry
                    .get(key)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
            };
            text("formatted").or(text("message"))
        }
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    })?;
    let limit = if text.contains(HEADER) {
        MAX_RECORD_BYTES
    } else {
        MAX_MESSAGE_BYTES
    };
    Some(clean_text(text, limit).into_owned())
}

fn platform(name: &str, exceptions: &[crate::event::Exception]) -> Platform {
    match name {
        "python" => Platform::Python,
        "javascript" | "node" => Platform::JavaScript,
        "java" => Platform::Java,
        "go" => Platform::Go,
        "rust" => Platform::Rust,
        "ruby" => Platform::Ruby,
        "php" => Platform::Php,
        "csharp" => Platform::CSharp,
        "dart" => Platform::Dart,
        "elixir" => Platform::Elixir,
        "perl" => Platform::Perl,
        "swift" => Platform::Swift,
        "native" | "c" | "cocoa" | "objc" => Platform::Native,
        "" | "other" => {
            let path = exceptions
                .iter()
                .flat_map(|exception| &exception.frames)
                .map(|frame| frame.path.as_str())
                .next_back();
            match path
                .and_then(|path| path.rsplit_once('.'))
                .map(|(_, suffix)| suffix)
            {
                Some("py") => Platform::Python,
                Some("js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx") => Platform::JavaScript,
                _ => Platform::Other,
            }
        }
        _ => Platform::Other,
    }
}

/// Keeps tags and extra data one by one, and what else describes the failure, each within its limit.
fn attributes(event: &Map<String, Value>, base: &mut ErrorEvent) {
    const WHOLE: [&str; 13] = [
        "request",
        "user",
        "contexts",
        "environment",
        "level",
        "logger",
        "transaction",
        "server_name",
        "culprit",
        "fingerprint",
        "modules",
        "sdk",
        "platform",
    ];
    let mut put = |key: String, value: &Value| {
        let is_fitting = !value.is_null()
            && base.attributes.len() < MAX_ATTRIBUTES
            && size(value, MAX_VALUE_BYTES) <= MAX_VALUE_BYTES;
        if is_fitting {
            base.attributes.insert(key, value.clone());
        }
    };
    for key in WHOLE {
        if let Some(value) = event.get(key).filter(|value| !is_empty(value)) {
            put(key.to_owned(), value);
        }
    }
    for group in ["tags", "extra"] {
        for (key, value) in pairs(event.get(group)) {
            put(format!("{group}.{}", cut(&key, MAX_NAME_BYTES)), value);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// The pairs of a mapping, a list of pairs, or a list of `{"key": …, "value": …}`.
fn pairs(value: Option<&Value>) -> Vec<(String, &Value)> {
    match value {
        Some(Value::Object(members)) => members
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Some(Value::Array(elements)) => elements
            .iter()
            .filter_map(|element| match element {
                Value::Array(pair) if pair.len() == 2 => Some((scalar(&pair[0])?, &pair[1])),
                Value::Object(pair) => Some((scalar(pair.get("key")?)?, pair.get("value")?)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
