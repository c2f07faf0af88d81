//! Lua: what the stand-alone interpreter, OpenResty and others print of an error.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Location, Platform},
    lang::{
        Above, Begun,
        listed::{self, Form},
        place::Place,
    },
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
    text::prefix::Prefix,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["stack trac"];

static FORM: Form = Form {
    is_gap: |text| text.starts_with("coroutine ") || text.starts_with("(...") || text == "...",
    ..Form::of(Platform::Lua, frame)
};

/// Lines above the stack among which the error's own is looked for.
const MAX_ABOVE: usize = 4;

/// `/app/cart.lua:12: attempt to index a nil value`, `content_by_lua(nginx.conf:68):3: …`.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?P<path>(?:\w+\([^)]*\)|\[string "[^"]*"\]|[^\s:]+\.luac?|\(command line\))):(?P<line>\d+): (?P<message>.+)$"#,
    )
});
/// `/app/cart.lua:12: in function 'total'`, `[C]: in function 'error'`, `cart.lua: in main chunk`.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<place>.+?): in (?P<kind>function|method|upvalue|local|field|metamethod|main chunk)(?: ['<](?P<name>[^'>]+)['>])?(?:,? (?:client: |while ).*|,)?$",
    )
});

pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    let lead = line.strip_suffix("stack traceback:")?;
    let lead = lead.trim_end_matches([' ', '\t']);
    let prefix = Prefix::of(lead);
    let lines: Vec<String> = above.lines(&prefix).take(MAX_ABOVE).collect();
    let (n, before, exception) = lines.iter().enumerate().find_map(|(n, line)| {
        let (before, exception) = title(line)?;
        Some((n, before, exception))
    })?;
    Some(listed::begun(&FORM, lead, exception, n + 1, before))
}

fn title(line: &str) -> Option<(&str, Exception)> {
    let line = cut(line, MAX_NAME_BYTES);
    let found = TITLE.captures(line)?;
    let mut exception = listed::exception("error", &found["message"]);
    exception.location = Some(Location {
        path: found["path"].to_owned(),
        line: found["line"].parse().ok(),
        column: None,
    });
    let before = &line[..found.get(0)?.start()];
    let before = before
        .trim_end_matches("lua: ")
        .trim_end_matches("runtime error: ");
    Some((before, exception))
}

fn frame(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let place = Place::of(&found["place"]);
    let name = found.name("name").map_or("", |name| name.as_str());
    let kind = &found["kind"];
    let is_library = ["/lualib/", "/share/lua/", "/lib/lua/"];
    let is_library = place.path == "[C]" || is_library.iter().any(|part| place.path.contains(part));
    Some(Frame {
        // A function without a name is told by where it was defined.
        function: if kind == "main chunk" { kind } else { name }.to_owned(),
        path: place.path.to_owned(),
        line: place.line,
        in_app: is_library.then_some(false),
        ..Frame::default()
    })
}
