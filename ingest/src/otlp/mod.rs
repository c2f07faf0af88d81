//! Logs and spans as OpenTelemetry's SDKs and Collector send them: protobuf and JSON over HTTP, and gRPC.
//!
//! Each log record, and each exception that a span recorded, becomes a structured record ([`crate::json`]), so that a trace is
//! found in its attributes or its body as in any other. Source: <https://opentelemetry.io/docs/specs/otlp/>.

mod json;
mod protobuf;
mod record;
mod service;
mod span;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use serde_json::{Map, Value};
use siphasher::sip128::SipHasher24;

pub(crate) use self::json::{is_logs, is_spans, logs, spans};
pub use self::service::{Export, Keyed, LogsService, Project, TraceService};
use crate::{
    event::ErrorEvent,
    outcome::Outcomes,
    redact::Redactor,
    request::{Received, Refused, collect},
};

/// Reads the body of a request to `/v1/logs` of type `application/x-protobuf`, after decompression.
///
/// # Errors
/// If it is no such message.
pub fn protobuf(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let request = ExportLogsServiceRequest::decode(body).map_err(|_| Refused::Otlp)?;
    Ok(received(body, redactor, |out| protobuf::logs(request, out)))
}

/// Reads the body of a request to `/v1/traces` of type `application/x-protobuf`, after decompression: the exceptions that
/// its spans recorded.
///
/// # Errors
/// If it is no such message.
pub fn protobuf_spans(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| Refused::Otlp)?;
    Ok(received(body, redactor, |out| {
        protobuf::spans(request, out);
    }))
}

/// Reads the body of a request to `/v1/logs` of type `application/json`, after decompression.
///
/// # Errors
/// If it is no JSON object with resource logs; what can't be understood within is left out.
pub fn json(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let request = object(body, is_logs)?;
    Ok(received(body, redactor, |out| logs(request, out)))
}

/// Reads the body of a request to `/v1/traces` of type `application/json`, after decompression: the exceptions that its
/// spans recorded.
///
/// # Errors
/// If it is no JSON object with resource spans; what can't be understood within is left out.
pub fn json_spans(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let request = object(body, is_spans)?;
    Ok(received(body, redactor, |out| spans(request, out)))
}

fn object(
    body: &[u8],
    is_request: fn(&Map<String, Value>) -> bool,
) -> Result<Map<String, Value>, Refused> {
    match crate::json::parse(body.trim_ascii()) {
        // An exporter with nothing to say may leave the list out.
        Ok(Value::Object(object)) if object.is_empty() || is_request(&object) => Ok(object),
        _ => Err(Refused::Otlp),
    }
}

fn received(body: &[u8], redactor: &Redactor, read: impl FnOnce(&mut dyn Outcomes)) -> Received {
    let (mut events, summary) = collect(redactor, read);
    name(&mut events, body);
    Received {
        id: None,
        events,
        summary,
    }
}

/// Gives events ids that they have again when the same request comes again, because its answer was lost.
fn name(events: &mut [ErrorEvent], body: &[u8]) {
    if events.is_empty() {
        return;
    }
    let digest = SipHasher24::new().hash(body).as_u128();
    for (at, event) in events.iter_mut().enumerate() {
        event.id = Some(format!("{:032x}", digest.wrapping_add(at as u128)));
    }
}

#[cfg(test)]
mod tests;
