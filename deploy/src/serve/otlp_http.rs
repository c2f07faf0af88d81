//! OTLP over HTTP: an answer in the encoding of its request.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{FromRequest, Path, RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use ingest::{otlp, request::Failed};
use prost::Message;
use serde_json::json;

use super::http::{App, Read, failure, shown_key};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// `google.rpc.Status`, without details: the body of every answer but the good one.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

/// The paths: OpenTelemetry's own, with a key alone, and Sentry's, with the number of the project.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/logs", post(logs))
        .route("/api/{project}/integration/otlp/v1/logs", post(logs))
        .route("/api/{project}/integration/otlp/v1/logs/", post(logs))
        .route("/v1/traces", post(spans))
        .route("/api/{project}/integration/otlp/v1/traces", post(spans))
        .route("/api/{project}/integration/otlp/v1/traces/", post(spans))
}

/// What was posted, its body not read yet.
type Posted = (State<Arc<App>>, Option<Path<u64>>, RawQuery, Request);

async fn logs(posted: Posted) -> Response {
    export(posted, otlp::json, otlp::protobuf).await
}

async fn spans(posted: Posted) -> Response {
    export(posted, otlp::json_spans, otlp::protobuf_spans).await
}

async fn export(
    (State(app), project, RawQuery(query), request): Posted,
    json: Read,
    protobuf: Read,
) -> Response {
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| {
        let kind = kind.to_str().ok()?.split(';').next()?.trim();
        [JSON, PROTOBUF]
            .into_iter()
            .find(|known| kind.eq_ignore_ascii_case(known))
    });
    let Some(kind) = kind else {
        let why = "OTLP is application/x-protobuf or application/json\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response();
    };
    let key = shown_key(headers, query.as_deref());
    let Some(project) = app.project(project.map(|Path(id)| id), key.as_deref()) else {
        return refusal(&Failed::NoProject, kind);
    };
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let read = if kind == JSON { json } else { protobuf };
    match app.take(project, body, read).await {
        // An empty message.
        Ok(_) => {
            let body = if kind == JSON { "{}" } else { "" };
            ([(header::CONTENT_TYPE, kind)], body).into_response()
        }
        Err(failed) => refusal(&failed, kind),
    }
}

fn refusal(failed: &Failed, kind: &'static str) -> Response {
    let message = failed.to_string();
    let body = if kind == JSON {
        json!({"message": message}).to_string().into_bytes()
    } else {
        Status { message }.encode_to_vec()
    };
    failure(failed, kind, body)
}
