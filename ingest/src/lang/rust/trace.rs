//! One panic or error with its backtrace, line by line.

use super::line::{location, numbered, panic, set_place};
use crate::{
    event::{Exception, Frame, Link, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    record::level::Severity,
    text::{prefix::Prefix, record},
};

/// Lines above an error's causes, place or backtrace among which its own is looked for.
const MAX_ABOVE: usize = 8;

/// A panic or error under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    part: Part,
    /// The frame whose place is on the next line.
    frame: Option<Frame>,
}

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// A message in quotes, up to `', file:line:column`.
    Quoted,
    /// The message below the panic's place.
    Message,
    /// color-eyre's `Message:` and `Location:`.
    Fields,
    /// What caused an error, one a line.
    Causes,
    /// The backtrace.
    Frames,
    /// Where an error was made, on a line of its own.
    Place,
    /// What comes after a panic without a backtrace, or between one's parts.
    Notes,
}

/// The panic or error that begins in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    if let Some((lead, text)) = panic(line) {
        let mut exception = Exception {
            type_name: "panic".to_owned(),
            ..Exception::default()
        };
        let mut part = Part::Message;
        if let Some(rest) = text.strip_prefix('\'') {
            // Before 1.73 the message came first.
            match rest.rsplit_once("', ") {
                Some((message, place)) if location(place).is_some() => {
                    exception.message = message.to_owned();
                    exception.location = location(place);
                    part = Part::Notes;
                }
                _ => {
                    exception.message = rest.to_owned();
                    part = Part::Quoted;
                }
            }
        } else if let Some((message, place)) = text
            .rsplit_once(", ")
            .filter(|(_, place)| location(place).is_some())
        {
            exception.message = message.to_owned();
            exception.location = location(place);
            part = Part::Notes;
        } else {
            exception.location = Some(location(text)?);
        }
        return Some(begun(lead, exception, part, 0, false));
    }
    if let Some(lead) = line
        .split("The application panicked")
        .next()
        .filter(|lead| lead.len() < line.len())
    {
        let exception = Exception {
            type_name: "panic".to_owned(),
            ..Exception::default()
        };
        return Some(begun(lead, exception, Part::Fields, 0, false));
    }
    reported(line, above)
}

/// The error whose causes, place or backtrace begin in the line, below its own: as `anyhow` and `eyre` print it.
fn reported(line: &str, above: Above<'_>) -> Option<Begun> {
    let titles = [
        ("Caused by:", Part::Causes),
        ("Stack backtrace:", Part::Frames),
        ("Location:", Part::Place),
    ];
    let title = titles
        .iter()
        .find_map(|(title, part)| Some((line.strip_suffix(title)?, *part)));
    let Some((lead, part)) = title else {
        // color-eyre numbers the error itself.
        let first = line.strip_prefix("   0: ")?;
        above
            .line(&Prefix::default(), 0)
            .filter(|line| line.trim() == "Error:")?;
        return Some(begun("", error(first), Part::Causes, 1, true));
    };
    let prefix = Prefix::of(lead);
    let mut message: Vec<String> = Vec::new();
    for (n, above) in above.lines(&prefix).enumerate().take(MAX_ABOVE) {
        if let Some(first) = above.strip_prefix("Error: ") {
            message.push(first.to_owned());
            message.reverse();
            let error = error(message.join("\n").trim_end());
            return Some(begun(lead, error, part, n + 1, true));
        }
        // Others write such a title too, but no blank line before it.
        let is_apart = message.first().is_some_and(|line| line.trim().is_empty());
        if record::is_start(&above) {
            let record = record::parse(&above);
            let is_bad = |severity: Severity| severity <= Severity::Warning;
            if !is_apart || !record.severity().is_some_and(is_bad) {
                return None;
            }
            message.push(record.message.to_owned());
            message.reverse();
            let begun = begun(
                lead,
                error(message.join("\n").trim_end()),
                part,
                n + 1,
                true,
            );
            let before = above[..above.find(record.message).unwrap_or(0)].to_owned();
            return Some(Begun { before, ..begun });
        }
        message.push(above);
    }
    None
}

fn error(message: &str) -> Exception {
    Exception {
        type_name: "Error".to_owned(),
        message: message.to_owned(),
        ..Exception::default()
    }
}

fn begun(
    lead: &str,
    exception: Exception,
    part: Part,
    n_above: usize,
    is_everywhere: bool,
) -> Begun {
    let trace = Trace {
        stack: Stack::of(exception),
        part,
        frame: None,
    };
    Begun {
        lead: lead.to_owned(),
        is_everywhere,
        n_above,
        before: String::new(),
        trace: crate::lang::Trace::Rust(Box::new(trace)),
    }
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if matches!(text, "stack backtrace:" | "Stack backtrace:" | "Backtrace:")
            || is_title(text, "BACKTRACE")
        {
            self.part = Part::Frames;
            return Step::Taken;
        }
        if is_title(text, "SPANTRACE") {
            self.part = Part::Notes;
            return Step::Taken;
        }
        let is_between = matches!(self.part, Part::Notes | Part::Causes);
        if is_between && text == "Location:" {
            self.part = Part::Place;
            return Step::Taken;
        }
        if self.part == Part::Notes && text == "Caused by:" && self.stack.len() == 1 {
            self.part = Part::Causes;
            return Step::Taken;
        }
        match self.part {
            Part::Quoted => self.push_quoted(line),
            Part::Message => self.push_message(line),
            Part::Fields => self.push_field(text),
            Part::Causes => self.push_cause(text),
            Part::Place => self.push_place(text),
            Part::Frames => self.push_frame(line),
            Part::Notes => self.push_note(line),
        }
    }

    fn push_quoted(&mut self, line: &str) -> Step {
        if let Some((message, place)) = line.rsplit_once("', ")
            && let Some(place) = location(place)
        {
            self.stack.message_line(0, message);
            if let Some(exception) = self.stack.exception(0) {
                exception.location = Some(place);
            }
            self.part = Part::Notes;
            return Step::Taken;
        }
        if record::is_start(line) || !self.stack.message_line(0, line) {
            return Step::Over;
        }
        Step::Taken
    }

    fn push_message(&mut self, line: &str) -> Step {
        if is_note(line.trim()) {
            self.part = Part::Notes;
            return Step::Taken;
        }
        if record::is_start(line) || panic(line).is_some() {
            return Step::Over;
        }
        if line.trim().is_empty() {
            // The causes of an error that was unwrapped may follow.
            self.part = Part::Notes;
            return Step::Taken;
        }
        if self.stack.message_line(0, line.trim_end()) {
            Step::Taken
        } else {
            Step::Over
        }
    }

    fn push_field(&mut self, text: &str) -> Step {
        if let Some(message) = text.strip_prefix("Message:") {
            self.stack.message_line(0, message.trim());
        } else if let Some(place) = text.strip_prefix("Location:") {
            if let Some(exception) = self.stack.exception(0) {
                exception.location = location(place.trim());
            }
            self.part = Part::Notes;
        } else if text.is_empty() || !self.stack.message_line(0, text) {
            return Step::Over;
        }
        Step::Taken
    }

    /// `    0: could not read config`, or the only one without a number.
    fn push_cause(&mut self, text: &str) -> Step {
        if text.is_empty() || is_note(text) {
            self.part = Part::Notes;
            return Step::Taken;
        }
        let message = numbered(text);
        let last = self.stack.len() - 1;
        if message.is_some() || last == 0 {
            let cause = error(message.unwrap_or(text));
            self.stack.add(cause, Some((last, Link::Cause)));
            return Step::Taken;
        }
        if record::is_start(text) || !self.stack.message_line(last, text) {
            return Step::Over;
        }
        Step::Taken
    }

    fn push_place(&mut self, text: &str) -> Step {
        let place = location(text.strip_prefix("at ").unwrap_or(text));
        self.part = Part::Notes;
        match (place, self.stack.exception(0)) {
            (Some(place), Some(exception)) => {
                exception.location = Some(place);
                Step::Taken
            }
            _ => Step::Over,
        }
    }

    fn push_frame(&mut self, line: &str) -> Step {
        let text = line.trim();
        if let Some(frame) = &mut self.frame
            && frame.path.is_empty()
            && set_place(frame, text)
        {
            return Step::Taken;
        }
        if let Some(function) = numbered(text) {
            self.settle();
            self.frame = Some(Frame {
                function: function.to_owned(),
                ..Frame::default()
            });
            return Step::Taken;
        }
        if text.starts_with("at ") && line.starts_with(' ') {
            // Inlined into the frame before.
            return Step::Taken;
        }
        if let Some((is_own, code)) = snippet(text) {
            if let Some(frame) = self.frame.as_mut().filter(|_| is_own) {
                frame.context_line = Some(code.to_owned());
            }
            return Step::Taken;
        }
        if text.contains("frames hidden") || is_note(text) {
            return Step::Taken;
        }
        Step::Over
    }

    fn push_note(&mut self, line: &str) -> Step {
        let text = line.trim();
        let is_frame = || numbered(text).is_some() || text.starts_with("at ");
        if is_note(text)
            || (self.stack.n_frames(0) == 0
                && (text.is_empty() || line.starts_with(' ') && is_frame()))
        {
            return Step::Taken;
        }
        Step::Over
    }

    fn settle(&mut self) {
        if let Some(frame) = self.frame.take() {
            self.stack.frame(0, frame);
        }
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Parsed {
        self.settle();
        Parsed {
            platform: Platform::Rust,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}

/// color-eyre's `━━━━ BACKTRACE ━━━━`.
fn is_title(text: &str, title: &str) -> bool {
    text.trim_matches('━').trim() == title && text.starts_with('━')
}

/// A line of source below a frame, `7 │ take()`; `8 > take()` is the frame's own.
fn snippet(text: &str) -> Option<(bool, &str)> {
    let (number, rest) = text.split_once(' ')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let own = rest.strip_prefix('>');
    let code = own
        .or_else(|| rest.strip_prefix('│'))
        .filter(|_| is_number)?;
    Some((own.is_some(), code.trim()))
}

fn is_note(text: &str) -> bool {
    text.starts_with("note: ")
        || text.starts_with("Run with ")
        || text.starts_with("Backtrace omitted")
}
