//! What a run says: the same crash, a cure, or a crash further on.

use ingest::Exception;

use super::{
    project::Project,
    publish::Vocabulary,
    run::{Kind, Raised, Ran},
    source::{ancestors, descendants},
};
use crate::{
    candidate::{Candidate, changed_lines},
    frames::{Mapped, innermost, is_application},
};

/// Innermost frames of a recursion in which its cycle is looked for.
const RECURSION_TAIL: usize = 40;

/// Whether an exception is the event's crash: type, masked message, line of the innermost repository frame (of a
/// recursion: a function of its cycle).
pub(crate) fn same_crash(
    event: &Exception,
    mapped: &[Mapped],
    error: &Raised,
    vocabulary: &Vocabulary<'_>,
) -> Result<(), String> {
    let said = || vocabulary.masked(&first_line(&error.message));
    if error.type_name != event.type_name {
        return Err(format!(
            "the nearest attempt raised {}: {}",
            error.type_name,
            said()
        ));
    }
    let (want, have) = (
        wording(&event.type_name, &event.message),
        wording(&error.type_name, &error.message),
    );
    let agrees = want == have
        || want.is_empty()
        || want.len() > 20 && (want.starts_with(&have) || have.starts_with(&want));
    if !agrees {
        return Err(format!(
            "the nearest attempt raised the type with another message: {}",
            said()
        ));
    }
    let innermost = innermost(&event.frames, mapped);
    let (Some((path, frame)), Some(place)) = (innermost, error.place()) else {
        return Err("the nearest attempt crashed outside the repository".to_owned());
    };
    if event.type_name == "RecursionError" {
        // Where it ran out of stack is chance; the functions that call each other are not.
        let of_event: Vec<(&str, &str)> = event
            .frames
            .iter()
            .zip(mapped)
            .rev()
            .take(RECURSION_TAIL)
            .filter_map(|(f, m)| match m {
                Mapped::File(path) => Some((path.as_str(), f.function.rsplit('.').next()?)),
                _ => None,
            })
            .collect();
        let own = error.frames.iter().rev().take(RECURSION_TAIL);
        let own: Vec<(&str, &str)> = own
            .filter(|f| f.repo)
            .map(|f| (f.path.as_str(), f.function.as_str()))
            .collect();
        let n_shared = own.iter().filter(|f| of_event.contains(f)).count();
        return if n_shared * 2 > own.len() {
            Ok(())
        } else {
            Err("the nearest attempt recursed elsewhere".to_owned())
        };
    }
    let same_line = frame.line.is_none_or(|line| {
        line == place.line || place.span.is_some_and(|s| s.0 <= line && line <= s.1)
    });
    if path == place.path && same_line {
        return Ok(());
    }
    Err(format!(
        "the nearest attempt crashed at {}:{}",
        place.path, place.line
    ))
}

/// Whether two runs crash at the same place with the same type. Recursions have a place for each step: the file is enough.
pub(crate) fn is_like(error: &Raised, crash: &Raised) -> bool {
    let same_place = error.place().zip(crash.place()).is_some_and(|(a, b)| {
        a.path == b.path && (a.line == b.line || crash.type_name == "RecursionError")
    });
    error.type_name == crash.type_name && same_place
}

/// What of a message is the same whenever an exception is: where Python ran out of stack is chance, and so are its words.
pub(crate) fn wording(type_name: &str, message: &str) -> String {
    match type_name {
        "RecursionError" => String::new(),
        _ => mask(message),
    }
}

pub(crate) fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect()
}

/// A message with its values masked: numbers, quoted text, addresses.
pub(crate) fn mask(message: &str) -> String {
    let mut out = String::new();
    let mut chars = message.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' if !out.ends_with(|p: char| p.is_alphanumeric()) => {
                let mut inner = String::new();
                let mut closed = false;
                for d in chars.by_ref() {
                    if d == c {
                        closed = true;
                        break;
                    }
                    inner.push(d);
                }
                // Type and attribute names in quotes are no values.
                let is_name = closed
                    && inner.len() < 40
                    && inner
                        .chars()
                        .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
                    && !inner.chars().all(|c| c.is_ascii_digit());
                if is_name {
                    out.extend([&c.to_string(), inner.as_str(), &c.to_string()]);
                } else {
                    out.push_str("<value>");
                }
            }
            c if c.is_ascii_digit() => {
                while chars
                    .peek()
                    .is_some_and(|d| d.is_ascii_alphanumeric() || *d == '.')
                {
                    chars.next();
                }
                out.push('#');
            }
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// How a candidate's run ended.
pub(crate) enum Judged {
    /// It returns, or raises what the repository promises.
    Cured,
    /// Another crash in the repository, further on.
    Moved(Raised),
    /// The same crash, or none of our business.
    Failed,
}

/// Judges one run of the crashing script on a patched tree.
pub(crate) fn outcome(
    ran: &Ran,
    crash: &Raised,
    promised: &Promised,
    candidate: &Candidate,
    project: &Project,
) -> Judged {
    match (ran.outcome, &ran.error) {
        (Kind::Ok, _) => Judged::Cured,
        (Kind::Raised, Some(error)) => {
            if is_promised(error, crash, promised, candidate, project) {
                return Judged::Cured;
            }
            let same =
                error.type_name == crash.type_name && mask(&error.message) == mask(&crash.message);
            let same_place = in_same_function(error, crash);
            if error.place().is_none()
                || same
                    && same_place
                    && error.depth == crash.depth
                    && crash.place().is_some_and(|p| {
                        error.place().is_some_and(|q| q.line.abs_diff(p.line) <= 3)
                    })
            {
                return Judged::Failed;
            }
            if error.type_name == "SyntaxError" || error.type_name == "ImportError" {
                Judged::Failed
            } else {
                Judged::Moved(error.clone())
            }
        }
        _ => Judged::Failed,
    }
}

/// Whether a run ends in the same crash as before: same type and masked message, in the same function.
pub(crate) fn is_unchanged(ran: &Ran, crash: &Raised) -> bool {
    let Some(error) = ran.error.as_ref().filter(|_| ran.outcome == Kind::Raised) else {
        return false;
    };
    error.type_name == crash.type_name
        && wording(&error.type_name, &error.message) == wording(&crash.type_name, &crash.message)
        && in_same_function(error, crash)
}

fn in_same_function(error: &Raised, crash: &Raised) -> bool {
    let places = error.place().zip(crash.place());
    places.is_some_and(|(a, b)| a.path == b.path && a.function == b.function)
}

/// Whether an exception is one that the code promises: raised by the candidate's own rule or by a handler it widened,
/// and named by a docstring, a handler above, or the module itself.
fn is_promised(
    error: &Raised,
    crash: &Raised,
    promised: &Promised,
    candidate: &Candidate,
    project: &Project,
) -> bool {
    if error.type_name == crash.type_name || error.place().is_none() {
        return false;
    }
    if promised.includes(error)
        && !matches!(error.type_name.as_str(), "Exception" | "BaseException")
    {
        return true;
    }
    if candidate.is_given() {
        return is_named_there(error, project);
    }
    let by_rule = candidate.rules.iter().any(|r| {
        matches!(
            *r,
            "raise the declared error" | "widen the handler" | "handle as a sibling method does"
        )
    });
    // An error class of the repository's own, or a built-in one that the file raises itself.
    let own = project
        .sources()
        .any(|p| project.module_of(p).as_deref() == Some(&error.module));
    let raised_there = candidate.files.keys().any(|p| {
        project
            .read(p)
            .is_some_and(|t| t.contains(&format!("raise {}", error.type_name)))
    });
    by_rule && (own || raised_there)
}

/// Whether an exception is no crash but how the function that raises it answers to what it cannot take.
pub(crate) fn is_answer(error: &Raised, crash: &Raised, project: &Project) -> bool {
    error.type_name != crash.type_name
        && !matches!(error.type_name.as_str(), "Exception" | "BaseException")
        && is_named_there(error, project)
}

/// Whether the function that raises, or one around it, named the exception before: in a `raise`, a handler or a docstring.
fn is_named_there(error: &Raised, project: &Project) -> bool {
    let Some((place, file)) = error
        .place()
        .and_then(|p| Some((p, project.file(&p.path)?)))
    else {
        return false;
    };
    descendants(file.root())
        .into_iter()
        .filter(|n| n.kind() == "function_definition" && file.name_of(*n) == place.function)
        .filter_map(|n| {
            let around = ancestors(n).filter(|n| n.kind() == "function_definition");
            around.last()
        })
        .any(|n| file.text_of(n).contains(&error.type_name))
}

/// Exceptions that somebody expects here.
#[derive(Debug, Default)]
pub(crate) struct Promised {
    /// Handled by the code that called the repository: a part of its contract.
    pub(crate) by_callers: Vec<String>,
    /// Handled by the repository's own functions on the stack, as a rule for all that they do.
    pub(crate) by_handlers: Vec<String>,
}

impl Promised {
    fn includes(&self, error: &Raised) -> bool {
        self.by_callers
            .iter()
            .chain(&self.by_handlers)
            .any(|p| error.mro.contains(p))
    }
}

/// Exceptions that the callers visible in the trace handle.
pub(crate) fn promised(event: &Exception, mapped: &[Mapped], project: &Project) -> Promised {
    let mut out = Promised::default();
    for (frame, mapped) in event.frames.iter().zip(mapped) {
        match mapped {
            Mapped::File(path) => {
                if let Some((file, line)) = project.file(path).zip(frame.line)
                    && let Some(function) = file.function_at(line)
                {
                    handled(file.text_of(function).lines(), &mut out.by_handlers);
                }
            }
            _ if is_application(frame) => handled(
                frame
                    .pre_context
                    .iter()
                    .chain(&frame.context_line)
                    .chain(&frame.post_context)
                    .map(String::as_str),
                &mut out.by_callers,
            ),
            _ => {}
        }
    }
    out
}

fn handled<'t>(lines: impl Iterator<Item = &'t str>, out: &mut Vec<String>) {
    for line in lines.map(str::trim) {
        let caught = line
            .strip_prefix("except ")
            .or_else(|| line.split_once("suppress(").map(|(_, rest)| rest))
            .or_else(|| line.strip_prefix(":raises "));
        for name in caught
            .unwrap_or_default()
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
            .take_while(|w| *w != "as")
        {
            let bare = name.rsplit('.').next().unwrap_or(name);
            if bare.starts_with(char::is_uppercase)
                && !matches!(bare, "Exception" | "BaseException")
                && !out.iter().any(|o| o == bare)
            {
                out.push(bare.to_owned());
            }
        }
    }
}

/// Lines that a candidate adds and removes.
pub(crate) fn n_changed(candidate: &Candidate, project: &Project) -> usize {
    candidate
        .files
        .iter()
        .map(|(path, text)| changed_lines(&project.read(path).unwrap_or_default(), text))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &str) {
        assert_eq!(mask(message), expected);
    }

    #[test]
    fn messages_lose_their_values() {
        check(
            "invalid literal for int() with base 10: '12 a'",
            "invalid literal for int() with base #: <value>",
        );
        check(
            "'NoneType' object has no attribute 'strip'",
            "'NoneType' object has no attribute 'strip'",
        );
        check("timeout after 35.2s", "timeout after #");
    }
}
