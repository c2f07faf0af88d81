//! What is changed: a text of each form that is read, and requests as OpenTelemetry's clients encode them.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event},
};
use prost::Message;

/// Of traces, records and reports.
const TEXTS: [&str; 12] = [
    "2024-01-01 12:00:00,123 ERROR app: order 17\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g(x)\n    ^^^^\nKeyError: 'k'\n",
    "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 3, in f\n  | ExceptionGroup: x (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | ValueError: é\n    +------------------------------------\n",
    "TypeError: x is not a function\n    at f (/srv/a.js:1:2)\n    at async Object.<anonymous> (file:///srv/b.mjs:3:4)\n  [cause]: Error: y\n",
    "Exception in thread \"main\" java.lang.IllegalStateException: x\n\tat a.B.c(B.java:3)\nCaused by: java.lang.NullPointerException\n\tat a.B.d(B.java:9)\n\t... 1 more\n",
    "panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/srv/main.go:7 +0x1d\nexit status 2\n",
    "thread 'main' panicked at src/main.rs:2:5:\nx\nstack backtrace:\n   0: a::main\n             at ./src/main.rs:2:5\n",
    "app.rb:3:in `f': undefined method `x' for nil (NoMethodError)\n\tfrom app.rb:7:in `<main>'\nPHP Fatal error:  Uncaught Error: x in /srv/a.php:3\nStack trace:\n#0 /srv/a.php(7): f()\n#1 {main}\n  thrown in /srv/a.php on line 3\n",
    "{\"level\":\"error\",\"message\":\"x\",\"exc_info\":\"Traceback (most recent call last):\\n  File \\\"a.py\\\", line 3, in f\\nKeyError: 'k'\"}\n{\"level\":\"info\",\"message\":\"fine\"}\n",
    "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\"}\n{\"type\":\"event\",\"length\":58}\n{\"exception\":{\"values\":[{\"type\":\"E\",\"value\":\"password=x1\"}]}}\n",
    "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityNumber\":17,\"body\":{\"stringValue\":\"x\"},\"attributes\":[{\"key\":\"exception.type\",\"value\":{\"stringValue\":\"E\"}}]}]}]}]}",
    "2024-01-01T00:00:00Z stderr F password='hunter2!' token=ghp_0123456789abcdefghijABCDEFGHIJ012345 jane.doe@corp.io 93.184.216.34 4111 1111 1111 1111 DE89370400440532013000\n",
    "level=error msg=\"failed: é\" err=\"dial 10.1.2.3\" url=https://u:p4ss@h.io/?api_key=AbC123xyz\n",
];

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: vec![pair("service.version", text("1.2.3"))],
        ..Resource::default()
    })
}

/// What an exception is said with.
fn exception() -> Vec<KeyValue> {
    vec![
        pair("exception.type", text("KeyError")),
        pair("exception.message", text("'k'")),
        pair("exception.stacktrace", text(TEXTS[0])),
    ]
}

/// A request to export logs, with values of every kind.
pub(super) fn logs() -> Vec<u8> {
    let list = vec![AnyValue {
        value: Some(Value::DoubleValue(0.5)),
    }];
    let pairs = vec![
        pair("level", text("error")),
        pair("msg", text("no cart of jane.doe@corp.io")),
        pair("n", Value::IntValue(-3)),
        pair("is", Value::BoolValue(true)),
        pair("raw", Value::BytesValue(vec![0, 255])),
        pair("list", Value::ArrayValue(ArrayValue { values: list })),
    ];
    let record = |body, attributes| LogRecord {
        time_unix_nano: 1_700_000_000_000_000_001,
        severity_number: 17,
        body: Some(AnyValue { value: Some(body) }),
        attributes,
        trace_id: vec![0xab; 16],
        ..LogRecord::default()
    };
    let scope_logs = ScopeLogs {
        log_records: vec![
            record(text("order failed"), exception()),
            record(
                Value::KvlistValue(KeyValueList { values: pairs }),
                Vec::new(),
            ),
        ],
        ..ScopeLogs::default()
    };
    let resource_logs = vec![ResourceLogs {
        resource: resource(),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// A request to export spans: an exception that left two of them.
pub(super) fn spans() -> Vec<u8> {
    let span = |id, parent_span_id| Span {
        trace_id: vec![0xab; 16],
        span_id: vec![id; 8],
        parent_span_id,
        name: "GET /orders".to_owned(),
        events: vec![Event {
            time_unix_nano: 1_700_000_000_000_000_001,
            name: "exception".to_owned(),
            attributes: exception(),
            ..Event::default()
        }],
        ..Span::default()
    };
    let scope_spans = ScopeSpans {
        spans: vec![span(1, Vec::new()), span(2, vec![1; 8])],
        ..ScopeSpans::default()
    };
    let resource_spans = vec![ResourceSpans {
        resource: resource(),
        scope_spans: vec![scope_spans],
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// All that is changed.
pub(super) fn all() -> Vec<Vec<u8>> {
    let texts = TEXTS.iter().map(|text| text.as_bytes().to_vec());
    texts.chain([logs(), spans()]).collect()
}

/// A small generator (xorshift64, Marsaglia 2003), so that every run tries the same.
pub(super) struct Random(u64);

impl Random {
    /// From a number that is not 0.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`; 0 if there is none.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// A seed with some bytes changed, and pieces cut out, doubled or put in from another seed.
    pub(super) fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + self.below(60)).min(bytes.len());
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[at] = self.below(256) as u8,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].repeat(1 + self.below(5));
                    bytes.splice(at..at, piece);
                }
                3 => {
                    let other = TEXTS[self.below(TEXTS.len())].as_bytes();
                    let from = self.below(other.len());
                    bytes.splice(at..at, other[from..].iter().copied());
                }
                _ => {
                    let odd = [
                        "\n",
                        "\0",
                        "\r\n",
                        "\"",
                        "\\",
                        "\u{feff}",
                        "é",
                        "9999999999",
                        ": ",
                    ];
                    bytes.splice(at..at, odd[self.below(odd.len())].bytes());
                }
            }
        }
        bytes
    }
}
