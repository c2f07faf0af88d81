//! OCaml: uncaught exceptions and their backtraces.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::prefix::Prefix,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["Fatal error: exception ", "\nRaised "];

static FORM: Form = Form {
    is_gap: |text| text.ends_with(" unknown location") || text.is_empty(),
    ..Form::of(Platform::OCaml, frame)
};

/// `Called from Shop__Cart.total in file "lib/cart.ml", line 12, characters 8-15`; before 4.09 without the function.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^(?:Raised|Re-raised|Called|Raised by primitive operation)(?: at| from) (?:(?P<function>\S+) in )?file "(?P<path>[^"]*)"(?: \(inlined\))?, lines? (?P<line>\d+)(?:-\d+)?, characters (?P<column>\d+)-\d+$"#,
    )
});
/// `Failure("no stock")`, `Shop.Cart.Empty`, `(Sys_error "no such file")`.
static VALUE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^\(?(?P<type>[A-Z][\w.]*)(?P<message>[( ].*)?$"#));

pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, MAX_NAME_BYTES);
    if let Some((lead, value)) = line.split_once("Fatal error: exception ") {
        return Some(listed::begun(&FORM, lead, exception(value)?, 0, ""));
    }
    // Other libraries print the value below a title of theirs.
    let first = frame(line).filter(|_| line.starts_with("Raised "))?;
    let lines: Vec<String> = above.lines(&Prefix::default()).take(4).collect();
    let value = lines.iter().position(|line| !line.trim().is_empty())?;
    let is_titled = lines
        .iter()
        .skip(value + 1)
        .any(|line| line.contains("xception"));
    let found = exception(lines[value].trim()).filter(|_| is_titled)?;
    let mut begun = listed::begun(&FORM, "", found, value + 1, "");
    begun.push(first);
    Some(begun)
}

fn exception(value: &str) -> Option<Exception> {
    if value.starts_with("File \"") && value.ends_with("Assertion failed") {
        return Some(listed::exception("Assert_failure", value));
    }
    let found = VALUE.captures(value)?;
    let message = found.name("message").map_or("", |message| message.as_str());
    let message = message.trim().trim_start_matches('(').trim_end_matches(')');
    let bare = message
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    Some(listed::exception(&found["type"], bare.unwrap_or(message)))
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let path = &found["path"];
    let is_library = path.starts_with("stdlib") || path.contains("/.opam/");
    let function = found.name("function").map_or("", |name| name.as_str());
    Some(Frame {
        // Dune puts the library's name and two dashes before a module's.
        function: function.replace("__", "."),
        path: path.to_owned(),
        line: found["line"].parse().ok(),
        column: found["column"]
            .parse::<u32>()
            .ok()
            .map(|column| column.saturating_add(1)),
        in_app: (is_library || function.starts_with("Stdlib.")).then_some(false),
        ..Frame::default()
    })
}
