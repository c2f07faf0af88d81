//! Secrets that a name beside them gives away: `password=hunter2`, `"api_key": "…"`, `--token …`, `Cookie: …`.

use std::ops::Range;

use super::{
    find::{Findings, Form, Kind},
    names::{self, MAX_NAME, Sensitivity},
    values,
};

/// Bytes between a telling word and a value at random.
const MAX_DISTANCE: usize = 48;

/// Looks at the name that a word stands in, and says where it ends.
pub(super) fn find(text: &str, word: Range<usize>, kind: Kind, found: &mut Findings) -> usize {
    let name = name_around(text, word.clone());
    let end = name.end;
    let sensitivity = names::sensitivity(&text[name.clone()].replace(' ', "_"));
    if sensitivity == Sensitivity::None {
        return end;
    }
    let name = Name {
        text,
        range: name,
        sensitivity,
    };
    // Code is full of names with values beside them; literals at random are the only secrets in it.
    if kind == Kind::Source {
        if let Some((value, true)) = name.assigned()
            && values::looks_random(&text[value.clone()])
        {
            found.add(value, Form::Opaque);
        }
        return end;
    }
    match name.assigned() {
        Some((value, is_quoted)) => {
            let end_of_value = value.end;
            name.judge(value, is_quoted, found);
            // All of them are taken, and none of their names is looked at again.
            if sensitivity == Sensitivity::Cookies && !is_quoted {
                return end.max(end_of_value);
            }
        }
        None => {
            if names::is_announced(&text[name.range.clone()])
                && let Some(value) = name.random_nearby()
            {
                found.add(value, Form::Opaque);
            }
        }
    }
    end
}

/// The whole name: `api key` and `DB_PASSWORD` too.
fn name_around(text: &str, word: Range<usize>) -> Range<usize> {
    const KINDS: [&str; 12] = [
        "api ",
        "access ",
        "secret ",
        "encryption ",
        "signing ",
        "private ",
        "license ",
        "master ",
        "auth ",
        "phone ",
        "account ",
        "client ",
    ];
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let n = bytes[..word.start]
        .iter()
        .rev()
        .take(MAX_NAME)
        .take_while(|byte| is_part(byte))
        .count();
    let mut start = word.start - n;
    // `\nPASSWORD`, `%26password`
    match &bytes[..start] {
        [.., b'\\'] if n > 0 && b"nrt".contains(&bytes[start]) => start += 1,
        [.., b'%'] if n >= 2 => start += 2,
        _ => {}
    }
    let mut end = word.end
        + bytes[word.end..]
            .iter()
            .take(MAX_NAME)
            .take_while(|byte| is_part(byte))
            .count();
    let before = &bytes[start.saturating_sub(12)..start];
    if let Some(kind) = KINDS.iter().find(|kind| ends_with(before, kind)) {
        start -= kind.len();
    }
    for behind in [" by", " number", " key"] {
        if bytes
            .get(end..end + behind.len())
            .is_some_and(|rest| rest.eq_ignore_ascii_case(behind.as_bytes()))
        {
            end += behind.len();
        }
    }
    start.min(word.start)..end
}

fn ends_with(bytes: &[u8], word: &str) -> bool {
    bytes.len() >= word.len()
        && bytes[bytes.len() - word.len()..].eq_ignore_ascii_case(word.as_bytes())
}

struct Name<'a> {
    text: &'a str,
    range: Range<usize>,
    sensitivity: Sensitivity,
}

impl Name<'_> {
    /// The value that the name is said to have, without quotes, and whether it has some.
    fn assigned(&self) -> Option<(Range<usize>, bool)> {
        let rest = &self.text[self.range.end..];
        let bytes = self.text.as_bytes();
        let quote = quote_at(rest);
        let mut at = self.range.end + quote.len();
        // `environ['TOKEN'] = `
        if !quote.is_empty() && bytes.get(at) == Some(&b']') {
            at += 1;
        }
        let blanks = |at: usize| {
            bytes[at..]
                .iter()
                .take(16)
                .take_while(|byte| b" \t".contains(byte))
                .count()
        };
        let n_blanks = blanks(at);
        at += n_blanks;
        let here = &self.text[at..];
        let is_flag = self.text[..self.range.start].ends_with('-')
            || self.text[self.range.clone()].starts_with('-');
        let is_word = self.sensitivity == Sensitivity::Secret && n_blanks > 0;
        if let Some(operator) = ["=>", ":=", "==", "%3D", "=", ":"]
            .into_iter()
            .find(|operator| here.starts_with(operator))
        {
            at += operator.len();
            at += blanks(at);
            // `password: must …` is a sentence, and what is compared is no value.
            if operator == ":" && self.text[..self.range.start].ends_with(':') {
                // `arn:…:secret:prod/db`
                return None;
            }
            let needs_end =
                operator == ":" && quote.is_empty() && self.sensitivity == Sensitivity::Secret;
            return self.value(at, needs_end, operator == "%3D");
        }
        let is_pair = !quote.is_empty() && here.starts_with(',') && self.is_first_of_pair();
        if is_pair {
            at += 1;
            at += blanks(at);
            let (value, is_quoted) = self.value(at, false, false)?;
            let text = &self.text[value.clone()];
            let is_header = matches!(
                self.sensitivity,
                Sensitivity::Cookies | Sensitivity::Authorization
            );
            let is_identifier = text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            return (is_quoted && (is_header || !is_identifier)).then_some((value, true));
        }
        // A form's part: the value stands two lines below.
        if let Some(below) = here
            .strip_prefix("\r\n\r\n")
            .or_else(|| here.strip_prefix("\n\n"))
            && quote == "\""
            && self.text[..self.range.start].ends_with("name=\"")
        {
            let at = self.text.len() - below.len();
            return Some((
                at..at + below.find(['\r', '\n']).unwrap_or(below.len()),
                true,
            ));
        }
        if is_flag && quote.len() <= 1 && (n_blanks > 0 || here.starts_with(", ")) {
            at += 2 * usize::from(here.starts_with(", "));
            let (value, is_quoted) = self.value(at, false, false)?;
            return (!self.text[value.clone()].starts_with('-')).then_some((value, is_quoted));
        }
        // `IDENTIFIED BY 'x'`
        if is_word && quote.is_empty() && here.starts_with('\'') {
            return self.value(at, false, false);
        }
        None
    }

    /// Whether the name is the first of two in brackets: `('password', …)`, `["Cookie", …]`.
    fn is_first_of_pair(&self) -> bool {
        let before = self.text[..self.range.start].trim_end_matches(['\'', '"', '\\']);
        let before = before.strip_suffix('b').unwrap_or(before);
        before.ends_with(['(', '['])
    }

    fn value(&self, at: usize, needs_end: bool, is_encoded: bool) -> Option<(Range<usize>, bool)> {
        let rest = &self.text[at..];
        let prefix = usize::from(
            rest.starts_with(['b', 'u', 'r', 'f', '@']) && !quote_at(&rest[1..]).is_empty(),
        );
        let quote = quote_at(&rest[prefix..]);
        if !quote.is_empty() {
            let start = at + prefix + quote.len();
            return Some((start..start + closing(&self.text[start..], quote), true));
        }
        if values::is_bracketed(rest) {
            return None;
        }
        let line_end = ['\n', '\r', '\'', '"'];
        let end = match self.sensitivity {
            // To the end of the line, or of the quotes that the whole header stands in. What is none is not looked through.
            Sensitivity::Cookies => {
                let start = &rest[..rest.floor_char_boundary(MAX_NAME)];
                start.find('=')?;
                rest.find(line_end)
            }
            // A scheme and a word; where more follows, those have names.
            Sensitivity::Authorization => {
                let is_end = |c: char| c == ' ' || line_end.contains(&c);
                let scheme = rest.find(is_end).unwrap_or(rest.len());
                let second = rest[scheme..]
                    .strip_prefix(' ')
                    .map(|second| second.find(is_end));
                match second {
                    None => Some(scheme),
                    Some(Some(n)) if rest[scheme + 1 + n..].starts_with(' ') => return None,
                    // `Digest username="…"`
                    Some(Some(n))
                        if rest[..scheme + 1 + n].ends_with('=')
                            && rest[scheme + 1 + n..].starts_with('"') =>
                    {
                        return None;
                    }
                    Some(n) => n.map(|n| scheme + 1 + n),
                }
            }
            _ => rest.find(|c: char| c.is_whitespace() || "\"',;&)}]><|".contains(c)),
        };
        let mut value = &rest[..end.unwrap_or(rest.len())];
        if is_encoded {
            value = &value[..value.find(['%', '#']).unwrap_or(value.len())];
        }
        if let Some(n) = value.find("\\n").or_else(|| value.find("\\r")) {
            value = &value[..n];
        }
        let value = value.trim_end_matches(['\\', '.', '"']);
        let next = rest[value.len()..].trim_start_matches([' ', '\t']);
        let is_end = next.is_empty() || next.starts_with(|c: char| "\n\r\\,;}])&|\"'<".contains(c));
        if needs_end && !is_end && !values::looks_random(value) {
            return None;
        }
        (!value.is_empty()).then_some((at..at + value.len(), false))
    }

    fn judge(&self, mut value: Range<usize>, is_quoted: bool, found: &mut Findings) {
        if !is_quoted {
            let text = &self.text[value.clone()];
            let is_count = self.sensitivity == Sensitivity::Secret
                && text.len() < 4
                && text.parse::<u32>().is_ok();
            if is_count || values::is_code(text, self.text[..value.start].ends_with(" = ")) {
                return;
            }
            if self.sensitivity == Sensitivity::Phone {
                value = self.phone(value);
            }
        }
        judge(self.text, value, self.sensitivity, found);
    }

    /// A telephone number goes on over blanks.
    fn phone(&self, value: Range<usize>) -> Range<usize> {
        let rest = &self.text[value.start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || "+-()/ ".contains(c)))
            .unwrap_or(rest.len());
        value.start..value.start + rest[..end].trim_end_matches([' ', '(', '-']).len()
    }

    /// `auth token 9f86… has been revoked`: what looks random in the words behind the name.
    fn random_nearby(&self) -> Option<Range<usize>> {
        // A part of a path or of a resource's name.
        if self.text[..self.range.start].ends_with(['/', ':']) {
            return None;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.+/~".contains(c);
        let mut at = self.range.end;
        while at < self.range.end + MAX_DISTANCE {
            let rest = &self.text[at..];
            // Between words stand blanks, before the value a quote or a colon too.
            let gap = rest.len()
                - rest
                    .trim_start_matches([' ', ':', '"', '\'', '`', '(', '<'])
                    .len();
            if gap == 0 || gap > 3 || rest[..gap].starts_with(['"', '\'', '`']) {
                return None;
            }
            let start = at + gap;
            if self.sensitivity == Sensitivity::Phone {
                let number = self.phone(start..start);
                return values::is_secret(Sensitivity::Phone, &self.text[number.clone()])
                    .then_some(number);
            }
            let rest = &self.text[start..];
            let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
            let value = rest[..end].trim_end_matches('.');
            let padded = rest[end..].trim_start_matches('=');
            let is_name = rest[end..].starts_with(['=', '('])
                && padded.starts_with(|c: char| is_part(c) || "('\"".contains(c));
            if value.len() >= 20 && values::looks_random(value) && !is_name {
                let n_padding = rest[end..].len() - padded.len();
                return Some(start..start + value.len() + n_padding.min(2));
            }
            // Other than words may belong to another name.
            let is_word =
                value.len() == end && value.bytes().all(|byte| byte.is_ascii_alphabetic());
            if !is_word || self.text[..start].ends_with(['"', '\'', '`', '(']) {
                return None;
            }
            at = start + end;
        }
        None
    }
}

/// Adds what is secret of a value that has such a name.
pub(super) fn judge(
    text: &str,
    value: Range<usize>,
    sensitivity: Sensitivity,
    found: &mut Findings,
) {
    let part = &text[value.clone()];
    // A key's own lines keep its form better.
    if part.contains("-----BEGIN") {
        return;
    }
    match sensitivity {
        Sensitivity::Cookies => cookies(part, value.start, found),
        Sensitivity::Authorization => {
            if let Some(credential) = credential(part) {
                found.add(
                    value.start + credential.start..value.start + credential.end,
                    Form::Opaque,
                );
            }
        }
        _ if values::is_secret(sensitivity, part) => found.add(value, Form::Opaque),
        _ => {}
    }
}

/// The quote that a text begins with, escaped or not.
fn quote_at(text: &str) -> &'static str {
    ["\\\\\"", "\\\"", "\\'", "\"", "'", "`"]
        .into_iter()
        .find(|quote| text.starts_with(quote))
        .unwrap_or("")
}

/// Where a quoted text ends: at the next quote of its kind, or where it was cut.
fn closing(text: &str, quote: &str) -> usize {
    let mut at = 0;
    while let Some(n) = text[at..].find(quote) {
        let end = at + n;
        // SQL and libpq double it, others escape it.
        let is_doubled = quote == "'" && text[end + 1..].starts_with('\'');
        let n_escapes = text[..end]
            .bytes()
            .rev()
            .take_while(|&byte| byte == b'\\')
            .count();
        if is_doubled {
            at = end + 2;
        } else if quote.len() == 1 && n_escapes % 2 == 1 {
            at = end + 1;
        } else {
            return end;
        }
    }
    text.len()
}

/// The values of cookies, without the attributes that a browser reads (RFC 6265).
fn cookies(text: &str, start: usize, found: &mut Findings) {
    const ATTRIBUTES: [&str; 9] = [
        "path", "domain", "expires", "max-age", "samesite", "version", "priority", "secure",
        "httponly",
    ];
    if !text.contains('=') && values::looks_random(text) {
        found.add(start..start + text.len(), Form::Opaque);
    }
    let mut at = start;
    for pair in text.split(';') {
        if let Some((name, value)) = pair.split_once('=')
            && !ATTRIBUTES.contains(&name.trim().to_ascii_lowercase().as_str())
            && !name.contains('(')
        {
            let from = at + name.len() + 1;
            let value = &value[..value.find(' ').unwrap_or(value.len())];
            if !values::is_placeholder(value) {
                found.add(from..from + value.len(), Form::Opaque);
            }
        }
        at += pair.len() + 1;
    }
}

/// What follows the scheme in a header that authorises. Parameters are told by their own names.
fn credential(text: &str) -> Option<Range<usize>> {
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    let is_secret = !rest.contains(' ')
        && values::is_secret(Sensitivity::Secret, rest)
        && !values::is_code(rest, false)
        && rest.len() >= 4;
    is_secret
        .then(|| text.len() - rest.len()..text.len())
        .filter(|_| !scheme.contains('('))
}
