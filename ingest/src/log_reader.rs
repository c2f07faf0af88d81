//! Reads a log piece by piece, as it is written.

use std::collections::VecDeque;

use crate::{
    event::ErrorEvent,
    limits::MAX_RECORD_BYTES,
    mixed::MixedReader,
    outcome::{DropReason, Outcomes, Summary},
    quiet::{Piece, last_lines},
    read::Format,
    redact::Redactor,
};

/// Reads lines of text and JSON as they are written, and says from where they could be read again.
///
/// Positions are bytes from the beginning of the log. Reading again from a [`LogReader::safe_position`] gives the events
/// that had been read after it with the same ends, as long as there was no [`LogReader::flush`] between.
#[derive(Debug)]
pub struct LogReader {
    lines: MixedReader,
    /// The beginning of a line that has no end yet.
    partial: Vec<u8>,
    /// Bytes of that line beyond what is kept.
    n_cut: u64,
    /// Where the lines begin that may still say something about an event to come.
    starts: VecDeque<u64>,
    /// Where the line begins that is being read.
    position: u64,
    safe: u64,
    found: Found,
}

/// An event and where it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The event, redacted if the reader redacts.
    pub event: ErrorEvent,
    /// The end of the line with which it was complete.
    pub end: u64,
    /// Which one of those with the same end it is, from 0.
    pub nth: u32,
}

#[derive(Debug, Default)]
struct Found {
    redactor: Option<Redactor>,
    summary: Summary,
    events: Vec<Placed>,
    end: u64,
    n_here: u32,
}

impl LogReader {
    /// A reader of a log from a position on. With [`Format::Text`] JSON is not looked for.
    pub fn new(format: Format, redactor: Option<Redactor>, position: u64) -> Self {
        Self {
            lines: MixedReader::new(format != Format::Text),
            partial: Vec::new(),
            n_cut: 0,
            starts: VecDeque::new(),
            position,
            safe: position,
            found: Found {
                redactor,
                ..Found::default()
            },
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if !self.partial.is_empty() || self.n_cut > 0 {
            let Some(at) = memchr::memchr(b'\n', bytes) else {
                return self.keep(bytes);
            };
            self.keep(&bytes[..at]);
            self.whole_partial(1);
            bytes = &bytes[at + 1..];
        }
        let mut pieces = self.lines.pieces(bytes);
        while let Some(piece) = pieces.next(self.lines.reads_all()) {
            match piece {
                Piece::Quiet { lines, n } => self.pass(lines, n),
                Piece::Line(line) => self.line(line, 1),
            }
        }
        self.keep(&bytes[pieces.position()..]);
    }

    /// Ends what is unfinished, the last line too: the end of the log, or no more of it has come for a while.
    pub fn flush(&mut self) {
        if !self.partial.is_empty() {
            self.whole_partial(0);
        }
        self.lines.finish(&mut self.found);
        self.starts.clear();
        self.safe = self.position;
    }

    /// Begins anew with another log, from its beginning. To be called with nothing unfinished.
    pub(crate) fn restart(&mut self) {
        (self.position, self.safe) = (0, 0);
    }

    /// The events that were read since this was last called, and what was counted.
    pub fn take(&mut self) -> (Vec<Placed>, Summary) {
        (
            std::mem::take(&mut self.found.events),
            std::mem::take(&mut self.found.summary),
        )
    }

    /// How many events wait to be taken.
    pub fn n_waiting(&self) -> usize {
        self.found.events.len()
    }

    /// From where on the log would have to be read again to miss nothing that has not been handed out yet.
    pub fn safe_position(&self) -> u64 {
        self.safe
    }

    /// Whether something is unfinished that [`LogReader::flush`] would end.
    pub fn is_unfinished(&self) -> bool {
        !self.partial.is_empty() || !self.lines.is_idle()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_RECORD_BYTES - self.partial.len();
        let kept = &bytes[..bytes.len().min(room)];
        self.partial.extend_from_slice(kept);
        self.n_cut += (bytes.len() - kept.len()) as u64;
    }

    fn whole_partial(&mut self, n_line_feed: u64) {
        let line = std::mem::take(&mut self.partial);
        self.line(&line, n_line_feed);
    }

    fn line(&mut self, line: &[u8], n_line_feed: u64) {
        let is_cut = self.n_cut > 0;
        let start = self.position;
        self.position += line.len() as u64 + std::mem::take(&mut self.n_cut) + n_line_feed;
        self.found.at(self.position);
        self.found.summary.cut_lines += u64::from(is_cut);
        self.lines.line(line, is_cut, &mut self.found);
        self.starts.push_back(start);
        self.settle();
    }

    /// Lines that say nothing.
    fn pass(&mut self, lines: &[u8], n: u64) {
        self.position += lines.len() as u64;
        self.found.at(self.position);
        self.lines.pass(lines, n, &mut self.found);
        let last = last_lines(lines, MAX_STARTS);
        let start = self.position - last.len() as u64;
        self.starts.push_back(start);
        let ends = memchr::memchr_iter(b'\n', &last[..last.len() - 1]);
        self.starts.extend(ends.map(|at| start + at as u64 + 1));
        self.settle();
    }

    /// After one or more lines: what still matters of those before.
    fn settle(&mut self) {
        let is_idle = self.lines.is_idle();
        let n_kept = if is_idle {
            self.lines.n_recent()
        } else {
            MAX_STARTS
        };
        while self.starts.len() > n_kept {
            self.starts.pop_front();
        }
        // Where the unfinished begins is at or after the last safe place.
        if !is_idle {
            return;
        }
        self.safe = self.starts.front().copied().unwrap_or(self.position);
    }
}

/// Beginnings of lines that are kept; more than a reader remembers lines.
const MAX_STARTS: usize = 2048;

impl Found {
    fn at(&mut self, end: u64) {
        if self.end != end {
            (self.end, self.n_here) = (end, 0);
        }
    }
}

impl Outcomes for Found {
    fn event(&mut self, mut event: ErrorEvent) {
        self.summary.records += 1;
        self.summary.events += 1;
        if let Some(redactor) = &self.redactor {
            redactor.event(&mut event);
        }
        self.events.push(Placed {
            event,
            end: self.end,
            nth: self.n_here,
        });
        self.n_here += 1;
    }

    fn dropped_many(&mut self, reason: DropReason, n: u64) {
        self.summary.drop_many(reason, n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "start\nERROR: it broke\nTraceback (most recent call last):\n  File \"/app/a.py\", line 3, in f\n    \
                       g()\nValueError: no\nnext\nTraceback (most recent call last):\n  File \"/app/b.py\", line 4, in \
                       h\n    k()\nKeyError: 'x'\n";

    fn read(log: &[u8], from: u64, piece: usize) -> (Vec<Placed>, Summary, Vec<u64>) {
        let mut reader = LogReader::new(Format::Auto, None, from);
        let (mut events, mut safe) = (Vec::new(), Vec::new());
        for piece in log[from as usize..].chunks(piece) {
            reader.push(piece);
            safe.push(reader.safe_position());
            events.append(&mut reader.take().0);
        }
        reader.flush();
        let (rest, summary) = reader.take();
        events.extend(rest);
        assert!(!reader.is_unfinished());
        assert_eq!(reader.safe_position(), log.len() as u64);
        (events, summary, safe)
    }

    #[test]
    fn pieces_do_not_matter() {
        let (whole, ..) = read(LOG.as_bytes(), 0, usize::MAX);
        let types: Vec<_> = whole
            .iter()
            .map(|p| p.event.exception().type_name.as_str())
            .collect();
        assert_eq!(types, ["ValueError", "KeyError"]);
        for piece in [1, 2, 7, 100] {
            assert_eq!(read(LOG.as_bytes(), 0, piece).0, whole);
        }
    }

    #[test]
    fn reading_again_from_a_safe_position_misses_nothing_and_gives_the_same() {
        let (whole, _, safe) = read(LOG.as_bytes(), 0, 1);
        for (at, from) in safe.into_iter().enumerate() {
            let (again, ..) = read(LOG.as_bytes(), from, usize::MAX);
            let missing = whole
                .iter()
                .filter(|event| event.end > at as u64 + 1 && !again.contains(event));
            assert_eq!(missing.count(), 0, "at {at} from {from}");
            assert!(
                again.iter().all(|event| whole.contains(event)),
                "at {at} from {from}"
            );
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut reader = LogReader::new(Format::Auto, None, 0);
        for _ in 0..40 {
            reader.push(&[b'x'; 1 << 20]);
        }
        reader.push(b"\nafter\n");
        reader.flush();
        assert_eq!(reader.safe_position(), (40 << 20) + 7);
        let (_, summary) = reader.take();
        assert_eq!((summary.cut_lines, summary.records), (1, 2));
    }
}
