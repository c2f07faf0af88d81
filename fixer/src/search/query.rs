//! What a person or a program asks for, from text that may be anything: words, phrases, a filter, a pasted trace.

use ingest::{Format, Frame, Options, Redaction};

use super::words::words;

/// Of a longer query the rest is not read.
const MAX_QUERY_BYTES: usize = 64 << 10;
/// Of more different words the first count.
const MAX_WORDS: usize = 48;
/// Phrases and filters beyond this are not read.
const MAX_CLAUSES: usize = 8;
/// Frames of a trace, innermost first, that say where to look.
const MAX_FRAMES: usize = 20;

/// A search.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Words, `"exact phrases"`, `path:` filters, or a whole trace. Nothing in it is an error.
    pub text: &'a str,
    /// What is looked for.
    pub kind: Kind,
    /// The stack of the failure that the question is about, oldest call first: code on it is found first.
    pub stack: &'a [Frame],
    /// Hits wanted; 1000 at most are told.
    pub limit: usize,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Code and text that holds the words.
    #[default]
    Text,
    /// Definitions of the names.
    Definitions,
    /// Uses of the names.
    References,
    /// Code that calls the function.
    Callers,
    /// Definitions of what the function calls.
    Callees,
}

/// A query, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Terms {
    /// As they were typed, each once.
    pub(super) words: Vec<String>,
    /// Dotted names as they were typed, each once: `Orders.total`.
    pub(super) names: Vec<String>,
    pub(super) phrases: Vec<String>,
    /// In lower case; each must be a part of the path.
    pub(super) paths: Vec<String>,
    /// Oldest call first.
    pub(super) frames: Vec<Frame>,
}

impl Terms {
    pub(super) fn of(query: &Query<'_>) -> Self {
        let text = &query.text[..query.text.floor_char_boundary(MAX_QUERY_BYTES)];
        let mut terms = Self::default();
        match traced(text) {
            Some((words, frames)) => {
                terms.add_words(&words);
                terms.frames = frames;
            }
            None => terms.read(text),
        }
        terms.frames.extend(query.stack.iter().cloned());
        let n_beyond = terms.frames.len().saturating_sub(MAX_FRAMES);
        terms.frames.drain(..n_beyond);
        terms
    }

    /// Takes in what a person typed.
    fn read(&mut self, text: &str) {
        // Every second piece between quotation marks is a phrase; an odd mark at the end opens nothing.
        let n_marks = text.matches('"').count();
        for (at, piece) in text.split('"').enumerate() {
            if at % 2 == 1 && at < n_marks {
                let phrase = piece.trim();
                if self.phrases.len() < MAX_CLAUSES && words(phrase).next().is_some() {
                    self.phrases.push(phrase.to_owned());
                }
                continue;
            }
            for typed in piece.split_whitespace() {
                match typed.strip_prefix("path:") {
                    Some(part) if !part.is_empty() && self.paths.len() < MAX_CLAUSES => {
                        self.paths.push(part.to_lowercase());
                    }
                    Some(_) => {}
                    None => match at_line(typed) {
                        Some(frame) => self.frames.push(frame),
                        None => self.add_words(typed),
                    },
                }
            }
        }
    }

    fn add_words(&mut self, text: &str) {
        for range in words(text) {
            let word = &text[range];
            if self.words.len() < MAX_WORDS && !self.words.iter().any(|w| w == word) {
                self.words.push(word.to_owned());
            }
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        for name in text.split(|c| !is_name(c)) {
            let name = name.trim_matches('.');
            if !name.is_empty()
                && !self.names.iter().any(|n| n == name)
                && self.names.len() < MAX_WORDS
            {
                self.names.push(name.to_owned());
            }
        }
    }
}

/// `shop/orders.py:60` as editors, tests and linters write it.
fn at_line(typed: &str) -> Option<Frame> {
    let mut parts = typed.split(':');
    let (path, line) = (parts.next()?, parts.next()?);
    let is_file = path.rsplit('/').next()?.contains('.') && !path.ends_with('.');
    Some(Frame {
        path: path.to_owned(),
        line: Some(line.parse().ok().filter(|_| is_file)?),
        ..Frame::default()
    })
}

/// The words and the frames of a trace in a text: its type, message, functions and innermost line say more than the
/// paths and the times around it.
fn traced(text: &str) -> Option<(String, Vec<Frame>)> {
    // One line is no trace.
    if !text.trim().contains('\n') {
        return None;
    }
    let mut found = None;
    // Nothing leaves with the words, and a masked one would not be found.
    let options = Options {
        format: Format::Auto,
        redaction: Redaction::Off,
    };
    let read = ingest::read_with(text.as_bytes(), &options, |event| {
        if !event.exceptions.is_empty() {
            found.get_or_insert(event);
        }
    });
    if let (Ok(_), Some(event)) = (read, found) {
        let exception = event.traced();
        let innermost = exception.frames.last();
        let words = [
            exception.type_name.as_str(),
            exception.message.as_str(),
            innermost.map_or("", |f| f.function.as_str()),
            innermost
                .and_then(|f| f.context_line.as_deref())
                .unwrap_or_default(),
        ];
        return Some((words.join(" "), exception.frames.clone()));
    }
    // A piece of one: its lines of frames, and the rest as words.
    let frames: Vec<Frame> = text.lines().filter_map(frame_line).collect();
    let rest = text.lines().filter(|l| frame_line(l).is_none());
    (!frames.is_empty()).then(|| (rest.collect::<Vec<_>>().join(" "), frames))
}

/// `File "/app/shop/orders.py", line 60, in delivery_note`.
fn frame_line(line: &str) -> Option<Frame> {
    let (path, rest) = line
        .trim()
        .strip_prefix("File \"")?
        .split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    Some(Frame {
        path: path.to_owned(),
        line: Some(number.trim().parse().ok()?),
        function: function.to_owned(),
        ..Frame::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Terms {
        Terms::of(&Query {
            text,
            kind: Kind::Text,
            stack: &[],
            limit: 1,
        })
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let terms = terms(text);
        let frames = terms
            .frames
            .iter()
            .map(|f| format!("@{}:{}:{}", f.path, f.line.unwrap_or_default(), f.function));
        let phrases = terms.phrases.iter().map(|p| format!("[{p}]"));
        let paths = terms.paths.iter().map(|p| format!("{p}/"));
        let all: Vec<String> = terms
            .words
            .iter()
            .cloned()
            .chain(phrases)
            .chain(paths)
            .chain(frames)
            .collect();
        assert_eq!(all.join(" "), expected, "{text}");
    }

    #[test]
    fn what_people_type() {
        check("unit price unit", "unit price");
        check("Orders.total()", "Orders total");
        check(
            "say \"return order\" path:Shop/ x",
            "say x [return order] shop//",
        );
        check("\"\" \"..\" path:", "");
        check("an \"open phrase", "an open phrase");
        check("(a OR -b:* AND [x TO y} ~2 ^ \\ /", "a OR b AND x TO y 2");
        check(
            "shop/orders.py:60:4: TypeError",
            "TypeError @shop/orders.py:60:",
        );
        check("12:30 a.b:x", "12 30 a b x");
        check("\u{0}\u{202e}", "");
        assert_eq!(terms(&"a b ".repeat(1 << 20)).words, ["a", "b"]);
        let many: String = (0..1000).map(|n| format!("w{n} ")).collect();
        assert_eq!(terms(&many).words.len(), MAX_WORDS);
        assert_eq!(terms("Orders.total x").names, ["Orders.total", "x"]);
    }

    #[test]
    fn pasted_traces() {
        let trace = "2026-01-01 ERROR web: boom\nTraceback (most recent call last):\n  \
            File \"/srv/app.py\", line 3, in main\n    total(order)\n  \
            File \"/srv/shop/orders.py\", line 60, in total\n    return order[\"sum\"]\nKeyError: 'sum'\n";
        check(
            trace,
            "KeyError sum total return order @/srv/app.py:3:main @/srv/shop/orders.py:60:total",
        );
        check("File \"a.py\", line 3, in f\n    x()\n", "x @a.py:3:f");
        let deep = "  File \"a.py\", line 3, in f\n".repeat(500);
        assert_eq!(terms(&deep).frames.len(), MAX_FRAMES);
    }
}
