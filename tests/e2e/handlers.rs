//! The handlers that services without an SDK copy, for Python's `logging` and for Node: what they write, and what the other
//! stages make of it.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tests::{Outerloop, Repository};

use crate::shop;

/// Runs a program with the handler writing to `log`; what it wrote.
fn run(program: &str, root: &Path, log: &Path) -> Vec<Value> {
    const BEGINNING: &str = "import logging, os, sys, outerloop_logging\n\
        sys.dont_write_bytecode = True\n\
        logging.getLogger().addHandler(outerloop_logging.Handler(os.environ['LOG'], release=os.environ.get('RELEASE')))\n\
        outerloop_logging.install_hooks()\n";
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ingest/handlers");
    let output = Command::new("python3")
        .args(["-c", &format!("{BEGINNING}{program}")])
        .env("LOG", log)
        .env(
            "PYTHONPATH",
            format!("{}:{}", root.display(), handlers.display()),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let text = fs::read_to_string(log).unwrap_or_default();
    assert!(
        !text.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The variables of the frame where an event's exception was raised.
fn variables(event: &Value) -> &Value {
    let values = event["exception"]["values"].as_array().unwrap();
    let frames = values.last().unwrap()["stacktrace"]["frames"]
        .as_array()
        .unwrap();
    &frames.last().unwrap()["vars"]
}

#[test]
fn a_crash_that_it_wrote_is_fixed() {
    let repository = shop::shop();
    let log = repository.beside("errors.jsonl");
    let events = run(shop::SCRIPT, repository.root(), &log);
    assert_eq!(events.len(), 1, "{events:#?}");
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run()
        .json(0);
    assert!(answer["bugs"][0]["fix"].is_object(), "{answer:#}");
}

/// Keys that are no texts, tuples, and more items than Sentry's client sends: the call can be rebuilt only with all of them.
const STOCK: &str = r#""""What is on the shelves."""


def label(stock, place):
    """The name of what lies in a place; "empty" if nothing does."""
    if len(stock) < 12:
        return "closed"
    if not isinstance(place, tuple):
        raise TypeError("a place is a tuple")
    name = stock.get(place)
    return name.upper()
"#;

#[test]
fn values_keep_their_types_and_containers_are_whole() {
    let repository = Repository::of(&[("stock.py", STOCK)]);
    let log = repository.beside("errors.jsonl");
    let program = "import stock\nstock.label({(n, 'a'): 'nut' for n in range(12)}, (40, 'b'))\n";
    let events = run(program, repository.root(), &log);
    let found = variables(&events[0]);
    assert_eq!(found["place"], "(40, 'b')");
    assert!(
        found["stock"]
            .as_str()
            .unwrap()
            .ends_with("(11, 'a'): 'nut'}"),
        "{found}"
    );
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    assert!(answer["bugs"][0]["reproduction"].is_object(), "{answer:#}");
}

#[test]
fn secrets_never_reach_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("errors.jsonl");
    let program = r#"
import collections
Login = collections.namedtuple("Login", "user password")
def connect(url, headers, api_key, login, body):
    return headers["missing"]
try:
    connect("https://ada:pw-one-1234@host/x", {"Authorization": "Bearer tok-two-1234567890", "n": {"cookie": ["crumb-three"]}},
            "key-four-1234", Login("ada", "pw-five-1234"), "ghp_" + "s" * 30 + " and -----BEGIN PRIVATE KEY-----\nsix-1234")
except KeyError:
    logging.exception("sent %s", "Bearer tok-seven-1234567890")
"#;
    let events = run(program, folder.path(), &log);
    let text = fs::read_to_string(&log).unwrap();
    // The source lines that stand in the program itself are not on the disk, so they are not read.
    for secret in [
        "pw-one",
        "tok-two",
        "crumb-three",
        "key-four",
        "pw-five",
        "ssssss",
        "six-1234",
        "tok-seven",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let found = variables(&events[0]);
    assert_eq!(found["url"], "'https://xxxxxxxxxxxxxxx@host/x'");
    assert_eq!(found["login"], "Login(user='ada', password='xxxxxxxxxxxx')");
}

#[test]
fn nothing_that_a_program_holds_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("errors.jsonl");
    let program = r#"
class Hostile:
    def __repr__(self): raise RuntimeError
    __len__ = __iter__ = __bool__ = __eq__ = __getattr__ = __repr__
    __hash__ = None
class Quiet(Exception):
    def __str__(self): raise RuntimeError
def work(depth):
    hostile, ring, big, long = Hostile(), [], list(range(10 if depth else 10**6)), "a" * 10**4
    ring.append(ring)
    mixed = {1: [Hostile()], "\ud800": "\udc00", (1,): {2}, "n": 10**9999}
    if depth:
        return work(depth - 1)
    raise Quiet
for depth in (0, 300):
    try:
        work(depth)
    except Quiet:
        logging.exception("tried %s", depth)
for n in range(100):
    logging.error("storm %s", n)
os.rename(os.environ["LOG"], os.environ["LOG"] + ".1")
import threading
thread = threading.Thread(target=work, args=(0,), name="worker")
thread.start()
thread.join()
try:
    raise KeyError("inner")
except KeyError as error:
    raise ValueError("outer") from error
"#;
    // The file was moved away: what is here came after.
    let after = run(program, folder.path(), &log);
    let before = fs::read_to_string(folder.path().join("errors.jsonl.1")).unwrap();
    let before: Vec<Value> = before
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!((12..=60).contains(&before.len()), "{}", before.len());
    let found = variables(&before[0]);
    assert_eq!(found["ring"], "[...]");
    assert!(
        found["big"].as_str().unwrap().ends_with(", ...]"),
        "{found}"
    );
    assert!(
        found["hostile"]
            .as_str()
            .unwrap()
            .contains("Hostile object at 0x"),
        "{found}"
    );
    assert!(before[1].to_string().len() < 2 << 20);
    let last = after.last().unwrap();
    let values = last["exception"]["values"].as_array().unwrap();
    let types: Vec<_> = values
        .iter()
        .map(|value| value["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        (types, &last["level"]),
        (vec!["KeyError", "ValueError"], &"fatal".into())
    );
}

/// Runs a Node program with the handler, as `node -r` does; its exit status and standard error, and the events.
fn node(program: &str, folder: &Path, locals: &str) -> (Option<i32>, String, Vec<Value>) {
    let (app, log) = (folder.join("app.cjs"), folder.join("errors.jsonl"));
    fs::write(&app, program).unwrap();
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ingest/handlers/outerloop.cjs");
    let output = Command::new("node")
        .arg("-r")
        .arg(handler)
        .arg(&app)
        .env("OUTERLOOP_FILE", &log)
        .env("OUTERLOOP_RELEASE", "1.4.2")
        .env("OUTERLOOP_LOCALS", locals)
        .output()
        .unwrap();
    let text = fs::read_to_string(&log).unwrap_or_default();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The variables of the named function's call.
fn variables_of<'a>(event: &'a Value, function: &str) -> &'a Value {
    let values = event["exception"]["values"].as_array().unwrap();
    let frames = values.last().unwrap()["stacktrace"]["frames"].as_array();
    let mut frames = frames.unwrap().iter();
    let found = frames.find(|frame| frame["function"] == function);
    &found.unwrap_or_else(|| panic!("no call of {function}: {event:#}"))["vars"]
}

const PRICES: &str = r#"
class Point { constructor(x) { this.x = x; } get y() { console.error("CALLED"); } }
function price(order, places) {
  const seen = new Set([1n]), at = new Point(-0), day = new Date(0);
  return places.get(order.place).amount;
}
function main() { return price({ place: "here", items: ["nut", undefined] }, new Map([[4, { amount: 3 }]])); }
"#;

#[test]
fn what_a_node_program_did_not_catch_is_written_with_variables() {
    let folder = tempfile::tempdir().unwrap();
    let (status, printed, events) = node(&format!("{PRICES}main();"), folder.path(), "uncaught");
    // It ends as it would have.
    assert_eq!(status, Some(1));
    assert!(
        printed.contains("TypeError: Cannot read") && !printed.contains("CALLED"),
        "{printed}"
    );
    let [event] = events.as_slice() else {
        panic!("{events:#?}")
    };
    assert_eq!(
        (&event["level"], &event["release"]),
        (&"fatal".into(), &"1.4.2".into())
    );
    let found = variables_of(event, "price");
    for (name, value) in [
        ("order", r#"{place: "here", items: ["nut", undefined]}"#),
        ("places", "new Map([[4, {amount: 3}]])"),
        ("seen", "new Set([1n])"),
        ("at", "Point {x: -0}"),
        ("day", r#"new Date("1970-01-01T00:00:00.000Z")"#),
    ] {
        assert_eq!(found[name], value, "{found:#}");
    }
    let read = Command::new(tests::program())
        .args(["ingest", "--output", "json", "--log"])
        .arg(folder.path().join("errors.jsonl"))
        .output()
        .unwrap();
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(read["language"], "javascript");
    let frame = &read["exceptions"][0]["frames"][0];
    assert_eq!(
        (&frame["function"], &frame["line"], &frame["in_app"]),
        (&"price".into(), &5.into(), &true.into())
    );
}

#[test]
fn rejections_causes_and_what_was_caught_are_written_too() {
    let folder = tempfile::tempdir().unwrap();
    let program = r#"
const { capture } = require(process.execArgv[1]);
function inner(n) { throw new RangeError("too far: " + n); }
try { inner(4); } catch (cause) { capture(new Error("no way", { cause })); }
async function load(id) { await null; throw new AggregateError([new TypeError("first")], "all of " + id); }
setTimeout(() => load(7), 1);
"#;
    let (status, _, events) = node(program, folder.path(), "all");
    assert_eq!((status, events.len()), (Some(1), 2));
    let told = |event: &Value| -> Vec<String> {
        let values = event["exception"]["values"].as_array().unwrap().iter();
        values
            .map(|v| {
                format!(
                    "{}: {} {}",
                    v["type"].as_str().unwrap(),
                    v["value"].as_str().unwrap(),
                    v["mechanism"]["source"]
                )
            })
            .collect()
    };
    assert_eq!(
        told(&events[0]),
        ["RangeError: too far: 4 \"cause\"", "Error: no way null"]
    );
    assert_eq!(
        told(&events[1]),
        [
            "TypeError: first \"errors[0]\"",
            "AggregateError: all of 7 null"
        ]
    );
    assert_eq!(variables_of(&events[1], "load")["id"], "7");
    let cause = &events[0]["exception"]["values"][0]["stacktrace"]["frames"];
    let inner = cause.as_array().unwrap().last().unwrap();
    assert_eq!(inner["vars"]["n"], "4", "{inner:#}");
}

#[test]
fn a_node_programs_secrets_and_traps_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let program = r#"
const secret = process.env.NEVER ?? "sec" + "ret-one-1234";
function connect(url, apiKey, headers, ring, big, trap, hostile) { return headers.missing.it; }
const trap = new Proxy({}, { get() { console.error("CALLED"); }, ownKeys() { console.error("CALLED"); return []; } });
const hostile = { get a() { console.error("CALLED"); }, toString() { console.error("CALLED"); }, toJSON() { console.error("CALLED"); } };
const ring = []; ring.push(ring);
connect("https://ada:" + secret + "@host/x", secret, new Map([["cookie", [secret]], ["n", { password: secret }]]), ring, Array.from({ length: 1e6 }, (_, n) => n), trap, hostile);
"#;
    let (status, printed, events) = node(program, folder.path(), "uncaught");
    assert!(
        status == Some(1) && !printed.contains("CALLED"),
        "{printed}"
    );
    let text = fs::read_to_string(folder.path().join("errors.jsonl")).unwrap();
    assert!(
        !text.contains("secret-one") && text.len() < 256 << 10,
        "{}",
        text.len()
    );
    let found = variables_of(&events[0], "connect");
    assert_eq!(found["url"], "\"https://xxxxxxxxxxxxxxxxxxx@host/x\"");
    assert_eq!(
        found["headers"],
        "new Map([[\"cookie\", [\"xxxxxxxxxxxxxxx\"]], [\"n\", {password: \"xxxxxxxxxxxxxxx\"}]])"
    );
    assert_eq!(
        (&found["ring"], &found["trap"]),
        (&"[<...>]".into(), &"<Proxy>".into())
    );
    assert!(
        found["big"]
            .as_str()
            .unwrap()
            .ends_with("999, <999000 more>]"),
        "{}",
        found["big"]
    );
}

#[test]
fn a_node_program_that_throws_without_end_writes_little() {
    let folder = tempfile::tempdir().unwrap();
    let program = r#"
const fs = require("node:fs");
const { capture } = require(process.execArgv[1]);
const again = (n) => { for (let i = 0; i < n; i++) { try { null.x; } catch (error) { capture(error); } } };
again(1000);
fs.renameSync(process.env.OUTERLOOP_FILE, process.env.OUTERLOOP_FILE + ".1");
setTimeout(() => again(1), 1100);
"#;
    let (status, _, events) = node(program, folder.path(), "all");
    assert_eq!((status, events.len()), (Some(0), 1));
    let moved = fs::read_to_string(folder.path().join("errors.jsonl.1")).unwrap();
    // A second may begin in between.
    let n_first = moved.lines().count();
    assert!((20..=60).contains(&n_first), "{n_first}");
    assert!(
        events[0]["extra"]["suppressed"].as_u64().unwrap() >= 900,
        "{}",
        events[0]
    );
}
