//! Scripts that may make the crash happen again, from what the trace tells: source lines, locals, call chains.
//!
//! Nearest to the repository first: the line that called it, with the captured locals; the function around that line;
//! the whole visible program; the chain of lines alone, where no values were captured (text logs); the
//! repository's own functions called with the locals they had at the crash; and, last, with stand-ins for the objects
//! among these.

mod chain;
mod direct;
mod double;
mod guess;
mod heard;
mod known;
mod object;
mod receiver;
mod visible;

use std::rc::Rc;

use ingest::{ErrorEvent, Frame};

pub(crate) use self::guess::{guesses, refined};

use self::{
    chain::{bound, chain},
    direct::direct,
    known::KnownFiles,
    visible::Visible,
};
use super::project::Project;
use crate::frames::{Mapped, is_application};

/// A program that should crash as the event did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Script {
    /// Import statements.
    pub(crate) imports: Vec<String>,
    /// What comes between: definitions and assignments.
    pub(crate) setup: Vec<String>,
    /// The statement that crashes.
    pub(crate) call: String,
    /// How near to what happened in production it is, in `0.0..=1.0`: a call through a made-up object proves less.
    pub(crate) fidelity: f64,
}

impl Script {
    pub(crate) fn text(&self) -> String {
        self.imports
            .iter()
            .chain(&self.setup)
            .chain([&self.call])
            .fold(String::new(), |text, part| text + part + "\n")
    }

    /// The modules that it imports, or imports from.
    pub(crate) fn modules(&self) -> impl Iterator<Item = String> {
        let words = self.imports.iter().map(|import| import.split_whitespace());
        words.filter_map(|mut words| match words.next()? {
            "import" | "from" => Some(words.next()?.trim_end_matches(',').to_owned()),
            _ => None,
        })
    }
}

/// The fidelity of a call through an instance that we made.
const MADE_UP: f64 = 0.75;

/// How deep definitions may pull in definitions.
const MAX_DEPTH: usize = 8;

/// Scripts for the traced exception of an event, likeliest first; `mapped` is of its frames.
pub(crate) fn scripts(event: &ErrorEvent, mapped: &[Mapped], project: &Project) -> Vec<Script> {
    let frames = &event.traced().frames;
    let in_repository = |i: &usize| matches!(mapped[*i], Mapped::File(_));
    // The top level of the repository's own script calls its functions as a script around it would.
    let first = (0..frames.len())
        .filter(in_repository)
        .find(|i| frames[*i].function != "<module>")
        .or_else(|| (0..frames.len()).find(in_repository));
    let Some(first) = first else {
        return Vec::new();
    };
    let near: Vec<String> = mapped
        .iter()
        .filter_map(|m| {
            if let Mapped::File(path) = m {
                Some(path.clone())
            } else {
                None
            }
        })
        .collect();
    let around: Vec<usize> = (0..first).filter(|i| is_application(&frames[*i])).collect();
    let mut out: Vec<Script> = Vec::new();
    let mut add = |script: Option<Script>| {
        if let Some(script) = script
            && !out.contains(&script)
        {
            out.push(script);
        }
    };
    // Exceptions of the same chain show other parts of the same files.
    let shown: Vec<(&Frame, Option<Rc<str>>)> = around
        .iter()
        .map(|i| match &mapped[*i] {
            Mapped::File(path) => (&frames[*i], project.read(path)),
            _ => (&frames[*i], None),
        })
        .chain(
            event
                .exceptions
                .iter()
                .flat_map(|e| &e.frames)
                .filter(|f| around.iter().any(|i| frames[*i].path == f.path))
                .map(|f| (f, None)),
        )
        .collect();
    let known = KnownFiles::new(&shown);
    for &at in around.iter().rev() {
        let visible = |reading, is_configured| Visible {
            frame: &frames[at],
            frames,
            next: (at + 1..frames.len())
                .find(|i| !frames[*i].function.starts_with('<'))
                .and_then(|i| match &mapped[i] {
                    Mapped::File(path) => Some((&frames[i], path.as_str())),
                    _ => None,
                }),
            known: &known,
            project,
            near: &near,
            reading,
            is_configured,
        };
        let readings = (0..3).map(|reading| visible(reading, false));
        for visible in readings.chain([visible(0, true)]) {
            add(visible.line());
            add(visible.function());
        }
    }
    for variant in 0..4 {
        add(chain(
            frames, &around, &known, project, &near, None, variant,
        ));
    }
    let next = match &mapped[first] {
        Mapped::File(path) => Some((&frames[first], path.as_str())),
        _ => None,
    };
    for bound in &bound(frames, &around, next, &known, project) {
        for variant in 0..2 {
            add(chain(
                frames,
                &around,
                &known,
                project,
                &near,
                Some(bound),
                variant,
            ));
        }
    }
    for at in first..frames.len() {
        if let Mapped::File(path) = &mapped[at] {
            for script in direct(&frames[at], path, project) {
                add(Some(script));
            }
        }
    }
    out.truncate(80);
    out.extend(double::captured(event, mapped, project));
    out
}
