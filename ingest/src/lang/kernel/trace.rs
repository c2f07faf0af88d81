//! One report, line by line.

use super::line::{at, call, is_call_from, opening, without_stamp};
use crate::{
    event::{Exception, Frame, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    text::record,
};

/// Lines between the first one and the stack: registers, modules, memory around.
const MAX_DETAILS: usize = 160;
/// Lines after it: other stacks, memory.
const MAX_OTHER_LINES: usize = 2000;

/// A report under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    exception: Exception,
    /// Where the registers say that it happened.
    innermost: Option<Frame>,
    stack: Stack,
    part: Part,
    /// Whether each line has the kernel's time.
    is_stamped: bool,
    n_lines: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Details,
    Calls,
    /// Other stacks, and what the kernel repeats.
    Rest,
    /// A report of one line.
    Line,
}

/// The report that the line opens.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, 2 * MAX_NAME_BYTES);
    if !super::TRIGGERS
        .iter()
        .any(|trigger| line.contains(trigger.trim_start_matches('\n')))
    {
        return None;
    }
    let (lead, text, is_stamped) = split(line)?;
    let exception = opening(text)?;
    let is_of_one_line = matches!(exception.type_name.as_str(), "segfault" | "Out of memory");
    let cut_here = above.lines(&crate::text::prefix::Prefix::of(lead)).next();
    let cut_here = cut_here.is_some_and(|line| line.contains("[ cut here ]"));
    let trace = Trace {
        exception,
        innermost: None,
        stack: Stack::default(),
        part: if is_of_one_line {
            Part::Line
        } else {
            Part::Details
        },
        is_stamped,
        n_lines: 0,
    };
    Some(Begun {
        lead: lead.to_owned(),
        is_everywhere: true,
        n_above: usize::from(cut_here),
        before: String::new(),
        trace: crate::lang::Trace::Kernel(Box::new(trace)),
    })
}

/// What a logger put before the line, what the kernel said, and whether that had its time.
fn split(line: &str) -> Option<(&str, &str, bool)> {
    let (text, is_stamped) = without_stamp(line);
    if is_stamped || opening(line).is_some() {
        return Some(("", text, is_stamped));
    }
    // Behind syslog's head, or one of a console's log.
    let at = line.find("kernel: ").map(|at| at + "kernel: ".len());
    let mut brackets = line.match_indices('[').take(4).map(|(at, _)| at);
    let at = at.or_else(|| brackets.find(|&at| without_stamp(&line[at..]).1));
    let at = at.or_else(|| {
        let message = record::parse(line).message;
        opening(message).and_then(|_| line.find(message))
    })?;
    let (text, is_stamped) = without_stamp(&line[at..]);
    Some((&line[..at], text, is_stamped))
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        let (line, is_stamped) = without_stamp(line);
        if self.part == Part::Line {
            return Step::Over;
        }
        // Between the kernel's lines stand other programs'.
        if is_stamped != self.is_stamped || !is_stamped && record::is_start(line) {
            return Step::Foreign;
        }
        self.n_lines += 1;
        let text = line.trim();
        match self.part {
            Part::Details => self.push_detail(text),
            Part::Calls => self.push_call(text),
            Part::Rest | Part::Line => self.push_rest(text),
        }
    }

    fn push_detail(&mut self, text: &str) -> Step {
        if is_stack_title(text) {
            self.part = Part::Calls;
        } else if is_call_from(text) {
            // Older kernels for ARM print no title.
            self.part = Part::Calls;
            return self.push_call(text);
        } else if text.starts_with("---[ end ") {
            self.part = Part::Rest;
        } else if let Some(frame) = at(text) {
            self.innermost.get_or_insert(frame);
        } else if self.n_lines > MAX_DETAILS
            || opening(text).is_some_and(|exception| !self.goes_on(&exception))
        {
            return Step::Over;
        }
        Step::Taken
    }

    /// Whether the line that would open a report belongs to this one: `Oops: 0002 [#1]`, `invalid opcode: 0000 [#1]`.
    fn goes_on(&self, exception: &Exception) -> bool {
        let is_code = exception.message.contains("[#") || exception.type_name == "Kernel panic";
        is_code && self.stack.len() == 0
    }

    fn push_call(&mut self, text: &str) -> Step {
        if matches!(
            text,
            "<TASK>" | "</TASK>" | "<IRQ>" | "</IRQ>" | "<NMI>" | "</NMI>" | "<EOI>"
        ) || text.is_empty()
        {
            return Step::Taken;
        }
        // Since 5.12 the registers of an interrupted program stand within.
        if let Some((frame, is_sure)) = call(text) {
            if is_sure {
                self.add(frame);
            }
            return Step::Taken;
        }
        self.part = Part::Rest;
        self.push_rest(text)
    }

    fn add(&mut self, frame: Frame) {
        if self.stack.len() == 0 {
            self.stack.add(self.exception.clone(), None);
            // ARM's stack begins with the function itself, x86's with its caller.
            let innermost = self.innermost.take();
            if let Some(innermost) = innermost.filter(|own| own.function != frame.function) {
                self.stack.frame(0, innermost);
            }
        }
        self.stack.frame(0, frame);
    }

    fn push_rest(&mut self, text: &str) -> Step {
        let is_detail = text.is_empty()
            || is_stack_title(text)
            || call(text).is_some()
            || at(text).is_some()
            || text.starts_with(['<', '>', '^', '='])
            || [
                "---[ end ",
                "Kernel panic",
                "Kernel Offset",
                "Code: ",
                "RSP ",
                "Modules linked in:",
            ]
            .iter()
            .any(|beginning| text.starts_with(beginning))
            || is_dump(text)
            || self.exception.type_name == "KASAN" && !text.contains("BUG: ");
        let is_panic = self.exception.type_name == "Kernel panic";
        let is_next = opening(text)
            .is_some_and(|exception| exception.type_name != "Kernel panic" || is_panic);
        if is_detail && !is_next && self.n_lines < MAX_OTHER_LINES {
            Step::Taken
        } else {
            Step::Over
        }
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Parsed {
        if self.stack.len() == 0 {
            self.stack.add(self.exception, None);
            if let Some(frame) = self.innermost {
                self.stack.frame(0, frame);
            }
        }
        Parsed {
            platform: Platform::Native,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}

fn is_stack_title(text: &str) -> bool {
    let text = text.trim_end_matches([':', ' ']);
    text.eq_ignore_ascii_case("call trace") || text.eq_ignore_ascii_case("backtrace")
}

/// Registers (`RAX: 0000…`, `x29: ffff…`, `pc : …`) and memory.
fn is_dump(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or(text).trim_end_matches(':');
    let is_hex = first.len() >= 8 && first.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_register = first.len() <= 6
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (text[first.len()..].starts_with(": ") || text[first.len()..].starts_with(" : "));
    is_hex || is_register
}
