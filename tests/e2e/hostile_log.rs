//! Logs that nobody would write in good faith: each is read to its end, in bounded memory, and obeyed in nothing.

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};
use tests::{Outerloop, Ran};

use crate::shop;

const MIB: u64 = 1 << 20;
/// Bytes of the longest log.
const LONGEST: u64 = 2048 * MIB;
/// Bytes of the other long logs. The number is what a test run can afford; memory must not depend on it.
const LONG: u64 = 300 * MIB;
/// Memory that reading a log may take.
const MEMORY: u64 = 400 * MIB;

/// Streams a log through standard input and checks memory and time.
fn stream(feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Ran {
    let ran = Outerloop::fix("-".as_ref(), &shop::shop())
        .and(["--output", "json"])
        .run_with(feed);
    assert!(
        ran.peak_bytes > MIB && ran.peak_bytes < MEMORY,
        "{} MiB",
        ran.peak_bytes / MIB
    );
    assert!(ran.took < Duration::from_secs(60), "{:?}", ran.took);
    ran
}

fn repeat(to: &mut dyn Write, block: &[u8], n_bytes: u64) -> io::Result<()> {
    (0..n_bytes / block.len() as u64).try_for_each(|_| to.write_all(block))
}

/// The one bug of a log, which must have been seen this often.
#[track_caller]
fn check_events(ran: &Ran, n: u64) -> Value {
    let answer = ran.json(3);
    shop::check_shape(&answer);
    assert_eq!(
        (&answer["events"], &answer["bugs"][0]["count"]),
        (&json!(n), &json!(n)),
        "{answer}"
    );
    answer["bugs"][0].clone()
}

#[test]
fn a_long_log_takes_bounded_memory() {
    let calm = "2026-03-01 09:30:00,120 INFO worker: handled request in 3 ms\n".repeat(1000);
    let ran = stream(|to| {
        for _ in 0..10 {
            repeat(to, calm.as_bytes(), LONGEST / 10)?;
            to.write_all(shop::REFUSED.as_bytes())?;
        }
        Ok(())
    });
    check_events(&ran, 10);
}

#[test]
fn a_log_of_errors_alone_takes_bounded_memory() {
    // Each message is another one, so that nothing is saved by their being equal.
    let ran = stream(|to| {
        let mut block = String::new();
        for n in 0..100_000 {
            block.clear();
            let message = "x".repeat(200);
            write!(
                block,
                "{}",
                shop::REFUSED.replace("refused", &format!("refused {n} {message}"))
            )
            .unwrap();
            to.write_all(block.as_bytes())?;
        }
        Ok(())
    });
    let answer = ran.json(3);
    assert_eq!(answer["events"], 100_000);
}

#[test]
fn a_line_without_end_takes_bounded_memory() {
    let ran = stream(|to| {
        repeat(to, &[b'x'; 1 << 16], LONG / 2)?;
        to.write_all(b"\n")?;
        to.write_all(shop::REFUSED.as_bytes())
    });
    check_events(&ran, 1);
    let ran = stream(|to| {
        to.write_all(b"{\"message\": \"")?;
        repeat(to, &[b'x'; 1 << 16], LONG / 2)
    });
    assert_eq!(ran.json(4)["events"], 0);
}

#[test]
fn bytes_that_are_no_text_hide_no_error() {
    let junk = b"\xff\xfe\x00\x80 caf\xe9 \xed\xa0\x80 \xf4\x90\x80\x80\x00\n";
    let log = [
        junk.as_slice(),
        shop::REFUSED
            .replace("[Errno 111]", "\0\u{fffd}")
            .as_bytes(),
        junk,
    ]
    .concat();
    let repository = shop::shop();
    check_events(
        &Outerloop::fix(&repository.log(log), &repository)
            .and(["--output", "json"])
            .run(),
        1,
    );
    // In the middle of a frame, a path and a message as well.
    let broken = [b"Traceback (most recent call last):\n  File \"/app/shop/\xff\0.py\", line 3, in f\xfe\n    go(\xff)\nConnectionError: \xff\xfe\0\n".as_slice(), junk].concat();
    check_events(
        &Outerloop::fix(&repository.log(broken), &repository)
            .and(["--output", "json"])
            .run(),
        1,
    );
}

/// Whether a text would make a terminal do anything but write coloured words.
fn obeys(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\n' && c != '\t') {
        let sequence = &rest[at..];
        let is_colour = sequence.strip_prefix("\u{1b}[").and_then(|s| {
            s.find(|c: char| !(c.is_ascii_digit() || c == ';'))
                .map(|end| s[end..].starts_with('m'))
        });
        if is_colour != Some(true) {
            return Some(sequence.chars().take(20).collect());
        }
        rest = &sequence[1..];
    }
    None
}

#[test]
fn a_message_does_not_command_the_terminal() {
    let attack = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{1b}P+q\u{1b}\\\u{8}\u{8}\u{7f}\u{1b}]52;c;aGk=\u{7}";
    let repository = shop::shop();
    let traces = [
        // Tried and not reproduced: progress, title, places and reason are told.
        format!(
            "Traceback (most recent call last):\n  File \"/app/shop/pricing.py\", line 16, in to{attack}tal\n    return sum(unit_price(item) for item in items)\nKeyError: 'a{attack}b'\n"
        ),
        format!(
            "Traceback (most recent call last):\n  File \"/app/{attack}.py\", line 16, in total\nKey{attack}Error: 'a{attack}b'\n"
        ),
        shop::REFUSED.replace("refused", attack),
    ];
    let event = json!({"platform": "python", "level": "error", "release": attack, "exception": {"values": [{"type": format!("Odd{attack}"), "value": attack, "stacktrace": {"frames": [
        {"filename": attack, "function": attack, "lineno": 1, "context_line": attack, "vars": {attack: attack}}]}}]}});
    for log in traces.into_iter().chain([event.to_string()]) {
        // Colour is forced, or it would be taken away with all else on the way into a pipe.
        let ran = Outerloop::fix(&repository.log(&log), &repository)
            .env("CLICOLOR_FORCE", "1")
            .run();
        ran.ended(3);
        assert!(
            ran.text().contains("\u{1b}["),
            "colour is on: {}",
            ran.text()
        );
        assert_eq!(
            (obeys(&ran.text()), obeys(&ran.errors())),
            (None, None),
            "{log:?}"
        );
        let plain = Outerloop::fix(&repository.log(&log), &repository)
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
            .run();
        assert!(
            !plain.text().contains('\u{1b}'),
            "NO_COLOR: {}",
            plain.text()
        );
    }
}

#[test]
fn a_trace_of_a_hundred_thousand_frames() {
    let repository = shop::shop();
    let mut log = "Traceback (most recent call last):\n".to_owned();
    for n in 0..100_000 {
        write!(log, "  File \"/app/shop/pricing.py\", line {}, in total\n    return sum(unit_price(item) for item in items)\n", n % 20 + 1).unwrap();
    }
    log += "RecursionError: maximum recursion depth exceeded\n";
    let ran = Outerloop::fix(&repository.log(log), &repository)
        .and(["--output", "json", "--time-limit", "4"])
        .run();
    assert!(ran.took < Duration::from_secs(16), "{:?}", ran.took);
    check_events(&ran, 1);
    let repeated = "Traceback (most recent call last):\n  File \"/app/shop/pricing.py\", line 16, in total\n    return sum(unit_price(item) for item in items)\n  [Previous line repeated 18446744073709551616 more times]\n  [Previous line repeated 999999999 more times]\nRecursionError: deep\n";
    check_events(
        &Outerloop::fix(&repository.log(repeated), &repository)
            .and(["--output", "json"])
            .run(),
        1,
    );
}

#[test]
fn json_nested_a_hundred_thousand_deep() {
    let repository = shop::shop();
    let n = 100_000;
    let good = json!({"levelname": "ERROR", "message": "x", "exc_info": shop::REFUSED}).to_string();
    for nested in [
        "[".repeat(n),
        "[".repeat(n) + &"]".repeat(n),
        "{\"a\":".repeat(n),
        format!(
            "{{\"level\": \"error\", \"exc_info\": {}1{}}}",
            "[".repeat(n),
            "]".repeat(n)
        ),
    ] {
        let log = repository.log(format!("{nested}\n{good}\n"));
        check_events(
            &Outerloop::fix(&log, &repository)
                .and(["--output", "json", "--format", "json"])
                .run(),
            1,
        );
        for format in ["auto", "sentry", "text"] {
            let ran = Outerloop::fix(&log, &repository)
                .and(["--output", "json", "--format", format])
                .run();
            assert!(
                matches!(ran.status, Some(3 | 4)),
                "{format}: {}",
                ran.errors()
            );
        }
    }
}

#[test]
fn a_chain_of_exceptions_without_end() {
    let repository = shop::shop();
    let link = "\nDuring handling of the above exception, another exception occurred:\n\n";
    let cause = "\nThe above exception was the direct cause of the following exception:\n\n";
    let log: String = (0..20_000)
        .map(|n| format!("{}{}", shop::REFUSED, if n % 2 == 0 { link } else { cause }))
        .collect::<String>()
        + shop::REFUSED;
    let ran = Outerloop::fix(&repository.log(log), &repository)
        .and(["--output", "json"])
        .run();
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
    check_events(&ran, 1);
    // Groups within groups.
    let mut groups = "  + Exception Group Traceback (most recent call last):\n  |   File \"/app/shop/pricing.py\", line 16, in total\n  |     return 1\n  | ExceptionGroup: many (2 sub-exceptions)\n".to_owned();
    for depth in 1..2000 {
        let bar = "  ".repeat(depth);
        write!(groups, "{bar}+-+---------------- 1 ----------------\n{bar}  | Exception Group Traceback (most recent call last):\n{bar}  | ExceptionGroup: many (2 sub-exceptions)\n").unwrap();
    }
    let ran = Outerloop::fix(&repository.log(groups), &repository)
        .and(["--output", "json"])
        .run();
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
    assert!(matches!(ran.status, Some(3)), "{}", ran.errors());
}

#[test]
fn a_sentry_event_whose_causes_go_round() {
    let repository = shop::shop();
    let exception = |id: u64, parent: u64| json!({"type": "TimeoutError", "value": "x", "mechanism": {"type": "chained", "exception_id": id, "parent_id": parent, "is_exception_group": true}});
    let round: Vec<Value> = (0..10_000)
        .map(|n| exception(n, (n + 1) % 10_000))
        .collect();
    let event = json!({"platform": "python", "level": "error", "exception": {"values": round}});
    let ran = Outerloop::fix(&repository.log(event.to_string()), &repository)
        .and(["--output", "json"])
        .run();
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    assert_eq!(ran.json(3)["events"], 1);
}
