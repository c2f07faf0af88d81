//! What a client of Sentry posts: `/api/N/envelope/` and the older `/api/N/store/`; and lines, of who has no client. What
//! OpenTelemetry's clients post is [`crate::otlp`]'s.
//!
//! Sources: <https://develop.sentry.dev/sdk/foundations/envelopes/>, and for authentication
//! <https://develop.sentry.dev/sdk/foundations/transport/authentication/>.

use std::{borrow::Cow, io::Read};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::ZlibDecoder;
use serde_json::{Map, Value};

use crate::{
    event::ErrorEvent,
    json,
    limits::{MAX_RECORD_BYTES, MAX_REQUEST_EVENT_BYTES},
    outcome::{DropReason, Outcomes, Summary},
    read::{Counter, Format, Options, Redaction, read_with},
    redact::Redactor,
    sentry::{self, envelope as items},
    sink::{Batch, EventSink, SinkError},
    source::Source,
};

/// What a request held.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The id to answer with: the envelope's, or the event's.
    pub id: Option<String>,
    /// Redacted. Those without an id of their own have none.
    pub events: Vec<ErrorEvent>,
    /// What became of each item.
    pub summary: Summary,
}

/// Why a request is refused: the client sent what is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The first line is no JSON object.
    #[error("invalid envelope header")]
    Header,
    /// The body is no JSON object.
    #[error("invalid event: {0}")]
    Event(DropReason),
    /// The body is no OTLP request to export what the path says.
    #[error("invalid OTLP request")]
    Otlp,
}

/// Why a request is not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The key, or the number, is nobody's.
    #[error("no project of this number and public key")]
    NoProject,
    /// The client sent what can't be read.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A defect of ours.
    #[error("it could not be read")]
    Unreadable,
    /// The client is to come again later.
    #[error("too much at once")]
    Busy,
    /// The store is at fault; the client is to come again.
    #[error("the events could not be stored")]
    NotStored,
}

/// Reads a request on a thread for work that takes time.
///
/// # Errors
/// What `read` refuses; [`Failed::Unreadable`] if it panics.
pub async fn read(
    read: impl FnOnce() -> Result<Received, Refused> + Send + 'static,
) -> Result<Received, Failed> {
    let received = tokio::task::spawn_blocking(read).await.map_err(|error| {
        tracing::error!(%error, "a request could not be read");
        Failed::Unreadable
    })?;
    Ok(received?)
}

impl Received {
    /// Stores the events; they are durable when this returns.
    ///
    /// # Errors
    /// [`Failed::Busy`] or [`Failed::NotStored`].
    pub async fn store(self, project: u64, sink: &dyn EventSink) -> Result<(), Failed> {
        let batch = Batch {
            project,
            events: self.events,
            summary: self.summary,
            ..Batch::default()
        };
        match sink.store(batch).await {
            Ok(_) => Ok(()),
            Err(SinkError::Busy) => Err(Failed::Busy),
            Err(error) => {
                tracing::error!(%error, "a request's events were not stored");
                Err(Failed::NotStored)
            }
        }
    }
}

/// The public key that a request shows: in the header `X-Sentry-Auth` (or `Authorization`, there also as a bearer token),
/// in the query, or in the envelope's own header (its DSN). `None` if it shows none.
pub fn public_key(auth: Option<&str>, query: Option<&str>, body: &[u8]) -> Option<String> {
    let of_header = || {
        let (scheme, rest) = auth?.trim().split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(rest.trim().to_owned());
        }
        if !scheme.eq_ignore_ascii_case("sentry") {
            return None;
        }
        let mut pairs = rest
            .split(',')
            .filter_map(|field| field.trim().split_once('='));
        pairs.find_map(|(name, value)| (name == "sentry_key").then(|| value.trim().to_owned()))
    };
    let of_query = || {
        let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| (name == "sentry_key").then(|| value.to_owned()))
    };
    let of_envelope = || {
        let Value::String(dsn) = header(body)?.remove("dsn")? else {
            return None;
        };
        let (_, rest) = dsn.split_once("://")?;
        let (user, _) = rest.split_once('@')?;
        Some(user.split(':').next()?.to_owned())
    };
    of_header().or_else(of_query).or_else(of_envelope)
}

/// Reads the body of a request to `/envelope/`, after decompression.
///
/// # Errors
/// If it does not begin with an envelope's header; what an item holds is no error.
pub fn envelope(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let header = header(body).ok_or(Refused::Header)?;
    let (events, summary) = collect(redactor, |out| {
        // Reading from memory does not fail.
        drop(items::read(&mut Source::new(body), out));
    });
    Ok(received(header.get("event_id"), events, summary))
}

/// Reads a body of log lines, text or JSON, as log shippers post them (Vector, Fluent Bit, curl).
///
/// # Errors
/// None: what can't be understood is counted.
pub fn lines(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let mut kept = Kept::default();
    let options = Options {
        format: Format::Auto,
        redaction: Redaction::With(redactor.clone()),
    };
    // Reading from memory does not fail.
    let summary = read_with(body, &options, |event| kept.push(event)).unwrap_or_default();
    let (events, summary) = kept.finish(summary);
    Ok(Received {
        id: None,
        events,
        summary,
    })
}

/// Reads the body of a request to `/store/`: an event as JSON, which old clients deflate and encode as base64.
///
/// # Errors
/// If it is no JSON object; an object that is no error is counted.
pub fn store(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let body = decoded(body);
    let object = match json::parse(body.trim_ascii()) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(Refused::Event(DropReason::Malformed)),
        Err(reason) => return Err(Refused::Event(reason)),
    };
    let id = object.get("event_id").cloned();
    let (events, summary) = collect(redactor, |out| sentry::event(object, out));
    Ok(received(id.as_ref(), events, summary))
}

pub(crate) fn collect(
    redactor: &Redactor,
    read: impl FnOnce(&mut dyn Outcomes),
) -> (Vec<ErrorEvent>, Summary) {
    let mut kept = Kept::default();
    let mut counter = Counter {
        summary: Summary::default(),
        redactor: Some(redactor.clone()),
        sink: |event| kept.push(event),
    };
    read(&mut counter);
    let summary = counter.summary;
    kept.finish(summary)
}

/// The events of a request, up to [`MAX_REQUEST_EVENT_BYTES`].
#[derive(Default)]
struct Kept {
    events: Vec<ErrorEvent>,
    n_bytes: usize,
    n_beyond: u64,
}

impl Kept {
    fn push(&mut self, event: ErrorEvent) {
        self.n_bytes = self.n_bytes.saturating_add(event.n_bytes());
        if self.n_bytes <= MAX_REQUEST_EVENT_BYTES {
            self.events.push(event);
        } else {
            self.n_beyond += 1;
        }
    }

    /// The events, and what became of all records.
    fn finish(self, mut summary: Summary) -> (Vec<ErrorEvent>, Summary) {
        if self.n_beyond > 0 {
            summary.records -= self.n_beyond;
            summary.events -= self.n_beyond;
            summary.drop_many(DropReason::TooLarge, self.n_beyond);
        }
        (self.events, summary)
    }
}

fn received(id: Option<&Value>, mut events: Vec<ErrorEvent>, summary: Summary) -> Received {
    for event in &mut events {
        // With and without dashes it is the same id.
        event.id = event.id.as_deref().and_then(plain_id);
    }
    let id = id.and_then(Value::as_str).and_then(plain_id);
    Received {
        id: id.or_else(|| events.iter().find_map(|event| event.id.clone())),
        events,
        summary,
    }
}

/// An id as 32 hex digits, if it is one.
fn plain_id(id: &str) -> Option<String> {
    let digits: String = id.chars().filter(|&c| c != '-').collect();
    let is_id = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| digits.to_ascii_lowercase())
}

/// The first line of an envelope.
fn header(body: &[u8]) -> Option<Map<String, Value>> {
    let line = body.split(|&byte| byte == b'\n').next()?;
    match json::parse(line.trim_ascii()) {
        Ok(Value::Object(header)) => Some(header),
        _ => None,
    }
}

/// What an old client's body holds; as it is if it is not encoded.
fn decoded(body: &[u8]) -> Cow<'_, [u8]> {
    let text = body.trim_ascii();
    if text.starts_with(b"{") {
        return Cow::Borrowed(body);
    }
    let compressed = match STANDARD.decode(text) {
        Ok(bytes) => bytes,
        Err(_) => text.to_vec(),
    };
    let mut json = Vec::new();
    let read = ZlibDecoder::new(compressed.as_slice())
        .take(MAX_RECORD_BYTES as u64)
        .read_to_end(&mut json);
    match read {
        Ok(_) => Cow::Owned(json),
        Err(_) => Cow::Borrowed(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::RedactionKey;

    const EVENT: &str = r#"{"event_id": "9EC79C33-EC99-42AB-8353-589FCB2E04DC", "exception": {"values": [{"type": "E", "value": "v"}]}}"#;

    fn redactor() -> Redactor {
        Redactor::new(RedactionKey::new([1; 16]))
    }

    #[test]
    fn keys_stand_in_several_places() {
        let auth =
            "Sentry sentry_version=7, sentry_client=raven/1, sentry_key=abc , sentry_secret=s";
        assert_eq!(
            public_key(Some(auth), Some("sentry_key=q"), b"").as_deref(),
            Some("abc")
        );
        assert_eq!(
            public_key(None, Some("a=1&sentry_key=q"), b"").as_deref(),
            Some("q")
        );
        let envelope = b"{\"dsn\":\"https://e:secret@host/1\"}\n";
        assert_eq!(public_key(None, None, envelope).as_deref(), Some("e"));
        assert_eq!(
            public_key(Some("Bearer x"), None, b"").as_deref(),
            Some("x")
        );
        assert_eq!(
            public_key(Some("sentry sentry_key=x"), None, b"").as_deref(),
            Some("x")
        );
        assert_eq!(public_key(Some("Basic x"), None, b""), None);
        assert_eq!(public_key(None, None, b"{}\n"), None);
    }

    #[test]
    fn an_envelope_is_answered_with_its_id() {
        let id = "9ec79c33ec9942ab8353589fcb2e04dc";
        let body = format!(
            "{{\"event_id\":\"{id}\"}}\n{{\"type\":\"session\"}}\n{{}}\n{{\"type\":\"event\"}}\n{{\"exception\": {{\"values\": [{{\"type\": \"E\"}}]}}}}"
        );
        let received = envelope(body.as_bytes(), &redactor()).unwrap();
        assert_eq!(received.id.as_deref(), Some(id));
        assert_eq!(received.events[0].id.as_deref(), Some(id));
        assert_eq!(received.summary.n_dropped(DropReason::OtherItem), 1);
        assert_eq!(envelope(b"no", &redactor()), Err(Refused::Header));
    }

    #[test]
    fn old_bodies_are_decoded() {
        let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut deflated, EVENT.as_bytes()).unwrap();
        let deflated = deflated.finish().unwrap();
        for body in [
            EVENT.as_bytes().to_vec(),
            deflated.clone(),
            STANDARD.encode(&deflated).into_bytes(),
        ] {
            let received = store(&body, &redactor()).unwrap();
            assert_eq!(
                received.id.as_deref(),
                Some("9ec79c33ec9942ab8353589fcb2e04dc")
            );
            assert_eq!(received.events.len(), 1);
        }
        assert_eq!(
            store(b"[]", &redactor()),
            Err(Refused::Event(DropReason::Malformed))
        );
    }
}
