//! Stacks that are a title and then one call a line or two, from the crash outwards, as many runtimes print them.

use crate::{
    event::{Exception, Frame, Location, Platform},
    lang::{Begun, Parsed, Step, stack::Stack},
    limits::{MAX_FRAMES, MAX_NAME_BYTES, cut},
};

/// How a runtime prints its stacks.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) platform: Platform,
    /// The call in a line without blanks around it.
    pub(crate) frame: fn(&str) -> Option<Frame>,
    /// Sets the place of the last call from the line below it; whether it was one.
    pub(crate) place: fn(&mut Frame, &str) -> bool,
    /// Whether a line belongs to the stack and is no call.
    pub(crate) is_gap: fn(&str) -> bool,
    /// Whether a line opens a section of the report whose calls are others.
    pub(crate) is_rest: fn(&str) -> bool,
    /// What the outermost function is called, where calls are printed with the place that they were called from.
    pub(crate) outermost: Option<&'static str>,
}

impl Form {
    /// Calls of one line each, with the places that they had reached.
    pub(crate) const fn of(platform: Platform, frame: fn(&str) -> Option<Frame>) -> Self {
        Self {
            platform,
            frame,
            place: |_, _| false,
            is_gap: |_| false,
            is_rest: |_| false,
            outermost: None,
        }
    }
}

/// A stack under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    form: &'static Form,
    exception: Exception,
    frames: Vec<Frame>,
    n_gaps: usize,
    in_rest: bool,
}

/// Lines in sequence that belong to a stack and are no calls.
const MAX_GAPS: usize = 16;

/// The stack below a title of `n_above` lines.
pub(crate) fn begun(
    form: &'static Form,
    lead: &str,
    exception: Exception,
    n_above: usize,
    before: &str,
) -> Begun {
    Begun {
        lead: lead.to_owned(),
        is_everywhere: n_above > 0,
        n_above,
        before: before.to_owned(),
        trace: crate::lang::Trace::Listed(Box::new(Trace {
            form,
            exception,
            frames: Vec::new(),
            n_gaps: 0,
            in_rest: false,
        })),
    }
}

impl Begun {
    /// Adds the call in the line that the stack was found by.
    pub(crate) fn push(&mut self, frame: Frame) {
        if let crate::lang::Trace::Listed(trace) = &mut self.trace {
            trace.frames.push(frame);
        }
    }
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = cut(line.trim(), MAX_NAME_BYTES);
        if let Some(frame) = (self.form.frame)(text) {
            self.n_gaps = 0;
            // The first ones are the crash's.
            if self.frames.len() < MAX_FRAMES && !self.in_rest {
                self.frames.push(frame);
            }
            return Step::Taken;
        }
        if (self.form.is_rest)(text) && !self.in_rest {
            self.in_rest = true;
            return Step::Taken;
        }
        let place = self.form.place;
        if self
            .frames
            .last_mut()
            .is_some_and(|frame| place(frame, text))
        {
            return Step::Taken;
        }
        self.n_gaps += 1;
        if (self.form.is_gap)(text) && self.n_gaps <= MAX_GAPS {
            return Step::Taken;
        }
        Step::Over
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Parsed {
        if let Some(outermost) = self.form.outermost
            && !self.frames.is_empty()
        {
            // Each function has reached the place from which the one within it was called.
            let mut reached = self.exception.location.take().unwrap_or_default();
            for frame in &mut self.frames {
                let called_from = Location {
                    path: std::mem::take(&mut frame.path),
                    line: frame.line,
                    column: frame.column,
                };
                let own = std::mem::replace(&mut reached, called_from);
                (frame.path, frame.line, frame.column) = (own.path, own.line, own.column);
            }
            self.frames.push(Frame {
                function: outermost.to_owned(),
                path: reached.path,
                line: reached.line,
                column: reached.column,
                ..Frame::default()
            });
            // One that only raises, of which no place is known.
            if self.frames[0].path.is_empty() {
                self.frames.remove(0);
            }
        }
        let mut stack = Stack::of(self.exception);
        self.frames
            .into_iter()
            .for_each(|frame| stack.frame(0, frame));
        Parsed {
            platform: self.form.platform,
            exceptions: stack.finish(),
            ..Parsed::default()
        }
    }
}

/// An error of a kind.
pub(crate) fn exception(kind: &str, message: &str) -> Exception {
    Exception {
        type_name: kind.to_owned(),
        message: message.trim().to_owned(),
        ..Exception::default()
    }
}
