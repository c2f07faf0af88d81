//! The whole way in: tells the format, reads every record, redacts, hands the events over.

use std::{
    fmt,
    io::{self, Read},
    str::FromStr,
};

use serde_json::Value;

use crate::{
    event::ErrorEvent,
    lang::apple::ips,
    limits::SNIFF_BYTES,
    mixed::MixedReader,
    outcome::{DropReason, Outcomes, Summary},
    quiet::Piece,
    redact::{RedactionKey, Redactor},
    sentry::envelope,
    source::Source,
    splitter,
};

/// The form of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Told by its content, where in doubt line by line.
    #[default]
    Auto,
    /// Lines of text; JSON in them is not looked for.
    Text,
    /// Structured records, as a rule one a line; other lines are text.
    Json,
    /// Sentry events or envelopes.
    Sentry,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "sentry" => Ok(Self::Sentry),
            _ => Err(UnknownFormat),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
            Self::Sentry => "sentry",
        })
    }
}

/// A name that is not a [`Format`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown format, expected auto, text, json or sentry")]
pub struct UnknownFormat;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The form of the input.
    pub format: Format,
    /// Whether and how secrets and personal data are replaced.
    pub redaction: Redaction,
}

/// Whether secrets and personal data are replaced on the way in.
#[derive(Debug, Clone, Default)]
pub enum Redaction {
    /// With a random key: equal values stay equal within one [`read`] only.
    #[default]
    Random,
    /// With the project's redactor: equal values stay equal everywhere.
    With(Redactor),
    /// Not at all. For tests and for data that is public anyway.
    Off,
}

impl Redaction {
    /// What replaces them, if they are to be.
    pub(crate) fn redactor(&self) -> Option<Redactor> {
        match self {
            Self::Random => Some(Redactor::new(RedactionKey::random())),
            Self::With(redactor) => Some(redactor.clone()),
            Self::Off => None,
        }
    }
}

/// Why an input could not be read to its end. What was read before has been handed over.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input itself failed.
    #[error("the input could not be read")]
    Input(#[from] io::Error),
}

/// Reads all errors of an input, redacted with a random key, and hands each to `sink` as soon as it is complete.
///
/// Memory stays within the [`limits`](crate::limits), whatever the input's length. No content is an error: what
/// can't be understood is counted in the [`Summary`].
///
/// # Errors
/// If the input fails.
pub fn read<R: Read>(
    input: R,
    format: Format,
    sink: impl FnMut(ErrorEvent),
) -> Result<Summary, ReadError> {
    read_with(
        input,
        &Options {
            format,
            ..Options::default()
        },
        sink,
    )
}

/// [`read`] with all options.
///
/// # Errors
/// If the input fails.
pub fn read_with<R: Read>(
    input: R,
    options: &Options,
    sink: impl FnMut(ErrorEvent),
) -> Result<Summary, ReadError> {
    let mut counter = Counter {
        summary: Summary::default(),
        redactor: options.redaction.redactor(),
        sink,
    };
    let mut source = Source::new(input);
    match shape(options.format, source.peek_lines(3, SNIFF_BYTES)?) {
        Shape::Lines { reads_json } => read_lines(&mut source, reads_json, &mut counter)?,
        Shape::Documents => splitter::read(&mut source, &mut counter)?,
        Shape::Envelope => envelope::read(&mut source, &mut counter)?,
    }
    Ok(counter.summary)
}

/// How to go through an input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One record or piece of a trace a line.
    Lines { reads_json: bool },
    /// JSON documents without regard to lines.
    Documents,
    /// A Sentry envelope.
    Envelope,
}

/// Tells the shape of an input by its first bytes.
pub(crate) fn shape(format: Format, head: &[u8]) -> Shape {
    if format == Format::Text {
        return Shape::Lines { reads_json: false };
    }
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if envelope::is_start(head) {
        return Shape::Envelope;
    }
    let lines = Shape::Lines { reads_json: true };
    if !head.starts_with(b"{") && !head.starts_with(b"[") {
        return lines;
    }
    let (first, is_whole) = match memchr::memchr(b'\n', head) {
        Some(end) => (&head[..end], true),
        None => (head, false),
    };
    match serde_json::from_slice::<Value>(first) {
        // The first line of Apple's crash reports says what the document after it is.
        Ok(Value::Object(object)) if ips::is_header(&object) => Shape::Documents,
        Ok(_) => lines,
        // The document goes on in the next line, or is an array whose line may have no end.
        Err(error) if error.is_eof() && (is_whole || head.starts_with(b"[")) => Shape::Documents,
        Err(_) => lines,
    }
}

fn read_lines<R: Read>(
    source: &mut Source<R>,
    reads_json: bool,
    counter: &mut Counter<impl FnMut(ErrorEvent)>,
) -> io::Result<()> {
    let mut reader = MixedReader::new(reads_json);
    loop {
        // Of whole lines those that say nothing are passed over; the source finds the end of the line after them.
        let mut pieces = reader.pieces(source.held());
        while let Some(piece) = pieces.next(reader.reads_all()) {
            match piece {
                Piece::Quiet { lines, n } => reader.pass(lines, n, counter),
                Piece::Line(line) => reader.line(line, false, counter),
            }
        }
        let n = pieces.position();
        source.consume(n);
        let Some(line) = source.line()? else {
            break;
        };
        counter.summary.cut_lines += u64::from(line.is_cut);
        reader.line(line.bytes, line.is_cut, counter);
    }
    reader.finish(counter);
    Ok(())
}

/// Counts outcomes, redacts events and hands them over.
pub(crate) struct Counter<S> {
    pub(crate) summary: Summary,
    pub(crate) redactor: Option<Redactor>,
    pub(crate) sink: S,
}

impl<S: FnMut(ErrorEvent)> Outcomes for Counter<S> {
    fn event(&mut self, mut event: ErrorEvent) {
        self.summary.records += 1;
        self.summary.events += 1;
        if let Some(redactor) = &self.redactor {
            redactor.event(&mut event);
        }
        (self.sink)(event);
    }

    fn dropped_many(&mut self, reason: DropReason, n: u64) {
        self.summary.drop_many(reason, n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: Shape) {
        assert_eq!(shape(Format::Auto, head.as_bytes()), expected, "{head}");
    }

    #[test]
    fn shapes() {
        const LINES: Shape = Shape::Lines { reads_json: true };
        check("", LINES);
        check("2024-01-01 ERROR x\n", LINES);
        check("[2024-01-01 12:00:00] ERROR x\n", LINES);
        check("[INFO] x\n", LINES);
        check("{\"a\": 1}\n{\"a\": 2}\n", LINES);
        check("{\n  \"a\": 1\n}\n", Shape::Documents);
        check("[\n  {\n", Shape::Documents);
        check("\u{feff}{\n", Shape::Documents);
        check(
            "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\",\"sent_at\":\"2024-01-01T00:00:00Z\"}\n{\"type\":\"event\",\"length\":2}\n{}\n",
            Shape::Envelope,
        );
        check("{}\n{\"type\":\"session\"}\n{}", Shape::Envelope);
        check("{not json\n", LINES);
        check(&format!("{{\"a\": \"{}", "x".repeat(SNIFF_BYTES)), LINES);
        check(
            &format!("[{{\"a\": \"{}", "x".repeat(SNIFF_BYTES)),
            Shape::Documents,
        );
    }

    #[test]
    fn formats_have_names() {
        for format in [Format::Auto, Format::Text, Format::Json, Format::Sentry] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("yaml".parse::<Format>(), Err(UnknownFormat));
    }
}
