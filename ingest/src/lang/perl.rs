//! Perl: what `die` and Carp print.
//!
//! Carp prints with each call where it was called from; in the event a frame has the place that it had reached itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Location, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::{prefix::Prefix, record},
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[" called at ", ".pl line ", ".pm line "];

static FORM: Form = Form {
    outermost: Some("main"),
    ..Form::of(Platform::Perl, frame)
};

/// Lines above the first call that the message may have.
const MAX_ABOVE: usize = 8;

/// `no stock at /app/Cart.pm line 12.`, with what was read last: `, <STDIN> line 3.`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<message>.*?) at (?P<path>\S+|\(eval \d+\)) line (?P<line>\d+)(?:, <[^>]*> (?:line|chunk) \d+)?(?:, near .*|\.)?$",
    )
});
/// `Cart::total('Cart=HASH(0x55d0)', 3) called at /app/shop.pl line 7`, `eval {...} called at …`.
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<function>(?:[A-Za-z_][\w:']*|eval \{\.\.\.\}|require \S+|eval '.*'))(?:\(.*\))? called at (?P<path>.+) line (?P<line>\d+)$",
    )
});

/// The error whose first call is in the line, or which the line itself reports.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let line = cut(line, MAX_NAME_BYTES);
    if let Some(at) = line.find('\t') {
        let first = frame(line[at..].trim())?;
        let lead = &line[..at];
        let prefix = Prefix::of(lead);
        let mut message: Vec<String> = Vec::new();
        for (n, above) in above.lines(&prefix).take(MAX_ABOVE).enumerate() {
            let is_start = record::is_start(&above);
            let text = if is_start {
                record::parse(&above).message
            } else {
                &above
            };
            let before = above[..above.find(text).unwrap_or(0)].to_owned();
            message.insert(0, text.to_owned());
            if let Some(exception) = title(&message.join("\n")) {
                let mut begun = listed::begun(&FORM, lead, exception, n + 1, &before);
                begun.push(first);
                return Some(begun);
            }
            if is_start {
                break;
            }
        }
        return None;
    }
    // Warnings have the same form.
    let head = record::parse(line);
    let exception = title(head.message).filter(|exception| is_fatal(&exception.message))?;
    let lead = line[..line.find(head.message).unwrap_or(0)].to_owned();
    Some(listed::begun(&FORM, &lead, exception, 0, ""))
}

fn title(text: &str) -> Option<Exception> {
    let found = TITLE.captures(text.trim_end()).or_else(|| {
        let (_, last) = text.trim_end().rsplit_once('\n')?;
        TITLE.captures(last)
    })?;
    let path = &found["path"];
    let whole = text.trim_end();
    let message = &whole[..whole.rfind(&format!(" at {path} line "))?];
    let mut exception = listed::exception("die", message);
    exception.location = Some(Location {
        path: path.to_owned(),
        line: found["line"].parse().ok(),
        column: None,
    });
    Some(exception)
}

/// Whether the message is one with which the interpreter itself ends a program (perldiag, F).
fn is_fatal(message: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "Attempt to reload ",
        "Bareword ",
        "Can't ",
        "Compilation failed ",
        "Died",
        "Global symbol ",
        "Illegal division by zero",
        "Illegal modulus zero",
        "Modification of a read-only value",
        "Not a ",
        "Not an ",
        "Undefined subroutine ",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| message.starts_with(beginning))
}

fn frame(text: &str) -> Option<Frame> {
    let found = CALL.captures(text)?;
    let path = &found["path"];
    let is_library = ["/perl5/", "/perl/", "/share/perl", "/lib/perl"]
        .iter()
        .any(|part| path.contains(part));
    Some(Frame {
        function: found["function"].to_owned(),
        path: path.to_owned(),
        line: found["line"].parse().ok(),
        in_app: is_library.then_some(false),
        ..Frame::default()
    })
}
