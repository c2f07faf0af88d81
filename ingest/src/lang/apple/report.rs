//! Crash reports as text, of the system and of libraries that write alike.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::thrown;
use crate::{
    event::{Exception, Frame, Link, Platform},
    lang::{
        Above, Begun, Parsed, Step, Trace,
        image::{self, is_system_path},
        stack::Stack,
    },
    limits::{MAX_FRAMES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
    pattern::regex,
    text::{prefix::Prefix, record},
};

/// Lines above the exception's type that may be the report's head.
const MAX_ABOVE: usize = 60;
/// Lines between the type and the first thread.
const MAX_DETAILS: usize = 400;
/// Lines after the stack that crashed: other threads, registers, images.
const MAX_OTHER_LINES: usize = 100_000;
/// Images that are looked at for whether they are the system's.
const MAX_IMAGES: usize = 4096;

/// `Exception Type:  EXC_CRASH (SIGABRT)`. Other programs have such a line too, with classes.
static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"Exception Type:\s+(?P<type>(?:EXC_|SIG)[A-Z_]+)(?: \((?P<signal>SIG\w+)\))?\s*$")
});
/// `Thread 0 Crashed:: Dispatch queue: com.apple.main-thread`, `Thread 1:`; not `Thread 0 name:`.
static THREAD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^Thread (?:\d+ ?)?(?:(?P<crashed>[(: ]*Crashed\b.*)|:.*)$"));
/// `0x10e64e000 - 0x10ee0ffff +Shop x86_64 (1.0) <2d90…> /Applications/Shop.app/Contents/MacOS/Shop`.
static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^0x[0-9a-f]+ -\s+0x[0-9a-f]+\s+\+?(?P<name>\S.*?)\s(?:.*?)(?P<path>/.*)$")
});

/// A report under assembly.
#[derive(Debug)]
pub(crate) struct Report {
    part: Part,
    surfaced: Exception,
    /// Of an Objective-C exception, which ends the program with a signal.
    thrown: Option<Exception>,
    crashed: Vec<Frame>,
    raised: Vec<Frame>,
    attributes: Vec<(&'static str, String)>,
    n_lines: usize,
    n_images: usize,
    /// Whether a frame of a thread has been seen.
    has_thread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Details,
    /// What the program said before it ended.
    Said,
    /// The stack of an exception that was not caught.
    Raised,
    Crashed,
    Others,
    Images,
}

pub(super) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, MAX_NAME_BYTES);
    let found = TYPE.captures(line)?;
    let lead = &line[..found.get(0)?.start()];
    let prefix = Prefix::of(lead);
    let mut attributes = Vec::new();
    let mut n_above = 0;
    let mut before = String::new();
    for (n, line) in above.lines(&prefix).take(MAX_ABOVE).enumerate() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = cut(value.trim(), MAX_NAME_BYTES).to_owned();
        match name.trim() {
            "Process" => attributes.push(("process", value)),
            "Version" => attributes.push(("version", value)),
            "OS Version" => attributes.push(("os_version", value)),
            "Identifier" => attributes.push(("identifier", value)),
            "Date/Time" => before = value,
            "Incident Identifier" | "Hardware Model" | "Path" => {}
            _ => continue,
        }
        n_above = n + 1;
    }
    let signal = found.name("signal").map_or("", |signal| signal.as_str());
    let report = Report {
        part: Part::Details,
        surfaced: Exception {
            type_name: found["type"].to_owned(),
            message: signal.to_owned(),
            ..Exception::default()
        },
        thrown: None,
        crashed: Vec::new(),
        raised: Vec::new(),
        attributes,
        n_lines: 0,
        n_images: 0,
        has_thread: false,
    };
    Some(Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above,
        before,
        trace: Trace::Report(Box::new(report)),
    })
}

impl Report {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = cut(line.trim(), 4 * MAX_NAME_BYTES);
        self.n_lines += 1;
        if let Some(step) = self.push_title(text) {
            return step;
        }
        match self.part {
            Part::Details => self.push_detail(text),
            Part::Said => {
                if text.is_empty() {
                    self.part = Part::Details;
                } else {
                    self.push_said(text);
                }
                Step::Taken
            }
            Part::Raised | Part::Crashed => self.push_frame(text),
            Part::Others => self.push_other(text),
            Part::Images => self.push_image(text),
        }
    }

    /// What begins another part.
    fn push_title(&mut self, text: &str) -> Option<Step> {
        if self.part == Part::Said && !text.ends_with(':') {
            return None;
        }
        self.part = match text {
            "Application Specific Information:" => Part::Said,
            "Last Exception Backtrace:" => Part::Raised,
            "Binary Images:" => Part::Images,
            _ => {
                let thread = THREAD.captures(text)?;
                self.has_thread = true;
                if thread.name("crashed").is_some() && self.crashed.is_empty() {
                    Part::Crashed
                } else {
                    Part::Others
                }
            }
        };
        Some(Step::Taken)
    }

    fn push_detail(&mut self, text: &str) -> Step {
        if self.n_lines > MAX_DETAILS {
            return Step::Over;
        }
        if record::is_start(text) {
            return Step::Foreign;
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.trim();
        let is_said = match name {
            "Exception Subtype" | "Exception Message" => true,
            // Elsewhere these are numbers.
            "Exception Codes" => value.contains(" at ") || value.contains("KERN_"),
            "Termination Reason" => {
                let value = cut(value, MAX_NAME_BYTES).to_owned();
                self.attributes.push(("termination_reason", value));
                false
            }
            _ => false,
        };
        if is_said {
            self.say(value);
        }
        Step::Taken
    }

    fn push_said(&mut self, text: &str) {
        match thrown::exception(text) {
            Some((_, exception, _)) => self.thrown = Some(exception),
            // What the system adds for itself.
            None if matches!(
                text,
                "abort() called" | "crashed on child side of fork pre-exec"
            ) => {}
            None => self.say(text),
        }
    }

    fn say(&mut self, text: &str) {
        let message = &mut self.surfaced.message;
        if message.contains(text) || message.len() + text.len() > MAX_MESSAGE_BYTES {
            return;
        }
        if !message.is_empty() {
            message.push('\n');
        }
        message.push_str(text);
    }

    fn push_frame(&mut self, text: &str) -> Step {
        let is_raised = self.part == Part::Raised;
        let frames = if is_raised {
            &mut self.raised
        } else {
            &mut self.crashed
        };
        if let Some(frame) = image::frame(text) {
            if frames.len() < MAX_FRAMES {
                frames.push(frame);
            }
        } else if text.is_empty() || !text.starts_with(|c: char| c.is_ascii_digit() || c == '(') {
            // Without symbols all addresses of an exception are on one line.
            self.part = if is_raised && !self.has_thread {
                Part::Details
            } else {
                Part::Others
            };
        }
        Step::Taken
    }

    fn push_other(&mut self, text: &str) -> Step {
        // Registers, other threads, and sections that change from release to release.
        if self.n_lines > MAX_OTHER_LINES {
            return Step::Over;
        }
        let is_register = text.contains(": 0x");
        let is_known = text.is_empty() || is_register || image::frame(text).is_some();
        if is_known || text.starts_with("Thread ") {
            Step::Taken
        } else {
            Step::Foreign
        }
    }

    fn push_image(&mut self, text: &str) -> Step {
        self.n_images += 1;
        let Some(found) = IMAGE.captures(text).filter(|_| self.n_images <= MAX_IMAGES) else {
            let is_image = text.starts_with("0x") && self.n_lines <= MAX_OTHER_LINES;
            return if is_image { Step::Taken } else { Step::Over };
        };
        if is_system_path(&found["path"]) {
            let name = &found["name"];
            for frame in self.crashed.iter_mut().chain(&mut self.raised) {
                if frame.module.as_deref() == Some(name) {
                    frame.in_app = Some(false);
                }
            }
        }
        Step::Taken
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        parsed(
            self.surfaced,
            self.crashed,
            self.thrown,
            self.raised,
            self.attributes,
        )
    }
}

/// The event of a report: the signal, caused by what was thrown, if something was. Frames from the crash outwards.
pub(super) fn parsed(
    surfaced: Exception,
    crashed: Vec<Frame>,
    thrown: Option<Exception>,
    raised: Vec<Frame>,
    attributes: Vec<(&'static str, String)>,
) -> Parsed {
    let mut stack = Stack::of(surfaced);
    crashed.into_iter().for_each(|frame| stack.frame(0, frame));
    if thrown.is_some() || !raised.is_empty() {
        let thrown = thrown.unwrap_or_else(|| Exception {
            type_name: "NSException".to_owned(),
            ..Exception::default()
        });
        let at = stack.add(thrown, Some((0, Link::Cause)));
        raised.into_iter().for_each(|frame| stack.frame(at, frame));
    }
    let attributes = attributes
        .into_iter()
        .filter(|(_, value)| !value.is_empty());
    Parsed {
        platform: Platform::Native,
        exceptions: stack.finish(),
        attributes: attributes
            .map(|(key, value)| (key, Value::String(value)))
            .collect(),
    }
}
