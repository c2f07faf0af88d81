//! Which file of the repository each frame is, and which functions may be the one to change.

use ingest::{ErrorEvent, Exception, Frame};

use super::{
    contract::{Step, answerable, types_of},
    project::Project,
    source::ancestors,
};
use crate::{
    Checkout, Location, Policy,
    frames::{self, Mapped},
};

/// Frames of the other exceptions of a chain that are looked at.
const MAX_OTHER_FRAMES: usize = 50;

/// Repository functions on the stack, likeliest first: what is known of a bug without running anything.
pub(crate) fn locate(event: &ErrorEvent, checkout: &Checkout) -> Vec<Location> {
    let exception = event.traced();
    if exception.frames.is_empty() {
        return Vec::new();
    }
    let project = Project::new(
        checkout.tree().to_path_buf(),
        checkout.entries().to_vec(),
        None,
        &Policy::default(),
    );
    let mapped = map(exception, checkout, &project);
    locations(event, &mapped, &project, checkout)
}

/// Which file of the repository each frame is.
pub(super) fn map(exception: &Exception, checkout: &Checkout, project: &Project) -> Vec<Mapped> {
    let line_of = |path: &str, line: u32| project.line(path, line);
    exception
        .frames
        .iter()
        .map(|frame| frames::map(frame, checkout.entries(), line_of))
        .collect()
}

/// Functions that may be the one to change, likeliest first: those on the stack, the ones that they are defined in, and those
/// on the stacks of the other exceptions of the chain, which made or handed on what failed here.
///
/// A step further out halves, thirds, … the score; a function that is named in many places loses by the logarithm of their
/// number, as a change there would reach all of them. One that lets an exception through which other callers of the same
/// function handle comes first.
pub(super) fn locations(
    event: &ErrorEvent,
    mapped: &[Mapped],
    project: &Project,
    checkout: &Checkout,
) -> Vec<Location> {
    let exception = event.traced();
    let mut out: Vec<Location> = Vec::new();
    let mut add = |file: &str, function: String, line: u32| {
        let known = out.iter().any(|l| l.file == file && l.function == function);
        if !known {
            out.push(Location {
                file: file.to_owned(),
                function,
                line,
                score: 0.0,
            });
        }
    };
    let others = event
        .exceptions
        .iter()
        .filter(|e| !std::ptr::eq(*e, exception));
    let others: Vec<(&Frame, Mapped)> = others
        .flat_map(|e| e.frames.iter().zip(map(e, checkout, project)).rev())
        .take(MAX_OTHER_FRAMES)
        .collect();
    let own = exception.frames.iter().zip(mapped).rev();
    for (frame, mapped) in own.chain(others.iter().map(|(f, m)| (*f, m))) {
        let (Mapped::File(path), Some(line)) = (mapped, frame.line) else {
            continue;
        };
        let parsed = project.file(path);
        let Some((file, node)) = parsed
            .as_ref()
            .and_then(|f| Some((f, f.function_at(line)?)))
        else {
            let named = frame.function.rsplit('.').next().unwrap_or_default();
            add(path, named.to_owned(), line);
            continue;
        };
        add(path, file.name_of(node).to_owned(), line);
        let around = ancestors(node)
            .skip(1)
            .filter(|n| n.kind() == "function_definition")
            .last();
        if let Some(around) = around {
            add(path, file.name_of(around).to_owned(), line);
        }
    }
    if out.is_empty() {
        return out;
    }
    let words = checkout.words.get_or_init(|| project.words());
    for (at, place) in out.iter_mut().enumerate() {
        let n = words.count(&place.function);
        // Special methods are called by no name: neither few nor many places.
        let n = if place.function.starts_with("__") {
            7
        } else {
            n
        };
        place.score = 1.0 / ((1 + at) as f64 * (1.0 + n as f64).log2().max(1.0));
    }
    if let Some((path, line)) = answerable_frame(exception, mapped, project)
        && let Some(file) = project.file(path)
        && let Some(function) = file.function_at(line)
        && let Some(place) = out
            .iter_mut()
            .find(|l| l.file == path && l.function == file.name_of(function))
    {
        place.score = 1.0;
    }
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    out
}

/// The place, file and line, at which the exception was to be handled as other callers of the same function do.
pub(super) fn answerable_frame<'m>(
    exception: &'m Exception,
    mapped: &'m [Mapped],
    project: &Project,
) -> Option<(&'m str, u32)> {
    let frames = exception.frames.iter().zip(mapped);
    let steps = frames.filter_map(|(frame, mapped)| match mapped {
        Mapped::File(path) => Some((
            path.as_str(),
            frame.line?,
            frame.function.rsplit('.').next()?,
        )),
        _ => None,
    });
    let stack: Vec<Step<'_>> = steps.collect();
    let at = answerable(project, &stack, &types_of(&exception.type_name))?;
    let (path, line, _) = stack[at];
    Some((path, line))
}
