//! What a logger or container runtime puts before every line of a trace.

/// The text before each line of one trace, in which clock times may differ from line to line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Prefix(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Must be there as it is.
    Literal(String),
    /// Digits of a time: any digits.
    Digits,
    /// A log level: any level. Some loggers write the frames at another one than the exception.
    Level,
}

impl Prefix {
    /// The prefix that this text is an instance of.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut parts = Vec::new();
        let mut literal_from = 0;
        let mut at = 0;
        while at < bytes.len() {
            if let Some(level) = level(text, at) {
                if literal_from < at {
                    parts.push(Part::Literal(text[literal_from..at].to_owned()));
                }
                parts.push(Part::Level);
                at += level.len();
                literal_from = at;
                continue;
            }
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let from = at;
            while at < bytes.len() && bytes[at].is_ascii_digit() {
                at += 1;
            }
            if is_of_a_time(bytes, from, at) {
                if literal_from < from {
                    parts.push(Part::Literal(text[literal_from..from].to_owned()));
                }
                parts.push(Part::Digits);
                literal_from = at;
            }
        }
        if literal_from < bytes.len() {
            parts.push(Part::Literal(text[literal_from..].to_owned()));
        }
        Self(parts)
    }

    /// Whether it consists of blanks only.
    pub(crate) fn is_blank(&self) -> bool {
        self.0
            .iter()
            .all(|part| matches!(part, Part::Literal(text) if text.trim().is_empty()))
    }

    /// How much it fixes; of two that fit a line, the longer one owns it.
    pub(crate) fn len(&self) -> usize {
        self.0
            .iter()
            .map(|part| {
                if let Part::Literal(text) = part {
                    text.len()
                } else {
                    1
                }
            })
            .sum()
    }

    /// The rest of the line after it. A line that ends within the prefix's trailing blanks is an empty one.
    pub(crate) fn strip<'a>(&self, line: &'a str) -> Option<&'a str> {
        let mut rest = line;
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Literal(text) => match rest.strip_prefix(text.as_str()) {
                    Some(after) => rest = after,
                    None => {
                        let is_last = at + 1 == self.0.len();
                        return (is_last && rest.trim_end() == text.trim_end()).then_some("");
                    }
                },
                Part::Level => rest = &rest[level(rest, 0)?.len()..],
                Part::Digits => {
                    let n = rest.bytes().take_while(u8::is_ascii_digit).count();
                    if n == 0 {
                        return None;
                    }
                    rest = &rest[n..];
                }
            }
        }
        Some(rest)
    }
}

/// The word for a log level that stands at `at` by itself, in capitals.
fn level(text: &str, at: usize) -> Option<&'static str> {
    const LEVELS: [&str; 12] = [
        "TRACE",
        "DEBUG",
        "INFO",
        "NOTICE",
        "WARNING",
        "WARN",
        "ERROR",
        "CRITICAL",
        "ALERT",
        "EMERGENCY",
        "FATAL",
        "SEVERE",
    ];
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    if at > 0 && is_word(bytes.get(at - 1)) {
        return None;
    }
    let rest = &bytes[at..];
    LEVELS
        .into_iter()
        .find(|level| rest.starts_with(level.as_bytes()) && !is_word(rest.get(level.len())))
}

/// Whether the digits at `from..to` are part of a date or time: long ones, or joined to others by a time's separators.
fn is_of_a_time(bytes: &[u8], from: usize, to: usize) -> bool {
    if to - from >= 9 {
        return true;
    }
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let before = from.checked_sub(1);
    let joined_before = matches!(byte(before), b':' | b'-' | b'/' | b'T' | b'.' | b',' | b'+')
        && is_digit(from.checked_sub(2));
    let joined_after = matches!(
        byte(Some(to)),
        b':' | b'-' | b'/' | b'T' | b'.' | b',' | b'+'
    ) && is_digit(Some(to + 1));
    let is_short = to - from <= 2 || to - from == 4;
    // `12:00`, `2024-01`, and the fraction or zone after them; not `core.py:2088` or `v1.2`.
    (joined_before && (is_short || matches!(byte(before), b'.' | b',')))
        || (joined_after && is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, line: &str, expected: Option<&str>) {
        assert_eq!(Prefix::of(prefix).strip(line), expected);
    }

    #[test]
    fn times_may_differ_and_ids_may_not() {
        check("", "anything", Some("anything"));
        check(
            "2026-07-29T09:31:11.1840479Z ",
            "2026-07-29T09:31:12.18Z   File",
            Some("  File"),
        );
        check(
            "2026-07-29T09:31:11.1840479Z ",
            "2026-07-29T09:31:12.18Z",
            Some(""),
        );
        check(
            "(APIServer pid=19502) ERROR 05-07 08:11:40 [core.py:2088] ",
            "(APIServer pid=19502) ERROR 05-07 08:11:41 [core.py:2088] x",
            Some("x"),
        );
        check("(APIServer pid=19502) ", "(APIServer pid=19503) x", None);
        check("[main/ERROR]: ", "[main/DEBUG]: x", Some("x"));
        check("[ERRORS]: ", "[DEBUGS]: x", None);
        check("web-1  | ", "web-2  | x", None);
        check(
            "Jul  5 12:00:01 host app[123]: ",
            "Jul  5 12:00:59 host app[123]: x",
            Some("x"),
        );
        check(
            "2024-01-01 12:00:00,123 ",
            "2024-01-01 12:00:00,124 x",
            Some("x"),
        );
    }
}
