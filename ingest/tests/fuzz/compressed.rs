//! Bodies that are compressed where this crate unpacks them: messages over gRPC, and events of old clients. Those over HTTP
//! are the service's (`tests/e2e/bodies.rs`).

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http_body_util::Full;
use ingest::{
    Batch, EventSink, SinkError, Stored, limits::MAX_BODY_BYTES, limits::MAX_RECORD_BYTES, otlp,
    request,
};
use tonic::codegen::{Bytes, Service, http};

use super::{
    checks::{self, redactor},
    n_rounds,
    seeds::{self, Random},
};

const KEY: &str = "0123456789abcdef";
/// gRPC's code of success.
const OK: &str = "0";
/// And of what is too large.
const RESOURCE_EXHAUSTED: &str = "8";

/// Keeps what it is given.
#[derive(Default)]
struct Kept(Mutex<Vec<Batch>>);

#[tonic::async_trait]
impl EventSink for Kept {
    async fn store(&self, batch: Batch) -> Result<Stored, SinkError> {
        self.0.lock().unwrap().push(batch);
        Ok(Stored::default())
    }

    async fn checkpoints(&self, _: u64, _: &str) -> Result<BTreeMap<String, String>, SinkError> {
        Ok(BTreeMap::new())
    }
}

/// Both services, and what they store.
struct Server {
    kept: Arc<Kept>,
    logs: otlp::LogsService,
    spans: otlp::TraceService,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    fn new() -> Self {
        let kept = Arc::new(Kept::default());
        let (logs, spans) = otlp::Export::services(kept.clone(), |key| {
            (key == KEY).then(|| otlp::Project {
                id: 1,
                redactor: redactor(),
            })
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        Self {
            kept,
            logs,
            spans,
            runtime,
        }
    }

    /// Sends the bytes of a message that is said to be compressed; the code of the answer, and what was stored.
    fn send(&mut self, key: &str, is_logs: bool, message: &[u8]) -> (String, Vec<Batch>) {
        let mut body = vec![1];
        body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        body.extend(message);
        let service = if is_logs {
            "logs.v1.Logs"
        } else {
            "trace.v1.Trace"
        };
        let request = http::Request::post(format!(
            "/opentelemetry.proto.collector.{service}Service/Export"
        ))
        .header("content-type", "application/grpc")
        .header("grpc-encoding", "gzip")
        .header("authorization", format!("Bearer {key}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
        let headers = if is_logs {
            let answer = self.runtime.block_on(self.logs.call(request));
            answer.unwrap().headers().clone()
        } else {
            let answer = self.runtime.block_on(self.spans.call(request));
            answer.unwrap().headers().clone()
        };
        // A good answer has its code behind the body.
        let code = headers
            .get("grpc-status")
            .map_or(OK, |code| code.to_str().unwrap());
        let stored = std::mem::take(&mut *self.kept.0.lock().unwrap());
        (code.to_owned(), stored)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn messages_over_grpc_are_stored_or_refused() {
    let mut server = Server::new();
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
    for is_logs in [true, false] {
        let seed = if is_logs {
            seeds::logs()
        } else {
            seeds::spans()
        };
        let (code, stored) = server.send(KEY, is_logs, &gzip(&seed));
        assert_eq!((code.as_str(), stored.len()), (OK, 1));
        assert!(!stored[0].events.is_empty());
        for _ in 0..n_rounds() {
            // Of what is packed, and of what it holds.
            let changed = random.mutate(&gzip(&seed));
            let holds_changed = gzip(&random.mutate(&seed));
            let cut = &holds_changed[..random.below(holds_changed.len())];
            for message in [&changed, &holds_changed, cut] {
                let (code, stored) = server.send(KEY, is_logs, message);
                assert_eq!(code == OK, stored.len() == 1, "{code}: {message:?}");
                for batch in stored {
                    checks::counts(&batch.summary, batch.events.len(), message);
                }
            }
        }
    }
}

#[test]
fn a_bomb_over_grpc_is_not_unpacked() {
    let mut server = Server::new();
    let bomb = gzip(&vec![0; MAX_BODY_BYTES + 1]);
    for is_logs in [true, false] {
        let (code, stored) = server.send(KEY, is_logs, &bomb);
        assert_eq!((code.as_str(), stored.len()), (RESOURCE_EXHAUSTED, 0));
        // Who has no key is not told so much.
        assert_eq!(server.send("another", is_logs, &bomb).0, "16");
    }
}

#[test]
fn events_of_old_clients_are_read_or_refused() {
    let event = br#"{"exception": {"values": [{"type": "E", "value": "v"}]}}"#;
    let mut random = Random::new(0x9e6c_63d0_876a_3f6b);
    let check = |body: &[u8]| {
        if let Ok(received) = request::store(body, &redactor()) {
            checks::counts(&received.summary, received.events.len(), body);
        }
    };
    for _ in 0..n_rounds() {
        let packed = zlib(&random.mutate(event));
        check(&packed);
        check(&packed[..random.below(packed.len())]);
        check(&random.mutate(&packed));
        let encoded = STANDARD.encode(&packed);
        check(&random.mutate(encoded.as_bytes()));
    }
}

#[test]
fn a_bomb_of_an_old_client_is_cut() {
    let mut bomb = br#"{"message": ""#.to_vec();
    bomb.resize(MAX_RECORD_BYTES + 1, b'x');
    bomb.extend(br#"", "level": "error"}"#);
    let whole = request::store(&bomb, &redactor()).unwrap();
    assert_eq!(whole.events.len(), 1);
    assert!(request::store(&zlib(&bomb), &redactor()).is_err());
}
