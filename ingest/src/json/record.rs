//! One structured log record: where its trace stands, and what else it says.

use serde_json::{Map, Value};

use super::{
    fields::{MESSAGES, TIMES, first, get, level},
    scalar, size,
};
use crate::{
    event::{ErrorEvent, Exception, Frame, Link, Parent, Platform},
    lang::{
        self,
        python::{HEADER, split_type},
    },
    limits::{
        MAX_ATTRIBUTES, MAX_EXCEPTIONS, MAX_LOGGED_MESSAGE_BYTES, MAX_MESSAGE_BYTES,
        MAX_NAME_BYTES, MAX_RECORD_BYTES, MAX_VALUE_BYTES, cut,
    },
    outcome::{Collected, DropReason, Outcomes},
    record::level::{Severity, severity},
    sentry::frames::keep_ends,
    source::clean_text,
    text,
};

/// Fields that hold a trace, best first. A dot means a member of an object, or of the name.
const TRACES: [&str; 24] = [
    "exc_info",
    "exception",
    "exc_text",
    "traceback",
    "stack_trace",
    "stacktrace",
    "stackTrace",
    "error.stack_trace",
    "exception.stacktrace",
    "err.stack",
    "error.stack",
    "exception.stack",
    "reason.stack",
    "error.traceback",
    "stack",
    "err",
    "error",
    "stack_info",
    "message",
    "msg",
    "@message",
    "event",
    "log",
    "body",
];
/// Fields that hold the version of the program.
const RELEASES: [&str; 10] = [
    "release",
    "sentry.release",
    "service.version",
    "app.version",
    "app_version",
    "version",
    "git.sha",
    "git_sha",
    "commit",
    "revision",
];
/// How deep a trace is looked for in fields that no list names.
const MAX_SEARCH_DEPTH: usize = 12;

/// Reads a record; each trace in it becomes an event.
pub(crate) fn read(record: Map<String, Value>, out: &mut dyn Outcomes) {
    let mut found = Found::default();
    for field in TRACES {
        let Some(value) = get(&record, field) else {
            continue;
        };
        if found.read(value, named(field, &record).as_deref()) {
            found.field = Some(field);
            break;
        }
    }
    if found.events.is_empty() {
        search(&record, 0, &mut found);
    }
    if found.events.is_empty()
        && let Some(level) =
            level(&record).filter(|level| severity(level).is_some_and(Severity::is_error))
    {
        let mut event = fill(ErrorEvent::default(), &record, None);
        event.exceptions.extend(without_stack(&record));
        if event.exceptions.is_empty() {
            event.message = event.message.or_else(|| said(&record));
        }
        event
            .attributes
            .insert("level".to_owned(), Value::String(level));
        out.event(event);
        return;
    }
    if found.events.is_empty() {
        out.dropped(if found.is_torn {
            DropReason::Torn
        } else {
            DropReason::NoError
        });
        return;
    }
    let Found { events, field, .. } = found;
    for event in events {
        out.event(fill(event, &record, field));
    }
}

/// What the record says of the error whose trace is in `exception.stacktrace`: its type and message stand beside it.
fn named(field: &str, record: &Map<String, Value>) -> Option<String> {
    let (error, _) = field.rsplit_once('.')?;
    let text = |key: &str| first(record, &[format!("{error}.{key}").as_str()]);
    let name = text("type").or_else(|| text("name"))?;
    let message = text("message").filter(|message| !message.is_empty());
    Some(message.map_or_else(|| name.clone(), |message| format!("{name}: {message}")))
}

/// An exception of which OpenTelemetry's attributes give no more than type and message.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/>.
fn without_stack(record: &Map<String, Value>) -> Option<Exception> {
    let name = first(record, &["exception.type"]).filter(|name| !name.is_empty())?;
    let (module, type_name) = split_type(cut(&name, MAX_NAME_BYTES));
    let message = first(record, &["exception.message"]).unwrap_or_default();
    Some(Exception {
        type_name,
        module,
        message: clean_text(&message, MAX_MESSAGE_BYTES).into_owned(),
        ..Exception::default()
    })
}

/// What an error record without a message says: its error's text, else all that it holds.
fn said(record: &Map<String, Value>) -> Option<String> {
    const ERRORS: [&str; 8] = [
        "error",
        "err",
        "exception",
        "reason",
        "error.message",
        "err.message",
        "exception.message",
        "detail",
    ];
    let text = first(record, &ERRORS).unwrap_or_else(|| Value::Object(record.clone()).to_string());
    Some(clean_text(&text, MAX_LOGGED_MESSAGE_BYTES).into_owned())
}

/// What has been found in a record.
#[derive(Debug, Default)]
struct Found {
    events: Vec<ErrorEvent>,
    is_torn: bool,
    /// The field that held it.
    field: Option<&'static str>,
}

impl Found {
    /// Reads a field; whether it held a trace. Where there are only frames, the error is what `title` says.
    fn read(&mut self, value: &Value, title: Option<&str>) -> bool {
        match value {
            Value::String(text) => self.read_text(text, title),
            Value::Array(elements)
                if elements
                    .iter()
                    .any(|element| element.get("exc_type").is_some()) =>
            {
                self.events.extend(structlog(elements));
                !self.events.is_empty()
            }
            Value::Array(elements) if elements.iter().all(Value::is_string) => {
                let lines: Vec<&str> = elements.iter().filter_map(Value::as_str).collect();
                let has_line_feeds = lines.iter().any(|line| line.ends_with('\n'));
                self.read_text(&lines.join(if has_line_feeds { "" } else { "\n" }), None)
            }
            Value::Object(error) => {
                let text =
                    |keys: &[&str]| keys.iter().find_map(|key| error.get(*key)).and_then(scalar);
                let title = text(&["type", "name", "class", "kind"]).map(|name| {
                    let message = text(&["message", "msg", "value"]);
                    message.map_or_else(|| name.clone(), |message| format!("{name}: {message}"))
                });
                let stack = [
                    "stack",
                    "stack_trace",
                    "stackTrace",
                    "stacktrace",
                    "traceback",
                    "exc_info",
                ]
                .iter()
                .find_map(|key| error.get(*key));
                match stack {
                    Some(Value::String(stack)) => self.read_text(stack, title.as_deref()),
                    Some(stack @ Value::Array(_)) => self.read(stack, None),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn read_text(&mut self, text: &str, title: Option<&str>) -> bool {
        if !text.lines().any(|line| lang::may_begin(line.as_bytes())) {
            return false;
        }
        let text = clean_text(text, MAX_RECORD_BYTES);
        let mut collected = Collected::default();
        // Where there are only frames, the error itself is in other fields.
        let has_frames_alone = |title: &&str| {
            let name = title.split(':').next().unwrap_or(title);
            !text.contains(HEADER) && !text.lines().next().is_some_and(|line| line.contains(name))
        };
        if let Some(title) = title.filter(has_frames_alone) {
            text::read_whole(&format!("{title}\n{text}"), &mut collected);
        }
        if collected.events.is_empty() {
            text::read_whole(&text, &mut collected);
        }
        self.is_torn |= collected.is_torn;
        self.events.append(&mut collected.events);
        !self.events.is_empty()
    }
}

/// Looks for a traceback in every string.
fn search(members: &Map<String, Value>, depth: usize, found: &mut Found) {
    fn walk(value: &Value, depth: usize, found: &mut Found) {
        match value {
            Value::String(text) if text.contains(HEADER) => {
                found.read_text(text, None);
            }
            Value::Array(elements) if depth < MAX_SEARCH_DEPTH => {
                elements
                    .iter()
                    .for_each(|element| walk(element, depth + 1, found));
            }
            Value::Object(members) if depth < MAX_SEARCH_DEPTH => search(members, depth, found),
            _ => {}
        }
    }
    for value in members.values() {
        walk(value, depth + 1, found);
    }
}

/// Adds what the record says beside the trace.
fn fill(
    mut event: ErrorEvent,
    record: &Map<String, Value>,
    trace_field: Option<&'static str>,
) -> ErrorEvent {
    event.timestamp = first(record, &TIMES).or(event.timestamp);
    event.release = RELEASES.iter().find_map(|field| match get(record, field) {
        Some(Value::String(release)) if !release.is_empty() => {
            Some(cut(release, MAX_NAME_BYTES).to_owned())
        }
        _ => None,
    });
    let message = MESSAGES
        .iter()
        .filter(|field| Some(**field) != trace_field)
        .find_map(|field| match get(record, field) {
            Some(Value::String(message)) if !message.contains(HEADER) => Some(message.trim()),
            _ => None,
        });
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        event.message = Some(clean_text(message, MAX_MESSAGE_BYTES).into_owned());
    }
    for (key, value) in record {
        let is_kept = !value.is_null()
            && !is_used(key, value)
            && event.attributes.len() < MAX_ATTRIBUTES
            && size(value, MAX_VALUE_BYTES) <= MAX_VALUE_BYTES;
        if !is_kept {
            continue;
        }
        event
            .attributes
            .insert(cut(key, MAX_NAME_BYTES).to_owned(), value.clone());
    }
    event
}

/// Whether a field is in the event already: its time, its message, or the trace.
fn is_used(key: &str, value: &Value) -> bool {
    let holds_trace = match value {
        Value::String(text) => {
            text.contains(HEADER) || text.contains("  at ") || text.contains("File \"")
        }
        Value::Object(_) | Value::Array(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    let is_trace = holds_trace
        && TRACES
            .iter()
            .any(|field| field.split('.').next() == Some(key));
    is_trace || TIMES.contains(&key) || MESSAGES.contains(&key)
}

/// structlog's `dict_tracebacks`: exceptions from the one that surfaced to the root.
///
/// Source: <https://www.structlog.org/en/stable/api.html#structlog.tracebacks.ExceptionDictTransformer>.
fn structlog(stacks: &[Value]) -> Option<ErrorEvent> {
    let mut exceptions = Vec::new();
    structlog_chain(stacks, None, 0, &mut exceptions);
    (!exceptions.is_empty()).then(|| ErrorEvent {
        platform: Platform::Python,
        exceptions,
        ..ErrorEvent::default()
    })
}

fn structlog_chain(
    stacks: &[Value],
    parent: Option<Parent>,
    depth: usize,
    into: &mut Vec<Exception>,
) {
    let mut above = None;
    for stack in stacks {
        if into.len() >= MAX_EXCEPTIONS || depth > MAX_SEARCH_DEPTH {
            return;
        }
        let Some(name) = stack.get("exc_type").and_then(scalar) else {
            continue;
        };
        let is_cause = stack
            .get("is_cause")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let link = if is_cause { Link::Cause } else { Link::Context };
        let parent = above.map_or(parent, |index| Some(Parent { index, link }));
        let index = into.len();
        above = Some(index);
        into.push(structlog_exception(stack, &name, parent));
        let members = stack.get("exceptions").and_then(Value::as_array);
        for member in members.into_iter().flatten() {
            let chain = member
                .as_array()
                .map_or(std::slice::from_ref(member), Vec::as_slice);
            let parent = Parent {
                index,
                link: Link::Member,
            };
            structlog_chain(chain, Some(parent), depth + 1, into);
        }
    }
}

fn structlog_exception(stack: &Value, name: &str, parent: Option<Parent>) -> Exception {
    let (module, type_name) = split_type(name);
    let elements = |key: &str| {
        stack
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    Exception {
        module: stack.get("exc_module").and_then(scalar).or(module),
        type_name,
        message: stack.get("exc_value").and_then(scalar).unwrap_or_default(),
        notes: elements("exc_notes").filter_map(scalar).collect(),
        frames: keep_ends(elements("frames").filter_map(structlog_frame)),
        parent,
        ..Exception::default()
    }
}

fn structlog_frame(frame: &Value) -> Option<Frame> {
    let text = |key: &str| frame.get(key).and_then(scalar);
    let locals = frame.get("locals").and_then(Value::as_object);
    Some(Frame {
        function: text("name").or(text("function")).unwrap_or_default(),
        path: text("filename").or(text("path"))?,
        line: frame
            .get("lineno")
            .and_then(Value::as_u64)
            .and_then(|line| u32::try_from(line).ok()),
        context_line: text("line"),
        locals: crate::sentry::frames::locals(locals),
        ..Frame::default()
    })
}
