//! What stands at the beginning of a log record: its time, level and logger.

use std::sync::LazyLock;

use regex::Regex;

use crate::lang::python::is_level;

/// The parts of a log record's first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) level: Option<&'a str>,
    pub(crate) logger: Option<&'a str>,
    /// The rest, which is what the program said.
    pub(crate) message: &'a str,
}

const TIMESTAMP: &str = r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d(?: \d{4})? \d\d:\d\d:\d\d(?:[.,]\d+)?|\d\d?[-/](?:\d\d|[A-Z][a-z][a-z])(?:[-/]\d{2,4})? \d\d:\d\d:\d\d(?:[.,]\d+)?|\d\d:\d\d:\d\d(?:[.,]\d+)?|\d{10}(?:\.\d+)?|\d{13})";
const LEVEL: &str = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|SEVERE|ALERT|EMERG|SUCCESS|Trace|Debug|Info|Notice|Warn|Warning|Error|Critical|Fatal|error|warn|warning|info|debug|critical|fatal)";

static START: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?:<\d{{1,3}}>)?(?:\[? ?{TIMESTAMP}|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|SUCCESS)\b *(?:[\]:|/ \[(-]|$)|[DIWEF]\d{{4}} \d\d:|##\[)"
    ))
});
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^(?:(?P<ts>{TIMESTAMP})|(?P<level>{LEVEL})\b(?P<colon>:?)|\[(?P<bracket>[^\[\]]{{1,80}})\]|\((?P<paren>[^()]{{1,60}})\) |<\d{{1,3}}>)"
    ))
});
static BRACKET: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"^ *(?:(?P<ts>{TIMESTAMP})(?: [+-]\d{{4}})?[: ,|]*)?(?:(?P<level>{LEVEL})\b)?"
    ))
});
static LOGGER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:in )?(?P<name>[A-Za-z_][\w.<>-]*(?::[\w<>.]+:\d+)?)(?: - |: |:(?:\d+ - )?| \| |\] )",
    )
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Whether a line looks like the beginning of a log record rather than like the middle of one.
pub(crate) fn is_start(line: &str) -> bool {
    line.starts_with("{\"") || START.is_match(line)
}

/// Splits a log record's first line; what is not recognised stays in the message.
pub(crate) fn parse(line: &str) -> Record<'_> {
    let mut record = Record {
        message: line.trim(),
        ..Record::default()
    };
    let mut has_any = false;
    for _ in 0..12 {
        let rest = record.message.trim_start_matches([' ', '|', '\t']);
        let rest = rest.strip_prefix("- ").unwrap_or(rest).trim_start();
        let Some(piece) = PIECE.captures(rest) else {
            record.message = rest;
            break;
        };
        let whole = piece.get(0).map_or("", |found| found.as_str());
        if let Some(timestamp) = piece.name("ts") {
            if record.timestamp.is_some() {
                break;
            }
            record.timestamp = Some(timestamp.as_str());
        } else if let Some(level) = piece.name("level") {
            let is_word = piece
                .name("colon")
                .is_none_or(|colon| colon.as_str().is_empty());
            if record.level.is_some() || (is_word && !has_any && !is_level(level.as_str())) {
                break;
            }
            record.level = Some(level.as_str());
        } else if let Some(bracket) = piece.name("bracket").or(piece.name("paren")) {
            let inner = BRACKET.captures(bracket.as_str());
            let name = |name| {
                inner
                    .as_ref()
                    .and_then(|inner| inner.name(name))
                    .map(|found| found.as_str())
            };
            record.timestamp = record.timestamp.or(name("ts"));
            record.level = record.level.or(name("level"));
            let is_id = bracket.as_str().len() <= 48;
            if name("ts").is_none()
                && name("level").is_none()
                && !(has_any && is_id && record.level.is_none())
            {
                break;
            }
        }
        has_any = true;
        record.message = &rest[whole.len()..];
    }
    if has_any {
        let rest = record.message.trim_start_matches([' ', '-', '|', ':']);
        if let Some(found) = LOGGER.captures(rest) {
            let name = found.name("name").map_or("", |name| name.as_str());
            let whole = found.get(0).map_or("", |whole| whole.as_str());
            let after = &rest[whole.len()..];
            let is_basic = whole.ends_with(':') && record.level.is_some();
            if name.contains('.')
                || whole.ends_with(" - ")
                || whole.ends_with(" | ")
                || is_basic
                || rest.starts_with("in ")
            {
                record.logger = Some(name);
                record.message = after;
            }
            if record.level.is_none()
                && let Some(level) = PIECE.captures(after).and_then(|piece| piece.name("level"))
            {
                record.level = Some(level.as_str());
                record.message = after[level.end()..].trim_start_matches([' ', '-', ':', '|', ']']);
            }
        }
    }
    record.message = record
        .message
        .trim_start_matches([' ', '-', '|', ':', ']'])
        .trim();
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let record = parse(line);
        let shown = format!(
            "{}/{}/{}/{}",
            record.timestamp.unwrap_or("-"),
            record.level.unwrap_or("-"),
            record.logger.unwrap_or("-"),
            record.message
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn common_layouts() {
        check("ERROR:root:it broke", "-/ERROR/root/it broke");
        check(
            "2024-01-01 12:00:00,123 - my.app - ERROR - it broke: x",
            "2024-01-01 12:00:00,123/ERROR/my.app/it broke: x",
        );
        check(
            "2024-01-01 12:00:00,123 ERROR my.app: it broke",
            "2024-01-01 12:00:00,123/ERROR/my.app/it broke",
        );
        check(
            "[2024-01-01 12:00:00,123] ERROR in app: Exception on /orders [POST]",
            "2024-01-01 12:00:00,123/ERROR/app/Exception on /orders [POST]",
        );
        check(
            "[2024-01-01 12:00:00 +0000] [7] [ERROR] Exception in worker process",
            "2024-01-01 12:00:00 +0000/ERROR/-/Exception in worker process",
        );
        check(
            "2024-01-01 12:00:00.123 | ERROR    | app.main:run:42 - boom",
            "2024-01-01 12:00:00.123/ERROR/app.main:run:42/boom",
        );
        check(
            "[2024-01-01 12:00:00,123: ERROR/MainProcess] Task t raised: KeyError('x')",
            "2024-01-01 12:00:00,123/ERROR/-/Task t raised: KeyError('x')",
        );
        check(
            "ERROR:    Exception in ASGI application",
            "-/ERROR/-/Exception in ASGI application",
        );
        check(
            "Exception in thread Thread-1 (worker):",
            "-/-/-/Exception in thread Thread-1 (worker):",
        );
        check("Error while loading: x", "-/-/-/Error while loading: x");
        check("plain words", "-/-/-/plain words");
    }

    #[track_caller]
    fn check_start(line: &str, expected: bool) {
        assert_eq!(is_start(line), expected, "{line}");
    }

    #[test]
    fn starts() {
        check_start("2024-01-01 12:00:00 x", true);
        check_start("[2024-01-01T12:00:00Z] x", true);
        check_start("INFO: x", true);
        check_start("[ERROR] x", true);
        check_start("12:00:01.5 x", true);
        check_start("E0102 12:00:00 x", true);
        check_start("1 validation error for Order", false);
        check_start("ERRORS were found", false);
        check_start("  File", false);
        check_start("KeyError: 'a'", false);
    }
}
