//! Secrets and personal data out of events, on the way in.
//!
//! What replaces a value has its length and form (letters stay letters, quotes stay) and is equal for equal values
//! under one key, so that grouping and reproduction still work (`mask`). `find` goes over a text once: `shapes` knows
//! secrets by their form, `assignments` and `names` by what they are called, `personal` whose data they are.

mod assignments;
mod find;
mod mask;
mod names;
mod personal;
mod shapes;
mod values;

use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher, RandomState},
    mem,
};

use serde_json::{Map, Value};

use self::{find::Kind, names::Sensitivity};
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

    /// Redacts messages, notes, local variables and attributes with their keys, and secrets of well-known form in
    /// source lines, names, paths and the release. Times and the id stay as they are.
    pub fn event(&self, event: &mut ErrorEvent) {
        event
            .message
            .iter_mut()
            .for_each(|message| self.in_place(message, Kind::Text));
        event
            .release
            .iter_mut()
            .for_each(|release| self.in_place(release, Kind::Source));
        for exception in &mut event.exceptions {
            self.in_place(&mut exception.message, Kind::Text);
            exception
                .notes
                .iter_mut()
                .for_each(|note| self.in_place(note, Kind::Text));
            self.in_place(&mut exception.type_name, Kind::Source);
            exception
                .module
                .iter_mut()
                .for_each(|module| self.in_place(module, Kind::Source));
            for frame in &mut exception.frames {
                // A browser's path is a URL, and may have a query.
                let kind = if frame.path.contains("://") {
                    Kind::Text
                } else {
                    Kind::Source
                };
                self.in_place(&mut frame.path, kind);
                let lines = frame
                    .pre_context
                    .iter_mut()
                    .chain(&mut frame.context_line)
                    .chain(&mut frame.post_context);
                lines
                    .chain([&mut frame.function])
                    .chain(&mut frame.module)
                    .for_each(|line| self.in_place(line, Kind::Source));
                self.members(&mut frame.locals, Place::Local);
            }
        }
        self.members(&mut event.attributes, Place::Attribute);
    }

    /// Redacts secrets and personal data of recognisable form in a text that a program wrote.
    pub fn text(&self, text: &str) -> String {
        find::redact(text, Kind::Text, &self.key).unwrap_or_else(|| text.to_owned())
    }

    fn in_place(&self, text: &mut String, kind: Kind) {
        if let Some(redacted) = find::redact(text, kind, &self.key) {
            *text = redacted;
        }
    }

    fn members(&self, members: &mut BTreeMap<String, Value>, place: Place) {
        // Names and versions of packages are no one's secrets, whatever the packages are called.
        const PUBLIC: [&str; 5] = ["modules", "sdk", "platform", "level", "logger"];
        for (name, mut value) in mem::take(members) {
            if place == Place::Local || !PUBLIC.contains(&name.as_str()) {
                self.value(&name, &mut value, place, 0);
            }
            members.insert(self.key(name, |key| members.contains_key(key)), value);
        }
    }

    /// A name without personal data, other than those that are taken: nothing is lost when two become equal.
    fn key(&self, mut name: String, is_taken: impl Fn(&str) -> bool) -> String {
        self.in_place(&mut name, Kind::Text);
        while is_taken(&name) {
            name.push('_');
        }
        name
    }

    /// Redacts a value by what it is called and by its form.
    fn value(&self, name: &str, value: &mut Value, place: Place, depth: usize) {
        if depth > MAX_JSON_DEPTH {
            *value = Value::Null;
            return;
        }
        let sensitivity = names::sensitivity(name);
        // The members of a `cookies` object are secrets whatever they are called.
        let is_inherited = matches!(
            sensitivity,
            Sensitivity::Secret | Sensitivity::Cookies | Sensitivity::Authorization
        );
        match value {
            Value::String(text) => self.named_text(text, sensitivity, place),
            Value::Number(number) => {
                let text = number.to_string();
                let is_secret = place == Place::Attribute && values::is_secret(sensitivity, &text);
                let redacted = match is_secret {
                    true => mask::opaque(&text, &self.key),
                    false if text.len() >= 13 => self.text(&text),
                    false => return,
                };
                if let Ok(redacted) = redacted.parse() {
                    *number = redacted;
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    // `[["Cookie", "a=b"]]`: headers and forms as pairs.
                    match element.as_array_mut().map(Vec::as_mut_slice) {
                        Some([Value::String(name), Value::String(text)]) => {
                            let sensitivity = names::sensitivity(name);
                            self.in_place(name, Kind::Text);
                            self.named_text(text, sensitivity, place);
                        }
                        _ => self.value(name, element, place, depth + 1),
                    }
                }
            }
            Value::Object(members) => {
                for (key, mut member) in mem::replace(members, Map::with_capacity(members.len())) {
                    self.value(
                        if is_inherited { "secret" } else { &key },
                        &mut member,
                        place,
                        depth + 1,
                    );
                    members.insert(self.key(key, |key| members.contains_key(key)), member);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn named_text(&self, text: &mut String, sensitivity: Sensitivity, place: Place) {
        // A local's name is the programmer's, and its value may be an object's repr.
        let can_be = place == Place::Attribute || values::is_string_repr(text);
        if sensitivity != Sensitivity::None && (can_be || sensitivity == Sensitivity::Digits) {
            let quoted = if place == Place::Local {
                values::unquoted(text)
            } else {
                0..text.len()
            };
            if let Some(redacted) = find::redact_named(text, quoted, sensitivity, &self.key) {
                *text = redacted;
            }
        }
        // `auth=('user', 'password')` of requests and others.
        if sensitivity == Sensitivity::Suspect
            && let Some((user, _)) = text
                .strip_suffix("')")
                .and_then(|pair| pair.rsplit_once("', '"))
            && user.starts_with("('")
        {
            let part = user.len() + 4..text.len() - 2;
            if let Some(redacted) = find::redact_named(text, part, Sensitivity::Secret, &self.key) {
                *text = redacted;
            }
        }
        self.in_place(text, Kind::Text);
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
        assert_eq!(redactor().text(&redacted), redacted, "redacted already");
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
            redactor().in_place(&mut redacted, Kind::Source);
            assert_eq!(redacted != line, is_changed, "{redacted}");
        }
    }
}
