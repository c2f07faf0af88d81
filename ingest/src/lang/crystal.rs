//! Crystal: unhandled exceptions.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Frame, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
        place::Place,
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[" exception"];

static FORM: Form = Form::of(Platform::Crystal, frame);

/// `Unhandled exception: no stock (Shop::Empty)`, also `in spawn(name: cart)`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"Unhandled exception(?: in spawn(?:\(name: [^)]*\))?)?: (?P<message>.*) \((?P<type>[A-Z][\w:]*)\)$",
    )
});
/// `from src/cart.cr:12:5 in 'total'`.
static FRAME: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^from (?P<place>\S+) in '(?P<function>[^']+)'$"));

pub(crate) fn begin(line: &str, _above: Above<'_>) -> Option<Begun> {
    let line = cut(line, MAX_NAME_BYTES);
    let found = TITLE.captures(line)?;
    let exception = listed::exception(&found["type"], &found["message"]);
    Some(listed::begun(
        &FORM,
        &line[..found.get(0)?.start()],
        exception,
        0,
        "",
    ))
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let place = Place::of(found.name("place")?.as_str());
    let is_library = place.path.starts_with("lib/")
        || ["/share/crystal/", "/crystal/src/", "???"]
            .iter()
            .any(|part| place.path.contains(part));
    Some(Frame {
        function: found["function"].to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        column: place.column,
        in_app: is_library.then_some(false),
        ..Frame::default()
    })
}
