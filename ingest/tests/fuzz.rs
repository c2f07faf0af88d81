//! What must hold of any bytes, tried on small changes of our own seeds: the same ones on every run.

use std::io::Read;

use ingest::{
    Format, LogReader, Options, Redaction, RedactionKey, Redactor, Summary, otlp, read_with,
    request,
};

/// How often each seed is changed. Low, as it is a part of every test run; raise it to look for longer.
const N_ROUNDS: usize = 150;

const SEEDS: [&str; 12] = [
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

/// A small generator (xorshift64, Marsaglia 2003), so that every run tries the same.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// A seed with some bytes changed, and pieces cut out, doubled or put in from another seed.
    fn mutate(&mut self, seed: &str) -> Vec<u8> {
        let mut bytes = seed.as_bytes().to_vec();
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
                    let other = SEEDS[self.below(SEEDS.len())].as_bytes();
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

fn each_input(mut check: impl FnMut(&[u8], &mut Random)) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in SEEDS {
        check(seed.as_bytes(), &mut random);
        for _ in 0..N_ROUNDS {
            let input = random.mutate(seed);
            check(&input, &mut random);
        }
    }
}

fn redactor() -> Redactor {
    Redactor::new(RedactionKey::new([7; 16]))
}

#[track_caller]
fn check_counts(summary: &Summary, n_events: usize, input: &[u8]) {
    let shown = String::from_utf8_lossy(input);
    assert_eq!(summary.events, n_events as u64, "{shown:?}");
    let n_dropped: u64 = summary.dropped.values().sum();
    assert_eq!(summary.records, summary.events + n_dropped, "{shown:?}");
}

/// Hands over a few bytes at a time.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(self.1);
        self.0.read(&mut buffer[..n])
    }
}

#[test]
fn every_record_is_counted_and_chunks_change_nothing() {
    each_input(|input, random| {
        for format in [Format::Auto, Format::Text, Format::Json, Format::Sentry] {
            let options = Options {
                format,
                redaction: Redaction::With(redactor()),
            };
            let mut whole = Vec::new();
            let summary = read_with(input, &options, |event| whole.push(event)).unwrap();
            check_counts(&summary, whole.len(), input);
            let mut slow = Vec::new();
            let reader = Slowly(input, 1 + random.below(40));
            let of_slow = read_with(reader, &options, |event| slow.push(event)).unwrap();
            let shown = String::from_utf8_lossy(input);
            assert_eq!((slow, of_slow), (whole, summary), "{format}: {shown:?}");
        }
    });
}

#[test]
fn a_log_as_it_is_written_is_the_same_in_any_chunks() {
    each_input(|input, random| {
        let mut whole = LogReader::new(Format::Auto, Some(redactor()), 0);
        whole.push(input);
        whole.flush();
        let mut pieces = LogReader::new(Format::Auto, Some(redactor()), 0);
        let length = 1 + random.below(40);
        input.chunks(length).for_each(|chunk| pieces.push(chunk));
        pieces.flush();
        let shown = String::from_utf8_lossy(input);
        assert_eq!(pieces.take(), whole.take(), "by {length}: {shown:?}");
    });
}

#[test]
fn bodies_of_requests_are_counted_or_refused() {
    each_input(|input, _| {
        let redactor = redactor();
        let received = [
            request::envelope(input, &redactor),
            request::store(input, &redactor),
            request::lines(input, &redactor),
            otlp::json(input, &redactor),
            otlp::protobuf(input, &redactor),
        ];
        for received in received.into_iter().flatten() {
            check_counts(&received.summary, received.events.len(), input);
        }
    });
}

#[test]
fn redaction_keeps_lengths() {
    each_input(|input, _| {
        let text = String::from_utf8_lossy(input);
        assert_eq!(redactor().text(&text).len(), text.len(), "{text:?}");
    });
}

#[test]
fn redacting_twice_changes_nothing() {
    each_input(|input, _| {
        let once = redactor().text(&String::from_utf8_lossy(input));
        assert_eq!(redactor().text(&once), once);
    });
}

#[test]
fn digits_of_a_word_hide_no_address_before_or_after_a_blank() {
    for text in ["93.184.216.34 4111 1111e@corp.io", "x9 93.184.216.34"] {
        let masked = redactor().text(text);
        assert!(!masked.contains("93.184.216.34"), "{masked}");
    }
}
