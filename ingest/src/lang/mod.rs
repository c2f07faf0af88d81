//! What this crate knows of each programming language: how its runtime prints a failure.
//!
//! Each language's module states its `TRIGGERS`: literals of which a line has at least one if it can open a trace. So
//! whole chunks of a log can be scanned for them.

pub(crate) mod apple;
pub(crate) mod chain;
pub(crate) mod crystal;
pub(crate) mod dart;
pub(crate) mod dotnet;
pub(crate) mod elixir;
pub(crate) mod erlang;
pub(crate) mod go;
pub(crate) mod haskell;
mod image;
pub(crate) mod javascript;
pub(crate) mod julia;
pub(crate) mod jvm;
pub(crate) mod kernel;
mod listed;
pub(crate) mod lua;
pub(crate) mod native;
pub(crate) mod ocaml;
pub(crate) mod perl;
pub(crate) mod php;
mod place;
pub(crate) mod python;
pub(crate) mod ruby;
pub(crate) mod rust;
mod stack;
pub(crate) mod swift;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::LazyLock,
};

use regex::bytes::Regex;
use serde_json::Value;

use crate::{
    event::{Exception, Platform},
    limits::MAX_MESSAGE_BYTES,
    pattern::bytes_regex,
    record::errors,
    source::clean,
    text::prefix::Prefix,
};

/// What a trace parser made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The line belongs to the trace.
    Taken,
    /// It does not; the trace may go on after it.
    Foreign,
    /// The trace ended before it.
    Over,
}

/// How the text after an exception's line is told from the next thing in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The text holds nothing else: a field of a structured record.
    Whole,
    /// Log records have a recognisable beginning, so a message goes on until the next one.
    Record,
    /// Nothing is known: a message ends at a blank line.
    Plain,
    /// Every line has the logger's prefix, so neighbours can't be told apart: only what is visibly unfinished goes on.
    Prefixed,
}

/// The lines before the one at hand, nearest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Above<'a>(pub(crate) &'a VecDeque<Vec<u8>>);

impl Above<'_> {
    /// How many lines above the one at hand are looked at for its error: test frameworks put whole documents into a message.
    pub(crate) const MAX: usize = 1024;

    /// The `n`-th line above without the logger's prefix; `None` if it has another one.
    pub(crate) fn line(&self, prefix: &Prefix, n: usize) -> Option<String> {
        let line = self.0.iter().rev().nth(n)?;
        let line = clean(line, MAX_MESSAGE_BYTES);
        prefix.strip(&line).map(str::to_owned)
    }

    /// The lines above without the logger's prefix, nearest first. Those with another one are others' and left out.
    pub(crate) fn lines(&self, prefix: &Prefix) -> impl Iterator<Item = String> {
        (0..self.0.len().min(Self::MAX)).filter_map(|n| self.line(prefix, n))
    }

    /// How many lines there are up to the `n`-th of [`Above::lines`], others' lines counted.
    pub(crate) fn reach(&self, prefix: &Prefix, n: usize) -> usize {
        let own = (0..self.0.len()).filter(|&at| self.line(prefix, at).is_some());
        own.take(n).last().map_or(0, |at| at + 1)
    }
}

/// A trace whose beginning has been found.
#[derive(Debug)]
pub(crate) struct Begun {
    /// What stands before it on the line at hand, without the trace's own indentation.
    pub(crate) lead: String,
    /// Whether that stands before its other lines too; else only the next line can tell.
    pub(crate) is_everywhere: bool,
    /// How many lines above belong to it.
    pub(crate) n_above: usize,
    /// What stood before the exception on the exception's own line.
    pub(crate) before: String,
    pub(crate) trace: Trace,
}

/// A trace under assembly. Python's is apart: it has more ways to begin and end.
#[derive(Debug)]
pub(crate) enum Trace {
    Dart(Box<dart::Trace>),
    DotNet(Box<dotnet::Trace>),
    Elixir(Box<elixir::Trace>),
    Go(Box<go::Trace>),
    JavaScript(Box<javascript::Trace>),
    Jvm(Box<jvm::Trace>),
    Kernel(Box<kernel::Trace>),
    /// In one of the languages whose stacks are simple.
    Listed(Box<listed::Trace>),
    Native(Box<native::Trace>),
    Php(Box<php::Trace>),
    Ruby(Box<ruby::Trace>),
    Report(Box<apple::Report>),
    Rust(Box<rust::Trace>),
    Swift(Box<swift::Trace>),
    Thrown(Box<apple::Thrown>),
}

/// What a trace says.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) platform: Platform,
    /// In the event's order; none if it was no error after all.
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

/// The trace that the line opens, if any, in any language but Python.
pub(crate) fn begin(line: &str, above: Above<'_>) -> Option<Begun> {
    // What several languages write alike goes to the strictest first.
    jvm::begin(line, above)
        .or_else(|| dotnet::begin(line, above))
        .or_else(|| go::begin(line, above))
        .or_else(|| rust::begin(line, above))
        .or_else(|| ruby::begin(line, above))
        .or_else(|| php::begin(line, above))
        .or_else(|| dart::begin(line, above))
        .or_else(|| elixir::begin(line, above))
        .or_else(|| native::begin(line, above))
        .or_else(|| begin_rare(line, above))
        .or_else(|| javascript::begin(line, above))
}

/// The same in one of the languages of [`RARE_TRIGGERS`], so that others' lines pay for one look only.
fn begin_rare(line: &str, above: Above<'_>) -> Option<Begun> {
    static TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
        let triggers = RARE_TRIGGERS.into_iter().flatten();
        any_of(triggers.map(|trigger| trigger.trim_start_matches('\n')))
    });
    if !TRIGGER.is_match(line.as_bytes()) {
        return None;
    }
    kernel::begin(line, above)
        .or_else(|| swift::begin(line, above))
        .or_else(|| apple::begin(line, above))
        .or_else(|| erlang::begin(line, above))
        .or_else(|| haskell::begin(line, above))
        .or_else(|| julia::begin(line, above))
        .or_else(|| lua::begin(line, above))
        .or_else(|| ocaml::begin(line, above))
        .or_else(|| crystal::begin(line, above))
        .or_else(|| perl::begin(line, above))
}

impl Trace {
    /// Takes the next line, without the logger's prefix.
    pub(crate) fn push(&mut self, line: &str) -> Step {
        match self {
            Self::Dart(trace) => trace.push(line),
            Self::DotNet(trace) => trace.push(line),
            Self::Elixir(trace) => trace.push(line),
            Self::Go(trace) => trace.push(line),
            Self::JavaScript(trace) => trace.push(line),
            Self::Jvm(trace) => trace.push(line),
            Self::Kernel(trace) => trace.push(line),
            Self::Listed(trace) => trace.push(line),
            Self::Native(trace) => trace.push(line),
            Self::Php(trace) => trace.push(line),
            Self::Ruby(trace) => trace.push(line),
            Self::Report(trace) => trace.push(line),
            Self::Rust(trace) => trace.push(line),
            Self::Swift(trace) => trace.push(line),
            Self::Thrown(trace) => trace.push(line),
        }
    }

    /// What was read.
    pub(crate) fn finish(self) -> Parsed {
        match self {
            Self::Dart(trace) => trace.finish(),
            Self::DotNet(trace) => trace.finish(),
            Self::Elixir(trace) => trace.finish(),
            Self::Go(trace) => trace.finish(),
            Self::JavaScript(trace) => trace.finish(),
            Self::Jvm(trace) => trace.finish(),
            Self::Kernel(trace) => trace.finish(),
            Self::Listed(trace) => trace.finish(),
            Self::Native(trace) => trace.finish(),
            Self::Php(trace) => trace.finish(),
            Self::Ruby(trace) => trace.finish(),
            Self::Report(trace) => trace.finish(),
            Self::Rust(trace) => trace.finish(),
            Self::Swift(trace) => trace.finish(),
            Self::Thrown(trace) => trace.finish(),
        }
    }
}

/// Whether a line may open a trace: one that may not matters only by being above one that does, or while one is open.
pub(crate) fn may_begin(line: &[u8]) -> bool {
    stands_out(line) || TELLING_TRIGGERS.is_match(line)
}

/// The same for lines that are not looked at as possible error records as well.
pub(crate) fn stands_out(line: &[u8]) -> bool {
    starts_as_a_trace(line)
        || trigger_patterns()
            .iter()
            .any(|pattern| pattern.is_match(line))
}

/// Whether a trigger has one of the literals of error records: what is searched for these finds it too.
fn is_telling(trigger: &str) -> bool {
    errors::LITERALS
        .iter()
        .any(|literal| trigger.contains(literal))
}

/// Such triggers.
static TELLING_TRIGGERS: LazyLock<Regex> =
    LazyLock::new(|| any_of(triggers().filter(|trigger| is_telling(trigger))));

/// Finds each of some literals.
fn any_of<'a>(literals: impl Iterator<Item = &'a str>) -> Regex {
    let literals: Vec<String> = literals.map(regex::escape).collect();
    bytes_regex(&literals.join("|"))
}

/// Whether a line has at its beginning what opens a trace.
pub(crate) fn starts_as_a_trace(line: &[u8]) -> bool {
    // Few lines begin with one of their first bytes.
    static FIRST: LazyLock<[bool; 256]> = LazyLock::new(|| {
        let mut first = [false; 256];
        for start in START_TRIGGERS.iter() {
            first[usize::from(start.as_bytes()[0])] = true;
        }
        first
    });
    line.first().is_some_and(|byte| FIRST[usize::from(*byte)])
        && START_TRIGGERS
            .iter()
            .any(|start| line.starts_with(start.as_bytes()))
}

/// What a line has somewhere that opens a trace, also for whole chunks of lines, if it has none of the literals of error
/// records.
pub(crate) fn trigger_patterns() -> &'static [Regex] {
    // Short literals hit so many vectors' worth of bytes that they would slow down the search for the others.
    const SHORT: usize = 3;
    static PATTERNS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let literals: BTreeSet<&str> = triggers()
            .filter(|trigger| !trigger.starts_with('\n') && !is_telling(trigger))
            .collect();
        let (short, long): (Vec<_>, Vec<_>) = literals
            .into_iter()
            .partition(|literal| literal.len() <= SHORT);
        [short, long].map(|literals| any_of(literals.into_iter()))
    });
    PATTERNS.as_slice()
}

/// What it has at its beginning.
static START_TRIGGERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    triggers()
        .filter_map(|literal| literal.strip_prefix('\n'))
        .collect()
});

/// All literals of which a line has one if it can open a trace in any language; a line feed at the beginning stands for
/// that of the line.
pub(crate) fn triggers() -> impl Iterator<Item = &'static str> {
    [
        python::TRIGGERS,
        dart::TRIGGERS,
        dotnet::TRIGGERS,
        elixir::TRIGGERS,
        go::TRIGGERS,
        javascript::TRIGGERS,
        jvm::TRIGGERS,
        native::TRIGGERS,
        php::TRIGGERS,
        ruby::TRIGGERS,
        rust::TRIGGERS,
    ]
    .into_iter()
    .chain(RARE_TRIGGERS)
    .flatten()
    .copied()
}

/// Those of languages and systems that few logs have.
const RARE_TRIGGERS: [&[&str]; 10] = [
    apple::TRIGGERS,
    crystal::TRIGGERS,
    erlang::TRIGGERS,
    haskell::TRIGGERS,
    julia::TRIGGERS,
    kernel::TRIGGERS,
    lua::TRIGGERS,
    ocaml::TRIGGERS,
    perl::TRIGGERS,
    swift::TRIGGERS,
];
