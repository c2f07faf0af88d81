//! Logs as OpenTelemetry's SDKs and Collector send them: protobuf and JSON over HTTP, and gRPC.
//!
//! Each log record becomes a structured record ([`crate::json`]), so that a trace is found in its attributes or its body as
//! in any other. Source: <https://opentelemetry.io/docs/specs/otlp/>.

mod json;
mod protobuf;
mod record;
mod service;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use serde_json::Value;
use siphasher::sip128::SipHasher24;

pub(crate) use self::json::{is_logs, logs};
pub use self::service::{LogsExport, Project};
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
    Ok(decoded(request, redactor, body))
}

/// Reads the body of a request to `/v1/logs` of type `application/json`, after decompression.
///
/// # Errors
/// If it is no JSON object with resource logs; what can't be understood within is left out.
pub fn json(body: &[u8], redactor: &Redactor) -> Result<Received, Refused> {
    let Ok(Value::Object(object)) = crate::json::parse(body.trim_ascii()) else {
        return Err(Refused::Otlp);
    };
    // An exporter with nothing to say may leave the list out.
    if !object.is_empty() && !is_logs(&object) {
        return Err(Refused::Otlp);
    }
    Ok(received(body, redactor, |out| logs(object, out)))
}

fn decoded(request: ExportLogsServiceRequest, redactor: &Redactor, body: &[u8]) -> Received {
    received(body, redactor, |out| protobuf::logs(request, out))
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
