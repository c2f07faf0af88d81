//! Dart and Flutter: stacks of the virtual machine.

use crate::{
    event::{Exception, Frame, Platform},
    lang::{Above, Begun, Parsed, Step, place::Place, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    text::{prefix::Prefix, record},
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["#0 ", "#1 ", ".dart "];

/// Lines above the first frame among which the exception's own is looked for.
const MAX_ABOVE: usize = 16;

/// A stack under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
}

/// The stack whose first frame is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let (lead, frame) = first_frame(line)?;
    let prefix = Prefix::of(lead);
    let lines: Vec<String> = above.lines(&prefix).take(MAX_ABOVE).collect();
    let (exception, n_above, before) = header(&lines);
    let mut trace = Trace {
        stack: Stack::of(exception),
    };
    trace.stack.frame(0, frame);
    Some(Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above,
        before,
        trace: crate::lang::Trace::Dart(Box::new(trace)),
    })
}

/// The frame with which a stack may begin, and what stands before it.
fn first_frame(line: &str) -> Option<(&str, Frame)> {
    if let Some(at) = line.find("#0 ").or_else(|| line.find("#1 "))
        && let Some(frame) = frame(&line[at..])
    {
        return Some((line[..at].trim_end_matches([' ', '\t']), frame));
    }
    Some(("", terse_frame(line)?))
}

/// `package:shop/main.dart 17:20  main.<fn>`, as `package:stack_trace` prints.
fn terse_frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let (place, function) = text.split_once("  ")?;
    let function = function.trim();
    let (path, numbers) = place.trim().split_once(' ').unwrap_or((place, ""));
    let (line, column) = numbers.split_once(':').unwrap_or((numbers, ""));
    let is_place = (path.ends_with(".dart") || path.starts_with("dart:"))
        && numbers
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':');
    let is_function = !function.is_empty() && !function.contains(' ');
    (is_place && is_function).then(|| Frame {
        function: function.to_owned(),
        path: path.to_owned(),
        line: line.parse().ok(),
        column: column.parse().ok(),
        in_app: in_app(path),
        ..Frame::default()
    })
}

/// What was thrown, by the lines above the frames, nearest first.
fn header(lines: &[String]) -> (Exception, usize, String) {
    let is_title = |line: &str| {
        line.to_ascii_lowercase().contains("unhandled exception:")
            || line.contains("EXCEPTION CAUGHT BY")
    };
    // The title is on a line of its own, or before the message.
    let title = lines.iter().position(|line| is_title(line));
    let mut n = match title {
        Some(n) => n,
        None => lines
            .iter()
            .take_while(|line| !line.trim().is_empty() && !record::is_start(line))
            .take(1)
            .count(),
    };
    let mut text: Vec<&str> = lines[..n].iter().rev().map(String::as_str).collect();
    let mut before = String::new();
    if let Some(line) = title.and_then(|at| lines.get(at)) {
        n += 1;
        let low = line.to_ascii_lowercase();
        let from = low
            .find("unhandled exception:")
            .map_or(line.len(), |at| at + "unhandled exception:".len());
        let rest = line.get(from..).unwrap_or("").trim();
        before = line.get(..from).unwrap_or("").to_owned();
        if !rest.is_empty() {
            text.insert(0, rest);
        }
    }
    let text = text.join("\n");
    let (type_name, message) = split(text.trim());
    let exception = Exception {
        type_name: type_name.to_owned(),
        message: message.to_owned(),
        ..Exception::default()
    };
    (exception, n, before)
}

/// `FormatException: message`; what says no class is a message alone.
fn split(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        // `RangeError (index): Invalid value`.
        Some((name, message)) if is_class(name.split(" (").next().unwrap_or(name)) => {
            (name.split(" (").next().unwrap_or(name), message)
        }
        _ if is_class(text) => (text, ""),
        _ => ("", text),
    }
}

fn is_class(name: &str) -> bool {
    let is_name = name.starts_with(char::is_uppercase)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name && (name.ends_with("Error") || name.ends_with("Exception"))
}

/// `#0      main.<anonymous closure> (package:shop/main.dart:17:20)`.
fn frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim_end(), MAX_NAME_BYTES).strip_prefix('#')?;
    let (number, rest) = text.split_once(' ')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let (function, location) = rest.trim().strip_suffix(')')?.rsplit_once(" (")?;
    let place = Place::of(location);
    let is_dart = place.path.ends_with(".dart")
        || place.path.starts_with("dart:")
        || place.path.starts_with("package:");
    (is_number && is_dart).then(|| Frame {
        function: function.to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        column: place.column,
        in_app: in_app(place.path),
        ..Frame::default()
    })
}

/// Whether a library belongs to the application, where that is sure.
fn in_app(path: &str) -> Option<bool> {
    let is_library = path.starts_with("dart:") || path.starts_with("package:flutter/");
    is_library.then_some(false)
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if let Some(frame) = frame(text).or_else(|| terse_frame(text)) {
            self.stack.frame(0, frame);
            return Step::Taken;
        }
        let is_gap = text == "<asynchronous suspension>"
            || text.starts_with("===== asynchronous gap")
            || text.starts_with("(elided ")
            || text.starts_with("...") && text.contains("frames");
        if is_gap { Step::Taken } else { Step::Over }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            platform: Platform::Dart,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}
