//! JSON documents out of bytes, without regard to lines: pretty-printed ones, several after each other, the elements
//! of endless arrays. No recursion, and no more than one document in memory.

use std::io::{self, Read};

use crate::{
    json,
    limits::{MAX_RECORD_BYTES, MAX_TEXT_LINE_BYTES},
    mixed::MixedReader,
    outcome::{DropReason, Outcomes},
    source::Source,
};

/// Reads every object that is not inside another one; arrays around them don't count. Lines between them that are not
/// JSON are read as text.
pub(crate) fn read<R: Read>(source: &mut Source<R>, out: &mut dyn Outcomes) -> io::Result<()> {
    let mut splitter = Splitter::new();
    while let Some(chunk) = source.chunk()? {
        splitter.push(chunk, out);
    }
    splitter.finish(out);
    Ok(())
}

struct Splitter {
    /// What the present line has outside of documents.
    outside: Vec<u8>,
    text: MixedReader,
    /// The open document's bytes; empty between documents.
    buffer: Vec<u8>,
    /// Open containers of the document.
    depth: u64,
    in_string: bool,
    is_escaped: bool,
    /// The document is too long: its end is looked for, its bytes are not kept.
    is_skipped: bool,
    /// Whether the open document indents its lines, so that a `{` at a line's start is another one.
    is_indented: bool,
    last: u8,
}

impl Splitter {
    fn new() -> Self {
        Self {
            outside: Vec::new(),
            text: MixedReader::new(false),
            buffer: Vec::new(),
            depth: 0,
            in_string: false,
            is_escaped: false,
            is_skipped: false,
            is_indented: false,
            last: b'\n',
        }
    }

    fn push(&mut self, chunk: &[u8], out: &mut dyn Outcomes) {
        let mut kept_from = 0;
        let mut at = 0;
        while at < chunk.len() {
            if self.depth == 0 && self.outside.len() >= MAX_TEXT_LINE_BYTES {
                at += memchr::memchr(b'\n', &chunk[at..]).unwrap_or(chunk.len() - at);
                if at >= chunk.len() {
                    break;
                }
            }
            if self.in_string && !self.is_escaped {
                // Most bytes are inside strings.
                at += memchr::memchr3(b'"', b'\\', b'\n', &chunk[at..]).unwrap_or(chunk.len() - at);
                if at >= chunk.len() {
                    break;
                }
            }
            let byte = chunk[at];
            if self.depth == 0 {
                at += 1;
                if self.is_opened_by(byte, out) {
                    kept_from = at - 1;
                }
                continue;
            }
            let is_line_start = self.last == b'\n';
            self.last = byte;
            at += 1;
            if self.in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    b'\n' => {
                        // Not allowed in a string: the document is broken, and ends with its line.
                        self.abandon(DropReason::Malformed, out);
                        kept_from = at;
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' if is_line_start && self.is_indented => {
                    self.abandon(DropReason::Malformed, out);
                    kept_from = at - 1;
                    self.depth = 1;
                }
                b'{' | b'[' => self.depth += 1,
                b']' | b'}' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.keep(&chunk[kept_from..at], out);
                        self.complete(out);
                        kept_from = at;
                    }
                }
                b' ' | b'\t' if is_line_start => self.is_indented = true,
                _ => {}
            }
        }
        if self.depth > 0 {
            self.keep(&chunk[kept_from..], out);
        }
    }

    /// Between documents: whether this byte opens one.
    fn is_opened_by(&mut self, byte: u8, out: &mut dyn Outcomes) -> bool {
        match byte {
            b'\n' => {
                if !is_punctuation(&self.outside) {
                    self.text.line(&self.outside, false, out);
                }
                self.outside.clear();
            }
            b'{' if is_punctuation(&self.outside) => {
                self.outside.clear();
                self.depth = 1;
                self.last = byte;
                return true;
            }
            _ => self.outside.push(byte),
        }
        false
    }

    fn keep(&mut self, bytes: &[u8], out: &mut dyn Outcomes) {
        if self.is_skipped {
            return;
        }
        if self.buffer.len() + bytes.len() > MAX_RECORD_BYTES {
            self.is_skipped = true;
            self.buffer = Vec::new();
            out.dropped(DropReason::TooLarge);
            return;
        }
        self.buffer.extend_from_slice(bytes);
    }

    fn complete(&mut self, out: &mut dyn Outcomes) {
        if !self.is_skipped {
            match json::parse(&self.buffer) {
                Ok(value) => json::document(value, out),
                Err(reason) => out.dropped(reason),
            }
        }
        self.reset();
    }

    fn abandon(&mut self, reason: DropReason, out: &mut dyn Outcomes) {
        if !self.is_skipped {
            out.dropped(reason);
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(1 << 20);
        self.depth = 0;
        self.in_string = false;
        self.is_escaped = false;
        self.is_skipped = false;
        self.is_indented = false;
    }

    fn finish(&mut self, out: &mut dyn Outcomes) {
        if self.depth > 0 {
            self.abandon(DropReason::Malformed, out);
        }
        if !is_punctuation(&self.outside) {
            self.text.line(&self.outside, false, out);
        }
        self.text.finish(out);
    }
}

/// Whether it is what stands around the elements of an array: brackets, commas, the first elements of a queue's
/// message (`[2,"insert",`).
fn is_punctuation(outside: &[u8]) -> bool {
    const MAX_BYTES: usize = 64;
    let outside = outside.trim_ascii();
    let is_json = |text: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    outside.iter().all(|byte| b"[], \t\r".contains(byte))
        || outside == b"\xef\xbb\xbf"
        || outside.len() <= MAX_BYTES
            && (is_json(&[outside, b"0]"].concat()) || is_json(&[b"[", outside, b"0]"].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::ErrorEvent, outcome::Summary};

    #[derive(Default)]
    struct Counts(Summary, Vec<String>);

    impl Outcomes for Counts {
        fn event(&mut self, event: ErrorEvent) {
            self.1.push(event.exceptions[0].type_name.clone());
        }

        fn dropped_many(&mut self, reason: DropReason, n: u64) {
            *self.0.dropped.entry(reason).or_default() += n;
        }
    }

    #[track_caller]
    fn check(input: &str, events: &[&str], dropped: &str) {
        for size in [1, 7, 1 << 20] {
            let mut counts = Counts::default();
            let mut splitter = Splitter::new();
            for chunk in input.as_bytes().chunks(size) {
                splitter.push(chunk, &mut counts);
            }
            splitter.finish(&mut counts);
            assert_eq!(counts.1, events, "in pieces of {size}");
            let shown: Vec<String> = counts
                .0
                .dropped
                .iter()
                .map(|(reason, n)| format!("{reason} {n}"))
                .collect();
            assert_eq!(shown.join(", "), dropped, "in pieces of {size}");
        }
    }

    #[test]
    fn documents_are_found() {
        const A: &str = r#"{"exception": {"values": [{"type": "A", "value": "]}\"{"}]}}"#;
        check("", &[], "");
        check(A, &["A"], "");
        check(&format!("[\n  2,\n  \"insert\",\n  {A}\n]\n"), &["A"], "");
        check(
            &format!("{{\n \"a\": 1}}\nsome {{text}}\n{A}"),
            &["A"],
            "no_error 2",
        );
        check(&format!("[{A},\n{A}, {{}}]"), &["A", "A"], "no_error 1");
        check(
            &format!("[2, \"insert\", {A}]\n[2, \"end_merge\", {{\"x\": 1}}]"),
            &["A"],
            "no_error 1",
        );
        check(
            "{\n  \"exception\": {\n    \"type\": \"B\", \"value\": \"x\"\n  }\n}\n",
            &["B"],
            "",
        );
        check(&format!("{{\n \"torn\": [\n{A}"), &["A"], "malformed 1");
        check(
            &format!("{{\"line feed in a string\n{A}"),
            &["A"],
            "malformed 1",
        );
        check(&"[".repeat(100_000), &[], "");
        check(
            &format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000)),
            &[],
            "too_deep 1",
        );
    }
}
