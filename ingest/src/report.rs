//! The form in which events are shown to other programs: `docs/error-event.schema.json`.

use serde_json::{Map, Value, json};

use crate::event::{ErrorEvent, Exception, Frame, Location, Platform};

/// An event in the stable JSON form that `docs/error-event.schema.json` describes.
///
/// Exceptions keep the event's order, the reported one first. Frames are turned round: **innermost first**, from the crash
/// outwards. What is not known is `null`. Locals and source lines are left out. Nothing is redacted here that the event
/// itself has.
pub fn report(event: &ErrorEvent) -> Value {
    let mut attributes: Map<String, Value> = event.attributes.clone().into_iter().collect();
    let level = attributes.remove("level").unwrap_or_default();
    let logger = attributes.remove("logger").unwrap_or_default();
    let exceptions: Vec<Value> = event
        .exceptions
        .iter()
        .map(|exception| self::exception(exception, event.platform))
        .collect();
    json!({
        "language": event.platform,
        "id": event.id,
        "timestamp": event.timestamp,
        "release": event.release,
        "level": text(&level),
        "logger": text(&logger),
        "message": event.message,
        "exceptions": exceptions,
        "attributes": attributes,
    })
}

/// A value that the schema wants as text.
fn text(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => value.clone(),
        other => Value::String(other.to_string()),
    }
}

fn exception(exception: &Exception, platform: Platform) -> Value {
    // PHP's outermost place is the script itself, which is no call: `getTrace` leaves it out too.
    let is_call =
        |frame: &&Frame| platform != Platform::Php || frame.function != crate::lang::php::MAIN;
    let frames: Vec<Value> = exception
        .frames
        .iter()
        .rev()
        .filter(is_call)
        .map(frame)
        .collect();
    let raised_at = exception.location.clone().or_else(|| {
        let frame = exception.frames.last()?;
        Some(Location {
            path: frame.path.clone(),
            line: frame.line,
            column: frame.column,
        })
    });
    json!({
        "type": none_if_empty(&type_name(exception, platform)),
        "module": exception.module,
        "message": exception.message,
        "notes": exception.notes,
        "location": raised_at.map(|place| json!({
            "file": none_if_empty(&place.path),
            "line": place.line,
            "column": place.column,
        })),
        "frames": frames,
        "common_frames": exception.common_frames,
        "parent": exception.parent.map(|parent| parent.index),
        "link": exception.parent.map(|parent| parent.link),
    })
}

/// The class as the language's own traces print it: qualified where they put a dot between package and class.
fn type_name(exception: &Exception, platform: Platform) -> String {
    let is_dotted = match platform {
        Platform::Java
        | Platform::Kotlin
        | Platform::Scala
        | Platform::Clojure
        | Platform::Groovy
        | Platform::CSharp => true,
        Platform::Python
        | Platform::JavaScript
        | Platform::Go
        | Platform::Rust
        | Platform::Ruby
        | Platform::Php
        | Platform::Dart
        | Platform::Elixir
        | Platform::Perl
        | Platform::Lua
        | Platform::Haskell
        | Platform::OCaml
        | Platform::Julia
        | Platform::Crystal
        | Platform::Swift
        | Platform::Native
        | Platform::Other => false,
    };
    // Sentry's .NET client reports the qualified name, and the assembly as the module.
    let is_bare = !exception.type_name.contains('.')
        && exception
            .module
            .as_ref()
            .is_some_and(|module| !module.contains(','));
    if is_dotted && is_bare {
        exception.qualified_name()
    } else {
        exception.type_name.clone()
    }
}

fn frame(frame: &Frame) -> Value {
    let mut shown = json!({
        "function": none_if_empty(&frame.function),
        "module": frame.module,
        "file": none_if_empty(&frame.path),
        "line": frame.line,
        "column": frame.column,
        "in_app": frame.in_app,
    });
    if frame.repeated > 0 {
        shown["repeated"] = json!(frame.repeated);
    }
    shown
}

fn none_if_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
