//! Erlang: crash reports of OTP, and what the shell prints of an exception. Reports that are terms are not read here.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Frame, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::prefix::Prefix,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[" exception"];

static FORM: Form = Form::of(Platform::Elixir, frame);

/// `    exception error: no match of right hand side value 3`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:^|  |\*\* )exception (?P<class>error|exit|throw): (?P<message>.+)$")
});
/// `in function  cart:total/3 (src/cart.erl, line 135)`, `in call from gen_server:loop/7`.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^(?:in function |in call from )\s*(?P<function>\S+?/\d+)(?: \((?P<path>[^,()]+)(?:, line (?P<line>\d+))?\))?$"#,
    )
});

pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, MAX_NAME_BYTES);
    let found = TITLE.captures(line)?;
    let lead = line[..found.get(0)?.start()].trim_end_matches([' ', '\t']);
    // The report's head is that of the record.
    let prefix = Prefix::of(lead);
    let head = above
        .lines(&prefix)
        .take(8)
        .position(|line| line.trim() == "crasher:");
    let n_above = head.map_or(0, |at| at + 1);
    let exception = listed::exception(&found["class"], &found["message"]);
    Some(listed::begun(&FORM, lead, exception, n_above, ""))
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let function = &found["function"];
    let path = found.name("path").map_or("", |path| path.as_str());
    let module = function
        .split(':')
        .next()
        .filter(|module| module.len() < function.len());
    const OWN: [&str; 8] = [
        "gen_server",
        "gen_statem",
        "gen_event",
        "proc_lib",
        "supervisor",
        "lists",
        "maps",
        "erlang",
    ];
    let is_library =
        module.is_some_and(|module| OWN.contains(&module)) || path.starts_with("deps/");
    Some(Frame {
        function: function.to_owned(),
        path: path.to_owned(),
        line: found
            .name("line")
            .and_then(|line| line.as_str().parse().ok()),
        in_app: is_library.then_some(false),
        ..Frame::default()
    })
}
