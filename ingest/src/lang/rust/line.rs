//! Single lines of a panic and its backtrace.

use crate::{
    event::{Frame, Location},
    lang::place::Place,
    limits::{MAX_NAME_BYTES, cut},
};

/// The beginning of a panic: what stood before it, and the text after `panicked at `.
pub(crate) fn panic(line: &str) -> Option<(&str, &str)> {
    let at = line.find("panicked at ")?;
    let head = &line[..at];
    let text = &line[at + "panicked at ".len()..];
    let lead = match head.rfind("thread ") {
        // `thread 'main' (1234) panicked at`, `thread '<unnamed>' panicked at`.
        Some(thread) if head[thread..].contains(['\'', '<']) => &head[..thread],
        _ if head.trim().is_empty() => head,
        _ => return None,
    };
    Some((lead, text))
}

/// The place in `src/main.rs:4:5:` or `src/main.rs:4:5`.
pub(crate) fn location(text: &str) -> Option<Location> {
    let text = text.trim_end();
    let place = Place::of(text.strip_suffix(':').unwrap_or(text));
    (place.n_numbers > 0 && !place.path.is_empty()).then(|| Location {
        path: cut(place.path, MAX_NAME_BYTES).to_owned(),
        line: place.line,
        column: place.column,
    })
}

/// The function of a numbered frame: `   0: core::panicking::panic_fmt`, `   1:     0x55d0 - std::rt::lang_start`.
pub(crate) fn numbered(line: &str) -> Option<&str> {
    let (number, rest) = cut(line.trim(), MAX_NAME_BYTES).split_once(": ")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.trim_start();
    let function = match rest
        .strip_prefix("0x")
        .and_then(|rest| rest.split_once(" - "))
    {
        Some((_, function)) => function,
        None => rest,
    };
    is_number.then(|| without_hash(function.trim()))
}

/// Drops the hash that tells apart functions of one name: `f::h0123456789abcdef`.
pub(crate) fn without_hash(function: &str) -> &str {
    function
        .rsplit_once("::h")
        .filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map_or(function, |(name, _)| name)
}

/// Sets a frame's place from the line below: `             at ./src/main.rs:4:6`.
pub(crate) fn set_place(frame: &mut Frame, line: &str) -> bool {
    let Some(text) = cut(line.trim(), MAX_NAME_BYTES).strip_prefix("at ") else {
        return false;
    };
    let place = Place::of(text);
    frame.path = place.path.to_owned();
    frame.line = place.line;
    frame.column = place.column;
    frame.in_app = in_app(place.path);
    true
}

/// Whether a file belongs to the application, where that is sure.
pub(crate) fn in_app(path: &str) -> Option<bool> {
    let is_library = path.starts_with("/rustc/")
        || path.contains("/rustlib/src/rust/")
        || path.contains("/.cargo/registry/")
        || path.contains("/.cargo/git/");
    is_library.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(
            panic("x thread 'a b' (12) panicked at src/main.rs:4:5:"),
            Some(("x ", "src/main.rs:4:5:"))
        );
        assert_eq!(
            panic("panicked at src/lib.rs:1:2:"),
            Some(("", "src/lib.rs:1:2:"))
        );
        assert_eq!(panic("it said that it panicked at noon"), None);
        assert_eq!(
            location("src/main.rs:4:5:").and_then(|place| place.column),
            Some(5)
        );
        assert_eq!(location("'boom'"), None);
        assert_eq!(
            numbered("  12: a::b::{{closure}}"),
            Some("a::b::{{closure}}")
        );
        assert_eq!(
            numbered("   1:     0x55d0 - std::f::h0123456789abcdef"),
            Some("std::f")
        );
        assert_eq!(numbered("note: x"), None);
    }
}
