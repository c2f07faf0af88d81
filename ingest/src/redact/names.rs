//! What values are called, and which values a name can hold.

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sensitivity {
    /// A secret, whatever it looks like.
    Secret,
    /// A secret, or a parser's token or a session object: its form decides.
    Suspect,
    /// Nothing.
    None,
}

/// What a variable's, field's or header's name says.
pub(super) fn sensitivity(name: &str) -> Sensitivity {
    const SECRET: [&str; 16] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "accesskey",
        "privatekey",
        "authorization",
        "cookie",
        "csrf",
        "xsrf",
        "credential",
        "cardnumber",
        "creditcardcvv",
        "xauth",
        "refreshtoken",
    ];
    const SECRET_WHOLE: [&str; 5] = ["pwd", "cvv", "cvc", "ssn", "accesstoken"];
    const SUSPECT: [&str; 6] = ["token", "auth", "session", "bearer", "jwt", "signature"];
    // `extra.db_password` is about its last part.
    let last = name.rsplit('.').next().unwrap_or(name);
    let plain: String = last
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if SECRET.iter().any(|word| plain.contains(word)) || SECRET_WHOLE.contains(&plain.as_str()) {
        Sensitivity::Secret
    } else if SUSPECT.iter().any(|word| plain.contains(word)) {
        Sensitivity::Suspect
    } else {
        Sensitivity::None
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

/// Whether somebody before us has taken the value out.
pub(super) fn is_placeholder(text: &str) -> bool {
    let core = text.trim_matches(['\'', '"']);
    core.is_empty()
        || core.starts_with("[Filtered")
        || core.starts_with("[REDACTED")
        || core.chars().all(|c| c == '*' || c == 'x')
}

/// Whether a text looks like drawn at random: at least 16 characters without blanks, letters and digits mixed, many
/// different ones.
pub(super) fn looks_random(text: &str) -> bool {
    let core = text
        .trim()
        .trim_start_matches('b')
        .trim_matches(['\'', '"']);
    let is_plain = core
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/=:~|".contains(&byte));
    if core.len() < 16 || !is_plain || core.starts_with('/') || core.contains("://") {
        return false;
    }
    let n_digits = core.bytes().filter(u8::is_ascii_digit).count();
    let n_letters = core.bytes().filter(u8::is_ascii_alphabetic).count();
    n_digits >= 2 && n_letters >= 2 && entropy(core) >= 3.0
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
        check("Set-Cookie", Sensitivity::Secret);
        check("tags.client_secret", Sensitivity::Secret);
        check("token", Sensitivity::Suspect);
        check("session_id", Sensitivity::Suspect);
        check("lineno", Sensitivity::None);
        check("secret.lineno", Sensitivity::None);
    }

    #[test]
    fn randomness() {
        assert!(looks_random("'9f86d081884c7d659a2feaa0c55ad015'"));
        assert!(!looks_random("'identifier'"));
        assert!(!looks_random("a_long_plain_identifier_name"));
        assert!(!looks_random("<Token object at 0x7f0011223344>"));
    }
}
