//! The grammar of single lines of a traceback, their prefix and margin already removed.

use crate::{
    event::{Frame, Link},
    limits::{MAX_NAME_BYTES, cut},
};

/// What every traceback begins with, at the end of its line.
pub(crate) const HEADER: &str = "Traceback (most recent call last):";

/// Whether the line is a traceback's first one, plain or of a group.
pub(crate) fn is_header(body: &str) -> bool {
    let body = body.trim();
    body == HEADER || body.strip_prefix("Exception Group ") == Some(HEADER)
}

/// The relation that a line between two tracebacks of a chain states.
pub(crate) fn connector(body: &str) -> Option<Link> {
    match body.trim() {
        "The above exception was the direct cause of the following exception:" => Some(Link::Cause),
        "During handling of the above exception, another exception occurred:" => {
            Some(Link::Context)
        }
        _ => None,
    }
}

/// `File "app.py", line 3, in load`, with loguru's `>` or not.
pub(crate) fn frame_line(body: &str) -> Option<Frame> {
    let (path, line, rest) = file_line(body)?;
    let function = rest.strip_prefix(", in ")?;
    let in_app = in_app(path);
    Some(Frame {
        function: cut(function.trim(), MAX_NAME_BYTES).to_owned(),
        path: cut(path, MAX_NAME_BYTES).to_owned(),
        line: Some(line),
        in_app,
        ..Frame::default()
    })
}

/// Whether a file belongs to the application, where that is sure.
fn in_app(path: &str) -> Option<bool> {
    let is_library = [
        "/site-packages/",
        "/dist-packages/",
        "\\site-packages\\",
        "/lib/python3",
        "/lib/python2",
    ]
    .iter()
    .any(|folder| path.contains(folder))
        || path.starts_with("<frozen ");
    is_library.then_some(false)
}

/// `File "app.py", line 3`: where a `SyntaxError` is.
pub(crate) fn location_line(body: &str) -> Option<(String, u32)> {
    let (path, line, rest) = file_line(body)?;
    rest.trim()
        .is_empty()
        .then(|| (cut(path, MAX_NAME_BYTES).to_owned(), line))
}

fn file_line(body: &str) -> Option<(&str, u32, &str)> {
    let body = body.trim_start();
    let body = body.strip_prefix("> ").unwrap_or(body);
    let rest = body.strip_prefix("File \"")?;
    let (path, rest) = rest.split_once("\", line ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let line = rest[..digits].parse().ok()?;
    Some((path, line, &rest[digits..]))
}

/// `[Previous line repeated 975 more times]`.
pub(crate) fn repeated(body: &str) -> Option<u32> {
    let rest = body.trim().strip_prefix("[Previous line repeated ")?;
    rest.strip_suffix(" more times]")
        .or(rest.strip_suffix(" more time]"))?
        .parse()
        .ok()
}

/// `...<7 lines>...`: source lines that CPython 3.13 leaves out.
pub(crate) fn is_elision(body: &str) -> bool {
    let body = body.trim();
    body.starts_with("...<") && body.ends_with(" lines>...")
}

/// A line of carets and tildes: the range of characters that they cover, from the line's start.
pub(crate) fn marks(body: &str) -> Option<(usize, usize)> {
    let body = body.trim_end();
    let start = body.len() - body.trim_start_matches(' ').len();
    let marked = &body[start..];
    let is_marks = !marked.is_empty() && marked.bytes().all(|byte| matches!(byte, b'^' | b'~'));
    is_marks.then_some((start, body.len()))
}

/// One of the lines with which loguru's `diagnose` shows values: `│   └ 0`.
pub(crate) fn is_value_line(body: &str) -> bool {
    body.trim_start().starts_with(['│', '└'])
}

/// How much a line must look like an exception's to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It stands where the exception's line must stand: any class name will do.
    Expected,
    /// Anything may stand here: the name must be one that only exceptions have.
    Anywhere,
}

/// `json.decoder.JSONDecodeError: Expecting value`: the class and the message.
pub(crate) fn exception_line(body: &str, strictness: Strictness) -> Option<(&str, &str)> {
    let body = body.trim_end();
    let end = body
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>')))
        .map_or(body.len(), |(at, _)| at);
    let (name, rest) = body.split_at(end);
    let message = match rest.strip_prefix(':') {
        None if rest.is_empty() => "",
        Some("") => "",
        Some(rest) => rest.strip_prefix(' ')?,
        None => return None,
    };
    let is_fitting = is_class_name(name)
        && match strictness {
            Strictness::Expected => !(is_level(name) || rest.is_empty() && is_statement(name)),
            Strictness::Anywhere => is_exception_name(name),
        };
    (is_fitting && name.len() <= MAX_NAME_BYTES).then_some((name, message))
}

/// Whether it is an identifier or several joined by dots, `<locals>` among them.
fn is_class_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').all(|part| {
            part == "<locals>"
                || part
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_alphabetic() || c == '_')
                    && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
        && !name.ends_with("<locals>")
}

fn is_exception_name(name: &str) -> bool {
    const ENDINGS: [&str; 13] = [
        "Error",
        "Exception",
        "Warning",
        "Exit",
        "Interrupt",
        "Group",
        "Iteration",
        "Timeout",
        "Failure",
        "Fault",
        "Failed",
        "NotFound",
        "DoesNotExist",
    ];
    let bare = name.rsplit('.').next().unwrap_or(name);
    ENDINGS.iter().any(|ending| bare.ends_with(ending))
        || name.contains('.')
            && bare.starts_with(char::is_uppercase)
            && bare.chars().any(char::is_lowercase)
}

/// Levels with which an ordinary log line begins in the place of a class name.
pub(crate) fn is_level(name: &str) -> bool {
    const LEVELS: [&str; 15] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "CRITICAL", "FATAL",
        "SEVERE", "ALERT", "EMERG", "SUCCESS", "STATS",
    ];
    LEVELS.contains(&name)
}

/// Words that stand alone on lines of source code and of ordinary output.
fn is_statement(name: &str) -> bool {
    matches!(
        name,
        "pass"
            | "return"
            | "break"
            | "continue"
            | "else"
            | "try"
            | "finally"
            | "None"
            | "True"
            | "False"
            | "raise"
            | "done"
            | "ok"
            | "OK"
            | "Done"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, strictness: Strictness, expected: Option<(&str, &str)>) {
        assert_eq!(exception_line(line, strictness), expected);
    }

    #[test]
    fn exception_lines() {
        use Strictness::{Anywhere, Expected};
        check("KeyError", Expected, Some(("KeyError", "")));
        check("KeyError: 'a'", Anywhere, Some(("KeyError", "'a'")));
        check("error", Expected, Some(("error", "")));
        check("error", Anywhere, None);
        check("Timeout", Expected, Some(("Timeout", "")));
        check("INFO: Instrumenting logging", Expected, None);
        check(
            "a.b.CustomThing: In function f(): x",
            Anywhere,
            Some(("a.b.CustomThing", "In function f(): x")),
        );
        check(
            "__main__.f.<locals>.E: x",
            Expected,
            Some(("__main__.f.<locals>.E", "x")),
        );
        check("Got exit code 1", Expected, None);
        check("ValueError:", Expected, Some(("ValueError", "")));
        check("http://example.com", Expected, None);
        check("pass", Expected, None);
        check("2024-01-01: x", Expected, None);
        check("Überlauf: x", Expected, Some(("Überlauf", "x")));
        check("...: x", Expected, None);
    }

    #[test]
    fn frame_lines() {
        let frame =
            frame_line("  File \"/app/my \"odd\" dir/a.py\", line 12, in <lambda>").unwrap();
        assert_eq!(
            (frame.path.as_str(), frame.line, frame.function.as_str()),
            ("/app/my \"odd\" dir/a.py", Some(12), "<lambda>")
        );
        assert!(frame_line("> File \"a.py\", line 1, in f").is_some());
        assert!(frame_line("  File \"a.py\", line 1").is_none());
        assert!(frame_line("  File \"a.py\", line 99999999999, in f").is_none());
        assert_eq!(
            location_line("  File \"a.py\", line 1"),
            Some(("a.py".to_owned(), 1))
        );
        assert_eq!(repeated("  [Previous line repeated 1 more time]"), Some(1));
        assert_eq!(marks("    ~~^^~"), Some((4, 9)));
        assert_eq!(marks("    "), None);
    }
}
