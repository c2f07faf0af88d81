//! What the repository does elsewhere about an exception: at other calls of the same function.
//!
//! Where several callers of a function handle an exception, raising it is how that function answers, and the caller that
//! does not handle it is the one to change.

use tree_sitter::Node;

use super::{
    project::Project,
    source::{PyFile, ancestors, children, descendants, exceptions_of, is_in},
};

/// Files looked through for calls of a function.
const MAX_FILES: usize = 400;

/// A call whose exception is handled.
pub(crate) struct Handled {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) instead: Instead,
    /// Whether the call is made once for each of several items.
    pub(crate) in_loop: bool,
}

/// What a handler does in place of the call's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instead {
    /// It goes on without one.
    Skip,
    /// It takes this value.
    Value(String),
    /// Something of its own.
    Other,
}

/// A step of a stack within the repository: file, 1-based line, bare name of the function.
pub(crate) type Step<'a> = (&'a str, u32, &'a str);

/// The step of a stack (outermost first) that is to handle an exception: it calls a function whose other callers do. Of several
/// the outermost.
pub(crate) fn answerable(project: &Project, stack: &[Step<'_>], types: &[String]) -> Option<usize> {
    let on_stack: Vec<(&str, u32)> = stack.iter().map(|s| (s.0, s.1)).collect();
    (0..stack.len()).find(|at| {
        let inner = stack[at + 1..].iter().find(|s| !s.2.starts_with('<'));
        inner.is_some_and(|s| !handled_calls(project, s.2, types, &on_stack).is_empty())
    })
}

/// The types under which an exception may be caught, as far as its name tells.
pub(crate) fn types_of(name: &str) -> Vec<String> {
    let above: &[&str] = match name {
        "KeyError" | "IndexError" => &["LookupError"],
        "ZeroDivisionError" | "OverflowError" => &["ArithmeticError"],
        "UnicodeDecodeError" | "UnicodeEncodeError" => &["UnicodeError", "ValueError"],
        "JSONDecodeError" => &["ValueError"],
        "ModuleNotFoundError" => &["ImportError"],
        _ => &[],
    };
    let all = std::iter::once(name).chain(above.iter().copied());
    all.map(str::to_owned).collect()
}

/// Calls of a function at which one of some exceptions is handled, if they are at least half of its calls; `on_stack` has
/// the places (path, line) that do not count. Nothing of a name that several functions have.
pub(crate) fn handled_calls(
    project: &Project,
    callee: &str,
    types: &[String],
    on_stack: &[(&str, u32)],
) -> Vec<Handled> {
    let calls = project.calls(callee);
    let calls = calls
        .iter()
        .filter(|c| !on_stack.contains(&(c.path.as_str(), c.line)));
    let mut n_calls = 0;
    let mut out = Vec::new();
    for call in calls {
        n_calls += 1;
        let clauses = call.clauses.iter();
        out.extend(
            clauses
                .filter(|c| names(&c.caught, types))
                .take(1)
                .map(|c| Handled {
                    path: call.path.clone(),
                    line: c.line,
                    instead: c.instead.clone(),
                    in_loop: call.in_loop,
                }),
        );
    }
    if out.len() * 2 < n_calls {
        out.clear();
    }
    out
}

/// A call of a function, with the handlers around it.
pub(crate) struct Call {
    path: String,
    line: u32,
    in_loop: bool,
    /// Innermost first.
    clauses: Vec<Clause>,
}

struct Clause {
    line: u32,
    caught: Vec<String>,
    instead: Instead,
}

/// The calls of a function in a project's sources; none of a name that several functions have.
pub(super) fn calls(project: &Project, callee: &str) -> Vec<Call> {
    let mut out = Vec::new();
    if callee.len() < 3 || callee.starts_with("__") || !callee.is_ascii() {
        return out;
    }
    let mut n_definitions = 0;
    let definition = format!("def {callee}(");
    let call = format!("{callee}(");
    for path in project.sources().take(MAX_FILES) {
        let Some(text) = project.read(path).filter(|t| t.contains(&call)) else {
            continue;
        };
        n_definitions += text.matches(&definition).count();
        if n_definitions > 1 {
            return Vec::new();
        }
        let Some(file) = project.file(path) else {
            continue;
        };
        let calls = descendants(file.root()).into_iter().filter(|node| {
            let function = node.child_by_field_name("function");
            node.kind() == "call"
                && function.is_some_and(|f| file.text_of(f).rsplit('.').next() == Some(callee))
        });
        out.extend(calls.map(|node| Call {
            path: path.to_owned(),
            line: file.line_of(node.start_byte()),
            in_loop: in_loop(node),
            clauses: clauses(&file, node),
        }));
    }
    out
}

/// Whether a node runs once for each turn of a loop of its function.
pub(crate) fn in_loop(node: Node<'_>) -> bool {
    ancestors(node)
        .skip(1)
        .take_while(|n| n.kind() != "function_definition")
        .any(|n| {
            matches!(n.kind(), "for_statement" | "while_statement")
                || n.kind().ends_with("comprehension")
        })
}

/// The handlers around a node in the same function, innermost first.
fn clauses(file: &PyFile, node: Node<'_>) -> Vec<Clause> {
    ancestors(node)
        .take_while(|n| !matches!(n.kind(), "function_definition" | "lambda"))
        .filter(|n| n.kind() == "try_statement")
        .filter(|n| is_in(node, n.child_by_field_name("body")))
        .flat_map(children)
        .filter(|c| c.kind() == "except_clause")
        .map(|clause| Clause {
            line: file.line_of(clause.start_byte()),
            caught: caught(file, clause),
            instead: instead(file, clause),
        })
        .collect()
}

/// Whether a clause names one of some exceptions; blanket names say nothing.
pub(crate) fn catches(file: &PyFile, clause: Node<'_>, types: &[String]) -> bool {
    names(&caught(file, clause), types)
}

fn caught(file: &PyFile, clause: Node<'_>) -> Vec<String> {
    let exceptions = exceptions_of(clause).into_iter();
    exceptions.map(|e| file.text_of(e).to_owned()).collect()
}

fn names(caught: &[String], types: &[String]) -> bool {
    caught.iter().any(|name| {
        let bare = name.rsplit('.').next().unwrap_or(name);
        !matches!(bare, "Exception" | "BaseException") && types.iter().any(|t| t == bare)
    })
}

/// What a handler of one statement does.
fn instead(file: &PyFile, clause: Node<'_>) -> Instead {
    let block = children(clause).into_iter().find(|c| c.kind() == "block");
    let statements = block.map(children).unwrap_or_default();
    let [only] = statements.as_slice() else {
        return Instead::Other;
    };
    let value = match only.kind() {
        "continue_statement" | "pass_statement" => return Instead::Skip,
        "return_statement" => only
            .named_child(0)
            .map_or("None", |v| file.text_of(v))
            .to_owned(),
        "expression_statement" => {
            let inner = only.named_child(0);
            let assigned = inner
                .filter(|n| n.kind() == "assignment")
                .and_then(|a| a.child_by_field_name("right"));
            match assigned {
                Some(value) => file.text_of(value).to_owned(),
                None => return Instead::Other,
            }
        }
        _ => return Instead::Other,
    };
    // What stands for nothing is understood everywhere; other names may not be.
    if matches!(
        value.as_str(),
        "None" | "\"\"" | "''" | "[]" | "{}" | "()" | "0" | "False" | "True"
    ) {
        Instead::Value(value)
    } else {
        Instead::Other
    }
}
