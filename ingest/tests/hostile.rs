//! Input that means harm, or is broken.

use std::io::{self, Read};

use ingest::{DropReason, Format, limits::MAX_RECORD_BYTES};

use crate::corpus::{files, folder, read_bytes};

/// Repeats a pattern up to a length, without holding it.
struct Endless {
    pattern: Vec<u8>,
    at: usize,
    left: usize,
}

impl Endless {
    fn new(pattern: &str, length: usize) -> Self {
        Self {
            pattern: pattern.repeat(1 + 65536 / pattern.len()).into_bytes(),
            at: 0,
            left: length,
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer
            .len()
            .min(self.left)
            .min(self.pattern.len() - self.at);
        buffer[..n].copy_from_slice(&self.pattern[self.at..self.at + n]);
        self.at = (self.at + n) % self.pattern.len();
        self.left -= n;
        Ok(n)
    }
}

/// The most memory that this process has had, in bytes, where Linux tells.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<usize>()
        .ok()
        .map(|kib| kib << 10)
}

const TRACE: &str =
    "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g(x)\nKeyError: 'k'\n";

/// Reads a synthetic stream; the memory it takes must not grow with its length.
#[track_caller]
fn check_stream(name: &str, pattern: &str, length: usize) -> (u64, ingest::Summary) {
    let before = peak_memory();
    let mut n = 0;
    let start = std::time::Instant::now();
    let summary = ingest::read(Endless::new(pattern, length), Format::Auto, |_| n += 1).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "{name}: {n} events, {:.0} MB/s, {:?}",
        length as f64 / 1e6 / seconds,
        summary.dropped
    );
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(
            after - before < 12 * MAX_RECORD_BYTES,
            "{name}: {} MB",
            (after - before) >> 20
        );
    }
    (n, summary)
}

#[test]
fn long_streams_in_bounded_memory() {
    const N: usize = 50 << 20;
    let quiet =
        "2024-01-01 12:00:00,123 INFO app.views: GET /orders/17 200 in 12 ms for user 1234\n"
            .repeat(100);
    check_stream("quiet text", &quiet, N);
    let (n, _) = check_stream("text with traces", &format!("{quiet}{TRACE}"), N);
    assert!(n > 5000);
    check_stream("nothing but traces", TRACE, N);
    let record = "{\"level\": \"info\", \"message\": \"fine\", \"error\": null, \"request\": {\"path\": \"/orders\"}}\n";
    check_stream("json records", record, N);
    check_stream("one line", "x", N);
    check_stream("one line of json", "{\"a\": \"", N);
    check_stream(
        "endless array",
        "[{\"exception\": {\"type\": \"E\", \"value\": \"v\"}},",
        N,
    );
    check_stream(
        "endless frames",
        "  File \"a.py\", line 3, in f\n    g(x)\n",
        N,
    );
    check_stream(
        "headers only",
        "Traceback (most recent call last):\n",
        N / 5,
    );
    check_stream(
        "many prefixes",
        "0 x | Traceback (most recent call last):\na | Traceback (most recent call last):\nb | Traceback (most recent call last):\n",
        N / 5,
    );
    check_stream("node frames", "Error: x\n    at f (/a.js:1:2)\n", N);
    check_stream("zeros", "\0", N);
    check_stream("blank lines", "\n", N / 5);
    check_stream(
        "group margins",
        "  + Exception Group Traceback (most recent call last):\n  | E: x\n  +-+---------------- 1 ----------------\n",
        N / 5,
    );
}

#[test]
fn deep_json_is_dropped() {
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!(
            "{{\"exception\": {}1{}}}\n{TRACE}",
            open.repeat(200_000),
            close.repeat(200_000)
        );
        let (events, summary) = read_bytes(deep.as_bytes(), Format::Auto);
        assert_eq!(
            events.len(),
            usize::from(summary.dropped.contains_key(&DropReason::TooDeep)),
            "{summary:?}"
        );
        let (_, summary) = read_bytes(
            format!("{{\n\"exception\":\n {}", open.repeat(200_000)).as_bytes(),
            Format::Auto,
        );
        assert_eq!(summary.n_dropped(DropReason::Malformed), 1);
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for input in [
        &b""[..],
        b"\n",
        b"\0\0\0\0",
        b"\xff\xfe\x00\x01",
        b"{",
        b"[",
        b"{}",
        b"[]",
        b"null",
        b"\x1b[",
        b"\x1b]0;",
        b"\xef\xbb\xbf",
    ] {
        for format in [Format::Auto, Format::Text, Format::Json, Format::Sentry] {
            let (events, _) = read_bytes(input, format);
            assert!(events.is_empty());
        }
    }
    let noise: Vec<u8> = (0..1_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    assert!(read_bytes(&noise, Format::Auto).0.is_empty());
}

#[test]
fn broken_bytes_in_a_trace() {
    let broken: Vec<u8> = TRACE
        .replace("g(x)", "g(?)")
        .replace("'k'", "?k?")
        .bytes()
        .flat_map(|byte| {
            if byte == b'?' {
                vec![0xff, 0]
            } else {
                vec![byte]
            }
        })
        .collect();
    let (events, _) = read_bytes(&broken, Format::Auto);
    assert_eq!(events[0].exceptions[0].message, "\u{fffd}k\u{fffd}");
    assert_eq!(
        events[0].exceptions[0].frames[0].context_line.as_deref(),
        Some("g(\u{fffd})")
    );
    let coloured = TRACE
        .lines()
        .map(|line| format!("\x1b[31m{line}\x1b[0m\r\n"))
        .collect::<String>();
    assert_eq!(
        read_bytes(coloured.as_bytes(), Format::Auto).0[0].exceptions[0].message,
        "'k'"
    );
}

/// Cutting a log anywhere gives no panic, and no event that the whole does not have in some form.
#[test]
fn cut_anywhere() {
    let log = format!(
        "ERROR:root:x\n{TRACE}\nDuring handling of the above exception, another exception occurred:\n\n{TRACE}Error: y\n    at f (/a.js:1:2)\n"
    );
    for at in 0..log.len() {
        let (head, tail) = log.split_at(at);
        assert!(read_bytes(head.as_bytes(), Format::Auto).0.len() <= 2);
        assert!(
            read_bytes(tail.as_bytes(), Format::Auto).0.len() <= 2,
            "{tail}"
        );
    }
    let event = "{\n  \"event_id\": \"1\",\n  \"exception\": {\"values\": [{\"type\": \"E\", \"value\": \"v\"}]}\n}\n";
    for at in 0..event.len() {
        assert!(read_bytes(&event.as_bytes()[..at], Format::Auto).0.len() <= 1);
    }
}

#[test]
fn a_cut_line_loses_only_itself() {
    let input = format!(
        "{}\n{TRACE}{{\"exc\": \"{}\"}}\n{TRACE}",
        "x".repeat(MAX_RECORD_BYTES * 2),
        "y".repeat(MAX_RECORD_BYTES * 2)
    );
    let (events, summary) = read_bytes(input.as_bytes(), Format::Auto);
    assert_eq!((events.len(), summary.cut_lines), (2, 2));
}

/// A trace of each kind, to be broken.
const SAMPLES: [&str; 16] = [
    TRACE,
    "TypeError: x\n    at f (/a.js:1:2) {\n  [cause]: Error: y\n      at g (/b.js:1:2)\n}\n",
    "f@https://x/a.js:1:2\ng@[native code]\n@https://x/a.js line 2 > eval:1:2\n",
    "a.b.C: x\n\tat a.b.C.d(C.java:1) ~[x.jar:1]\n\tSuppressed: a.E: z\n\t\t... 1 more\nCaused by: a.b.E: y\n\tat a.b.C.d(C.java:1)\nWrapped by: a.b.F\n",
    "System.A: x\n ---> System.B: y\n   at A.B(C d) in /a.cs:line 1\n   --- End of inner exception stack trace ---\n   at A.C()\n ---> (Inner Exception #1) A.D: z<---\n",
    "panic: x [recovered]\n\tpanic: y\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1\ncreated by main.g in goroutine 1\n\t/a.go:2\n\ngoroutine 2 [select]:\n",
    "x\nmain.f\n\t/a.go:1\nmain.main\n\t/a.go:2\nwrapped\nmain.g\n\t/a.go:3\n",
    "thread 'main' panicked at src/a.rs:1:2:\nx\nstack backtrace:\n   0: a::b\n             at ./a.rs:1:2\nError: e\n\nCaused by:\n    0: c\n    1: d\n",
    "a.rb:1:in `f': x (A::E)\n\tfrom a.rb:2:in `g'\n E (y):\n  a.rb:1:in 'f'\nTraceback (most recent call last):\n\t1: from a.rb:2:in `g'\na.rb:1:in `f': x (E)\n",
    "PHP Fatal error:  Uncaught E: x in /a.php:1\nStack trace:\n#0 /b.php(2): f(1)\n#1 {main}\n\nNext F: y in /a.php:2\nStack trace:\n#0 {main}\n  thrown in /a.php on line 2\n",
    "Unhandled exception:\nFormatException: x\n#0      f (package:a/b.dart:1:2)\n<asynchronous suspension>\n** (KeyError) x\n    (a 1.0) a.ex:1: A.b/1\n",
    "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n    #0 0x1 in f(int) a.c:1:2\n    #1 0x2 (/lib/x.so+0x1)\na.c:1:2: runtime error: x\n",
    "a/b.swift:5: Fatal error: x\n*** Program crashed: Illegal instruction at 0x1 ***\nThread 0:\n0 0x1 f + 1 in a\nThread 1 crashed:\n0 [ra] 0x1 f() in a at /a.swift:1:2\n   1│ x\nRegisters:\nFatal error: y\nCurrent stack trace:\n0   a   0x1 f + 1\nReceived signal 4. Backtrace:\n0x1, a at /b.swift:1\n",
    "Process: a [1]\nDate/Time: 2024-01-01\nException Type:  EXC_CRASH (SIGABRT)\nApplication Specific Information:\n*** Terminating app due to uncaught exception 'A', reason: 'b'\nLast Exception Backtrace:\n0 A 0x1 f + 1\nThread 0 Crashed:\n0 A 0x1 0x1 + 2\nBinary Images:\n0x1 - 0x2 A (1) <a> /System/A\n*** Terminating app due to uncaught exception 'A', reason: 'b\nc'\n*** First throw call stack:\n(\n0 A 0x1 f + 1\n)\n",
    "[ 1.000001] BUG: unable to handle x\nOops: 0002 [#1]\n[ 1.000002] RIP: 0010:f+0x1/0x2\n[ 1.000003] Call Trace:\n[ 1.000004]  ? g+0x1/0x2\n[ 1.000005]  h+0x1/0x2 [m]\n[ 1.000006] ---[ end trace 0 ]---\nBUG: KASAN: x in f+0x1/0x2\nCall Trace:\n f+0x1/0x2\n[<     inline     >] f a.c:1\n",
    "Error: \n   0: x\n   1: y\n\nLocation:\n   a.rs:1\nStack backtrace:\n   0: a\n      at a.rs:1\n   1 > x\n2024-01-01 12:00:00 ERROR x\n\nCaused by:\n    y\n",
];

/// Random changes, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// Breaks a log at a few places.
    fn change(&mut self, log: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = log
            .split(|&byte| byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        for _ in 0..1 + self.below(6) {
            let at = self.below(lines.len());
            let Some(line) = lines.get_mut(at) else { break };
            let byte = self.below(line.len());
            match self.below(9) {
                0 => drop(lines.remove(at)),
                1 => line.truncate(byte),
                2 => drop(line.drain(..byte)),
                3 if byte < line.len() => line[byte] = self.below(256) as u8,
                4 => line
                    .splice(..0, b"2024-01-01 12:00:00 ERROR ".iter().copied())
                    .for_each(drop),
                5 => {
                    let other = &others[self.below(others.len())];
                    let from = self.below(other.len());
                    let to = from + self.below((other.len() - from).min(500));
                    lines.insert(at, other[from..to].to_vec());
                }
                6 => {
                    let line = lines[at].clone();
                    lines.insert(self.below(lines.len()), line);
                }
                7 => line.extend("(@: ä\u{0}\u{1b}[0m#0 at )\"".bytes()),
                _ => lines.swap(at, 0),
            }
        }
        lines.join(&b'\n')
    }
}

/// However a log is broken, nothing panics, and every record has one outcome.
#[test]
fn broken_logs_lose_nothing_but_themselves() {
    let mut logs: Vec<Vec<u8>> = SAMPLES.iter().map(|log| log.as_bytes().to_vec()).collect();
    if let Some(folder) = folder("stacktraces") {
        logs.extend(
            files(&folder)
                .iter()
                .map(|path| std::fs::read(path).unwrap())
                .filter(|log| log.len() < 20_000),
        );
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for log in &logs {
        read_bytes(log, Format::Auto);
        for _ in 0..30 {
            let broken = random.change(log, &logs);
            read_bytes(&broken, Format::Text);
            read_bytes(&broken, Format::Auto);
        }
    }
}

/// Lines that look like the beginning of something, over and over, are read in time that grows with their length only.
#[test]
fn repeated_beginnings() {
    const N: usize = 1 << 20;
    for sample in SAMPLES {
        for line in sample.lines().filter(|line| !line.is_empty()) {
            check_stream(line, &format!("{line}\n"), N / 4);
            check_stream(line, line, N / 4);
        }
        check_stream(sample, sample, N);
    }
}
