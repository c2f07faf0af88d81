//! What the members of a structured record are called: its time, level, logger, thread and message.

use serde_json::{Map, Value};

use super::scalar;
use crate::{
    limits::{MAX_NAME_BYTES, MAX_RECORD_TEXT_BYTES, cut},
    record::{
        Record,
        level::{Severity, of_letter, severity},
    },
    source::clean_text,
};

/// Fields that hold what the program said.
pub(super) const MESSAGES: [&str; 9] = [
    "message",
    "msg",
    "event",
    "@message",
    "log.message",
    "fields.message",
    "body",
    "short_message",
    "MESSAGE",
];
/// Fields that hold the record's time.
pub(super) const TIMES: [&str; 12] = [
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "asctime",
    "datetime",
    "date",
    "eventTime",
    "@t",
    "t.$date",
    "__REALTIME_TIMESTAMP",
    "started_at",
];
/// Fields that hold the level, as a word.
pub(crate) const LEVELS: [&str; 12] = [
    "level",
    "levelname",
    "lvl",
    "severity",
    "severityText",
    "severity_text",
    "log.level",
    "log_level",
    "loglevel",
    "logLevel",
    "@l",
    "s",
];
/// Fields that hold who logged.
const LOGGERS: [&str; 10] = [
    "logger",
    "logger_name",
    "loggerName",
    "log.logger",
    "name",
    "target",
    "category",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "app",
];
/// Fields that hold the thread.
const THREADS: [&str; 8] = [
    "thread",
    "thread_name",
    "threadName",
    "process.thread.name",
    "threadId",
    "ctx",
    "_PID",
    "pid",
];

/// A member by name, or by a path of names.
pub(super) fn get<'a>(record: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    if let Some(value) = record.get(field) {
        return Some(value);
    }
    let (outer, inner) = field.split_once('.')?;
    get(record.get(outer)?.as_object()?, inner)
}

/// The first of the fields that holds a text or number.
pub(super) fn first(record: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    fields
        .iter()
        .find_map(|field| get(record, field).and_then(scalar))
}

/// The level's name, in lower case.
pub(crate) fn level(record: &Map<String, Value>) -> Option<String> {
    let of_value = |value: &Value| match value {
        Value::String(name) => {
            let name = of_letter(name).unwrap_or(name);
            severity(name)
                .map(|_| name.to_lowercase())
                .or_else(|| of_number(record, name.parse().ok()?))
        }
        Value::Number(number) => of_number(record, number.as_u64()?),
        _ => None,
    };
    // Structures that wrap a record's own fields: tracing's `fields`, logstash's `@fields`.
    let wrapped = record.get("@fields").and_then(Value::as_object);
    [Some(record), wrapped]
        .into_iter()
        .flatten()
        .find_map(|record| {
            LEVELS
                .iter()
                .find_map(|field| get(record, field).and_then(of_value))
        })
        .or_else(|| {
            let priority = get(record, "PRIORITY").and_then(scalar)?.parse().ok()?;
            Some(Severity::of_syslog(priority)?.name().to_owned())
        })
}

/// The name of bunyan's and pino's numbers; of GELF's, which are syslog's. Others mean something else to everyone.
///
/// Sources: <https://github.com/trentm/node-bunyan#levels>, <https://go2docs.graylog.org/current/getting_in_log_data/gelf.html>.
fn of_number(record: &Map<String, Value>, number: u64) -> Option<String> {
    let name = match number {
        10 | 20 | 30 => "info",
        40 => "warning",
        50 => "error",
        60 => "fatal",
        0..=7 if record.contains_key("short_message") => Severity::of_syslog(number)?.name(),
        _ => return None,
    };
    Some(name.to_owned())
}

/// A structured record's parts; one that is no object, or says nothing by the known names, is its own message.
pub(crate) fn fields(value: &Value) -> Record {
    let text = |text: &str| clean_text(text, MAX_RECORD_TEXT_BYTES).into_owned();
    let Some(record) = value.as_object() else {
        return Record {
            message: text(&value.to_string()),
            ..Record::default()
        };
    };
    let inner = record
        .get("@fields")
        .and_then(Value::as_object)
        .unwrap_or(record);
    let short =
        |fields: &[&str]| first(record, fields).map(|name| cut(&name, MAX_NAME_BYTES).to_owned());
    Record {
        timestamp: short(&TIMES),
        level: level(record),
        logger: short(&LOGGERS),
        thread: short(&THREADS),
        message: text(&first(inner, &MESSAGES).unwrap_or_else(|| value.to_string())),
        ..Record::default()
    }
}
