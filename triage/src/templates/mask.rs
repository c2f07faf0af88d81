//! Masks: the values that can be told by their form alone.

use super::limits::MAX_SHAPE_BYTES;

/// What stands for a value, in Drain's spelling.
pub(super) const MASK: &str = "<*>";

/// Writes the message with its values masked: its shape.
///
/// Values are words with a digit (numbers, addresses, times, identifiers, with the unit, zone or weekday beside them),
/// paths, and addresses of pages and mail. A row of values is one, however long. Words of letters alone are left: which
/// of them are values, other lines tell.
pub(super) fn shape(message: &str, out: &mut String) {
    out.clear();
    let bytes = message.as_bytes();
    let mut at = 0;
    // Where the last mask ends in `out`; further values beside it join it.
    let mut masked_to = None;
    while at < bytes.len() && out.len() < MAX_SHAPE_BYTES {
        let byte = bytes[at];
        if CLASS[byte as usize] == SPACE {
            at += 1;
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        if CLASS[byte as usize] == BORDER {
            at += 1;
            let is_empty_group = closing(byte).is_some_and(|end| bytes.get(at) == Some(&end))
                && (out.is_empty() || out.ends_with([' ', '=', ':']));
            out.push(byte as char);
            if is_empty_group {
                mask(out, &mut masked_to);
            }
            continue;
        }
        let found = word(bytes, at);
        let text = &message[at..found.end];
        at = found.end;
        if found.is_value {
            mask(out, &mut masked_to);
        } else if masked_to.is_some_and(|to| is_beside(out, to)) && is_unit(text) {
            out.truncate(masked_to.unwrap_or_default());
        } else if !(is_day_or_month(text) && is_before_date(&bytes[at..])) {
            out.push_str(text);
        }
    }
    out.truncate(out.trim_ascii_end().len());
}

/// Whether at most a blank stands behind this place.
fn is_beside(out: &str, to: usize) -> bool {
    out.len() == to || out.len() == to + 1 && out.ends_with(' ')
}

/// Puts a mask, or lets the one before it stand for both if only separators are between them.
fn mask(out: &mut String, masked_to: &mut Option<usize>) {
    if let Some(to) = *masked_to {
        let between = &out.as_bytes()[to..];
        let is_row = between.len() <= 2
            && between
                .iter()
                .all(|byte| matches!(byte, b' ' | b',' | b':' | b'|'));
        if is_row {
            out.truncate(to);
            return;
        }
    }
    out.push_str(MASK);
    *masked_to = Some(out.len());
}

/// What ends a group that begins so.
fn closing(byte: u8) -> Option<u8> {
    Some(match byte {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'"' | b'\'' => byte,
        _ => return None,
    })
}

struct Word {
    end: usize,
    is_value: bool,
}

/// The word that begins at `from`.
fn word(bytes: &[u8], from: usize) -> Word {
    let first = bytes[from];
    if let Some(n) = hex_pairs(&bytes[from..]) {
        return Word {
            end: from + n,
            is_value: true,
        };
    }
    let is_path = matches!(first, b'/' | b'\\');
    let (mut at, mut has_digit, mut n_slashes, mut has_at) = (from, false, 0, false);
    while let Some(byte) = bytes.get(at) {
        match CLASS[*byte as usize] {
            DIGIT => has_digit = true,
            MARK => match byte {
                b'.' if bytes[at..].starts_with(b"...") => {
                    if at > from {
                        break;
                    }
                    // Dots that fill a line up, or an ellipsis: no part of the words on both sides.
                    let n = bytes[at..].iter().take_while(|b| **b == b'.').count();
                    return Word {
                        end: at + n,
                        is_value: false,
                    };
                }
                b'/' | b'\\' => n_slashes += 1,
                b'@' => has_at |= at > from,
                _ => {}
            },
            LETTER => {}
            // A path or query goes on to the next blank, quote or bracket.
            BORDER if is_path || n_slashes > 1 => {
                if !matches!(byte, b'=' | b':' | b',' | b';') {
                    break;
                }
                let next = bytes
                    .get(at + 1)
                    .map_or(SPACE, |byte| CLASS[*byte as usize]);
                if next <= BORDER {
                    break;
                }
            }
            // `https://`
            BORDER if bytes[at..].starts_with(b"://") => {}
            _ => break,
        }
        at += 1;
    }
    let (word, after) = (&bytes[from..at], &bytes[at..]);
    // `jk2_init()` is the name of a function.
    let is_call = after.starts_with(b"()") && !first.is_ascii_digit();
    let is_value = has_digit && !is_call
        || is_path
        || n_slashes > 1
        || has_at
        || is_literal(word)
        || is_host(word, after);
    Word { end: at, is_value }
}

/// Values that programming languages write in letters.
fn is_literal(word: &[u8]) -> bool {
    matches!(
        word,
        b"true" | b"false" | b"null" | b"nil" | b"True" | b"False" | b"None" | b"NULL" | b"NaN"
    )
}

/// Whether a name with dots is a host's: by its top-level domain, or by the port behind it.
fn is_host(word: &[u8], after: &[u8]) -> bool {
    let Some(dot) = word.iter().rposition(|byte| *byte == b'.') else {
        return false;
    };
    matches!(
        &word[dot + 1..],
        b"com" | b"net" | b"org" | b"edu" | b"gov" | b"mil" | b"arpa" | b"local" | b"localdomain"
    ) && dot > 0
        || after.first() == Some(&b':') && after.get(1).is_some_and(u8::is_ascii_digit)
}

/// The length of a hardware address, or a longer row of bytes in hexadecimal: `00:1a:2b:3c`.
fn hex_pairs(bytes: &[u8]) -> Option<usize> {
    let is_pair = |at: usize| {
        bytes.get(at).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
    };
    if bytes.get(2) != Some(&b':') || !is_pair(0) {
        return None;
    }
    let mut end = 2;
    while bytes.get(end) == Some(&b':') && is_pair(end + 1) {
        end += 3;
    }
    let is_end = bytes
        .get(end)
        .is_none_or(|byte| CLASS[*byte as usize] <= BORDER);
    (end >= 11 && is_end).then_some(end)
}

const SPACE: u8 = 0;
const BORDER: u8 = 1;
const LETTER: u8 = 2;
const DIGIT: u8 = 3;
/// Marks inside words.
const MARK: u8 = 4;

const CLASS: [u8; 256] = {
    let mut class = [LETTER; 256];
    let mut at = 0;
    while at < 128 {
        class[at] = match at as u8 {
            ..=b' ' | 0x7f => SPACE,
            b'0'..=b'9' => DIGIT,
            b'.' | b'/' | b'\\' | b'@' => MARK,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',' | b';' | b':' | b'"'
            | b'\'' | b'=' | b'|' => BORDER,
            _ => LETTER,
        };
        at += 1;
    }
    class
};

/// The tokens of a shape: masks, words, and the signs between them.
pub(super) fn tokens(shape: &str) -> impl Iterator<Item = &str> {
    let mut rest = shape;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let bytes = rest.as_bytes();
        let first = *bytes.first()?;
        let n = if rest.starts_with(MASK) {
            MASK.len()
        } else if CLASS[first as usize] == BORDER {
            1
        } else {
            bytes
                .iter()
                .position(|byte| CLASS[*byte as usize] <= BORDER)
                .unwrap_or(bytes.len())
        };
        let (token, after) = rest.split_at(n);
        rest = after;
        Some(token)
    })
}

/// The shape with those words masked that the template, which has as many tokens, masks.
pub(super) fn overlay(shape: &str, template: &str) -> String {
    let mut out = String::with_capacity(shape.len());
    let mut rest = shape;
    for (word, token) in tokens(shape).zip(tokens(template)) {
        let blanks = rest.len() - rest.trim_start().len();
        out.push_str(&rest[..blanks]);
        out.push_str(token);
        rest = &rest[blanks + word.len()..];
    }
    out
}

/// Whether a token is a sign between words.
pub(super) fn is_border(token: &str) -> bool {
    token.len() == 1 && CLASS[token.as_bytes()[0] as usize] == BORDER
}

/// Units of sizes and times, halves of the day and zones: they change with the number before them.
fn is_unit(word: &str) -> bool {
    let is_zone = || {
        let bytes = word.as_bytes();
        bytes.len() == 3
            && matches!(bytes[1], b'S' | b'D')
            && bytes[2] == b'T'
            && bytes[0].is_ascii_uppercase()
    };
    matches!(
        word,
        "B" | "KB"
            | "MB"
            | "GB"
            | "TB"
            | "kB"
            | "KiB"
            | "MiB"
            | "GiB"
            | "ns"
            | "us"
            | "ms"
            | "s"
            | "sec"
            | "secs"
            | "AM"
            | "PM"
            | "UTC"
            | "GMT"
    ) || is_zone()
}

fn is_day_or_month(word: &str) -> bool {
    // Most words are longer or shorter; this is asked of each.
    word.len() == 3
        && matches!(
            word,
            "Mon"
                | "Tue"
                | "Wed"
                | "Thu"
                | "Fri"
                | "Sat"
                | "Sun"
                | "Jan"
                | "Feb"
                | "Mar"
                | "Apr"
                | "May"
                | "Jun"
                | "Jul"
                | "Aug"
                | "Sep"
                | "Oct"
                | "Nov"
                | "Dec"
        )
}

/// Whether a month or day of the month follows.
fn is_before_date(after: &[u8]) -> bool {
    let word = after.trim_ascii_start();
    let word = word.strip_prefix(b",").unwrap_or(word).trim_ascii_start();
    word.first().is_some_and(u8::is_ascii_digit)
        || word
            .get(..3)
            .and_then(|word| str::from_utf8(word).ok())
            .is_some_and(is_day_or_month)
}
