//! Edit forms that another place of the repository speaks for: other callers of a function, methods of the same name.

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target,
    guard::step_of,
    handler::{caught, is_global},
    proposal,
};
use crate::lang::python::{
    contract::{Instead, catches, handled_calls, in_loop},
    project::parent,
    source::{
        BUILTINS, PyFile, ancestors, children, descendants, free_names, own_descendants,
        statements_of,
    },
};

/// Files of the same folder that are looked through for methods of the same name.
const MAX_FILES: usize = 40;

/// An exception that other callers of the same function handle is handled here as they do.
pub(super) fn as_other_callers(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let Some(callee) = callee(site) else {
        return Vec::new();
    };
    let frames = site.error.frames.iter().filter(|f| f.repo);
    let on_stack: Vec<(&str, u32)> = frames.map(|f| (f.path.as_str(), f.line)).collect();
    let handled = handled_calls(site.project, callee, &site.error.mro, &on_stack);
    // What is done for one of several items is told best by calls that are made for each of several.
    let here = in_loop(target.failing);
    let weight = |instead: &Instead| -> f64 {
        let alike = handled.iter().filter(|h| h.instead == *instead);
        alike
            .map(|h| if h.in_loop == here { 1.0 } else { 0.4 })
            .sum()
    };
    let all = handled.iter().filter(|h| h.instead != Instead::Other);
    let most = all.map(|h| weight(&h.instead)).fold(0.0, f64::max);
    let mut out = Vec::new();
    for one in &handled {
        let edits = unrolled(site, target, &one.instead)
            .or_else(|| wrapped(site, target.statement, &one.instead));
        if let Some(edits) = edits {
            out.push(Proposal {
                witness: Some(format!(
                    "{}:{} handles it so at another call",
                    one.path, one.line
                )),
                ..proposal(
                    edits,
                    "handle as other callers do",
                    0.85 * weight(&one.instead) / most,
                )
            });
        }
    }
    out
}

/// The function that a frame called on the way to the crash.
pub(super) fn callee<'s>(site: &Site<'s>) -> Option<&'s str> {
    let frames = &site.error.frames;
    let at = frames.iter().position(|f| std::ptr::eq(f, site.frame))?;
    let next = frames[at + 1..]
        .iter()
        .find(|f| !f.function.starts_with('<'))?;
    next.repo.then_some(next.function.as_str())
}

/// A statement with a handler around it.
fn wrapped(site: &Site<'_>, statement: Node<'_>, instead: &Instead) -> Option<Vec<Edit>> {
    let file = site.file;
    let inner = statement.named_child(0)?;
    let action = match (instead, statement.kind()) {
        (Instead::Skip, "expression_statement") if in_loop(statement) => "continue".to_owned(),
        (Instead::Skip, "expression_statement") if inner.kind() != "assignment" => {
            "pass".to_owned()
        }
        (Instead::Value(value), "return_statement") => format!("return {value}"),
        (Instead::Value(value), "expression_statement") if inner.kind() == "assignment" => {
            let left = file.text_of(inner.child_by_field_name("left")?);
            format!("{left} = {value}")
        }
        (Instead::Value(value), "expression_statement") if inner.kind() == "call" => {
            let function = file.text_of(inner.child_by_field_name("function")?);
            function
                .ends_with(".append")
                .then(|| format!("{function}({value})"))?
        }
        _ => return None,
    };
    let (indent, step) = (file.indent_of(statement), step_of(file));
    let body = shifted(file, statement, statement, step)?;
    let (kind, import) = caught(site)?;
    let handled = Edit {
        start: file.line_start_of(statement),
        end: statement.end_byte(),
        text: format!("{indent}try:\n{body}\n{indent}except {kind}:\n{indent}{step}{action}"),
    };
    Some(import.into_iter().chain([handled]).collect())
}

/// `x = [f(i) for i in items]` as a loop that handles the exception for each item.
fn unrolled(site: &Site<'_>, target: &Target<'_>, instead: &Instead) -> Option<Vec<Edit>> {
    let file = site.file;
    let statement = target.statement;
    let made = ancestors(target.failing)
        .take_while(|n| n.id() != statement.id())
        .find(|n| n.kind() == "list_comprehension")?;
    let assignment = made.parent().filter(|p| p.kind() == "assignment")?;
    let name = assignment.child_by_field_name("left")?;
    let parts = children(made);
    let [item, clause, conditions @ ..] = parts.as_slice() else {
        return None;
    };
    let simple = name.kind() == "identifier"
        && clause.kind() == "for_in_clause"
        && conditions.iter().all(|c| c.kind() == "if_clause")
        && !file.text_of(made).contains('\n')
        && assignment
            .parent()
            .is_some_and(|p| p.id() == statement.id());
    if !simple {
        return None;
    }
    let name = file.text_of(name);
    let action = match instead {
        Instead::Skip => "continue".to_owned(),
        Instead::Value(value) => format!("{name}.append({value})"),
        Instead::Other => return None,
    };
    let (indent, step) = (file.indent_of(statement), step_of(file));
    let mut deeper = format!("{indent}{step}");
    let mut text = format!("{name} = []\n{indent}{}:\n", file.text_of(*clause));
    for condition in conditions {
        text.push_str(&format!("{deeper}{}:\n", file.text_of(*condition)));
        deeper.push_str(step);
    }
    let item = file.text_of(*item);
    let (kind, import) = caught(site)?;
    text.push_str(&format!(
        "{deeper}try:\n{deeper}{step}{name}.append({item})\n{deeper}except {kind}:\n{deeper}{step}{action}"
    ));
    Some(
        import
            .into_iter()
            .chain([Edit::replace(statement, text)])
            .collect(),
    )
}

/// The lines from one statement to another, a step further in. Nothing where a string goes over several of them.
fn shifted(file: &PyFile, first: Node<'_>, last: Node<'_>, step: &str) -> Option<String> {
    let (start, end) = (file.line_start_of(first), last.end_byte());
    let over_lines = descendants(file.root()).into_iter().any(|n| {
        n.kind() == "string"
            && start <= n.start_byte()
            && n.end_byte() <= end
            && file.text_of(n).contains('\n')
    });
    let text = file.text.get(start..end).filter(|_| !over_lines)?;
    let lines: Vec<String> = text
        .lines()
        .map(|l| match l.trim() {
            "" => String::new(),
            _ => format!("{step}{l}"),
        })
        .collect();
    Some(lines.join("\n"))
}

/// What methods of the same name in sibling classes do about this exception is done here.
pub(super) fn as_sibling_methods(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some(function) = target.function else {
        return out;
    };
    let Some(class) = file.class_of(function) else {
        return out;
    };
    let name = file.name_of(function);
    let known = file.parameters(function);
    let own_class = file.name_of(class);
    let folder = parent(&file.path);
    let needle = format!("def {name}(");
    let files = std::iter::once(file.path.as_str())
        .chain(
            site.project
                .sources()
                .filter(|p| *p != file.path && parent(p) == folder)
                .take(MAX_FILES),
        )
        .filter(|p| site.project.read(p).is_some_and(|t| t.contains(&needle)));
    for path in files {
        let Some(other) = site.project.file(path) else {
            continue;
        };
        let methods = descendants(other.root()).into_iter().filter(|n| {
            n.kind() == "function_definition"
                && other.name_of(*n) == name
                && !(path == file.path && n.start_byte() == function.start_byte())
        });
        for method in methods {
            let Some(sibling) = other.class_of(method) else {
                continue;
            };
            let clauses = own_descendants(method).into_iter().filter(|n| {
                n.kind() == "except_clause" && catches(&other, *n, &site.error.mro) && leaves(*n)
            });
            for clause in clauses {
                let text = renamed(
                    file,
                    other.text_of(clause),
                    other.name_of(sibling),
                    own_class,
                );
                let at_hand = free_names(&other, clause).iter().all(|n| {
                    let now = renamed(file, n, other.name_of(sibling), own_class);
                    BUILTINS.contains(&now.as_str())
                        || known.iter().any(|p| p.name == now)
                        || is_global(file, &now)
                });
                if !at_hand || !attributes_known(file, class, &text) {
                    continue;
                }
                let witness = format!(
                    "{path}:{} does so in {}.{name}",
                    other.line_of(clause.start_byte()),
                    other.name_of(sibling)
                );
                let whole = covers_body(method, clause);
                for (first, last, prior) in extents(target, function, whole) {
                    if let Some(edits) = with_handler(file, first, last, &other, clause, &text) {
                        out.push(Proposal {
                            witness: Some(witness.clone()),
                            ..proposal(edits, "handle as a sibling method does", prior)
                        });
                    }
                }
            }
        }
    }
    out
}

/// Whether a handler ends the function: what goes on after it belongs to its own method.
fn leaves(clause: Node<'_>) -> bool {
    let block = children(clause).into_iter().find(|c| c.kind() == "block");
    let last = block.and_then(|b| children(b).pop());
    last.is_some_and(|s| matches!(s.kind(), "raise_statement" | "return_statement"))
}

/// From which statement to which a handler may go: as far as in the sibling, or around the failing one.
fn extents<'t>(
    target: &Target<'t>,
    function: Node<'t>,
    whole: bool,
) -> Vec<(Node<'t>, Node<'t>, f64)> {
    let mut out = vec![(target.statement, target.statement, 0.6)];
    let body = statements_of(function);
    if let (true, Some(first), Some(last)) = (whole, body.first(), body.last()) {
        out.push((*first, *last, 0.9));
    }
    out
}

/// Whether a handler's `try` is all that its method consists of.
fn covers_body(method: Node<'_>, clause: Node<'_>) -> bool {
    let body = method.child_by_field_name("body");
    statements_of(method).len() == 1 && clause.parent().and_then(|t| t.parent()) == body
}

fn with_handler(
    file: &PyFile,
    first: Node<'_>,
    last: Node<'_>,
    other: &PyFile,
    clause: Node<'_>,
    text: &str,
) -> Option<Vec<Edit>> {
    let (indent, step) = (file.indent_of(first), step_of(file));
    let body = shifted(file, first, last, step)?;
    let old = other.indent_of(clause).len();
    let mut handler = String::new();
    for line in text.lines() {
        let cut = line.len() - line.trim_start().len();
        // The clause's own first line starts at its keyword.
        let line = if handler.is_empty() {
            line
        } else {
            &line[cut.min(old)..]
        };
        handler.push_str(&format!("\n{indent}{line}"));
    }
    Some(vec![Edit {
        start: file.line_start_of(first),
        end: last.end_byte(),
        text: format!("{indent}try:\n{body}{handler}"),
    }])
}

/// Whether a class uses each attribute of `self` that a text does.
fn attributes_known(file: &PyFile, class: Node<'_>, text: &str) -> bool {
    let own = file.text_of(class);
    text.match_indices("self.").all(|(at, _)| {
        let rest = &text[at + 5..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        own.contains(&format!("self.{}", &rest[..end]))
    })
}

/// A text of one class in the words of another: `RangeInvalid` of `Range` is `ClampInvalid` of `Clamp`, where there is one.
fn renamed(file: &PyFile, text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
        out.push_str(&rest[..start]);
        let end = rest[start..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(rest.len(), |n| start + n);
        let word = &rest[start..end];
        let new = word.replace(from, to);
        out.push_str(if word.contains(from) && is_global(file, &new) {
            &new
        } else {
            word
        });
        rest = &rest[end..];
    }
    out + rest
}
