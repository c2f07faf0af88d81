//! Which lines of a log can be passed over unread: whole chunks are searched for what a line must have to matter.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::{
    lang,
    mixed::{JSON_LITERALS, json_in},
    pattern::bytes_regex,
    record::{container::cri, errors},
};

/// What a line of JSON has somewhere that is not to be passed over. More than such lines have it: patterns that are exact
/// would take long for whole chunks.
static JSON: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        // Before `at` there are no two blanks, or it is one of the literals.
        bytes_regex(&format!(r"{JSON_LITERALS}|\\n ?at |goroutine ")),
        // Its places in the middle of a text; a digit may be any script's.
        bytes_regex(r"(?-u)at [^\n]+:[0-9\x80-\xff]+:[0-9\x80-\xff]"),
        errors::JSON_FIRST_TRIGGER.clone(),
    ]
});

/// What a chunk of whole lines consists of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Some whole lines, with their line feeds, that say nothing as long as nothing is unfinished.
    Quiet { lines: &'a [u8], n: u64 },
    /// A line to be read, without its line feed.
    Line(&'a [u8]),
}

/// Goes through the lines of a chunk.
pub(crate) struct Pieces<'a> {
    /// Ends in a line feed.
    lines: &'a [u8],
    at: usize,
    reads_json: bool,
    traces: Hits,
    errors: Hits,
    json: Hits,
}

impl<'a> Pieces<'a> {
    /// Of the whole lines that these bytes begin with.
    pub(crate) fn of(bytes: &'a [u8], reads_json: bool) -> Self {
        let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        Self {
            lines: &bytes[..end],
            at: 0,
            reads_json,
            traces: Hits::of(lang::trigger_patterns()),
            errors: Hits::of(std::slice::from_ref(&*errors::LITERAL)),
            json: Hits::of(&*JSON),
        }
    }

    /// How many bytes the pieces so far had.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next piece: one line if every line matters.
    pub(crate) fn next(&mut self, is_every_line_read: bool) -> Option<Piece<'a>> {
        if self.at == self.lines.len() {
            return None;
        }
        let from = self.at;
        let mut n = 0;
        for end in memchr::memchr_iter(b'\n', &self.lines[from..]) {
            let end = from + end;
            if is_every_line_read || self.may_matter(self.at, end) {
                if self.at > from {
                    break;
                }
                self.at = end + 1;
                return Some(Piece::Line(&self.lines[from..end]));
            }
            self.at = end + 1;
            n += 1;
        }
        let lines = &self.lines[from..self.at];
        Some(Piece::Quiet { lines, n })
    }

    /// Whether a line may be more than one to be passed over; of one that may not this is sure.
    fn may_matter(&mut self, from: usize, end: usize) -> bool {
        let line = &self.lines[from..end];
        if lang::starts_as_a_trace(line)
            || cri(line).is_some()
            || self.traces.is_in(self.lines, from, end)
        {
            return true;
        }
        let json = self.reads_json.then(|| json_in(line)).flatten();
        if json.is_some() && self.json.is_in(self.lines, from, end) {
            return true;
        }
        // Of objects only the level's own field counts.
        !json.is_some_and(|json| json.starts_with(b"{"))
            && (errors::starts_as_an_error(line) || self.errors.is_in(self.lines, from, end))
    }
}

/// Where patterns hit next.
struct Hits(Vec<(&'static Regex, usize)>);

impl Hits {
    fn of(patterns: &'static [Regex]) -> Self {
        Self(patterns.iter().map(|pattern| (pattern, 0)).collect())
    }

    /// Whether one hits at `from..to`. Each search goes on where the last one ended, so the lines are read once by each.
    fn is_in(&mut self, lines: &[u8], from: usize, to: usize) -> bool {
        self.0.iter_mut().any(|(pattern, hit)| {
            if *hit <= from {
                *hit = pattern
                    .shortest_match_at(lines, from)
                    .unwrap_or(lines.len() + 1);
            }
            *hit <= to
        })
    }
}

/// What text is searched for first, as regular expressions of which each line that may matter has one. For benchmarks.
pub fn first_patterns() -> Vec<String> {
    let literals = lang::triggers().chain(errors::LITERALS.iter().copied());
    let literals = literals.map(|literal| match literal.strip_prefix('\n') {
        Some(first) => format!("^{}", regex::escape(first)),
        None => regex::escape(literal),
    });
    let bytes = errors::FIRST_BYTES.iter();
    literals
        .chain(bytes.map(|byte| format!(r"^\x{byte:02x}")))
        .collect()
}

/// The last `n` of whole lines.
pub(crate) fn last_lines(lines: &[u8], n: usize) -> &[u8] {
    let before = memchr::memrchr_iter(b'\n', lines).nth(n);
    &lines[before.map_or(0, |at| at + 1)..]
}
