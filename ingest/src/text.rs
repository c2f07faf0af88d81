//! Lines of text in, traces out: finds them between ordinary lines, under whatever prefix, and keeps those of
//! several writers apart.

pub(crate) mod folded;
pub(crate) mod prefix;
pub(crate) mod record;

use std::collections::VecDeque;

use serde_json::Value;

use self::{prefix::Prefix, record::Record};
use crate::{
    event::{ErrorEvent, Platform},
    lang::{
        self, Above, Begun, Ending, Parsed, Step,
        python::{self, HEADER, Strictness, exception_line},
    },
    limits::{MAX_MESSAGE_BYTES, MAX_OPEN_TRACES, cut},
    outcome::{DropReason, Outcomes},
    quiet::last_lines,
    record::errors::Errors,
    source::clean,
};

/// Lines remembered for what they say about a trace that follows them.
const N_RECENT: usize = 8;
/// Lines remembered because a trace may have begun there.
const N_KEPT: usize = Above::MAX + N_RECENT;
/// Bytes of lines remembered, roughly.
const MAX_KEPT_BYTES: usize = 8 * MAX_MESSAGE_BYTES;
/// Lines for which a finished trace waits for its chain to go on, while others' lines pass by.
const MAX_IDLE_LINES: usize = 256;
/// The same for the languages whose runtimes write a trace in one go.
const MAX_IDLE_LINES_AT_ONCE: usize = 12;

/// Finds traces in the lines of one stream.
#[derive(Debug)]
pub(crate) struct TextReader {
    /// The lines before, as they came.
    recent: VecDeque<Vec<u8>>,
    n_recent_bytes: usize,
    open: Vec<Open>,
    /// Records that report an error and have no trace so far.
    errors: Errors,
    is_whole: bool,
    /// When the runtime that wrapped the line says that it was written.
    timestamp: Option<String>,
}

/// A trace that is being read.
#[derive(Debug)]
struct Open {
    prefix: Option<Prefix>,
    /// What stood before the header on its line.
    lead: String,
    is_group: bool,
    trace: Trace,
    context: Context,
    /// An exception's line that was printed before the header.
    announced: Option<String>,
    n_idle: usize,
    /// The record that the trace belongs to: an error even if nothing comes of the trace.
    record: Option<ErrorEvent>,
}

#[derive(Debug)]
enum Trace {
    Python(Box<python::Trace>),
    /// In another language.
    Other(lang::Trace),
}

/// What the log record around a trace says.
#[derive(Debug, Default)]
struct Context {
    timestamp: Option<String>,
    level: Option<String>,
    logger: Option<String>,
    message: Option<String>,
}

impl TextReader {
    /// A reader of a log.
    pub(crate) fn new() -> Self {
        Self {
            recent: VecDeque::new(),
            n_recent_bytes: 0,
            open: Vec::new(),
            errors: Errors::default(),
            is_whole: false,
            timestamp: None,
        }
    }

    /// Whether a trace or an error record is being read, so that every line matters.
    pub(crate) fn is_busy(&self) -> bool {
        !self.open.is_empty() || self.errors.is_busy()
    }

    /// Whether the stream's layout is still to be learned from its lines.
    pub(crate) fn is_learning(&self) -> bool {
        self.errors.is_learning()
    }

    /// How many lines are remembered that have no part in any trace yet.
    pub(crate) fn n_recent(&self) -> usize {
        self.recent.len()
    }

    /// Remembers a line that has no part in any trace.
    pub(crate) fn pass(&mut self, line: &[u8]) {
        let line = &line[..line.len().min(MAX_MESSAGE_BYTES)];
        let mut kept = Vec::new();
        while self.recent.len() >= N_KEPT || self.n_recent_bytes > MAX_KEPT_BYTES {
            kept = self.recent.pop_front().unwrap_or_default();
            self.n_recent_bytes -= kept.len();
        }
        kept.clear();
        kept.extend_from_slice(line);
        self.n_recent_bytes += kept.len();
        self.recent.push_back(kept);
    }

    /// Remembers whole lines that have no part in any trace.
    pub(crate) fn pass_lines(&mut self, lines: &[u8]) {
        // Those before them would be forgotten again.
        let lines = last_lines(lines, N_KEPT);
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            self.pass(&lines[from..end]);
            from = end + 1;
        }
    }

    /// Forgets the lines before.
    fn forget(&mut self) {
        self.recent.clear();
        self.n_recent_bytes = 0;
    }

    /// Says when the following lines were written, if their wrapper knows.
    pub(crate) fn set_timestamp(&mut self, timestamp: Option<&str>) {
        if self.timestamp.as_deref() != timestamp {
            self.timestamp = timestamp.map(str::to_owned);
        }
    }

    /// The lines before the `n` nearest ones, nearest first.
    fn recent(&self, n: usize) -> Vec<String> {
        self.recent
            .iter()
            .rev()
            .skip(n)
            .take(N_RECENT)
            .map(|line| clean(line, MAX_MESSAGE_BYTES).into_owned())
            .collect()
    }

    /// Takes the next line. Whether it goes on a trace that began before.
    pub(crate) fn line(&mut self, line: &str, out: &mut dyn Outcomes) -> bool {
        if self.offer(line, out) {
            return true;
        }
        if lang::may_begin(line.as_bytes())
            && let Some(n_above) = self.begin(line)
        {
            let timestamp = self.timestamp.as_deref();
            let record = self.errors.trace(line, n_above, timestamp, out);
            if let Some(open) = self.open.last_mut() {
                open.record = record;
            }
            if self.open.len() > MAX_OPEN_TRACES {
                let oldest = self.open.remove(0);
                oldest.finish(out);
            }
            return false;
        }
        if self.is_whole || !self.errors.line(line, self.timestamp.as_deref(), out) {
            out.dropped(DropReason::NoError);
        }
        self.pass(line.as_bytes());
        false
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut dyn Outcomes) {
        for open in self.open.drain(..) {
            open.finish(out);
        }
        self.errors.finish(out);
        self.forget();
    }

    /// Gives the line to the open trace that it belongs to, if any.
    fn offer(&mut self, line: &str, out: &mut dyn Outcomes) -> bool {
        let mut order: Vec<usize> = (0..self.open.len()).rev().collect();
        order.sort_by_key(|&at| {
            std::cmp::Reverse(
                self.open[at]
                    .prefix
                    .as_ref()
                    .map_or(usize::MAX, Prefix::len),
            )
        });
        let mut over = Vec::new();
        let mut is_taken = false;
        for at in order {
            match self.open[at].push(line) {
                Some(Step::Taken) => {
                    self.open[at].n_idle = 0;
                    is_taken = true;
                    break;
                }
                Some(Step::Over) => over.push(at),
                Some(Step::Foreign) | None => {
                    self.open[at].n_idle += 1;
                    let limit = match self.open[at].trace {
                        Trace::Python(_) => MAX_IDLE_LINES,
                        Trace::Other(_) => MAX_IDLE_LINES_AT_ONCE,
                    };
                    if self.open[at].n_idle > limit {
                        over.push(at);
                    }
                }
            }
        }
        over.sort_unstable();
        for at in over.iter().rev() {
            let open = self.open.remove(*at);
            open.finish(out);
            self.forget();
        }
        is_taken
    }

    /// Opens a trace if the line is the first one of it, and says how many lines above belong to it.
    fn begin(&mut self, line: &str) -> Option<usize> {
        let trimmed = line.trim_end();
        if let Some(lead) = trimmed.strip_suffix(HEADER) {
            let is_group = lead.ends_with("Exception Group ");
            let lead = lead.strip_suffix("Exception Group ").unwrap_or(lead);
            let lead = if is_group {
                lead.strip_suffix("+ ")
                    .map_or(lead, |lead| lead.strip_suffix("  ").unwrap_or(lead))
            } else {
                lead
            };
            let recent = self.recent(0);
            let has_title = recent
                .get(1)
                .is_some_and(|line| line.contains("Uncaught Python exception"));
            let strictness = if has_title {
                Strictness::Expected
            } else {
                Strictness::Anywhere
            };
            let announced = recent.first().map(|line| line.trim().to_owned());
            let announced = announced.filter(|line| exception_line(line, strictness).is_some());
            let trace = python::Trace::new(
                if self.is_whole {
                    Ending::Whole
                } else {
                    Ending::Plain
                },
                is_group,
            );
            self.open.push(Open {
                prefix: None,
                lead: lead.to_owned(),
                is_group,
                trace: Trace::Python(Box::new(trace)),
                context: Context::of(lead, &recent, self.timestamp.as_deref()),
                announced,
                n_idle: 0,
                record: None,
            });
            return Some(0);
        }
        if let Some((path, line_number)) = python::location_line(trimmed) {
            let indent = &trimmed[..trimmed.len() - trimmed.trim_start().len()];
            let base = indent.strip_suffix("  ").unwrap_or(indent);
            let ending = if self.is_whole {
                Ending::Whole
            } else {
                Ending::Plain
            };
            let trace = python::Trace::at_location(ending, path, line_number);
            let context = Context::of("", &self.recent(0), self.timestamp.as_deref());
            self.open.push(Open {
                prefix: Some(Prefix::of(base)),
                lead: String::new(),
                is_group: false,
                trace: Trace::Python(Box::new(trace)),
                context,
                announced: None,
                n_idle: 0,
                record: None,
            });
            return Some(0);
        }
        let begun = lang::begin(trimmed, Above(&self.recent))?;
        let n_above = begun.n_above;
        self.open(begun);
        Some(n_above)
    }

    /// Opens a trace in another language than Python.
    fn open(&mut self, begun: Begun) {
        let timestamp = self.timestamp.as_deref();
        let mut context = Context::default();
        context.merge(&record::parse(&begun.before));
        let n_above = Above(&self.recent).reach(&Prefix::of(&begun.lead), begun.n_above);
        context.or(Context::of(&begun.lead, &self.recent(n_above), timestamp));
        self.forget();
        // Of Ruby's traceback with the oldest call first, Python's parser took the header.
        let is_others = matches!(begun.trace, lang::Trace::Ruby(_));
        self.open.retain(|open| {
            !(is_others && open.prefix.is_none() && matches!(open.trace, Trace::Python(_)))
        });
        self.open.push(Open {
            prefix: begun.is_everywhere.then(|| Prefix::of(&begun.lead)),
            lead: begun.lead,
            is_group: false,
            trace: Trace::Other(begun.trace),
            context,
            announced: None,
            n_idle: 0,
            record: None,
        });
    }
}

impl Open {
    /// `None` if the line is another writer's.
    fn push(&mut self, line: &str) -> Option<Step> {
        if self.prefix.is_none() {
            match self.trace {
                Trace::Python(_) => self.settle_prefix(line),
                Trace::Other(_) => self.settle_after_header(line),
            }
        }
        let Some(prefix) = &self.prefix else {
            // The first frame has not come yet: others may write between.
            if let Trace::Python(trace) = &mut self.trace {
                // A traceback without frames.
                let lead = Prefix::of(&self.lead);
                let is_exception =
                    |body: &&str| exception_line(body, Strictness::Anywhere).is_some();
                if let Some(body) = lead.strip(line).filter(is_exception) {
                    let step = trace.push(body);
                    self.prefix = Some(lead);
                    self.context.settle("");
                    return Some(step);
                }
                if self.n_idle == 0 && is_exception(&line) {
                    self.prefix = Some(Prefix::default());
                    self.context.settle(&self.lead);
                    return Some(trace.push(line));
                }
                if lead
                    .strip(line)
                    .is_some_and(|body| body.trim_end().ends_with(HEADER))
                {
                    return Some(Step::Over);
                }
                if line.trim().is_empty() {
                    return Some(Step::Taken);
                }
            }
            return (self.n_idle >= N_RECENT).then_some(Step::Over);
        };
        let body = prefix.strip(line)?;
        Some(match &mut self.trace {
            Trace::Python(trace) => trace.push(body),
            Trace::Other(trace) => trace.push(body),
        })
    }

    /// Learns from the line after the header whether what stood before the header stands before every line.
    fn settle_after_header(&mut self, line: &str) {
        let prefix = Prefix::of(&self.lead);
        if prefix.is_blank() {
            self.prefix = Some(Prefix::default());
        } else if prefix.strip(line).is_some() {
            self.prefix = Some(prefix);
        } else if record::is_start(&self.lead) {
            self.context.settle(&self.lead);
            self.prefix = Some(Prefix::default());
        }
    }

    /// Learns from the first frame what stands before every line.
    fn settle_prefix(&mut self, line: &str) {
        let Some(at) = line.find("File \"") else {
            return;
        };
        let is_frame = python::frame_line(&line[at..]).is_some()
            || python::location_line(&line[at..]).is_some();
        if !is_frame {
            return;
        }
        let before = &line[..at];
        let before = before
            .strip_suffix("> ")
            .unwrap_or(before.strip_suffix("  ").unwrap_or(before));
        // A group's margin is the trace's own.
        let margin = if self.is_group {
            before.strip_suffix("  | ")
        } else {
            None
        };
        let before = margin.unwrap_or(before);
        let prefix = Prefix::of(before);
        let Some(rest) = prefix
            .strip(&self.lead)
            .or_else(|| prefix.is_blank().then_some(self.lead.as_str()))
        else {
            return;
        };
        let is_everywhere = rest.trim().is_empty() && !prefix.is_blank();
        self.context.settle(if is_everywhere { "" } else { rest });
        if let Trace::Python(trace) = &mut self.trace {
            if !is_everywhere && self.context.timestamp.is_some() | self.context.level.is_some() {
                trace.set_ending_unless_whole(Ending::Record);
            } else if is_everywhere {
                trace.set_ending_unless_whole(Ending::Prefixed);
            }
        }
        self.prefix = Some(prefix);
    }

    fn finish(self, out: &mut dyn Outcomes) {
        let (parsed, syntax, reason) = match self.trace {
            Trace::Python(trace) => {
                let reason = if trace.is_bare() {
                    DropReason::NoError
                } else {
                    DropReason::Torn
                };
                let (exceptions, syntax) = trace.finish(self.announced.as_deref());
                let parsed = Parsed {
                    platform: Platform::Python,
                    exceptions,
                    ..Parsed::default()
                };
                (parsed, syntax, reason)
            }
            Trace::Other(trace) => (trace.finish(), None, DropReason::NoError),
        };
        if parsed.exceptions.is_empty() {
            return match self.record {
                Some(record) => out.event(record),
                None => out.dropped(reason),
            };
        }
        let mut event = ErrorEvent {
            platform: parsed.platform,
            exceptions: parsed.exceptions,
            ..ErrorEvent::default()
        };
        event.timestamp = self.context.timestamp;
        event.message = self.context.message;
        if let Some(record) = self.record {
            event.fill(record);
        }
        let attributes = [
            ("level", self.context.level),
            ("logger", self.context.logger),
        ];
        for (key, value) in attributes {
            if let Some(value) = value {
                event
                    .attributes
                    .insert(key.to_owned(), Value::String(value));
            }
        }
        for (key, value) in parsed.attributes {
            event.attributes.insert(key.to_owned(), value);
        }
        if let Some(syntax) = syntax {
            event.attributes.insert("syntax_error".to_owned(), syntax);
        }
        out.event(event);
    }
}

impl Context {
    /// Reads what stands before the header: on its line, or in the record whose lines came just before.
    fn of(lead: &str, recent: &[String], timestamp: Option<&str>) -> Self {
        let mut context = Self::read(lead, recent);
        context.timestamp = context.timestamp.or_else(|| timestamp.map(str::to_owned));
        context
    }

    fn read(lead: &str, recent: &[String]) -> Self {
        let mut context = Self::default();
        // Whether the rest of the lead is a message shows with the first frame.
        context.merge(&Record {
            message: "",
            ..record::parse(lead)
        });
        let prefix = Prefix::of(lead);
        let mut lines = Vec::new();
        for line in recent {
            let Some(body) = prefix
                .strip(line)
                .map(str::trim_end)
                .filter(|body| !body.is_empty())
            else {
                break;
            };
            lines.push(body);
            if record::is_start(body) {
                break;
            }
        }
        let Some(&first) = lines.last() else {
            return context;
        };
        if !record::is_start(first) {
            // No record in sight: only the line right before can be about this trace.
            lines.truncate(1);
        }
        lines.reverse();
        let record = record::parse(lines[0]);
        let mut message = record.message.to_owned();
        for line in &lines[1..] {
            message.push('\n');
            message.push_str(line);
        }
        context.merge(&Record {
            message: &message,
            ..record
        });
        context
    }

    /// Takes what stands before the header on its line alone: it is the message then.
    fn settle(&mut self, lead: &str) {
        let record = record::parse(lead);
        if record.message.chars().any(char::is_alphanumeric) {
            self.message = None;
            self.merge(&record);
        }
    }

    /// Fills what is missing from another one.
    fn or(&mut self, other: Self) {
        self.timestamp = self.timestamp.take().or(other.timestamp);
        self.level = self.level.take().or(other.level);
        self.logger = self.logger.take().or(other.logger);
        self.message = self.message.take().or(other.message);
    }

    fn merge(&mut self, record: &Record<'_>) {
        let own = |text: &str| Some(text.to_owned());
        self.timestamp = self
            .timestamp
            .take()
            .or_else(|| record.timestamp.and_then(own));
        self.level = self
            .level
            .take()
            .or_else(|| record.level.map(str::to_lowercase));
        self.logger = self.logger.take().or_else(|| record.logger.and_then(own));
        if self.message.is_none() && record.message.chars().any(char::is_alphanumeric) {
            self.message = own(cut(record.message, MAX_MESSAGE_BYTES));
        }
    }
}

/// Reads all traces of a text that holds nothing else, such as a field of a structured record.
pub(crate) fn read_whole(text: &str, out: &mut dyn Outcomes) {
    let mut reader = TextReader {
        is_whole: true,
        ..TextReader::new()
    };
    for line in text.lines() {
        reader.line(
            cut(
                line.trim_end_matches('\r'),
                crate::limits::MAX_TEXT_LINE_BYTES,
            ),
            out,
        );
    }
    reader.finish(out);
}
