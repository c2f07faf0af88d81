//! `*** Terminating app due to uncaught exception 'NSRangeException', reason: '…'` and its stack.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Platform},
    lang::{Begun, Parsed, Step, Trace, image, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::record,
};

static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:\*\*\* )?Terminating app due to uncaught exception (?:of class )?'(?P<name>[^']*)'(?:, reason: '(?P<reason>.*))?$",
    )
});

/// An exception under assembly.
#[derive(Debug)]
pub(crate) struct Thrown {
    stack: Stack,
    part: Part,
}

#[derive(Debug, PartialEq)]
enum Part {
    /// The reason goes on.
    Reason,
    /// The title of the stack is to come.
    Title,
    Frames,
    /// What `libc++abi` says afterwards.
    Rest,
}

/// What was thrown, and whether its reason is complete.
pub(super) fn exception(text: &str) -> Option<(usize, Exception, bool)> {
    let found = TITLE.captures(text)?;
    let reason = found.name("reason").map(|reason| reason.as_str());
    let (message, is_complete) = match reason.map(|reason| (reason, reason.strip_suffix('\''))) {
        Some((_, Some(whole))) => (whole, true),
        Some((part, None)) => (part, false),
        None => ("", true),
    };
    let exception = Exception {
        type_name: found["name"].to_owned(),
        message: message.to_owned(),
        ..Exception::default()
    };
    Some((found.get(0)?.start(), exception, is_complete))
}

pub(super) fn begin(line: &str) -> Option<Begun> {
    if !line.contains("Terminating app due to uncaught") {
        return None;
    }
    let line = cut(line, 4 * MAX_NAME_BYTES);
    let (at, exception, is_complete) = exception(line)?;
    let part = if is_complete {
        Part::Title
    } else {
        Part::Reason
    };
    let trace = Thrown {
        stack: Stack::of(exception),
        part,
    };
    Some(Begun {
        lead: line[..at].to_owned(),
        is_everywhere: false,
        n_above: 0,
        before: String::new(),
        trace: Trace::Thrown(Box::new(trace)),
    })
}

impl Thrown {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        if text.starts_with("*** First throw call stack") || text.starts_with("*** Call stack at") {
            self.part = Part::Frames;
            return Step::Taken;
        }
        match self.part {
            Part::Reason => {
                let (more, is_end) = match text.strip_suffix('\'') {
                    Some(more) => (more, true),
                    None => (line.trim_end(), false),
                };
                if record::is_start(line) || !self.stack.message_line(0, more) {
                    return Step::Over;
                }
                if is_end {
                    self.part = Part::Title;
                }
                Step::Taken
            }
            Part::Title if text.is_empty() => Step::Taken,
            Part::Title => Step::Over,
            Part::Frames => {
                if let Some(frame) = image::frame(text) {
                    self.stack.frame(0, frame);
                    return Step::Taken;
                }
                // Without symbols all addresses are on one line.
                let is_end = text == ")" || text.starts_with("(0x") || text.starts_with("0x");
                if is_end {
                    self.part = Part::Rest;
                }
                if is_end || text == "(" {
                    Step::Taken
                } else {
                    Step::Over
                }
            }
            Part::Rest if text.starts_with("libc++abi") => Step::Taken,
            Part::Rest => Step::Over,
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            platform: Platform::Native,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}
