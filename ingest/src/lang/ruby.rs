//! Ruby: uncaught exceptions in either order, and the backtraces that Rails, Rack and loggers print.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Link, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::{prefix::Prefix, record},
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[":in ", ": from ", ".rb:"];

/// Lines above the first frame among which the exception's own is looked for.
const MAX_ABOVE: usize = 12;

/// `app/a.rb:69:in 'Shop#take'`; the function may be missing. Ruby 3.4 writes `'` where older ones write a backquote.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?P<path>(?:[A-Za-z]:)?[^:\s][^:]*):(?P<line>\d+)(?::in [`'](?P<function>[^']*)')?$")
});
/// `app/a.rb:69:in 'take': message (Class)`.
static RAISED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?P<frame>(?:[A-Za-z]:)?[^:\s]+:\d+:in [`'][^']*'): (?P<message>.*?)(?: \((?P<class>[A-Z][\w:]*)\))?$",
    )
});
/// `NoMethodError (undefined method 'x' for nil):`, as Rails logs it.
static RAILS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:^|\s)(?P<class>[A-Z]\w*(?:::[A-Z]\w*)*) \((?P<message>.*)\):?\s*$")
});
/// `NoMethodError: message`, `message (NoMethodError)`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|\s)(?P<class>[A-Z]\w*(?:::[A-Z]\w*)*)(?:: (?P<message>.*)|)$|(?P<before>.*) \((?P<behind>[A-Z]\w*(?:::[A-Z]\w*)*)\):?$",
    )
});

/// A trace under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    current: usize,
    order: Order,
    /// Whether there was a line that says what was raised.
    is_headless: bool,
    /// Frames of a trace whose exception comes last, oldest first.
    oldest_first: Vec<Frame>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    /// The exception, then frames from the crash outwards.
    ExceptionFirst,
    /// Ruby 2.5 to 2.7 on a terminal: the oldest call first, the exception last.
    ExceptionLast,
}

/// The trace that begins in the line, or whose first frame is there.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, 4 * MAX_NAME_BYTES);
    if !TRIGGERS.iter().any(|trigger| line.contains(trigger)) {
        return None;
    }
    if let Some((lead, exception, frame)) = raised(line) {
        let mut trace = Trace::new(exception, Order::ExceptionFirst);
        trace.stack.frame(0, frame);
        return Some(begun(lead, trace, false, 0, String::new()));
    }
    let at = line.len() - line.trim_start().len();
    if let Some(frame) = reverse_frame(&line[at..]) {
        let mut trace = Trace::new(Exception::default(), Order::ExceptionLast);
        trace.oldest_first.push(frame);
        return Some(begun("", trace, true, 0, String::new()));
    }
    let (lead, frame) = first_frame(line)?;
    let prefix = Prefix::of(lead);
    let lines: Vec<String> = above.lines(&prefix).take(MAX_ABOVE).collect();
    let header = lines
        .iter()
        .enumerate()
        .take_while(|(n, line)| *n == 0 || !line.trim().is_empty())
        .find_map(|(n, line)| Some((n, title(line)?)));
    let (n_above, before, exception) = match header {
        Some((n, (before, mut exception))) => {
            for line in lines[..n].iter().rev() {
                exception.message.push('\n');
                exception.message.push_str(line.trim_end());
            }
            (n + 1, before, exception)
        }
        None => (0, String::new(), Exception::default()),
    };
    let mut trace = Trace::new(exception, Order::ExceptionFirst);
    trace.is_headless = n_above == 0;
    trace.stack.frame(0, frame);
    Some(begun(lead, trace, true, n_above, before))
}

fn begun(lead: &str, trace: Trace, is_everywhere: bool, n_above: usize, before: String) -> Begun {
    Begun {
        lead: lead.to_owned(),
        is_everywhere,
        n_above,
        before,
        trace: crate::lang::Trace::Ruby(Box::new(trace)),
    }
}

/// An uncaught exception's line: what stands before, the exception, and where it was raised.
fn raised(line: &str) -> Option<(&str, Exception, Frame)> {
    let found = RAISED.captures(line)?;
    let place = found.name("frame")?;
    let lead = &line[..place.start()];
    let is_apart = lead.is_empty() || lead.ends_with([' ', '\t']);
    let is_frame = lead.trim_end().ends_with("from");
    if !is_apart || is_frame {
        return None;
    }
    let message = found.name("message").map_or("", |message| message.as_str());
    let class = found.name("class").map(|class| class.as_str());
    // A warning has the same shape without a class.
    let class = class.or((message == "unhandled exception").then_some("RuntimeError"))?;
    Some((lead, exception(class, message), frame(place.as_str())?))
}

/// A line that says what was raised above frames alone.
fn title(line: &str) -> Option<(String, Exception)> {
    let line = cut(line.trim_end(), 4 * MAX_NAME_BYTES);
    let text = |found: &regex::Captures<'_>, name: &str| {
        found
            .name(name)
            .map_or("", |found| found.as_str())
            .to_owned()
    };
    if let Some(found) = RAILS.captures(line) {
        let from = found.name("class").map_or(0, |class| class.start());
        let exception = exception(&text(&found, "class"), &text(&found, "message"));
        return Some((line[..from].trim().to_owned(), exception));
    }
    let found = TITLE.captures(line)?;
    if let Some(class) = found.name("behind") {
        let record = record::parse(found.name("before").map_or("", |before| before.as_str()));
        return Some((
            line[..line.find(record.message).unwrap_or(0)]
                .trim()
                .to_owned(),
            exception(class.as_str(), record.message),
        ));
    }
    let class = found.name("class")?;
    let is_error = ["Error", "Exception", "Invalid", "NotFound", "Timeout"]
        .iter()
        .any(|ending| class.as_str().ends_with(ending))
        || class.as_str().contains("::");
    is_error.then(|| {
        (
            line[..class.start()].trim().to_owned(),
            exception(class.as_str(), &text(&found, "message")),
        )
    })
}

fn exception(class: &str, message: &str) -> Exception {
    Exception {
        type_name: class.to_owned(),
        message: message.to_owned(),
        ..Exception::default()
    }
}

/// `2: from app/a.rb:10:in 'take'`.
fn reverse_frame(text: &str) -> Option<Frame> {
    let (number, rest) = text.split_once(": from ")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| frame(rest)).flatten()
}

/// A frame with which a trace may begin, and what stands before it.
fn first_frame(line: &str) -> Option<(&str, Frame)> {
    let text = line.trim_start();
    let text = text.strip_prefix("from ").unwrap_or(text);
    let at = line.len() - text.len();
    let is_sure = |frame: &Frame| !frame.function.is_empty() || frame.path.ends_with(".rb");
    if let Some(frame) = frame(text).filter(is_sure) {
        return Some(("", frame));
    }
    // Behind a logger's prefix: the path is what the last blank before `:in` leaves.
    let end = text.find(":in `").or_else(|| text.find(":in '"))?;
    let from = text[..end].rfind([' ', '\t'])? + 1;
    let frame = frame(&text[from..])?;
    Some((line[..at + from].trim_end_matches([' ', '\t']), frame))
}

fn frame(text: &str) -> Option<Frame> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    let found = FRAME.captures(text)?;
    let path = found.name("path")?.as_str();
    Some(Frame {
        function: found
            .name("function")
            .map_or("", |function| function.as_str())
            .to_owned(),
        path: path.to_owned(),
        line: found.name("line")?.as_str().parse().ok(),
        in_app: in_app(path),
        ..Frame::default()
    })
}

/// Whether a file belongs to the application, where that is sure.
fn in_app(path: &str) -> Option<bool> {
    let is_library = path.contains("/gems/")
        || path.contains("/lib/ruby/")
        || path.contains("/vendor/bundle/")
        || path.starts_with("<internal:");
    is_library.then_some(false)
}

impl Trace {
    fn new(exception: Exception, order: Order) -> Self {
        Self {
            stack: Stack::of(exception),
            current: 0,
            order,
            is_headless: false,
            oldest_first: Vec::new(),
        }
    }

    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let line = cut(line, 4 * MAX_NAME_BYTES);
        let text = line.trim();
        if self.order == Order::ExceptionLast {
            return self.push_reverse(text);
        }
        let text = text.strip_prefix("from ").unwrap_or(text);
        if let Some(frame) = frame(text) {
            self.stack.frame(self.current, frame);
            return Step::Taken;
        }
        // What was being handled comes after the frames.
        if let Some((_, exception, frame)) = raised(text) {
            self.current = self.stack.add(
                exception,
                Some((self.current.min(self.stack.len() - 1), Link::Cause)),
            );
            self.stack.frame(self.current, frame);
            return Step::Taken;
        }
        if text.starts_with("... ") && text.ends_with("levels...") {
            return Step::Taken;
        }
        let has_frames = self.stack.n_frames(self.current) > 1 || self.is_headless;
        // Further lines of the message, and the excerpt with carets that ErrorHighlight adds.
        if !has_frames
            && !record::is_start(line)
            && self.stack.message_line(self.current, line.trim_end())
        {
            return Step::Taken;
        }
        Step::Over
    }

    fn push_reverse(&mut self, text: &str) -> Step {
        if let Some(frame) = reverse_frame(text) {
            if self.oldest_first.len() < crate::limits::MAX_FRAMES {
                self.oldest_first.push(frame);
            }
            return Step::Taken;
        }
        if text.starts_with("... ") && text.ends_with("levels...") {
            return Step::Taken;
        }
        let Some((_, exception, frame)) = raised(text) else {
            return Step::Over;
        };
        if let Some(surfaced) = self.stack.exception(0) {
            *surfaced = exception;
        }
        self.stack.frame(0, frame);
        for frame in std::mem::take(&mut self.oldest_first).into_iter().rev() {
            self.stack.frame(0, frame);
        }
        self.order = Order::ExceptionFirst;
        Step::Taken
    }

    /// What was read. One frame without an exception is none.
    pub(crate) fn finish(self) -> Parsed {
        let is_error = self.order == Order::ExceptionFirst
            && (!self.is_headless || self.stack.n_frames(0) > 1);
        Parsed {
            platform: Platform::Ruby,
            exceptions: if is_error {
                self.stack.finish()
            } else {
                Vec::new()
            },
            ..Parsed::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let shown = |text: &str| frame(text).map(|frame| (frame.function, frame.path, frame.line));
        let is = |function: &str, path: &str, line| {
            Some((function.to_owned(), path.to_owned(), Some(line)))
        };
        assert_eq!(shown("app/a.rb:69:in `take'"), is("take", "app/a.rb", 69));
        assert_eq!(
            shown("C:/a b/c.rb:1:in 'Shop#take'"),
            is("Shop#take", "C:/a b/c.rb", 1)
        );
        assert_eq!(shown("a.scss:139"), is("", "a.scss", 139));
        assert_eq!(shown("a.rb:1:in `f': message (Error)"), None);
        assert_eq!(shown("12:30:01"), None);
        assert!(raised("E, [x] a.rb:1:in 'f': divided by 0 (ZeroDivisionError)").is_some());
        assert!(raised("a.rb:1:in `f': warning: x is old").is_none());
        let class = |line: &str| title(line).map(|(_, exception)| exception.type_name);
        assert_eq!(
            class(" NoMethodError (undefined `x'):").as_deref(),
            Some("NoMethodError")
        );
        assert_eq!(
            class("ERROR -- : it broke (Shop::Oops)").as_deref(),
            Some("Shop::Oops")
        );
        assert_eq!(
            class("ActiveRecord::RecordNotFound: no").as_deref(),
            Some("ActiveRecord::RecordNotFound")
        );
        assert_eq!(class("Started GET"), None);
    }
}
