//! The handler for Python's `logging` that services without an SDK copy: what it writes, and what the other stages make of it.

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
