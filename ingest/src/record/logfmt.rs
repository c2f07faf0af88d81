//! `key=value` pairs, as Go's `slog`, logrus and many others write them.

use super::head::{Head, Place, Start};

/// Pairs that are looked at.
const MAX_PAIRS: usize = 32;

/// Reads a line of pairs, if a level or a time is among them.
pub(super) fn logfmt(line: &str) -> Option<Head<'_>> {
    let mut head = Head {
        message: line,
        text: line,
        ..Head::default()
    };
    let mut rest = line;
    for _ in 0..MAX_PAIRS {
        let Some((key, value)) = rest.split_once('=').filter(|(key, _)| is_key(key)) else {
            break;
        };
        let (value, after) = split_value(value);
        rest = after.trim_start();
        match key {
            "ts" | "t" | "time" | "timestamp" | "@timestamp" => {
                head.timestamp.get_or_insert(value);
            }
            "level" | "lvl" | "severity" | "loglevel" => {
                head.level.get_or_insert(value);
            }
            "logger" | "component" | "caller" => {
                head.logger.get_or_insert(value);
            }
            "msg" | "message" => (head.message, head.text) = (value, value),
            _ => {}
        }
    }
    head.start = Some(match (head.timestamp, head.severity()) {
        (Some(_), _) => Start::Dated(Place::FIRST),
        (None, Some(_)) => Start::Level,
        (None, None) => return None,
    });
    Some(head)
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 64
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte))
}

/// A value, without its quotes, and what comes after it. One that does not end reaches to the end of the line.
fn split_value(text: &str) -> (&str, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        return text.split_once(' ').unwrap_or((text, ""));
    };
    let mut is_escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return (&inner[..at], &inner[at + 1..]),
            _ => {}
        }
    }
    (inner, "")
}
