//! What listens: the endpoints of Sentry's and OpenTelemetry's clients, and one that says whether the service is well.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{self, DefaultBodyLimit, FromRequest, Path, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ingest::{
    Redactor,
    limits::{MAX_BODY_BYTES, MAX_COMPRESSED_BODY_BYTES},
    otlp,
    request::{self, Failed, Received, Refused},
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::{
    cors::{Any, CorsLayer},
    decompression::RequestDecompressionLayer,
    limit::RequestBodyLimitLayer,
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
};

use super::{
    limit::{BURST_SECS, Limited},
    otlp_http,
};
use crate::store::{Store, random_hex};

/// Requests whose bodies are held at once, each of at most [`MAX_BODY_BYTES`]; others wait unread.
const MAX_REQUESTS: usize = 16;
/// How long a body may bring nothing, and how long a request may take in all: a slow client holds up others.
const MAX_BODY_PAUSE: Duration = Duration::from_secs(10);
const MAX_REQUEST: Duration = Duration::from_secs(60);

/// A project as requests see it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) id: u64,
    pub(super) public_key: String,
    pub(super) redactor: Redactor,
}

/// Reads a body.
pub(super) type Read = fn(&[u8], &Redactor) -> Result<Received, Refused>;

/// What the handlers share.
pub(super) struct App {
    store: Store,
    sink: Arc<Limited>,
    projects: HashMap<u64, Project>,
}

impl App {
    pub(super) fn new(store: Store, sink: Arc<Limited>, projects: Vec<Project>) -> Self {
        Self {
            store,
            sink,
            projects: projects
                .into_iter()
                .map(|project| (project.id, project))
                .collect(),
        }
    }

    /// The project of a public key, and of a number where the path has one.
    pub(super) fn project(&self, id: Option<u64>, key: Option<&str>) -> Option<&Project> {
        let key = key?;
        match id {
            Some(id) => self
                .projects
                .get(&id)
                .filter(|project| project.public_key == key),
            None => {
                // A key that several have names none of them.
                let mut found = self.projects.values().filter(|p| p.public_key == key);
                found.next().filter(|_| found.next().is_none())
            }
        }
    }

    /// Reads a body and stores its events. For a body whose only event has no id, gives one.
    pub(super) async fn take(
        &self,
        project: &Project,
        body: Bytes,
        read: Read,
    ) -> Result<String, Failed> {
        let redactor = project.redactor.clone();
        let mut received = request::read(move || read(&body, &redactor)).await?;
        let id = received.id.clone().unwrap_or_else(random_hex);
        if let [event] = received.events.as_mut_slice() {
            event.id.get_or_insert_with(|| id.clone());
        }
        received.store(project.id, &*self.sink).await?;
        Ok(id)
    }
}

/// The answer to a client: the header for those that have to wait, the body as the protocol says no.
pub(super) fn failure(failed: &Failed, content_type: &'static str, body: Vec<u8>) -> Response {
    let status = match failed {
        Failed::NoProject => StatusCode::FORBIDDEN,
        Failed::Refused(_) => StatusCode::BAD_REQUEST,
        Failed::Unreadable => StatusCode::INTERNAL_SERVER_ERROR,
        Failed::Busy => StatusCode::TOO_MANY_REQUESTS,
        Failed::NotStored => StatusCode::SERVICE_UNAVAILABLE,
    };
    let kind = [(header::CONTENT_TYPE, content_type)];
    let mut response = (status, kind, body).into_response();
    if matches!(failed, Failed::Busy | Failed::NotStored) {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(BURST_SECS));
    }
    response
}

/// The public key that a request shows outside of its body.
pub(super) fn shown_key(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let auth = ["x-sentry-auth", "authorization"];
    let auth = auth
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok());
    request::public_key(auth, query, &[])
}

/// Answers requests until told to stop, and those that are under way then.
pub(super) async fn serve(
    listener: TcpListener,
    app: App,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, router(Arc::new(app)))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

fn router(app: Arc<App>) -> Router {
    // Browsers ask first, from anywhere, with headers of their own.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([axum::http::Method::POST])
        .allow_headers(Any)
        .expose_headers([
            header::RETRY_AFTER,
            HeaderName::from_static("x-sentry-error"),
        ]);
    let of_key = app.clone();
    let (logs, spans) = otlp::Export::services(app.sink.clone(), move |key| {
        let project = of_key.project(None, Some(key))?;
        Some(otlp::Project {
            id: project.id,
            redactor: project.redactor.clone(),
        })
    });
    Router::new()
        .route("/api/{project}/envelope/", post(envelope))
        .route("/api/{project}/envelope", post(envelope))
        .route("/api/{project}/store/", post(store))
        .route("/api/{project}/store", post(store))
        .route("/api/{project}/logs", post(lines))
        .merge(otlp_http::router())
        .layer(cors)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(RequestDecompressionLayer::new())
        // Its messages are compressed one by one.
        .route_service(
            "/opentelemetry.proto.collector.logs.v1.LogsService/{method}",
            logs,
        )
        .route_service(
            "/opentelemetry.proto.collector.trace.v1.TraceService/{method}",
            spans,
        )
        .layer(RequestBodyLimitLayer::new(MAX_COMPRESSED_BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(MAX_BODY_PAUSE))
        .layer(GlobalConcurrencyLimitLayer::new(MAX_REQUESTS))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            MAX_REQUEST,
        ))
        .route("/health", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// Counts in the text format of Prometheus: what became of each record since the store was made, and how many events were
/// beyond a project's limit since the service began.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    const NAME: &str = "outerloop_records_total";
    const OVER_LIMIT: &str = "outerloop_events_over_limit_total";
    let outcomes = match app.store.outcomes().await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            tracing::error!(%error, "the store can't be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut text = format!("# TYPE {NAME} counter\n");
    for ((project, outcome), n) in outcomes {
        text += &format!("{NAME}{{project=\"{project}\",outcome=\"{outcome}\"}} {n}\n");
    }
    text += &format!("# TYPE {OVER_LIMIT} counter\n");
    for (project, n) in app.sink.refused() {
        text += &format!("{OVER_LIMIT}{{project=\"{project}\"}} {n}\n");
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text).into_response()
}

type Request = (State<Arc<App>>, Path<u64>, RawQuery, extract::Request);

async fn envelope(request: Request) -> Response {
    receive(request, request::envelope, KeyIn::Anything).await
}

async fn store(request: Request) -> Response {
    receive(request, request::store, KeyIn::Head).await
}

async fn lines(request: Request) -> Response {
    receive(request, request::lines, KeyIn::Head).await
}

/// Where a request's key may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyIn {
    /// A header, or the query.
    Head,
    /// There, or in the body.
    Anything,
}

/// Reads a request and answers when its events are stored. A body is neither received nor decompressed for a wrong key.
async fn receive(
    (State(app), Path(id), RawQuery(query), request): Request,
    read: Read,
    key_in: KeyIn,
) -> Response {
    let shown = shown_key(request.headers(), query.as_deref());
    let is_early = shown.is_some() || key_in == KeyIn::Head;
    if is_early && app.project(Some(id), shown.as_deref()).is_none() {
        return refusal(&Failed::NoProject);
    }
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let key = shown.or_else(|| request::public_key(None, None, &body));
    let taken = match app.project(Some(id), key.as_deref()) {
        Some(project) => app.take(project, body, read).await,
        None => Err(Failed::NoProject),
    };
    match taken {
        Ok(id) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (kind, json!({"id": id}).to_string()).into_response()
        }
        Err(failed) => refusal(&failed),
    }
}

/// As Sentry says no: in the body and in a header that clients log.
fn refusal(failed: &Failed) -> Response {
    let why = failed.to_string();
    let body = json!({"detail": why}).to_string().into_bytes();
    let mut response = failure(failed, "application/json", body);
    if let Ok(value) = HeaderValue::from_str(&why) {
        response.headers_mut().insert("x-sentry-error", value);
    }
    response
}
