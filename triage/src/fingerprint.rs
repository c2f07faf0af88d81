//! What makes two events the same bug beyond doubt.

use std::fmt::Write;

use ingest::ErrorEvent;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{templates::shape, trace::Trace};

/// A digest of what events of one bug have in common: 64 hex digits.
///
/// It covers the type of the exception that surfaced and of its root cause, the application's frames of that (file and
/// function) and the source line where it went wrong. Line numbers, paths and messages do not count where there are frames:
/// they change with every release, machine and input. Without frames the masked message stands in; of an error that was
/// logged without a trace the logger and the first line of the message, masked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of an event that has this trace.
    pub(crate) fn of(event: &ErrorEvent, trace: Option<&Trace>) -> Self {
        // A digest begins with the version of what it is made of: one of another version is never taken for it.
        let mut text = format!("v4 {:?}\n", event.platform);
        if let Some(trace) = trace {
            text += &format!("{}\n{}\n", trace.kind, trace.frames.join("\n"));
            text += trace.line.as_deref().unwrap_or_default();
        } else if let Some(exception) = event.exceptions.first() {
            text += &format!("{}\n{}", exception.type_name, masked(&exception.message));
        } else {
            text += logger(event);
            text.push('\n');
            text += &shape(first_line(event));
        }
        Self::digest(&text)
    }

    pub(crate) fn digest(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(digest.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string can be written to");
            hex
        }))
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who logged an error; empty if nobody tells.
pub(crate) fn logger(event: &ErrorEvent) -> &str {
    let logger = event.attributes.get("logger").and_then(|l| l.as_str());
    logger.unwrap_or_default()
}

/// What an error that was logged without a trace says, on one line.
pub(crate) fn first_line(event: &ErrorEvent) -> &str {
    event
        .message
        .as_deref()
        .and_then(|message| message.lines().next())
        .unwrap_or_default()
}

/// A message with `#` for digits and addresses.
fn masked(message: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut masked = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(from) = rest.find(is_word) {
        let (before, word) = rest.split_at(from);
        let (word, after) = word.split_at(word.find(|c| !is_word(c)).unwrap_or(word.len()));
        masked.push_str(before);
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let has_digit = word.bytes().any(|b| b.is_ascii_digit());
        if word.strip_prefix("0x").is_some_and(is_hex)
            || word.len() >= 8 && has_digit && is_hex(word)
        {
            masked.push('#');
        } else {
            masked.extend(
                word.chars()
                    .map(|c| if c.is_ascii_digit() { '#' } else { c }),
            );
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use ingest::{Exception, Frame};

    use super::*;

    fn fingerprint(event: &ErrorEvent) -> Fingerprint {
        Fingerprint::of(event, Trace::of(event).as_ref())
    }

    fn event(type_name: &str, message: &str, frames: &[(&str, &str, u32, &str)]) -> ErrorEvent {
        let frames = frames
            .iter()
            .map(|(path, function, line, source)| Frame {
                path: (*path).into(),
                function: (*function).into(),
                line: Some(*line),
                context_line: Some((*source).into()),
                ..Frame::default()
            })
            .collect();
        ErrorEvent {
            exceptions: vec![Exception {
                type_name: type_name.into(),
                message: message.into(),
                frames,
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        }
    }

    #[test]
    fn values_lines_and_prefixes_do_not_matter() {
        let a = event(
            "KeyError",
            "'a'",
            &[("/app/shop/x.py", "f", 3, "return d[k]")],
        );
        let b = event(
            "KeyError",
            "'b'",
            &[("/srv/shop/x.py", "f", 9, "    return d[k]")],
        );
        assert_eq!(fingerprint(&a), fingerprint(&b));
    }

    #[test]
    fn type_function_and_source_matter() {
        let a = event(
            "KeyError",
            "'a'",
            &[("/app/shop/x.py", "f", 3, "return d[k]")],
        );
        for other in [
            event(
                "IndexError",
                "'a'",
                &[("/app/shop/x.py", "f", 3, "return d[k]")],
            ),
            event(
                "KeyError",
                "'a'",
                &[("/app/shop/x.py", "g", 3, "return d[k]")],
            ),
            event(
                "KeyError",
                "'a'",
                &[("/app/shop/x.py", "f", 3, "return e[k]")],
            ),
        ] {
            assert_ne!(fingerprint(&a), fingerprint(&other));
        }
    }

    #[test]
    fn addresses_do_not_matter() {
        let crash = |address: &str| {
            let message = format!("Bad pointer dereference at {address} in cart[7]");
            fingerprint(&event("Oops", &message, &[]))
        };
        assert_eq!(crash("0x00007fcf719240b3"), crash("0x4"));
        assert_eq!(crash("ffff8b4cd6855000"), crash("00007f2612e76fb0"));
        assert_ne!(crash("a b"), crash("a c"));
    }

    #[test]
    fn messages_without_a_trace_are_alike_by_their_words() {
        let logged = |logger: &str, message: &str| {
            fingerprint(&ErrorEvent {
                message: Some(message.to_owned()),
                attributes: [("logger".to_owned(), logger.into())].into(),
                ..ErrorEvent::default()
            })
        };
        let one = logged("db", "query 17 failed on 10.0.0.1:5432 (id=ab3f)\nfor Bo");
        assert_eq!(one, logged("db", "query 4 failed on 10.0.0.27:1 (id=7)"));
        assert_ne!(one, logged("web", "query 4 failed on 10.0.0.27:1 (id=7)"));
        assert_ne!(
            one,
            logged("db", "query 4 was refused by 10.0.0.27:1 (id=7)")
        );
    }

    #[test]
    fn depth_of_a_recursion_does_not_matter() {
        let frame = ("/app/x.py", "f", 3, "f(n)");
        assert_eq!(
            fingerprint(&event("RecursionError", "", &[frame; 3])),
            fingerprint(&event("RecursionError", "", &[frame; 30]))
        );
    }
}
