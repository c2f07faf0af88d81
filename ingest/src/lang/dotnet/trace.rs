//! One exception with its inner ones, line by line.

use super::line::{exception, frame, thrown, unity_frame};
use crate::{
    event::{Exception, Frame, Link, Parent, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    limits::MAX_EXCEPTIONS,
    text::{prefix::Prefix, record},
};

const END_OF_INNER: &str = "--- End of inner exception stack trace ---";
const ARROW: &str = "---> ";

/// An exception under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    /// The exceptions whose frames are still to come: those of the last one first.
    open: Vec<usize>,
    /// Those that were thrown in place of the ones before.
    rethrown: Vec<Stack>,
}

/// The exception whose first frame is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let (lead, frame) = first_frame(line)?;
    let prefix = Prefix::of(lead);
    let mut lines: Vec<String> = Vec::new();
    let mut inner = None;
    for (n, text) in above.lines(&prefix).enumerate() {
        let trimmed = text.trim();
        if trimmed.starts_with("at ") || unity_frame(trimmed).is_some() {
            break;
        }
        if trimmed.starts_with(ARROW) {
            inner = Some(n);
        } else if let Some((before, mut exception)) = thrown(&text) {
            let mut whole = std::mem::take(&mut exception.message);
            for line in lines.iter().rev() {
                whole.push('\n');
                whole.push_str(line);
            }
            return Some(begun(
                lead,
                exception,
                &whole,
                frame,
                n + 1,
                before.to_owned(),
            ));
        } else if record::is_start(&text) {
            break;
        }
        lines.push(text.trim_end().to_owned());
    }
    // The outer exception's line is lost.
    let n = inner?;
    lines.truncate(n + 1);
    lines.reverse();
    let whole = lines.join("\n");
    let (_, mut exception) = thrown(whole.trim_start().strip_prefix(ARROW)?.split('\n').next()?)?;
    let whole = whole.split_once(&exception.message)?.1.to_owned();
    let whole = std::mem::take(&mut exception.message) + &whole;
    Some(begun(lead, exception, &whole, frame, n + 1, String::new()))
}

fn begun(
    lead: &str,
    exception: Exception,
    whole: &str,
    frame: Option<Frame>,
    n_above: usize,
    before: String,
) -> Begun {
    let mut trace = Trace {
        stack: Stack::default(),
        open: Vec::new(),
        rethrown: Vec::new(),
    };
    trace.chain(exception, whole, None);
    match frame {
        Some(frame) => trace.frame(frame),
        None => trace.close(),
    }
    Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above,
        before,
        trace: crate::lang::Trace::DotNet(Box::new(trace)),
    }
}

/// A frame, or the end of an inner exception without frames, and what stands before its indentation.
fn first_frame(line: &str) -> Option<(&str, Option<Frame>)> {
    if let Some(at) = line.find(END_OF_INNER) {
        return Some((line[..at].trim_end_matches([' ', '\t']), None));
    }
    if let Some((lead, frame)) = unity_frame(line) {
        return Some((lead.trim_end_matches([' ', '\t']), Some(frame)));
    }
    let at = line.match_indices("at ").map(|(at, _)| at).find(|&at| {
        let before = &line[..at];
        before.is_empty() || before == " " || before.ends_with("  ") || before.ends_with('\t')
    })?;
    let (frame, is_sure) = frame(&line[at + 3..])?;
    is_sure.then(|| (line[..at].trim_end_matches([' ', '\t']), Some(frame)))
}

impl Trace {
    /// Adds an exception with those within it, which are in its message behind arrows.
    fn chain(&mut self, outer: Exception, whole: &str, parent: Option<(usize, Link)>) {
        let mut segments = segments(whole);
        let message = segments.next().unwrap_or("").trim_end().to_owned();
        let mut at = self.stack.add(Exception { message, ..outer }, parent);
        self.open.push(at);
        for segment in segments {
            let (class, message) = split(segment);
            at = self
                .stack
                .add(exception(class, message), Some((at, Link::Cause)));
            self.open.push(at);
        }
    }

    fn current(&self) -> usize {
        self.open.last().copied().unwrap_or(0)
    }

    fn frame(&mut self, frame: Frame) {
        self.stack.frame(self.current(), frame);
    }

    /// Ends the innermost exception.
    fn close(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if let Some((frame, _)) = text.strip_prefix("at ").and_then(frame) {
            self.frame(frame);
            return Step::Taken;
        }
        if let Some((_, frame)) = unity_frame(text).filter(|(lead, _)| lead.is_empty()) {
            self.frame(frame);
            return Step::Taken;
        }
        if let Some(rest) = text.strip_prefix("Rethrow as ")
            && self.rethrown.len() + self.stack.len() < MAX_EXCEPTIONS
        {
            let (class, message) = split(rest);
            let outer = Stack::of(exception(class, message.trim_start()));
            self.rethrown
                .push(std::mem::replace(&mut self.stack, outer));
            self.open = vec![0];
            return Step::Taken;
        }
        if text.starts_with("--- End of inner") {
            self.close();
            return Step::Taken;
        }
        if text.starts_with("--- End of stack trace from previous location") || text == "<---" {
            return Step::Taken;
        }
        if let Some(rest) = text.strip_prefix("---> (Inner Exception #") {
            let Some((number, rest)) = rest.split_once(") ") else {
                return Step::Over;
            };
            self.member(number, rest.trim_end_matches("<---"));
            return Step::Taken;
        }
        if text.is_empty() && self.stack.n_frames(self.current()) > 0 {
            return Step::Over;
        }
        let has_frames = self.stack.n_frames(self.current()) > 0;
        if !has_frames && !record::is_start(line) {
            if let Some(rest) = text.strip_prefix(ARROW) {
                let (class, message) = split(rest);
                let parent = self.current();
                let at = self
                    .stack
                    .add(exception(class, message), Some((parent, Link::Cause)));
                self.open.push(at);
                return Step::Taken;
            }
            if self.stack.message_line(self.current(), line.trim_end()) {
                return Step::Taken;
            }
        }
        Step::Over
    }

    /// A further exception of an `AggregateException`. The first one is its inner exception too, and has been read.
    fn member(&mut self, number: &str, text: &str) {
        let (class, whole) = split(text);
        let member = exception(class, "");
        let message = segments(whole).next().unwrap_or("").trim_end().to_owned();
        let is_known = number == "0"
            && self.stack.exception(1).is_some_and(|known| {
                known.type_name == member.type_name && known.message == message
            });
        self.open.clear();
        if is_known {
            self.open.push(usize::MAX);
        } else {
            self.chain(member, whole, Some((0, Link::Member)));
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        let mut exceptions = self.stack.finish();
        // The last one surfaced; each is the cause of the one after it.
        let mut outer = 0;
        for stack in self.rethrown.into_iter().rev() {
            let n = exceptions.len();
            for (at, mut cause) in stack.finish().into_iter().enumerate() {
                cause.parent = Some(match cause.parent {
                    Some(parent) if at > 0 => Parent {
                        index: parent.index + n,
                        ..parent
                    },
                    _ => Parent {
                        index: outer,
                        link: Link::Cause,
                    },
                });
                exceptions.push(cause);
            }
            outer = n;
        }
        Parsed {
            platform: Platform::CSharp,
            exceptions,
            ..Parsed::default()
        }
    }
}

/// A message, and the exceptions behind arrows in it.
fn segments(whole: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(whole);
    std::iter::from_fn(move || {
        let text = rest?;
        let arrow = text.match_indices(ARROW).map(|(at, _)| at).find(|&at| {
            let is_apart = text[..at].is_empty() || text[..at].ends_with([' ', '\n', '\t']);
            is_apart
                && thrown(text[at + ARROW.len()..].split('\n').next().unwrap_or(""))
                    .is_some_and(|(before, _)| before.is_empty())
        });
        match arrow {
            Some(at) => {
                rest = Some(&text[at + ARROW.len()..]);
                Some(&text[..at])
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

/// `Class: message` of an inner exception.
fn split(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        Some((class, message)) if !class.contains([' ', '\n']) => (class, message),
        _ => {
            let end = text.find([' ', '\n', ':']).unwrap_or(text.len());
            (&text[..end], text[end..].trim_start_matches(':'))
        }
    }
}
