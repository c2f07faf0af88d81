//! A whole traceback on one line: its line feeds were escaped by what carried it.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::Value;

use crate::{json, lang::python::HEADER};

/// What such a line holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Unfolded {
    /// The text with its line feeds back.
    Text(String),
    /// A structured record behind a logger's prefix.
    Record(Value),
}

/// Unfolds a line that has more after a traceback's header, if it is known how it was folded.
pub(crate) fn unfold(line: &str) -> Option<Unfolded> {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(HEADER));
    let at = FINDER.find(line.as_bytes())?;
    let rest = &line[at + HEADER.len()..];
    if rest.starts_with("#012") {
        // rsyslog writes control characters as three octal digits.
        return Some(Unfolded::Text(
            line.replace("#012", "\n").replace("#011", "\t"),
        ));
    }
    if !rest.starts_with("\\n") {
        return None;
    }
    if line.trim_end().ends_with('}')
        && let Some(open) = line.find('{')
        && let Ok(value @ Value::Object(_)) = json::parse(line[open..].trim_end().as_bytes())
    {
        return Some(Unfolded::Record(value));
    }
    quoted(line, at).map(Unfolded::Text)
}

/// The double-quoted value with the header at `at` (logfmt), unescaped, behind what stands before it.
fn quoted(line: &str, at: usize) -> Option<String> {
    let open = line[..at].rfind("=\"")?;
    let value = &line[open + 2..];
    let mut is_escaped = false;
    let end = value.char_indices().find_map(|(at, c)| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end.then_some(at)
    })?;
    let text: String = serde_json::from_str(&format!("\"{}", &value[..=end])).ok()?;
    Some(format!("{}\n{text}", &line[..open]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let found = unfold(line).map(|found| match found {
            Unfolded::Text(text) => text,
            Unfolded::Record(record) => record.to_string(),
        });
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn folds() {
        check("plain", None);
        check(
            "x: Traceback (most recent call last):#012  File",
            Some("x: Traceback (most recent call last):\n  File"),
        );
        check(
            r#"level=error exc="Traceback (most recent call last):\n  File \"a.py\"" k=v"#,
            Some("level=error exc\nTraceback (most recent call last):\n  File \"a.py\""),
        );
        check(
            r#"INFO {"e":"Traceback (most recent call last):\n"}"#,
            Some(r#"{"e":"Traceback (most recent call last):\n"}"#),
        );
        check(r#"tb = 'Traceback (most recent call last):\n  File"#, None);
    }
}
