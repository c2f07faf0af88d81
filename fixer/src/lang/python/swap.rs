//! How a changed file gets into a process that has already imported the old one.

use super::{
    project::Project,
    run::{Change, Swap},
    source::{PyFile, ancestors},
};
use crate::candidate::Candidate;

/// The changes that make a candidate.
pub(crate) fn changes(project: &Project, candidate: &Candidate) -> Vec<Change> {
    candidate
        .files
        .iter()
        .map(|(path, text)| change(project, path, text))
        .collect()
}

/// The change of a file, with the one function to exchange where nothing else differs.
fn change(project: &Project, path: &str, text: &str) -> Change {
    let swap = project.file(path).and_then(|old| swap(&old, text));
    Change {
        path: path.to_owned(),
        text: text.to_owned(),
        swap,
    }
}

fn swap(old: &PyFile, new: &str) -> Option<Swap> {
    let prefix = old
        .text
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let room = old.text.len().min(new.len()) - prefix;
    let suffix = old
        .text
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take(room)
        .take_while(|(a, b)| a == b)
        .count();
    let (first, last) = (prefix, old.text.len() - suffix);
    // Both ends are moved to character boundaries and to the lines around.
    let first = old
        .text
        .get(..first)
        .map_or(0, |t| t.rfind('\n').map_or(0, |i| i + 1));
    let node = old
        .root()
        .descendant_for_byte_range(first, last.max(first))?;
    let function = ancestors(node)
        .filter(|n| n.kind() == "function_definition")
        .last()?;
    let body = function.child_by_field_name("body")?;
    if first < old.line_start_of(body) || last > function.end_byte() {
        return None;
    }
    let end = (function.end_byte() + new.len()).checked_sub(old.text.len())?;
    let indent = old.indent_of(function);
    let around: Vec<_> = ancestors(function)
        .skip(1)
        .filter(|n| n.kind() == "class_definition")
        .collect();
    let mut names: Vec<String> = around
        .iter()
        .rev()
        .map(|c| old.name_of(*c).to_owned())
        .collect();
    let mut head: String = names
        .iter()
        .enumerate()
        .map(|(n, name)| format!("{}class {name}:\n", " ".repeat(n)))
        .collect();
    if around.is_empty() && !indent.is_empty() {
        head = "if 1:\n".to_owned();
    }
    let line = old.line_of(function.start_byte());
    let blank = (line as usize).checked_sub(1 + head.matches('\n').count())?;
    // Annotations of inner functions are evaluated unless the module says otherwise.
    let head = match old.text.contains("from __future__ import annotations") {
        true if blank > 0 => format!(
            "from __future__ import annotations\n{}{head}",
            "\n".repeat(blank - 1)
        ),
        true => return None,
        false => format!("{}{head}", "\n".repeat(blank)),
    };
    let decorated = function
        .parent()
        .filter(|p| p.kind() == "decorated_definition")
        .map_or(line, |p| old.line_of(p.start_byte()));
    names.push(old.name_of(function).to_owned());
    let text = new.get(function.start_byte()..end)?;
    Some(Swap {
        path: old.path.clone(),
        source: format!("{head}{indent}{text}\n"),
        names,
        first: decorated,
        last: old.line_of(function.end_byte()),
    })
}
