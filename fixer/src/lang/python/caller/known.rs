//! What a trace shows of files outside the repository, as programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use ingest::Frame;
use tree_sitter::Node;

use crate::lang::python::source::{PyFile, children};

/// The lines of files outside the repository that the trace shows.
pub(super) struct KnownFiles {
    /// Path to a text with the file's own line numbers; lines that nobody showed are empty.
    pub(super) files: BTreeMap<String, Rc<PyFile>>,
    pub(super) raw: BTreeMap<(String, u32), String>,
}

impl KnownFiles {
    /// One file of which everything is known.
    pub(super) fn whole(file: Rc<PyFile>) -> Self {
        let files = BTreeMap::from([(file.path.clone(), file)]);
        Self {
            files,
            raw: BTreeMap::new(),
        }
    }

    /// From frames, each with the file's whole text where the repository holds it.
    pub(super) fn new(shown: &[(&Frame, Option<Rc<str>>)]) -> Self {
        let mut raw = BTreeMap::new();
        for (frame, whole) in shown {
            if let Some(text) = whole {
                for (n, line) in (1u32..).zip(text.lines()) {
                    raw.insert((frame.path.clone(), n), line.trim_end().to_owned());
                }
                continue;
            }
            let Some(line) = frame.line else { continue };
            let first = line.saturating_sub(frame.pre_context.len() as u32);
            let texts = frame
                .pre_context
                .iter()
                .chain(&frame.context_line)
                .chain(&frame.post_context);
            for (n, text) in texts.enumerate() {
                let at = if frame.context_line.is_none() && first + n as u32 >= line {
                    first + n as u32 + 1
                } else {
                    first + n as u32
                };
                raw.insert((frame.path.clone(), at), text.trim_end().to_owned());
            }
        }
        let mut files = BTreeMap::new();
        let paths: BTreeSet<&String> = shown.iter().map(|(frame, _)| &frame.path).collect();
        for path in paths {
            let mut lines: BTreeMap<u32, String> = raw
                .iter()
                .filter(|((p, _), _)| p == path)
                .map(|((_, n), t)| (*n, t.clone()))
                .collect();
            leave_out_cut_strings(&mut lines);
            let mut text = String::new();
            let mut at = 1;
            let mut inside_top = false;
            for (line, content) in lines {
                if line > at + 100_000 {
                    break;
                }
                if line > at {
                    inside_top = false;
                    text.push_str(&"\n".repeat((line - at) as usize));
                }
                // The visible end of a function whose head nobody showed is no program.
                let indented = content.starts_with([' ', '\t']) || content.is_empty();
                inside_top |= !indented;
                if inside_top {
                    text.push_str(&content);
                }
                text.push('\n');
                at = line + 1;
            }
            files.insert(path.clone(), Rc::new(PyFile::parse(path, &text)));
        }
        Self { files, raw }
    }

    /// The statement at a frame's line, as source without indentation.
    pub(super) fn statement(&self, frame: &Frame) -> Option<String> {
        let line = frame.line?;
        let file = self.files.get(&frame.path)?;
        if file.line(line).is_some_and(|t| !t.trim().is_empty())
            && let Some(node) = file
                .statement_at(line)
                .filter(|n| !n.has_error() || n.kind().contains("definition"))
        {
            return crash_part(file, node);
        }
        // Only part of the function is visible: the fewest lines that parse.
        for above in 0..6u32 {
            for below in 0..8u32 {
                let lines: Option<Vec<&str>> = (line.checked_sub(above)?..=line + below)
                    .map(|n| self.raw.get(&(frame.path.clone(), n)).map(String::as_str))
                    .collect();
                let Some(lines) = lines else { break };
                let indent = lines[0].len() - lines[0].trim_start().len();
                let mut text: String = lines
                    .iter()
                    .map(|l| format!("{}\n", l.get(indent..).unwrap_or(l.trim_start())))
                    .collect();
                if text.trim_end().ends_with(':') {
                    text.push_str("    pass\n");
                }
                let parsed = PyFile::parse("", &text);
                let top = children(parsed.root());
                if let ([node], false) = (top.as_slice(), parsed.has_error()) {
                    return crash_part(&parsed, *node);
                }
            }
        }
        None
    }
}

/// Leaves out what is shown of a long string whose other end is not: it would take all that follows for a text, or all
/// that comes before.
fn leave_out_cut_strings(lines: &mut BTreeMap<u32, String>) {
    let mut runs: Vec<Vec<u32>> = Vec::new();
    for &n in lines.keys() {
        match runs.last_mut().filter(|run| run.last() == Some(&(n - 1))) {
            Some(run) => run.push(n),
            None => runs.push(vec![n]),
        }
    }
    for run in runs {
        for quotes in ["\"\"\"", "\'\'\'"] {
            let is_odd = |n: &&u32| lines[*n].matches(quotes).count() % 2 == 1;
            let with: Vec<u32> = run.iter().filter(is_odd).copied().collect();
            let (Some(&first), Some(&last), 1) = (with.first(), with.last(), with.len() % 2) else {
                continue;
            };
            // It begins above what is shown unless its first mark opens one, or nothing is a program without it.
            let (before, after) = lines[&first].split_once(quotes).unwrap_or_default();
            let opens = before.trim_end().ends_with(['=', '(', '[', ',', ':'])
                || before.trim_end().ends_with("return")
                || before.trim().len() <= 1 && after.starts_with(char::is_alphanumeric);
            let shown = run.iter().filter(|n| **n > first).map(|n| &lines[n]);
            let shown = shown.skip_while(|l| l.is_empty() || l.starts_with([' ', '\t']));
            let text = shown.fold(String::new(), |text, line| text + line + "\n");
            if !opens && !PyFile::parse("", &text).has_error() {
                for n in run.iter().filter(|n| **n <= first) {
                    lines.insert(*n, String::new());
                }
                continue;
            }
            let indent = lines[&last].len() - lines[&last].trim_start().len();
            let nothing = format!("{}pass", " ".repeat(indent));
            for n in run.iter().filter(|n| **n >= last) {
                lines.insert(*n, String::new());
            }
            lines.insert(last, nothing);
        }
    }
}

/// The part of a statement that runs at its line: a header without its body, a `return` without the `return`.
fn crash_part(file: &PyFile, node: Node<'_>) -> Option<String> {
    let field = |name: &str| node.child_by_field_name(name).map(|n| file.text_of(n));
    let text = match node.kind() {
        "return_statement" | "assert_statement" => file.text_of(node.named_child(0)?).to_owned(),
        "if_statement" | "while_statement" => field("condition")?.to_owned(),
        "for_statement" => format!("for {} in {}:\n    pass", field("left")?, field("right")?),
        "with_statement" => {
            let body = node.child_by_field_name("body")?;
            format!(
                "{}\n    pass",
                file.text[node.start_byte()..body.start_byte()].trim_end()
            )
        }
        "expression_statement" => match node.named_child(0)? {
            n if n.kind() == "assignment" => {
                file.text_of(n.child_by_field_name("right")?).to_owned()
            }
            n if n.kind() == "yield" => file.text_of(n.named_child(0)?).to_owned(),
            n => file.text_of(n).to_owned(),
        },
        "function_definition"
        | "class_definition"
        | "decorated_definition"
        | "try_statement"
        | "match_statement" => return None,
        _ => file.text_of(node).to_owned(),
    };
    Some(dedent(&text, file.indent_of(node).len()))
}

/// Removes the indentation that continued lines of a nested statement have.
pub(super) fn dedent(text: &str, indent: usize) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let cut = line.len() - line.trim_start().len();
        out.push('\n');
        out.push_str(&line[cut.min(indent)..]);
    }
    out
}

/// `print(f(x))` without the printing.
pub(super) fn unprint(call: &str) -> String {
    let file = PyFile::parse("", call);
    let found = children(file.root())
        .first()
        .and_then(|s| s.named_child(0))
        .filter(|n| n.kind() == "call");
    let inner = found
        .filter(|n| {
            n.child_by_field_name("function")
                .is_some_and(|f| file.text_of(f) == "print")
        })
        .and_then(|n| n.child_by_field_name("arguments"))
        .map(children);
    match inner.as_deref() {
        Some([only]) if only.kind() != "keyword_argument" && only.kind() != "list_splat" => {
            file.text_of(*only).to_owned()
        }
        _ => call.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(shown: &[&str]) -> Vec<String> {
        let shown = shown.iter().map(|line| line.to_string());
        let mut lines: BTreeMap<u32, String> = (8..).zip(shown).collect();
        leave_out_cut_strings(&mut lines);
        lines.into_values().collect()
    }

    #[test]
    fn a_string_that_is_cut_off_takes_nothing_along() {
        let program = ["def f(text):", "    return g(text)"];
        let above = [&["a line of a text", "\"\"\"", ""][..], &program].concat();
        assert_eq!(left(&above), [&["", "", ""][..], &program].concat());
        let below = [&program[..], &["", "def g(text):", "    \"\"\"What it is"]].concat();
        let kept = [&program[..], &["", "def g(text):", "    pass"]].concat();
        assert_eq!(left(&below), kept);
        let whole = [&["\"\"\"A text.\"\"\""][..], &program].concat();
        assert_eq!(left(&whole), whole);
    }
}
