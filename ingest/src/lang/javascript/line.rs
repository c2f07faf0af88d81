//! Single lines of a JavaScript engine's stack.

use crate::{
    event::Frame,
    lang::place::Place,
    limits::{MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
};

/// An error's first line, as found above its frames.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) type_name: String,
    pub(crate) message: String,
    /// How many lines it took.
    pub(crate) n_lines: usize,
    /// What stood before it on its line.
    pub(crate) before: Option<String>,
}

/// The text before the indentation, and the frame, if the line can be the first one under an error's message.
pub(crate) fn first_frame(line: &str) -> Option<(&str, Frame)> {
    let at = find_at(line)?;
    let call = &line[at + 3..];
    let frame = frame(call)?;
    let is_sure = frame.line.is_some()
        && (frame.column.is_some() || has_script_suffix(&frame.path))
        || matches!(frame.path.as_str(), "<anonymous>" | "native")
        || frame.path.contains("wasm-function[")
        || call.ends_with(":*:*")
        || call.ends_with(":*)");
    is_sure.then(|| (line[..at].trim_end_matches([' ', '\t']), frame))
}

/// Where `at ` begins after an indentation.
fn find_at(line: &str) -> Option<usize> {
    line.match_indices("at ").map(|(at, _)| at).find(|&at| {
        let before = &line[..at];
        before.is_empty() || before.ends_with("  ") || before.ends_with('\t') || before == " "
    })
}

fn has_script_suffix(path: &str) -> bool {
    [
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".jsx",
        ".vue",
        ".bundle",
        ".jsbundle",
        ".hbc",
    ]
    .iter()
    .any(|suffix| path.ends_with(suffix))
}

/// The error's first line among the lines above its frames, nearest first.
pub(crate) fn header(lines: &[String]) -> Option<Header> {
    let nearest = lines.first()?;
    for (at, line) in lines.iter().enumerate().take(6) {
        if at > 0 && (line.trim().is_empty() || line.trim_start().starts_with("at ")) {
            break;
        }
        if let Some((before, type_name, first)) = error_line(line) {
            let mut message = first.to_owned();
            for more in lines[..at].iter().rev() {
                message.push('\n');
                message.push_str(more.trim_end());
            }
            return Some(Header {
                type_name: type_name.to_owned(),
                message: cut(&message, MAX_MESSAGE_BYTES).to_owned(),
                n_lines: at + 1,
                before: (!before.is_empty()).then(|| before.to_owned()),
            });
        }
    }
    // An error whose class does not say so: `Invariant Violation: …`, `AssertionFailed`.
    let line = nearest.trim();
    let (name, message) = line
        .split_once(": ")
        .unwrap_or((line.strip_suffix(':').unwrap_or(line), ""));
    let is_name = name.starts_with(char::is_uppercase)
        && name.split(' ').count() <= 2
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ' '))
        && !crate::lang::python::is_level(name);
    is_name.then(|| Header {
        type_name: name.to_owned(),
        message: cut(message, MAX_MESSAGE_BYTES).to_owned(),
        n_lines: 1,
        before: None,
    })
}

/// The most bytes that an error's code takes: `[ERR_UNHANDLED_REJECTION]`.
const MAX_CODE_BYTES: usize = 128;

/// Splits `Uncaught TypeError [ERR_X]: message` into what is before the class, the class and the message.
pub(crate) fn error_line(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.trim_end().trim_end_matches(" {");
    for ending in ["Error", "Exception"] {
        for (at, _) in line.match_indices(ending) {
            let end = at + ending.len();
            let mut rest = &line[end..];
            if let Some(code) = rest.strip_prefix(" [") {
                let Some(close) = cut(code, MAX_CODE_BYTES).find(']') else {
                    continue;
                };
                rest = &code[close + 1..];
            }
            let message = match rest.strip_prefix(':') {
                _ if rest.is_empty() => "",
                Some(message) if message.is_empty() || message.starts_with(' ') => {
                    message.trim_start()
                }
                _ => continue,
            };
            let start = line[..at]
                .char_indices()
                .rev()
                .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
                .last()
                .map_or(at, |(at, _)| at);
            let before = line[..start].trim();
            let is_apart =
                before.is_empty() || line[..start].ends_with([' ', '(', '[', '|', '"', '\t']);
            if is_apart
                && line[start..end]
                    .chars()
                    .next()
                    .is_some_and(char::is_alphabetic)
            {
                let before = before.strip_suffix("Uncaught").unwrap_or(before);
                return Some((
                    before.trim_end_matches("(in promise)").trim(),
                    &line[start..end],
                    message,
                ));
            }
        }
    }
    None
}

/// A call without its `at `: `f (/app/a.js:10:5)`, `/app/a.js:10:5`, `new Foo (<anonymous>)`.
pub(crate) fn frame(call: &str) -> Option<Frame> {
    let call = call.trim().trim_end_matches(" {");
    let call = call.strip_prefix("async ").unwrap_or(call);
    if call.is_empty() || call.len() > MAX_NAME_BYTES {
        return None;
    }
    let (function, location) = match opening(call) {
        Some(open) => (&call[..open], &call[open + 2..call.len() - 1]),
        None if let Some((function, location)) = glued(call) => (function, location),
        _ if Place::of(call).n_numbers > 0 || call.starts_with('<') => ("", call),
        _ => (call, ""),
    };
    Some(framed(function, location))
}

/// Where the ` (` before a call's location is.
fn opening(call: &str) -> Option<usize> {
    call.strip_suffix(')')?;
    call.match_indices(" (")
        .map(|(at, _)| at)
        .find(|&at| is_location(&call[at + 2..]))
        .or_else(|| call.rfind(" ("))
}

/// Whether a text begins as a script's address does.
fn is_location(text: &str) -> bool {
    let has_scheme = || {
        text.split_once(':').is_some_and(|(scheme, rest)| {
            let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'));
            // A drive letter, or a scheme before more than a line.
            is_scheme && !rest.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    [
        "/",
        "./",
        "../",
        "eval at ",
        "async ",
        "address at ",
        "internal/",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        || has_scheme()
}

/// `f(/app/a.js:10:5)`, as old browsers and bundlers print it.
fn glued(call: &str) -> Option<(&str, &str)> {
    let (function, location) = call.strip_suffix(')')?.rsplit_once('(')?;
    let is_call = !function.is_empty()
        && !function.contains(['/', ':'])
        && (Place::of(location).n_numbers == 2 || location == "<anonymous>");
    is_call.then_some((function, location))
}

/// A frame of Firefox, Safari or old Opera: `f@https://x/a.js:10:5`, `forEach@[native code]`, `@file:///a.js:3`.
pub(crate) fn at_sign_frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    // Functions and addresses may hold further signs.
    let (function, location) = text.match_indices('@').take(16).find_map(|(at, _)| {
        let location = &text[at + 1..];
        let is_script = matches!(location, "[native code]" | "[wasm code]")
            || Place::of(location).n_numbers > 0
                && !location.contains('"')
                && (is_location(location) || has_script_suffix(Place::of(location).path))
            || location.contains(":wasm-function[");
        is_script.then_some((&text[..at], location))
    })?;
    // `user@host:22` and the like.
    let is_address = location.contains(['/', '.', '[', '\\']);
    is_address.then(|| framed(function, location))
}

/// What stands in such a stack without a function: `https://x/a.js:10:5`, `[native code]`, `eval code`.
pub(crate) fn bare_frame(text: &str) -> Option<Frame> {
    let text = text.trim();
    if matches!(text, "[native code]") {
        return Some(framed("", text));
    }
    if matches!(text, "eval code" | "global code" | "module code") {
        return Some(framed(text, ""));
    }
    let place = Place::of(text);
    let is_script = place.n_numbers > 0
        && !place.path.contains(' ')
        && (is_location(text) && place.path.contains('/') || has_script_suffix(place.path));
    (is_script && text.len() < MAX_NAME_BYTES).then(|| framed("", text))
}

fn framed(function: &str, location: &str) -> Frame {
    let location = location.strip_prefix("address at ").unwrap_or(location);
    let location = location.strip_prefix("async ").unwrap_or(location);
    let mut place = Place::of(evaluated_at(location));
    // Firefox: `https://x/a.js line 26 > eval line 2 > eval:1:30`.
    if let Some((path, rest)) = place.path.split_once(" line ")
        && let Some((line, _)) = rest.split_once(" > ")
    {
        place = Place {
            path,
            line: line.parse().ok(),
            ..Place::default()
        };
    }
    Frame {
        function: function.to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        column: place.column,
        in_app: in_app(place.path),
        ..Frame::default()
    }
}

/// Of code that was evaluated, where that was: `eval at f (eval at g (https://x/a.js:21:17), <anonymous>:1:30`.
fn evaluated_at(location: &str) -> &str {
    let of_eval = location
        .starts_with("eval at ")
        .then(|| location.rsplit_once(" (")?.1.split_once(')'))
        .flatten();
    match of_eval {
        Some((outer, _)) if Place::of(outer).n_numbers > 0 => outer,
        _ => location,
    }
}

/// Whether a script belongs to the application, where that is sure.
fn in_app(path: &str) -> Option<bool> {
    let is_library = path.contains("/node_modules/")
        || path.contains("\\node_modules\\")
        || path.contains("/~/")
        || path.starts_with("node:")
        || path.starts_with("internal/")
        || matches!(
            path,
            "native" | "native code" | "[native code]" | "<anonymous>"
        );
    is_library.then_some(false)
}

/// `[cause]: TypeError: x` of `util.inspect`, `caused by: TypeError: x` of pino.
pub(crate) fn cause(text: &str) -> Option<(&str, &str)> {
    let rest = ["[cause]: ", "caused by: ", "Caused by: "]
        .iter()
        .find_map(|lead| text.strip_prefix(lead))?;
    let rest = rest.trim_end_matches(" {");
    let (name, message) = rest.split_once(": ").unwrap_or((rest, ""));
    let name = name.split(" [").next().unwrap_or(name);
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
    is_name.then_some((name, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &str, expected: &str) {
        let shown = frame(call).map(|frame| {
            let number = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
            format!(
                "{}|{}|{}|{}",
                frame.function,
                frame.path,
                number(frame.line),
                number(frame.column)
            )
        });
        assert_eq!(shown.unwrap_or_default(), expected);
    }

    #[test]
    fn frames() {
        check("f (/app/a.js:10:5)", "f|/app/a.js|10|5");
        check("/app/my project/a.js:10:5", "|/app/my project/a.js|10|5");
        check("async Promise.all (index 0)", "Promise.all|index 0|-|-");
        check(
            "Layer.handle [as handle_request] (/app/l.js:95:5)",
            "Layer.handle [as handle_request]|/app/l.js|95|5",
        );
        check("Array.map (<anonymous>)", "Array.map|<anonymous>|-|-");
        check("<anonymous>:6:4", "|<anonymous>|6|4");
        check(
            "file:///path/to/file.js:878",
            "|file:///path/to/file.js|878|-",
        );
        check(
            "eval (eval at aha (http://x/:37:5), <anonymous>:1:1)",
            "eval|http://x/|37|5",
        );
        check("a_function_name", "a_function_name||-|-");
        check(
            "main (C:\\Program Files (x86)\\x.js:1:2)",
            "main|C:\\Program Files (x86)\\x.js|1|2",
        );
        check(
            "f (http://x/(some)/[a]/i.html:20:16)",
            "f|http://x/(some)/[a]/i.html|20|16",
        );
        check("g (async http://x/:25:7)", "g|http://x/|25|7");
        check(
            "evalmachine.<anonymous>:*:*",
            "|evalmachine.<anonymous>|-|-",
        );
        check("new Foo (C:\\a b\\x.js:1:2)", "new Foo|C:\\a b\\x.js|1|2");
    }

    #[track_caller]
    fn check_at_sign(text: &str, expected: Option<(&str, &str, Option<u32>, Option<u32>)>) {
        let found = at_sign_frame(text);
        let found = found.as_ref().map(|frame| {
            (
                frame.function.as_str(),
                frame.path.as_str(),
                frame.line,
                frame.column,
            )
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn at_sign_frames() {
        check_at_sign(
            "f@https://x/a.js:10:5",
            Some(("f", "https://x/a.js", Some(10), Some(5))),
        );
        check_at_sign("@file:///a.js:3", Some(("", "file:///a.js", Some(3), None)));
        check_at_sign(
            "o[\"@w\"]@http://x/@s/a.js:4:9",
            Some(("o[\"@w\"]", "http://x/@s/a.js", Some(4), Some(9))),
        );
        check_at_sign(
            "f@http://x/a.js line 26 > eval line 2 > eval:1:30",
            Some(("f", "http://x/a.js", Some(26), None)),
        );
        check_at_sign(
            "forEach@[native code]",
            Some(("forEach", "[native code]", None, None)),
        );
        check_at_sign(
            "f@main.bundle:1:2",
            Some(("f", "main.bundle", Some(1), Some(2))),
        );
        check_at_sign("user@host:22", None);
        check_at_sign("someone@example.com", None);
        check_at_sign("git@example.com:team/project", None);
    }

    #[track_caller]
    fn check_header(lines: &[&str], expected: Option<(&str, &str, usize)>) {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let found = header(&lines);
        let found = found.as_ref().map(|header| {
            (
                header.type_name.as_str(),
                header.message.as_str(),
                header.n_lines,
            )
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn headers() {
        check_header(
            &["TypeError: x is null"],
            Some(("TypeError", "x is null", 1)),
        );
        check_header(
            &["second line", "Uncaught Error: first"],
            Some(("Error", "first\nsecond line", 2)),
        );
        check_header(&["Error [ERR_X]: no"], Some(("Error", "no", 1)));
        check_header(
            &["2024-01-01 12:00:00 error: Unhandled: RangeError: bad"],
            Some(("RangeError", "bad", 1)),
        );
        check_header(
            &["Invariant Violation: Minified"],
            Some(("Invariant Violation", "Minified", 1)),
        );
        check_header(&["nothing of the kind"], None);
        check_header(&[], None);
    }
}
