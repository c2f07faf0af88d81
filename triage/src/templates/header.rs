//! What a logger puts before each message, learned from the lines of one log.
//!
//! A header is a row of anchors (a time, a level, a bracket, a name before a colon …) that nearly every line has at the
//! same place; what stands between two of them (a host, a program) belongs to it too. Message words vary too much to
//! become anchors.

use serde::{Deserialize, Serialize};

use super::limits::{MAX_ANCHORS, MAX_HEADER_TOKEN_BYTES};

/// Words that may stand between two anchors: a host, its location, a program's name of several words.
const MAX_GAP: usize = 4;
/// The share of lines, in percent, that an anchor has to be found in.
const SHARE: usize = 90;
/// The same of a time that is the very first word: continuation lines have none.
const FIRST_SHARE: usize = 20;

/// A part of a header that can be told by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Anchor {
    /// A date, a time of day, or seconds or milliseconds since 1970.
    Time,
    /// The name of a severity, or its capital letter.
    Level,
    /// A group in square brackets.
    Bracket,
    /// A number: a process, a thread.
    Number,
    /// A dash that separates.
    Dash,
    /// A name that ends in a colon: a logger, a program with its process.
    Name,
    /// A word that fills a column: blanks or a bar follow.
    Padded,
}

const ANCHORS: [Anchor; 7] = [
    Anchor::Time,
    Anchor::Level,
    Anchor::Bracket,
    Anchor::Number,
    Anchor::Dash,
    Anchor::Name,
    Anchor::Padded,
];

/// The header that the lines of a log share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    anchors: Vec<Anchor>,
}

impl Header {
    /// What nearly all of the lines begin with; nothing if they have neither time nor level in common.
    pub(super) fn learn(lines: &[&str]) -> Self {
        let mut anchors: Vec<Anchor> = Vec::new();
        let mut rests: Vec<&str> = lines
            .iter()
            .map(|line| line.trim_end())
            .filter(|line| !line.is_empty())
            .collect();
        while anchors.len() < MAX_ANCHORS {
            let best = ANCHORS
                .into_iter()
                .filter_map(|anchor| {
                    let found: Vec<(usize, &str)> = rests
                        .iter()
                        .filter_map(|rest| find(rest, anchor, gap(anchor, &anchors)))
                        .collect();
                    let share = match anchor {
                        Anchor::Time if anchors.is_empty() && found.iter().all(|f| f.0 == 0) => {
                            FIRST_SHARE
                        }
                        _ => SHARE,
                    };
                    let is_common = !found.is_empty() && found.len() * 100 >= rests.len() * share;
                    // Of those that are common enough, the nearest.
                    let n_skipped: usize = found.iter().map(|found| found.0).sum();
                    let far = n_skipped * 100 / found.len().max(1);
                    is_common.then_some((far, anchor, found))
                })
                .min_by_key(|(far, anchor, _)| (*far, *anchor as usize));
            let Some((_, anchor, found)) = best else {
                break;
            };
            anchors.push(anchor);
            rests = found.into_iter().map(|(_, rest)| rest).collect();
            if anchor == Anchor::Name {
                break;
            }
        }
        let is_header = |anchor: &Anchor| matches!(anchor, Anchor::Time | Anchor::Level);
        if !anchors.iter().any(is_header) {
            anchors.clear();
        }
        Self { anchors }
    }

    /// The message of a line; of a line that has only the first part of the header, the rest of it.
    pub(super) fn strip<'a>(&self, line: &'a str) -> &'a str {
        let mut rest = line;
        let mut is_header = false;
        for (at, anchor) in self.anchors.iter().enumerate() {
            let is_mark = matches!(anchor, Anchor::Time | Anchor::Level);
            match find(rest, *anchor, gap(*anchor, &self.anchors[..at])) {
                Some((_, after)) if is_header || is_mark || at == 0 => {
                    rest = after;
                    is_header |= is_mark;
                }
                // Some lines lack a part (a process has no number, a host no name).
                _ if !is_mark => {}
                _ => break,
            }
        }
        if is_header { rest } else { line }.trim_ascii()
    }
}

/// How many words may stand before the anchor.
fn gap(anchor: Anchor, before: &[Anchor]) -> usize {
    match anchor {
        Anchor::Number | Anchor::Padded => 0,
        // `ERROR Could not connect: refused` has no logger.
        Anchor::Name if before.contains(&Anchor::Level) || before.is_empty() => 0,
        _ => MAX_GAP,
    }
}

/// The nearest anchor of the kind: how many words are before it, and what comes after it.
fn find(line: &str, anchor: Anchor, gap: usize) -> Option<(usize, &str)> {
    let mut rest = line;
    for n_skipped in 0..=gap {
        let (token, after) = token(rest)?;
        if let Some(after) = matches(token, after, anchor) {
            return Some((n_skipped, after));
        }
        rest = after;
    }
    None
}

/// The first word or bracketed group, and what comes after it and its bar.
fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    let end = match bytes.first()? {
        b'[' => bracket(bytes).unwrap_or_else(|| word(bytes)),
        _ => word(bytes),
    };
    Some(text.split_at(end))
}

fn word(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || *byte == b'|')
        .unwrap_or(bytes.len())
        .max(1)
}

/// The length of a group in square brackets, with the colon or comma behind it.
fn bracket(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().take(MAX_HEADER_TOKEN_BYTES).enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            let n = at + 1;
            return match bytes.get(n) {
                None => Some(n),
                Some(b':' | b',') => Some(n + 1),
                Some(byte) if byte.is_ascii_whitespace() || matches!(byte, b'[' | b'|') => Some(n),
                Some(_) => None,
            };
        }
    }
    None
}

/// What comes after the token if it is such an anchor; of a date in words that is behind its day.
fn matches<'a>(token: &str, after: &'a str, anchor: Anchor) -> Option<&'a str> {
    let bytes = token.as_bytes();
    let behind = || after.strip_prefix('|').unwrap_or(after);
    let is_one = match anchor {
        Anchor::Time => {
            if is_month(bytes) {
                let (day, after) = self::token(after)?;
                let is_day = day.len() <= 3 && day.as_bytes()[0].is_ascii_digit();
                return is_day.then_some(after);
            }
            bytes[0] == b'[' && holds_time(token) || is_time(bytes)
        }
        Anchor::Level => is_level(token),
        Anchor::Bracket => bytes[0] == b'[' && matches!(bytes[bytes.len() - 1], b']' | b':' | b','),
        Anchor::Number => bytes.iter().all(u8::is_ascii_digit),
        Anchor::Dash => bytes.iter().all(|byte| *byte == b'-'),
        Anchor::Name if bytes.ends_with(b":") => bytes.len() > 1,
        // `ActivityManager  : ` fills a column.
        Anchor::Name => return after.trim_start_matches(' ').strip_prefix(": "),
        Anchor::Padded => after.starts_with("  ") || after.starts_with(['\t', '|']),
    };
    is_one.then(behind)
}

/// `[10/Oct/2000:13:55:36 -0700]`, `[Sun Dec 04 04:47:44 2005]`.
fn holds_time(group: &str) -> bool {
    group[1..]
        .split([' ', ']', ','])
        .any(|word| is_time(word.as_bytes()))
}

fn is_month(word: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    MONTHS.contains(&word)
}

/// `12:00:01`, `2024-01-01T12:00:01Z`, `17/06/09`, `20171223-22:15:29:606`, `1117838570`.
fn is_time(word: &[u8]) -> bool {
    const EPOCH_DIGITS: [usize; 2] = [10, 13];
    let n_digits = |from: usize| {
        word[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let first = n_digits(0);
    if first == word.len() {
        return EPOCH_DIGITS.contains(&first) && word[0] == b'1';
    }
    if first == 0 || first > 8 {
        return false;
    }
    let border = word[first];
    let second = n_digits(first + 1);
    let third = match word.get(first + 1 + second) {
        Some(byte) if *byte == border => n_digits(first + second + 2),
        _ => 0,
    };
    match border {
        b':' => first <= 2 && (1..=2).contains(&second) && (1..=2).contains(&third),
        b'-' | b'/' if first == 8 => (1..=2).contains(&second),
        b'-' | b'/' => {
            first <= 4 && (1..=2).contains(&second) && third > 0 || first == 2 && second == 2
        }
        b'.' => first == 4 && second == 2 && third == 2,
        _ => false,
    }
}

/// The names that logging libraries give to severities; one capital letter as Android has it.
fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 22] = [
        "info",
        "warn",
        "error",
        "debug",
        "warning",
        "fatal",
        "notice",
        "trace",
        "severe",
        "critical",
        "failure",
        "verbose",
        "alert",
        "emerg",
        "emergency",
        "crit",
        "err",
        "panic",
        "fine",
        "finer",
        "finest",
        "config",
    ];
    let word = word.trim_end_matches([':', ',']);
    match word.len() {
        1 => b"VDIWEF".contains(&word.as_bytes()[0]),
        3..=9 => LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)),
        _ => false,
    }
}
