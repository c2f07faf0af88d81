//! Agreement with what people stated about real data.

use std::{fs, path::Path};

use ingest::{ErrorEvent, Format, Platform};

use crate::corpus::{csv, files, folder, read_bytes, read_file};

/// The events with a trace, without those that only have a message.
fn traced(mut events: Vec<ErrorEvent>) -> Vec<ErrorEvent> {
    events.retain(|event| !event.exceptions.is_empty());
    events
}

/// How many rows of a language's traces state something, and how many of these agree in all that they state.
fn stacktraces(language: &str) -> Option<(usize, usize)> {
    let folder = folder("stacktraces")?;
    let mut n = 0;
    let mut n_agreed = 0;
    for row in csv(&folder.join("index.csv")) {
        const FIELDS: [&str; 5] = [
            "exception_type",
            "n_frames",
            "top_function",
            "top_file",
            "top_line",
        ];
        let path = folder.join(&row["file"]);
        let expected = FIELDS.map(|field| row[field].as_str());
        if row["language"] != language || expected.iter().all(|field| field.is_empty()) {
            continue;
        }
        n += 1;
        let events = traced(read_file(&path).0);
        // A sanitizer that watches an interpreter reports that this one ended.
        let is_own = |event: &&ErrorEvent| !is_native(event) || language == "cpp";
        // Python's index speaks of the last trace of a log, the others' of the first.
        let event = if language == "python" {
            events.iter().rfind(is_own)
        } else {
            events.iter().find(is_own)
        };
        let found = event
            .map(|event| shown(event, language))
            .unwrap_or_default();
        let text = fs::read_to_string(&path).unwrap();
        // Firefox and Safari leave the type out of a stack; then the index has it from elsewhere.
        let is_stated = |expected: &str| language != "javascript" || text.contains(expected);
        let is_agreed = expected
            .iter()
            .zip(&found)
            .all(|(expected, found)| expected.is_empty() || expected == found)
            || !is_stated(expected[0])
                && expected[1..]
                    .iter()
                    .zip(&found[1..])
                    .all(|(expected, found)| expected.is_empty() || expected == found);
        if is_agreed {
            n_agreed += 1;
        } else {
            eprintln!(
                "{}: expected {expected:?}, found {found:?} of {} events",
                row["file"],
                events.len()
            );
        }
    }
    eprintln!(
        "{language}: {n_agreed} of {n} files agree in type, frames, innermost function, file and line"
    );
    Some((n_agreed, n))
}

fn is_native(event: &ErrorEvent) -> bool {
    event.platform == Platform::Native
}

fn shown(event: &ErrorEvent, language: &str) -> [String; 5] {
    let exception = event.exception();
    let is_call = |frame: &&ingest::Frame| frame.function != "{main}";
    let top = exception.frames.last();
    let type_name = if language == "python" {
        exception.type_name.clone()
    } else {
        exception.qualified_name()
    };
    let place = match (&exception.location, top) {
        (Some(location), _) => Some((&location.path, location.line)),
        (None, Some(top)) => Some((&top.path, top.line)),
        (None, None) => None,
    };
    [
        type_name,
        exception.frames.iter().filter(is_call).count().to_string(),
        top.filter(is_call)
            .map_or_else(String::new, |frame| frame.function.clone()),
        place.map_or_else(String::new, |(path, _)| path.clone()),
        place
            .and_then(|(_, line)| line)
            .map_or_else(String::new, |line| line.to_string()),
    ]
}

#[track_caller]
fn check_stacktraces(language: &str, least_percent: usize) {
    if let Some((n_agreed, n)) = stacktraces(language) {
        assert!(n_agreed * 100 >= n * least_percent, "{n_agreed} of {n}");
    }
}

#[test]
fn python_stacktraces() {
    check_stacktraces("python", 97);
}

#[test]
fn javascript_stacktraces() {
    check_stacktraces("javascript", 98);
}

#[test]
fn jvm_stacktraces() {
    check_stacktraces("java", 98);
    check_stacktraces("kotlin", 98);
}

#[test]
fn go_stacktraces() {
    check_stacktraces("go", 98);
}

#[test]
fn rust_stacktraces() {
    check_stacktraces("rust", 98);
}

#[test]
fn ruby_stacktraces() {
    check_stacktraces("ruby", 98);
}

#[test]
fn php_stacktraces() {
    check_stacktraces("php", 98);
}

#[test]
fn dotnet_stacktraces() {
    check_stacktraces("csharp", 98);
}

#[test]
fn dart_stacktraces() {
    check_stacktraces("dart", 98);
}

/// Each JUnit failure's type, innermost frame and number of frames, as that collection states them.
#[test]
fn defects4j() {
    let Some(folder) = folder("defects4j") else {
        return;
    };
    let (mut n, mut n_agreed) = (0, 0);
    for row in csv(&folder.join("traces.csv")) {
        let path = folder.join("..").join(&row["file"]);
        if !path.exists() {
            continue;
        }
        n += 1;
        let index: usize = row["idx"].parse().unwrap();
        let events = traced(read_file(&path).0);
        let found = events
            .get(index)
            .map(|event| shown(event, "java"))
            .unwrap_or_default();
        let place = if found[4].is_empty() {
            found[3].clone()
        } else {
            format!("{}:{}", found[3], found[4])
        };
        let expected = [
            &row["exception_type"],
            &row["n_frames"],
            &row["top_function"],
            &row["top_location"],
        ];
        if expected == [&found[0], &found[1], &found[2], &place] {
            n_agreed += 1;
        } else {
            eprintln!(
                "{} {index}: expected {expected:?}, found {found:?}",
                row["file"]
            );
        }
    }
    eprintln!("defects4j: {n_agreed} of {n} traces agree");
    assert!(n_agreed * 100 >= n * 98, "{n_agreed} of {n}");
}

/// The first goroutine as another parser reads it.
#[test]
fn goroutines() {
    let Some(folder) = folder("stacktraces") else {
        return;
    };
    for path in files(&folder.join("_expected/gostackparse")) {
        let name = name(&path).replace(".golden.json", "");
        let dump = folder.join(format!("go/gostackparse_{name}.txt"));
        if !dump.exists() {
            continue;
        }
        let golden: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let events = traced(read_file(&dump).0);
        let expected: Vec<String> = golden["Goroutines"][0]["Stack"]
            .as_array()
            .unwrap()
            .iter()
            .map(|frame| format!("{} {} {}", frame["Func"], frame["File"], frame["Line"]))
            .collect();
        let found: Vec<String> = events[0].exceptions[0]
            .frames
            .iter()
            .rev()
            .map(|frame| {
                format!(
                    "{:?} {:?} {}",
                    frame.function,
                    frame.path,
                    frame.line.unwrap()
                )
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(events.len(), 1, "{name}");
    }
}

/// Native and other crashes of a fuzzing service: how many have an event.
#[test]
fn fuzzers_crashes() {
    let Some(folder) = folder("clusterfuzz_stacks") else {
        return;
    };
    let (mut n, mut n_read) = (0, 0);
    for row in csv(&folder.join("expected.csv")) {
        let path = folder.join(&row["file"]);
        if !path.exists() {
            continue;
        }
        n += 1;
        let events = traced(read_file(&path).0);
        n_read += usize::from(!events.is_empty());
        let first = events.first().map(|event| shown(event, ""));
        eprintln!(
            "{}: {} | {} || {:?} of {}",
            row["file"],
            row["crash_type"],
            row["crash_state"],
            first,
            events.len()
        );
    }
    eprintln!("fuzzers' crashes: {n_read} of {n} have an event");
}

/// What logs of applications hold besides Python's tracebacks.
#[test]
fn app_logs_of_other_languages() {
    let Some(folder) = folder("app_logs") else {
        return;
    };
    for path in files(&folder) {
        let (events, _) = read_bytes(&without_marks(&fs::read(&path).unwrap()), Format::Auto);
        for event in events
            .iter()
            .filter(|event| event.platform != Platform::Python)
        {
            eprintln!(
                "APP {}: {:?} {:?} {} exceptions",
                name(&path),
                event.platform,
                shown(event, ""),
                event.exceptions.len()
            );
        }
    }
}

/// No language's parser takes another's trace.
#[test]
fn languages_are_told_apart() {
    let Some(folder) = folder("stacktraces") else {
        return;
    };
    let (mut n, mut n_others) = (0, 0);
    for row in csv(&folder.join("index.csv")) {
        let events = traced(read_file(&folder.join(&row["file"])).0);
        let expected: &[&str] = match row["language"].as_str() {
            "apple" | "cpp" | "kernel" => &["native"],
            "java" | "kotlin" => &["java", "kotlin", "scala", "clojure"],
            "mixed" => continue,
            // Its tests parse the stacks that browsers print for compiled code.
            "dart" => &["dart", "javascript"],
            _ => &[&row["language"]],
        };
        for event in &events {
            let found = serde_json::to_value(event.platform).unwrap();
            n += 1;
            if !is_native(event) && !expected.contains(&found.as_str().unwrap()) {
                eprintln!(
                    "{}: {} is {found}",
                    row["file"],
                    event.exception().qualified_name()
                );
                n_others += 1;
            }
        }
    }
    // One of the logs in C++'s folder is a Python program's.
    assert!(n_others * 100 <= n, "{n_others} of {n} events");
}

/// Every event of the folder with exceptions, as its index says.
fn sentry(name: &str) {
    let Some(folder) = folder(name) else { return };
    let mut n = 0;
    let mut n_agreed = 0;
    let index = folder.join("index.csv");
    if !index.exists() {
        return;
    }
    for row in csv(&index) {
        let path = folder.join(&row["file"]);
        if !path.exists() {
            continue;
        }
        n += 1;
        let events = traced(read_file(&path).0);
        let n_exceptions: usize = row["n_exceptions"].parse().unwrap();
        let found = events.first().map_or_else(
            || {
                [
                    "0".to_owned(),
                    String::new(),
                    "0".to_owned(),
                    String::new(),
                    String::new(),
                ]
            },
            |event| {
                let exception = event.exception();
                let top = exception.frames.last();
                let names = [exception.type_name.clone(), exception.qualified_name()];
                let type_name = names
                    .iter()
                    .find(|name| **name == row["outermost_type"])
                    .unwrap_or(&names[0])
                    .clone();
                [
                    event.exceptions.len().to_string(),
                    type_name,
                    exception.frames.len().to_string(),
                    top.map_or_else(String::new, |frame| frame.function.clone()),
                    top.and_then(|frame| frame.line)
                        .map_or_else(String::new, |line| line.to_string()),
                ]
            },
        );
        let expected = [
            &row["n_exceptions"],
            &row["outermost_type"],
            &row["n_frames"],
            &row["crash_function"],
            &row["crash_line"],
        ];
        if expected
            .iter()
            .zip(&found)
            .all(|(expected, found)| *expected == found)
        {
            n_agreed += 1;
        } else {
            eprintln!("{}: expected {expected:?}, found {found:?}", row["file"]);
        }
        assert_eq!(
            events.len(),
            usize::from(n_exceptions > 0),
            "{}",
            row["file"]
        );
        if n_exceptions > 0 && row["platform"] == "python" {
            assert_eq!(events[0].platform, Platform::Python);
        }
    }
    eprintln!("{name}: {n_agreed} of {n} events agree");
    assert!(n_agreed * 100 >= n * 97, "{n_agreed} of {n}");
}

#[test]
fn sentry_grouping() {
    sentry("sentry_grouping");
}

#[test]
fn other_events() {
    sentry("other_events");
}

#[test]
fn relay_events() {
    let Some(folder) = folder("relay_events") else {
        return;
    };
    for path in files(&folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "json"))
    {
        let text = fs::read_to_string(path).unwrap();
        let has_exception = text.contains("\"exception\":");
        let (events, summary) = read_file(path);
        let events = traced(events);
        assert_eq!(
            traced(events).len(),
            usize::from(has_exception),
            "{}: {summary:?}",
            path.display()
        );
    }
}

/// All events of a folder in one array, one a line, and as envelopes, are the same events.
#[test]
fn forms_of_sentry_agree() {
    let Some(folder) = folder("sentry_grouping") else {
        return;
    };
    let mut values: Vec<serde_json::Value> = Vec::new();
    for path in files(&folder)
        .iter()
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "json"))
    {
        values.push(serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
    }
    let pretty = serde_json::to_string_pretty(&values).unwrap();
    let (expected, _) = read_bytes(pretty.as_bytes(), Format::Auto);
    assert!(expected.len() > 50);
    let compact = serde_json::to_string(&values).unwrap();
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    let queue: String = values
        .iter()
        .map(|value| format!("[2,\"insert\",{value}]\n"))
        .collect();
    let mut envelopes = String::new();
    for value in &values {
        let payload = value.to_string();
        envelopes.push_str(&format!("{{}}\n{{\"type\":\"session\"}}\n{{}}\n{{\"type\":\"event\",\"length\":{}}}\n{payload}\n", payload.len()));
    }
    for (name, input) in [
        ("compact", compact),
        ("lines", lines),
        ("queue", queue),
        ("envelopes", envelopes),
    ] {
        for format in [Format::Auto, Format::Sentry] {
            let (events, summary) = read_bytes(input.as_bytes(), format);
            assert_eq!(events.len(), expected.len(), "{name}: {summary:?}");
            assert!(events == expected, "{name}");
        }
    }
}

/// How many headers of tracebacks a log has, and how many became exceptions.
#[test]
fn app_logs() {
    let Some(folder) = folder("app_logs") else {
        return;
    };
    let (mut n_headers, mut n_read) = (0, 0);
    for path in files(&folder) {
        let bytes = fs::read(&path).unwrap();
        let (events, summary) = read_bytes(&without_marks(&bytes), Format::Auto);
        let headers = String::from_utf8_lossy(&bytes)
            .lines()
            .filter(|line| {
                line.trim_end()
                    .ends_with("Traceback (most recent call last):")
            })
            .count();
        let python = events
            .iter()
            .filter(|event| event.platform == Platform::Python);
        let n: usize = python
            .map(|event| {
                event
                    .exceptions
                    .iter()
                    .filter(|exception| !exception.frames.is_empty())
                    .count()
            })
            .sum();
        n_headers += headers;
        n_read += n.min(headers);
        if headers != n {
            eprintln!(
                "{}: {headers} headers, {n} exceptions, {:?}",
                name(&path),
                summary.dropped
            );
        }
    }
    eprintln!("app logs: {n_read} of {n_headers} tracebacks read");
    assert!(n_read * 100 >= n_headers * 97, "{n_read} of {n_headers}");
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Removes the marks with which a collector labelled lines.
fn without_marks(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("#=MATCH=# ") {
        return bytes.to_vec();
    }
    text.replace("#=MATCH=# ", "")
        .replace(['‹', '›'], "")
        .into_bytes()
}

#[test]
fn mixed_streams_without_errors_give_none() {
    let Some(folder) = folder("stacktraces/mixed") else {
        return;
    };
    for path in files(&folder) {
        let (events, summary) = read_file(&path);
        eprintln!(
            "{}: {} events, {:?}",
            name(&path),
            events.len(),
            summary.dropped
        );
        if name(&path).contains("FALSE_POSITIVE") {
            assert!(events.is_empty());
        }
    }
}

/// A second reading of the redacted form changes nothing in grouping: types, functions and lines stay.
#[test]
fn redaction_keeps_the_shape() {
    let Some(folder) = folder("stacktraces/python") else {
        return;
    };
    for path in files(&folder) {
        let (plain, _) = read_file(&path);
        let mut redacted = Vec::new();
        ingest::read(fs::File::open(&path).unwrap(), Format::Auto, |event| {
            redacted.push(event)
        })
        .unwrap();
        assert_eq!(plain.len(), redacted.len());
        for (plain, redacted) in plain.iter().zip(&redacted) {
            for (a, b) in plain.exceptions.iter().zip(&redacted.exceptions) {
                assert_eq!(
                    (&a.type_name, a.frames.len(), a.message.len()),
                    (&b.type_name, b.frames.len(), b.message.len())
                );
                assert!(
                    a.frames
                        .iter()
                        .zip(&b.frames)
                        .all(|(a, b)| a.context_line == b.context_line),
                    "{}",
                    name(&path)
                );
            }
        }
    }
}
