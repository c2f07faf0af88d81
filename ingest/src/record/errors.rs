//! Records at level error or above, which are errors even where no trace follows them.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use super::{
    container::passed,
    head::{self, Head},
    layout::{Layout, continues},
    level::{ERROR_NAMES, Severity, of_letter},
};
use crate::{
    event::ErrorEvent,
    json::LEVELS,
    limits::{MAX_LOGGED_MESSAGE_BYTES, MAX_MESSAGE_LINES, MAX_NAME_BYTES, MAX_OPEN_RECORDS, cut},
    outcome::Outcomes,
};

/// What a line that begins an error record has somewhere, for a first look: it hits many others, but what it misses is
/// no error. Each is literal, so that whole chunks can be searched. Of names at least the beginning, in the three ways
/// of writing them; of letters for levels with a border.
pub(crate) const LITERALS: &[&str] = &[
    "err", "Err", "ERR", "eror", "EROR", "fatal", "Fatal", "FATAL", "ftl", "FTL", "crit", "Crit",
    "CRIT", "panic", "Panic", "PANIC", "alert", "Alert", "ALERT", "emerg", "Emerg", "EMERG",
    "fail", "Fail", "FAIL", "severe", "Severe", "SEVERE", " E ", " F ", " E0", " E1", " F0", " F1",
    "[E]", "[F]", "[C]",
];
/// The same where it is at the line's beginning: klog's and Ruby's letters, syslog's priorities, or a colour before them.
pub(crate) const FIRST_BYTES: &[u8] = b"EFA<\x1b";

/// Whether a line may begin an error record.
pub(crate) fn may_begin(line: &[u8]) -> bool {
    starts_as_an_error(line) || LITERAL.is_match(line)
}

/// Whether a line has at its beginning what begins an error record.
pub(crate) fn starts_as_an_error(line: &[u8]) -> bool {
    line.first()
        .is_some_and(|first| FIRST_BYTES.contains(first))
}

/// What a line that begins an error record has somewhere, if it has none of it at its beginning.
pub(crate) static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    let literals: Vec<String> = LITERALS.iter().map(|text| regex::escape(text)).collect();
    regex(&literals.join("|"))
});

/// A closer look at a line. What it misses is no error either.
static TEXT_TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
    let names = ERROR_NAMES.join("|");
    // syslog's priorities of severity 0 to 3.
    let priorities: Vec<String> = (0..192)
        .filter(|n| n % 8 <= 3)
        .map(|n: u8| n.to_string())
        .collect();
    let priorities = priorities.join("|");
    regex(&format!(
        r"\b(?i:{names})\b|\bFAILED\b|\b[EF]\d{{4}} \d\d:|^[EFA], \[|\b[EF]/|\d [EF] |\[[EFC]\]|^<(?:{priorities})>"
    ))
});
/// What a structured record that reports an error has somewhere: a level's field with a value that means one.
pub(crate) static JSON_TRIGGER: LazyLock<Regex> = LazyLock::new(|| json_trigger(true));
/// The same for whole chunks: a field's quote may be missing, which other fields have too, so that the search would stop
/// at each of them. (Nor has either pattern a word's border, which would keep it from leaping on after a level.)
pub(crate) static JSON_FIRST_TRIGGER: LazyLock<Regex> = LazyLock::new(|| json_trigger(false));

fn json_trigger(is_exact: bool) -> Regex {
    let named = |field: &str| {
        let quote = if is_exact || field.len() == 1 {
            "\""
        } else {
            ""
        };
        format!("{quote}{}\"", regex::escape(field))
    };
    let names = ERROR_NAMES.join("|");
    let fields: Vec<String> = LEVELS
        .iter()
        // A member of an object is written by its last name.
        .flat_map(|field| [*field, field.rsplit('.').next().unwrap_or(field)])
        .map(named)
        .collect();
    let (fields, priority) = (fields.join("|"), named("PRIORITY"));
    regex(&format!(
        r#"(?:{fields})\s*:\s*(?:"(?:(?i:{names})|[EFC])"|[56]0\W|[0-3]\W)|{priority}\s*:\s*"?[0-3]\W"#
    ))
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .build()
        .expect("a constant pattern")
}

/// Collects the error records of one stream until they are whole.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    layout: Layout,
    /// At most one of each service of Docker Compose or program of syslog.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    owner: Owner,
    event: ErrorEvent,
    n_lines: usize,
    /// Lines since the record ended, which may turn out to be the beginning of its trace.
    n_after: usize,
}

/// Lines that an error's type and message take at most before its first frame, where no head tells that they belong to the
/// record above.
const MAX_AFTER: usize = 16;

/// Whose lines can belong to a record.
#[derive(Debug, PartialEq, Eq)]
struct Owner {
    service: Option<String>,
    /// Program and process, where every line names them.
    program: Option<(Option<String>, Option<String>)>,
}

impl Errors {
    /// Whether a record is open.
    pub(crate) fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether lines matter because the layout is not known yet.
    pub(crate) fn is_learning(&self) -> bool {
        self.layout.is_learning()
    }

    /// Takes a line that belongs to no trace. Whether it is part of an error record.
    pub(crate) fn line(
        &mut self,
        line: &str,
        timestamp: Option<&str>,
        out: &mut dyn Outcomes,
    ) -> bool {
        let matters = self.is_busy() || self.is_learning();
        if !matters && !TEXT_TRIGGER.is_match(line.as_bytes()) {
            return false;
        }
        let passed = passed(line);
        let head = head::parse(passed.content);
        self.layout.learn(passed.content, &head);
        let is_start = self.layout.is_start(passed.content, &head);
        let owner = Owner::of(passed.service, &head);
        if let Some(at) = self.open.iter().position(|open| open.owner.has(&owner)) {
            let open = &mut self.open[at];
            if open.n_after > 0 && !is_start || is_start && head.start.is_none() {
                open.n_after += 1;
                if open.n_after > MAX_AFTER {
                    out.event(self.open.remove(at).event);
                }
                return false;
            }
            if !is_start || head.is_syslog && continues(head.text) {
                open.push(if is_start { head.text } else { passed.content });
                return true;
            }
            out.event(self.open.remove(at).event);
        }
        if !is_start || !head.severity().is_some_and(Severity::is_error) {
            return false;
        }
        if self.open.len() >= MAX_OPEN_RECORDS {
            out.event(self.open.remove(0).event);
        }
        self.open.push(Open {
            owner,
            event: event(&head, passed.timestamp.or(timestamp)),
            n_lines: 1,
            n_after: 0,
        });
        true
    }

    /// Gives up the record that a trace goes on which begins with this line and `n_above` before it, or that the line itself
    /// begins: if nothing comes of the trace, it is an error of its own.
    pub(crate) fn trace(
        &mut self,
        line: &str,
        n_above: usize,
        timestamp: Option<&str>,
        out: &mut dyn Outcomes,
    ) -> Option<ErrorEvent> {
        if self.open.is_empty() && !TEXT_TRIGGER.is_match(line.as_bytes()) {
            return None;
        }
        let passed = passed(line);
        let head = head::parse(passed.content);
        let is_start = self.layout.is_start(passed.content, &head);
        let owner = Owner::of(passed.service, &head);
        let own = (is_start && head.severity().is_some_and(Severity::is_error))
            .then(|| event(&head, passed.timestamp.or(timestamp)));
        let Some(at) = self.open.iter().position(|open| open.owner.has(&owner)) else {
            return own;
        };
        let Open {
            event: open,
            n_after,
            ..
        } = self.open.remove(at);
        // A logger that puts its prefix before every line begins the trace like another record.
        let is_same = |event: &ErrorEvent| {
            ["level", "logger", "thread"]
                .iter()
                .all(|key| event.attributes.get(*key) == open.attributes.get(*key))
        };
        let is_other = is_start && head.start.is_some() && !own.as_ref().is_some_and(is_same);
        if is_other || n_after > n_above {
            out.event(open);
            return own;
        }
        Some(open)
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut dyn Outcomes) {
        self.open.drain(..).for_each(|open| out.event(open.event));
    }
}

impl Owner {
    fn of(service: Option<&str>, head: &Head<'_>) -> Self {
        let own = |name: Option<&str>| name.map(|name| cut(name, MAX_NAME_BYTES).to_owned());
        Self {
            service: own(service),
            program: head.is_syslog.then(|| (own(head.logger), own(head.thread))),
        }
    }

    /// Whether lines of the other one may be this one's.
    fn has(&self, other: &Self) -> bool {
        self.service == other.service && (self.program == other.program || other.program.is_none())
    }
}

impl Open {
    fn push(&mut self, line: &str) {
        self.n_lines += 1;
        let line = line.trim_end();
        let message = self.event.message.get_or_insert_default();
        if self.n_lines <= MAX_MESSAGE_LINES
            && message.len() + line.len() < MAX_LOGGED_MESSAGE_BYTES
        {
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(if message.is_empty() {
                line.trim_start()
            } else {
                line
            });
        }
    }
}

/// An error that was logged without a trace.
fn event(head: &Head<'_>, timestamp: Option<&str>) -> ErrorEvent {
    let own = |text: Option<&str>| text.map(|text| cut(text, MAX_NAME_BYTES).to_owned());
    let level = head
        .level
        .map(|level| of_letter(level).unwrap_or(level).to_lowercase());
    let attributes = [
        ("level", level),
        ("logger", own(head.logger)),
        ("thread", own(head.thread)),
    ];
    ErrorEvent {
        timestamp: own(head.timestamp.or(timestamp)),
        message: Some(cut(head.message, MAX_LOGGED_MESSAGE_BYTES).to_owned()),
        attributes: attributes
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?))))
            .collect(),
        ..ErrorEvent::default()
    }
}
