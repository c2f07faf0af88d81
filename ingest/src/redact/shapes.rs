//! Secrets and personal data that their form gives away.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::{Redactor, names};

/// Access keys and tokens of well-known form.
///
/// Source: the vendors' documentation, as collected in <https://github.com/gitleaks/gitleaks>.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|AIPA)[A-Z0-9]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{20,255}\b",
        r"\bgithub_pat_[A-Za-z0-9_]{22,255}\b",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",
        r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}",
        r"\bAIza[0-9A-Za-z_-]{35}",
        r"\bnpm_[A-Za-z0-9]{36}",
        r"\bpypi-[A-Za-z0-9_-]{16,}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"(?-u:-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?P<pem>(?s:.*?))(?:-----END|\z)",
        r"(?i:\bbearer) +(?P<bearer>[A-Za-z0-9._~+/-]{8,}=*)",
        r"(?i:\bbasic) +(?P<basic>[A-Za-z0-9+/]{12,}={0,2})",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]*:(?P<url>[^\s/@{}]{1,256})@",
    ];
    regex(&shapes.join("|"))
});

/// `password=hunter2`, `"api_key": "…"`; a weaker name needs a value that looks random.
static ASSIGNMENTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(?P<name>[a-z0-9_.-]*(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|token|signature|session[_-]?id|authorization|cookie))["']?(?:=|: ?| = )["']?(?P<value>[^\s"',;&)}\]]{3,512})"#,
    )
});

/// Mail addresses, and digits that may be a payment card's.
static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?P<mail>\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b)|(?P<card>\b[2-6]\d{3}(?:[ -]?\d){9,15}\b)",
    )
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Masks well-known secrets.
pub(super) fn secrets(text: &mut String, redactor: &Redactor) {
    replace(text, &SECRETS, |found| {
        let whole = &found[0];
        match ["pem", "bearer", "basic", "url"]
            .iter()
            .find_map(|name| found.name(name))
        {
            Some(part) => masked_part(found, part.range(), &redactor.mask(part.as_str())),
            None => redactor.mask(whole),
        }
    });
}

/// Masks values beside a sensitive name.
pub(super) fn assignments(text: &mut String, redactor: &Redactor) {
    replace(text, &ASSIGNMENTS, |found| {
        let Some(value) = found.name("value") else {
            return found[0].to_owned();
        };
        let is_secret = match names::sensitivity(&found["name"]) {
            names::Sensitivity::Secret => names::is_string_repr(value.as_str()),
            _ => names::looks_random(value.as_str()),
        };
        if !is_secret || names::is_placeholder(value.as_str()) {
            return found[0].to_owned();
        }
        masked_part(found, value.range(), &redactor.mask(value.as_str()))
    });
}

/// Replaces mail addresses and card numbers.
pub(super) fn personal(text: &mut String, redactor: &Redactor) {
    if !text
        .bytes()
        .any(|byte| byte == b'@' || byte.is_ascii_digit())
    {
        return;
    }
    let original = text.clone();
    replace(text, &PERSONAL, |found| {
        if let Some(mail) = found.name("mail") {
            return self::mail(mail.as_str(), redactor);
        }
        let range = found.get(0).map_or(0..0, |whole| whole.range());
        let is_inside_number =
            original[..range.start].ends_with('.') || original[range.end..].starts_with('.');
        if is_inside_number || !is_card(&found[0]) {
            found[0].to_owned()
        } else {
            redactor.mask(&found[0])
        }
    });
}

fn replace(text: &mut String, pattern: &Regex, with: impl Fn(&Captures<'_>) -> String) {
    if let Cow::Owned(replaced) = pattern.replace_all(text, |found: &Captures<'_>| with(found)) {
        *text = replaced;
    }
}

/// The whole match with one part of it replaced.
fn masked_part(found: &Captures<'_>, part: std::ops::Range<usize>, mask: &str) -> String {
    let Some(whole) = found.get(0) else {
        return String::new();
    };
    let text = whole.as_str();
    let (from, to) = (part.start - whole.start(), part.end - whole.start());
    format!("{}{mask}{}", &text[..from], &text[to..])
}

/// Another address of the same length, at example.com where that fits (RFC 2606); reserved ones stay.
fn mail(address: &str, redactor: &Redactor) -> String {
    const RESERVED: [&str; 7] = [
        ".test",
        ".invalid",
        ".example",
        ".localhost",
        "example.com",
        "example.org",
        "example.net",
    ];
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let is_public = local == "git" || RESERVED.iter().any(|reserved| domain.ends_with(reserved));
    if is_public {
        return address.to_owned();
    }
    // `xx` is a country code that is never assigned.
    let domain = ["@example.com", "@x.test", "@x.xx"]
        .into_iter()
        .find(|domain| domain.len() < address.len())
        .unwrap_or("");
    let mut stream = redactor.stream(&address.to_ascii_lowercase());
    let mut replaced: String = (domain.len()..address.len())
        .map(|_| char::from(b'a' + stream.next() % 26))
        .collect();
    replaced.push_str(domain);
    replaced
}

/// Whether digits are a payment card's: an issuer's first digits, their length, and the check digit.
///
/// Source: ISO/IEC 7812-1, annex B (the Luhn formula).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let two = digits[0] * 10 + digits[1];
    let is_issued = match digits.len() {
        13 => digits[0] == 4,
        14 => matches!(two, 30 | 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => matches!(digits[0], 4 | 6) || matches!(two, 22..=27 | 35 | 51..=55),
        17..=19 => matches!(digits[0], 6),
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            if at % 2 == 0 {
                digit
            } else {
                (digit * 2) / 10 + (digit * 2) % 10
            }
        })
        .sum();
    is_issued && sum.is_multiple_of(10)
}
