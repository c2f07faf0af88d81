//! What a broker's message holds: reports of its own, or lines that may go on in the next one.

use crate::{
    event::ErrorEvent,
    json, otlp,
    outcome::{DropReason, Summary},
    read::{Format, Shape, shape},
    redact::Redactor,
    request::collect,
    sentry::envelope,
    source::Source,
};

/// The first byte of a protobuf message whose field 1 is a message, as OTLP's requests begin.
const FIELD_1: u8 = 0x0a;

/// What became of a message that is read by itself.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// Redacted.
    pub(crate) events: Vec<ErrorEvent>,
    pub(crate) summary: Summary,
}

impl Whole {
    /// Why something of it can't be read.
    pub(crate) fn poison(&self) -> Option<DropReason> {
        use DropReason::{Malformed, TooDeep, TooLarge};
        let mut reasons = [Malformed, TooDeep, TooLarge].into_iter();
        reasons.find(|&reason| self.summary.n_dropped(reason) > 0)
    }
}

/// Reads a message by itself; `None` if it is lines.
pub(crate) fn whole(payload: &[u8], format: Format, redactor: &Redactor) -> Option<Whole> {
    let is_lines = match format {
        Format::Text => true,
        Format::Auto => matches!(shape(format, payload), Shape::Lines { .. }),
        Format::Json | Format::Sentry => false,
    };
    if format == Format::Auto
        && payload.first() == Some(&FIELD_1)
        // Logs are no spans: the first field of a record is a number, that of a span bytes.
        && let Ok(request) = otlp::protobuf(payload, redactor)
            .or_else(|_| otlp::protobuf_spans(payload, redactor))
    {
        return Some(Whole {
            events: request.events,
            summary: request.summary,
        });
    }
    if is_lines {
        return None;
    }
    let (events, summary) = collect(redactor, |out| {
        if envelope::is_start(payload) {
            // Reading from memory does not fail.
            drop(envelope::read(&mut Source::new(payload), out));
        } else {
            json::documents(payload, out);
        }
    });
    Some(Whole { events, summary })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::RedactionKey;

    /// How many events a message has, and whether it is poison; `None` if it is lines.
    fn read(payload: &str, format: Format) -> Option<(usize, Option<DropReason>)> {
        let redactor = Redactor::new(RedactionKey::new([1; 16]));
        let whole = whole(payload.as_bytes(), format, &redactor)?;
        Some((whole.events.len(), whole.poison()))
    }

    #[test]
    fn messages_are_lines_or_whole() {
        let error = r#"{"level": "error", "msg": "no cart"}"#;
        for line in [
            "ERROR no cart",
            "  File \"x.py\", line 3, in f",
            error,
            "{no json}",
            "\nx",
            "",
        ] {
            assert_eq!(read(line, Format::Auto), None, "{line}");
            assert_eq!(read(line, Format::Text), None, "{line}");
        }
        let pretty = "{\n\"level\": \"error\", \"msg\": \"no cart\"\n}";
        assert_eq!(read(pretty, Format::Auto), Some((1, None)));
        let envelope = "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\"}\n{\"type\":\"event\"}\n{\"exception\": {\"values\": [{\"type\": \"E\"}]}}";
        assert_eq!(read(envelope, Format::Auto), Some((1, None)));
        assert_eq!(
            read(&format!("{error}\n{error}"), Format::Json),
            Some((2, None))
        );
    }

    #[test]
    fn what_is_not_of_the_form_is_poison() {
        for format in [Format::Json, Format::Sentry] {
            for payload in ["hello", "{\"a\": ", "\u{0}\u{1}"] {
                let poison = Some((0, Some(DropReason::Malformed)));
                assert_eq!(read(payload, format), poison, "{payload:?}");
            }
            assert_eq!(read("", format), Some((0, None)));
            let deep = "[".repeat(1000) + &"]".repeat(1000);
            assert_eq!(read(&deep, format), Some((0, Some(DropReason::TooDeep))));
        }
    }
}
