//! The service: what it takes, what it keeps, and that it loses and doubles nothing.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};
use tests::{KEY, Service};

/// An event's id.
fn id(n: u64) -> String {
    format!("{n:032x}")
}

fn event(n: u64) -> Value {
    json!({
        "event_id": id(n), "platform": "python", "level": "error",
        "exception": {"values": [{"type": "KeyError", "value": "'price'", "stacktrace": {"frames": [
            {"filename": "shop/orders.py", "abs_path": "/app/shop/orders.py", "function": "total", "lineno": 12,
             "context_line": "    return order['price']", "vars": {"order": {"id": n}}, "in_app": true}]}}]}
    })
}

fn envelope(n: u64) -> String {
    let event = event(n).to_string();
    format!(
        "{{\"event_id\":\"{}\"}}\n{{\"type\":\"event\",\"length\":{}}}\n{event}\n",
        id(n),
        event.len()
    )
}

/// Posts a body; status and answer.
fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (
        response.status().as_u16(),
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

fn auth() -> (&'static str, String) {
    (
        "x-sentry-auth",
        format!("Sentry sentry_version=7, sentry_key={KEY}"),
    )
}

#[test]
fn envelopes_are_stored_once_and_grouped() {
    let mut service = Service::new("");
    service.start();
    let url = service.url("/api/1/envelope/");
    let (name, value) = auth();
    for n in [1, 2, 2] {
        let answer = post(&url, &[(name, &value)], envelope(n).as_bytes());
        assert_eq!(answer, (200, json!({"id": id(n)})));
    }
    let query = format!("{}?sentry_key={KEY}", service.url("/api/1/store/"));
    assert_eq!(
        post(&query, &[], event(3).to_string().as_bytes()),
        (200, json!({"id": id(3)}))
    );
    let other = envelope(4).replace("\"event\"", "\"transaction\"");
    assert_eq!(post(&url, &[(name, &value)], other.as_bytes()).0, 200);
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(bugs[0]["count"], 3);
    assert_eq!(bugs[0]["assessment"]["kind"], "fixable");
    assert_eq!(bugs[0]["title"], "KeyError: 'price' in total");
    let metrics = service.metrics();
    for line in [
        "outcome=\"stored\"} 3",
        "outcome=\"known\"} 1",
        "outcome=\"other_item\"} 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    service.stop();
    assert_eq!(service.event_ids(), [id(1), id(2), id(3)]);
}

#[test]
fn a_project_may_have_a_limit() {
    let mut service = Service::new(
        "events_per_second = 1\n[[serve.projects]]\nid = 2\nname = \"other\"\nkey = \"fedcba9876543210\"\n",
    );
    service.start();
    let statuses = |url: &str, key: &str| -> Vec<u16> {
        let url = format!("{}?sentry_key={key}", service.url(url));
        let send = |n| post(&url, &[], event(n).to_string().as_bytes()).0;
        (1..=30).map(send).collect()
    };
    let limited = statuses("/api/1/store/", KEY);
    let n_stored = limited.iter().filter(|status| **status == 200).count();
    assert!(
        limited[..10].iter().all(|status| *status == 200),
        "{limited:?}"
    );
    assert!(limited.contains(&429), "{limited:?}");
    let others = statuses("/api/2/store/", "fedcba9876543210");
    assert!(others.iter().all(|status| *status == 200), "{others:?}");
    let metrics = service.metrics();
    let line = format!(
        "outerloop_events_over_limit_total{{project=\"1\"}} {}",
        30 - n_stored
    );
    assert!(metrics.contains(&line), "{metrics}");
    service.stop();
    assert_eq!(service.n_events(), n_stored as u64 + 30);
}

#[test]
fn bodies_may_be_compressed() {
    let mut service = Service::new("");
    service.start();
    let (name, value) = auth();
    const SCRIPT: &str = "import sys, gzip, zlib\nd = sys.stdin.buffer.read()\n\
        sys.stdout.buffer.write({'gzip': gzip.compress, 'deflate': zlib.compress}[sys.argv[1]](d))";
    for (n, encoding) in [(1, "gzip"), (2, "deflate"), (3, "br"), (4, "zstd")] {
        let body = envelope(n);
        let compressed = match encoding {
            "br" => {
                let mut out = Vec::new();
                let parameters = brotli::enc::BrotliEncoderParams::default();
                brotli::BrotliCompress(&mut body.as_bytes(), &mut out, &parameters).unwrap();
                out
            }
            "zstd" => zstd::bulk::compress(body.as_bytes(), 3).unwrap(),
            encoding => pipe(
                Command::new("python3").args(["-c", SCRIPT, encoding]),
                body.as_bytes(),
            ),
        };
        let headers = [(name, value.as_str()), ("content-encoding", encoding)];
        let answer = post(&service.url("/api/1/envelope/"), &headers, &compressed);
        assert_eq!(answer, (200, json!({"id": id(n)})), "{encoding}");
    }
    assert_eq!(service.n_events(), 4);
}

fn pipe(command: &mut Command, input: &[u8]) -> Vec<u8> {
    use std::process::Stdio;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn bad_requests_are_told_so() {
    let mut service = Service::new("");
    service.start();
    let (name, value) = auth();
    let url = service.url("/api/1/envelope/");
    let key = [(name, value.as_str())];
    let check = |url: &str, headers: &[(&str, &str)], body: &[u8], status: u16| {
        let answer = post(url, headers, body);
        assert_eq!(answer.0, status, "{answer:?}");
    };
    check(
        &url,
        &[(name, "Sentry sentry_key=another")],
        envelope(1).as_bytes(),
        403,
    );
    check(&url, &[], envelope(1).as_bytes(), 403);
    check(
        &service.url("/api/2/envelope/"),
        &key,
        envelope(1).as_bytes(),
        403,
    );
    check(&url, &key, b"no envelope", 400);
    check(&service.url("/api/1/store/"), &key, b"[]", 400);
    check(
        &url,
        &[key[0], ("content-encoding", "gzip")],
        b"no gzip",
        400,
    );
    check(&url, &[key[0], ("content-encoding", "lzma")], b"x", 415);
    // What is too large when it is unpacked is refused, and what is bad in an event costs only that.
    let bomb = zstd::bulk::compress(&vec![b' '; 64 << 20], 19).unwrap();
    check(&url, &[key[0], ("content-encoding", "zstd")], &bomb, 413);
    let odd = "{}\n{\"type\":\"event\"}\n{\"exception\": {\"values\": [{\"type\": 7, \"stacktrace\": {\"frames\": \"no\"}}]}}\n";
    check(&url, &key, odd.as_bytes(), 200);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method("OPTIONS")
        .uri(&url)
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-sentry-auth")
        .body(())
        .unwrap();
    let allowed = agent.run(request).unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], "*");
}

/// Who has no key costs neither the receipt of a body nor its decompression.
#[test]
fn a_wrong_key_is_told_before_the_body_comes() {
    let mut service = Service::new("");
    service.start();
    let address = service.url("").replace("http://", "");
    for path in [
        "/v1/logs",
        "/v1/traces",
        "/api/1/integration/otlp/v1/logs",
        "/api/1/envelope/",
        "/api/1/store/",
        "/api/1/logs",
    ] {
        let mut connection = TcpStream::connect(&address).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer wrong\r\n\
             content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 1000\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).expect(path);
        assert_eq!(&status, b"HTTP/1.1 403", "{path}");
    }
}

/// As `curl --data-binary`, Vector and Fluent Bit do.
#[test]
fn lines_may_be_posted() {
    let mut service = Service::new("");
    service.start();
    let url = service.url("/api/1/logs");
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str())];
    let records = json!([
        {"level": "error", "message": "it broke", "exception": traceback(1)},
        {"level": "info", "message": "start"},
        {"level": "error", "message": "it broke", "exception": traceback(1)},
    ]);
    assert_eq!(post(&url, &headers, records.to_string().as_bytes()).0, 200);
    assert_eq!(
        post(&url, &headers, traceback(2).repeat(2).as_bytes()).0,
        200
    );
    assert_eq!(post(&url, &[], traceback(3).as_bytes()).0, 403);
    let mut bugs: Vec<_> = service
        .bugs()
        .iter()
        .map(|bug| (bug["title"].to_string(), bug["count"].clone()))
        .collect();
    bugs.sort_by_key(|(title, _)| title.clone());
    let title = |n: u64| format!("\"KeyError: 'price' in total_{n}\"");
    assert_eq!(bugs, [(title(1), json!(2)), (title(2), json!(2))]);
}

/// A traceback of its own bug for each `n`.
fn traceback(n: u64) -> String {
    format!(
        "2026-01-05 10:00:00,123 ERROR shop: it broke\nTraceback (most recent call last):\n  File \"/app/shop/orders.py\", \
         line 12, in total_{n}\n    return order['price']\nKeyError: 'price'\n2026-01-05 10:00:01,000 INFO shop: going on\n"
    )
}

fn append(path: &std::path::Path, text: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

const FILES: &str =
    "[[serve.sources]]\nkind = \"files\"\npaths = [\"DIR/*.log\", \"DIR/*.log.*\"]\n";

#[test]
fn files_are_followed_through_rotation() {
    let mut service = Service::new(FILES);
    let log = service.path("shop.log");
    append(&log, &traceback(1));
    service.start();
    service.wait_for(1);
    append(&log, &traceback(2));
    service.wait_for(2);
    // By renaming, with a last line to the old file and the new one begun.
    fs::rename(&log, service.path("shop.log.1")).unwrap();
    append(&service.path("shop.log.1"), &traceback(3));
    append(&log, &traceback(4));
    service.wait_for(4);
    // By copying and truncating.
    fs::copy(&log, service.path("shop.log.2")).unwrap();
    OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&log)
        .unwrap();
    append(&log, &traceback(5));
    service.wait_for(5);
    // Rewritten within one look.
    fs::write(&log, traceback(6).repeat(3)).unwrap();
    service.wait_for(8);
    // Compressed after it was read, and one that was compressed before.
    let compressed = Command::new("gzip")
        .arg(service.path("shop.log.1"))
        .status();
    assert!(compressed.unwrap().success());
    append(&service.path("old.log.7"), &traceback(7));
    assert!(
        Command::new("gzip")
            .arg(service.path("old.log.7"))
            .status()
            .unwrap()
            .success()
    );
    service.wait_for(9);
    service.stop();
    append(&log, &traceback(8));
    service.start();
    service.wait_for(10);
    service.stop();
    let mut titles: Vec<_> = service
        .bugs()
        .iter()
        .map(|bug| bug["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    let expected: Vec<_> = (1..=8)
        .map(|n| format!("KeyError: 'price' in total_{n}"))
        .collect();
    assert_eq!(titles, expected);
}

#[test]
fn an_unfinished_record_is_read_when_nothing_follows() {
    let mut service = Service::new(FILES);
    let text = traceback(1);
    let (torn, _) = text.split_at(text.rfind("\n2026").unwrap());
    append(&service.path("shop.log"), torn);
    service.start();
    service.wait_for(1);
}

/// Clients post and a log is written while the service is killed fifty times.
#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let mut service = Service::new(FILES);
    let log = service.path("shop.log");
    let (name, value) = auth();
    let (mut n_sent, mut n_logged) = (0, 0);
    let mut acknowledged = Vec::new();
    for round in 0..50 {
        service.start();
        let url = service.url("/api/1/envelope/");
        let (mine, value) = (value.clone(), url.clone());
        let first = n_sent;
        n_sent += 1000;
        let client = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            let agent: ureq::Agent = ureq::Agent::new_with_defaults();
            for n in first..first + 1000 {
                let sent = agent.post(&value).header(name, &mine).send(envelope(n));
                match sent {
                    Ok(_) => acknowledged.push(id(n)),
                    Err(_) => break,
                }
            }
            acknowledged
        });
        for _ in 0..20 {
            n_logged += 1;
            append(&log, &traceback(n_logged % 7));
        }
        // Another moment in each round.
        std::thread::sleep(std::time::Duration::from_millis(20 + round * 13 % 300));
        service.kill();
        acknowledged.extend(client.join().unwrap());
    }
    service.start();
    let n_posted = |service: &Service| {
        let bugs = service.bugs();
        let posted = bugs
            .iter()
            .find(|bug| bug["title"] == "KeyError: 'price' in total");
        posted.map_or(0, |bug| bug["count"].as_u64().unwrap())
    };
    let posted = n_posted(&service);
    service.wait_for(posted + n_logged);
    service.stop();
    let ids = service.event_ids();
    let mut unique = ids.clone();
    unique.dedup();
    assert_eq!(ids, unique);
    assert_eq!(ids.len() as u64, posted + n_logged);
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|id| ids.binary_search(id).is_err())
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
}

#[test]
fn one_place_is_one_bug_by_whatever_way_and_for_every_version() {
    let called_by = |n: u64, caller: &str| {
        let mut event = event(n);
        let frames = &mut event["exception"]["values"][0]["stacktrace"]["frames"];
        let outer =
            json!({"filename": "shop/api.py", "function": caller, "context_line": "total(order)"});
        frames.as_array_mut().unwrap().insert(0, outer);
        event.to_string()
    };
    let mut service = Service::new("");
    let send = |service: &Service, body: String| {
        let url = service.url("/api/1/store/");
        let (name, value) = auth();
        assert_eq!(post(&url, &[(name, &value)], body.as_bytes()).0, 200);
    };
    service.start();
    send(&service, called_by(1, "create"));
    send(&service, called_by(2, "update"));
    service.stop();
    let why = service
        .sql("SELECT why FROM kinds ORDER BY bug, why")
        .join("\n");
    assert!(
        why.contains("KeyError in orders.py total, and ") && why.contains("the first"),
        "{why}"
    );
    // A store that an older version left, which compared otherwise.
    service.sql("UPDATE kinds SET version = 1, fingerprint = fingerprint || '-'");
    service.start();
    send(&service, called_by(3, "cancel"));
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(bugs[0]["count"], 3);
}
