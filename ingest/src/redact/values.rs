//! Which values a name can hold: what is a secret, and what only stands where one could be.

use std::ops::Range;

use super::names::{Sensitivity, Words, has, list, sensitivity};

/// Whether a name that says so much has this for a secret. A text without quotes, at most a few KiB of it looked at.
pub(super) fn is_secret(sensitivity: Sensitivity, text: &str) -> bool {
    let n_digits = || text.bytes().filter(u8::is_ascii_digit).count();
    match sensitivity {
        Sensitivity::None => false,
        _ if is_placeholder(text) => false,
        Sensitivity::Secret | Sensitivity::Authorization => !is_prose(text),
        Sensitivity::Cookies => text.contains('=') || looks_random(text),
        Sensitivity::Digits => {
            (3..=32).contains(&text.len()) && n_digits() >= 3 || looks_random(text)
        }
        Sensitivity::Phone => {
            n_digits() >= 7
                && text.len() <= 32
                && text
                    .chars()
                    .all(|c| c.is_ascii_digit() || "+-() ./".contains(c))
        }
        Sensitivity::Suspect => looks_random(text),
    }
}

/// Whether a local's repr is a string's or bytes'; old SDKs leave the quotes out.
pub(super) fn is_string_repr(repr: &str) -> bool {
    let repr = repr.trim();
    let is_other = repr.starts_with(['<', '[', '{', '('])
        || matches!(
            repr,
            "None" | "True" | "False" | "null" | "undefined" | "''" | "\"\""
        )
        || repr.parse::<f64>().is_ok();
    let is_call = repr.ends_with(')') && repr.contains('(');
    !(is_other || is_call || repr.is_empty())
}

/// What stands between the quotes of a string's or bytes' repr.
pub(super) fn unquoted(repr: &str) -> Range<usize> {
    let start = repr.trim_start_matches(['b', 'u', ' ']);
    match start.chars().next().filter(|c| "'\"".contains(*c)) {
        Some(quote) => {
            let start = repr.len() - start.len() + 1;
            start
                ..repr
                    .strip_suffix(quote)
                    .map_or(repr.len(), str::len)
                    .max(start)
        }
        None => 0..repr.len(),
    }
}

/// Whether somebody before us has taken the value out, or a program puts it in later.
pub(super) fn is_placeholder(text: &str) -> bool {
    let core = text.trim_matches(['\'', '"', ' ', '\\']);
    if core.len() > 256 {
        return false;
    }
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
    };
    let within = |open: &str, close: &str| {
        core.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| is_name(inner.trim_matches(['{', '}', ' '])))
    };
    // `$DB_PASSWORD`, `:password`, `@p0`: shells and SQL put a value there. `$ecret` is one.
    let starts = |sign: &str| {
        core.strip_prefix(sign).is_some_and(|name| {
            let is_constant = name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            let is_number = name
                .strip_prefix('p')
                .is_some_and(|n| n.parse::<u8>().is_ok());
            is_name(name) && (is_constant || is_number || is_telling(name))
        })
    };
    static WORDS: Words = Words::new(|| {
        list(
            "\
        none null nil true false undefined yes no missing required invalid expired \
        incorrect wrong empty blank unset present absent ok failed denied rejected \
        revoked forbidden unknown str string bytes any object redacted hidden optional",
        )
    });
    let lower = core.to_ascii_lowercase();
    // `https://USER:PASSWORD@host`, and labels: `Password:`.
    let is_label = is_telling(&lower) && core == core.to_ascii_uppercase()
        || lower.strip_suffix(':').is_some_and(is_telling);
    core.is_empty()
        || is_version(core)
        || is_path(core)
        || core.starts_with("[Filtered")
        || has(&WORDS, lower.trim_end_matches(['.', '!', ':']))
        || is_label
        || lower.starts_with("your_")
        || lower.starts_with("your-")
        || core
            .chars()
            .all(|c| "*x•.?#-_".contains(c.to_ascii_lowercase()))
        || core.contains("****")
        || within("<", ">")
        || within("[", "]")
        || within("(", ")")
        || within("{", "}")
        || within("${", "}")
        || within("%(", ")s")
        || within("#{", "}")
        || within("$(", ")")
        || starts("$")
        || starts(":")
        || starts("@")
        || (core.len() <= 3 && core.starts_with(['%', '$', '?']))
}

/// Whether a text is no more than a word for a secret.
fn is_telling(text: &str) -> bool {
    static WORDS: Words = Words::new(|| {
        list("password passwd passwort pwd pass token secret apikey api_key api-key pw")
    });
    has(&WORDS, text)
}

/// `3.11.2`: packages are called after what they do.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts = text.split('.');
    let is_number = |part: &str| {
        !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.contains('.') && parts.all(is_number)
}

/// `/run/secrets/db`: where something lies.
fn is_path(text: &str) -> bool {
    text.starts_with(['/', '~', '.'])
        && text.len() > 3
        && text[1..].contains('/')
        && is_speaking(text)
}

/// Whether it reads like a sentence about a secret.
fn is_prose(text: &str) -> bool {
    static WORDS: Words = Words::new(|| {
        list(
            "\
        is be must not may field required the a at least characters too short invalid \
        incorrect wrong missing expired this has was for of to and or cannot can should \
        was were are with ist nicht le la de ne failed denied found from",
        )
    });
    let text = &text[..text.floor_char_boundary(256)];
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation()))
        .collect();
    let is_word = |word: &&str| has(&WORDS, word.to_ascii_lowercase().as_str());
    match words.len() {
        0 => true,
        1 => is_word(&words[0]),
        _ => words.iter().any(is_word),
    }
}

/// Whether a text looks drawn at random: at least 16 characters without blanks, letters and digits mixed or capitals
/// and small letters, many different ones.
pub(super) fn looks_random(text: &str) -> bool {
    let core = text
        .trim()
        .trim_start_matches('b')
        .trim_matches(['\'', '"']);
    let core = &core[..core.floor_char_boundary(512)];
    let is_plain = core
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=:~|%".contains(&byte));
    if core.len() < 16 || !is_plain || core.starts_with('/') || core.contains("://") {
        return false;
    }
    let n_digits = core.bytes().filter(u8::is_ascii_digit).count();
    let n_letters = core.bytes().filter(u8::is_ascii_alphabetic).count();
    let n_turns = core
        .as_bytes()
        .windows(2)
        .filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
        .count();
    let is_mixed = n_digits >= 2 && n_letters >= 2 || core.len() >= 20 && n_turns * 6 >= core.len();
    !is_speaking(core) && is_mixed && entropy(core) >= 3.0
}

/// Whether it is words and numbers: `order-2024-final`, `/var/lib`, `2026-03-02`.
fn is_speaking(text: &str) -> bool {
    text.split(['-', '_', '.', '/', ':', '=', '+', '~'])
        .all(|part| {
            let is_all = |part: &str, is: fn(&u8) -> bool| part.bytes().all(|byte| is(&byte));
            let is_word = is_all(part, u8::is_ascii_uppercase)
                || is_all(part.get(1..).unwrap_or(""), u8::is_ascii_lowercase)
                    && is_all(part, u8::is_ascii_alphabetic);
            is_all(part, u8::is_ascii_digit) || part.len() <= 14 && is_word
        })
}

/// Shannon's entropy in bits a byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let n = text.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / n)
        .map(|p| -p * p.log2())
        .sum()
}

/// Whether a template stands there, somebody else's mask, or a container with names of its own.
pub(super) fn is_bracketed(text: &str) -> bool {
    let inner = text.trim_start_matches(['$', '%', '#']);
    let Some(inner) = inner.strip_prefix(['(', '[', '{', '<']) else {
        return false;
    };
    let inner = &inner[..inner.floor_char_boundary(64)];
    let end = inner.find([')', ']', '}', '>', '\'', '"', ':', ',', ' ']);
    end.is_some_and(|end| !inner[..end].bytes().any(|byte| byte.is_ascii_digit()))
        || inner.is_empty()
}

/// Whether a value without quotes is code: a call, another variable, an attribute.
pub(super) fn is_code(value: &str, is_spaced: bool) -> bool {
    let is_identifier = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    static OBJECTS: Words = Words::new(|| {
        list(
            "\
        self this cls args kwargs settings config conf os request req app ctx options opts params process form env creds",
        )
    });
    // `inspect_secret = inspect_config`
    if is_spaced
        && value.contains('_')
        && is_identifier(value)
        && !value.bytes().any(|byte| byte.is_ascii_digit())
    {
        return true;
    }
    let head = &value[..value.find(['(', '[']).unwrap_or(value.len())];
    let parts: Vec<&str> = head.split('.').take(8).collect();
    let is_path = parts.iter().all(|part| is_identifier(part));
    let is_known = parts.len() > 1
        && (has(&OBJECTS, parts[0])
            || parts
                .last()
                .is_some_and(|last| sensitivity(last) != Sensitivity::None));
    // `password=db_password`; `topsecret` may be one.
    let is_joined = head.contains('_')
        || head
            .as_bytes()
            .windows(2)
            .any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    let is_variable = parts.len() == 1
        && !head.bytes().any(|byte| byte.is_ascii_digit())
        && (is_telling(head) || is_joined && sensitivity(head) != Sensitivity::None);
    is_path && (head.len() < value.len() || is_known || is_variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn randomness() {
        assert!(looks_random("'9f86d081884c7d659a2feaa0c55ad015'"));
        assert!(looks_random("QmFzZVNpeHR5Rm91clRleHRPbmx5"));
        assert!(!looks_random("'identifier'"));
        assert!(!looks_random("a_long_plain_identifier_name"));
        assert!(!looks_random("order-2026-03-02-final-version"));
        assert!(!looks_random("DefaultAWSCredentialsProviderChain"));
        assert!(!looks_random("<Token object at 0x7f0011223344>"));
    }
}
