//! Lines of any kind: text, structured records, and either inside what a container runtime writes.

use std::sync::LazyLock;

use regex::bytes::Regex;
use serde_json::Value;

use crate::{
    json, lang,
    limits::{MAX_RECORD_BYTES, MAX_STREAMS, MAX_TEXT_LINE_BYTES},
    outcome::{Collected, DropReason, Outcomes},
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
    streams: Vec<Stream>,
}

/// One writer's lines.
#[derive(Debug)]
struct Stream {
    name: String,
    text: TextReader,
    /// The beginning of a line that the runtime split.
    partial: Vec<u8>,
    /// Whether this stream's pieces have been seen to end in line feeds, so that one without is not finished.
    has_line_feeds: bool,
}

/// What a structured record that reports an error has somewhere, or one that holds a line of text.
static JSON_TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"Traceback \(most|  at |\\n *at |\\tat |\\n\\t|goroutine \d|panicked at |:in [`']|#0 |\*\* \(|\bat .{1,200}:\d+:\d+|exc_type|"exception"|"stacktrace"|interfaces\.|File \\"|"log""#,
    )
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

impl MixedReader {
    pub(crate) fn new(reads_json: bool) -> Self {
        Self {
            reads_json,
            streams: vec![Stream::new("")],
        }
    }

    /// Takes the next line of the input.
    pub(crate) fn line(&mut self, bytes: &[u8], is_cut: bool, out: &mut dyn Outcomes) {
        if let Some((stream, timestamp, is_part, content)) = cri(bytes) {
            let at = self.stream(stream, out);
            self.piece(at, content, is_part, Some(timestamp), out);
            return;
        }
        self.inner(0, bytes, is_cut, None, out);
    }

    /// Whether nothing is unfinished: no trace is open, no line lacks its rest.
    pub(crate) fn is_idle(&self) -> bool {
        let is_idle = |stream: &Stream| !stream.text.is_busy() && stream.partial.is_empty();
        self.streams.iter().all(is_idle)
    }

    /// How many of the last lines may still be looked back at.
    pub(crate) fn n_recent(&self) -> usize {
        let recent = self.streams.iter().map(|stream| stream.text.n_recent());
        recent.max().unwrap_or(0)
    }

    /// Ends all streams.
    pub(crate) fn finish(&mut self, out: &mut dyn Outcomes) {
        for at in 0..self.streams.len() {
            let partial = std::mem::take(&mut self.streams[at].partial);
            if !partial.is_empty() {
                self.inner(at, &partial, false, None, out);
            }
        }
        for stream in &mut self.streams {
            stream.text.finish(out);
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
        let trimmed = bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(bytes)
            .trim_ascii();
        let is_json = self.reads_json
            && (trimmed.starts_with(b"{") && trimmed.ends_with(b"}")
                || trimmed.starts_with(b"[") && trimmed.ends_with(b"]"));
        if is_json && JSON_TRIGGER.is_match(trimmed) {
            match json::parse(trimmed) {
                Ok(value) => return self.document(at, value, out),
                Err(DropReason::TooDeep) => return out.dropped(DropReason::TooDeep),
                Err(_) => {}
            }
        }
        if is_cut && self.reads_json && trimmed.starts_with(b"{") {
            return out.dropped(DropReason::TooLarge);
        }
        let reader = &mut self.streams[at].text;
        let head = &bytes[..bytes.len().min(MAX_TEXT_LINE_BYTES)];
        if !reader.is_busy() && !lang::may_begin(head) {
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
            _ => reader.line(&line, out),
        }
    }

    fn document(&mut self, at: usize, value: Value, out: &mut dyn Outcomes) {
        if at == 0
            && let Some((name, log, timestamp)) = container_line(&value)
        {
            let at = self.stream(&name, out);
            for line in log.split_inclusive('\n') {
                let content = line.strip_suffix('\n');
                let stream = &mut self.streams[at];
                stream.has_line_feeds |= content.is_some();
                let is_part = content.is_none() && stream.has_line_feeds;
                self.piece(
                    at,
                    content.unwrap_or(line).as_bytes(),
                    is_part,
                    timestamp,
                    out,
                );
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
        let stream = &mut self.streams[at];
        if is_part || !stream.partial.is_empty() {
            let room = MAX_RECORD_BYTES.saturating_sub(stream.partial.len());
            stream
                .partial
                .extend_from_slice(&content[..content.len().min(room)]);
            if is_part {
                return;
            }
            let whole = std::mem::take(&mut stream.partial);
            self.inner(at, &whole, whole.len() >= MAX_RECORD_BYTES, timestamp, out);
        } else {
            self.inner(at, content, false, timestamp, out);
        }
    }

    /// The index of a stream by name; beyond [`MAX_STREAMS`] the oldest makes room.
    fn stream(&mut self, name: &str, out: &mut dyn Outcomes) -> usize {
        if let Some(at) = self.streams.iter().position(|stream| stream.name == name) {
            return at;
        }
        if self.streams.len() > MAX_STREAMS {
            let mut oldest = self.streams.remove(1);
            oldest.text.finish(out);
        }
        self.streams.push(Stream::new(name));
        self.streams.len() - 1
    }
}

impl Stream {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: TextReader::new(),
            partial: Vec::new(),
            has_line_feeds: false,
        }
    }
}

/// A line of the Kubernetes container runtime interface: `<RFC 3339 time> stdout F <content>`; `P` for a part.
///
/// Source: <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>.
fn cri(bytes: &[u8]) -> Option<(&str, &str, bool, &[u8])> {
    if bytes.len() < 30 || bytes[4] != b'-' || bytes[10] != b'T' || !bytes[0].is_ascii_digit() {
        return None;
    }
    let mut fields = bytes.splitn(4, |&byte| byte == b' ');
    let timestamp = std::str::from_utf8(fields.next()?).ok()?;
    let stream = match fields.next()? {
        b"stdout" => "stdout",
        b"stderr" => "stderr",
        _ => return None,
    };
    let is_part = match fields.next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some((stream, timestamp, is_part, fields.next().unwrap_or(b"")))
}

/// The line inside a record of Docker's `json-file` driver, or of a collector that kept its form.
fn container_line(value: &Value) -> Option<(String, &str, Option<&str>)> {
    let record = value.as_object()?;
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let log = text("log")?;
    let stream = text("stream");
    if stream.is_none()
        && !record.contains_key("kubernetes")
        && !(record.len() == 2 && record.contains_key("time"))
    {
        return None;
    }
    let of = |key: &str, inner: &str| {
        record
            .get(key)
            .and_then(|value| value.get(inner))
            .and_then(Value::as_str)
    };
    let owner = text("container_id")
        .or(of("docker", "container_id"))
        .or(of("kubernetes", "pod_name"));
    Some((
        format!("{} {}", stream.unwrap_or(""), owner.unwrap_or("")),
        log,
        text("time").or(text("timestamp")),
    ))
}
