//! Whether code can fix it: a first look, from the event alone.

use ingest::{ErrorEvent, Exception};
use serde::Serialize;

use crate::{BugClass, trace::is_application};

/// What is to be made of a bug.
#[derive(Debug, Clone, Serialize)]
pub struct Assessment {
    /// Whether code can fix it.
    pub kind: Fixability,
    /// What went wrong.
    pub class: BugClass,
    /// Why we think so, for people.
    pub reason: String,
}

/// Whether code can fix a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixability {
    /// A defect of the program, as far as the event tells.
    Fixable,
    /// The world or the user is at fault: a patch would hide it. Or nothing tells where it happened.
    NotFixable,
    /// It may be either.
    Unsure,
}

/// Exceptions that report the state of the world. Names as the standard library and the common clients give them.
const WORLD: &[(&str, &[&str])] = &[
    (
        "a network peer refused, reset or did not answer",
        &[
            "ConnectionError",
            "ConnectionRefusedError",
            "ConnectionResetError",
            "ConnectionAbortedError",
            "BrokenPipeError",
            "TimeoutError",
            "gaierror",
            "herror",
            "timeout",
            "ConnectTimeout",
            "ReadTimeout",
            "ConnectTimeoutError",
            "NewConnectionError",
            "MaxRetryError",
            "RemoteDisconnected",
            "IncompleteRead",
            "SSLError",
            "SSLCertVerificationError",
            "ProxyError",
            "EndpointConnectionError",
            "ServiceUnavailable",
            "HTTPError",
            "URLError",
            "ClientConnectorError",
            "ServerDisconnectedError",
            "NoBrokersAvailable",
        ],
    ),
    (
        "a database refused or was away",
        &[
            "OperationalError",
            "InterfaceError",
            "InternalError",
            "ServerSelectionTimeoutError",
            "AutoReconnect",
            "PoolTimeout",
            "TooManyConnections",
        ],
    ),
    (
        "the operating system refused a file or a resource",
        &[
            "OSError",
            "IOError",
            "PermissionError",
            "FileNotFoundError",
            "IsADirectoryError",
            "NotADirectoryError",
            "FileExistsError",
            "BlockingIOError",
            "ProcessLookupError",
            "ChildProcessError",
        ],
    ),
    ("the machine was out of memory", &["MemoryError"]),
    (
        "the program was stopped",
        &[
            "KeyboardInterrupt",
            "SystemExit",
            "CancelledError",
            "GeneratorExit",
        ],
    ),
    (
        "the environment lacks a module or a setting",
        &[
            "ModuleNotFoundError",
            "ImportError",
            "ImproperlyConfigured",
            "NoCredentialsError",
            "ConfigurationError",
        ],
    ),
];

/// Name endings of exceptions that say that an input or a permission is not as it should be.
const DELIBERATE: &[&str] = &[
    "ValidationError",
    "PermissionDenied",
    "NotFound",
    "Forbidden",
    "Unauthorized",
    "BadRequest",
    "Http404",
    "HTTPException",
    "AuthenticationError",
    "RateLimitExceeded",
];

/// A first assessment of an event.
pub fn assess(event: &ErrorEvent) -> Assessment {
    let exception = event.traced();
    let class = BugClass::of(exception);
    let say = |kind, reason: String| Assessment {
        kind,
        class,
        reason,
    };
    if event.exceptions.is_empty() {
        return say(
            Fixability::NotFixable,
            "not for code: it was logged without a trace to go by".to_owned(),
        );
    }
    let name = exception.type_name.as_str();
    if let Some((reason, _)) = WORLD.iter().find(|(_, names)| names.contains(&name)) {
        return say(
            Fixability::NotFixable,
            format!("not for code: {reason} ({name})"),
        );
    }
    // The world's failure under a program's own name: `raise StorageError(…) from OSError`.
    let root = event
        .exceptions
        .iter()
        .rev()
        .find(|e| e.parent.is_some_and(|p| p.link == ingest::Link::Cause));
    if let Some((reason, root)) = root.and_then(|r| {
        WORLD
            .iter()
            .find(|(_, names)| names.contains(&r.type_name.as_str()))
            .map(|(reason, _)| (reason, r))
    }) {
        return say(
            Fixability::NotFixable,
            format!("not for code: {reason} ({} beneath {name})", root.type_name),
        );
    }
    if DELIBERATE.iter().any(|end| name.ends_with(end)) {
        return say(
            Fixability::NotFixable,
            format!("deliberate: {name} tells the caller that the input is not acceptable"),
        );
    }
    if name == "AssertionError" {
        return say(Fixability::Unsure, "an assertion of the program failed: what should hold instead is not known from the event".to_owned());
    }
    if raised_on_purpose(exception) {
        return say(
            Fixability::Unsure,
            format!("deliberate: the program itself raises {name} there"),
        );
    }
    if exception.frames.is_empty() {
        return say(
            Fixability::Unsure,
            "the event has no stack trace".to_owned(),
        );
    }
    if name == "SyntaxError" || name == "IndentationError" {
        return say(Fixability::Unsure, "the program does not parse".to_owned());
    }
    say(
        Fixability::Fixable,
        format!("{name} in the program's own logic"),
    )
}

/// Whether the innermost frame is a `raise` statement of the application.
fn raised_on_purpose(exception: &Exception) -> bool {
    let Some(frame) = exception.frames.last() else {
        return false;
    };
    let line = frame.context_line.as_deref().unwrap_or_default().trim();
    let is_raise = line.starts_with("raise ")
        && !matches!(
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .nth(1),
            Some("KeyError" | "IndexError" | "AttributeError" | "ZeroDivisionError")
        );
    is_raise && (is_application(frame) || !frame.path.contains("/lib/python"))
}

#[cfg(test)]
mod tests {
    use ingest::Frame;

    use super::*;

    #[track_caller]
    fn check(type_name: &str, source: &str, expected: Fixability) {
        let frame = Frame {
            path: "/app/x.py".into(),
            context_line: Some(source.into()),
            ..Frame::default()
        };
        let exception = Exception {
            type_name: type_name.into(),
            frames: vec![frame],
            ..Exception::default()
        };
        let found = assess(&ErrorEvent {
            exceptions: vec![exception],
            ..ErrorEvent::default()
        });
        assert_eq!(found.kind, expected, "{}", found.reason);
    }

    #[test]
    fn the_world_and_the_user_are_not_for_code() {
        check(
            "ConnectionRefusedError",
            "sock.connect(sa)",
            Fixability::NotFixable,
        );
        check("OSError", "file.write(line)", Fixability::NotFixable);
        check("ValidationError", "check(order)", Fixability::NotFixable);
        check(
            "ValueError",
            "raise ValueError(\"quantity must be positive\")",
            Fixability::Unsure,
        );
        check("AssertionError", "assert x", Fixability::Unsure);
    }

    #[test]
    fn a_message_alone_is_not_for_code() {
        let found = assess(&ErrorEvent {
            message: Some("it broke".into()),
            ..ErrorEvent::default()
        });
        assert_eq!(found.kind, Fixability::NotFixable);
        assert!(
            found.reason.contains("no") && found.reason.contains("trace"),
            "{}",
            found.reason
        );
    }

    #[test]
    fn defects_are() {
        check(
            "KeyError",
            "return order[\"discount\"]",
            Fixability::Fixable,
        );
        check("KeyError", "raise KeyError(key)", Fixability::Fixable);
        check("ValueError", "return max(widths)", Fixability::Fixable);
    }
}
