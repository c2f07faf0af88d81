//! One fatal error with its stack, line by line.

use super::line::{
    bare_fatal, crashed, debugger_frame, exception, excerpt, fatal, frame, package_frame, stopped,
    thread,
};
use crate::{
    event::{Exception, Frame, Platform},
    lang::{Above, Begun, Parsed, Step, image, stack::Stack},
    text::{prefix::Prefix, record},
};

/// Lines above a stack among which the error's own is looked for.
const MAX_ABOVE: usize = 12;
/// Lines of other threads' stacks that are passed over.
const MAX_OTHER_LINES: usize = 100_000;

/// An error under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    part: Part,
    /// The last frame, whose source line may follow.
    frame: Option<Frame>,
    n_other_lines: usize,
}

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// What comes between the error and its stack.
    Error,
    /// The stack of the thread that crashed, as the runtime prints it since 5.9.
    Crashed,
    /// Another thread's, before that.
    Other,
    /// The stack that the runtime printed before.
    Images,
    /// swift-backtrace's.
    Package,
    /// LLDB's.
    Debugger,
    /// Registers, images and other threads.
    Rest,
}

/// The error or stack that begins in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    if !super::TRIGGERS
        .iter()
        .any(|trigger| line.contains(trigger.trim_start_matches('\n')))
    {
        return None;
    }
    if let Some((lead, exception)) = fatal(line) {
        return Some(begun(
            lead,
            exception,
            Part::Error,
            false,
            Header::default(),
        ));
    }
    if line.contains("Program crashed: ") || line.contains("Swift runtime failure: ") {
        let (lead, own) = crashed(line).filter(|(lead, _)| is_apart(lead))?;
        let header = header(lead, above);
        let exception = header.exception.clone().unwrap_or(own);
        return Some(begun(lead, exception, Part::Error, true, header));
    }
    if let Some(lead) = line.strip_suffix("Current stack trace:") {
        let header = header(lead, above);
        let exception = header.exception.clone()?;
        return Some(begun(lead, exception, Part::Images, true, header));
    }
    if let Some(signal) = line.strip_suffix(". Backtrace:")
        && let Some((lead, signal)) = signal.split_once("Received signal ")
    {
        let header = header(lead, above);
        let own = exception("Received signal", signal);
        let exception = header.exception.clone().unwrap_or(own);
        return Some(begun(lead, exception, Part::Package, true, header));
    }
    let (lead, exception) = stop(line)?;
    Some(begun(
        lead,
        exception,
        Part::Debugger,
        true,
        Header::default(),
    ))
}

/// Where LLDB says that a crash stopped a thread: what stands before it, and the crash.
fn stop(line: &str) -> Option<(&str, Exception)> {
    let (thread, reason) = line.split_once("stop reason = ")?;
    let lead = &thread[..thread.find("thread #")?];
    let lead = lead.strip_suffix("* ").unwrap_or(lead);
    Some((lead, stopped(reason)?))
}

fn is_apart(lead: &str) -> bool {
    lead.is_empty() || lead.ends_with([' ', '\t', ':', '|', ']'])
}

/// The error's own line among those above its stack.
#[derive(Debug, Default)]
struct Header {
    exception: Option<Exception>,
    n_above: usize,
    before: String,
}

fn header(lead: &str, above: Above<'_>) -> Header {
    let prefix = Prefix::of(lead);
    for (n, line) in above.lines(&prefix).take(MAX_ABOVE).enumerate() {
        let found = fatal(&line).map(|(before, exception)| (before.to_owned(), exception));
        let found = found.or_else(|| Some((String::new(), bare_fatal(&line)?)));
        if let Some((before, exception)) = found {
            return Header {
                exception: Some(exception),
                n_above: n + 1,
                before,
            };
        }
        if record::is_start(&line) {
            break;
        }
    }
    Header::default()
}

fn begun(
    lead: &str,
    exception: Exception,
    part: Part,
    is_everywhere: bool,
    header: Header,
) -> Begun {
    let trace = Trace {
        stack: Stack::of(exception),
        part,
        frame: None,
        n_other_lines: 0,
    };
    Begun {
        lead: lead.to_owned(),
        is_everywhere,
        n_above: header.n_above,
        before: header.before,
        trace: crate::lang::Trace::Swift(Box::new(trace)),
    }
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        match self.part {
            Part::Error => self.push_error(text),
            Part::Crashed => self.push_crashed(line),
            Part::Other => self.push_other(text),
            Part::Images => self.push_frame(text, image::frame(text)),
            Part::Package => self.push_frame(text, package_frame(text)),
            Part::Debugger => {
                // Asked for the stack, it repeats why it stopped.
                if self.stack.n_frames(0) == 1
                    && let Some((_, exception)) = stop(text)
                {
                    self.stack = Stack::of(exception);
                    return Step::Taken;
                }
                self.push_frame(text, debugger_frame(text))
            }
            Part::Rest => self.push_rest(text),
        }
    }

    fn push_error(&mut self, text: &str) -> Step {
        if let Some(is_crashed) = thread(text) {
            self.part = if is_crashed {
                Part::Crashed
            } else {
                Part::Other
            };
            return Step::Taken;
        }
        if text == "Current stack trace:" {
            self.part = Part::Images;
        } else if text.starts_with("Received signal ") && text.ends_with(". Backtrace:") {
            self.part = Part::Package;
        } else if fatal(text).is_some() {
            return Step::Over;
        }
        let is_known = self.part != Part::Error
            || text.is_empty()
            || text.starts_with("*** Signal ")
            || text.starts_with("Platform: ")
            || crashed(text).is_some();
        // Others' lines may stand between: the crash handler takes a while.
        if is_known { Step::Taken } else { Step::Foreign }
    }

    fn push_crashed(&mut self, line: &str) -> Step {
        let text = line.trim();
        if let Some((number, code)) = excerpt(text) {
            if let Some(frame) = &mut self.frame
                && number.is_some()
                && number == frame.line
            {
                frame.context_line = Some(code.to_owned());
            }
            return Step::Taken;
        }
        if let Some(frame) = frame(text) {
            self.settle();
            self.frame = Some(frame);
            return Step::Taken;
        }
        if thread(text).is_some() || is_section(text) {
            self.settle();
            self.part = Part::Rest;
            return Step::Taken;
        }
        if text.is_empty() || text == "..." {
            return Step::Taken;
        }
        Step::Over
    }

    fn push_other(&mut self, text: &str) -> Step {
        self.n_other_lines += 1;
        if thread(text) == Some(true) {
            self.part = Part::Crashed;
            return Step::Taken;
        }
        let is_known = text.is_empty()
            || text == "..."
            || thread(text).is_some()
            || frame(text).is_some()
            || excerpt(text).is_some();
        if is_known && self.n_other_lines < MAX_OTHER_LINES {
            Step::Taken
        } else {
            Step::Over
        }
    }

    fn push_rest(&mut self, text: &str) -> Step {
        self.n_other_lines += 1;
        let (name, value) = text.split_once(' ').unwrap_or((text, ""));
        let is_register = name.len() <= 8 && value.trim_start().starts_with("0x");
        let is_image = name.starts_with("0x") && name.contains(['–', '-']);
        let is_known = text.is_empty()
            || text.starts_with("...")
            || is_register
            || is_image
            || is_section(text)
            || thread(text).is_some()
            || frame(text).is_some()
            || excerpt(text).is_some();
        if is_known && self.n_other_lines < MAX_OTHER_LINES {
            Step::Taken
        } else {
            Step::Over
        }
    }

    fn push_frame(&mut self, text: &str, frame: Option<Frame>) -> Step {
        match frame {
            Some(frame) => {
                self.stack.frame(0, frame);
                Step::Taken
            }
            None if text.is_empty() && self.stack.n_frames(0) == 0 => Step::Taken,
            // LLDB shows code between.
            None if self.part == Part::Debugger && self.stack.n_frames(0) == 1 => Step::Foreign,
            None => Step::Over,
        }
    }

    fn settle(&mut self) {
        if let Some(frame) = self.frame.take() {
            self.stack.frame(0, frame);
        }
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Parsed {
        self.settle();
        let exceptions = self.stack.finish();
        // LLDB shows any machine code.
        let is_swift = self.part != Part::Debugger
            || exceptions.iter().any(|exception| {
                let frames = &exception.frames;
                exception.type_name.contains(' ')
                    || frames.iter().any(|frame| frame.path.ends_with(".swift"))
            });
        Parsed {
            platform: if is_swift {
                Platform::Swift
            } else {
                Platform::Native
            },
            exceptions,
            ..Parsed::default()
        }
    }
}

/// What comes after the stack.
fn is_section(text: &str) -> bool {
    text == "Registers:"
        || text.starts_with("Images (")
        || text == "Images:"
        || text.starts_with("Backtrace took ")
        || text.starts_with("Press space to interact")
}
