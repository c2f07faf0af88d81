//! Lines in, whole records out.

use std::{
    collections::VecDeque,
    io::Read,
    time::{Duration, Instant},
};

use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use super::{
    container::{Streams, container_record, cri, passed},
    head::{self, Head},
    layout::{Layout, continues},
};
use crate::{
    json,
    limits::{MAX_NAME_BYTES, MAX_OPEN_RECORDS, MAX_RECORD_TEXT_BYTES, MAX_TEXT_LINE_BYTES, cut},
    outcome::Collected,
    read::{ReadError, Redaction},
    source::{Source, clean},
    text::TextReader,
};

/// One record of a log, of one line or of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// When it was written, as it says; not interpreted.
    pub timestamp: Option<String>,
    /// The level in lower case, a word where the layout has a letter or number.
    pub level: Option<String>,
    /// The logger, class, program or source line that wrote it.
    pub logger: Option<String>,
    /// The thread, process or request.
    pub thread: Option<String>,
    /// What was said, without what the layout puts before; further lines as they are, without escape sequences. Beyond
    /// [`crate::limits::MAX_RECORD_TEXT_BYTES`] lines are counted only.
    pub message: String,
    /// The number of its first line in the input, from 1.
    pub line: u64,
    /// How many lines it has.
    pub lines: u64,
}

/// The given pattern is no regular expression.
#[derive(Debug, thiserror::Error)]
#[error("the pattern for a record's first line can't be used")]
pub struct UnusablePattern(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Puts the lines of an input together to records. Every line ends in exactly one.
///
/// Of a container runtime's line, the pieces of one line count as one line.
#[derive(Debug)]
pub struct RecordReader {
    streams: Streams<Assembler>,
    layout: Layout,
    n_lines: u64,
    /// When the last line came.
    now: Option<Instant>,
}

/// Reads all records of an input and hands each to `sink` as soon as it is whole, its message redacted.
///
/// # Errors
/// If the input fails.
pub fn read_records<R: Read>(
    input: R,
    mut reader: RecordReader,
    redaction: &Redaction,
    mut sink: impl FnMut(Record),
) -> Result<(), ReadError> {
    let redactor = redaction.redactor();
    let mut sink = |mut record: Record| {
        if let Some(redactor) = &redactor {
            record.message = redactor.text(&record.message);
        }
        sink(record);
    };
    let mut source = Source::new(input);
    // Nothing is flushed by time here: the input has an end.
    let now = Instant::now();
    while let Some(line) = source.line()? {
        reader.line(line.bytes, now, &mut sink);
    }
    reader.finish(&mut sink);
    Ok(())
}

impl Default for RecordReader {
    fn default() -> Self {
        Self::with(Layout::default())
    }
}

impl RecordReader {
    /// A reader that takes what matches the regular expression for a record's first line, instead of guessing.
    ///
    /// # Errors
    /// If it is none.
    pub fn with_start(pattern: &str) -> Result<Self, UnusablePattern> {
        let pattern = Regex::new(pattern).map_err(|error| UnusablePattern(error.into()))?;
        Ok(Self::with(Layout::given(pattern)))
    }

    fn with(layout: Layout) -> Self {
        Self {
            streams: Streams::new(Assembler::new(layout.clone())),
            layout,
            n_lines: 0,
            now: None,
        }
    }

    /// Takes the next line, without its line feed, that came at `now`.
    pub fn line(&mut self, bytes: &[u8], now: Instant, sink: &mut dyn FnMut(Record)) {
        self.n_lines += 1;
        self.now = Some(now);
        match cri(bytes) {
            Some(line) => {
                let at = self.stream(line.stream, sink);
                self.piece(at, line.content, line.is_part, Some(line.timestamp), sink);
            }
            None => self.content(0, bytes, None, sink),
        }
    }

    /// Hands over what has got no line for `idle`, also the beginning of a record that may never end.
    pub fn flush_idle(&mut self, now: Instant, idle: Duration, sink: &mut dyn FnMut(Record)) {
        for at in 0..self.streams.len() {
            let last = self.streams.reader(at).last;
            if last.is_some_and(|last| now.saturating_duration_since(last) >= idle) {
                self.flush(at, sink);
            }
        }
    }

    /// Hands over what is left.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Record)) {
        for at in 0..self.streams.len() {
            self.flush(at, sink);
        }
    }

    fn flush(&mut self, at: usize, sink: &mut dyn FnMut(Record)) {
        if let Some(partial) = self.streams.take_partial(at) {
            self.content(at, &partial, None, sink);
        }
        self.streams.reader(at).finish(sink);
    }

    /// A stream by name.
    fn stream(&mut self, name: &str, sink: &mut dyn FnMut(Record)) -> usize {
        let layout = &self.layout;
        let (at, oldest) = self.streams.at(name, || Assembler::new(layout.clone()));
        if let Some((mut oldest, partial)) = oldest {
            if !partial.is_empty() {
                oldest.line(
                    &clean(&partial, MAX_TEXT_LINE_BYTES),
                    None,
                    self.n_lines,
                    sink,
                );
            }
            oldest.finish(sink);
        }
        at
    }

    /// A piece of a stream's line; the last one if not `is_part`.
    fn piece(
        &mut self,
        at: usize,
        piece: &[u8],
        is_part: bool,
        timestamp: Option<&str>,
        sink: &mut dyn FnMut(Record),
    ) {
        self.streams.reader(at).last = self.now;
        if let Some((whole, _)) = self.streams.whole(at, piece, is_part) {
            self.content(at, &whole, timestamp, sink);
        }
    }

    /// A whole line of a stream, text or JSON.
    fn content(
        &mut self,
        at: usize,
        bytes: &[u8],
        timestamp: Option<&str>,
        sink: &mut dyn FnMut(Record),
    ) {
        let text = clean(bytes, MAX_TEXT_LINE_BYTES);
        let passed = passed(text.strip_prefix('\u{feff}').unwrap_or(&text));
        let timestamp = passed.timestamp.or(timestamp);
        let at = match passed.service {
            Some(service) if at == 0 => self.stream(service, sink),
            _ => at,
        };
        self.streams.reader(at).last = self.now;
        let trimmed = passed.content.trim();
        if trimmed.starts_with('{') && trimmed.ends_with('}')
            // The JSON text itself may be longer than a line of text.
            && let Ok(value) = json::parse(if bytes.len() > MAX_TEXT_LINE_BYTES { bytes.trim_ascii() } else { trimmed.as_bytes() })
        {
            return self.document(at, &value, timestamp, sink);
        }
        let n = self.n_lines;
        self.streams
            .reader(at)
            .line(passed.content, timestamp, n, sink);
    }

    fn document(
        &mut self,
        at: usize,
        value: &Value,
        timestamp: Option<&str>,
        sink: &mut dyn FnMut(Record),
    ) {
        if let Some(record) = container_record(value)
            && at == 0
        {
            let at = self.stream(&record.stream, sink);
            for (piece, is_part) in self.streams.pieces(at, record.log) {
                self.piece(at, piece, is_part, record.timestamp, sink);
            }
            return;
        }
        let mut record = json::fields(value);
        record.timestamp = record.timestamp.or_else(|| timestamp.map(str::to_owned));
        record.line = self.n_lines;
        record.lines = 1;
        self.streams.reader(at).structured(record, sink);
    }
}

/// Puts the lines of one stream together.
#[derive(Debug)]
struct Assembler {
    layout: Layout,
    /// Finds the traces, whose lines stay together.
    traces: TextReader,
    /// Records that may go on, in the order in which they began.
    open: VecDeque<Open>,
    in_goroutine: bool,
    /// When its last line came, if anything of it waits.
    last: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    record: Record,
    /// Whether each further line has the same prefix, so that other programs' lines may stand between.
    is_prefixed: bool,
    is_structured: bool,
    is_closed: bool,
}

impl Assembler {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            traces: TextReader::new(),
            open: VecDeque::new(),
            in_goroutine: false,
            last: None,
        }
    }

    fn line(&mut self, line: &str, timestamp: Option<&str>, n: u64, sink: &mut dyn FnMut(Record)) {
        let head = head::parse(line);
        self.layout.learn(line, &head);
        let in_trace = self.traces.line(line, &mut Collected::default());
        let is_start = self.layout.is_start(line, &head);
        let in_goroutine = self.goes_on_in_goroutine(line);
        let last = self.open.len().checked_sub(1);
        let at = if !is_start {
            last
        } else if self.layout.is_report() {
            None
        } else if head.start.is_none() {
            last.filter(|_| in_trace || in_goroutine)
        } else {
            self.same(&head, in_trace)
        };
        match at {
            Some(at) => self.open[at].push(if is_start && head.start.is_some() {
                head.text
            } else {
                line
            }),
            None => {
                let own =
                    |part: Option<&str>| part.map(|part| cut(part, MAX_NAME_BYTES).to_owned());
                let record = Record {
                    timestamp: own(head.timestamp.or(timestamp)),
                    level: head.level.map(str::to_lowercase),
                    logger: own(head.logger),
                    thread: own(head.thread),
                    message: head.message.to_owned(),
                    line: n,
                    lines: 1,
                };
                let is_prefixed = head.is_syslog || head.thread.is_some();
                self.begin(record, is_prefixed, |open| open.is_of(&head), sink);
            }
        }
    }

    /// Takes a structured record, or one more line of the one before in the same form.
    fn structured(&mut self, record: Record, sink: &mut dyn FnMut(Record)) {
        let goes_on = record.message.starts_with([' ', '\t']) && continues(&record.message);
        match self
            .open
            .back_mut()
            .filter(|open| open.is_structured && goes_on)
        {
            Some(open) => open.push(&record.message),
            None => {
                self.begin(record, false, |_| false, sink);
                if let Some(open) = self.open.back_mut() {
                    open.is_structured = true;
                }
            }
        }
    }

    /// Go prints a call's name at the beginning of a line and its place, further in, on the next one.
    fn goes_on_in_goroutine(&mut self, line: &str) -> bool {
        let has_header = line.starts_with("goroutine ");
        self.in_goroutine =
            has_header || self.in_goroutine && (line.starts_with('\t') || line.ends_with(')'));
        self.in_goroutine
    }

    /// The open record that a line with a prefix of its own goes on, if any: syslog has a prefix before every line of
    /// a program, PostgreSQL before each part of a report.
    fn same(&self, head: &Head<'_>, in_trace: bool) -> Option<usize> {
        let at = self.open.iter().rposition(|open| open.is_of(head))?;
        let goes_on = if head.is_syslog {
            in_trace || !head.text.trim().is_empty() && continues(head.text)
        } else {
            head.level.is_none() && head.thread.is_some() && is_detail(head.message)
        };
        goes_on.then_some(at)
    }

    fn begin(
        &mut self,
        record: Record,
        is_prefixed: bool,
        is_same: impl Fn(&Open) -> bool,
        sink: &mut dyn FnMut(Record),
    ) {
        for open in &mut self.open {
            open.is_closed |= !open.is_prefixed || is_same(open);
        }
        self.open.push_back(Open {
            record,
            is_prefixed,
            is_structured: false,
            is_closed: false,
        });
        while self.open.len() > MAX_OPEN_RECORDS
            || self.open.front().is_some_and(|open| open.is_closed)
        {
            if let Some(open) = self.open.pop_front() {
                sink(open.record);
            }
        }
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Record)) {
        self.traces.finish(&mut Collected::default());
        self.open.drain(..).for_each(|open| sink(open.record));
        self.last = None;
    }
}

impl Open {
    fn is_of(&self, head: &Head<'_>) -> bool {
        self.record.thread.as_deref() == head.thread
            && (!head.is_syslog || self.record.logger.as_deref() == head.logger)
    }

    fn push(&mut self, line: &str) {
        self.record.lines += 1;
        let line = line.trim_end();
        if self.record.message.len() + line.len() < MAX_RECORD_TEXT_BYTES {
            self.record.message.push('\n');
            self.record.message.push_str(line);
        }
    }
}

/// What PostgreSQL adds to a report, under the same prefix.
fn is_detail(message: &str) -> bool {
    const LEADS: [&str; 6] = [
        "DETAIL:",
        "HINT:",
        "STATEMENT:",
        "CONTEXT:",
        "QUERY:",
        "LOCATION:",
    ];
    LEADS.iter().any(|lead| message.starts_with(lead))
}
