//! JavaScript: the stacks that V8 prints (Node, Chrome), with the causes that `util.inspect` and pino add.

use crate::{
    event::{Exception, Frame, Link},
    lang::{
        Step,
        chain::{Frames, Node, flatten},
    },
    limits::{MAX_EXCEPTIONS, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
};

/// Lines after the frames (`code: 'ENOENT',` and other properties) among which a cause may follow.
const MAX_PROPERTY_LINES: usize = 256;
/// Lines of a cause's message before its frames.
const MAX_CAUSE_LINES: usize = 16;

/// An error's first line, as found above its frames.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    type_name: String,
    message: String,
    /// How many lines it took.
    pub(crate) n_lines: usize,
    /// What stood before it on its line.
    pub(crate) before: Option<String>,
}

/// A stack under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    /// Done errors, the surfaced one first.
    done: Vec<(Exception, Link)>,
    current: Building,
    /// Whether properties of the error are being listed.
    n_properties: Option<usize>,
}

#[derive(Debug)]
struct Building {
    type_name: String,
    message: String,
    link: Link,
    frames: Frames,
    n_lines: usize,
}

/// The text before the indentation, and the frame, if the line can be the first one under an error's message.
pub(crate) fn first_frame(line: &str) -> Option<(&str, Frame)> {
    let at = find_at(line)?;
    let call = &line[at + 3..];
    let frame = frame(call)?;
    let is_sure = frame.line.is_some()
        && (frame.columns.is_some() || has_script_suffix(&frame.path))
        || matches!(frame.path.as_str(), "<anonymous>" | "native")
        || frame.path.starts_with("eval at ")
        || frame.path.contains("wasm-function[");
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
    [".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue"]
        .iter()
        .any(|suffix| path.ends_with(suffix))
}

/// The error's first line among the lines above its frames, nearest first.
pub(crate) fn header(lines: &[&str]) -> Option<Header> {
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

/// Splits `Uncaught TypeError [ERR_X]: message` into what is before the class, the class and the message.
pub(crate) fn error_line(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.trim_end().trim_end_matches(" {");
    for ending in ["Error", "Exception"] {
        for (at, _) in line.match_indices(ending) {
            let end = at + ending.len();
            let start = line[..at]
                .char_indices()
                .rev()
                .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
                .last()
                .map_or(at, |(at, _)| at);
            let mut rest = &line[end..];
            if let Some(code) = rest.strip_prefix(" [") {
                rest = code.split_once(']')?.1;
            }
            let message = match rest.strip_prefix(':') {
                _ if rest.is_empty() => "",
                Some(message) if message.is_empty() || message.starts_with(' ') => {
                    message.trim_start()
                }
                _ => continue,
            };
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
    let open = call.find(" (eval at ").or_else(|| call.rfind(" ("));
    let (function, location) = match open {
        Some(open) if call.ends_with(')') => (&call[..open], &call[open + 2..call.len() - 1]),
        None if let Some((function, location)) = glued(call) => (function, location),
        _ if place(call).1.is_some() || call.starts_with('<') => ("", call),
        _ => (call, ""),
    };
    let (path, line, column) = place(location.strip_prefix("address at ").unwrap_or(location));
    Some(Frame {
        function: function.to_owned(),
        path: path.to_owned(),
        line,
        columns: column.and_then(|column| Some((column.checked_sub(1)?, column))),
        ..Frame::default()
    })
}

/// `f(/app/a.js:10:5)`, as old browsers and bundlers print it.
fn glued(call: &str) -> Option<(&str, &str)> {
    let (function, location) = call.strip_suffix(')')?.rsplit_once('(')?;
    let is_call =
        !function.is_empty() && !function.contains(['/', ':']) && place(location).2.is_some();
    is_call.then_some((function, location))
}

/// `path:line:column`, as far as it is there.
fn place(location: &str) -> (&str, Option<u32>, Option<u32>) {
    let number = |text: &str| text.parse::<u32>().ok();
    let Some((rest, last)) = location
        .rsplit_once(':')
        .and_then(|(rest, last)| Some((rest, number(last)?)))
    else {
        return (location, None, None);
    };
    match rest
        .rsplit_once(':')
        .and_then(|(rest, line)| Some((rest, number(line)?)))
    {
        Some((path, line)) => (path, Some(line), Some(last)),
        None => (rest, Some(last), None),
    }
}

impl Trace {
    /// A trace whose first frame has been read.
    pub(crate) fn new(header: Header, frame: Frame) -> Self {
        let mut current = Building::new(header.type_name, header.message, Link::Cause);
        current.frames.push(frame);
        Self {
            done: Vec::new(),
            current,
            n_properties: None,
        }
    }

    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if let Some(call) = text.strip_prefix("at ")
            && let Some(frame) = frame(call)
            && (line.starts_with([' ', '\t']) || frame.line.is_some())
        {
            self.current.frames.push(frame);
            if text.ends_with(" {") {
                self.n_properties = Some(0);
            }
            return Step::Taken;
        }
        if let Some((name, message)) = cause(text) {
            self.next(Building::new(
                name.to_owned(),
                message.to_owned(),
                Link::Cause,
            ));
            return Step::Taken;
        }
        let is_member = self.n_properties.is_some() && line.starts_with(' ');
        if is_member && let Some(("", name, message)) = error_line(text) {
            let link = if self
                .done
                .first()
                .map_or(&self.current.type_name, |(first, _)| &first.type_name)
                == "AggregateError"
            {
                Link::Member
            } else {
                Link::Cause
            };
            self.next(Building::new(name.to_owned(), message.to_owned(), link));
            return Step::Taken;
        }
        if text.starts_with("... ") && line.starts_with(' ') {
            return Step::Taken;
        }
        if self.current.frames.is_empty()
            && self.current.n_lines < MAX_CAUSE_LINES
            && !text.is_empty()
        {
            self.current.n_lines += 1;
            self.current.message.push('\n');
            self.current.message.push_str(cut(text, MAX_NAME_BYTES));
            return Step::Taken;
        }
        match self.n_properties.as_mut() {
            Some(n) if *n < MAX_PROPERTY_LINES && (line.starts_with(' ') || text == "}") => {
                *n += 1;
                if line.starts_with('}') {
                    self.n_properties = None;
                }
                Step::Taken
            }
            _ => Step::Over,
        }
    }

    fn next(&mut self, building: Building) {
        let done = std::mem::replace(&mut self.current, building);
        if self.done.len() < MAX_EXCEPTIONS {
            let link = done.link;
            self.done.push((done.into_exception(), link));
        }
    }

    /// The errors in the event's order.
    pub(crate) fn finish(mut self) -> Vec<Exception> {
        let link = self.current.link;
        self.done.push((self.current.into_exception(), link));
        let mut chain: Vec<Node> = Vec::new();
        let mut members = Vec::new();
        for (exception, link) in self.done.into_iter().rev() {
            let node = Node {
                exception,
                link: Some(link),
                members: Vec::new(),
            };
            if link == Link::Member {
                let mut member = std::mem::take(&mut chain);
                member.push(Node { link: None, ..node });
                members.insert(0, member);
            } else {
                chain.push(node);
            }
        }
        if let Some(surfaced) = chain.last_mut() {
            surfaced.members = members;
        }
        let mut exceptions = Vec::new();
        flatten(chain, None, &mut exceptions);
        exceptions
    }
}

/// `[cause]: TypeError: x` of `util.inspect`, `caused by: TypeError: x` of pino.
fn cause(text: &str) -> Option<(&str, &str)> {
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

impl Building {
    fn new(type_name: String, message: String, link: Link) -> Self {
        let message = cut(&message, MAX_MESSAGE_BYTES).to_owned();
        Self {
            type_name,
            message,
            link,
            frames: Frames::default(),
            n_lines: 0,
        }
    }

    fn into_exception(self) -> Exception {
        let mut frames = self.frames.into_vec();
        frames.reverse();
        Exception {
            type_name: self.type_name,
            message: self.message,
            frames,
            ..Exception::default()
        }
    }
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
                number(frame.columns.map(|c| c.1))
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
            "eval|eval at aha (http://x/:37:5), <anonymous>|1|1",
        );
        check("a_function_name", "a_function_name||-|-");
        check("new Foo (C:\\a b\\x.js:1:2)", "new Foo|C:\\a b\\x.js|1|2");
    }

    #[track_caller]
    fn check_header(lines: &[&str], expected: Option<(&str, &str, usize)>) {
        let found = header(lines);
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
