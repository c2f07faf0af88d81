//! How lines become records.

use std::{
    fs,
    io::{self, Read},
};

use ingest::{Record, RecordReader, Redaction, read_records};

use crate::corpus::{files, folder};

pub(crate) fn records(bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    read_records(bytes, RecordReader::default(), &Redaction::Off, |record| {
        records.push(record)
    })
    .unwrap();
    records
}

/// Records that the files beside the logs state: line numbers and all.
#[test]
fn minecraft() {
    let Some(folder) = folder("app_logs/minecraft") else {
        return;
    };
    let (mut n_agreed, mut n) = (0, 0);
    for path in files(&folder) {
        if path.extension().is_none_or(|suffix| suffix != "log") {
            continue;
        }
        let stated: serde_json::Value =
            serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let mut text = fs::read(&path).unwrap();
        // The files count what is after the last line feed as a line too.
        text.push(b'\n');
        let found: std::collections::HashSet<(u64, u64)> = records(&text)
            .iter()
            .map(|record| (record.line, record.lines))
            .collect();
        let entries = stated["entries"].as_array().unwrap();
        let n_before = (n_agreed, n);
        for entry in entries {
            let lines = entry["lines"].as_array().unwrap();
            let first = lines[0]["number"].as_u64().unwrap();
            n += 1;
            n_agreed += usize::from(found.contains(&(first, lines.len() as u64)));
        }
        if n_agreed - n_before.0 != n - n_before.1 {
            eprintln!(
                "{}: {} of {} records, {} found",
                path.display(),
                n_agreed - n_before.0,
                n - n_before.1,
                found.len()
            );
        }
    }
    eprintln!("minecraft: {n_agreed} of {n} records agree");
    assert!(n_agreed * 100 >= n * 98);
}

/// What another collector's own tests expect. Its records are text only.
#[test]
fn fluent_bit() {
    let Some(folder) = folder("stacktraces/_multiline") else {
        return;
    };
    let cases: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("fluent_bit_multiline_cases.json")).unwrap())
            .unwrap();
    let mut agreed = Vec::new();
    for (name, case) in cases.as_object().unwrap() {
        let lines = |key: &str| -> Vec<String> {
            let lines = case[key].as_array().unwrap();
            lines
                .iter()
                .map(|line| line.as_str().unwrap().trim_end_matches('\n').to_owned())
                .collect()
        };
        // A bare line feed within JSON is not JSON: the source meant the escape.
        let input: Vec<String> = lines("input")
            .iter()
            .map(|line| line.replace('\n', "\\n"))
            .collect();
        let mut found: Vec<String> = records(input.join("\n").as_bytes())
            .into_iter()
            .map(|record| record.message)
            .collect();
        let mut expected = lines("output");
        // Our messages have no levels, and no blanks at a line's end.
        for text in found.iter_mut().chain(&mut expected) {
            let text_only = text.replace("[DEBUG] ", "").replace("panic: ", "");
            let lines: Vec<&str> = text_only.lines().map(str::trim_end).collect();
            *text = lines.join("\n");
        }
        found.sort();
        expected.sort();
        if found == expected {
            agreed.push(name.as_str());
        } else {
            eprintln!("{name}: expected {expected:#?}, found {found:#?}");
        }
    }
    let n = cases.as_object().unwrap().len();
    eprintln!("fluent-bit: {} of {n} agree: {agreed:?}", agreed.len());
    // Not: backslashes that join lines, a runtime's line without an end that anything else ends, and the line after a
    // traceback, which is taken for a note.
    assert!(agreed.len() + 3 >= n);
}

/// Prints what is made of every format, for reading: `cargo test -p ingest formats -- --nocapture`.
#[test]
fn formats() {
    for name in ["app_logs/lnav", "app_logs/tailspin", "app_logs/fluent_bit"] {
        let Some(folder) = folder(name) else { return };
        for path in files(&folder) {
            let bytes = fs::read(&path).unwrap();
            let n_lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
            let records = records(&bytes);
            assert_eq!(
                records.iter().map(|record| record.lines).sum::<u64>(),
                n_lines,
                "{}",
                path.display()
            );
            eprintln!(
                "== {} {n_lines} lines",
                path.file_name().unwrap().to_string_lossy()
            );
            for record in records.iter().take(4) {
                let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
                let message: String = record.message.chars().take(70).collect();
                eprintln!(
                    "  {}+{} {} | {} | {} | {} | {message:?}",
                    record.line,
                    record.lines,
                    part(&record.timestamp),
                    part(&record.level),
                    part(&record.logger),
                    part(&record.thread),
                );
            }
        }
    }
}

/// Gives one byte at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(1);
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// Numbers that look random and are the same each time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// A log with lines of many forms, cut, repeated and with bytes exchanged.
pub(crate) fn mutated(lines: &[&[u8]], numbers: &mut Numbers) -> Vec<u8> {
    let mut log = Vec::new();
    for _ in 0..numbers.below(60) {
        let line = lines[numbers.below(lines.len())];
        log.extend_from_slice(
            &line[..line.len() - numbers.below(line.len() + 1) * numbers.below(2)],
        );
        log.extend_from_slice([&b"\n"[..], b"\r\n", b""][numbers.below(3)]);
    }
    for _ in 0..numbers.below(20) {
        if !log.is_empty() {
            let at = numbers.below(log.len());
            log[at] = b"\0\xff\x1b \n\t[]{}\":<>E1"[numbers.below(16)];
        }
    }
    log
}

/// Lines of the formats that we know, as seeds for mutation.
pub(crate) const SEEDS: &[&[u8]] = &[
    b"2024-01-01 12:00:00,123 - app.jobs - ERROR - it broke",
    b"  File \"a.py\", line 3, in f",
    b"Traceback (most recent call last):",
    b"KeyError: 'k'",
    b"<34>1 2003-10-11T22:14:15.003Z host app 12 ID47 [e@1 a=\"b\"] failed",
    b"Jul  5 12:00:01 host app[123]: \tat a.B.c(B.java:1)",
    b"[12:00:00] [Worker-1/FATAL]: stopped",
    b"E0517 15:04:22.619632 1234 a.cc:253] glog",
    b"2024-01-01T12:00:00.000000001Z stderr P a part ",
    b"2024-01-01T12:00:00.000000001Z stderr F ERROR the rest",
    b"{\"log\": \"ERROR x\\n\", \"stream\": \"stderr\", \"time\": \"2024\"}",
    b"{\"level\": \"error\", \"msg\": \"x\", \"time\": 1}",
    b"level=error ts=1 msg=\"a \\\" b\"",
    b"web-1  | ERROR:    Exception in ASGI application",
    b"2024-01-01T12:00:00.0000001Z ##[error]failed",
    b"panic: my panic",
    b"goroutine 4 [running]:",
    b"main.main(0x1)",
    b"\t/a/b.go:1 +0x1",
    b"caf\xc3\xa9 \xe2\x80\xa8 \xff",
    b"\x1b[31mERROR\x1b[0m x",
    b"---- Crash Report ----",
    b"fail: A.B[13]",
    b"",
];

#[test]
fn lines_are_kept_whatever_comes() {
    let mut numbers = Numbers(88_172_645_463_325_252);
    for round in 0..3000 {
        let log = if round % 4 == 0 {
            (0..numbers.below(500))
                .map(|_| numbers.below(256) as u8)
                .collect()
        } else {
            mutated(SEEDS, &mut numbers)
        };
        let whole = records(&log);
        let n_lines = log.split_inclusive(|byte| *byte == b'\n').count() as u64;
        // The parts of a container's line are one, and stay open until the end.
        let n_found: u64 = whole.iter().map(|record| record.lines).sum();
        let has_parts = log
            .windows(3)
            .any(|bytes| bytes == b" P " || bytes == b"og\"");
        assert!(
            n_found == n_lines || has_parts,
            "{:?}",
            String::from_utf8_lossy(&log)
        );
        let mut by_byte = Vec::new();
        read_records(
            Drip(&log),
            RecordReader::default(),
            &Redaction::Off,
            |record| by_byte.push(record),
        )
        .unwrap();
        assert_eq!(whole, by_byte);
    }
}

/// What a reader makes of lines: one `line+lines level/logger/thread message` a record.
#[track_caller]
fn check(log: &str, expected: &[&str]) {
    let shown: Vec<String> = records(log.as_bytes())
        .iter()
        .map(|record| {
            let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "{}+{} {} {} {} {}",
                record.line,
                record.lines,
                part(&record.level),
                part(&record.logger),
                part(&record.thread),
                record.message.replace('\n', "/")
            )
        })
        .collect();
    assert_eq!(shown, expected, "{log}");
}

#[test]
fn layouts() {
    check(
        "I0102 12:00:00.1 7 a.go:1] up\nE0102 12:00:00.2 7 a.go:2] down\n",
        &["1+1 info a.go:1 7 up", "2+1 error a.go:2 7 down"],
    );
    check(
        "E, [2024-01-01T12:00:00.123456 #12] ERROR -- web: broke\napp/a.rb:1:in `f'\n",
        &["1+2 error web 12 broke/app/a.rb:1:in `f'"],
    );
    check(
        "fail: My.App.Service[13]\n      It broke\n      System.Exception: x\ninfo: My.App[0]\n      Fine\n",
        &[
            "1+3 fail My.App.Service[13] - /      It broke/      System.Exception: x",
            "4+2 info My.App[0] - /      Fine",
        ],
    );
    check(
        "2024/01/01 12:00:00 [error] 12#34: *5 open() failed\n",
        &["1+1 error - 12#34 *5 open() failed"],
    );
    check(
        "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 3:tid 4] [client 1.2.3.4] File does not exist\n",
        &["1+1 error core 3:tid 4 [client 1.2.3.4] File does not exist"],
    );
    check(
        "2024-01-01 12:00:00.123 ERROR 12345 --- [           main] o.s.b.Application : Failed\njava.lang.X: y\n\tat a.B.c(B.java:1)\n",
        &["1+3 error o.s.b.Application main Failed/java.lang.X: y/\tat a.B.c(B.java:1)"],
    );
    check(
        "[2024-01-01T00:00:00Z ERROR app::jobs] broke\n",
        &["1+1 error app::jobs - broke"],
    );
    check(
        "2024-01-01T00:00:00.123456Z ERROR app::jobs: broke\n",
        &["1+1 error app::jobs - broke"],
    );
    check(
        "<11>1 2003-10-11T22:14:15.003Z host app 12 ID47 [e@1 a=\"]\"] failed\n<14>Oct 11 22:14:15 host app[1]: fine\n",
        &["1+1 error app 12 failed", "2+1 info app 1 fine"],
    );
    check(
        "10:00AM ERR it broke error=x\n",
        &["1+1 err - - it broke error=x"],
    );
    check(
        "time=2024-01-01T00:00:00Z level=ERROR msg=\"it broke\" id=7\n",
        &["1+1 error - - it broke"],
    );
    check(
        "01-01 12:00:00.000  1234  5678 E MyTag: broke\n",
        &["1+1 error MyTag 5678 broke"],
    );
    check(
        "INFO:     1.2.3.4:5 - \"GET / HTTP/1.1\" 200 OK\nERROR:    Exception in ASGI application\nmore\n",
        &[
            "1+1 info - - 1.2.3.4:5 - \"GET / HTTP/1.1\" 200 OK",
            "2+2 error - - Exception in ASGI application/more",
        ],
    );
    // Two programs write at the same time.
    check(
        "Jul  5 12:00:01 host a[1]: x\nJul  5 12:00:01 host b[2]: y\nJul  5 12:00:01 host a[1]:   more of x\n",
        &["1+2 - a 1 x/  more of x", "2+1 - b 2 y"],
    );
    check(
        "web-1  | 12:00:00 ERROR x\ndb-1   | 12:00:00 INFO y\nweb-1  | more of x\n",
        &["1+2 error - - x/more of x", "2+1 info - - y"],
    );
}

#[test]
fn a_waiting_record_is_flushed_by_time() {
    let mut reader = RecordReader::default();
    let mut found = Vec::new();
    let start = std::time::Instant::now();
    let second = std::time::Duration::from_secs(1);
    reader.line(b"12:00:00 ERROR x", start, &mut |record| found.push(record));
    reader.flush_idle(start + second, second * 2, &mut |record| found.push(record));
    assert!(found.is_empty());
    reader.flush_idle(start + second * 2, second * 2, &mut |record| {
        found.push(record)
    });
    assert_eq!(found.len(), 1);
    reader.finish(&mut |record| found.push(record));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_given_pattern_says_where_records_begin() {
    let mut found = Vec::new();
    let reader = RecordReader::with_start("^BEGIN ").unwrap();
    read_records(
        &b"BEGIN 1\n2024-01-01 12:00:00 x\nBEGIN 2\n"[..],
        reader,
        &Redaction::Off,
        |record| found.push(record.lines),
    )
    .unwrap();
    assert_eq!(found, [2, 1]);
    assert!(RecordReader::with_start("(").is_err());
}
