//! Passing over lines that say nothing changes nothing of what is found.

mod logs;

use ingest::{Format, LogReader, Placed, Summary};

use crate::corpus::{files, folder};

/// More lines than a layout is learned from; until then every line is read.
fn learned() -> String {
    "12:00:00 INFO ready\n".repeat(140)
}

/// Lines that matter in every way, with quiet ones between them.
const MIXED: &str = "12:00:01 INFO a\n\n12:00:02 ERROR it broke\n  further\n12:00:03 INFO on\n\
    payload {\"a\": 1}\n{\"level\":\"info\",\"msg\":\"err\"}\n{\"level\":\"error\",\"msg\":\"no\"}\n{\"level\": 50, \"msg\": \"no\"}\n\
    \u{feff}{\"level\":\"eRRor\",\"msg\":\"no\"}\nweb-1  | {\"severity\":\"ERROR\",\"message\":\"no\"}\n[{\"level\":\"error\"}]\n[1] []\n\
    {\"msg\":\"x at f (/a.js:1:2)\",\"stack\":\"Error: x\\n    at f (/a.js:1:2)\"}\n{\"s\":\"E\",\"msg\":\"no\"}\r\n\
    12:00:03 INFO b\na/b.swift:5: Fatal error: x\n12:00:03 INFO c\n[    1.000001] BUG: unable to handle x\n[    1.000002] y\n\
    Exception Type:  EXC_CRASH (SIGABRT)\nThread 0 Crashed:\n0   A   0x1 f + 1\n12:00:03 INFO d\nError: \n   0: x\n\nLocation:\n   a.rs:1\n\
    2024-01-01T12:00:00.000000000Z stdout F quiet\n2024-01-01T12:00:00.000000000Z stderr P ERROR: half\n12:00:04 INFO b\n\
    2024-01-01T12:00:00.000000000Z stderr F  a line\n{\"log\":\"Traceback (most recent call last):\\n\",\"stream\":\"stderr\",\"time\":\"t\"}\n\
    {\"log\":\"ValueError: v\\n\",\"stream\":\"stderr\",\"time\":\"t\"}\njava.lang.IllegalStateException: closed\n\
    \tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.java:2)\n12:00:05 INFO c\nTypeError: x\nat f (/a.js:1:2)\n at g (/a.js:3:4)\n\
    12:00:06 INFO d\r\nE0102 12:00:00.000000 7 a.go:1] bad\nF\n\x1b[31mERROR\x1b[0m red\nAccess ok\n<11>prio\n12:00:07 INFO e\n\
    Traceback (most recent call last):\n  File \"/a.py\", line 3, in f\n    g()\nKeyError: 'x'\n12:00:08 INFO f\n\
    f@http://a/b.js:1:2\ng@/a/b.js:1:2\n12:00:09 INFO g ä\n  \n}\n]\n{\njava.lang.IllegalStateException: x\nat a.b.C.d(C.java:1)\n\
    2024-01-01T12:00:00.000000000Z stderr P Traceback (most recent\n2024-01-01T12:00:00.000000000Z stderr F  call last):\n\
    2024-01-01T12:00:00.000000000Z stderr F KeyError: 'y'\n12:00:10 FATAL last";

/// What a reader finds, and from where it could go on.
type Found = (Vec<Placed>, Summary, u64);

fn found(mut reader: LogReader) -> Found {
    let safe = reader.safe_position();
    reader.flush();
    let (events, summary) = reader.take();
    (events, summary, safe)
}

/// Reads each line by itself: its text alone is not a whole line yet, so nothing is passed over.
fn line_by_line(log: &[u8], format: Format) -> Found {
    let mut reader = LogReader::new(format, None, 0);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let (text, end) = line.split_at(line.len() - usize::from(line.ends_with(b"\n")));
        reader.push(text);
        reader.push(end);
    }
    found(reader)
}

fn in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, format: Format) -> Found {
    let mut reader = LogReader::new(format, None, 0);
    pieces.into_iter().for_each(|piece| reader.push(piece));
    found(reader)
}

#[track_caller]
fn check(log: &[u8], name: &str) -> usize {
    let mut n_events = 0;
    for format in [Format::Auto, Format::Text] {
        let expected = line_by_line(log, format);
        n_events += expected.0.len();
        assert!(expected == in_pieces([log], format), "{name}, {format}");
        assert!(
            expected == in_pieces(log.chunks(5000), format),
            "{name}, {format}, in pieces"
        );
        if format == Format::Text {
            let options = ingest::Options {
                format,
                redaction: ingest::Redaction::Off,
            };
            let mut events = expected.0.into_iter().map(|placed| placed.event);
            let summary = ingest::read_with(log, &options, |event| {
                assert!(events.next() == Some(event), "{name}, read as a whole");
            });
            assert_eq!(summary.unwrap(), expected.1, "{name}, read as a whole");
            assert_eq!(events.count(), 0, "{name}, read as a whole");
        }
    }
    n_events
}

#[test]
fn generated_logs() {
    for (kind, name) in logs::Kind::ALL {
        let mut log = Vec::new();
        logs::write(kind, 400_000, &mut log).unwrap();
        assert!(check(&log, name) > 1, "{name}");
    }
}

#[test]
fn cut_at_every_byte() {
    let log = learned() + MIXED;
    let log = log.as_bytes();
    assert!(check(log, "mixed") > 20);
    for format in [Format::Auto, Format::Text] {
        let expected = line_by_line(log, format);
        for at in log.len() - MIXED.len()..log.len() {
            let (before, after) = log.split_at(at);
            assert!(
                in_pieces([before, after], format) == expected,
                "cut at {at}"
            );
            // Where the cut is taken for the end.
            assert!(
                in_pieces([before], format) == line_by_line(before, format),
                "until {at}"
            );
        }
    }
}

#[test]
fn each_line_after_each_other() {
    let lines: Vec<&str> = MIXED.split('\n').collect();
    for first in &lines {
        for second in &lines {
            let log = format!("{}{first}\n{second}\n12:00:11 INFO next\nlast\n", learned());
            for format in [Format::Auto, Format::Text] {
                assert!(
                    in_pieces([log.as_bytes()], format) == line_by_line(log.as_bytes(), format),
                    "{first:?}, {second:?}, {format}"
                );
            }
        }
    }
}

#[test]
fn real_logs() {
    let mut n_events = 0;
    for name in ["app_logs", "loghub2k", "stacktraces", "clusterfuzz_stacks"] {
        let Some(folder) = folder(name) else { return };
        for path in files(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            // Most would end before their layout is learned.
            let after_others = [learned().as_bytes(), &bytes].concat();
            for log in [bytes, after_others] {
                let expected = line_by_line(&log, Format::Auto);
                n_events += expected.0.len();
                assert!(
                    in_pieces([&*log], Format::Auto) == expected,
                    "{}",
                    path.display()
                );
            }
        }
    }
    assert!(n_events > 1000, "{n_events}");
}
