//! What values are called.

use std::sync::LazyLock;

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
pub(super) const NAMES: &str = "\
    pass pwd secret key token auth credential cookie session sess sid csrf xsrf \
    signature sig jwt cvv cvc ssn social pin otp phone mobile tel code state nonce identified salt";

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
    let is_about = words.len() > 1 && (has(&ABOUT_FIRST, first) || is_property(&words, end));
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
            || has(&SECRET_END, end)
            || is_key(&words, &plain))
    {
        return Sensitivity::Secret;
    }
    let is_suspect = SUSPECT.iter().any(|word| plain.contains(word))
        || plain != "key" && has(&SUSPECT_END, end)
        || is_key_id;
    // A bare `key` finds something, a hash opens nothing.
    match is_suspect && !plain.starts_with("author") && *end != "hash" {
        true => Sensitivity::Suspect,
        false => Sensitivity::None,
    }
}

/// A list of words: names are looked at for each field of each event, so it is taken apart once.
pub(super) type Words = LazyLock<Vec<&'static str>>;

pub(super) fn list(words: &'static str) -> Vec<&'static str> {
    words.split(' ').collect()
}

/// Whether one of the words of a list is this.
pub(super) fn has(words: &[&str], word: &str) -> bool {
    words.contains(&word)
}

/// Bytes of a name that are looked at.
pub(super) const MAX_NAME: usize = 96;

static SECRET: Words = Words::new(|| {
    list(
        "\
    password passwd passphrase passwort secret apikey accesskey privatekey secretkey \
    signingkey encryptionkey masterkey accountkey authkey credential csrf xsrf \
    refreshtoken authtoken identifiedby",
    )
});
static SECRET_END: Words = Words::new(|| {
    list(
        "\
    pwd pass passcode",
    )
});
static SUSPECT: Words = Words::new(|| {
    list(
        "\
    token session bearer jwt signature sessid",
    )
});
static SUSPECT_END: Words = Words::new(|| {
    list(
        "\
    auth sid sig code state nonce key salt sess",
    )
});

/// Names that begin so tell about a secret.
static ABOUT_FIRST: Words = Words::new(|| {
    list(
        "\
    has is n num no use show enable require max min total count forgot",
    )
});

/// Names that end so tell about a secret, or where it lies.
static ABOUT_END: Words = Words::new(|| {
    list(
        "\
    name names type types count length len size min max field fields file path dir url \
    uri endpoint policy limit expiry expires expired expiration at in ttl age hint reset \
    change changed label error errors validator validators required enabled missing \
    exists set re regex pattern strength attempts timeout provider manager service store \
    class format prefix algorithm alg header method mode status domain arn ref version \
    realm consent too stdin ms s seconds days interval fd middleware storage filter",
    )
});

/// Keys that find something and open nothing.
static ROWS: Words = Words::new(|| {
    list(
        "\
    cache primary foreign partition sort row object routing idempotency lookup hash map \
    index unique natural dedup group message record event redis file blob registry \
    translation range config feature host publishable",
    )
});

fn is_property(words: &[&str], end: &str) -> bool {
    if matches!(end, "key" | "keys") && has(&ROWS, words[words.len() - 2]) {
        return true;
    }
    let is_id = end == "id"
        && !matches!(
            words[words.len() - 2],
            "session" | "sess" | "key" | "national" | "tax"
        );
    is_id || has(&ABOUT_END, end)
}

/// Whether words about a value may stand between it and its name: `the token … was revoked`.
pub(super) fn is_announced(name: &str) -> bool {
    match sensitivity(&name.replace(' ', "_")) {
        Sensitivity::Secret | Sensitivity::Phone => true,
        Sensitivity::Suspect => words(name)
            .last()
            .is_some_and(|last| !has(&SUSPECT_END, last.as_str())),
        _ => false,
    }
}

/// Whether a key opens something, and does not find a row.
fn is_key(words: &[&str], plain: &str) -> bool {
    static KINDS: Words = Words::new(|| {
        list(
            "\
        api access secret private encryption signing account master auth license licence \
        app shared deploy storage admin",
        )
    });
    static WHOLE: Words = Words::new(|| {
        list(
            "\
        sharedaccesskey accountkey appkey licensekey storagekey",
        )
    });
    matches!(words, [.., kind, "key" | "keys"] if has(&KINDS, kind)) || has(&WHOLE, plain)
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
}
