//! Secrets and personal data out of events, on the way in.
//!
//! What replaces a value has its length and form (letters stay letters, quotes stay) and is equal for equal values
//! under one key, so that grouping and reproduction still work. `shapes` knows secrets by their form, `names` by what
//! they are called.

mod names;
mod shapes;

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

use serde_json::Value;
use siphasher::sip::SipHasher24;

use self::names::Sensitivity;
use crate::{event::ErrorEvent, limits::MAX_JSON_DEPTH};

/// The key that makes equal values equal after redaction, and lets nobody without it tell what they were.
#[derive(Clone)]
pub struct RedactionKey([u8; 16]);

impl RedactionKey {
    /// A key from 16 secret bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A key that nobody knows, from the operating system's randomness.
    pub fn random() -> Self {
        let half = |n: u8| RandomState::new().hash_one(n).to_le_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&half(0));
        bytes[8..].copy_from_slice(&half(1));
        Self(bytes)
    }
}

impl fmt::Debug for RedactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactionKey(…)")
    }
}

/// Replaces secrets and personal data.
#[derive(Debug, Clone)]
pub struct Redactor {
    key: RedactionKey,
}

impl Redactor {
    /// A redactor with the project's key.
    pub fn new(key: RedactionKey) -> Self {
        Self { key }
    }

    /// Redacts messages, notes, local variables and attributes, and secrets of well-known form in source lines. Types,
    /// functions, paths, times and the release stay as they are.
    pub fn event(&self, event: &mut ErrorEvent) {
        event
            .message
            .iter_mut()
            .for_each(|message| self.text_in_place(message));
        for exception in &mut event.exceptions {
            self.text_in_place(&mut exception.message);
            exception
                .notes
                .iter_mut()
                .for_each(|note| self.text_in_place(note));
            for frame in &mut exception.frames {
                let lines = frame
                    .pre_context
                    .iter_mut()
                    .chain(&mut frame.context_line)
                    .chain(&mut frame.post_context);
                lines.for_each(|line| self.source_line(line));
                for (name, value) in &mut frame.locals {
                    self.value(name, value, Place::Local, 0);
                }
            }
        }
        // Names and versions of packages are no one's secrets, whatever the packages are called.
        const PUBLIC: [&str; 5] = ["modules", "sdk", "platform", "level", "logger"];
        let attributes = event.attributes.iter_mut();
        for (name, value) in attributes.filter(|(name, _)| !PUBLIC.contains(&name.as_str())) {
            self.value(name, value, Place::Attribute, 0);
        }
    }

    /// Redacts secrets and personal data of recognisable form in a text that a program wrote.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.text_in_place(&mut text);
        text
    }

    fn text_in_place(&self, text: &mut String) {
        shapes::secrets(text, self);
        shapes::assignments(text, self);
        shapes::personal(text, self);
    }

    fn source_line(&self, line: &mut String) {
        shapes::secrets(line, self);
    }

    /// Redacts a value by what it is called and by its form.
    fn value(&self, name: &str, value: &mut Value, place: Place, depth: usize) {
        if depth > MAX_JSON_DEPTH {
            *value = Value::Null;
            return;
        }
        let sensitivity = names::sensitivity(name);
        match value {
            Value::String(text) => self.named_text(text, sensitivity, place),
            Value::Number(number)
                if sensitivity == Sensitivity::Secret && place == Place::Attribute =>
            {
                if let Ok(masked) = self.mask(&number.to_string()).parse::<serde_json::Number>() {
                    *number = masked;
                }
            }
            Value::Array(elements) => {
                // `["Cookie", "a=b"]`: a header as a pair.
                if let [Value::String(name), Value::String(text)] = elements.as_mut_slice()
                    && names::sensitivity(name) != Sensitivity::None
                {
                    self.named_text(text, names::sensitivity(name), place);
                }
                elements
                    .iter_mut()
                    .for_each(|element| self.value(name, element, place, depth + 1));
            }
            Value::Object(members) => {
                for (key, member) in members.iter_mut() {
                    // The members of a `cookies` object are secrets whatever they are called.
                    let is_inherited =
                        sensitivity == Sensitivity::Secret && place == Place::Attribute;
                    self.value(
                        if is_inherited { name } else { key },
                        member,
                        place,
                        depth + 1,
                    );
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn named_text(&self, text: &mut String, sensitivity: Sensitivity, place: Place) {
        let is_secret = match sensitivity {
            Sensitivity::Secret => place == Place::Attribute || names::is_string_repr(text),
            Sensitivity::Suspect => names::looks_random(text),
            Sensitivity::None => false,
        };
        if is_secret && !names::is_placeholder(text) {
            *text = self.mask(text);
        } else {
            self.text_in_place(text);
        }
    }

    /// Other characters of the same classes; what is neither letter nor digit stays, and so do escapes.
    fn mask(&self, text: &str) -> String {
        let core = text.trim_matches(['\'', '"']);
        // Hexadecimal digits stay such, so that a UUID is still one.
        let is_hex = core
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let n_letters = if is_hex { 6 } else { 26 };
        let mut stream = self.stream(core);
        let mut masked = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let byte = stream.next();
            match c {
                'a'..='z' => masked.push(char::from(b'a' + byte % n_letters)),
                'A'..='Z' => masked.push(char::from(b'A' + byte % n_letters)),
                '1'..='9' => masked.push(char::from(b'1' + byte % 9)),
                '\\' => {
                    masked.push(c);
                    let n = match chars.as_str().as_bytes().first() {
                        Some(b'x') => 3,
                        Some(b'u') => 5,
                        _ => 1,
                    };
                    masked.extend(chars.by_ref().take(n));
                }
                c => masked.push(c),
            }
        }
        masked
    }

    /// Endless bytes that depend on the value and the key alone.
    fn stream(&self, value: &str) -> Stream<'_> {
        Stream {
            key: &self.key,
            seed: hash(&self.key, value.as_bytes(), 0),
            n: 0,
            block: [0; 8],
        }
    }
}

/// Where a named value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A local variable: strings are reprs, names are the programmer's.
    Local,
    /// Something that the reporter told.
    Attribute,
}

struct Stream<'a> {
    key: &'a RedactionKey,
    seed: u64,
    n: u64,
    block: [u8; 8],
}

impl Stream<'_> {
    fn next(&mut self) -> u8 {
        let at = (self.n % 8) as usize;
        if at == 0 {
            self.block = hash(self.key, &self.seed.to_le_bytes(), self.n + 1).to_le_bytes();
        }
        self.n += 1;
        self.block[at]
    }
}

fn hash(key: &RedactionKey, bytes: &[u8], n: u64) -> u64 {
    let mut hasher = SipHasher24::new_with_key(&key.0);
    hasher.write(bytes);
    hasher.write_u64(n);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(RedactionKey::new(*b"0123456789abcdef"))
    }

    /// Whether a text is changed, and what must be left of it.
    #[track_caller]
    fn check(text: &str, is_changed: bool) {
        let redacted = redactor().text(text);
        assert_eq!(redacted != text, is_changed, "{text} -> {redacted}");
        assert_eq!(redacted.chars().count(), text.chars().count(), "{redacted}");
        assert_eq!(redactor().text(text), redacted, "equal for equal values");
    }

    #[test]
    fn texts() {
        check("connection to db failed", false);
        check("key AKIAIOSFODNN7EXAMPLE is not allowed", true);
        check("ghp_abcdefghijklmnopqrstuvwxyz0123456789 rejected", true);
        check(
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            true,
        );
        check("Authorization: Bearer abcdef1234567890", true);
        check("postgres://app:hunter2@db/orders", true);
        check("password=hunter2 for user x", true);
        check("password=None", false);
        check("invalid literal: token = 3", false);
        check("unexpected token ']' at 4", false);
        check("user bob@corp.example.de not found", true);
        check("user bob@example.com not found", false);
        check("a@b.co", true);
        check("git@github.com:org/repo", false);
        check("card 4111 1111 1111 1111 refused", true);
        check("order 4111111111111112 refused", false);
        check("at 1700000000000 ms", false);
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
            true,
        );
    }

    #[test]
    fn a_mail_becomes_one_at_example_com() {
        let redacted = redactor().text("to jane.doe@customer-company.com");
        assert!(
            redacted.ends_with("@example.com")
                && redacted.len() == "to jane.doe@customer-company.com".len(),
            "{redacted}"
        );
    }

    #[track_caller]
    fn check_value(place: Place, name: &str, value: Value, is_changed: bool) {
        let mut redacted = value.clone();
        redactor().value(name, &mut redacted, place, 0);
        assert_eq!(
            redacted != value,
            is_changed,
            "{name}: {value} -> {redacted}"
        );
    }

    #[test]
    fn values_by_name() {
        check_value(Place::Local, "password", json!("'hunter2'"), true);
        check_value(Place::Local, "password", json!("None"), false);
        check_value(
            Place::Local,
            "password_field",
            json!("<PasswordField object at 0x7f>"),
            false,
        );
        check_value(
            Place::Local,
            "token",
            json!({"type": "'identifier'", "start": "3"}),
            false,
        );
        check_value(Place::Local, "token", json!("'identifier'"), false);
        check_value(
            Place::Local,
            "token",
            json!("<Token object at 0x7f0011223344>"),
            false,
        );
        check_value(
            Place::Local,
            "token",
            json!("'9f86d081884c7d659a2feaa0c55ad015'"),
            true,
        );
        check_value(Place::Local, "token", json!("[Filtered]"), false);
        check_value(Place::Local, "n_tokens", json!("12"), false);
        check_value(
            Place::Local,
            "config",
            json!({"db_password": "'pg-secret'", "port": "5432"}),
            true,
        );
        check_value(
            Place::Attribute,
            "request",
            json!({"headers": [["Cookie", "sid=abc"], ["Host", "x"]]}),
            true,
        );
        check_value(
            Place::Attribute,
            "request",
            json!({"cookies": {"sid": "abc"}}),
            true,
        );
        check_value(Place::Attribute, "creditCardCvv", json!(159), true);
        check_value(
            Place::Attribute,
            "Authorization",
            json!("Basic QWxhZGRpbjpvcGVu"),
            true,
        );
        check_value(Place::Attribute, "path", json!("/reset-password"), false);
        check_value(Place::Attribute, "password", json!("[Filtered]"), false);
    }

    #[test]
    fn source_lines_keep_identifiers() {
        for (line, is_changed) in [
            ("return token[\"prev\"], token.lineno", false),
            ("password = form.get(\"password\")", false),
            (
                "client = Client(\"ghp_abcdefghijklmnopqrstuvwxyz0123456789\")",
                true,
            ),
        ] {
            let mut redacted = line.to_owned();
            redactor().source_line(&mut redacted);
            assert_eq!(redacted != line, is_changed, "{redacted}");
        }
    }
}
