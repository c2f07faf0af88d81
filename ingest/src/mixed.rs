//! Lines of any kind: text, structured records, and either inside what a container runtime writes.

use std::sync::LazyLock;

use regex::bytes::Regex;
use serde_json::Value;

use crate::{
    json, lang,
    limits::MAX_TEXT_LINE_BYTES,
    outcome::{Collected, DropReason, Outcomes},
    pattern::bytes_regex,
    quiet::Pieces,
    record::{
        container::{Streams, container_record, cri, passed},
        errors,
    },
    source::clean,
    text::{
        self, TextReader,
        folded::{self, Unfolded},
    },
};

/// Reads lines, each text or JSON, keeping streams apart.
#[derive(Debug)]
pub(crate) struct MixedReader {
    reads_json: bool,
    streams: Streams<TextReader>,
}

/// What a structured record that reports an error has somewhere, or one that holds a line of text. [`crate::quiet`] looks for
/// the same, and for less than the rest of [`JSON_TRIGGER`].
pub(crate) const JSON_LITERALS: &str = r#"Traceback \(most|  at |\\tat |\\n\\t|panicked at |:in [`']|#0 |\*\* \(|exc_type|"exception"|"stacktrace"|interfaces\.|"event_id"|"resource(?:Logs|_logs)"|File \\"|"log"|"usedImages""#;

static JSON_TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
    bytes_regex(&format!(
        r"{JSON_LITERALS}|\\n *at |goroutine \d|\bat .{{1,200}}:\d+:\d+"
    ))
});

/// A line without a byte order mark and the blanks at its ends.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.trim_ascii()
}

/// The object or array that a line looks like, without what passed the line on has put before it.
pub(crate) fn json_in(line: &[u8]) -> Option<&[u8]> {
    if !line.trim_ascii_end().ends_with(b"}") && !line.trim_ascii_end().ends_with(b"]") {
        return None;
    }
    let line = trimmed(line);
    let json = if line.ends_with(b"}") && !line.starts_with(b"{") {
        std::str::from_utf8(line).map_or(line, |text| passed(text).content.as_bytes())
    } else {
        line
    };
    let is_in = |open, close| json.starts_with(open) && json.ends_with(close);
    (is_in(b"{", b"}") || is_in(b"[", b"]")).then_some(json)
}

impl MixedReader {
    pub(crate) fn new(reads_json: bool) -> Self {
        Self {
            reads_json,
            streams: Streams::new(TextReader::new()),
        }
    }

    /// The pieces that whole lines fall into.
    pub(crate) fn pieces<'a>(&self, bytes: &'a [u8]) -> Pieces<'a> {
        Pieces::of(bytes, self.reads_json)
    }

    /// Whether every line matters, so that none can be [passed over](Self::pass).
    pub(crate) fn reads_all(&self) -> bool {
        let reader = self.streams.first();
        reader.is_busy() || reader.is_learning()
    }

    /// Takes `n` lines that are quiet, as [`Self::line`] would one by one.
    pub(crate) fn pass(&mut self, lines: &[u8], n: u64, out: &mut dyn Outcomes) {
        out.dropped_many(DropReason::NoError, n);
        self.streams.reader(0).pass_lines(lines);
    }

    /// Takes the next line of the input.
    pub(crate) fn line(&mut self, bytes: &[u8], is_cut: bool, out: &mut dyn Outcomes) {
        if let Some(line) = cri(bytes) {
            let at = self.stream(line.stream, out);
            self.piece(at, line.content, line.is_part, Some(line.timestamp), out);
            return;
        }
        self.inner(0, bytes, is_cut, None, out);
    }

    /// Whether nothing is unfinished: no trace is open, no line lacks its rest.
    pub(crate) fn is_idle(&self) -> bool {
        !self.streams.has_partial() && !self.streams.readers().any(TextReader::is_busy)
    }

    /// How many of the last lines may still be looked back at.
    pub(crate) fn n_recent(&self) -> usize {
        let recent = self.streams.readers().map(TextReader::n_recent);
        recent.max().unwrap_or(0)
    }

    /// Ends all streams.
    pub(crate) fn finish(&mut self, out: &mut dyn Outcomes) {
        for at in 0..self.streams.len() {
            if let Some(partial) = self.streams.take_partial(at) {
                self.inner(at, &partial, false, None, out);
            }
            self.streams.reader(at).finish(out);
        }
    }

    /// A line of a stream: JSON if it can be, else text.
    fn inner(
        &mut self,
        at: usize,
        bytes: &[u8],
        is_cut: bool,
        timestamp: Option<&str>,
        out: &mut dyn Outcomes,
    ) {
        let json = self.reads_json.then(|| json_in(bytes)).flatten();
        if let Some(json) = json
            && (JSON_TRIGGER.is_match(json) || errors::JSON_TRIGGER.is_match(json))
        {
            match json::parse(json) {
                Ok(value) => return self.document(at, value, out),
                Err(DropReason::TooDeep) => return out.dropped(DropReason::TooDeep),
                Err(_) => {}
            }
        }
        if is_cut && self.reads_json && json.unwrap_or(trimmed(bytes)).starts_with(b"{") {
            return out.dropped(DropReason::TooLarge);
        }
        let reader = self.streams.reader(at);
        let head = &bytes[..bytes.len().min(MAX_TEXT_LINE_BYTES)];
        let is_object = json.is_some_and(|json| json.starts_with(b"{"));
        let may_matter = || lang::stands_out(head) || !is_object && errors::may_begin(head);
        if !reader.is_busy() && !reader.is_learning() && !may_matter() {
            out.dropped(DropReason::NoError);
            reader.pass(head);
            return;
        }
        reader.set_timestamp(timestamp);
        let line = clean(head, MAX_TEXT_LINE_BYTES);
        match folded::unfold(&line) {
            Some(Unfolded::Record(record)) if self.reads_json => json::document(record, out),
            Some(Unfolded::Text(unfolded)) => {
                let mut collected = Collected::default();
                text::read_whole(&unfolded, &mut collected);
                if collected.events.is_empty() {
                    out.dropped(if collected.is_torn {
                        DropReason::Torn
                    } else {
                        DropReason::NoError
                    });
                }
                collected
                    .events
                    .into_iter()
                    .for_each(|event| out.event(event));
            }
            _ => {
                reader.line(&line, out);
            }
        }
    }

    fn document(&mut self, at: usize, value: Value, out: &mut dyn Outcomes) {
        if at == 0
            && let Some(record) = container_record(&value)
        {
            let at = self.stream(&record.stream, out);
            for (piece, is_part) in self.streams.pieces(at, record.log) {
                self.piece(at, piece, is_part, record.timestamp, out);
            }
            return;
        }
        json::document(value, out);
    }

    /// A piece of a stream's line; the last one if not `is_part`.
    fn piece(
        &mut self,
        at: usize,
        content: &[u8],
        is_part: bool,
        timestamp: Option<&str>,
        out: &mut dyn Outcomes,
    ) {
        if let Some((whole, is_cut)) = self.streams.whole(at, content, is_part) {
            self.inner(at, &whole, is_cut, timestamp, out);
        }
    }

    /// The index of a stream by name; beyond [`crate::limits::MAX_STREAMS`] the oldest makes room.
    fn stream(&mut self, name: &str, out: &mut dyn Outcomes) -> usize {
        let (at, oldest) = self.streams.at(name, TextReader::new);
        if let Some((mut oldest, partial)) = oldest {
            if !partial.is_empty() {
                oldest.line(&clean(&partial, MAX_TEXT_LINE_BYTES), out);
            }
            oldest.finish(out);
        }
        at
    }
}
