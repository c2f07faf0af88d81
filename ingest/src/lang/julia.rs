//! Julia: errors with their stacks.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Frame, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
        place::Place,
    },
    pattern::regex,
    text::{prefix::Prefix, record},
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["ktrace:"];

static FORM: Form = Form {
    place,
    is_gap: |text| text.starts_with("in expression starting at ") || text.starts_with("---"),
    ..Form::of(Platform::Julia, frame)
};

/// Lines above the stack that the message may have.
const MAX_ABOVE: usize = 32;

/// `[3] total(cart::Cart)`; before 1.6 with ` at /app/cart.jl:12`.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^\[\d+\] (?P<function>\S.*?)(?: at (?P<place>\S+:\d+))?(?: \[inlined\])?$")
});

pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let lead = line.strip_suffix("Stacktrace:")?;
    let prefix = Prefix::of(lead);
    let mut message: Vec<String> = Vec::new();
    for (n, line) in above.lines(&prefix).take(MAX_ABOVE).enumerate() {
        // The logger's box has its own margin.
        let Some((before, first)) = line
            .split_once("ERROR: ")
            .filter(|(before, _)| before.is_empty() || before.ends_with([' ', '\t']))
        else {
            if record::is_start(&line) {
                return None;
            }
            message.insert(0, line);
            continue;
        };
        let mut text = first;
        while let Some(inner) = text
            .strip_prefix("LoadError: ")
            .or_else(|| text.strip_prefix("InitError: "))
        {
            text = inner;
        }
        let is_type = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        };
        let (kind, text) = match text.split_once(": ") {
            Some((name, rest)) if is_type(name) => (name, rest),
            _ if is_type(text) => (text, ""),
            // What `error(…)` throws is printed without its type.
            _ => ("ErrorException", text),
        };
        message.insert(0, text.to_owned());
        let exception = listed::exception(kind, &message.join("\n"));
        return Some(listed::begun(&FORM, lead, exception, n + 1, before));
    }
    None
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    // The arguments' types belong to the method, but change with each caller.
    let function = &found["function"];
    let open = function
        .find('(')
        .filter(|at| *at > 0)
        .unwrap_or(function.len());
    let mut frame = Frame {
        function: function[..open].to_owned(),
        ..Frame::default()
    };
    if let Some(at) = found.name("place") {
        set(&mut frame, at.as_str());
    }
    Some(frame)
}

/// `@ Shop /app/cart.jl:12 [inlined]`, `@ ./array.jl:861`.
fn place(frame: &mut Frame, text: &str) -> bool {
    let Some(text) = text.strip_prefix("@ ").filter(|_| frame.path.is_empty()) else {
        return false;
    };
    let text = text.strip_suffix(" [inlined]").unwrap_or(text);
    let (module, path) = match text.split_once(' ') {
        Some((module, path)) => (Some(module), path),
        None => (None, text),
    };
    frame.module = module.map(str::to_owned);
    set(frame, path.trim());
    true
}

fn set(frame: &mut Frame, text: &str) {
    let place = Place::of(text);
    let is_own = matches!(frame.module.as_deref(), Some("Base" | "Core"));
    let is_library = is_own
        || place.path.starts_with("./")
        || place.path.starts_with(".\\")
        || place.path.contains(".julia")
        || place.path.contains("/julia/stdlib/");
    frame.path = place.path.to_owned();
    frame.line = place.line;
    frame.in_app = is_library.then_some(false);
}
