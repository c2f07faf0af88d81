//! One traceback with its chain, line by line.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    line::{
        Strictness, connector, exception_line, frame_line, is_elision, is_header, is_value_line,
        location_line, marks, repeated,
    },
    message::{is_complete, is_unfinished},
    split_type,
};
use crate::{
    event::{Exception, Frame, Link},
    lang::{
        Ending, Step,
        chain::{Frames, Node, flatten},
    },
    limits::{
        MAX_CONTEXT_LINES, MAX_EXCEPTIONS, MAX_FOREIGN_LINES, MAX_GROUP_DEPTH, MAX_MESSAGE_BYTES,
        MAX_MESSAGE_LINES, MAX_SOURCE_LINE_BYTES, cut,
    },
    text::record,
};

/// Lines under one frame (source, marks, loguru's values) before they must be something else.
const MAX_DETAILS: usize = 128;

/// A traceback under assembly.
///
/// Lines arrive without the logger's prefix. [`Trace::finish`] gives what was complete.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The chain at the surface, then the member chains of open groups, outermost first. Never empty.
    levels: Vec<Level>,
    ending: Ending,
    /// Whether a group's margin has been seen.
    has_margin: bool,
    n_foreign: usize,
    n_exceptions: usize,
    syntax_error: Option<Value>,
    is_bare: bool,
}

/// A chain of exceptions under assembly.
#[derive(Debug, Default)]
struct Level {
    chain: VecDeque<Node>,
    current: Option<Building>,
    is_group_over: bool,
}

/// An exception under assembly.
#[derive(Debug, Default)]
struct Building {
    frames: Frames,
    members: Vec<Vec<Node>>,
    name: Option<String>,
    message: Vec<String>,
    message_bytes: usize,
    n_blank: usize,
    source: Source,
    syntax: Option<Syntax>,
    has_foreign: bool,
    n_details: usize,
}

/// What of the last frame's source lines has been read.
#[derive(Debug, Default, PartialEq)]
enum Source {
    #[default]
    None,
    /// The line itself; its indentation, to place the marks.
    Line { indent: usize },
    /// More lines or marks.
    More { indent: usize },
    /// Lines were left out, so that what follows is not adjacent.
    Elided,
}

/// The place that a `SyntaxError` tells instead of a frame.
#[derive(Debug)]
struct Syntax {
    path: String,
    line: u32,
    text: Option<String>,
}

impl Trace {
    /// A trace whose header line has been read.
    pub(crate) fn new(ending: Ending, is_group: bool) -> Self {
        let level = Level {
            current: Some(Building::default()),
            ..Level::default()
        };
        Self {
            levels: vec![level],
            ending,
            has_margin: is_group,
            n_foreign: 0,
            n_exceptions: 1,
            syntax_error: None,
            is_bare: false,
        }
    }

    /// A trace without a header: CPython prints a `SyntaxError` of its main program so.
    pub(crate) fn at_location(ending: Ending, path: String, line: u32) -> Self {
        let mut trace = Self::new(ending, false);
        trace.is_bare = true;
        if let Some(building) = trace.top().current.as_mut() {
            building.syntax = Some(Syntax {
                path,
                line,
                text: None,
            });
        }
        trace
    }

    /// Says how messages end, once the kind of log is known.
    pub(crate) fn set_ending_unless_whole(&mut self, ending: Ending) {
        if self.ending != Ending::Whole {
            self.ending = ending;
        }
    }

    /// Whether there was no header, so that it may be something else that names a file.
    pub(crate) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// Takes the next line.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        if self.is_bare && !self.is_of_syntax_error(line) {
            return Step::Over;
        }
        let step = match self.margin(line) {
            // CPython closes several groups that end together with the innermost one's line.
            Margin::None if self.levels.len() > 1 && self.top().is_group_over => {
                self.close_to(0);
                self.body(line, false)
            }
            Margin::None if self.levels.len() > 1 => {
                if connector(line).is_some() || is_header(line) {
                    Step::Over
                } else {
                    Step::Foreign
                }
            }
            Margin::None => self.body(line, false),
            Margin::Bar { level, body } => {
                self.close_to(level);
                if level + 1 == self.levels.len() {
                    self.body(body, true)
                } else {
                    Step::Foreign
                }
            }
            Margin::Member { level } => self.open_member(level),
            Margin::Close { level } => {
                self.close_to(level.saturating_sub(1));
                self.top().is_group_over = true;
                Step::Taken
            }
        };
        if step == Step::Foreign {
            self.n_foreign += 1;
            if let Some(building) = self.top().current.as_mut() {
                building.has_foreign = true;
            }
            if self.n_foreign > MAX_FOREIGN_LINES {
                return Step::Over;
            }
        }
        step
    }

    /// Without a header, only a few source lines and then a `SyntaxError` make a trace.
    fn is_of_syntax_error(&self, line: &str) -> bool {
        const NAMES: [&str; 3] = ["SyntaxError", "IndentationError", "TabError"];
        let building = self.levels[0].current.as_ref();
        building.is_some_and(|building| building.name.is_some())
            || line.starts_with([' ', '\t'])
            || exception_line(line, Strictness::Anywhere)
                .is_some_and(|(name, _)| NAMES.contains(&name))
    }

    /// Whether the exception's own line is still to come.
    pub(crate) fn is_torn(&self) -> bool {
        self.levels.len() == 1
            && self.levels[0]
                .current
                .as_ref()
                .is_none_or(|building| building.name.is_none())
    }

    /// The exceptions in the event's order; empty if the trace is torn. `fallback` is the exception's line if it
    /// was printed elsewhere.
    pub(crate) fn finish(mut self, fallback: Option<&str>) -> (Vec<Exception>, Option<Value>) {
        self.close_to(0);
        let ending = self.ending;
        if let Some((name, message)) =
            fallback.and_then(|line| exception_line(line, Strictness::Expected))
            && let Some(building) = self.top().current.as_mut()
            && building.name.is_none()
        {
            building.start_message(name, message);
        }
        let is_torn = self.is_torn();
        self.end_current(None);
        let mut exceptions = Vec::new();
        let chain: Vec<Node> = self.levels.swap_remove(0).chain.into();
        // A torn chain whose last traceback has no exception tells nothing about what surfaced.
        if !is_torn || (ending == Ending::Whole && !chain.is_empty()) {
            flatten(chain, None, &mut exceptions);
        }
        (exceptions, self.syntax_error)
    }

    fn top(&mut self) -> &mut Level {
        self.levels
            .last_mut()
            .expect("there is always a surface level")
    }

    /// Handles a line within its level, without its margin.
    fn body(&mut self, body: &str, in_margin: bool) -> Step {
        let ending = self.ending;
        let is_inner = self.levels.len() > 1;
        let Some(building) = self.top().current.as_mut() else {
            return self.expect_next(body, in_margin);
        };
        if building.name.is_some() {
            if let Some(link) = connector(body) {
                self.end_current(Some(link));
                return Step::Taken;
            }
            if is_header(body) && !is_inner {
                return Step::Over;
            }
            if self.top().is_group_over {
                return if body.trim().is_empty() {
                    Step::Taken
                } else {
                    Step::Over
                };
            }
            let ending = if in_margin || is_inner {
                Ending::Whole
            } else {
                ending
            };
            return self.top().current.as_mut().map_or(Step::Over, |building| {
                building.continue_message(body, ending)
            });
        }
        if !in_margin && is_header(body) {
            return Step::Over;
        }
        building.add_line(body)
    }

    /// Between two exceptions, or before the first of a group's member.
    fn expect_next(&mut self, body: &str, in_margin: bool) -> Step {
        if body.trim().is_empty() {
            return Step::Taken;
        }
        if is_header(body) {
            self.has_margin |= body.contains("Exception Group");
            return self.start();
        }
        let strictness = if in_margin {
            Strictness::Expected
        } else {
            Strictness::Anywhere
        };
        if let Some((name, message)) = exception_line(body, strictness) {
            let (name, message) = (name.to_owned(), message.to_owned());
            self.start();
            if let Some(building) = self.top().current.as_mut() {
                building.start_message(&name, &message);
            }
            return Step::Taken;
        }
        if in_margin && body.trim_start().starts_with("and ") {
            return Step::Taken; // "and 3 more exceptions"
        }
        Step::Foreign
    }

    fn start(&mut self) -> Step {
        self.n_exceptions += 1;
        self.top().current = Some(Building::default());
        self.top().is_group_over = false;
        Step::Taken
    }

    fn open_member(&mut self, level: usize) -> Step {
        if level == 0
            || level > MAX_GROUP_DEPTH
            || level > self.levels.len()
            || self.levels[level - 1].current.is_none()
        {
            return Step::Foreign;
        }
        self.close_to(level - 1);
        self.levels.push(Level::default());
        Step::Taken
    }

    /// Closes the levels above this one; their chains become members of the exception they stand under.
    fn close_to(&mut self, level: usize) {
        while self.levels.len() > level + 1 {
            self.end_current(None);
            let Some(closed) = self.levels.pop() else {
                return;
            };
            self.top().is_group_over = true;
            let has_room = self.n_exceptions <= MAX_EXCEPTIONS;
            if let Some(building) = self.top().current.as_mut()
                && !closed.chain.is_empty()
                && has_room
            {
                building.members.push(closed.chain.into());
            }
        }
    }

    /// Puts the exception under assembly into its chain, if it is complete.
    fn end_current(&mut self, link: Option<Link>) {
        let Some(building) = self.top().current.take() else {
            return;
        };
        if building.syntax.is_some() {
            self.syntax_error = building.syntax.as_ref().map(Syntax::to_json);
        }
        if let Some(node) = building.into_node(link) {
            let chain = &mut self.top().chain;
            chain.push_back(node);
            if chain.len() > MAX_EXCEPTIONS {
                chain.pop_front();
            }
        }
    }

    /// Splits off a group's margin (`  | `, `  +-+---- 1 ----`), which CPython indents by two columns a level.
    fn margin<'a>(&mut self, line: &'a str) -> Margin<'a> {
        let rest = line.trim_start_matches(' ');
        let columns = line.len() - rest.len();
        if !(self.has_margin || columns >= 2 && rest.starts_with("+ Exception Group Traceback")) {
            return Margin::None;
        }
        if columns < 2 || columns / 2 > MAX_GROUP_DEPTH + 1 {
            return Margin::None;
        }
        let level = columns / 2 - 1;
        if let Some(body) = rest.strip_prefix('|') {
            return Margin::Bar {
                level,
                body: body.strip_prefix(' ').unwrap_or(body),
            };
        }
        let Some(rest) = rest.strip_prefix('+') else {
            return Margin::None;
        };
        if rest.starts_with("-+-") {
            return Margin::Member { level: level + 1 };
        }
        if let Some(body) = rest.strip_prefix(' ') {
            return Margin::Bar { level, body };
        }
        if !rest.starts_with("---") {
            return Margin::None;
        }
        if rest.trim_end().bytes().all(|byte| byte == b'-') {
            Margin::Close { level }
        } else {
            Margin::Member { level }
        }
    }
}

enum Margin<'a> {
    None,
    /// Text of the given level.
    Bar {
        level: usize,
        body: &'a str,
    },
    /// The title of the next member, whose text has the given level.
    Member {
        level: usize,
    },
    /// The line under the last member of that level.
    Close {
        level: usize,
    },
}

impl Building {
    /// A line before the exception's own.
    fn add_line(&mut self, body: &str) -> Step {
        if body.trim().is_empty() {
            self.n_blank += 1;
            return if self.n_blank > 2 {
                Step::Foreign
            } else {
                Step::Taken
            };
        }
        if let Some(frame) = frame_line(body) {
            self.frames.push(frame);
            self.source = Source::None;
            self.n_blank = 0;
            self.n_details = 0;
            return Step::Taken;
        }
        if let Some((path, line)) = location_line(body) {
            self.syntax = Some(Syntax {
                path,
                line,
                text: None,
            });
            self.n_blank = 0;
            return Step::Taken;
        }
        let indent = body.len() - body.trim_start().len();
        if indent > 0 {
            self.n_blank = 0;
            return self.add_detail(body, indent);
        }
        let is_expected = !self.has_foreign && (!self.frames.is_empty() || self.syntax.is_some());
        let strictness = if is_expected {
            Strictness::Expected
        } else {
            Strictness::Anywhere
        };
        if !record::is_start(body)
            && let Some((name, message)) = exception_line(body, strictness)
        {
            self.start_message(name, message);
            return Step::Taken;
        }
        Step::Foreign
    }

    /// An indented line under a frame: source, marks, values.
    fn add_detail(&mut self, body: &str, indent: usize) -> Step {
        let text = cut(body.trim(), MAX_SOURCE_LINE_BYTES);
        self.n_details += 1;
        if self.n_details > MAX_DETAILS {
            return Step::Foreign;
        }
        if let Some(syntax) = self.syntax.as_mut() {
            if syntax.text.is_none() && marks(body).is_none() {
                syntax.text = Some(text.to_owned());
            }
            return Step::Taken;
        }
        let Some(frame) = self.frames.last() else {
            return Step::Foreign;
        };
        if let Some(n) = repeated(body) {
            frame.repeated = n;
            return Step::Taken;
        }
        if is_value_line(body) {
            self.source = Source::Elided;
            return Step::Taken;
        }
        if is_elision(body) {
            self.source = Source::Elided;
            return Step::Taken;
        }
        match self.source {
            Source::None => {
                frame.context_line = Some(text.to_owned());
                self.source = Source::Line { indent };
            }
            Source::Line { indent: base } => {
                if let Some(range) = marks(body) {
                    frame.columns =
                        columns(frame.context_line.as_deref().unwrap_or(""), base, range);
                } else {
                    push_source(frame, body, base);
                }
                self.source = Source::More { indent: base };
            }
            Source::More { indent: base } => {
                if marks(body).is_none() {
                    push_source(frame, body, base);
                }
            }
            Source::Elided => {}
        }
        Step::Taken
    }

    fn start_message(&mut self, name: &str, message: &str) {
        self.name = Some(name.to_owned());
        let message = cut(message, MAX_MESSAGE_BYTES);
        self.message_bytes = message.len();
        self.message = vec![message.to_owned()];
        self.n_blank = 0;
    }

    /// A line after the exception's own: more of the message, a note, or the next thing.
    fn continue_message(&mut self, body: &str, ending: Ending) -> Step {
        if body.trim().is_empty() {
            self.n_blank += 1;
            return Step::Taken;
        }
        let goes_on = match ending {
            Ending::Whole => true,
            Ending::Record => self.n_blank <= 2 && !record::is_start(body),
            Ending::Plain => self.n_blank == 0 && !record::is_start(body),
            Ending::Prefixed => {
                !record::is_start(body)
                    && (self.n_blank == 0 && body.starts_with([' ', '\t'])
                        || self.message.last().is_some_and(|last| is_unfinished(last)))
            }
        };
        if !goes_on || (self.message.len() >= MAX_MESSAGE_LINES && ending != Ending::Whole) {
            return Step::Over;
        }
        if self.message.len() + self.n_blank < MAX_MESSAGE_LINES
            && self.message_bytes + body.len() < MAX_MESSAGE_BYTES
        {
            self.message
                .extend((0..self.n_blank).map(|_| String::new()));
            self.message.push(body.trim_end().to_owned());
            self.message_bytes += body.len();
        }
        self.n_blank = 0;
        Step::Taken
    }

    fn into_node(self, link: Option<Link>) -> Option<Node> {
        let (module, type_name) = split_type(&self.name?);
        let frames = self.frames.into_vec();
        let mut lines = self.message;
        let first = lines.first().map_or("", String::as_str);
        let raising = frames
            .last()
            .and_then(|frame| frame.context_line.as_deref());
        let notes = if lines.len() > 1 && is_complete(&type_name, first, raising) {
            lines.split_off(1)
        } else {
            Vec::new()
        };
        let mut message = lines.join("\n");
        if let Some(syntax) = &self.syntax {
            // What `str(error)` says of a SyntaxError with a place, so that text and structured reports agree.
            let name = syntax
                .path
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or(&syntax.path);
            message = format!("{message} ({name}, line {})", syntax.line);
        }
        let exception = Exception {
            type_name,
            module,
            message,
            notes,
            frames,
            parent: None,
            ..Exception::default()
        };
        Some(Node {
            exception,
            link,
            members: self.members,
        })
    }
}

impl Syntax {
    fn to_json(&self) -> Value {
        json!({ "path": self.path, "line": self.line, "text": self.text })
    }
}

/// Adds a further source line, its indentation relative to the first one's kept.
fn push_source(frame: &mut Frame, body: &str, base: usize) {
    if frame.post_context.len() < MAX_CONTEXT_LINES {
        let indent = body.len() - body.trim_start().len();
        let line = &body[indent.min(base)..];
        frame
            .post_context
            .push(cut(line.trim_end(), MAX_SOURCE_LINE_BYTES).to_owned());
    }
}

/// Marks as a range of bytes of the stripped source line; they were printed under its characters.
fn columns(source: &str, indent: usize, (start, end): (usize, usize)) -> Option<(u32, u32)> {
    let byte_of = |column: usize| {
        source
            .char_indices()
            .nth(column)
            .map_or(source.len(), |(at, _)| at)
    };
    let start = byte_of(start.checked_sub(indent)?);
    let end = byte_of(end - indent);
    (start < end).then_some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}
