//! A stack trace without what differs between two events of one bug: paths, line numbers, versions, generated names,
//! the depth of a recursion, what frameworks and runtimes add.

mod application;
mod helper;
mod name;

use ingest::{ErrorEvent, Exception, Link};
use serde::{Deserialize, Serialize};

pub(crate) use self::application::is_application;
use self::{
    helper::is_helper,
    name::{frame_name, stable},
};

/// Frames that count, from the innermost: further out is the way in, which many bugs share.
pub(crate) const MAX_FRAMES: usize = 40;

/// What a trace says of its cause, as far as it can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// The type of the exception that surfaced, and that of its root cause where it is another.
    pub(crate) kind: String,
    /// The application's frames of the root cause, innermost first, each name once; all frames where none is the
    /// application's.
    pub(crate) frames: Vec<String>,
    /// The one of them where it went wrong: the innermost that is no helper for raising errors.
    pub(crate) site: usize,
    /// The source line there, without white space, if it was reported.
    pub(crate) line: Option<String>,
    /// Whether a test's check failed in a library of checks: what is wrong is elsewhere.
    pub(crate) is_failed_check: bool,
}

impl Trace {
    /// The trace of an event; `None` if no exception has frames.
    pub(crate) fn of(event: &ErrorEvent) -> Option<Self> {
        let root = root(event);
        let surface = event.exception();
        let app: Vec<_> = root
            .frames
            .iter()
            .rev()
            .filter(|f| is_application(f))
            .collect();
        let of: Vec<_> = if app.is_empty() {
            root.frames.iter().rev().collect()
        } else {
            app
        };
        let mut frames: Vec<String> = Vec::new();
        let mut site = None;
        let mut line = None;
        for frame in of {
            let name = frame_name(frame);
            // A recursion is as deep as its input.
            if frames.contains(&name) {
                continue;
            }
            if site.is_none() && !is_helper(&stable(&frame.function)) {
                site = Some(frames.len());
                line = frame.context_line.as_deref().map(squeezed);
            }
            frames.push(name);
            if frames.len() == MAX_FRAMES {
                break;
            }
        }
        if frames.is_empty() {
            return None;
        }
        let kind = if root.type_name == surface.type_name {
            root.type_name.clone()
        } else {
            format!("{} < {}", surface.type_name, root.type_name)
        };
        Some(Self {
            kind,
            is_failed_check: is_failed_check(root),
            site: site.unwrap_or(0),
            line: line.filter(|line| !line.is_empty()),
            frames,
        })
    }

    /// From where it went wrong outwards.
    pub(crate) fn outwards(&self) -> &[String] {
        &self.frames[self.site..]
    }
}

/// The exception that is at the bottom of the one that surfaced: what it was raised from, again and again. One that was only being
/// handled is none, nor one without frames.
fn root(event: &ErrorEvent) -> &Exception {
    let mut at = 0;
    let surface = event.traced();
    for (index, exception) in event.exceptions.iter().enumerate() {
        let is_cause = |p: ingest::Parent| p.index == at && p.link == Link::Cause;
        if exception.parent.is_some_and(is_cause) {
            at = index;
        }
    }
    match event.exceptions.get(at) {
        Some(root) if !root.frames.is_empty() => root,
        _ => surface,
    }
}

/// Whether the innermost frame is no application's, and what it raised says that something is not as a test expects.
fn is_failed_check(exception: &Exception) -> bool {
    let name = exception.type_name.as_str();
    let is_check = [
        "AssertionError",
        "AssertionFailedError",
        "ComparisonFailure",
    ]
    .iter()
    .any(|end| name.ends_with(end));
    is_check && exception.frames.last().is_some_and(|f| !is_application(f))
}

/// A source line without white space, which formatters move.
fn squeezed(line: &str) -> String {
    line.chars()
        .filter(|c| !c.is_whitespace())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use ingest::{Frame, Parent};

    use super::*;

    fn exception(type_name: &str, frames: &[(&str, &str)], parent: Option<Link>) -> Exception {
        // Given from the innermost, as most runtimes print them.
        let frames = frames.iter().rev().map(|(path, function)| Frame {
            path: (*path).into(),
            function: (*function).into(),
            ..Frame::default()
        });
        Exception {
            type_name: type_name.into(),
            frames: frames.collect(),
            parent: parent.map(|link| Parent { index: 0, link }),
            ..Exception::default()
        }
    }

    fn trace(exceptions: Vec<Exception>) -> Trace {
        let event = ErrorEvent {
            exceptions,
            ..ErrorEvent::default()
        };
        Trace::of(&event).unwrap()
    }

    #[test]
    fn runtimes_frameworks_and_helpers_are_passed_over() {
        let found = trace(vec![exception(
            "IllegalStateException",
            &[
                (
                    "Preconditions.java",
                    "com.google.common.base.Preconditions.checkState",
                ),
                ("Cart.java", "com.shop.Cart.throwEmpty"),
                ("Cart.java", "com.shop.Cart.total"),
                ("Cart.java", "com.shop.Cart.lambda$all$0"),
                ("ArrayList.java", "java.util.ArrayList.forEach"),
                ("Cart.java", "com.shop.Cart.all"),
                ("Method.java", "java.lang.reflect.Method.invoke"),
            ],
            None,
        )]);
        assert_eq!(
            found.frames,
            [
                "Cart throwEmpty",
                "Cart total",
                "Cart lambda$all",
                "Cart all"
            ]
        );
        assert_eq!(found.outwards()[0], "Cart total");
    }

    #[test]
    fn the_root_cause_counts_and_what_was_being_handled_does_not() {
        let surface = || exception("StorageError", &[("a.py", "save")], None);
        let below = |link| exception("KeyError", &[("b.py", "lookup")], Some(link));
        let caused = trace(vec![surface(), below(Link::Cause)]);
        assert_eq!(
            (caused.kind.as_str(), caused.frames[0].as_str()),
            ("StorageError < KeyError", "b.py lookup")
        );
        let handled = trace(vec![surface(), below(Link::Context)]);
        assert_eq!(
            (handled.kind.as_str(), handled.frames[0].as_str()),
            ("StorageError", "a.py save")
        );
    }

    #[test]
    fn recursion_is_folded() {
        let cycle = [("x.py", "f"), ("x.py", "g")];
        let deep = |n: usize| trace(vec![exception("RecursionError", &cycle.repeat(n), None)]);
        assert_eq!(deep(3), deep(30));
    }
}
