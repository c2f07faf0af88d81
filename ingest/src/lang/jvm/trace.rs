//! One stack trace with its causes, line by line.

use super::line::{exception, frame, throwable};
use crate::{
    event::{Exception, Frame, Link, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    text::{prefix::Prefix, record},
};

/// Exceptions in the message of the one that surfaced.
const MAX_NESTED: usize = 8;

/// A stack trace under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
    /// The exception whose lines are coming.
    current: usize,
    /// The indentation of each exception's own line, by index.
    indents: Vec<usize>,
    /// Whether the root cause comes first, each followed by what wraps it (Logback's `%rEx`).
    is_root_first: bool,
}

/// The trace whose first frame is in the line.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let (lead, frame) = first_frame(line)?;
    let prefix = Prefix::of(lead);
    let mut message: Vec<String> = Vec::new();
    let mut n_nested = 0;
    for (n, text) in above.lines(&prefix).enumerate() {
        if text
            .trim_start()
            .strip_prefix("at ")
            .and_then(self::frame)
            .is_some()
        {
            return None;
        }
        if let Some((before, mut exception)) = throwable(&text) {
            // `MessagingException` and `RemoteException` put what they wrap into their message.
            let title = above.lines(&prefix).nth(n + 1);
            if n_nested < MAX_NESTED
                && title.is_some_and(|title| title.trim_end().ends_with("nested exception is:"))
            {
                n_nested += 1;
                message.push(text);
                continue;
            }
            for line in message.iter().rev() {
                exception.message.push('\n');
                exception.message.push_str(line);
            }
            let mut trace = Trace::new(exception);
            trace.stack.frame(0, frame);
            return Some(Begun {
                lead: lead.to_owned(),
                is_everywhere: true,
                n_above: n + 1,
                before: before.to_owned(),
                trace: crate::lang::Trace::Jvm(Box::new(trace)),
            });
        }
        if record::is_start(&text) {
            return None;
        }
        message.push(text.trim_end().to_owned());
    }
    None
}

/// The frame with which a trace may begin, and what stands before its indentation.
fn first_frame(line: &str) -> Option<(&str, Frame)> {
    let at = line.match_indices("at ").map(|(at, _)| at).find(|&at| {
        let before = &line[..at];
        before.is_empty() || before == " " || before.ends_with("  ") || before.ends_with('\t')
    })?;
    let frame = frame(&line[at + 3..])?;
    Some((line[..at].trim_end_matches([' ', '\t']), frame))
}

impl Trace {
    fn new(exception: Exception) -> Self {
        Self {
            stack: Stack::of(exception),
            current: 0,
            indents: vec![0],
            is_root_first: false,
        }
    }

    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(frame) = text.strip_prefix("at ").and_then(frame) {
            self.stack.frame(self.current, frame);
            return Step::Taken;
        }
        if let Some(n) = omitted(text) {
            if let Some(exception) = self.stack.exception(self.current) {
                exception.common_frames = n;
            }
            return Step::Taken;
        }
        // Javac's and Log4j's circular references repeat an exception that is already there.
        if text.starts_with("[CIRCULAR REFERENCE") || text.starts_with("... suppressed ") {
            return Step::Taken;
        }
        for (lead, link) in [
            ("Caused by: ", Link::Cause),
            ("Wrapped by: ", Link::Cause),
            ("Suppressed: ", Link::Suppressed),
        ] {
            let Some(rest) = text.strip_prefix(lead) else {
                continue;
            };
            if rest.starts_with("[CIRCULAR REFERENCE") {
                return Step::Taken;
            }
            self.is_root_first |= lead == "Wrapped by: ";
            self.next(rest, indent, link);
            return Step::Taken;
        }
        let has_frames = self.stack.n_frames(self.current) > 0;
        let is_message = !has_frames && !record::is_start(line);
        if is_message && self.stack.message_line(self.current, line.trim_end()) {
            return Step::Taken;
        }
        Step::Over
    }

    fn next(&mut self, text: &str, indent: usize, link: Link) {
        let last = |fits: &dyn Fn(usize) -> bool| self.indents.iter().rposition(|&own| fits(own));
        let below = last(&|own| own < indent);
        let parent = match link {
            Link::Suppressed => below,
            _ => last(&|own| own == indent).or(below),
        };
        let (class, message) = text
            .split_once(": ")
            .unwrap_or((text.trim_end_matches(':'), ""));
        let exception = exception(class, message);
        self.current = self.stack.add(exception, Some((parent.unwrap_or(0), link)));
        if self.current < self.stack.len() {
            self.indents.push(indent);
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        let mut exceptions = self.stack.finish();
        if self.is_root_first {
            reverse(&mut exceptions);
        }
        Parsed {
            platform: platform(&exceptions),
            exceptions,
            ..Parsed::default()
        }
    }
}

/// Turns a chain round, so that the one that wraps all others is the first.
fn reverse(exceptions: &mut [Exception]) {
    exceptions.reverse();
    for (at, exception) in exceptions.iter_mut().enumerate() {
        exception.parent = at.checked_sub(1).map(|index| crate::event::Parent {
            index,
            link: Link::Cause,
        });
    }
}

/// `... 12 more`, `... 12 common frames omitted`.
fn omitted(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("... ")?;
    let (n, what) = rest.split_once(' ')?;
    let is_known = what.starts_with("more")
        || what.starts_with("common frames")
        || what.starts_with("frames")
        || what.starts_with("skipped")
        || what.starts_with("collapsed");
    is_known.then_some(())?;
    n.parse().ok()
}

/// The language of the innermost frame that may be the application's, else of the innermost one that tells.
fn platform(exceptions: &[Exception]) -> Platform {
    let frames = || {
        exceptions
            .iter()
            .flat_map(|exception| exception.frames.iter().rev())
    };
    frames()
        .filter(|frame| frame.in_app != Some(false))
        .find_map(language)
        .or_else(|| frames().find_map(language))
        .unwrap_or(Platform::Java)
}

fn language(frame: &Frame) -> Option<Platform> {
    Some(match frame.path.rsplit_once('.')?.1 {
        "java" => Platform::Java,
        "kt" | "kts" => Platform::Kotlin,
        "scala" | "sc" => Platform::Scala,
        "clj" | "cljc" => Platform::Clojure,
        "groovy" => Platform::Groovy,
        _ => return None,
    })
}
