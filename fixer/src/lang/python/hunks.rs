//! Whether each part of a change is needed: undone alone, it must turn the test red (gate 7).

use std::{ops::Range, time::Duration};

use similar::{ChangeTag, DiffTag, TextDiff};

use super::{
    engine::Crash,
    project::Project,
    run::{Bench, Kind, Mode, Raised, Ran, Run},
    source::{PyFile, descendants},
    suppression::Returned,
    swap, trace,
};
use crate::{FixError, candidate::Candidate, checkout::tree_with, gates::Finding};

/// Parts of a change that are undone in turn.
const MAX_PARTS: usize = 40;

/// A part of a change.
pub(super) struct Part {
    path: String,
    /// Its lines before and after, from 1.
    old: Range<usize>,
    new: Range<usize>,
    /// The change without it.
    without: Candidate,
    /// The function that it is in, before and after.
    functions: Option<(trace::Function, trace::Function)>,
    /// Whether the reproduction runs through it; none where that cannot be told, as of lines outside functions.
    is_run: Option<bool>,
}

impl Part {
    /// Whether a line after the change belongs to it and may have a say in what the reproduction does.
    pub(super) fn has_say(&self, path: &str, line: u32) -> bool {
        self.path == path && self.new.contains(&(line as usize)) && self.is_run != Some(false)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.path, self.new.start)
    }
}

/// Undoes each part of the change in turn: the crash must come back.
///
/// A given patch may hold parts that the test does not need. They are told, for a reviewer to ask about, and no reason to
/// refuse it as long as there are others.
pub(super) fn says(
    bench: &Bench<'_>,
    project: &Project,
    is_given: bool,
    parts: &[Part],
    crash: &Crash,
    raises: Option<&Raised>,
) -> Result<Finding, FixError> {
    let asserts = match raises {
        Some(_) => "the declared exception",
        None => "no crash",
    };
    if parts.len() < 2 {
        return Ok(Finding::Passed(format!(
            "without the change the test is red; it asserts {asserts}"
        )));
    }
    let looked_at = &parts[..parts.len().min(MAX_PARTS)];
    let text = crash.script.text();
    let without: Vec<&Candidate> = looked_at.iter().map(|p| &p.without).collect();
    let ran = run_each(bench, project, &without, |id| Run::script(id, &text))?;
    let is_red = |ran: &Ran| match raises {
        _ if ran.outcome == Kind::Skipped => false,
        None => ran.outcome != Kind::Ok,
        Some(error) => ran
            .error
            .as_ref()
            .is_none_or(|e| e.type_name != error.type_name),
    };
    let (mut idle, mut unrun) = (Vec::new(), Vec::new());
    for (id, part) in looked_at.iter().enumerate() {
        if ran.iter().any(|r| r.id == id && is_red(r)) {
            continue;
        }
        let is_run = part.is_run == Some(true);
        let list = if is_run { &mut idle } else { &mut unrun };
        list.push(part.place());
    }
    let n_needed = looked_at.len() - idle.len() - unrun.len();
    if n_needed == 0 || !is_given && !idle.is_empty() {
        idle.extend(unrun);
        return Ok(Finding::Refused(format!(
            "{} of the {} parts can each be undone and the test stays green: {}",
            idle.len(),
            parts.len(),
            first(&idle)
        )));
    }
    unrun.extend(parts[looked_at.len()..].iter().map(Part::place));
    let mut detail = format!(
        "undoing any of {n_needed} of {} parts turns the test red; it asserts {asserts}",
        parts.len()
    );
    for (places, does) in [(&idle, "runs and does not need"), (&unrun, "does not run")] {
        if !places.is_empty() {
            detail.push_str(&format!(
                "; {} that it {does}: {}",
                places.len(),
                first(places)
            ));
        }
    }
    Ok(Finding::Passed(detail))
}

fn first(places: &[String]) -> String {
    let more = if places.len() > 5 { ", …" } else { "" };
    format!("{}{more}", places[..places.len().min(5)].join(", "))
}

/// Tells which parts a script runs through, on the unpatched tree or on the patched one.
pub(super) fn follow(
    bench: &Bench<'_>,
    project: &Project,
    code: &Candidate,
    parts: &mut [Part],
    script: &str,
) -> Result<(), FixError> {
    let unpatched = Candidate::default();
    for (tree, is_new) in [(&unpatched, false), (code, true)] {
        let ranges: Vec<trace::Lines> = parts
            .iter()
            .map(|part| {
                let lines = if is_new { &part.new } else { &part.old };
                (part.path.clone(), lines.start, lines.end)
            })
            .collect();
        let run = |id| Run {
            timeout: 10.0,
            ..Run::script(id, &trace::lines(&ranges, script))
        };
        let ran = run_each(bench, project, &[tree], run)?;
        let seen = ran.first().map(trace::seen_lines).unwrap_or_default();
        for (id, part) in parts.iter_mut().enumerate() {
            if let Some(is_run) = &mut part.is_run {
                *is_run |= seen.contains(&id);
            }
        }
    }
    Ok(())
}

/// The types that each changed function returns: on the crashing input with the change, on others without it.
pub(super) fn returned(
    bench: &Bench<'_>,
    project: &Project,
    code: &Candidate,
    parts: &[Part],
    crashing: &str,
    beside: &[String],
) -> Result<Vec<Returned>, FixError> {
    let pairs = parts.iter().filter_map(|p| p.functions.clone());
    let (old, new): (Vec<_>, Vec<_>) = pairs.unzip();
    let mut out: Vec<Returned> = new
        .iter()
        .map(|(_, name, ..)| Returned {
            function: name.clone(),
            ..Returned::default()
        })
        .collect();
    if out.is_empty() {
        return Ok(out);
    }
    let run = |id, functions: &[trace::Function], script: &str| Run {
        timeout: 5.0,
        ..Run::script(id, &trace::returns(functions, script))
    };
    for ran in run_each(bench, project, &[code], |id| run(id, &new, crashing))? {
        for (of, types) in out.iter_mut().zip(trace::seen_types(&ran)) {
            of.crashing.extend(types);
        }
    }
    let runs: Vec<Run> = beside
        .iter()
        .enumerate()
        .map(|(id, s)| run(id, &old, s))
        .collect();
    let mode = Mode::explore(bench.left().mul_f64(0.15));
    for ran in bench.run(&runs, mode)?.runs {
        for (of, types) in out.iter_mut().zip(trace::seen_types(&ran)) {
            of.beside.extend(types);
        }
    }
    Ok(out)
}

/// Whether a change has code in functions and the reproduction comes through none of it.
pub(super) fn is_passed_by(parts: &[Part]) -> bool {
    let mut in_functions = parts.iter().filter_map(|p| p.is_run).peekable();
    in_functions.peek().is_some() && in_functions.all(|is_run| !is_run)
}

/// Runs something on each of several changed trees: as changes of one where that can be, else on a copy each.
pub(super) fn run_each(
    bench: &Bench<'_>,
    project: &Project,
    candidates: &[&Candidate],
    run: impl Fn(usize) -> Run,
) -> Result<Vec<Ran>, FixError> {
    let changes_modules = |c: &&Candidate| {
        let mut paths = c.files.keys();
        c.deleted.is_empty() && paths.all(|p| p.ends_with(".py") && project.has(p))
    };
    let mode = Mode::explore(Duration::from_secs(10));
    if candidates.iter().all(changes_modules) {
        let runs: Vec<Run> = candidates
            .iter()
            .enumerate()
            .map(|(id, c)| Run {
                changes: swap::changes(project, c),
                ..run(id)
            })
            .collect();
        return Ok(bench.run(&runs, mode)?.runs);
    }
    let mut out = Vec::new();
    for (id, candidate) in candidates.iter().enumerate() {
        let tree = tree_with(bench.tree, candidate, &[])?;
        let bench = Bench {
            tree: tree.path(),
            ..bench.clone()
        };
        out.extend(bench.run(&[run(id)], mode)?.runs);
    }
    Ok(out)
}

/// The parts of a change that say something to the interpreter: runs of changed lines, and files that come or go.
pub(super) fn parts(candidate: &Candidate, project: &Project) -> Vec<Part> {
    let mut out = Vec::new();
    // Each part of a candidate of ours must be needed, wherever it is; of a given one it is looked at.
    let run_at_first = |can_be_told: bool| match candidate.is_given() {
        true => can_be_told.then_some(false),
        false => Some(true),
    };
    let whole = |path: &str, without| Part {
        path: path.to_owned(),
        old: 1..usize::MAX >> 1,
        new: 1..usize::MAX >> 1,
        without,
        functions: None,
        is_run: run_at_first(path.ends_with(".py")),
    };
    for path in &candidate.deleted {
        let mut without = candidate.clone();
        without.deleted.remove(path);
        out.push(whole(path, without));
    }
    for (path, text) in &candidate.files {
        let Some(old) = project.read(path) else {
            let mut without = candidate.clone();
            without.files.remove(path);
            out.push(whole(path, without));
            continue;
        };
        let diff = TextDiff::from_lines(&*old, text.as_str());
        let (before, after) = (PyFile::parse(path, &old), PyFile::parse(path, text));
        for op in diff.ops().iter().filter(|o| o.tag() != DiffTag::Equal) {
            let undone: String = diff
                .ops()
                .iter()
                .flat_map(|o| diff.iter_changes(o).map(move |c| (o == op, c)))
                .filter(|(is_undone, change)| match change.tag() {
                    ChangeTag::Equal => true,
                    ChangeTag::Delete => *is_undone,
                    ChangeTag::Insert => !*is_undone,
                })
                .map(|(_, change)| change.value())
                .collect();
            if path.ends_with(".py") && is_same_code(text, &undone) {
                continue;
            }
            let lines = |range: Range<usize>, file: &PyFile| {
                let range = range.start + 1..range.end + 1;
                let function = function(file, range.start as u32)
                    .or_else(|| function(file, (range.start as u32).saturating_sub(1)));
                let is_inside = !range.is_empty() && function.is_some();
                (statements(file, range), is_inside, function)
            };
            let (old, was_inside, old_function) = lines(op.old_range(), &before);
            let (new, is_inside, new_function) = lines(op.new_range(), &after);
            let functions = old_function.zip(new_function).filter(|(a, b)| a.1 == b.1);
            let mut without = candidate.clone();
            without.files.insert(path.clone(), undone);
            out.push(Part {
                path: path.clone(),
                old,
                new,
                without,
                functions,
                is_run: run_at_first(was_inside || is_inside),
            });
        }
    }
    out
}

/// The function around a line.
fn function(file: &PyFile, line: u32) -> Option<trace::Function> {
    let node = file.function_at(line)?;
    let decorated = node.parent().filter(|p| p.kind() == "decorated_definition");
    let [first, last] = [decorated.unwrap_or(node), node].map(|n| file.line_of(n.start_byte()));
    Some((
        file.path.clone(),
        file.name_of(node).to_owned(),
        first,
        last,
    ))
}

/// Lines, and those of the simple statements that they are a part of: of a statement the interpreter tells some lines only.
fn statements(file: &PyFile, lines: Range<usize>) -> Range<usize> {
    const SIMPLE: [&str; 7] = [
        "expression_statement",
        "return_statement",
        "raise_statement",
        "assert_statement",
        "delete_statement",
        "import_statement",
        "import_from_statement",
    ];
    let mut out = lines.clone();
    if lines.is_empty() {
        return out;
    }
    for node in descendants(file.root()) {
        let own =
            file.line_of(node.start_byte()) as usize..file.line_of(node.end_byte()) as usize + 1;
        if SIMPLE.contains(&node.kind()) && own.start < lines.end && lines.start < own.end {
            out = out.start.min(own.start)..out.end.max(own.end);
        }
    }
    out
}

/// Whether two texts differ in comments, docstrings and layout only.
pub(super) fn is_same_code(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// The words of a program, and where its blocks begin and end.
fn words(text: &str) -> Vec<String> {
    let file = PyFile::parse("", text);
    let mut out = Vec::new();
    let mut cursor = file.root().walk();
    loop {
        let node = cursor.node();
        let parent = node.parent().map_or("", |p| p.kind());
        let is_text = node.kind() == "string";
        let is_left_out = node.kind() == "comment" || is_text && parent == "expression_statement";
        let is_leaf = is_text || node.child_count() == 0;
        if is_leaf && !is_left_out {
            out.push(file.text_of(node).to_owned());
        }
        if !is_leaf && cursor.goto_first_child() {
            out.push(node.kind().to_owned());
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return out;
            }
            out.push(String::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_docstrings_and_layout_are_no_code() {
        let check = |new: &str, expected: bool| {
            let old = "def f(x):\n    \"\"\"Of x.\"\"\"\n    return x[\"a\"] + 1\n";
            assert_eq!(is_same_code(old, new), expected, "{new}");
        };
        let with = |body: &str| format!("def f(x):\n    'Other words.'\n    # Why.\n    {body}\n");
        check(&with("return  x[\"a\"]  +  1  # So."), true);
        check(&with("return x[\"b\"] + 1"), false);
        check(&with("return x[\"a\"] - 1"), false);
        check(&with("return not x[\"a\"] + 1"), false);
        check(&with("if x:\n        return x[\"a\"] + 1"), false);
        check("def f(x):\n    return x[\"a\"] + 1\n", false);
    }
}
