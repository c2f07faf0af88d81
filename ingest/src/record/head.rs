//! What stands at the beginning of a log record's first line: its time, level, logger and thread.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{
    level::{Severity, of_letter, severity},
    logfmt::logfmt,
    whole::whole,
};

/// The parts of a line as a logging library lays them out. What is not recognised stays in the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) timestamp: Option<&'a str>,
    /// As written; a letter's or number's name where the layout has only these.
    pub(crate) level: Option<&'a str>,
    pub(crate) logger: Option<&'a str>,
    /// The thread, process or request that the layout names.
    pub(crate) thread: Option<&'a str>,
    /// The rest, which is what the program said.
    pub(crate) message: &'a str,
    /// The same with the blanks before it, beyond the one that separates it.
    pub(crate) text: &'a str,
    /// Whether the head is syslog's, which stands before every line of a program.
    pub(crate) is_syslog: bool,
    /// In which way the line looks like a record's first one, if it does.
    pub(crate) start: Option<Start>,
}

/// How a record's first line is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// By a date with a time.
    Dated(Place),
    /// By a time of day, or by a number that may be one.
    Timed(Place),
    /// By a level that stands in a column or before a logger's name: `INFO:     `, `ERROR:root:`.
    Column,
    /// By a level alone.
    Level,
}

/// Where a line has its time, so that lines of one layout are told from those that only look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    n_before: u8,
    in_brackets: bool,
}

impl Place {
    /// A time at the very beginning.
    pub(crate) const FIRST: Self = Self {
        n_before: 0,
        in_brackets: false,
    };
}

impl Head<'_> {
    /// What the level means.
    pub(crate) fn severity(&self) -> Option<Severity> {
        self.level.and_then(severity)
    }
}

/// Times with a date, and without one or in an unusual form.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    const DATE: &str = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{4}-\d{3}|\d{8}|\d\d?[-/.](?:\d\d?|\p{L}{3})[-/.]\d{2,4}|\d\d?[A-Z][a-z]{2}\d{4}|\d\d-\d\d)";
    const TIME: &str = r"\d\d?:\d\d(?::\d\d(?:[.,:]\d{1,9})?)?(?: ?[AP]M\b)?|\d{6}(?:[.,]\d{1,9})";
    const ZONE: &str = r"(?:Z\b| ?[+-]\d\d:?\d\d\b| (?:[A-Z]{1,3}T|UTC)\b)";
    const DAY: &str = r"\p{L}{3,5}\.?,? +\d{1,2}(?:,? \d{4})? +\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: (?:[A-Z]{1,3}T|UTC)\b)?(?: \d{4}\b)?";
    regex(&format!(
        r"^(?:{DATE}(?:[T.:]|, ?| {{1,2}}) ?\[?(?:{TIME}){ZONE}?|(?:\p{{L}}{{3}},? )?{DAY}|\d{{1,2}} \p{{L}}{{3}} \d{{4}} {TIME}|@[0-9a-f]{{24}})"
    ))
});
static TIMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?(?: ?[AP]M\b)?|\d\d?:\d\d[AP]M\b|1\d{9}(?:\.\d{1,9})?\b|1\d{12}\b|1\d{18}\b)",
    )
});
/// `logger.name: `, `module:function:12 - `, `main.rs:12] `, after a level or a time.
static LOGGER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?<in>in )?(?<name>[A-Za-z_/][\w.<>$/-]*(?:::?[\w<>$]+)*(?::\d+)?)(?<after> - |\s*: |\s*:$|:(?:\d+ - )?| \| |\] |\t)",
    )
});
/// The host and program of a syslog line (RFC 3164, 4.1.3).
static HOST: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[\w.:-]+ (?<tag>[^\s:\[\]]+)(?:\[(?<pid>[^\]]{1,20})\])?:(?: |$)"));
/// A program with its process, `vpxd[45715] `.
static PROCESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?:[\w.:-]+ )?(?<tag>[\w.-]+)\[(?<pid>\d{1,10})\]:? "));
/// RFC 5424, 6.2, after the priority: version, time, host, program, process, message id, structured data.
static SYSLOG_5424: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^1 (?<time>\S+) \S+ (?<tag>\S+) (?<pid>\S+) \S+ (?:-|(?:\[[^\]="\s]+(?: [^\]="\s]+="(?:[^"\\]|\\.)*")*\])+)(?: \x{feff}?|$)"#,
    )
});
/// A level and a thread or logger that share brackets.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:(?<before>[^/]+)[/ :](?<level>[A-Za-z]{3,13})|(?<first>[A-Za-z]{3,13})[/ ](?<rest>\S.*))$",
    )
});
/// The beginnings that are surely not those of a message's further line.
static START: LazyLock<Regex> = LazyLock::new(|| {
    const TIME: &str = r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d(?: \d{4})? \d\d:\d\d:\d\d(?:[.,]\d+)?|\d\d?[-/](?:\d\d|[A-Z][a-z][a-z])(?:[-/]\d{2,4})? \d\d:\d\d:\d\d(?:[.,]\d+)?|\d\d:\d\d:\d\d(?:[.,]\d+)?|\d{10}(?:\.\d+)?|\d{13})";
    regex(&format!(
        r"^(?:<\d{{1,3}}>)?(?:\[? ?{TIME}|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|SUCCESS)\b *(?:[\]:|/ \[(-]|$)|[DIWEF]\d{{4}} \d\d:|##\[)"
    ))
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
pub(super) fn regex(pattern: &str) -> Regex {
    // Unicode's digits and letters would make the compiled patterns large, and no layout has them.
    let pattern = pattern
        .replace(r"\d", "[0-9]")
        .replace(r"\w", "[0-9A-Za-z_]");
    Regex::new(&pattern).expect("a constant pattern")
}

/// Pieces that a head has at most.
const MAX_PIECES: u8 = 12;

/// Splits a line.
pub(crate) fn parse(line: &str) -> Head<'_> {
    if line.is_empty() {
        return Head::default();
    }
    if let Some(head) = logfmt(line).or_else(|| whole(line)) {
        return head;
    }
    let mut scanner = Scanner {
        head: Head::default(),
        rest: line.trim_start(),
        n_pieces: 0,
        is_over: false,
    };
    // A level may be right-aligned; what stands further in belongs to something above.
    let n_blanks = line.len() - scanner.rest.len();
    while scanner.n_pieces < MAX_PIECES && !scanner.is_over && scanner.piece() {
        scanner.n_pieces += 1;
    }
    if scanner.n_pieces > 0 && !scanner.is_over {
        scanner.logger();
    }
    let Scanner { mut head, rest, .. } = scanner;
    if n_blanks > 2 || line.starts_with('\t') {
        head.start = None;
    }
    let text = &rest[separator(rest)..];
    head.message = text.trim();
    head.text = text;
    head
}

struct Scanner<'a> {
    head: Head<'a>,
    rest: &'a str,
    n_pieces: u8,
    /// Whether the message begins here.
    is_over: bool,
}

impl<'a> Scanner<'a> {
    /// Takes the next piece, if there is one.
    fn piece(&mut self) -> bool {
        let rest = self.after_separators();
        if let Some(inner) = rest.strip_prefix('<') {
            return self.priority(rest, inner);
        }
        if self.time(rest, false) || self.level(rest) || self.action(rest) {
            return true;
        }
        if let Some(inner) = rest.strip_prefix('[')
            && let Some(end) = inner.find(']')
        {
            return self.bracket(&inner[..end], &inner[end + 1..]);
        }
        if let Some(inner) = rest.strip_prefix('(')
            && let Some(end) = inner.find(')')
            && self.n_pieces <= 1
        {
            return self.thread(&inner[..end], &inner[end + 1..]);
        }
        self.head.timestamp.is_some() && self.process(rest)
    }

    fn after_separators(&self) -> &'a str {
        if self.n_pieces == 0 {
            return self.rest;
        }
        let mut rest = self.rest.trim_start();
        loop {
            let n = separator(rest);
            if n == 0 {
                return rest;
            }
            rest = rest[n..].trim_start();
        }
    }

    fn time(&mut self, rest: &'a str, in_brackets: bool) -> bool {
        let may_be = rest.starts_with(|c: char| c.is_alphanumeric() || c == '@');
        if self.head.timestamp.is_some() || !may_be {
            return false;
        }
        let place = Place {
            n_before: self.n_pieces,
            in_brackets,
        };
        let (found, start) = if let Some(found) = DATED.find(rest) {
            (found, Start::Dated(place))
        } else if let Some(found) = TIMED.find(rest) {
            (found, Start::Timed(place))
        } else {
            return false;
        };
        self.head.timestamp = Some(found.as_str());
        self.head.start = Some(start);
        self.rest = &rest[found.end()..];
        if found.as_str().contains('[') {
            self.rest = self.rest.strip_prefix(']').unwrap_or(self.rest);
        }
        if self.head.level.is_none() && found.as_str().starts_with(char::is_alphabetic) {
            self.host();
        }
        true
    }

    /// The host and program of a syslog line.
    fn host(&mut self) {
        let rest = self.rest.trim_start();
        if let Some(found) = HOST.captures(rest) {
            self.program(rest, &found);
            self.head.is_syslog = true;
            // What stands further in is a further line of a message. The blank before it is the separator.
            self.is_over = self.rest.starts_with([' ', '\t']);
            if self.is_over {
                self.rest = &rest[rest.len() - self.rest.len() - 1..];
            }
        }
    }

    fn program(&mut self, rest: &'a str, found: &Captures<'a>) {
        self.head.logger = found.name("tag").map(|tag| tag.as_str());
        self.head.thread = found.name("pid").map(|pid| pid.as_str());
        self.rest = &rest[found.get(0).map_or(0, |whole| whole.end())..];
    }

    /// `<34>` of syslog, and the rest of a line of RFC 5424.
    fn priority(&mut self, rest: &'a str, inner: &'a str) -> bool {
        let Some((number, after)) = inner.split_once('>') else {
            return false;
        };
        let Some(severity) = number
            .parse::<u8>()
            .ok()
            .filter(|number| *number < 192 && self.n_pieces == 0)
            .and_then(|number| Severity::of_syslog(u64::from(number % 8)))
        else {
            return false;
        };
        self.head.level = Some(severity.name());
        self.head.start = Some(Start::Level);
        self.rest = after;
        if let Some(found) = SYSLOG_5424.captures(after) {
            self.program(after, &found);
            let time = found.name("time").map(|time| time.as_str());
            self.head.timestamp = time.filter(|time| *time != "-");
            for field in [&mut self.head.logger, &mut self.head.thread] {
                *field = field.filter(|text| *text != "-");
            }
            self.head.start = Some(Start::Dated(Place {
                n_before: 1,
                in_brackets: false,
            }));
            self.head.is_syslog = true;
            self.is_over = true;
        }
        debug_assert!(self.rest.len() < rest.len());
        true
    }

    /// A level as a word of its own.
    fn level(&mut self, rest: &'a str) -> bool {
        if self.head.level.is_some() {
            return false;
        }
        let Some((word, behind)) = level_word(rest) else {
            return false;
        };
        // The border: blanks with a colon behind them, if there is one.
        let blanks = behind.len() - behind.trim_start().len();
        let n_after = match behind[blanks..].chars().next() {
            Some(':') => blanks + 1,
            None => blanks,
            Some(_) => blanks.max(1),
        };
        let after = &behind[..n_after];
        let is_capital = !word.contains(char::is_lowercase);
        let is_column = after.len() > 1 || after.contains('\t');
        let is_common = matches!(
            word.to_ascii_lowercase(),
            name if COMMON.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()))
        );
        let has_time = self.head.timestamp.is_some();
        let is_fitting = match after.trim_start() {
            "" => is_capital || has_time && is_common,
            ":" => is_capital || is_common,
            _ => {
                has_time && is_common
                    || is_capital && (has_time || self.n_pieces > 0 || after != ".")
            }
        };
        if !is_fitting {
            return false;
        }
        self.head.level = Some(word);
        self.rest = behind;
        if after.trim_start() == ":" {
            let behind = &self.rest[after.len()..];
            if self.head.start.is_none() {
                let is_named = behind.starts_with(|c: char| c.is_alphabetic());
                self.head.start = Some(if behind.starts_with("  ") || is_named {
                    Start::Column
                } else {
                    Start::Level
                });
            }
            self.is_over = behind.starts_with(' ') || behind.is_empty();
        } else if self.head.start.is_none() {
            self.head.start = Some(Start::Level);
        }
        if !is_capital && !is_column && after == " " && word.starts_with(char::is_uppercase) {
            // `Error while loading`: the word is part of what is said.
            self.rest = rest;
            self.is_over = true;
        }
        true
    }

    /// `##[error]` of GitHub's and Azure's runners.
    fn action(&mut self, rest: &'a str) -> bool {
        let Some((word, after)) = rest
            .strip_prefix("##[")
            .and_then(|inner| inner.split_once(']'))
        else {
            return false;
        };
        if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return false;
        }
        self.head.level = severity(word).map(|_| word);
        self.head.start.get_or_insert(Start::Level);
        self.rest = after;
        self.is_over = true;
        true
    }

    fn bracket(&mut self, inner: &'a str, after: &'a str) -> bool {
        const MAX_BYTES: usize = 120;
        if inner.len() > MAX_BYTES {
            return false;
        }
        let (before, n_pieces) = (self.head.clone(), self.n_pieces);
        let mut text = inner.trim();
        if self.time(text, true) {
            text = self.rest.trim_start_matches([' ', ':', ',', '|']);
        }
        if !text.is_empty() {
            self.bracketed(text);
        }
        let is_telling = self.head.start != before.start || self.head.level != before.level;
        if !is_telling && (n_pieces == 0 || before.start.is_none()) {
            self.head = before;
            return n_pieces == 0 && self.thread(inner, after);
        }
        self.rest = after;
        self.is_over = self.head.level.is_some() && (after.starts_with(": ") || after == ":");
        true
    }

    /// What stands in brackets besides a time.
    fn bracketed(&mut self, text: &'a str) {
        if self.head.level.is_none() {
            let is_level = |word: &str| severity(word).is_some();
            let letter = if text.len() == 1 {
                of_letter(text)
            } else {
                None
            };
            if is_level(text) || letter.is_some() {
                self.head.level = Some(letter.unwrap_or(text));
            } else if let Some(found) = PAIR.captures(text) {
                let part = |name| found.name(name).map(|part| part.as_str().trim());
                match (part("before"), part("level"), part("first"), part("rest")) {
                    (Some(before), Some(level), ..) if is_level(level) => {
                        self.head.level = Some(level);
                        self.name(before);
                    }
                    _ => {
                        let (first, rest) = text.split_once(['/', ' ']).unwrap_or((text, ""));
                        if is_level(first) {
                            self.head.level = Some(first);
                            self.name(rest.trim());
                        } else {
                            self.name(text);
                        }
                    }
                }
            } else {
                self.name(text);
            }
            if self.head.level.is_some() {
                self.head.start.get_or_insert(Start::Level);
            }
            return;
        }
        self.name(text);
    }

    /// A name in brackets: of a class or file if it looks like one, else of a thread.
    fn name(&mut self, text: &'a str) {
        let text = text.trim_end_matches('/');
        let is_path = !text.contains(' ') && text.contains(['.', '/']) || text.contains("::");
        // A thread's name tells more than its process's number.
        let has_thread = self
            .head
            .thread
            .is_some_and(|thread| !thread.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_path && !has_thread {
            self.head.thread = Some(text);
            return;
        }
        self.head.logger.get_or_insert(text);
    }

    /// A thread's or program's name that stands first, before the rest of the head.
    fn thread(&mut self, inner: &'a str, after: &'a str) -> bool {
        const MAX_BYTES: usize = 80;
        let is_fitting = !inner.is_empty()
            && inner.len() <= MAX_BYTES
            && self.head.thread.is_none()
            && after.starts_with(' ');
        if !is_fitting {
            return false;
        }
        let mut ahead = Scanner {
            head: Head::default(),
            rest: after,
            n_pieces: 1,
            is_over: false,
        };
        let behind = ahead.after_separators();
        if self.head.start.is_none() && !(ahead.time(behind, false) || ahead.level(behind)) {
            return false;
        }
        self.head.thread = Some(inner);
        self.rest = after;
        true
    }

    /// A process number before a level, or a program with its process.
    fn process(&mut self, rest: &'a str) -> bool {
        let has_level = self.head.level.is_some();
        if !has_level
            && self.head.logger.is_none()
            && let Some(found) = PROCESS.captures(rest)
        {
            self.program(rest, &found);
            return true;
        }
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = &rest[n_digits..];
        let behind = after.trim_start();
        let is_number = (1..=10).contains(&n_digits) && behind.len() < after.len();
        let mut ahead = Scanner {
            head: Head::default(),
            rest: behind,
            n_pieces: 1,
            is_over: false,
        };
        let is_fitting = behind.starts_with("---")
            || !has_level && (behind.starts_with('[') || ahead.level(behind));
        if !is_number || !is_fitting {
            return false;
        }
        self.head.thread = Some(&rest[..n_digits]);
        self.rest = after;
        true
    }

    /// The logger's name before the message, and a level behind it.
    fn logger(&mut self) {
        let rest = self.after_separators();
        if let Some(found) = PROCESS.captures(rest)
            && self.head.logger.is_none()
        {
            return self.program(rest, &found);
        }
        let Some(found) = LOGGER.captures(rest) else {
            return;
        };
        let (name, after) = (
            found.name("name").map_or("", |name| name.as_str()),
            &found["after"],
        );
        let is_basic = after.starts_with(':') && !after.ends_with(' ') && self.head.level.is_some();
        let is_name = name.contains('.') && !name.ends_with('.')
            || name.contains("::")
            || matches!(after, " - " | " | ")
            || after.starts_with("  ")
            || is_basic
            || found.name("in").is_some();
        if !is_name || self.head.logger.is_some() && !is_basic {
            return;
        }
        let end = found.get(0).map_or(0, |whole| whole.end());
        // `local.ERROR: ` of Monolog.
        if let Some((channel, level)) = name.rsplit_once('.')
            && self.head.level.is_none()
            && !level.contains(char::is_lowercase)
            && severity(level).is_some()
        {
            self.head.logger = Some(channel);
            self.head.level = Some(level);
            self.rest = &rest[end..];
            return;
        }
        self.head.logger = Some(name);
        self.rest = &rest[end..];
        if self.head.level.is_none() {
            let rest = self.after_separators();
            self.level(rest);
        }
    }
}

/// Levels that count as such in small letters too, before a colon or after a time.
const COMMON: [&str; 15] = [
    "error", "err", "fatal", "critical", "crit", "panic", "emerg", "alert", "warning", "warn",
    "notice", "info", "debug", "trace", "fail",
];

/// The length of what separates two pieces, if the text begins with it: dashes, a colon, a bar, or a blank alone.
fn separator(text: &str) -> usize {
    let rest = text.trim_start_matches(' ');
    let n_dashes = rest.bytes().take_while(|byte| *byte == b'-').count();
    let n = if (1..=3).contains(&n_dashes) && rest[n_dashes..].starts_with(' ') {
        n_dashes + 1
    } else if rest.starts_with("::") {
        2
    } else {
        usize::from(rest.starts_with(['|', ':', ',', ']']))
    };
    if n == 0 {
        return usize::from(text.starts_with(' '));
    }
    text.len() - rest.len() + n + usize::from(rest[n..].starts_with(' '))
}

/// A word that may be a level: itself, and what comes behind it, after an error's code if there is one (`error[E0425]`).
/// Behind it are blanks, a colon or another border.
fn level_word(text: &str) -> Option<(&str, &str)> {
    let n_letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let n = n_letters + usize::from(text[n_letters..].starts_with(|c: char| c.is_ascii_digit()));
    let (word, mut behind) = text.split_at(n);
    severity(word)?;
    if let Some(inner) = behind.strip_prefix('[')
        && let Some((code, rest)) = inner.split_once(']')
        && !code.is_empty()
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        behind = rest;
    }
    let is_border =
        behind.is_empty() || behind.starts_with([' ', '\t', ':', ']', '|', '/', ',', '.', '-']);
    is_border.then_some((word, behind))
}

/// Whether a line looks like the beginning of a log record rather than like the middle of one, whatever the stream.
pub(crate) fn is_start(line: &str) -> bool {
    line.starts_with("{\"") || START.is_match(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let record = parse(line);
        let shown = format!(
            "{}/{}/{}/{}",
            record.timestamp.unwrap_or("-"),
            record.level.unwrap_or("-"),
            record.logger.unwrap_or("-"),
            record.message
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn common_layouts() {
        check("ERROR:root:it broke", "-/ERROR/root/it broke");
        check(
            "2024-01-01 12:00:00,123 - my.app - ERROR - it broke: x",
            "2024-01-01 12:00:00,123/ERROR/my.app/it broke: x",
        );
        check(
            "2024-01-01 12:00:00,123 ERROR my.app: it broke",
            "2024-01-01 12:00:00,123/ERROR/my.app/it broke",
        );
        check(
            "[2024-01-01 12:00:00,123] ERROR in app: Exception on /orders [POST]",
            "2024-01-01 12:00:00,123/ERROR/app/Exception on /orders [POST]",
        );
        check(
            "[2024-01-01 12:00:00 +0000] [7] [ERROR] Exception in worker process",
            "2024-01-01 12:00:00 +0000/ERROR/-/Exception in worker process",
        );
        check(
            "2024-01-01 12:00:00.123 | ERROR    | app.main:run:42 - boom",
            "2024-01-01 12:00:00.123/ERROR/app.main:run:42/boom",
        );
        check(
            "[2024-01-01 12:00:00,123: ERROR/MainProcess] Task t raised: KeyError('x')",
            "2024-01-01 12:00:00,123/ERROR/-/Task t raised: KeyError('x')",
        );
        check(
            "ERROR:    Exception in ASGI application",
            "-/ERROR/-/Exception in ASGI application",
        );
        check(
            "Exception in thread Thread-1 (worker):",
            "-/-/-/Exception in thread Thread-1 (worker):",
        );
        check("Error while loading: x", "-/-/-/Error while loading: x");
        check("plain words", "-/-/-/plain words");
    }

    #[track_caller]
    fn check_start(line: &str, expected: bool) {
        assert_eq!(is_start(line), expected, "{line}");
    }

    #[test]
    fn starts() {
        check_start("2024-01-01 12:00:00 x", true);
        check_start("[2024-01-01T12:00:00Z] x", true);
        check_start("INFO: x", true);
        check_start("[ERROR] x", true);
        check_start("12:00:01.5 x", true);
        check_start("E0102 12:00:00 x", true);
        check_start("1 validation error for Order", false);
        check_start("ERRORS were found", false);
        check_start("  File", false);
        check_start("KeyError: 'a'", false);
    }
}
