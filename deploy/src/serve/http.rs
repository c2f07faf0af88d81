//! What listens: the endpoints of Sentry's clients, and one that says whether the service is well.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ingest::{
    Batch, EventSink, Redactor, SinkError,
    limits::{MAX_BODY_BYTES, MAX_COMPRESSED_BODY_BYTES},
    sentry_request::{self, Received, Refused},
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

use crate::store::{Store, random_hex};

/// Seconds after which a client that was refused may come again.
const RETRY_AFTER_SECS: u64 = 10;
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

/// What the handlers share.
pub(super) struct App {
    store: Store,
    projects: HashMap<u64, Project>,
}

impl App {
    pub(super) fn new(store: Store, projects: Vec<Project>) -> Self {
        Self {
            store,
            projects: projects
                .into_iter()
                .map(|project| (project.id, project))
                .collect(),
        }
    }
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
    Router::new()
        .route("/api/{project}/envelope/", post(envelope))
        .route("/api/{project}/envelope", post(envelope))
        .route("/api/{project}/store/", post(store))
        .route("/api/{project}/store", post(store))
        .route("/api/{project}/logs", post(lines))
        .layer(cors)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(RequestDecompressionLayer::new())
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

/// Counts in the text format of Prometheus: what became of each record since the store was made.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    const NAME: &str = "outerloop_records_total";
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
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text).into_response()
}

type Request = (State<Arc<App>>, Path<u64>, RawQuery, HeaderMap, Bytes);

async fn envelope(request: Request) -> Response {
    receive(request, sentry_request::envelope).await
}

async fn store(request: Request) -> Response {
    receive(request, sentry_request::store).await
}

async fn lines(request: Request) -> Response {
    receive(request, sentry_request::lines).await
}

/// Reads a request and answers when its events are stored.
async fn receive(
    (State(app), Path(id), RawQuery(query), headers, body): Request,
    read: fn(&[u8], &Redactor) -> Result<Received, Refused>,
) -> Response {
    let auth = ["x-sentry-auth", "authorization"];
    let auth = auth
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok());
    let shown = sentry_request::public_key(auth, query.as_deref(), &body);
    let project = app.projects.get(&id);
    let Some(project) = project.filter(|project| shown.as_ref() == Some(&project.public_key))
    else {
        return refusal(
            StatusCode::FORBIDDEN,
            "no project of this number and public key",
        );
    };
    let redactor = project.redactor.clone();
    let received = tokio::task::spawn_blocking(move || read(&body, &redactor)).await;
    let received = match received {
        Ok(Ok(received)) => received,
        Ok(Err(refused)) => return refusal(StatusCode::BAD_REQUEST, &refused.to_string()),
        Err(error) => {
            tracing::error!(%error, "a request could not be read");
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "it could not be read");
        }
    };
    let id = received.id.unwrap_or_else(random_hex);
    let mut events = received.events;
    if let [event] = events.as_mut_slice() {
        event.id.get_or_insert_with(|| id.clone());
    }
    let batch = Batch {
        project: project.id,
        events,
        summary: received.summary,
        ..Batch::default()
    };
    match app.store.store(batch).await {
        Ok(_) => json_answer(StatusCode::OK, &json!({"id": id})),
        Err(SinkError::Busy) => busy(),
        Err(error) => {
            tracing::error!(%error, "a request's events were not stored");
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "the events could not be stored",
            )
        }
    }
}

fn busy() -> Response {
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too much at once");
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECS));
    response
}

/// As Sentry says no: in the body and in a header that clients log.
fn refusal(status: StatusCode, why: &str) -> Response {
    let mut response = json_answer(status, &json!({"detail": why}));
    if let Ok(value) = HeaderValue::from_str(why) {
        response.headers_mut().insert("x-sentry-error", value);
    }
    response
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}
