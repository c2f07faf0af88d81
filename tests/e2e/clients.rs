//! Clients that others wrote, from their registries, pointed at the service.

use std::{fs, path::Path, process::Command};

use tests::{KEY, Service, installed, pip};

/// Runs a client's program; it prints the id of each event that it sent.
fn run(command: &mut Command, service: &Service) -> Vec<String> {
    let output = command.env("DSN", service.dsn()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let mut ids: Vec<_> = text.lines().map(str::to_owned).collect();
    ids.sort();
    ids
}

#[track_caller]
fn check(mut service: Service, ids: &[String], title: &str, place: &Path) {
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(
        (bugs[0]["title"].as_str(), bugs[0]["count"].as_u64()),
        (Some(title), Some(ids.len() as u64))
    );
    service.stop();
    assert_eq!(service.event_ids(), ids, "{}", place.display());
}

#[test]
fn sentry_sdk_for_python() {
    let folder = pip("python", &["sentry-sdk==2.75.0"]);
    const SCRIPT: &str = r#"
import os, sentry_sdk
sentry_sdk.init(os.environ["DSN"], release="shop@1.2.3", traces_sample_rate=1.0)

def total(order):
    return order["price"] * 2

for n in range(3):
    with sentry_sdk.start_transaction(name="order"):
        try:
            total({"id": n})
        except KeyError as error:
            print(sentry_sdk.capture_exception(error))
sentry_sdk.flush()
"#;
    let mut service = Service::new("");
    service.start();
    let script = service.path("shop.py");
    fs::write(&script, SCRIPT).unwrap();
    let ids = run(
        Command::new("python3")
            .arg(&script)
            .env("PYTHONPATH", &folder),
        &service,
    );
    assert_eq!(ids.len(), 3);
    check(service, &ids, "KeyError: 'price' in total", &script);
}

#[test]
fn sentry_for_node() {
    let folder = installed(
        "node",
        Command::new("npm").args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            ".",
            "@sentry/node@11.12.0",
        ]),
    );
    const SCRIPT: &str = r#"
const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.env.DSN, release: "shop@1.2.3", tracesSampleRate: 1.0,
  // It would keep errors to itself that are like the one before.
  integrations: (all) => all.filter((one) => one.name !== "Dedupe") });

function total(order) {
  return order.lines.length;
}

(async () => {
  for (let n = 0; n < 3; n++) {
    try {
      total({ id: n });
    } catch (error) {
      console.log(Sentry.captureException(error));
    }
  }
  await Sentry.flush(5000);
  process.exit(0);
})();
"#;
    let mut service = Service::new("");
    service.start();
    let script = service.path("shop.js");
    fs::write(&script, SCRIPT).unwrap();
    let ids = run(
        Command::new("node")
            .arg(&script)
            .env("NODE_PATH", folder.join("node_modules")),
        &service,
    );
    assert_eq!(ids.len(), 3);
    let title = "TypeError: Cannot read properties of undefined (reading 'length') in total";
    check(service, &ids, title, &script);
}

const OPENTELEMETRY: [&str; 3] = [
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
    "opentelemetry-exporter-otlp-proto-grpc==1.45.2",
];

/// Runs a program with OpenTelemetry's SDK for Python by each way that it exports; what it sends is three events of one bug
/// each time.
fn check_opentelemetry(script: &str) -> Service {
    let folder = pip("opentelemetry", &OPENTELEMETRY);
    let mut service = Service::new("");
    service.start();
    let path = service.path("shop.py");
    fs::write(&path, script).unwrap();
    let ways = [
        ("http", None),
        ("grpc", None),
        ("http", Some("gzip")),
        ("grpc", Some("gzip")),
    ];
    for (at, (protocol, compression)) in ways.into_iter().enumerate() {
        let mut command = Command::new("python3");
        command
            .arg(&path)
            .arg(protocol)
            .env("PYTHONPATH", &folder)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", service.url(""))
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("authorization=Bearer {KEY}"),
            )
            .envs(compression.map(|name| ("OTEL_EXPORTER_OTLP_COMPRESSION", name)));
        run(&mut command, &service);
        // What was exported is stored when the exporter is told so.
        assert_eq!(service.n_events(), (at as u64 + 1) * 3, "{:?}", ways[at]);
    }
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(bugs[0]["title"], "KeyError: 'price' in total");
    service
}

#[test]
fn opentelemetry_for_python() {
    check_opentelemetry(
        r#"
import importlib, logging, sys
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
exporter = importlib.import_module(f"opentelemetry.exporter.otlp.proto.{sys.argv[1]}._log_exporter")
provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(exporter.OTLPLogExporter()))
logging.basicConfig(level=logging.INFO, handlers=[LoggingHandler(logger_provider=provider)])

def total(order):
    return order["price"] * 2

for n in range(3):
    logging.info("order %d", n)
    try:
        total({"id": n})
    except KeyError:
        logging.exception("order %d failed", n)
provider.shutdown()
"#,
    );
}

/// An exception leaves two spans, and both record it.
#[test]
fn spans_of_opentelemetry_for_python() {
    let service = check_opentelemetry(
        r#"
import importlib, sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
exporter = importlib.import_module(f"opentelemetry.exporter.otlp.proto.{sys.argv[1]}.trace_exporter")
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter.OTLPSpanExporter()))
tracer = provider.get_tracer("shop")

def total(order):
    with tracer.start_as_current_span("total") as span:
        span.add_event("counted", {"lines": 1})
        return order["price"] * 2

for n in range(3):
    try:
        with tracer.start_as_current_span("GET /orders"):
            with tracer.start_as_current_span("SELECT orders"):
                pass
            total({"id": n})
    except KeyError:
        pass
provider.shutdown()
"#,
    );
    let metrics = service.metrics();
    // Each of four runs sends three orders: a query's span and an event that is no exception; the exception twice.
    for line in [
        "outcome=\"other_item\"} 24",
        "outcome=\"repeated\"} 12",
        "outcome=\"stored\"} 12",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

/// What can't be decoded is refused for its key first, also where its message is a bomb.
#[test]
fn messages_over_grpc_are_looked_at_behind_a_key() {
    let folder = pip("opentelemetry", &OPENTELEMETRY);
    const SCRIPT: &str = r#"
import grpc, sys
address, key = sys.argv[1:]
identity = lambda message: message
for service in ["logs.v1.LogsService", "trace.v1.TraceService"]:
    for compression in [grpc.Compression.NoCompression, grpc.Compression.Gzip]:
        for length in [5, 48 << 20]:
            with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as channel:
                call = channel.unary_unary(f"/opentelemetry.proto.collector.{service}/Export", identity, identity)
                try:
                    call(b"h" * length, metadata=[("authorization", f"Bearer {key}")], compression=compression)
                    print("OK")
                except grpc.RpcError as error:
                    print(error.code().name)
"#;
    let mut service = Service::new("");
    service.start();
    let script = service.path("post.py");
    fs::write(&script, SCRIPT).unwrap();
    let address = service.url("").replace("http://", "");
    let answers = |key: &str| {
        let mut command = Command::new("python3");
        command.arg(&script).arg(&address).arg(key);
        run(command.env("PYTHONPATH", &folder), &service)
    };
    assert_eq!(answers("wrong"), ["UNAUTHENTICATED"; 8]);
    let behind = answers(KEY);
    let n_of = |code: &str| behind.iter().filter(|other| *other == code).count();
    assert_eq!((n_of("OK"), n_of("UNAUTHENTICATED")), (0, 0), "{behind:?}");
    assert_eq!(n_of("RESOURCE_EXHAUSTED"), 2, "{behind:?}");
    assert_eq!(service.n_events(), 0);
}

/// The client for Rust, in this very process.
#[test]
fn sentry_for_rust() {
    #[derive(Debug, thiserror::Error)]
    #[error("no cart of order {0}")]
    struct NoCart(u32);

    let mut service = Service::new("");
    service.start();
    let mut options = sentry::ClientOptions::default();
    options.dsn = Some(service.dsn().parse().unwrap());
    options.release = Some("shop@1.2.3".into());
    options.attach_stacktrace = true;
    let client = std::sync::Arc::new(sentry::Client::from(sentry::apply_defaults(options)));
    let hub = sentry::Hub::new(Some(client.clone()), Default::default());
    let ids = sentry::Hub::run(hub.into(), || {
        let mut ids: Vec<String> = (0..3)
            .map(|n| sentry::capture_error(&NoCart(n)).simple().to_string())
            .collect();
        ids.sort();
        ids
    });
    assert!(client.close(None));
    service.wait_for(3);
    let bugs = service.bugs();
    assert!(
        bugs[0]["title"]
            .as_str()
            .unwrap()
            .starts_with("NoCart: no cart of order 0"),
        "{bugs:#?}"
    );
    service.stop();
    assert_eq!(service.event_ids(), ids);
}
