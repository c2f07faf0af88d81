//! PHP: what the engine prints of an uncaught exception, what `Throwable::__toString` gives, and Monolog's and Laravel's
//! records of it.
//!
//! PHP prints with each frame where its function was called from. In the event a frame has the place that it had reached
//! itself, like every other language's: the outermost one is `{main}`.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Link, Location, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::{prefix::Prefix, record},
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["#0 "];

/// Lines above the first frame among which the exception's own is looked for.
const MAX_ABOVE: usize = 20;

/// How Laravel begins the cause of an exception.
const PREVIOUS: &str = "[previous exception] ";

/// The function that is no call: the script itself.
pub(crate) const MAIN: &str = "{main}";

/// `in /app/a.php:12` and `at /app/a.php:12)`, where the exception was made.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?s)^(?P<message>.*)(?: in "?(?P<path>[^"]+?)"? (?:at|on) line (?P<number>\d+)\.?| (?:in|at) (?P<file>[^\s].*?)(?::(?P<line>\d+)|\((?P<old>\d+)\)))\)?$"#,
    )
});
/// The class at the beginning of what follows `Uncaught `, or of a line.
static CLASS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:[Ee]xception '(?P<old>[\w\\]+)'(?: with message '(?P<quoted>.*)')?|(?P<class>[A-Za-z_][\w\\]*)(?:\(code: -?\w+\))?(?:: (?P<message>.*)|$))",
    )
});

/// A trace under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The exceptions as printed.
    printed: Vec<Printed>,
    /// Whether the one that surfaced came first, as Laravel has it; PHP itself prints it last.
    is_surfaced_first: bool,
    /// A header of the next exception whose lines are not complete.
    pending: Vec<String>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Printed {
    exception: Exception,
    /// From the crash outwards: the function, and where it was called from.
    calls: Vec<(String, Location)>,
    is_complete: bool,
}

/// The trace whose first frame is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let at = line.find("#0 ")?;
    let call = call(&line[at..])?;
    let lead = line[..at].trim_end_matches([' ', '\t']);
    let prefix = Prefix::of(lead);
    let mut lines: Vec<String> = Vec::new();
    for (n, line) in above.lines(&prefix).take(MAX_ABOVE).enumerate() {
        let is_marker = is_marker(&line);
        if is_marker && n == 0 {
            lines.push(String::new());
            continue;
        }
        let found = header(&line, &lines);
        lines.push(line.trim_end().to_owned());
        if let Some((before, exception)) = found {
            return Some(begun(lead, exception, call, n + 1, before));
        }
        if record::is_start(&line) {
            break;
        }
    }
    None
}

fn begun(lead: &str, exception: Exception, call: Call, n_above: usize, before: String) -> Begun {
    let mut trace = Trace {
        printed: vec![Printed {
            exception,
            ..Printed::default()
        }],
        is_surfaced_first: false,
        pending: Vec::new(),
        is_over: false,
    };
    trace.add(call);
    Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above,
        before,
        trace: crate::lang::Trace::Php(Box::new(trace)),
    }
}

fn is_marker(line: &str) -> bool {
    matches!(
        line.trim()
            .trim_end_matches(':')
            .to_ascii_lowercase()
            .as_str(),
        "stack trace" | "[stacktrace]" | "trace" | "backtrace"
    )
}

/// The exception whose first line this is, with the lines below it (nearest to the frames first); what stood before it.
fn header(line: &str, below: &[String]) -> Option<(String, Exception)> {
    let line = line.trim_end();
    let (before, text) = if let Some(at) = line.find("Uncaught ") {
        (&line[..at], &line[at + "Uncaught ".len()..])
    } else if let Some(at) = line.find("[object] (") {
        (&line[..at], &line[at + "[object] (".len()..])
    } else if CLASS.is_match(line.trim_start()) {
        ("", line.trim_start())
    } else {
        let text = record::parse(line).message;
        (&line[..line.len() - text.len().min(line.len())], text)
    };
    let has_mark = before.len() < line.len() && !before.is_empty();
    let mut whole = text.to_owned();
    for more in below.iter().rev().filter(|more| !more.is_empty()) {
        whole.push('\n');
        whole.push_str(more);
    }
    let exception = exception(&whole)?;
    let is_sure = has_mark || exception.location.is_some() || is_class(&exception.type_name);
    // Laravel repeats the message before the object.
    let before = before.split(" {\"exception\":").next().unwrap_or(before);
    is_sure.then(|| (before.trim_end().to_owned(), exception))
}

fn is_class(name: &str) -> bool {
    name.ends_with("Exception") || name.ends_with("Error")
}

/// `Class: message in file:12`, `exception 'Class' with message 'message' in file:12`.
fn exception(text: &str) -> Option<Exception> {
    let text = text.trim_end();
    let (head, location) = match PLACE.captures(text) {
        Some(found) => {
            let get = |name: &str| found.name(name).map(|found| found.as_str());
            let location = Location {
                path: cut(get("path").or(get("file"))?, MAX_NAME_BYTES).to_owned(),
                line: get("number").or(get("line")).or(get("old"))?.parse().ok(),
                column: None,
            };
            (get("message")?, Some(location))
        }
        None => (text, None),
    };
    let first = head.split('\n').next().unwrap_or(head);
    let found = CLASS.captures(first)?;
    let name = found.name("old").or(found.name("class"))?;
    let is_name = is_class(name.as_str())
        || name.as_str().contains('\\')
        || location.is_some() && name.as_str().starts_with(|c: char| c.is_uppercase());
    if !is_name {
        return None;
    }
    let message = match (found.name("quoted"), found.name("message")) {
        (Some(message), _) | (None, Some(message)) => {
            format!("{}{}", message.as_str(), &head[first.len()..])
        }
        (None, None) => head[first.len()..].to_owned(),
    };
    // PocketMine quotes the message and names its own level.
    let message = message.strip_suffix(" (EXCEPTION)").unwrap_or(&message);
    let message = message
        .strip_prefix('"')
        .and_then(|message| message.strip_suffix('"'))
        .unwrap_or(message);
    Some(Exception {
        type_name: name.as_str().trim_start_matches('\\').to_owned(),
        message: message.trim().to_owned(),
        location,
        ..Exception::default()
    })
}

/// A frame as printed.
#[derive(Debug, PartialEq)]
enum Call {
    Function(String, Location),
    Main,
}

/// `#0 /app/a.php(12): Shop->take(1, Object(Order))`, `#1 [internal function]: f()`, `#2 {main}`.
fn call(text: &str) -> Option<Call> {
    let text = cut(text.trim_end(), MAX_NAME_BYTES).strip_prefix('#')?;
    let (number, rest) = text.split_once(' ')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest = rest.trim_start();
    if rest.trim_end_matches(['"', '}', ' ']) == "{main" {
        return Some(Call::Main);
    }
    let (place, function) = match rest.strip_prefix("[internal function]: ") {
        Some(function) => ("", function),
        None => rest.split_once(": ")?,
    };
    let open = function.find('(').unwrap_or(function.len());
    let name = &function[..closure_end(function).unwrap_or(open)];
    if name.is_empty() || name.contains(' ') && !name.contains('{') || place.starts_with("0x") {
        return None;
    }
    let (path, line) = match place
        .strip_suffix(')')
        .and_then(|place| place.rsplit_once('('))
    {
        Some((path, line)) => (path, line.parse().ok()),
        None => (place, None),
    };
    Some(Call::Function(
        name.to_owned(),
        Location {
            path: path.to_owned(),
            line,
            column: None,
        },
    ))
}

/// Where a closure's name ends, which may have parentheses of its own: `Foo::{closure:Foo::bar():6}(1)`.
fn closure_end(function: &str) -> Option<usize> {
    let close = function.rfind("}(")?;
    function[..close].contains("{closure").then_some(close + 1)
}

impl Trace {
    fn add(&mut self, call: Call) {
        let Some(last) = self.printed.last_mut() else {
            return;
        };
        match call {
            Call::Main => last.is_complete = true,
            Call::Function(function, place) => {
                if last.calls.len() < crate::limits::MAX_FRAMES {
                    last.calls.push((function, place));
                }
            }
        }
    }

    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if self.is_over {
            // Laravel wraps what PHP printed in a record with an empty stack of its own.
            let is_rest = is_marker(text) || text == "\"}" || call(text) == Some(Call::Main);
            return if is_rest { Step::Taken } else { Step::Over };
        }
        if !self.pending.is_empty() {
            return self.push_pending(text);
        }
        if let Some(call) = call(text) {
            self.add(call);
            return Step::Taken;
        }
        let is_previous = text.starts_with(PREVIOUS);
        if text.starts_with("Next ") || is_previous {
            self.is_surfaced_first |= is_previous;
            self.pending.push(text.to_owned());
            return Step::Taken;
        }
        if text.starts_with("thrown in ") || text.starts_with("thrown at ") {
            self.is_over = true;
            return Step::Taken;
        }
        let is_complete = self.printed.last().is_some_and(|last| last.is_complete);
        if text == "\"}" || (text.is_empty() && is_complete) {
            return Step::Taken;
        }
        Step::Over
    }

    /// Takes the lines of the next exception's message, up to its frames.
    fn push_pending(&mut self, text: &str) -> Step {
        let call = call(text);
        if call.is_none() && !is_marker(text) {
            if self.pending.len() >= MAX_ABOVE || record::is_start(text) {
                self.pending.clear();
                return Step::Over;
            }
            self.pending.push(text.to_owned());
            return Step::Taken;
        }
        let Some(call) = call else {
            return Step::Taken;
        };
        let whole = std::mem::take(&mut self.pending).join("\n");
        let whole = whole.strip_prefix("Next ").unwrap_or(&whole);
        let whole = whole.strip_prefix(PREVIOUS).unwrap_or(whole);
        let whole = whole.strip_prefix("[object] (").unwrap_or(whole);
        let Some(exception) = exception(whole) else {
            return Step::Over;
        };
        self.printed.push(Printed {
            exception,
            ..Printed::default()
        });
        self.add(call);
        Step::Taken
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        let mut stack = Stack::default();
        let mut printed = self.printed;
        if !self.is_surfaced_first {
            printed.reverse();
        }
        for (at, printed) in printed.into_iter().enumerate() {
            let location = printed.exception.location.clone();
            let at = stack.add(
                Exception {
                    location: None,
                    ..printed.exception
                },
                at.checked_sub(1).map(|at| (at, Link::Cause)),
            );
            // Each function has reached the place from which the one within it was called.
            let mut reached = location.unwrap_or_default();
            for (function, called_from) in printed.calls {
                stack.frame(
                    at,
                    frame(function, std::mem::replace(&mut reached, called_from)),
                );
            }
            if printed.is_complete {
                stack.frame(at, frame(MAIN.to_owned(), reached));
            }
        }
        Parsed {
            platform: Platform::Php,
            exceptions: stack.finish(),
            ..Parsed::default()
        }
    }
}

fn frame(function: String, place: Location) -> Frame {
    Frame {
        function,
        in_app: place.path.contains("/vendor/").then_some(false),
        path: place.path,
        line: place.line,
        ..Frame::default()
    }
}
