//! One crash of a Go program, line by line.

use serde_json::Value;

use super::line::{call, frame, goroutine, place};
use crate::{
    event::{Exception, Link, Platform},
    lang::{Above, Begun, Parsed, Step, place::Place, stack::Stack},
    limits::{MAX_MESSAGE_LINES, MAX_NAME_BYTES, cut},
    text::{prefix::Prefix, record},
};

/// Lines of other goroutines' stacks that are passed over after the first one's.
const MAX_OTHER_LINES: usize = 100_000;

/// A crash under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    part: Part,
    /// The function whose place is on the next line.
    function: Option<String>,
    /// The goroutine's number and state.
    goroutine: Option<String>,
    created_by: Option<String>,
    is_elided: bool,
    n_other_lines: usize,
}

/// What of a crash is being read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// The stack of the scheduler, which is printed before the goroutine's own.
    Scheduler,
    /// The first goroutine's stack.
    First,
    /// Who started the goroutine, and further goroutines.
    Others,
    /// A stack of `pkg/errors`, which has neither arguments nor a header.
    Bare,
}

/// The crash whose first goroutine, or first frame, is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let (lead, part, id) = if let Some((lead, id, state)) = goroutine(line) {
        (lead, Part::First, Some(format!("{id} [{state}]")))
    } else if let Some(lead) = line.strip_suffix("runtime stack:") {
        (lead, Part::Scheduler, None)
    } else {
        return bare(line, above);
    };
    let prefix = Prefix::of(lead.trim_end_matches([' ', '\t']));
    let header = header(above.lines(&prefix));
    let (exceptions, n_above, before) =
        header.unwrap_or_else(|| (vec![Exception::default()], 0, String::new()));
    Some(begun(lead, exceptions, n_above, before, part, id))
}

fn begun(
    lead: &str,
    exceptions: Vec<Exception>,
    n_above: usize,
    before: String,
    part: Part,
    goroutine: Option<String>,
) -> Begun {
    let mut stack = Stack::default();
    for (at, exception) in exceptions.into_iter().enumerate() {
        stack.add(exception, at.checked_sub(1).map(|at| (at, Link::Context)));
    }
    let trace = Trace {
        stack,
        part,
        function: None,
        goroutine,
        created_by: None,
        is_elided: false,
        n_other_lines: 0,
    };
    Begun {
        lead: lead.trim_end_matches([' ', '\t']).to_owned(),
        is_everywhere: true,
        n_above,
        before,
        trace: crate::lang::Trace::Go(Box::new(trace)),
    }
}

/// The panic's or fatal error's own lines, of those above the first goroutine: the newest panic first, how many lines
/// they took, and what stood before.
fn header(lines: impl Iterator<Item = String>) -> Option<(Vec<Exception>, usize, String)> {
    let mut exceptions: Vec<Exception> = Vec::new();
    let mut rest: Vec<String> = Vec::new();
    for (n, line) in lines.enumerate() {
        let text = line.trim();
        if goroutine(text).is_some() {
            break;
        }
        let Some((before, type_name, first)) = opening(text) else {
            if record::is_start(text) {
                break;
            }
            rest.push(text.to_owned());
            continue;
        };
        // A panic while panicking is indented; one blank may be the logger's.
        let is_first = !line.starts_with(['\t', ' ']) || line.strip_prefix(' ') == Some(text);
        let mut message = first.to_owned();
        for more in rest.drain(..).rev() {
            // The signal and the panic's address are no part of what was said.
            if !more.starts_with("[signal ") && !more.starts_with("goroutine ") {
                message.push('\n');
                message.push_str(&more);
            }
        }
        let message = message.trim_end();
        let message = ["[recovered, repanicked]", "[recovered]"]
            .iter()
            .find_map(|mark| message.strip_suffix(mark))
            .unwrap_or(message);
        exceptions.push(Exception {
            type_name: type_name.to_owned(),
            message: message.trim_end().to_owned(),
            ..Exception::default()
        });
        if is_first {
            return Some((exceptions, n + 1, before.to_owned()));
        }
    }
    None
}

/// What a crash's first line says, wherever in the line it begins.
fn opening(text: &str) -> Option<(&str, &str, &str)> {
    for (word, type_name) in [
        ("panic: ", "panic"),
        ("fatal error: ", "fatal error"),
        ("unexpected fault address ", "fatal error"),
        ("SIGQUIT: ", "SIGQUIT"),
        ("SIGABRT: ", "SIGABRT"),
        ("SIGSEGV: ", "SIGSEGV"),
    ] {
        if let Some(at) = text.find(word) {
            let before = &text[..at];
            // `[signal SIGSEGV: …` comes after the panic.
            if type_name.starts_with("SIG") && at > 0 {
                continue;
            }
            if before.is_empty() || before.ends_with([' ', '\t', ':', ']', '|']) {
                return Some((before.trim_end(), type_name, &text[at + word.len()..]));
            }
        }
    }
    // net/http: `http: panic serving 10.0.0.1:5: boom`.
    let at = text.find("panic serving ")?;
    let (_, message) = text[at..].split_once(": ")?;
    Some((text[..at].trim_end(), "panic", message))
}

/// A stack of `pkg/errors`: a message, a function, and below it the place that is in the line.
fn bare(line: &str, above: Above<'_>) -> Option<Begun> {
    let at = line.find('\t')?;
    let lead = &line[..at];
    let place = place(&line[at..]).filter(|place| place.path.ends_with(".go"))?;
    let prefix = Prefix::of(lead);
    let function = above.line(&prefix, 0).filter(|line| is_function(line))?;
    let message = above
        .line(&prefix, 1)
        .filter(|line| !line.trim().is_empty() && !line.starts_with('\t'));
    let (before, message, n_above) = match &message {
        Some(line) if record::is_start(line) => (line.as_str(), "", 2),
        Some(line) => ("", line.as_str(), 2),
        None => ("", "", 1),
    };
    let exception = Exception {
        type_name: "error".to_owned(),
        message: message.trim_end().to_owned(),
        ..Exception::default()
    };
    let mut begun = begun(
        lead,
        vec![exception],
        n_above,
        before.to_owned(),
        Part::Bare,
        None,
    );
    if let crate::lang::Trace::Go(trace) = &mut begun.trace {
        trace.stack.frame(0, frame(function.trim_end(), place));
    }
    Some(begun)
}

/// Whether a line is a function's name alone: `main.(*Server).serve`.
fn is_function(line: &str) -> bool {
    let line = line.trim_end();
    line.contains('.')
        && !line.starts_with([' ', '\t'])
        && !line.contains([' ', ':'])
        && line.len() < MAX_NAME_BYTES
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        match self.part {
            Part::Bare => return self.push_bare(line),
            Part::Others => return self.push_other(line),
            Part::Scheduler | Part::First => {}
        }
        let text = line.trim();
        if let Some((_, id, state)) = goroutine(text) {
            self.settle();
            if self.part == Part::First {
                self.part = Part::Others;
            } else {
                self.goroutine = Some(format!("{id} [{state}]"));
                self.part = Part::First;
            }
            return Step::Taken;
        }
        let is_of_first = self.part == Part::First;
        if let Some(creator) = text.strip_prefix("created by ") {
            self.settle();
            let creator = creator.split(" in goroutine ").next().unwrap_or(creator);
            self.created_by = Some(cut(creator, MAX_NAME_BYTES).to_owned());
            self.part = Part::Others;
            return Step::Taken;
        }
        if text.is_empty() {
            self.settle();
            if is_of_first {
                self.part = Part::Others;
            }
            return Step::Taken;
        }
        if text.starts_with("[originating from goroutine ") {
            self.settle();
            self.part = Part::Others;
            return Step::Taken;
        }
        if text.starts_with("...") && text.contains("frames elided") {
            self.settle();
            self.is_elided = true;
            return Step::Taken;
        }
        if text.starts_with("goroutine running on other thread") {
            return Step::Taken;
        }
        // Some who indent everything indent the calls too.
        if let Some(place) = place(line) {
            let function = self.function.take();
            if is_of_first && let Some(function) = function {
                self.stack.frame(0, frame(&function, place));
            }
            return Step::Taken;
        }
        if let Some(function) = call(text) {
            self.settle();
            self.function = Some(function.to_owned());
            return Step::Taken;
        }
        Step::Over
    }

    /// A call without a place is a frame all the same.
    fn settle(&mut self) {
        if let Some(function) = self.function.take()
            && self.part == Part::First
        {
            self.stack.frame(0, frame(&function, Place::default()));
        }
    }

    fn push_other(&mut self, line: &str) -> Step {
        let text = line.trim();
        self.n_other_lines += 1;
        let is_known = text.is_empty()
            || goroutine(text).is_some()
            || place(line).is_some()
            || call(text).is_some()
            || text.starts_with("created by ")
            || text.starts_with("[originating from goroutine ")
            || text.starts_with("goroutine running on other thread")
            || text.starts_with("...") && text.contains("frames elided");
        if is_known && self.n_other_lines < MAX_OTHER_LINES {
            Step::Taken
        } else {
            Step::Over
        }
    }

    /// `%+v` prints an error's cause, the stack where that was made, then each message that wraps it with its stack.
    fn push_bare(&mut self, line: &str) -> Step {
        if let Some(place) = place(line).filter(|_| line.starts_with('\t')) {
            let Some(function) = self.function.take() else {
                return Step::Over;
            };
            let surfaced = self.stack.len() - 1;
            self.stack.frame(surfaced, frame(&function, place));
            return Step::Taken;
        }
        if let Some(message) = self.function.take() {
            // The line before was no function after all, so it is a message that wraps what came before.
            if !is_function(line) || self.stack.len() >= MAX_MESSAGE_LINES {
                return Step::Over;
            }
            let exception = Exception {
                type_name: "error".to_owned(),
                message,
                ..Exception::default()
            };
            let parent = self.stack.len() - 1;
            self.stack.add(exception, Some((parent, Link::Cause)));
        }
        let text = line.trim_end();
        if text.is_empty() || record::is_start(text) {
            return Step::Over;
        }
        self.function = Some(cut(text, MAX_NAME_BYTES).to_owned());
        Step::Taken
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Parsed {
        self.settle();
        let is_bare = self.part == Part::Bare;
        let mut exceptions = self.stack.finish();
        if is_bare {
            // The root came first.
            let n = exceptions.len();
            exceptions.reverse();
            for (at, exception) in exceptions.iter_mut().enumerate().take(n) {
                exception.parent = at.checked_sub(1).map(|index| crate::event::Parent {
                    index,
                    link: Link::Cause,
                });
            }
        }
        // A goroutine without a stack says nothing.
        exceptions
            .retain(|exception| !exception.type_name.is_empty() || !exception.frames.is_empty());
        let is_panicking = |exception: &Exception| {
            exception
                .frames
                .iter()
                .any(|frame| matches!(frame.function.as_str(), "panic" | "runtime.gopanic"))
        };
        if let Some(first) = exceptions.first_mut()
            && first.type_name.is_empty()
            && is_panicking(first)
        {
            // A recovered panic's stack, which the program printed itself.
            first.type_name = "panic".to_owned();
        }
        let text = |text: Option<String>| text.map(Value::String);
        let attributes = [
            ("goroutine", text(self.goroutine)),
            ("created_by", text(self.created_by)),
            ("frames_elided", self.is_elided.then_some(Value::Bool(true))),
        ];
        Parsed {
            platform: Platform::Go,
            exceptions,
            attributes: attributes
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect(),
        }
    }
}
