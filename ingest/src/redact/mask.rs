//! What stands in place of a value: of the same length and form, equal for equal values under one key.
//!
//! Masks are drawn from few characters, and a value that has no others counts as masked already. So redacting again
//! changes nothing, and no value can be told from its mask: each mask stands for many values, itself included.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::{
    RedactionKey,
    personal::{card_check_digit, iban_check_digits},
};

/// Letters that are hexadecimal digits as well, and make no words.
const LETTERS: &[u8] = b"bcdf";
/// Few, so that hardly any short number consists of them; none that an octal number has.
const DIGITS: &[u8] = b"89";

/// Other letters and digits; punctuation, blanks and escapes stay.
pub(super) fn opaque(text: &str, key: &RedactionKey) -> String {
    if is_masked(text) {
        return text.to_owned();
    }
    let mut stream = Stream::new(key, text.trim_matches(['\'', '"']));
    let mut masked = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            masked.push(stream.instead_of(c));
            continue;
        }
        masked.push(c);
        let escape = chars.next();
        masked.extend(escape);
        // Two digits of a byte are a part of the secret; other escapes have to stay what they are.
        let n_kept = match escape {
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        masked.extend(chars.by_ref().take(n_kept));
    }
    masked
}

/// Whether only characters occur that masks are made of.
fn is_masked(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let is_ours = match c {
            '\\' => {
                let n = match chars.next() {
                    Some('u') => 4,
                    Some('U') => 8,
                    _ => 0,
                };
                chars.by_ref().take(n).for_each(drop);
                true
            }
            _ if c.is_ascii_alphabetic() => LETTERS.contains(&(c.to_ascii_lowercase() as u8)),
            _ if c.is_ascii_digit() => DIGITS.contains(&(c as u8)),
            _ if c.is_alphanumeric() => stand_ins(c).contains(&c),
            _ => true,
        };
        if !is_ours {
            return false;
        }
    }
    true
}

/// Letters beyond ASCII of as many bytes.
fn stand_ins(c: char) -> [char; 4] {
    match c.len_utf8() {
        2 => ['б', 'в', 'г', 'д'],
        3 => ['丙', '丁', '戊', '己'],
        _ => ['𐐀', '𐐁', '𐐂', '𐐃'],
    }
}

/// Another address at example.com, or where that does not fit, in another domain that is never given out.
///
/// Source: RFC 2606; `xx` is a country code that is never assigned (ISO 3166-1).
pub(super) fn mail(address: &str, at_sign: &str, key: &RedactionKey) -> String {
    let domain = ["example.com", "x.test", "x.xx"]
        .into_iter()
        .find(|domain| domain.len() + at_sign.len() < address.len())
        .unwrap_or("");
    let canonical = address.replacen("%40", "@", 1).to_lowercase();
    let mut stream = Stream::new(key, &canonical);
    let n = address.len() - at_sign.len() - domain.len();
    let local: String = (0..n)
        .map(|_| char::from(b'a' + stream.next() % 26))
        .collect();
    format!("{local}{at_sign}{domain}")
}

/// Another card number of the same network's first digit and with a right check digit; separators stay.
pub(super) fn card(number: &str, key: &RedactionKey) -> String {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    let (Some(first), Some(middle)) = (digits.first(), digits.get(1..digits.len() - 1)) else {
        return opaque(number, key);
    };
    if middle.iter().all(|digit| DIGITS.contains(digit)) {
        return number.to_owned();
    }
    let mut stream = Stream::new(key, &String::from_utf8_lossy(&digits));
    let mut masked = vec![*first];
    masked.extend(middle.iter().map(|&digit| stream.other(digit, DIGITS)));
    masked.push(b'0' + card_check_digit(&masked));
    refill(number, &masked)
}

/// Another account number of the same country with right check digits; blanks stay.
pub(super) fn iban(number: &str, key: &RedactionKey) -> String {
    let plain: Vec<u8> = number.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let account = String::from_utf8_lossy(&plain[4..]);
    let masked = opaque(&account, key);
    let (country, masked) = (String::from_utf8_lossy(&plain[..2]), masked.as_bytes());
    let check = iban_check_digits(&country, masked);
    let head = format!("{country}{check:02}");
    refill(number, &[head.as_bytes(), masked].concat())
}

/// Puts other letters and digits into the places of a text's.
fn refill(text: &str, with: &[u8]) -> String {
    let mut with = with.iter();
    text.chars()
        .map(|c| match c {
            _ if c.is_ascii_alphanumeric() => with.next().map_or(c, |&byte| char::from(byte)),
            _ => c,
        })
        .collect()
}

/// Another address of as many characters, out of the ranges for documentation (RFC 5737), or where those have none so
/// short or long, out of one that has no hosts (`0.0.0.0/8`, `240.0.0.0/4`: RFC 6890).
pub(super) fn ip_v4(address: &str, key: &RedactionKey) -> String {
    let mut stream = Stream::new(key, address);
    let mut digits = |n: usize| -> String {
        // The first of three is at most 2, and no number begins with 0.
        let first = if n == 3 {
            b'1'
        } else {
            b'1' + stream.next() % 9
        };
        let rest: Vec<u8> = (1..n).map(|_| b'0' + stream.next() % 10).collect();
        format!("{}{}", char::from(first), String::from_utf8_lossy(&rest))
    };
    match address.len() {
        7 => format!("0.{}.{}.{}", digits(1), digits(1), digits(1)),
        8 => format!("0.{}.{}.{}", digits(2), digits(1), digits(1)),
        n @ 9..=11 => format!("192.0.2.{}", digits(n - 8)),
        n @ 12..=14 => format!("198.51.100.{}", digits(n - 11)),
        _ => format!("240.{}.{}.{}", digits(3), digits(3), digits(3)),
    }
}

/// Another address of as many characters, out of the range for documentation (RFC 3849), or where that has none so
/// short, out of the one whose packets are discarded (RFC 6666).
pub(super) fn ip_v6(address: &str, key: &RedactionKey) -> String {
    let prefix = match address.len() {
        ..11 => "100::",
        11..20 => "2001:db8::",
        20..39 => "2001:db8:",
        _ => "2001:0db8:",
    };
    let n = address.len().saturating_sub(prefix.len());
    // Of the short forms as few groups as needed, of the long ones all six that are left.
    let n_groups = if address.len() < 20 {
        n.div_ceil(5).max(1)
    } else {
        6
    };
    let n_digits = n - (n_groups - 1);
    let mut stream = Stream::new(key, &address.to_ascii_lowercase());
    let groups: Vec<String> = (0..n_groups)
        .map(|group| n_digits * (group + 1) / n_groups - n_digits * group / n_groups)
        .map(|n| {
            (0..n)
                .map(|_| char::from(stream.one_of(b"123456789abcdef")))
                .collect()
        })
        .collect();
    format!("{prefix}{}", groups.join(":"))
}

/// Endless bytes that depend on a value and the key alone.
struct Stream<'a> {
    key: &'a RedactionKey,
    seed: u64,
    n: u64,
    block: [u8; 8],
}

impl<'a> Stream<'a> {
    fn new(key: &'a RedactionKey, value: &str) -> Self {
        Self {
            key,
            seed: hash(key, value.as_bytes(), 0),
            n: 0,
            block: [0; 8],
        }
    }

    fn next(&mut self) -> u8 {
        let at = (self.n % 8) as usize;
        if at == 0 {
            self.block = hash(self.key, &self.seed.to_le_bytes(), self.n + 1).to_le_bytes();
        }
        self.n += 1;
        self.block[at]
    }

    fn one_of(&mut self, bytes: &[u8]) -> u8 {
        bytes[usize::from(self.next()) % bytes.len()]
    }

    /// One of some bytes, but another than that which is replaced.
    fn other(&mut self, byte: u8, bytes: &[u8]) -> u8 {
        let at = usize::from(self.next());
        match bytes.iter().position(|&other| other == byte) {
            Some(own) => bytes[(own + 1 + at % (bytes.len() - 1)) % bytes.len()],
            None => bytes[at % bytes.len()],
        }
    }

    fn instead_of(&mut self, c: char) -> char {
        match c {
            'a'..='z' => char::from(self.other(c as u8, LETTERS)),
            'A'..='Z' => {
                let lower = c.to_ascii_lowercase() as u8;
                char::from(self.other(lower, LETTERS).to_ascii_uppercase())
            }
            '0'..='9' => char::from(self.other(c as u8, DIGITS)),
            _ if !c.is_ascii() && c.is_alphanumeric() => stand_ins(c)[usize::from(self.next() % 4)],
            _ => c,
        }
    }
}

fn hash(key: &RedactionKey, bytes: &[u8], n: u64) -> u64 {
    let mut hasher = SipHasher24::new_with_key(&key.0);
    hasher.write(bytes);
    hasher.write_u64(n);
    hasher.finish()
}
