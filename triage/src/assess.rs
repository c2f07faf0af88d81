//! Whether code can fix it, from the event alone.
//!
//! The chain is looked at from its root up; in each exception first the type, as its runtime's table knows it, then the
//! words of the message, then how clients name their types. Then the stack: what was raised on purpose, and what lies
//! wholly inside a dependency. Of an error that was logged without a trace only the words tell.

mod crystal;
mod dart;
mod dotnet;
mod elixir;
mod go;
mod haskell;
mod javascript;
mod json;
mod julia;
mod jvm;
mod library;
mod lua;
mod names;
mod native;
mod ocaml;
mod perl;
mod php;
mod probability;
mod python;
mod ruby;
mod rule;
mod rust;
mod swift;
mod words;

use ingest::{ErrorEvent, Exception, Link, Platform};
use serde::{Deserialize, Serialize};

use crate::{BugClass, trace::is_application};
use probability::probability;
use rule::{Match, Rule, bare, first};

/// How much of a message is looked at, in bytes: what decides stands at its beginning.
const MAX_MESSAGE_BYTES: usize = 4096;

/// How many exceptions of a chain are looked at, those nearest to the root.
const MAX_CHAIN: usize = 32;

/// What is to be made of a bug.
#[derive(Debug, Clone, Serialize)]
pub struct Assessment {
    /// Whether code can fix it.
    pub kind: Fixability,
    /// What went wrong.
    pub class: BugClass,
    /// Why we think so, for people.
    pub reason: String,
    /// What the on-call should look at, in one sentence; empty where there is nothing to say.
    pub advice: String,
    /// The words or the type that decided; empty if none did.
    pub evidence: String,
    /// How likely code can fix it, in `0.0..=1.0`: of the labelled errors of which the same was said the share that people call
    /// fixable, drawn to that of the whole verdict where there are few ([`crate::History::corrected`] adds what was tried).
    pub probability: f64,
}

impl Assessment {
    pub(crate) fn new(
        kind: Fixability,
        class: BugClass,
        reason: String,
        advice: &str,
        evidence: String,
    ) -> Self {
        Self {
            kind,
            class,
            reason,
            advice: advice.to_owned(),
            evidence,
            probability: probability(kind, class).0,
        }
    }

    /// How many labelled errors the probability is worth.
    pub(crate) fn n_labelled(&self) -> f64 {
        probability(self.kind, self.class).1
    }
}

/// Whether code can fix a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixability {
    /// A defect of the program, as far as the event tells.
    Fixable,
    /// The world or the user is at fault: a patch would hide it. Or nothing tells where it happened.
    NotFixable,
    /// It may be either.
    Unsure,
}

/// What is known of a runtime.
struct Runtime {
    /// Types and words that mean one thing.
    rules: &'static [Rule],
    /// Types that mean something only where the message's words do not.
    late: &'static [Rule],
    /// Types that the runtime itself does not throw.
    raised: &'static [&'static str],
}

/// An assessment of an event.
pub fn assess(event: &ErrorEvent) -> Assessment {
    if event.exceptions.is_empty() {
        return logged(event);
    }
    let runtimes = runtimes(event.platform);
    let surfaced = event.exception();
    let traced = event.traced();
    let causes = linked(event, &[Link::Cause, Link::Member]);
    let contexts = linked(event, &[Link::Context]);

    // The world's failure under a program's own name: `raise StorageError(…) from OSError`. Root first.
    let found: Vec<(&Exception, Found)> = causes
        .into_iter()
        .chain([surfaced])
        .map(|exception| (exception, look(exception, runtimes, traced)))
        .collect();
    if let Some(assessment) = not_for_code(&found, surfaced) {
        return assessment;
    }
    let own = found
        .last()
        .map(|(_, found)| found.clone())
        .unwrap_or_default();
    // What was being handled counts where the exception itself does not say what it is.
    if !matches!(own, Found::Sure(_)) {
        let found: Vec<_> = contexts
            .into_iter()
            .map(|exception| (exception, look(exception, runtimes, traced)))
            .collect();
        if let Some(assessment) = not_for_code(&found, surfaced) {
            return assessment;
        }
    }
    let name = bare(&traced.type_name);
    let code = found
        .iter()
        .find_map(|(exception, found)| Some((*exception, found.matched()?)));
    let class = code.map_or(BugClass::Other, |(_, found)| found.class);
    let evidence = code.map_or_else(String::new, |(_, found)| found.evidence.clone());
    let say = |kind, reason: String| {
        Assessment::new(kind, class, reason, class.advice(), evidence.clone())
    };
    let unsure = |reason: String| say(Fixability::Unsure, reason);

    if name.ends_with("AssertionError") || traced.message.starts_with("assertion ") {
        return unsure("an assertion of the program failed: what should hold instead is not known from the event".to_owned());
    }
    if raised_on_purpose(traced) {
        return unsure(format!(
            "deliberate: the program itself raises {name} there"
        ));
    }
    if is_foreign(event) {
        let class = BugClass::InDependency;
        let reason = format!("not for code: {} ({name})", class.what());
        let innermost = traced.frames.last();
        let evidence = innermost.map_or_else(String::new, |f| f.path.clone());
        return Assessment::new(
            Fixability::NotFixable,
            class,
            reason,
            class.advice(),
            evidence,
        );
    }
    if own.is_sure() || found.iter().any(|(_, found)| found.is_sure()) {
        return say(
            Fixability::Fixable,
            format!("{name} in the program's own logic"),
        );
    }
    if traced.frames.is_empty() && traced.location.is_none() {
        return unsure("the event has no stack trace".to_owned());
    }
    if matches!(name, "SyntaxError" | "IndentationError" | "ParseError") {
        return unsure("the program does not parse, or it read something that does not".to_owned());
    }
    match code {
        Some((exception, _)) if !is_thrown(event.platform, exception) => say(
            Fixability::Fixable,
            format!("{name} in the program's own logic"),
        ),
        _ if runtimes.iter().any(|r| r.raised.contains(&name)) || code.is_some() => unsure(
            format!("deliberate: the program itself raises {name} there"),
        ),
        _ => unsure(format!(
            "{name} is a type of the program's own or of a library: whether it is raised on purpose is not known from the event"
        )),
    }
}

/// What a look at one exception brought.
#[derive(Debug, Clone, Default)]
enum Found {
    /// The type, or its message, means one thing.
    Sure(Match),
    /// Most likely that.
    Likely(Match),
    #[default]
    Nothing,
}

impl Found {
    fn matched(&self) -> Option<&Match> {
        match self {
            Self::Sure(found) | Self::Likely(found) => Some(found),
            Self::Nothing => None,
        }
    }

    fn is_sure(&self) -> bool {
        matches!(self, Self::Sure(_))
    }
}

fn look(exception: &Exception, runtimes: &[Runtime], traced: &Exception) -> Found {
    let message = lower(&exception.message);
    let type_name = bare(&exception.type_name);
    if is_environment(traced) {
        return Found::Sure(Match {
            class: BugClass::Configuration,
            evidence: exception.type_name.clone(),
        });
    }
    let rules = |name: &str, message: &str| {
        runtimes
            .iter()
            .find_map(|runtime| first(runtime.rules, name, message))
    };
    if let Some(found) = rules(type_name, &message) {
        return Found::Sure(found);
    }
    if json::is_decoding(type_name, &message) {
        let evidence = type_name.to_owned();
        return json::class(&message, &traced.frames).map_or(Found::Nothing, |class| {
            Found::Sure(Match { class, evidence })
        });
    }
    // A wrapper's message quotes what it wraps: `java.lang.RuntimeException: a.b.CException: …`.
    let quoted = quoted(&exception.message).find_map(|(name, rest)| rules(name, &lower(rest)));
    first(names::DELIBERATE, type_name, &message)
        .or(quoted)
        .or_else(|| first(words::WORLD, type_name, &message))
        .map(Found::Sure)
        .or_else(|| {
            let late = |runtime: &Runtime| first(runtime.late, type_name, &message);
            runtimes.iter().find_map(late).map(Found::Likely)
        })
        .or_else(|| first(names::CLIENTS, type_name, &message).map(Found::Likely))
        .unwrap_or_default()
}

/// The types that a message quotes, each with what follows.
fn quoted(message: &str) -> impl Iterator<Item = (&str, &str)> {
    message
        .lines()
        .next()
        .unwrap_or_default()
        .match_indices(": ")
        .take(4)
        .filter_map(|(at, _)| {
            let name = message[..at].rsplit([' ', ':', '(', '"']).next()?;
            let name = bare(name);
            (name.ends_with("Exception") || name.ends_with("Error"))
                .then_some((name, &message[at + 2..]))
        })
}

/// The answer for the first of the exceptions that is not for code.
fn not_for_code(found: &[(&Exception, Found)], surfaced: &Exception) -> Option<Assessment> {
    let (exception, found) = found.iter().find_map(|(exception, found)| {
        let found = found.matched()?;
        (!found.class.is_code()).then_some((*exception, found))
    })?;
    let name = exception.type_name.as_str();
    let class = found.class;
    let reason = match class {
        BugClass::Validation | BugClass::UserInput => {
            format!("deliberate: {name} tells the caller that the input is not acceptable")
        }
        _ if std::ptr::eq(exception, surfaced) => {
            format!("not for code: {} ({name})", class.what())
        }
        _ => format!(
            "not for code: {} ({name} beneath {})",
            class.what(),
            surfaced.type_name
        ),
    };
    Some(Assessment::new(
        Fixability::NotFixable,
        class,
        reason,
        class.advice(),
        found.evidence.clone(),
    ))
}

/// What the words of an error say that was logged without a trace.
fn logged(event: &ErrorEvent) -> Assessment {
    let message = lower(event.message.as_deref().unwrap_or_default());
    let found = first(words::WORLD, "", &message);
    let class = found.as_ref().map_or(BugClass::Other, |found| found.class);
    let reason = match found {
        Some(_) => format!("not for code: {} (logged without a trace)", class.what()),
        None => "not for code: it was logged without a trace to go by".to_owned(),
    };
    Assessment::new(
        Fixability::NotFixable,
        class,
        reason,
        class.advice(),
        found.map_or_else(String::new, |found| found.evidence),
    )
}

/// The exceptions that hang on others in one of the ways, the root first.
fn linked<'a>(event: &'a ErrorEvent, links: &[Link]) -> Vec<&'a Exception> {
    let is_linked = |exception: &&Exception| {
        exception
            .parent
            .is_some_and(|parent| links.contains(&parent.link))
    };
    let all = event.exceptions.iter().rev().filter(is_linked);
    all.take(MAX_CHAIN).collect()
}

/// The beginning of a text in lower case.
fn lower(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)].to_lowercase()
}

/// Whether the innermost frame is a statement of the application that raises.
fn raised_on_purpose(exception: &Exception) -> bool {
    let Some(frame) = exception.frames.last() else {
        return false;
    };
    let line = frame.context_line.as_deref().unwrap_or_default().trim();
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_raise = matches!(
        words.next(),
        Some(
            "raise" | "throw" | "panic" | "fatalError" | "preconditionFailure" | "die" | "failwith"
        )
    ) && !matches!(
        words.find(|word| !word.is_empty() && *word != "new"),
        Some("KeyError" | "IndexError" | "AttributeError" | "ZeroDivisionError")
    );
    is_raise && (is_application(frame) || !frame.path.contains("/lib/python"))
}

/// Whether a variable of the environment was asked for that is not set. Python's `os.environ` looks it up in a frame of its
/// own.
fn is_environment(exception: &Exception) -> bool {
    let innermost = exception.frames.last();
    exception.type_name == "KeyError"
        && innermost.is_some_and(|frame| {
            let line = lower(frame.context_line.as_deref().unwrap_or_default());
            let reads = ["environ[", "environment[", "env[", "env.fetch("];
            frame.path.ends_with("/os.py") || reads.iter().any(|read| line.contains(read))
        })
}

/// Whether no frame of the chain is the application's own.
fn is_foreign(event: &ErrorEvent) -> bool {
    let mut frames = event.exceptions.iter().flat_map(|e| &e.frames).peekable();
    frames.peek().is_some()
        && frames.all(library::is_library)
        && event.exceptions.iter().all(|e| e.location.is_none())
}

/// Whether a type of wide use comes from a `throw` of the application: in these runtimes no operator throws it, so that
/// the runtime's own code would be the innermost frame.
fn is_thrown(platform: Platform, exception: &Exception) -> bool {
    let is_compiled = matches!(
        platform,
        Platform::Java
            | Platform::Kotlin
            | Platform::Scala
            | Platform::Clojure
            | Platform::Groovy
            | Platform::CSharp
            | Platform::Dart
            | Platform::Elixir
    );
    let innermost = exception.frames.last();
    is_compiled && innermost.is_none_or(|frame| frame.in_app != Some(false))
}

macro_rules! of {
    ($($module:ident),*) => {
        &[$(Runtime {
            rules: $module::RULES,
            late: $module::LATE,
            raised: $module::RAISED,
        }),*]
    };
}

/// What is known of the runtime; of those whose types are telling, if it is not known which it is.
fn runtimes(platform: Platform) -> &'static [Runtime] {
    match platform {
        Platform::Python => of!(python),
        Platform::JavaScript => of!(javascript),
        Platform::Java
        | Platform::Kotlin
        | Platform::Scala
        | Platform::Clojure
        | Platform::Groovy => of!(jvm),
        Platform::Go => of!(go),
        Platform::Rust => of!(rust),
        Platform::Ruby => of!(ruby),
        Platform::Php => of!(php),
        Platform::CSharp => of!(dotnet),
        Platform::Dart => of!(dart),
        Platform::Elixir => of!(elixir),
        Platform::Perl => of!(perl),
        Platform::Lua => of!(lua),
        Platform::Haskell => of!(haskell),
        Platform::OCaml => of!(ocaml),
        Platform::Julia => of!(julia),
        Platform::Crystal => of!(crystal),
        Platform::Swift => of!(swift, native),
        Platform::Native => of!(native, swift),
        Platform::Other => of!(python, javascript, jvm, dotnet, ruby),
    }
}

#[cfg(test)]
mod tests;
