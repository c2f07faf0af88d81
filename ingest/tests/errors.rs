//! Errors that come without a trace.

use std::fs;

use ingest::{ErrorEvent, Format};

use crate::{
    corpus::{files, folder, read_bytes},
    records::{Numbers, SEEDS, mutated},
};

/// The text of an event that a person may search in.
fn text(event: &ErrorEvent) -> String {
    let mut text = event.message.clone().unwrap_or_default();
    for exception in &event.exceptions {
        text.push_str(&format!(
            "\n{}: {}\n{}",
            exception.qualified_name(),
            exception.message,
            exception.notes.join("\n")
        ));
    }
    text
}

/// The line that a person calls the error is within an event, and how many others there are.
#[test]
fn marked_errors_of_ci_logs() {
    let Some(folder) = folder("app_logs/pytorch_ci/classify") else {
        return;
    };
    let (mut n, mut n_found, mut n_events, mut n_lines) = (0, 0, 0, 0);
    for path in files(&folder) {
        let log = fs::read_to_string(&path).unwrap();
        let Some(marked) = log.lines().find_map(|line| line.strip_prefix("#=MATCH=# ")) else {
            continue;
        };
        if path.ends_with("FIXTURES_expected.txt") {
            continue;
        }
        let without_marks = |text: &str| text.replace("#=MATCH=# ", "").replace(['‹', '›'], "");
        // What the person marked, without the time before it and the words around.
        let spans: Vec<&str> = marked
            .split('‹')
            .skip(1)
            .filter_map(|rest| rest.split('›').next())
            .collect();
        let (events, _) = read_bytes(without_marks(&log).as_bytes(), Format::Auto);
        let is_found = events.iter().any(|event| {
            let text = text(event);
            spans
                .iter()
                .all(|span| text.contains(span.trim_start_matches("##[error]").trim_end()))
        });
        n += 1;
        n_found += usize::from(is_found);
        n_events += events.len();
        n_lines += log.lines().count();
        if !is_found {
            eprintln!(
                "{}: {} events, none with {marked}",
                path.file_name().unwrap().to_string_lossy(),
                events.len()
            );
        }
        if std::env::var_os("SHOW").is_some() {
            for event in &events {
                eprintln!(
                    "    {}: {:?}",
                    path.file_name().unwrap().to_string_lossy(),
                    text(event).chars().take(100).collect::<String>()
                );
            }
        }
    }
    eprintln!(
        "pytorch_ci: {n_found} of {n} marked lines are in an event; {n_events} events of {n_lines} lines"
    );
    assert!(n_found * 100 >= n * 60);
}

/// Every record at level ERROR is in an event, and nothing else is one.
#[test]
fn errors_of_cassandra() {
    let Some(folder) = folder("app_logs/cassandra_dse") else {
        return;
    };
    let (mut n, mut n_found, mut n_events) = (0, 0, 0);
    for path in files(&folder) {
        let bytes = fs::read(&path).unwrap();
        let log = String::from_utf8_lossy(&bytes);
        let (events, _) = read_bytes(&bytes, Format::Auto);
        let texts: Vec<String> = events.iter().map(text).collect();
        let expected: Vec<&str> = log
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("ERROR "))
            .filter_map(|rest| {
                rest.split_once(" - ")
                    .map(|(_, message)| message.rsplit(" - ").next().unwrap_or(message).trim())
            })
            .collect();
        let n_here = expected
            .iter()
            .filter(|message| texts.iter().any(|text| text.contains(**message)))
            .count();
        if n_here < expected.len() || expected.len() != events.len() {
            eprintln!(
                "{}: {n_here} of {} error records, {} events",
                path.file_name().unwrap().to_string_lossy(),
                expected.len(),
                events.len()
            );
        }
        n += expected.len();
        n_found += n_here;
        n_events += events.len();
    }
    eprintln!("cassandra_dse: {n_found} of {n} error records are in an event; {n_events} events");
    assert!(n_found * 100 >= n * 98);
}

#[track_caller]
fn check(log: &str, expected: &[&str]) {
    let (events, _) = read_bytes(log.as_bytes(), Format::Auto);
    let shown: Vec<String> = events
        .iter()
        .map(|event| {
            let attribute = |key: &str| {
                event
                    .attributes
                    .get(key)
                    .and_then(|value| value.as_str())
                    .unwrap_or("-")
            };
            let types: Vec<&str> = event
                .exceptions
                .iter()
                .map(|e| e.type_name.as_str())
                .collect();
            format!(
                "{} {} {}{}",
                attribute("level"),
                attribute("logger"),
                event.message.as_deref().unwrap_or("-").replace('\n', "/"),
                if types.is_empty() {
                    String::new()
                } else {
                    format!(" <{}>", types.join(", "))
                }
            )
        })
        .collect();
    assert_eq!(shown, expected, "{log}");
}

const TRACE: &str =
    "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g(x)\nKeyError: 'k'\n";

#[test]
fn records_at_level_error() {
    check(
        "2024-01-01 12:00:00,123 - app - INFO - fine\n2024-01-01 12:00:00,124 - app - ERROR - it broke\nin two lines\n2024-01-01 12:00:00,125 - app - WARNING - no error\n",
        &["error app it broke/in two lines"],
    );
    check(
        "I0102 12:00:00.1 7 a.go:1] no ERROR\nE0102 12:00:00.2 7 a.go:2] down\n",
        &["error a.go:2 down"],
    );
    check(
        "<14>Oct 11 22:14:15 host app[1]: no error\n<11>Oct 11 22:14:15 host app[1]: disk failed\n",
        &["error app disk failed"],
    );
    check(
        "[12:00:00] [main/INFO]: ERROR is only a word\n[12:00:01] [main/FATAL]: stopped\n",
        &["fatal - stopped"],
    );
    check(
        "{\"level\": 50, \"time\": 1, \"msg\": \"boom\"}\n{\"level\": 30, \"msg\": \"error\"}\n",
        &["error - boom"],
    );
    check(
        "{\"severity\": \"ERROR\", \"error\": \"refused\"}\n",
        &["error - refused"],
    );
    check(
        "{\"PRIORITY\": \"3\", \"MESSAGE\": \"disk failed\", \"SYSLOG_IDENTIFIER\": \"kernel\"}\n",
        &["error - disk failed"],
    );
    check(
        "level=error msg=\"it broke\"\nlevel=info msg=\"error\"\n",
        &["error - it broke"],
    );
    check(
        "2024-01-01T12:00:00.0000001Z ##[group]x\n2024-01-01T12:00:00.0000001Z ##[error]failed\n",
        &["error - failed"],
    );
    check(
        "src/a.cpp:128:26: error: no such function\nmake: fine\n",
        &["error - src/a.cpp:128:26: error: no such function"],
    );
    check(
        "error: could not read\nfatal: no repository\n",
        &["error - could not read", "fatal - no repository"],
    );
    check(
        "an ordinary line\nerrors: 0\nError handling is on\n{\"errors\": 0}\n",
        &[],
    );
}

#[test]
fn a_record_with_its_trace_is_one_event() {
    check(
        &format!("ERROR:root:it broke\n{TRACE}ERROR:root:again\n"),
        &["error root it broke <KeyError>", "error root again"],
    );
    check(
        &format!("2024-01-01 12:00:00,124 ERROR app.x: it broke\n\n{TRACE}"),
        &["error app.x it broke <KeyError>"],
    );
    let prefix = "2024-01-01 12:00:00,123 ERROR my.app: ";
    let prefixed: String = format!("it broke\n{TRACE}")
        .lines()
        .map(|line| format!("{prefix}{line}\n"))
        .collect();
    check(&prefixed, &["error my.app it broke <KeyError>"]);
    // Another record just before the trace is not about it.
    check(
        &format!(
            "2024-01-01 12:00:00,123 ERROR my.db: slow\n2024-01-01 12:00:00,123 ERROR my.app: it broke\n{TRACE}"
        ),
        &["error my.db slow", "error my.app it broke <KeyError>"],
    );
    // What is left of a trace does not take the record with it.
    check(
        "2024-01-01 12:00:00,123 ERROR my.app: it broke\nTraceback (most recent call last):\n2024-01-01 12:00:01,123 INFO my.app: x\n",
        &["error my.app it broke"],
    );
    check(
        "{\"level\": \"error\", \"message\": \"it broke\", \"exc_info\": \"Traceback (most recent call last):\\n  File \\\"a.py\\\", line 3, in f\\n    g(x)\\nKeyError: 'k'\"}\n",
        &["error - it broke <KeyError>"],
    );
    // Two services write at the same time.
    check(
        &format!(
            "web-1  | 12:00:00 ERROR one\ndb-1   | 12:00:00 ERROR two\n{}",
            TRACE
                .lines()
                .map(|line| format!("web-1  | {line}\n"))
                .collect::<String>()
        ),
        &["error - one <KeyError>", "error - two"],
    );
}

#[test]
fn nothing_panics_and_every_record_is_counted() {
    let mut numbers = Numbers(2_463_534_242);
    for _ in 0..3000 {
        read_bytes(&mutated(SEEDS, &mut numbers), Format::Auto);
    }
    let Some(folder) = folder("app_logs") else {
        return;
    };
    for path in files(&folder) {
        let bytes = fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(2000).collect();
        for _ in 0..5 {
            read_bytes(&mutated(&lines, &mut numbers), Format::Auto);
        }
    }
}
