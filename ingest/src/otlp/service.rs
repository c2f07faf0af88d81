//! The gRPC service, for a server to mount.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
    logs_service_server::{LogsService, LogsServiceServer},
};
use prost::Message;
use tonic::{Request, Response, Status, codec::CompressionEncoding};

use super::decoded;
use crate::{
    limits::MAX_BODY_BYTES,
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

/// Takes the log records of `opentelemetry.proto.collector.logs.v1.LogsService/Export`.
///
/// A request shows its project's public key as metadata: `authorization: Bearer KEY`, or `x-sentry-auth` as Sentry's
/// clients do. It is answered when its events are stored.
pub struct LogsExport {
    sink: Arc<dyn EventSink>,
    projects: Box<Projects>,
}

impl LogsExport {
    /// A service to mount, which stores in `sink`.
    pub fn new(
        sink: Arc<dyn EventSink>,
        projects: impl Fn(&str) -> Option<Project> + Send + Sync + 'static,
    ) -> LogsServiceServer<Self> {
        let projects = Box::new(projects);
        LogsServiceServer::new(Self { sink, projects })
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_BODY_BYTES)
    }
}

#[tonic::async_trait]
impl LogsService for LogsExport {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let auth = ["x-sentry-auth", "authorization"]
            .iter()
            .find_map(|name| request.metadata().get(*name)?.to_str().ok());
        let project = public_key(auth, None, &[]).and_then(|key| (self.projects)(&key));
        let project = project.ok_or_else(|| status(&Failed::NoProject))?;
        let message = request.into_inner();
        let read = move || {
            let body = message.encode_to_vec();
            Ok(decoded(message, &project.redactor, &body))
        };
        let stored = match request::read(read).await {
            Ok(received) => received.store(project.id, &*self.sink).await,
            Err(failed) => Err(failed),
        };
        stored.map_err(|failed| status(&failed))?;
        Ok(Response::new(ExportLogsServiceResponse::default()))
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
