//! Secrets in their surroundings, and what only looks like them: `secrets/*.txt` and `look-alikes/*.txt`.
//!
//! A line is a case. `«…»` stands round a secret, `‹class:length›` for characters that are drawn when the file is read,
//! always the same ones, and `⏎` for a line break. `@text`, `@source`, `@locals` and `@attributes` say where the
//! following lines stand in an event (the last two are JSON objects), `@kind` what they are.

use std::{fs, ops::Range, path::Path};

use ingest::{ErrorEvent, Exception, Frame};
use serde_json::Value;

/// Where in an event a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Text,
    Source,
    Locals,
    Attributes,
}

/// One line of the corpus, with its templates filled in.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: String,
    pub(crate) place: Place,
    /// Without the marks. Of locals and attributes, JSON as `serde_json` writes it.
    pub(crate) text: String,
    /// Where in `text` the secrets are.
    pub(crate) secrets: Vec<Range<usize>>,
    /// Not looked at while rules are written: a third of the lines, by their hash.
    pub(crate) is_held_out: bool,
}

/// All cases of the files in `tests/redaction/<folder>`.
pub(crate) fn read(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/redaction")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| parse(&fs::read_to_string(file).unwrap()))
        .collect()
}

fn parse(file: &str) -> Vec<Case> {
    let (mut kind, mut place) = ("", Place::Text);
    let mut cases = Vec::new();
    for line in file.lines() {
        match line {
            "@text" => place = Place::Text,
            "@source" => place = Place::Source,
            "@locals" => place = Place::Locals,
            "@attributes" => place = Place::Attributes,
            _ if line.starts_with("@kind ") => kind = &line[6..],
            _ => cases.push(Case::new(kind, place, line)),
        }
    }
    cases
}

impl Case {
    fn new(kind: &str, place: Place, line: &str) -> Self {
        let seed = fnv(line);
        let filled = fill(line, &mut Random(seed | 1)).replace('⏎', "\n");
        let (mut text, mut marked) = (String::new(), Vec::new());
        for (n, part) in filled.split(['«', '»']).enumerate() {
            if n % 2 == 1 {
                marked.push(text.len()..text.len() + part.len());
            }
            text.push_str(part);
        }
        if matches!(place, Place::Locals | Place::Attributes) {
            let value: Value =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {line}"));
            let (source, mut from) = (text, 0);
            text = value.to_string();
            for range in &mut marked {
                let secret = &source[range.clone()];
                let at = text[from..].find(secret).expect("in the order of the line") + from;
                from = at + secret.len();
                *range = at..from;
            }
        }
        Self {
            kind: kind.to_owned(),
            place,
            text,
            secrets: marked,
            is_held_out: seed.is_multiple_of(3),
        }
    }

    /// An event that has the case in its place.
    pub(crate) fn event(&self) -> ErrorEvent {
        let mut frame = Frame::default();
        let mut event = ErrorEvent::default();
        let mut exception = Exception::default();
        match self.place {
            Place::Text => exception.message = self.text.clone(),
            Place::Source => frame.context_line = Some(self.text.clone()),
            // A level deeper, where members keep their order.
            Place::Locals => {
                let value = serde_json::from_str(&self.text).unwrap();
                frame.locals.insert("vars".to_owned(), value);
            }
            Place::Attributes => {
                let value = serde_json::from_str(&self.text).unwrap();
                event.attributes.insert("event".to_owned(), value);
            }
        }
        exception.frames.push(frame);
        event.exceptions.push(exception);
        event
    }

    /// What has become of the case's text in its event.
    pub(crate) fn text_of(&self, event: &ErrorEvent) -> String {
        let exception = &event.exceptions[0];
        match self.place {
            Place::Text => exception.message.clone(),
            Place::Source => exception.frames[0].context_line.clone().unwrap(),
            Place::Locals => exception.frames[0].locals["vars"].to_string(),
            Place::Attributes => event.attributes["event"].to_string(),
        }
    }
}

fn fill(line: &str, random: &mut Random) -> String {
    let mut filled = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('‹') {
        let (template, after) = after.split_once('›').expect("a closed template");
        filled.push_str(before);
        filled.push_str(&random.draw(template));
        rest = after;
    }
    filled + rest
}

/// Marsaglia's xorshift64, which is random enough for examples.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below
    }

    fn of(&mut self, alphabet: &str, n: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..n)
            .map(|_| char::from(alphabet[self.next(alphabet.len())]))
            .collect()
    }

    fn draw(&mut self, template: &str) -> String {
        const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
        const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const DIGITS: &str = "0123456789";
        const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let parts: Vec<&str> = template.split(':').collect();
        let n = || -> usize { parts[parts.len() - 1].parse().expect("a length") };
        let lines = |random: &mut Self, line_break: &str| {
            let lines: Vec<String> = (0..n()).map(|_| random.of(BASE64, 64)).collect();
            lines.join(line_break)
        };
        match parts[0] {
            "hex" => self.of("0123456789abcdef", n()),
            "HEX" => self.of("0123456789ABCDEF", n()),
            "d" => self.of(&DIGITS[1..], 1) + &self.of(DIGITS, n() - 1),
            "a0" => self.of(&format!("{LOWER}{DIGITS}"), n()),
            "A0" => self.of(&format!("{UPPER}{DIGITS}"), n()),
            "Aa" => self.of(&BASE64[..52], n()),
            "Aa0" => self.of(&BASE64[..62], n()),
            "b32" => self.of(&format!("{UPPER}234567"), n()),
            "bech" => self.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", n()),
            "b64" => self.of(BASE64, n()),
            // In a URL.
            "b64p" => self.of(BASE64, n()).replace('+', "%2B").replace('/', "%2F"),
            // No dash at the ends, where a word might seem to end.
            "url" => {
                let middle = self.of(&format!("{}-_", &BASE64[..62]), n() - 2);
                self.of(&BASE64[..62], 1) + &middle + &self.of(&BASE64[..62], 1)
            }
            "crc" => with_crc(self.of(&BASE64[..62], n())),
            "uuid" => {
                let hex = self.of("0123456789abcdef", 30);
                let (a, b, c, d, e) = (
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..15],
                    &hex[15..18],
                    &hex[18..],
                );
                format!("{a}-{b}-4{c}-8{d}-{e}")
            }
            "jwt" => {
                let header = base64(br#"{"alg":"HS256","typ":"JWT"}"#);
                let claims = format!(
                    r#"{{"sub":"{}","name":"{}","exp":17{}}}"#,
                    self.of(DIGITS, 6),
                    self.of(LOWER, 8),
                    self.of(DIGITS, 8)
                );
                let claims = base64(claims.as_bytes());
                format!("{header}.{claims}.{}", self.of(&BASE64[..62], 43))
            }
            "pem" => lines(self, "⏎"),
            "pem1" => lines(self, r"\n"),
            "pem2" => lines(self, r"\\n"),
            "luhn" => self.card(parts[1], n()),
            "nluhn" => {
                let card = self.card(parts[1], n());
                let last = u32::from(card.as_bytes()[card.len() - 1] - b'0');
                format!("{}{}", &card[..card.len() - 1], (last + 1) % 10)
            }
            "card4" => groups(&self.card(parts[1], 16), " "),
            "card4d" => groups(&self.card(parts[1], 16), "-"),
            "iban" => self.iban(parts[1], parts[2]),
            "iban4" => groups(&self.iban(parts[1], parts[2]), " "),
            other => panic!("unknown class {other}"),
        }
    }

    /// A card's number with its check digit (ISO/IEC 7812-1, annex B).
    fn card(&mut self, prefix: &str, n: usize) -> String {
        let number = prefix.to_owned() + &self.of("0123456789", n - 1 - prefix.len());
        let sum: usize = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| usize::from(digit - b'0') << usize::from(at % 2 == 0))
            .map(|doubled| doubled / 10 + doubled % 10)
            .sum();
        format!("{number}{}", (10 - sum % 10) % 10)
    }

    /// An account number with its check digits (ISO 13616).
    fn iban(&mut self, country: &str, bban: &str) -> String {
        let bban = match bban {
            "N" => "ABNA".to_owned() + &self.of("0123456789", 10),
            "B" => "NWBK".to_owned() + &self.of("0123456789", 14),
            digits => self.of("0123456789", digits.parse().expect("a length")),
        };
        let rest = format!("{bban}{country}00")
            .chars()
            .filter_map(|c| c.to_digit(36))
            .fold(0, |rest, digit| {
                (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
            });
        format!("{country}{:02}{bban}", 98 - rest)
    }
}

/// A GitHub token's last six characters are a checksum of the others.
///
/// Source: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>.
fn with_crc(token: String) -> String {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = token.bytes().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    }) ^ !0;
    let mut check = [b'0'; 6];
    for digit in check.iter_mut().rev() {
        *digit = BASE62[crc as usize % 62];
        crc /= 62;
    }
    token + &String::from_utf8_lossy(&check)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1))
        .collect();
    bits.chunks(6)
        .map(|six| (0..6).fold(0, |sum, n| sum * 2 + six.get(n).copied().unwrap_or(0)))
        .map(|digit| char::from(ALPHABET[usize::from(digit)]))
        .collect()
}

fn groups(digits: &str, separator: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    groups.join(separator)
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
