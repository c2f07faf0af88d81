//! Haskell: GHC's call stacks.
//!
//! They say of each call where it was called from; in the event a frame has the place that it had reached itself.

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
pub(crate) const TRIGGERS: &[&str] = &["\nCallStack (from HasCallStack):", "ktrace:"];

/// How a stack is titled.
const TITLES: [&str; 2] = ["CallStack (from HasCallStack):", "HasCallStack backtrace:"];

static FORM: Form = Form {
    // Since 9.10 the stack comes twice.
    is_rest: |text| TITLES.contains(&text),
    outermost: Some(""),
    ..Form::of(Platform::Haskell, frame)
};

/// Lines above the stack that the message may have.
const MAX_ABOVE: usize = 12;

/// `head, called at src/Cart.hs:139:67 in shop-1.7.3-8QBd:Shop.Cart`.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<function>\S+), called at (?P<place>\S.*:\d+:\d+) in (?P<package>[^\s:]+):(?P<module>\S+)$",
    )
});
/// `shop: no stock`, `shop: Uncaught exception ghc-internal:GHC.Internal.Exception.ErrorCall:`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<program>[\w.-]+): (?:Uncaught exception (?:[\w.-]+:)?(?P<type>[\w.]+):?$)?(?P<message>.*)$",
    )
});

pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let lead = TITLES.iter().find_map(|title| line.strip_suffix(title))?;
    let prefix = Prefix::of(lead);
    let mut lines: Vec<String> = Vec::new();
    for line in above.lines(&prefix).take(MAX_ABOVE) {
        let is_title = TITLE.is_match(&line);
        let is_first = is_title || record::is_start(&line);
        lines.insert(0, line);
        if is_first {
            break;
        }
    }
    let first = lines.first()?;
    let (kind, message, before) = match TITLE.captures(first) {
        Some(found) => {
            let kind = found.name("type").map_or("ErrorCall", |kind| kind.as_str());
            let kind = kind.rsplit('.').next().unwrap_or(kind);
            (kind, found.name("message").map_or("", |m| m.as_str()), "")
        }
        None if record::is_start(first) => {
            let text = record::parse(first).message;
            ("ErrorCall", text, &first[..first.find(text).unwrap_or(0)])
        }
        // Nothing tells where the message began.
        None => {
            let n = lines.len();
            return Some(listed::begun(
                &FORM,
                lead,
                listed::exception("ErrorCall", &lines[n - 1]),
                1,
                "",
            ));
        }
    };
    let mut message = message.to_owned();
    for line in &lines[1..] {
        message.push('\n');
        message.push_str(line);
    }
    let exception = listed::exception(kind, &message);
    Some(listed::begun(&FORM, lead, exception, lines.len(), before))
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let place = Place::of(found.name("place")?.as_str());
    let package = &found["package"];
    let is_library = matches!(
        package,
        "base" | "ghc-internal" | "ghc-prim" | "containers" | "text"
    );
    Some(Frame {
        function: found["function"].to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        column: place.column,
        in_app: (is_library || place.path.starts_with("libraries/")).then_some(false),
        ..Frame::default()
    })
}
