//! Elixir: exceptions as `Exception.format` and IEx print them. Erlang's own reports are terms, and not read here.

use crate::{
    event::{Exception, Frame, Platform},
    lang::{Above, Begun, Parsed, Step, stack::Stack},
    limits::{MAX_NAME_BYTES, cut},
    text::record,
};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &["** ("];

/// A trace under assembly.
#[derive(Debug)]
pub(crate) struct Trace {
    stack: Stack,
}

/// The exception in the line: `** (KeyError) key :x not found`.
pub(crate) fn begin(line: &str, _above: Above<'_>) -> Option<Begun> {
    let at = line.find("** (")?;
    let (class, message) = line[at + "** (".len()..].split_once(')')?;
    let is_class = class.starts_with(|c: char| c.is_ascii_uppercase())
        && class
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        || matches!(class, "exit" | "throw" | "stop" | "EXIT from");
    let is_apart = line[..at].is_empty() || line[..at].ends_with([' ', '\t', ':', '|']);
    if !is_class || !is_apart {
        return None;
    }
    let exception = Exception {
        type_name: class.to_owned(),
        message: message.trim().to_owned(),
        ..Exception::default()
    };
    Some(Begun {
        lead: line[..at].to_owned(),
        is_everywhere: false,
        n_above: 0,
        before: String::new(),
        trace: crate::lang::Trace::Elixir(Box::new(Trace {
            stack: Stack::of(exception),
        })),
    })
}

/// `    (stdlib 5.0) io.erl:94: :io.put_chars(#PID<0.114.0>, "x")`, `  graphic.ex:4: Graphics.plot/1`, `  iex:4: (file)`.
fn frame(line: &str) -> Option<Frame> {
    if !line.starts_with([' ', '\t']) {
        return None;
    }
    let text = cut(line.trim(), MAX_NAME_BYTES);
    let (module, text) = match text
        .strip_prefix('(')
        .and_then(|text| text.split_once(") "))
    {
        Some((module, rest)) => (Some(module), rest),
        None => (None, text),
    };
    let (place, function) = text.split_once(": ")?;
    let (path, number) = match place.rsplit_once(':') {
        Some((path, number)) => (path, Some(number.parse::<u32>().ok()?)),
        None => (place, None),
    };
    let is_file = [".ex", ".exs", ".erl", ".eex", ".heex", ".leex"]
        .iter()
        .any(|suffix| path.ends_with(suffix))
        || (number.is_some() && matches!(path, "iex" | "nofile" | "elixir"));
    is_file.then(|| Frame {
        function: without_arguments(function).to_owned(),
        module: module.map(str::to_owned),
        path: path.to_owned(),
        line: number,
        in_app: in_app(module, path),
        ..Frame::default()
    })
}

/// Cuts the arguments that a failed clause was called with; `/2` belongs to the name.
fn without_arguments(function: &str) -> &str {
    match function.find('(') {
        Some(open) if open > 0 && function.ends_with(')') => &function[..open],
        _ => function,
    }
}

/// Whether a file belongs to the application, where that is sure.
fn in_app(application: Option<&str>, path: &str) -> Option<bool> {
    const OWN: [&str; 7] = [
        "elixir", "stdlib", "kernel", "mix", "ex_unit", "iex", "logger",
    ];
    let name = application.and_then(|application| application.split(' ').next());
    (name.is_some_and(|name| OWN.contains(&name)) || path.starts_with("deps/")).then_some(false)
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        if let Some(frame) = frame(line) {
            self.stack.frame(0, frame);
            return Step::Taken;
        }
        // The message and its hints go on until the frames, which are indented after a blank line too.
        let has_frames = self.stack.n_frames(0) > 0;
        let is_message = line.trim().is_empty() || line.starts_with([' ', '\t']);
        if has_frames
            || !is_message
            || record::is_start(line)
            || !self.stack.message_line(0, line.trim_end())
        {
            return Step::Over;
        }
        Step::Taken
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        Parsed {
            platform: Platform::Elixir,
            exceptions: self.stack.finish(),
            ..Parsed::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames() {
        let shown = |line: &str| frame(line).map(|frame| (frame.function, frame.path, frame.line));
        let is =
            |function: &str, path: &str, line| Some((function.to_owned(), path.to_owned(), line));
        assert_eq!(
            shown("  graphic.ex:4: Graphics.plot/1"),
            is("Graphics.plot/1", "graphic.ex", Some(4))
        );
        assert_eq!(
            shown("    (stdlib 5.0) io.erl:94: :io.put_chars(#PID<0.114.0>, \"x\")"),
            is(":io.put_chars", "io.erl", Some(94))
        );
        assert_eq!(shown("    iex:4: (file)"), is("(file)", "iex", Some(4)));
        assert_eq!(shown("  * 1st argument: the device has terminated"), None);
    }
}
