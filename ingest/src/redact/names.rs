//! What values are called, and which values a name can hold.

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sensitivity {
    /// A secret, whatever it looks like.
    Secret,
    /// Cookies: what stands behind the equals signs.
    Cookies,
    /// A scheme and a credential.
    Authorization,
    /// A number that only its owner knows: a secret, if it is one.
    Digits,
    /// A telephone number.
    Phone,
    /// A secret, or a parser's token or a session object: its form decides.
    Suspect,
    /// Nothing.
    None,
}

/// Parts of telling names, as they are looked for in a text.
pub(super) const NAMES: [&str; 30] = [
    "pass",
    "pwd",
    "secret",
    "key",
    "token",
    "auth",
    "credential",
    "cookie",
    "session",
    "sess",
    "sid",
    "csrf",
    "xsrf",
    "signature",
    "sig",
    "jwt",
    "cvv",
    "cvc",
    "ssn",
    "social",
    "pin",
    "otp",
    "phone",
    "mobile",
    "tel",
    "code",
    "state",
    "nonce",
    "identified",
    "salt",
];

/// What a variable's, field's or header's name says.
pub(super) fn sensitivity(name: &str) -> Sensitivity {
    // `extra.db_password` is about its last part, and of a longer name the end decides.
    let name = name.trim_matches(['\'', '"', '.', '-', '_']);
    let start = name.len().saturating_sub(MAX_NAME);
    let name = &name[name.ceil_char_boundary(start)..];
    let last = name.rsplit('.').next().unwrap_or(name);
    let words = words(if last == "sid" { name } else { last });
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plain = words.concat();
    let (Some(first), Some(end)) = (words.first(), words.last()) else {
        return Sensitivity::None;
    };
    let is_about = words.len() > 1 && (ABOUT_FIRST.contains(first) || is_property(&words, end));
    if is_about
        || words.contains(&"public")
        || plain.contains("tokeniz")
        || plain.contains("passwordless")
    {
        return Sensitivity::None;
    }
    if plain.contains("cookie") {
        return Sensitivity::Cookies;
    }
    if plain.ends_with("authorization") {
        return Sensitivity::Authorization;
    }
    if matches!(*end, "cvv" | "cvc" | "cvv2" | "pin" | "otp" | "ssn" | "pan")
        || plain == "cardnumber"
        || plain == "creditcardcvv"
    {
        return Sensitivity::Digits;
    }
    if [
        "socialsecuritynumber",
        "passportnumber",
        "passportno",
        "nationalid",
        "taxid",
    ]
    .iter()
    .any(|id| plain.ends_with(id))
    {
        return Sensitivity::Digits;
    }
    if matches!(
        *end,
        "phone" | "telephone" | "mobile" | "tel" | "fax" | "msisdn"
    ) || plain.ends_with("phonenumber")
        || plain.ends_with("mobilenumber")
    {
        return Sensitivity::Phone;
    }
    let is_key_id = words.ends_with(&["key", "id"]);
    if !is_key_id
        && (SECRET.iter().any(|word| plain.contains(word))
            || SECRET_END.contains(end)
            || is_key(&words, &plain))
    {
        return Sensitivity::Secret;
    }
    let is_suspect = SUSPECT.iter().any(|word| plain.contains(word))
        || plain != "key" && SUSPECT_END.contains(end)
        || is_key_id;
    // A bare `key` finds something, a hash opens nothing.
    match is_suspect && !plain.starts_with("author") && *end != "hash" {
        true => Sensitivity::Suspect,
        false => Sensitivity::None,
    }
}

/// Bytes of a name that are looked at.
pub(super) const MAX_NAME: usize = 96;

const SECRET: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "accountkey",
    "authkey",
    "credential",
    "csrf",
    "xsrf",
    "refreshtoken",
    "authtoken",
    "identifiedby",
];
const SECRET_END: [&str; 3] = ["pwd", "pass", "passcode"];
const SUSPECT: [&str; 6] = ["token", "session", "bearer", "jwt", "signature", "sessid"];
const SUSPECT_END: [&str; 9] = [
    "auth", "sid", "sig", "code", "state", "nonce", "key", "salt", "sess",
];

/// Names that begin so tell about a secret.
const ABOUT_FIRST: [&str; 14] = [
    "has", "is", "n", "num", "no", "use", "show", "enable", "require", "max", "min", "total",
    "count", "forgot",
];

/// Names that end so tell about a secret, or where it lies.
const ABOUT_END: [&str; 78] = [
    "name",
    "names",
    "type",
    "types",
    "count",
    "length",
    "len",
    "size",
    "min",
    "max",
    "field",
    "fields",
    "file",
    "path",
    "dir",
    "url",
    "uri",
    "endpoint",
    "policy",
    "limit",
    "expiry",
    "expires",
    "expired",
    "expiration",
    "at",
    "in",
    "ttl",
    "age",
    "hint",
    "reset",
    "change",
    "changed",
    "label",
    "error",
    "errors",
    "validator",
    "validators",
    "required",
    "enabled",
    "missing",
    "exists",
    "set",
    "re",
    "regex",
    "pattern",
    "strength",
    "attempts",
    "timeout",
    "provider",
    "manager",
    "service",
    "store",
    "class",
    "format",
    "prefix",
    "algorithm",
    "alg",
    "header",
    "method",
    "mode",
    "status",
    "domain",
    "arn",
    "ref",
    "version",
    "realm",
    "consent",
    "too",
    "stdin",
    "ms",
    "s",
    "seconds",
    "days",
    "interval",
    "fd",
    "middleware",
    "storage",
    "filter",
];

/// Keys that find something and open nothing.
const ROWS: [&str; 30] = [
    "cache",
    "primary",
    "foreign",
    "partition",
    "sort",
    "row",
    "object",
    "routing",
    "idempotency",
    "lookup",
    "hash",
    "map",
    "index",
    "unique",
    "natural",
    "dedup",
    "group",
    "message",
    "record",
    "event",
    "redis",
    "file",
    "blob",
    "registry",
    "translation",
    "range",
    "config",
    "feature",
    "host",
    "publishable",
];

fn is_property(words: &[&str], end: &str) -> bool {
    if matches!(end, "key" | "keys") && ROWS.contains(&words[words.len() - 2]) {
        return true;
    }
    let is_id = end == "id"
        && !matches!(
            words[words.len() - 2],
            "session" | "sess" | "key" | "national" | "tax"
        );
    is_id || ABOUT_END.contains(&end)
}

/// Whether words about a value may stand between it and its name: `the token … was revoked`.
pub(super) fn is_announced(name: &str) -> bool {
    match sensitivity(&name.replace(' ', "_")) {
        Sensitivity::Secret | Sensitivity::Phone => true,
        Sensitivity::Suspect => words(name)
            .last()
            .is_some_and(|last| !SUSPECT_END.contains(&last.as_str())),
        _ => false,
    }
}

/// Whether a key opens something, and does not find a row.
fn is_key(words: &[&str], plain: &str) -> bool {
    const KINDS: [&str; 16] = [
        "api",
        "access",
        "secret",
        "private",
        "encryption",
        "signing",
        "account",
        "master",
        "auth",
        "license",
        "licence",
        "app",
        "shared",
        "deploy",
        "storage",
        "admin",
    ];
    const WHOLE: [&str; 5] = [
        "sharedaccesskey",
        "accountkey",
        "appkey",
        "licensekey",
        "storagekey",
    ];
    matches!(words, [.., kind, "key" | "keys"] if KINDS.contains(kind)) || WHOLE.contains(&plain)
}

/// `creditCardCvv`, `X-Api-Key`, `DB_PASS` as words in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in name.chars() {
        let is_start = !last.is_alphanumeric() || (last.is_lowercase() && c.is_uppercase());
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if !is_start => word.extend(c.to_lowercase()),
                _ => words.push(c.to_lowercase().collect()),
            }
        }
        last = c;
    }
    words
}

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
pub(super) fn unquoted(repr: &str) -> std::ops::Range<usize> {
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
    let starts = |sign: &str| {
        core.strip_prefix(sign).is_some_and(|name| {
            is_name(name)
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && !name.contains(' ')
        })
    };
    const WORDS: [&str; 34] = [
        "none",
        "null",
        "nil",
        "true",
        "false",
        "undefined",
        "yes",
        "no",
        "missing",
        "required",
        "invalid",
        "expired",
        "incorrect",
        "wrong",
        "empty",
        "blank",
        "unset",
        "present",
        "absent",
        "ok",
        "failed",
        "denied",
        "rejected",
        "revoked",
        "forbidden",
        "unknown",
        "str",
        "string",
        "bytes",
        "any",
        "object",
        "redacted",
        "hidden",
        "optional",
    ];
    let lower = core.to_ascii_lowercase();
    let is_own_name = core.len() <= 32
        && is_name(core)
        && !core.bytes().any(|byte| byte.is_ascii_digit())
        && matches!(
            lower.trim_matches(['-', '_', '.', ' ']),
            "password"
                | "passwd"
                | "passwort"
                | "pwd"
                | "pass"
                | "token"
                | "secret"
                | "apikey"
                | "api_key"
                | "mot de passe"
                | "user"
                | "pw"
        );
    core.is_empty()
        || is_version(core)
        || is_path(core)
        || core.starts_with("[Filtered")
        || WORDS.contains(&lower.trim_end_matches(['.', '!', ':']))
        || is_own_name
        || lower.trim_end_matches(':') == "passwort"
        || lower.trim_end_matches(':') == "password"
        || lower.starts_with("your_")
        || lower.starts_with("your-")
        || core
            .chars()
            .all(|c| "*x•.?#-_".contains(c.to_ascii_lowercase()))
        || core.contains("****")
        || core.starts_with("...")
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
    const WORDS: [&str; 44] = [
        "is",
        "be",
        "must",
        "not",
        "may",
        "field",
        "required",
        "the",
        "a",
        "at",
        "least",
        "characters",
        "too",
        "short",
        "invalid",
        "incorrect",
        "wrong",
        "missing",
        "expired",
        "this",
        "has",
        "was",
        "for",
        "of",
        "to",
        "and",
        "or",
        "cannot",
        "can",
        "should",
        "was",
        "were",
        "are",
        "with",
        "ist",
        "nicht",
        "le",
        "la",
        "de",
        "ne",
        "failed",
        "denied",
        "found",
        "from",
    ];
    let text = &text[..text.floor_char_boundary(256)];
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation()))
        .collect();
    let is_word = |word: &&str| WORDS.contains(&word.to_ascii_lowercase().as_str());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Sensitivity) {
        assert_eq!(sensitivity(name), expected, "{name}");
    }

    #[test]
    fn names() {
        check("db_password", Sensitivity::Secret);
        check("X-Api-Key", Sensitivity::Secret);
        check("Set-Cookie", Sensitivity::Cookies);
        check("HTTP_AUTHORIZATION", Sensitivity::Authorization);
        check("tags.client_secret", Sensitivity::Secret);
        check("PGPASSWORD", Sensitivity::Secret);
        check("SharedAccessKey", Sensitivity::Secret);
        check("SMTP_PASS", Sensitivity::Secret);
        check("token", Sensitivity::Suspect);
        check("session_id", Sensitivity::Suspect);
        check("private_key_id", Sensitivity::Suspect);
        check("creditCardCvv", Sensitivity::Digits);
        check("phoneNumber", Sensitivity::Phone);
        check("lineno", Sensitivity::None);
        check("secret.lineno", Sensitivity::None);
        check("password_reset_url", Sensitivity::None);
        check("PublicKeyToken", Sensitivity::None);
        check("max_tokens", Sensitivity::None);
        check("secretName", Sensitivity::None);
        check("author", Sensitivity::None);
        check("passed", Sensitivity::None);
    }

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
