//! What must hold of any bytes.

use std::io::Read;

use ingest::{
    Format, LogReader, Options, Redaction, RedactionKey, Redactor, Summary, otlp, read_with,
    request,
};

pub(crate) fn redactor() -> Redactor {
    Redactor::new(RedactionKey::new([7; 16]))
}

/// Every record ends in one counted outcome.
#[track_caller]
pub(crate) fn counts(summary: &Summary, n_events: usize, input: &[u8]) {
    let shown = String::from_utf8_lossy(input);
    assert_eq!(summary.events, n_events as u64, "{shown:?}");
    let n_dropped: u64 = summary.dropped.values().sum();
    assert_eq!(summary.records, summary.events + n_dropped, "{shown:?}");
}

/// Hands over a few bytes at a time.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(self.1);
        self.0.read(&mut buffer[..n])
    }
}

/// A log is the same in pieces of any length.
pub(crate) fn log(input: &[u8], length: usize) {
    for format in [Format::Auto, Format::Text, Format::Json, Format::Sentry] {
        let options = Options {
            format,
            redaction: Redaction::With(redactor()),
        };
        let mut whole = Vec::new();
        let summary =
            read_with(input, &options, |event| whole.push(event)).expect("memory can be read");
        counts(&summary, whole.len(), input);
        let mut slow = Vec::new();
        let reader = Slowly(input, length);
        let of_slow =
            read_with(reader, &options, |event| slow.push(event)).expect("memory can be read");
        let shown = String::from_utf8_lossy(input);
        assert_eq!((slow, of_slow), (whole, summary), "{format}: {shown:?}");
    }
}

/// So is one that is read while it is written.
pub(crate) fn followed_log(input: &[u8], length: usize) {
    let mut whole = LogReader::new(Format::Auto, Some(redactor()), 0);
    whole.push(input);
    whole.flush();
    let mut pieces = LogReader::new(Format::Auto, Some(redactor()), 0);
    input.chunks(length).for_each(|chunk| pieces.push(chunk));
    pieces.flush();
    let shown = String::from_utf8_lossy(input);
    assert_eq!(pieces.take(), whole.take(), "by {length}: {shown:?}");
}

/// A body of a request is counted or refused.
pub(crate) fn body(input: &[u8]) {
    let redactor = redactor();
    let received = [
        request::envelope(input, &redactor),
        request::store(input, &redactor),
        request::lines(input, &redactor),
        otlp::json(input, &redactor),
        otlp::json_spans(input, &redactor),
        otlp::protobuf(input, &redactor),
        otlp::protobuf_spans(input, &redactor),
    ];
    for received in received.into_iter().flatten() {
        counts(&received.summary, received.events.len(), input);
    }
}

/// Redaction keeps lengths, and done twice changes nothing.
pub(crate) fn redaction(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let once = redactor().text(&text);
    assert_eq!(once.len(), text.len(), "{text:?}");
    assert_eq!(redactor().text(&once), once, "{text:?}");
}
