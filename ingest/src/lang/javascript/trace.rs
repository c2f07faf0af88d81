//! One stack with its causes, line by line.

use super::line::{
    Header, at_sign_frame, bare_frame, cause, error_line, first_frame, frame, header,
};
use crate::{
    event::{Exception, Frame, Link, Platform},
    lang::{
        Above, Begun, Parsed, Step,
        chain::{Frames, Node, flatten},
    },
    limits::{MAX_EXCEPTIONS, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
    text::prefix::Prefix,
};

/// Lines after the frames (`code: 'ENOENT',` and other properties) among which a cause may follow.
const MAX_PROPERTY_LINES: usize = 256;
/// Lines above the first frame among which the error's own is looked for.
const MAX_ABOVE: usize = 12;
/// Lines of a cause's message before its frames.
const MAX_CAUSE_LINES: usize = 16;

/// A stack under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    /// Done errors, the surfaced one first.
    done: Vec<(Exception, Link)>,
    current: Building,
    /// Whether properties of the error are being listed.
    n_properties: Option<usize>,
    /// Whether frames look like `f@https://x/a.js:1:2`.
    has_at_signs: bool,
    n_frames: usize,
    /// Whether the error's own line was not there.
    is_headless: bool,
}

#[derive(Debug)]
struct Building {
    type_name: String,
    message: String,
    link: Link,
    frames: Frames,
    n_lines: usize,
}

/// The stack whose first frame is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    if let Some((lead, frame)) = first_frame(line) {
        let prefix = Prefix::of(lead);
        let mut lines: Vec<String> = above.lines(&prefix).take(MAX_ABOVE).collect();
        // Frames that could not open a stack by themselves: `at f`.
        let n_frames = lines
            .iter()
            .take_while(|line| line.trim_start().starts_with("at "))
            .count();
        let header = header(&lines[n_frames..]);
        lines.truncate(n_frames);
        let unsure = lines
            .iter()
            .rev()
            .filter_map(|line| self::frame(line.trim_start().get(3..)?));
        return Some(begun(lead, header, unsure.chain([frame]), n_frames, false));
    }
    let frame = at_sign_frame(line)?;
    let lines: Vec<String> = above.lines(&Prefix::default()).take(MAX_ABOVE).collect();
    let bare: Vec<Frame> = lines.iter().map_while(|line| bare_frame(line)).collect();
    let n_bare = bare.len();
    let nearest = lines.get(n_bare..=n_bare).unwrap_or_default();
    let header = header(nearest).filter(|header| is_error_name(&header.type_name));
    let frames = bare.into_iter().rev().chain([frame]);
    Some(begun("", header, frames, n_bare, true))
}

/// Whether a class's name says that it is an error's.
fn is_error_name(name: &str) -> bool {
    name.ends_with("Error") || name.ends_with("Exception")
}

fn begun(
    lead: &str,
    header: Option<Header>,
    frames: impl Iterator<Item = Frame>,
    n_frames: usize,
    has_at_signs: bool,
) -> Begun {
    let is_headless = header.is_none();
    // Whatever has a stack is an `Error`, and these engines leave its line out.
    let header = header.unwrap_or_else(|| Header {
        type_name: "Error".to_owned(),
        ..Header::default()
    });
    let mut current = Building::new(header.type_name, header.message, Link::Cause);
    frames.for_each(|frame| current.frames.push(frame));
    let trace = Trace {
        done: Vec::new(),
        current,
        n_properties: None,
        has_at_signs,
        n_frames: n_frames + 1,
        is_headless,
    };
    Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above: n_frames + header.n_lines,
        before: header.before.unwrap_or_default(),
        trace: crate::lang::Trace::JavaScript(Box::new(trace)),
    }
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if self.has_at_signs {
            return match at_sign_frame(text).or_else(|| bare_frame(text)) {
                Some(frame) => {
                    self.n_frames += 1;
                    self.current.frames.push(frame);
                    Step::Taken
                }
                None => Step::Over,
            };
        }
        if let Some(call) = text.strip_prefix("at ")
            && let Some(frame) = frame(call)
            && (line.starts_with([' ', '\t']) || frame.line.is_some() || frame.path == "native")
        {
            self.n_frames += 1;
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

    /// What was read. One frame without an error's line above it is none.
    pub(crate) fn finish(self) -> Parsed {
        let is_error = !self.is_headless || self.n_frames > 1;
        Parsed {
            platform: Platform::JavaScript,
            exceptions: if is_error {
                self.exceptions()
            } else {
                Vec::new()
            },
            ..Parsed::default()
        }
    }

    /// The errors in the event's order.
    fn exceptions(mut self) -> Vec<Exception> {
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
