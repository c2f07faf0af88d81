//! Text as words: identifiers whole and in parts.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Longer words are data (digests, encoded files), which nobody searches for by their letters.
const MAX_WORD_BYTES: usize = 100;

/// The byte ranges of the words of a text: runs of letters, digits and underscores.
pub(super) fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let end = text[start..]
            .find(|c| !is_part(c))
            .map_or(text.len(), |n| start + n);
        rest = end;
        Some(start..end)
    })
}

/// The parts of an identifier: `parseHTTPResponse2_ok` is `parse`, `HTTP`, `Response`, `2`, `ok`.
pub(super) fn parts(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for piece in word.split('_').filter(|p| !p.is_empty()) {
        let mut start = 0;
        let mut before = Class::Other;
        let mut letters = piece.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            let class = Class::of(c);
            // The last capital of several begins the next word where a small letter follows it.
            let begins_word = class == Class::Upper
                && before == Class::Upper
                && letters
                    .peek()
                    .is_some_and(|(_, next)| Class::of(*next) == Class::Lower);
            let changes = class != before && !(before == Class::Upper && class == Class::Lower);
            if at > start && (begins_word || changes) {
                out.push(&piece[start..at]);
                start = at;
            }
            before = class;
        }
        out.push(&piece[start..]);
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

impl Class {
    fn of(c: char) -> Self {
        if c.is_uppercase() {
            Self::Upper
        } else if c.is_lowercase() {
            Self::Lower
        } else if c.is_numeric() {
            Self::Digit
        } else {
            Self::Other
        }
    }
}

/// Splits text for the index: every word whole, and its parts at the same position, in lower case.
///
/// Whole words alone count positions, so a phrase is a sequence of whole words.
#[derive(Clone, Default)]
pub(super) struct Words;

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        Stream {
            text,
            words: Box::new(words(text)),
            parts: Vec::new(),
            position: 0,
            token: Token::default(),
        }
    }
}

/// The words of one text.
pub(super) struct Stream<'a> {
    text: &'a str,
    words: Box<dyn Iterator<Item = Range<usize>> + 'a>,
    /// What is left of the word before, last part first.
    parts: Vec<&'a str>,
    position: usize,
    token: Token,
}

impl<'a> Stream<'a> {
    fn set(&mut self, word: &'a str) {
        let start = word.as_ptr().addr() - self.text.as_ptr().addr();
        self.token.offset_from = start;
        self.token.offset_to = start + word.len();
        self.token.text.clear();
        if word.is_ascii() {
            self.token.text.push_str(word);
            self.token.text.make_ascii_lowercase();
        } else {
            self.token.text.push_str(&word.to_lowercase());
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        if let Some(part) = self.parts.pop() {
            self.set(part);
            return true;
        }
        for range in self.words.by_ref() {
            self.token.position = self.position;
            self.position += 1;
            if range.len() > MAX_WORD_BYTES {
                continue;
            }
            let word = &self.text[range];
            self.parts = parts(word);
            self.parts.reverse();
            if self.parts == [word] {
                self.parts.clear();
            }
            self.set(word);
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut tokens = Vec::new();
        let mut words = Words;
        let mut stream = words.token_stream(text);
        while stream.advance() {
            let token = stream.token();
            assert_eq!(
                text[token.offset_from..token.offset_to].to_lowercase(),
                token.text
            );
            tokens.push(format!("{}{}", token.position, token.text));
        }
        assert_eq!(tokens.join(" "), expected, "{text}");
    }

    #[test]
    fn identifiers_are_whole_and_in_parts() {
        check("order", "0order");
        check("a.b(c)", "0a 1b 2c");
        check("unit_price = 3", "0unit_price 0unit 0price 13");
        check(
            "parseHTTPResponse2",
            "0parsehttpresponse2 0parse 0http 0response 02",
        );
        check("IOError", "0ioerror 0io 0error");
        check("__init__ x", "0__init__ 0init 1x");
        check("Base64Encoder", "0base64encoder 0base 064 0encoder");
        check("MAX_SIZE", "0max_size 0max 0size");
        check("___ == _", "0___ 1_");
        check("Größe_der 価格", "0größe_der 0größe 0der 1価格");
        check("İx", "0i̇x");
        check("", "");
        check(&format!("a {} b", "0".repeat(200)), "0a 2b");
    }
}
