//! Literals in the lines that a trace shows of the program around the repository: what it gave is often one of them.

use ingest::{ErrorEvent, Frame};

use crate::{
    frames::{Mapped, is_application},
    lang::python::{
        source::{PyFile, ancestors, descendants},
        values::is_literal,
    },
};

/// Literals that are tried.
const MAX_LITERALS: usize = 8;
/// Bytes of one.
const MAX_BYTES: usize = 2000;

/// The literals, whole ones before their parts, of outer lines before those of inner ones.
pub(super) fn heard(event: &ErrorEvent, mapped: &[Mapped]) -> Vec<String> {
    let frames = event.traced().frames.iter().zip(mapped);
    let around = frames
        .filter(|(frame, mapped)| is_application(frame) && !matches!(mapped, Mapped::File(_)))
        .filter_map(|(Frame { context_line, .. }, _)| context_line.as_deref());
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for line in around {
        let file = PyFile::parse("", line.trim());
        let taken = |kind: &str| {
            matches!(
                kind,
                "string" | "integer" | "float" | "list" | "dictionary" | "tuple" | "set"
            )
        };
        for node in descendants(file.root()) {
            let text = file.text_of(node);
            let is_value = taken(node.kind())
                && text.len() <= MAX_BYTES
                && is_literal(&file, node, &mut Vec::new());
            if !is_value {
                continue;
            }
            let is_part = ancestors(node).skip(1).any(|n| taken(n.kind()));
            let into = if is_part { &mut parts } else { &mut whole };
            into.push(text.to_owned());
        }
    }
    let mut out: Vec<String> = Vec::new();
    for value in whole.into_iter().chain(parts) {
        if !out.contains(&value) {
            out.push(value);
        }
    }
    out.truncate(MAX_LITERALS);
    out
}

#[cfg(test)]
mod tests {
    use ingest::Exception;

    use super::*;

    #[test]
    fn lines_around_the_repository_tell_values() {
        let frame = |path: &str, line: &str| Frame {
            path: path.to_owned(),
            context_line: Some(line.to_owned()),
            ..Frame::default()
        };
        let event = ErrorEvent {
            exceptions: vec![Exception {
                frames: vec![
                    frame(
                        "/app/main.py",
                        "print(handle({\"a\": [\"b\"]}, name, \"c.d\"))",
                    ),
                    frame(
                        "/app/main.py",
                        "return get(config, \"c.d\", f\"{name}\", 4)",
                    ),
                    frame("/app/shop/cart.py", "return items[\"own\"]"),
                ],
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        };
        let mapped = [
            Mapped::Outside,
            Mapped::Outside,
            Mapped::File("shop/cart.py".to_owned()),
        ];
        assert_eq!(
            heard(&event, &mapped),
            [
                "{\"a\": [\"b\"]}",
                "\"c.d\"",
                "4",
                "\"a\"",
                "[\"b\"]",
                "\"b\""
            ]
        );
    }
}
