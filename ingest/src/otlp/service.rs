//! The gRPC services, for a server to mount.

use std::{fmt, sync::Arc};

use opentelemetry_proto::tonic::collector::{
    logs::v1::{
        ExportLogsServiceRequest, ExportLogsServiceResponse,
        logs_service_server::{self, LogsServiceServer},
    },
    trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{self, TraceServiceServer},
    },
};
use prost::Message;
use tonic::{
    Request, Response, Status,
    codec::CompressionEncoding,
    service::{Interceptor, interceptor::InterceptedService},
};

use super::{protobuf, received};
use crate::{
    limits::MAX_BODY_BYTES,
    outcome::Outcomes,
    redact::Redactor,
    request::{self, Failed, public_key},
    sink::EventSink,
};

/// A project that a request's key names.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its number.
    pub id: u64,
    /// Redacts its events.
    pub redactor: Redactor,
}

/// Finds a project by its public key.
type Projects = dyn Fn(&str) -> Option<Project> + Send + Sync;

/// `opentelemetry.proto.collector.logs.v1.LogsService`, behind a key.
pub type LogsService = InterceptedService<LogsServiceServer<Export>, Keyed>;
/// `opentelemetry.proto.collector.trace.v1.TraceService`, behind a key.
pub type TraceService = InterceptedService<TraceServiceServer<Export>, Keyed>;

/// Lets a request pass whose metadata shows a project's public key: `authorization: Bearer KEY`, or `x-sentry-auth` as
/// Sentry's clients do. Its message is not looked at before, so that who has no key costs nothing.
#[derive(Clone)]
pub struct Keyed {
    projects: Arc<Projects>,
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}

impl Interceptor for Keyed {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let auth = ["x-sentry-auth", "authorization"]
            .iter()
            .find_map(|name| request.metadata().get(*name)?.to_str().ok());
        let project = public_key(auth, None, &[]).and_then(|key| (self.projects)(&key));
        let project = project.ok_or_else(|| status(&Failed::NoProject))?;
        request.extensions_mut().insert(project);
        Ok(request)
    }
}

/// Takes what is exported of log records and spans. A request is answered when its events are stored.
#[derive(Clone)]
pub struct Export {
    sink: Arc<dyn EventSink>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").finish_non_exhaustive()
    }
}

impl Export {
    /// Both services, to mount; they store in `sink`.
    pub fn services(
        sink: Arc<dyn EventSink>,
        projects: impl Fn(&str) -> Option<Project> + Send + Sync + 'static,
    ) -> (LogsService, TraceService) {
        let export = Self { sink };
        let projects = Arc::new(projects);
        let keyed = Keyed { projects };
        let logs = LogsServiceServer::new(export.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_BODY_BYTES);
        let spans = TraceServiceServer::new(export)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_BODY_BYTES);
        (
            InterceptedService::new(logs, keyed.clone()),
            InterceptedService::new(spans, keyed),
        )
    }

    async fn take<M: Message + 'static>(
        &self,
        mut request: Request<M>,
        read: fn(M, &mut dyn Outcomes),
    ) -> Result<(), Status> {
        let project: Option<Project> = request.extensions_mut().remove();
        let Project { id, redactor } = project.ok_or_else(|| status(&Failed::NoProject))?;
        let message = request.into_inner();
        let read = move || {
            let body = message.encode_to_vec();
            Ok(received(&body, &redactor, |out| read(message, out)))
        };
        let stored = match request::read(read).await {
            Ok(received) => received.store(id, &*self.sink).await,
            Err(failed) => Err(failed),
        };
        stored.map_err(|failed| status(&failed))
    }
}

#[tonic::async_trait]
impl logs_service_server::LogsService for Export {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.take(request, protobuf::logs).await?;
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl trace_service_server::TraceService for Export {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.take(request, protobuf::spans).await?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Clients try again after `unavailable`.
fn status(failed: &Failed) -> Status {
    let what = failed.to_string();
    match failed {
        Failed::NoProject => Status::unauthenticated(what),
        Failed::Refused(_) => Status::invalid_argument(what),
        Failed::Unreadable => Status::internal(what),
        Failed::Busy | Failed::NotStored => Status::unavailable(what),
    }
}
