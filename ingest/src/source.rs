//! Bytes in, lines or chunks out, with bounded memory.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use crate::limits::{MAX_RECORD_BYTES, cut};

/// A buffered reader that hands out whole lines up to a limit, and can be looked into before.
pub(crate) struct Source<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
}

/// One line without its line feed.
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether the line was longer than [`MAX_RECORD_BYTES`] and the rest is gone.
    pub(crate) is_cut: bool,
}

const CHUNK: usize = 256 << 10;

impl<R: Read> Source<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            is_at_end: false,
        }
    }

    /// Up to `n` bytes from here on, without consuming them.
    pub(crate) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.end - self.start < n && !self.is_at_end {
            self.fill(n)?;
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + n)])
    }

    /// What is buffered from here on, without consuming it.
    pub(crate) fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Goes on behind `n` bytes of what is [held](Self::held).
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
        debug_assert!(self.start <= self.end);
    }

    /// The first lines from here on, at least `n` of them unless they are longer than `limit` bytes together, without
    /// consuming them. A slow input is waited for no longer than that.
    pub(crate) fn peek_lines(&mut self, n: usize, limit: usize) -> io::Result<&[u8]> {
        let mut searched = 0;
        let mut n_found = 0;
        loop {
            let held = &self.buffer[self.start..self.end];
            n_found += memchr::memchr_iter(b'\n', &held[searched..]).count();
            searched = held.len();
            if n_found >= n || searched >= limit || self.is_at_end {
                break;
            }
            self.fill(searched + 1)?;
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + limit)])
    }

    /// The next line; `None` at the end.
    pub(crate) fn line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let held = self.end - self.start;
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.start + searched..self.end]) {
                let from = self.start;
                let to = from + searched + at;
                self.start = to + 1;
                return Ok(Some(Line {
                    bytes: &self.buffer[from..to],
                    is_cut: false,
                }));
            }
            if self.is_at_end {
                if held == 0 {
                    return Ok(None);
                }
                let from = self.start;
                self.start = self.end;
                return Ok(Some(Line {
                    bytes: &self.buffer[from..self.end],
                    is_cut: false,
                }));
            }
            if held >= MAX_RECORD_BYTES {
                return self.cut_line();
            }
            searched = held;
            self.fill(held + 1)?;
        }
    }

    /// Whatever is buffered, or the next bytes; `None` at the end.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<&[u8]>> {
        if self.start == self.end {
            if self.is_at_end {
                return Ok(None);
            }
            self.fill(1)?;
        }
        let from = self.start;
        self.start = self.end;
        Ok((from < self.end).then(|| &self.buffer[from..self.end]))
    }

    /// Exactly `n` bytes (fewer at the end of the input), or `None` if they are too many: then they are skipped.
    pub(crate) fn exactly(&mut self, n: usize) -> io::Result<Option<&[u8]>> {
        if n > MAX_RECORD_BYTES {
            let mut left = n;
            while left > 0 {
                let held = self.peek(left.min(CHUNK))?.len();
                if held == 0 {
                    break;
                }
                self.start += held;
                left -= held;
            }
            return Ok(None);
        }
        let held = self.peek(n)?.len();
        let from = self.start;
        self.start += held;
        Ok(Some(&self.buffer[from..from + held]))
    }

    /// A line that does not fit: keeps its beginning as the record, discards the rest up to the line feed.
    fn cut_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let kept = self.end - self.start;
        self.buffer.copy_within(self.start..self.end, 0);
        self.start = 0;
        let mut scratch = vec![0; CHUNK];
        loop {
            let n = read_some(&mut self.input, &mut scratch)?;
            if n == 0 {
                self.is_at_end = true;
                self.start = kept;
                self.end = kept;
                break;
            }
            if let Some(at) = memchr::memchr(b'\n', &scratch[..n]) {
                let rest = &scratch[at + 1..n];
                self.buffer.truncate(kept);
                self.buffer.extend_from_slice(rest);
                self.start = kept;
                self.end = kept + rest.len();
                break;
            }
        }
        Ok(Some(Line {
            bytes: &self.buffer[..kept],
            is_cut: true,
        }))
    }

    /// Reads once, making room for `n` bytes from `start` on.
    fn fill(&mut self, n: usize) -> io::Result<()> {
        if self.start > 0
            && (self.start == self.end || self.buffer.len() - self.start < n.max(CHUNK / 2))
        {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            let room = (self.buffer.len() * 2).max(self.end + CHUNK);
            self.buffer.resize(room, 0);
        }
        let n = read_some(&mut self.input, &mut self.buffer[self.end..])?;
        self.end += n;
        self.is_at_end = n == 0;
        Ok(())
    }
}

fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The text of a line, at most `limit` bytes of it: no escape sequences, control characters or carriage returns;
/// what is not UTF-8 becomes U+FFFD.
pub(crate) fn clean(bytes: &[u8], limit: usize) -> Cow<'_, str> {
    let bytes = &bytes[..bytes.len().min(limit)];
    // Most lines are UTF-8, which this tells much faster than the other.
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    // Each byte is looked at, many at a time.
    let has_controls = text.bytes().fold(false, |has, byte| {
        has | (byte < 0x20 && byte != b'\t' || byte == 0x7f)
    });
    if !has_controls {
        return text;
    }
    Cow::Owned(without_controls(&text))
}

/// Drops terminal escape sequences (ECMA-48: CSI, OSC and the two-character ones) and control characters other
/// than tabs and line feeds.
pub(crate) fn without_controls(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.peek() {
                Some('[') => {
                    chars.next();
                    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                    chars.next_if(|c| matches!(c, '@'..='~'));
                }
                Some(']' | '_' | 'P' | '^') => skip_string(&mut chars),
                Some('(' | ')' | '#' | '%') => {
                    chars.next();
                    chars.next_if(|c| c.is_ascii());
                }
                _ => {}
            },
            '\t' | '\n' => kept.push(c),
            c if c.is_control() => {}
            c => kept.push(c),
        }
    }
    kept
}

/// Skips an OSC or other control string up to its terminator, if it has one nearby; an unfinished one loses its
/// introducer only, so that no text after it is lost.
fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    chars.next();
    let ahead = chars.clone();
    let mut n = 0;
    let mut has_end = false;
    let mut is_escaped = false;
    for c in ahead.take(1024) {
        n += 1;
        if c == '\x07' || c == '\u{9c}' || (is_escaped && c == '\\') {
            has_end = true;
            break;
        }
        is_escaped = c == '\x1b';
    }
    if has_end {
        for _ in 0..n {
            chars.next();
        }
    }
}

/// [`clean`] for text that came out of a JSON string: keeps line feeds, limits the length.
pub(crate) fn clean_text(text: &str, limit: usize) -> Cow<'_, str> {
    let text = cut(text, limit);
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Cow::Owned(without_controls(text));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expected: &str) {
        assert_eq!(clean(input, 100), expected);
    }

    #[test]
    fn escapes_and_controls_go() {
        check(b"plain", "plain");
        check(b"\x1b[33m\x1b[1mTraceback\x1b[0m\r", "Traceback");
        check(b"a\0b\0", "ab");
        check(b"\x1b]0;title\x07text", "text");
        check(b"\x1b]0;unfinished", "0;unfinished");
        check(b"\x1b[2Kweb-1  | x", "web-1  | x");
        check(b"caf\xe9", "caf\u{fffd}");
        check("tab\tstays ä".as_bytes(), "tab\tstays ä");
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        let mut long = vec![b'x'; MAX_RECORD_BYTES + 3 * CHUNK];
        long.extend_from_slice(b"\nsecond\n\nlast");
        let mut source = Source::new(long.as_slice());
        assert_eq!(source.peek(3).unwrap(), b"xxx");
        let line = source.line().unwrap().unwrap();
        assert!(
            line.is_cut
                && line.bytes.len() >= MAX_RECORD_BYTES
                && line.bytes.len() < MAX_RECORD_BYTES * 3
        );
        assert_eq!(source.line().unwrap().unwrap().bytes, b"second");
        assert_eq!(source.line().unwrap().unwrap().bytes, b"");
        assert_eq!(source.line().unwrap().unwrap().bytes, b"last");
        assert!(source.line().unwrap().is_none());
    }
}
