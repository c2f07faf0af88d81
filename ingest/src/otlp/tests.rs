use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event},
};
use serde_json::json;

use super::*;
use crate::{
    DropReason,
    limits::{MAX_COPIED_BYTES, MAX_REQUEST_EVENT_BYTES},
    redact::RedactionKey,
};

const TRACE: &str = "Traceback (most recent call last):\n  File \"/app/shop.py\", line 3, in total\n    return order[\"price\"]\nKeyError: 'price'\n";

fn redactor() -> Redactor {
    Redactor::new(RedactionKey::new([1; 16]))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    let pair = |(key, value): &(&str, &str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue {
            value: Some(Any::StringValue((*value).to_owned())),
        }),
        ..KeyValue::default()
    };
    pairs.iter().map(pair).collect()
}

fn resource() -> Resource {
    Resource {
        attributes: pairs(&[("service.version", "1.2.3"), ("service.name", "shop")]),
        ..Resource::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "shop.orders".to_owned(),
        ..InstrumentationScope::default()
    }
}

fn request(severity_number: i32, attributes: &[(&str, &str)]) -> Vec<u8> {
    let record = LogRecord {
        time_unix_nano: 1_700_000_000_000_000_001,
        severity_number,
        body: Some(AnyValue {
            value: Some(Any::StringValue("order failed".to_owned())),
        }),
        attributes: pairs(attributes),
        trace_id: vec![0xab; 16],
        ..LogRecord::default()
    };
    let scope_logs = ScopeLogs {
        scope: Some(scope()),
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    let resource_logs = ResourceLogs {
        resource: Some(resource()),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    let resource_logs = vec![resource_logs];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

#[track_caller]
fn only(received: Received) -> ErrorEvent {
    let [event] = <[ErrorEvent; 1]>::try_from(received.events).unwrap();
    event
}

/// What two encodings give, which is the same but for the identifiers.
#[track_caller]
fn same(mut of_messages: ErrorEvent, mut of_json: ErrorEvent) -> ErrorEvent {
    for event in [&mut of_messages, &mut of_json] {
        assert_eq!(event.id.take().map(|id| id.len()), Some(32));
    }
    assert_eq!(of_messages, of_json);
    of_json
}

#[test]
fn both_encodings_say_the_same() {
    let attributes = [
        ("exception.type", "KeyError"),
        ("exception.message", "'price'"),
        ("exception.stacktrace", TRACE),
    ];
    let of_messages = only(protobuf(&request(17, &attributes), &redactor()).unwrap());
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": [text("service.version", "1.2.3"), text("service.name", "shop")]},
        "scopeLogs": [{
            "scope": {"name": "shop.orders"},
            "logRecords": [{
                "timeUnixNano": "1700000000000000001",
                "severityNumber": 17,
                "body": {"stringValue": "order failed"},
                "attributes": attributes.map(|(key, value)| text(key, value)),
                "traceId": "ab".repeat(16),
                "unknown": {"to": ["us"]},
            }],
        }],
    }]});
    let of_json = only(json(body.to_string().as_bytes(), &redactor()).unwrap());
    let of_json = same(of_messages, of_json);

    assert_eq!(
        of_json.timestamp.as_deref(),
        Some("2023-11-14T22:13:20.000000001Z")
    );
    assert_eq!(of_json.release.as_deref(), Some("1.2.3"));
    assert_eq!(of_json.message.as_deref(), Some("order failed"));
    assert_eq!(of_json.attributes["logger"], "shop.orders");
    assert_eq!(of_json.attributes["service.name"], "shop");
    assert_eq!(of_json.attributes["trace_id"], "ab".repeat(16));
    let exception = &of_json.exceptions[0];
    assert_eq!(
        (exception.type_name.as_str(), exception.message.as_str()),
        ("KeyError", "'price'")
    );
    assert_eq!(exception.frames[0].function, "total");
}

#[test]
fn what_comes_again_has_its_ids_again() {
    let ids = |severity| {
        let body = request(severity, &[("exception.stacktrace", TRACE)]);
        only(protobuf(&body, &redactor()).unwrap()).id
    };
    assert_eq!(ids(17), ids(17));
    assert_ne!(ids(17), ids(18));
}

#[test]
fn a_stack_alone_has_its_title_beside_it() {
    let attributes = [
        ("exception.type", "java.lang.IllegalStateException"),
        ("exception.message", "no cart"),
        (
            "exception.stacktrace",
            "\tat com.shop.Cart.total(Cart.java:12)\n\tat com.shop.Main.main(Main.java:5)\n",
        ),
    ];
    let event = only(protobuf(&request(17, &attributes), &redactor()).unwrap());
    let exception = &event.exceptions[0];
    assert_eq!(exception.qualified_name(), attributes[0].1);
    assert_eq!(exception.message, "no cart");
    assert_eq!(exception.frames.len(), 2);
}

#[test]
fn an_exception_without_a_stack_is_one() {
    let attributes = [
        ("exception.type", "shop.errors.CartError"),
        ("exception.message", "no cart"),
    ];
    let event = only(protobuf(&request(17, &attributes), &redactor()).unwrap());
    let exception = &event.exceptions[0];
    assert_eq!(exception.qualified_name(), attributes[0].1);
    assert_eq!(exception.message, "no cart");
    assert_eq!(event.message.as_deref(), Some("order failed"));
}

#[test]
fn severities_are_numbers_words_or_names() {
    let read = |severity: &str| {
        let body = format!(
            r#"{{"resource_logs": [{{"scope_logs": [{{"log_records": [{{{severity}, "body": {{"string_value": "x"}}}}]}}]}}]}}"#
        );
        json(body.as_bytes(), &redactor()).unwrap()
    };
    for (severity, level) in [
        (r#""severity_number": 17"#, "error"),
        (r#""severityNumber": "21""#, "fatal"),
        (r#""severityNumber": "SEVERITY_NUMBER_ERROR3""#, "error"),
        (
            r#""severityNumber": 17, "severityText": "CRITICAL""#,
            "critical",
        ),
        (r#""severityNumber": 17, "severityText": "S1""#, "error"),
    ] {
        let event = only(read(severity));
        assert_eq!(event.attributes["level"], level, "{severity}");
        assert_eq!(event.message.as_deref(), Some("x"));
    }
    for severity in [
        r#""severityNumber": 9"#,
        r#""severityText": "WARN""#,
        r#""flags": 1"#,
    ] {
        let received = read(severity);
        assert_eq!(received.events, []);
        assert_eq!(received.summary.n_dropped(DropReason::NoError), 1);
    }
}

#[test]
fn a_record_in_the_body_is_read_as_one() {
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"kvlistValue": {"values": [
        {"key": "level", "value": {"stringValue": "error"}},
        {"key": "msg", "value": {"stringValue": "no cart"}},
        {"key": "sizes", "value": {"arrayValue": {"values": [{"intValue": "3"}, {"doubleValue": 0.5}]}}},
    ]}}}]}]}]});
    let event = only(json(body.to_string().as_bytes(), &redactor()).unwrap());
    assert_eq!(event.message.as_deref(), Some("no cart"));
    assert_eq!(event.attributes["sizes"], json!([3, 0.5]));
}

#[test]
fn what_is_no_request_is_refused() {
    for body in ["", "[]", "{\"a\": 1}", "{\"resourceLogs\": 1}"] {
        assert_eq!(
            json(body.as_bytes(), &redactor()),
            Err(Refused::Otlp),
            "{body}"
        );
    }
    assert_eq!(json(b"{}", &redactor()).unwrap().events, []);
    assert_eq!(protobuf(b"hello", &redactor()), Err(Refused::Otlp));
    assert_eq!(protobuf(b"", &redactor()).unwrap().events, []);
}

#[test]
fn a_file_of_the_collector_is_read_line_by_line() {
    let line = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"severityNumber": 17, "body": {"stringValue": "no cart"}},
        {"severityNumber": 9, "body": {"stringValue": "a cart"}},
    ]}]}]});
    let mut messages = Vec::new();
    // So many that what says nothing is passed over by then.
    let quiet = "{\"severityNumber\": 9}\n".repeat(300);
    let log = format!("{quiet}{line}\n{line}\n");
    let summary = crate::read(log.as_bytes(), crate::Format::Auto, |event| {
        messages.push(event.message.unwrap());
    });
    assert_eq!(messages, ["no cart", "no cart"]);
    assert_eq!(summary.unwrap().records, 304);
}

/// A span with events of these names and attributes.
fn span(id: u8, parent: u8, events: &[(&str, &[(&str, &str)])]) -> Span {
    let event = |(name, attributes): &(&str, &[(&str, &str)])| Event {
        time_unix_nano: 1_700_000_000_000_000_001,
        name: (*name).to_owned(),
        attributes: pairs(attributes),
        ..Event::default()
    };
    Span {
        trace_id: vec![0xab; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent > 0 {
            vec![parent; 8]
        } else {
            Vec::new()
        },
        name: "GET /orders".to_owned(),
        attributes: pairs(&[("http.route", "/orders")]),
        events: events.iter().map(event).collect(),
        ..Span::default()
    }
}

fn spans(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = ScopeSpans {
        scope: Some(scope()),
        spans,
        ..ScopeSpans::default()
    };
    let resource_spans = ResourceSpans {
        resource: Some(resource()),
        scope_spans: vec![scope_spans],
        ..ResourceSpans::default()
    };
    let resource_spans = vec![resource_spans];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

const RECORDED: [(&str, &str); 3] = [
    ("exception.type", "KeyError"),
    ("exception.message", "'price'"),
    ("exception.stacktrace", TRACE),
];

#[test]
fn an_exception_of_a_span_is_an_event_in_both_encodings() {
    let body = spans(vec![span(1, 0, &[("exception", &RECORDED)])]);
    let of_messages = only(protobuf_spans(&body, &redactor()).unwrap());
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.version", "1.2.3"), text("service.name", "shop")]},
        "scopeSpans": [{
            "scope": {"name": "shop.orders"},
            "spans": [{
                "traceId": "ab".repeat(16),
                "spanId": "01".repeat(8),
                "name": "GET /orders",
                "kind": "SPAN_KIND_SERVER",
                "attributes": [text("http.route", "/orders")],
                "events": [{
                    "timeUnixNano": "1700000000000000001",
                    "name": "exception",
                    "attributes": RECORDED.map(|(key, value)| text(key, value)),
                }],
            }],
        }],
    }]});
    let of_json = only(json_spans(body.to_string().as_bytes(), &redactor()).unwrap());
    let of_json = same(of_messages, of_json);
    assert_eq!(
        of_json.timestamp.as_deref(),
        Some("2023-11-14T22:13:20.000000001Z")
    );
    assert_eq!(of_json.release.as_deref(), Some("1.2.3"));
    for (key, value) in [
        ("span.name", "GET /orders"),
        ("http.route", "/orders"),
        ("logger", "shop.orders"),
        ("service.name", "shop"),
        ("level", "error"),
        ("span_id", "0101010101010101"),
    ] {
        assert_eq!(of_json.attributes[key], value);
    }
    let exception = &of_json.exceptions[0];
    assert_eq!(
        (exception.type_name.as_str(), exception.message.as_str()),
        ("KeyError", "'price'")
    );
    assert_eq!(exception.frames[0].function, "total");
}

#[test]
fn what_a_span_holds_besides_is_counted() {
    let received = protobuf_spans(
        &spans(vec![
            span(1, 0, &[]),
            span(2, 0, &[("message", &[("message.id", "1")])]),
            span(3, 0, &[("exception", &[("other", "x")])]),
            span(
                4,
                0,
                &[
                    ("retry", &[]),
                    ("exception", &[("exception.type", "shop.errors.CartError")]),
                ],
            ),
            span(5, 0, &[("exception", &[("exception.message", "no cart")])]),
        ]),
        &redactor(),
    )
    .unwrap();
    assert_eq!(received.summary.n_dropped(DropReason::OtherItem), 4);
    assert_eq!(received.summary.records, 6);
    let [without_message, without_type] = received.events.as_slice() else {
        panic!("{:#?}", received.events);
    };
    assert_eq!(
        without_message.exceptions[0].qualified_name(),
        "shop.errors.CartError"
    );
    assert_eq!(without_type.message.as_deref(), Some("no cart"));
}

/// How many events become of spans with the same exception, and how many are repeated.
#[track_caller]
fn check_repeated(parents: &[(u8, u8, usize)], expected: (u64, u64)) {
    let all = parents.iter().map(|&(id, parent, n)| {
        let exception: &[(&str, &str)] = &RECORDED;
        span(id, parent, &vec![("exception", exception); n])
    });
    let received = protobuf_spans(&spans(all.collect()), &redactor()).unwrap();
    let n_repeated = received.summary.n_dropped(DropReason::Repeated);
    assert_eq!((received.summary.events, n_repeated), expected);
}

#[test]
fn an_exception_that_leaves_several_spans_is_one() {
    check_repeated(&[(3, 2, 1), (2, 1, 1), (1, 0, 1)], (1, 2));
    // The span between them recorded none.
    check_repeated(&[(3, 2, 1), (2, 1, 0), (1, 0, 1)], (2, 0));
    // Tried three times, and given up.
    check_repeated(&[(4, 1, 1), (3, 1, 1), (2, 1, 1), (1, 0, 1)], (3, 1));
    check_repeated(&[(1, 9, 2), (2, 9, 1)], (3, 0));
    // A span that is its own parent.
    check_repeated(&[(1, 1, 1)], (1, 0));
}

#[test]
fn spans_are_told_from_logs() {
    let of_span = spans(vec![span(1, 0, &[("exception", &RECORDED)])]);
    assert_eq!(protobuf(&of_span, &redactor()), Err(Refused::Otlp));
    assert_eq!(
        protobuf_spans(&request(17, &RECORDED), &redactor()),
        Err(Refused::Otlp)
    );
    let logs = br#"{"resourceLogs": []}"#;
    assert_eq!(json_spans(logs, &redactor()), Err(Refused::Otlp));
    assert_eq!(json_spans(b"{}", &redactor()).unwrap().events, []);
    let redactor = redactor();
    let read = |message: &[u8]| crate::message::whole(message, crate::Format::Auto, &redactor);
    assert_eq!(read(&of_span).unwrap().events.len(), 1);
    assert_eq!(read(&request(17, &RECORDED)).unwrap().events.len(), 1);
}

/// A large resource, or span, of many small records: what is kept is bounded, and counted.
#[test]
fn what_many_share_is_copied_up_to_a_limit() {
    const N: u64 = 500_000;
    let large = pairs(&[("service.version", "1.2.3"), ("a", &"x".repeat(60 << 10))]);
    let record = LogRecord {
        severity_number: 17,
        ..LogRecord::default()
    };
    let scope_logs = ScopeLogs {
        log_records: vec![record; N as usize],
        ..ScopeLogs::default()
    };
    let resource_logs = vec![ResourceLogs {
        resource: Some(Resource {
            attributes: large.clone(),
            ..Resource::default()
        }),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    }];
    let body = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    let received = protobuf(&body, &redactor()).unwrap();
    let copied = MAX_COPIED_BYTES / (60 << 10);
    let of_first = &received.events[0];
    assert_eq!(of_first.release.as_deref(), Some("1.2.3"));
    let has_all = |event: &ErrorEvent| event.attributes.contains_key("a");
    let n_whole = received
        .events
        .iter()
        .filter(|event| has_all(event))
        .count();
    assert!((copied - 1..=copied).contains(&n_whole), "{n_whole}");
    let n_bytes: usize = received.events.iter().map(ErrorEvent::n_bytes).sum();
    assert!(n_bytes <= MAX_REQUEST_EVENT_BYTES);
    let n_beyond = received.summary.n_dropped(DropReason::TooLarge);
    assert!(n_beyond > 0);
    assert_eq!(received.summary.events + n_beyond, N);

    let mut of_span = span(1, 0, &vec![("exception", &RECORDED[..2]); 2 * copied]);
    of_span.attributes = large;
    let received = protobuf_spans(&spans(vec![of_span]), &redactor()).unwrap();
    let n_whole = received
        .events
        .iter()
        .filter(|event| has_all(event))
        .count();
    assert!(n_whole <= copied, "{n_whole}");
    assert_eq!(received.events.len(), 2 * copied);
}
