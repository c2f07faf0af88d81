//! Whether a change cures the error or silences it (gate 6).

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::{
    generate::stated::Stated,
    hunks::Part,
    project::Project,
    source::{PyFile, ancestors, children, descendants, exceptions_of},
    verify::code,
};
use crate::{candidate::Candidate, gates::Finding};

/// No blanket handler, no handler or early return that nothing in the repository speaks for, no value of a type that the function returns for nothing else. What the reproduction does not run is not asked about.
///
/// `returned` has, of each changed function, the types that it returns on the crashing input with the change, and on
/// inputs that do not crash without it.
pub(super) fn suppression(
    candidate: &Candidate,
    project: &Project,
    parts: &[Part],
    returned: &[Returned],
) -> Finding {
    let mut precedents: Vec<String> = candidate.witness.iter().cloned().collect();
    for (path, text) in code(candidate)
        .files
        .iter()
        .filter(|(p, _)| p.ends_with(".py"))
    {
        let new = PyFile::parse(path, text);
        let old = PyFile::parse(path, &project.read(path).unwrap_or_default());
        let n_broad = |file: &PyFile| handlers(file).iter().filter(|h| h.is_broad()).count();
        if n_broad(&new) > n_broad(&old) {
            return Finding::Refused(format!("{path} catches everything"));
        }
        let known = handlers(&old);
        for handler in handlers(&new) {
            let is_known = |k: &Handler| k.function == handler.function && k.block == handler.block;
            let is_joined = |k: &Handler| k.function == handler.function && k.body == handler.body;
            let has_say = parts.iter().any(|p| p.has_say(path, handler.line));
            if handler.raises || !has_say || known.iter().any(is_known) {
                continue;
            }
            // Another clause of a `try` that is there already guards no more than that does.
            if handler.n_statements > 1 && !known.iter().any(is_joined) {
                return Finding::Refused(format!(
                    "{path}:{} puts a handler round more than the failing call",
                    handler.line
                ));
            }
            match precedent(&handler, path, project) {
                Some(precedent) => precedents.push(precedent),
                None => {
                    return Finding::Refused(format!(
                        "{path}:{} swallows {}, and nothing in the repository does so",
                        handler.line,
                        handler.types.join(", ")
                    ));
                }
            }
        }
        if candidate.is_given() {
            match returns(project, &old, &new, |line| {
                parts.iter().any(|p| p.has_say(path, line))
            }) {
                Ok(found) => precedents.extend(found),
                Err(refusal) => return Finding::Refused(format!("{path}:{refusal}")),
            }
        }
    }
    if candidate.rules.contains(&"return early") && candidate.witness.is_none() {
        return Finding::Refused(
            "returns early, and nothing in the repository speaks for that value".to_owned(),
        );
    }
    if let Some(odd) = returned.iter().find(|r| r.is_odd()) {
        return Finding::Refused(format!(
            "{} returns a {} on the crashing input, and for inputs that do not crash a {}",
            odd.function,
            Vec::from_iter(odd.crashing.iter().map(String::as_str)).join(" or "),
            Vec::from_iter(odd.beside.iter().map(String::as_str)).join(" or ")
        ));
    }
    Finding::Passed(match precedents.first() {
        None => "no new handler, no early return".to_owned(),
        Some(precedent) => format!("no blanket handler; {precedent}"),
    })
}

/// Types that a changed function was seen to return.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) function: String,
    /// On the crashing input, with the change.
    pub(super) crashing: BTreeSet<String>,
    /// On inputs that do not crash, without it.
    pub(super) beside: BTreeSet<String>,
}

impl Returned {
    /// Whether it returns a plain value of a type that it returns for nothing else; `None` is for precedents to decide.
    fn is_odd(&self) -> bool {
        const PLAIN: [&str; 9] = [
            "bool", "int", "float", "str", "bytes", "list", "tuple", "dict", "set",
        ];
        let alike = |a: &str, b: &str| {
            let is_number = |t: &str| matches!(t, "int" | "float");
            a == b || is_number(a) && is_number(b)
        };
        let is_seen = |t: &String| self.beside.iter().any(|b| alike(t, b));
        let mut crashing = self.crashing.iter().filter(|t| *t != "NoneType").peekable();
        crashing.peek().is_some()
            && self.beside.iter().any(|t| t != "NoneType")
            && crashing.all(|t| PLAIN.contains(&t.as_str()) && !is_seen(t))
    }
}

/// An `except` clause.
struct Handler {
    function: String,
    line: u32,
    types: Vec<String>,
    block: String,
    raises: bool,
    /// Statements in the `try` that it belongs to, and their words.
    n_statements: usize,
    body: String,
}

impl Handler {
    fn is_broad(&self) -> bool {
        let is_broad = |t: &String| matches!(t.as_str(), "Exception" | "BaseException");
        !self.raises && (self.types.is_empty() || self.types.iter().any(is_broad))
    }
}

fn handlers(file: &PyFile) -> Vec<Handler> {
    let mut out = Vec::new();
    for node in descendants(file.root()) {
        let line = file.line_of(node.start_byte());
        let function = function_of(file, node);
        if node.kind() == "except_clause" {
            let Some(block) = children(node).pop() else {
                continue;
            };
            let bare = |n| {
                let name = file.text_of(n);
                name.rsplit('.').next().unwrap_or(name).to_owned()
            };
            let body = node.parent().and_then(|t| t.child_by_field_name("body"));
            let raises = descendants(block)
                .iter()
                .any(|n| n.kind() == "raise_statement");
            out.push(Handler {
                function,
                line,
                types: exceptions_of(node).into_iter().map(bare).collect(),
                block: words(file.text_of(block)),
                raises,
                n_statements: body.map_or(0, |b| children(b).len()),
                body: body.map_or_else(String::new, |b| words(file.text_of(b))),
            });
        } else if node.kind() == "with_item"
            && let text = words(file.text_of(node))
            && let Some((_, types)) = text.split_once("suppress(")
        {
            // `contextlib.suppress` is a handler that does nothing.
            let body = ancestors(node).find(|n| n.kind() == "with_statement");
            let body = body.and_then(|w| w.child_by_field_name("body"));
            let types = types.trim_end_matches(')').split(',').map(str::trim);
            out.push(Handler {
                function,
                line,
                types: types.filter(|t| !t.is_empty()).map(str::to_owned).collect(),
                block: "pass".to_owned(),
                raises: false,
                n_statements: body.map_or(0, |b| children(b).len()),
                body: body.map_or_else(String::new, |b| words(file.text_of(b))),
            });
        }
    }
    out
}

/// A handler that is there already and swallows the same: in the same file, or word for word elsewhere.
fn precedent(handler: &Handler, path: &str, project: &Project) -> Option<String> {
    let wanted = |text: &str| handler.types.iter().any(|t| text.contains(t.as_str()));
    let mut paths: Vec<&str> = project.sources().collect();
    paths.sort_by_key(|p| *p != path);
    paths.into_iter().find_map(|other| {
        let text = project.read(other)?;
        if !text.contains("except") || !wanted(&text) {
            return None;
        }
        let file = project.file(other)?;
        let same = handlers(&file).into_iter().find(|known| {
            !known.raises
                && known.types.iter().any(|t| handler.types.contains(t))
                && (other == path || known.block == handler.block)
        })?;
        Some(format!("{other}:{} handles it so", same.line))
    })
}

/// What speaks for each value that is returned early and was not.
fn returns(
    project: &Project,
    old: &PyFile,
    new: &PyFile,
    has_say: impl Fn(u32) -> bool,
) -> Result<Vec<String>, String> {
    let known = early_returns(old);
    let functions: BTreeSet<&str> = descendants(old.root())
        .into_iter()
        .filter(|n| n.kind() == "function_definition")
        .map(|f| old.name_of(f))
        .collect();
    let mut unmatched: Vec<(&str, &str)> = known
        .iter()
        .map(|(f, v, _)| (f.as_str(), v.as_str()))
        .collect();
    let mut out = Vec::new();
    for (function, value, node) in early_returns(new) {
        // What a function that was not there gives back is not left early: its callers' answers are asked about.
        if function != "<module>" && !functions.contains(function.as_str()) {
            continue;
        }
        let at = unmatched
            .iter()
            .position(|k| *k == (function.as_str(), value.as_str()));
        if let Some(at) = at {
            unmatched.remove(at);
            continue;
        }
        let line = new.line_of(node.start_byte());
        if !has_say(line) {
            continue;
        }
        let around = ancestors(node).find(|n| n.kind() == "function_definition");
        match around.and_then(|f| Stated::of(project, new, f).speaks_for(&value)) {
            Some(true) => out.push(format!("{function} says that it returns {value}")),
            Some(false) => {
                return Err(format!(
                    "{line} returns {value}, which {function} does not say it does"
                ));
            }
            None => match known.iter().find(|(_, v, _)| *v == value) {
                Some((_, _, same)) => out.push(format!(
                    "{}:{} returns {value} early as well",
                    old.path,
                    old.line_of(same.start_byte())
                )),
                None => {
                    return Err(format!(
                        "{line} returns {value} early, and nothing in the file speaks for that value"
                    ));
                }
            },
        }
    }
    Ok(out)
}

/// Values that are returned under a condition: function, value, statement. What is computed is no such value.
fn early_returns(file: &PyFile) -> Vec<(String, String, Node<'_>)> {
    let is_early = |node: &Node<'_>| {
        ancestors(*node)
            .take_while(|n| n.kind() != "function_definition")
            .any(|n| matches!(n.kind(), "if_statement" | "except_clause" | "else_clause"))
    };
    let mut out = Vec::new();
    for node in descendants(file.root()) {
        if node.kind() != "return_statement" {
            continue;
        }
        let values: Vec<Option<Node<'_>>> = match node.named_child(0) {
            // `x if good else None`.
            Some(value) if value.kind() == "conditional_expression" => {
                let branches = children(value);
                let at = |n: usize| branches.get(n).copied().filter(|b| is_constant(*b));
                [at(0), at(2)].into_iter().filter(Option::is_some).collect()
            }
            value if is_early(&node) => vec![value],
            _ => continue,
        };
        for value in values {
            let text = match value {
                None => "None".to_owned(),
                Some(value) if is_constant(value) || value.kind() == "identifier" => {
                    words(file.text_of(value))
                }
                Some(_) => continue,
            };
            out.push((function_of(file, node), text, node));
        }
    }
    out
}

fn is_constant(node: Node<'_>) -> bool {
    match node.kind() {
        "none" | "true" | "false" | "integer" | "float" | "string" => true,
        "list" | "dictionary" | "tuple" => node.named_child_count() == 0,
        _ => false,
    }
}

fn function_of(file: &PyFile, node: Node<'_>) -> String {
    ancestors(node)
        .find(|n| n.kind() == "function_definition")
        .map_or("<module>", |f| file.name_of(f))
        .to_owned()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::Policy;

    #[track_caller]
    fn check_handlers(text: &str, expected: &str) {
        let file = PyFile::parse("a.py", text);
        let found: Vec<String> = handlers(&file)
            .iter()
            .map(|h| {
                let broad = if h.is_broad() { " broad" } else { "" };
                let raises = if h.raises { " raises" } else { "" };
                format!(
                    "{} {} in {}{broad}{raises}",
                    h.types.join("|"),
                    h.n_statements,
                    h.function
                )
            })
            .collect();
        assert_eq!(found.join("; "), expected, "{text}");
    }

    #[test]
    fn handlers_are_told() {
        check_handlers(
            "try:\n    f()\nexcept KeyError:\n    pass\n",
            "KeyError 1 in <module>",
        );
        check_handlers(
            "def f():\n    try:\n        a()\n        b()\n    except (x.A, B) as e:\n        raise C from e\n",
            "A|B 2 in f raises",
        );
        check_handlers("try:\n    f()\nexcept:\n    pass\n", " 1 in <module> broad");
        check_handlers(
            "try:\n    f()\nexcept (A, Exception):\n    g()\n",
            "A|Exception 1 in <module> broad",
        );
        // Without parentheses, as Python 3.14 allows.
        check_handlers(
            "try:\n    f()\nexcept A, Exception:\n    g()\n",
            "A|Exception 1 in <module> broad",
        );
        check_handlers(
            "try:\n    f()\nexcept Exception:\n    raise\n",
            "Exception 1 in <module> raises",
        );
        check_handlers(
            "with suppress(Exception):\n    f()\n",
            "Exception 1 in <module> broad",
        );
    }

    #[track_caller]
    fn check_returns(old: &str, new: &str, expected: Result<usize, &str>) {
        let parse = |text: &str| PyFile::parse("a.py", text);
        let project = Project::new(PathBuf::new(), Vec::new(), None, &Policy::default());
        let found = returns(&project, &parse(old), &parse(new), |_| true);
        match (found, expected) {
            (Ok(found), Ok(n)) => assert_eq!(found.len(), n, "{found:?}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn a_value_returned_early_needs_a_precedent() {
        let old = "def f(x):\n    return x.y\n";
        let with = |more: &str, value: &str| {
            format!("def f(x):\n{more}    if not x:\n        return {value}\n    return x.y\n")
        };
        check_returns(old, old, Ok(0));
        check_returns(old, &with("", "None"), Err("nothing in the file"));
        check_returns(old, &with("", "x"), Err("nothing in the file"));
        check_returns(old, &with("", "g(x)"), Ok(0));
        let either = "def f(x):\n    return x.y if x else None\n";
        check_returns(old, either, Err("returns None early"));
        check_returns(either, &with("", "None"), Ok(0));
        check_returns(
            old,
            &with("    \"\"\"The y, or None.\"\"\"\n", "None"),
            Ok(1),
        );
        let typed = "def f(x) -> str:\n    if not x:\n        return {}\n    return x.y\n";
        check_returns(old, typed, Err("does not say"));
        let helper = "def h(x):\n    if x:\n        return 7\n    return x\n";
        check_returns(old, &format!("{helper}{old}"), Ok(0));
        let sibling = "def g(x):\n    if x:\n        return None\n    return 1\n";
        check_returns(
            &format!("{old}{sibling}"),
            &format!("{}{sibling}", with("", "None")),
            Ok(1),
        );
    }

    #[test]
    fn a_type_that_is_returned_for_nothing_else_is_odd() {
        let check = |crashing: &[&str], beside: &[&str], expected: bool| {
            let set = |types: &[&str]| types.iter().map(|t| (*t).to_owned()).collect();
            let returned = Returned {
                function: String::new(),
                crashing: set(crashing),
                beside: set(beside),
            };
            assert_eq!(returned.is_odd(), expected, "{crashing:?} {beside:?}");
        };
        check(&["dict"], &["float"], true);
        check(&["int"], &["float"], false);
        check(&["bool"], &["int"], true);
        check(&["NoneType"], &["float"], false);
        check(&["dict"], &["NoneType"], false);
        check(&["Order"], &["str"], false);
        check(&["str"], &["str", "NoneType"], false);
        check(&[], &["str"], false);
    }
}
