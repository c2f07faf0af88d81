//! The lines of a chunk that show why it was found.

use std::{collections::HashSet, ops::Range};

use super::words::{parts, words};

/// Lines that are shown of a hit found by its words.
const MAX_LINES: usize = 3;
/// Lines that are shown of a hit found by a name.
const MAX_NAMED_LINES: usize = 10;

/// A line that shows why a hit was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1-based, in the file.
    pub number: u32,
    /// The line without its end; of a very long one the beginning.
    pub text: String,
    /// Byte ranges of what was looked for, in order.
    pub marks: Vec<Range<usize>>,
}

/// The words and phrases of a query in lower case.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    whole: HashSet<String>,
    parts: HashSet<String>,
    phrases: Vec<String>,
}

impl Wanted {
    pub(super) fn of(words: &[String], phrases: &[String]) -> Self {
        let lower = |word: &str| word.to_lowercase();
        let all_parts = words.iter().flat_map(|w| parts(w));
        Self {
            whole: words.iter().map(|w| lower(w)).collect(),
            // A letter or a digit of an identifier is everywhere.
            parts: all_parts.filter(|p| p.len() > 1).map(lower).collect(),
            phrases: phrases.iter().map(|p| lower(p)).collect(),
        }
    }

    /// Whether a text holds every phrase.
    pub(super) fn has_phrases(&self, text: &str) -> bool {
        let text = if self.phrases.is_empty() {
            String::new()
        } else {
            text.to_lowercase()
        };
        self.phrases.iter().all(|p| text.contains(p))
    }

    /// The lines with the most of it, in their order; none where no line has any.
    pub(super) fn best_lines(&self, text: &str, start: u32) -> Vec<Line> {
        let mut found: Vec<(usize, Line)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let (weight, marks) = self.weigh(line);
            if weight > 0 {
                let line = Line {
                    number: start + at as u32,
                    text: line.to_owned(),
                    marks,
                };
                found.push((weight, line));
            }
        }
        found.sort_by_key(|(weight, line)| (std::cmp::Reverse(*weight), line.number));
        found.truncate(MAX_LINES);
        let best = found.first().map_or(0, |(weight, _)| *weight);
        found.retain(|(weight, _)| weight * 2 > best);
        found.sort_by_key(|(_, line)| line.number);
        found.into_iter().map(|(_, line)| line).collect()
    }

    /// How much of it a line has, each word counted once, and where.
    fn weigh(&self, line: &str) -> (usize, Vec<Range<usize>>) {
        let mut seen = HashSet::new();
        let mut marks = Vec::new();
        let mut weight = 0;
        for range in words(line) {
            let word = &line[range.clone()];
            let lower = word.to_lowercase();
            if self.whole.contains(&lower) {
                marks.push(range);
                weight += if seen.insert(lower) { 3 } else { 0 };
                continue;
            }
            for part in parts(word) {
                let lower = part.to_lowercase();
                if self.parts.contains(&lower) {
                    let at = part.as_ptr().addr() - line.as_ptr().addr();
                    marks.push(at..at + part.len());
                    weight += if seen.insert(lower) { 2 } else { 0 };
                }
            }
        }
        let lower = match self.phrases.is_empty() {
            true => String::new(),
            false => line.to_lowercase(),
        };
        for phrase in &self.phrases {
            if let Some(at) = lower.find(phrase) {
                weight += 100;
                // Only where lower case is as long as the line are places in it places in the line.
                if line.is_ascii() {
                    marks.push(at..at + phrase.len());
                }
            }
        }
        marks.sort_by_key(|m| (m.start, std::cmp::Reverse(m.end)));
        marks.dedup_by(|next, mark| next.start < mark.end);
        (weight, marks)
    }
}

/// The given lines (1-based, in the chunk's text) with a name marked in them.
pub(super) fn named_lines(text: &str, start: u32, lines: &[u32], name: &str) -> Vec<Line> {
    let lines = text.lines().zip(1..).filter(|(_, at)| lines.contains(at));
    let lines = lines.map(|(line, at)| Line {
        number: start + at - 1,
        text: line.to_owned(),
        marks: words(line)
            .filter(|range| &line[range.clone()] == name)
            .collect(),
    });
    lines.take(MAX_NAMED_LINES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], phrases: &[&str], text: &str, expected: &str) {
        let own = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let lines = Wanted::of(&own(words), &own(phrases)).best_lines(text, 10);
        let shown = lines.iter().map(|line| {
            let mut out = line.text.clone();
            for mark in line.marks.iter().rev() {
                out.insert(mark.end, '>');
                out.insert(mark.start, '<');
            }
            format!("{} {out}", line.number)
        });
        assert_eq!(shown.collect::<Vec<_>>().join("\n"), expected);
    }

    #[test]
    fn the_best_lines_are_shown_with_marks() {
        let text = "def total(order):\n    tax = 1\n    return unit_price(order) + tax\n";
        check(
            &["order"],
            &[],
            text,
            "10 def total(<order>):\n12     return unit_price(<order>) + tax",
        );
        check(
            &["price", "order"],
            &[],
            text,
            "10 def total(<order>):\n12     return unit_<price>(<order>) + tax",
        );
        check(
            &["unitPrice"],
            &[],
            text,
            "12     return <unit>_<price>(order) + tax",
        );
        check(
            &[],
            &["Price(order)"],
            text,
            "12     return unit_<price(order)> + tax",
        );
        check(&["missing"], &[], text, "");
        check(
            &["größe"],
            &["größe ist"],
            "Die Größe ist 3",
            "10 Die <Größe> ist 3",
        );
    }
}
