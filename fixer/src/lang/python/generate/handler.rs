//! Edit forms that end in an exception which the repository itself promises.

use tree_sitter::Node;

use super::{Bad, Edit, Proposal, Site, Target, bad::Fault, proposal};
use crate::lang::python::source::{PyFile, ancestors, children, descendants, exceptions_of, is_in};

/// The `except` clauses around a place, made to catch this exception as well.
pub(super) fn widen(site: &Site<'_>) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some(statement) = file.statement_at(site.frame.line) else {
        return out;
    };
    let kind = site.error.type_name.as_str();
    let Some((name, import)) = caught(site) else {
        return out;
    };
    for (n, node) in ancestors(statement)
        .take_while(|n| n.kind() != "function_definition")
        .filter(|n| n.kind() == "try_statement")
        .enumerate()
    {
        let body = node.child_by_field_name("body");
        let Some(body) = body.filter(|b| is_in(statement, Some(*b))) else {
            continue;
        };
        for clause in children(node)
            .into_iter()
            .filter(|c| c.kind() == "except_clause")
        {
            let caught = exceptions_of(clause);
            let Some(first) = caught.first() else {
                continue;
            };
            let tuple = first.parent().filter(|p| p.kind() == "tuple");
            let types = tuple.unwrap_or(*first);
            let names: Vec<&str> = caught.iter().map(|t| file.text_of(*t)).collect();
            if names.iter().any(|name| {
                site.error
                    .mro
                    .iter()
                    .any(|m| name.rsplit('.').next() == Some(m))
            }) {
                continue;
            }
            let related = names
                .iter()
                .map(|name| affinity(name, kind).max(kinship(name, &site.error.mro)))
                .fold(0.0, f64::max);
            // What gives the caller's default is for whatever cannot be had.
            let related = match gives_default(file, clause) {
                true => related.max(0.6),
                false => related,
            };
            // One call and its handler belong together; a long body says less.
            let focus = match children(body).len() {
                1 => 1.0,
                2 => 0.9,
                _ => 0.7,
            };
            let depth = if site.innermost
                || site.frame.function == site.error.place().map_or("", |p| p.function.as_str())
            {
                1.0
            } else {
                0.75
            };
            let text = file.text_of(types);
            let new = if tuple.is_some() {
                format!(
                    "{}, {name})",
                    text.trim_end_matches(')').trim_end().trim_end_matches(',')
                )
            } else {
                format!("({text}, {name})")
            };
            let has_alias = types.parent().is_some_and(|p| p.kind() == "as_pattern");
            let uses_alias = has_alias && clause_uses_attributes(file, clause);
            // Text beside a number comes of code that forgot to convert it: to go on without is to give up on good input.
            let message = site.error.message.as_str();
            let is_confused = !message.contains("NoneType")
                && [
                    "unsupported operand",
                    "can only concatenate",
                    "not supported between",
                ]
                .iter()
                .any(|sign| message.contains(sign));
            let prior = related
                * if is_confused { 0.4 } else { 1.0 }
                * focus
                * depth
                * if uses_alias { 0.6 } else { 1.0 }
                * 0.9f64.powi(n as i32);
            let witness = Some(format!(
                "{}:{} already handles {} there",
                file.path,
                file.line_of(clause.start_byte()),
                names.join(", ")
            ));
            out.push(Proposal {
                witness,
                ..proposal(
                    import
                        .clone()
                        .into_iter()
                        .chain([Edit::replace(types, new)])
                        .collect(),
                    "widen the handler",
                    prior,
                )
            });
        }
    }
    out
}

/// What an `except` clause of the file calls the exception, and the import that this needs; nothing where a class of the
/// repository itself is not known there: its module may import this one.
pub(super) fn caught(site: &Site<'_>) -> Option<(String, Option<Edit>)> {
    let (file, error) = (site.file, site.error);
    let (module, name) = (error.module.as_str(), error.type_name.as_str());
    if module == "builtins" || is_global(file, name) {
        return Some((name.to_owned(), None));
    }
    let imports = children(file.root())
        .into_iter()
        .filter(|n| matches!(n.kind(), "import_statement" | "import_from_statement"));
    let qualified = format!("{module}.{name}");
    let own = format!("import {module}");
    let mut last = None;
    for import in imports {
        if file.text_of(import) == own {
            return Some((qualified, None));
        }
        last = Some(import);
    }
    let is_ours = site
        .project
        .sources()
        .any(|p| site.project.module_of(p).as_deref() == Some(module));
    let is_private = module.split('.').any(|part| part.starts_with('_'));
    let last = last.filter(|_| !is_ours && !is_private && !module.is_empty())?;
    let edit = Edit::insert(last.end_byte(), format!("\n{own}"));
    Some((qualified, Some(edit)))
}

/// Whether a handler reads attributes of what it caught, which another exception may not have.
fn clause_uses_attributes(file: &PyFile, clause: Node<'_>) -> bool {
    let alias = descendants(clause)
        .into_iter()
        .find(|n| n.kind() == "as_pattern_target")
        .map(|n| file.text_of(n).to_owned());
    alias.is_some_and(|a| {
        descendants(clause).iter().any(|n| {
            n.kind() == "attribute"
                && n.child_by_field_name("object")
                    .is_some_and(|o| file.text_of(o) == a)
        })
    })
}

/// Whether a handler does nothing but return what the caller gave for that: a parameter that has a default.
fn gives_default(file: &PyFile, clause: Node<'_>) -> bool {
    let body = children(clause).into_iter().find(|n| n.kind() == "block");
    let body = body.map(children).unwrap_or_default();
    let returned = match body.as_slice() {
        [only] if only.kind() == "return_statement" => only.named_child(0),
        _ => None,
    };
    let function = ancestors(clause).find(|n| n.kind() == "function_definition");
    returned.zip(function).is_some_and(|(value, function)| {
        let all = file.parameters(function);
        all.iter()
            .any(|p| p.default.is_some() && p.name == file.text_of(value))
    })
}

/// How likely a handler for one exception is meant for another as well: the pairs that one bad input raises by turns.
fn affinity(caught: &str, raised: &str) -> f64 {
    let caught = caught.rsplit('.').next().unwrap_or(caught);
    match (caught, raised) {
        ("ValueError", "TypeError") | ("TypeError", "ValueError") => 0.95,
        ("ValueError", "OverflowError") | ("OverflowError", "ValueError") => 0.9,
        ("KeyError", "TypeError" | "IndexError" | "AttributeError")
        | ("IndexError", "KeyError" | "TypeError") => 0.75,
        ("AttributeError", "TypeError" | "KeyError")
        | ("TypeError", "AttributeError" | "KeyError") => 0.75,
        (
            "ValueError",
            "AttributeError" | "IndexError" | "KeyError" | "UnicodeError" | "ZeroDivisionError",
        ) => 0.6,
        ("UnicodeDecodeError", "UnicodeEncodeError" | "LookupError" | "ValueError")
        | ("UnicodeEncodeError", "UnicodeDecodeError") => 0.75,
        ("ImportError" | "ModuleNotFoundError", "AttributeError")
        | ("OSError" | "IOError", "ValueError" | "UnicodeDecodeError") => 0.6,
        ("IndexError", "ValueError") | ("StopIteration", _) => 0.4,
        _ => 0.25,
    }
}

/// How likely a handler for one exception is meant for another that has the same narrow built-in base: of a base64 text
/// `binascii.Error` says as much as `UnicodeDecodeError`, both a `ValueError`.
///
/// Source: The Python Standard Library, "Exception hierarchy".
fn kinship(caught: &str, raised: &[String]) -> f64 {
    let base = match caught.rsplit('.').next().unwrap_or(caught) {
        "UnicodeError" | "UnicodeDecodeError" | "UnicodeEncodeError" | "JSONDecodeError" => {
            "ValueError"
        }
        "IndexError" | "KeyError" => "LookupError",
        "OverflowError" | "ZeroDivisionError" => "ArithmeticError",
        _ => return 0.0,
    };
    match raised.iter().any(|class| class == base) {
        true => 0.75,
        false => 0.0,
    }
}

/// `if bad: raise E(...)`, where the code around raises `E` for bad input already.
pub(super) fn contract(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let in_elif = ancestors(target.failing)
        .take_while(|n| n.id() != target.statement.id())
        .any(|n| matches!(n.kind(), "elif_clause" | "else_clause"));
    let Some(function) = target.function.filter(|_| !in_elif) else {
        return out;
    };
    for Declared {
        node,
        name,
        near,
        is_promised: promised,
        is_documented: documented,
        is_handled,
        own,
    } in declared(site, function)
    {
        let call = node.named_child(0).filter(|n| n.kind() == "call");
        let indent = file.indent_of(target.statement);
        // Somebody must expect the error here: a caller, the documentation, or the function itself, which raises it.
        let is_alike = near >= 1.0 && guards_alike(file, node, bad.fault);
        let weight = match (promised, documented) {
            // What is computed of nothing is zero or nothing more often than an error.
            (true, _) | (_, true) if bad.fault == Fault::Zero => 0.55,
            _ if bad.fault == Fault::Zero => 0.3,
            (true, _) => 0.95,
            (_, true) => 0.85,
            _ if own && is_handled && (is_alike || near >= 1.0) => 0.85,
            _ if own && is_alike => 0.75,
            _ if own && is_handled => 0.6,
            _ if own && near >= 1.0 => 0.5,
            _ if own => 0.3,
            _ if near >= 1.0 => 0.3,
            _ => 0.15,
        };
        let is_expected = promised || documented || is_handled || near >= 1.0;
        // The words of the raise beside it, where it is about the same and all its names are at hand here; else words of our own.
        let mut raised = format!("{name}({})", message(site, target, bad));
        if let Some(call) = call.filter(|_| is_alike) {
            let names = crate::lang::python::source::free_names(file, call);
            let at_hand = names.iter().all(|n| {
                site.frame.locals.contains_key(n)
                    || file.root().named_child_count() > 0 && is_global(file, n)
            });
            // Words that show the very value that is not there fail as the code did.
            let is_there = !file.text_of(call).contains(file.text_of(target.failing));
            if at_hand && is_there {
                raised = file.text_of(call).to_owned();
            }
        }
        let witness = is_expected.then(|| {
            format!(
                "{}:{} raises it",
                file.path,
                file.line_of(node.start_byte())
            )
        });
        let text = format!("{indent}if {}:\n{indent}    raise {raised}\n", bad.bad);
        out.push(Proposal {
            witness,
            ..proposal(
                vec![Edit::insert(file.line_start_of(target.statement), text)],
                "raise the declared error",
                weight
                    * if promised || documented {
                        near.max(0.9)
                    } else {
                        1.0
                    }
                    * bad.weight,
            )
        });
    }
    out
}

/// An exception that code around a place raises.
pub(super) struct Declared<'t> {
    /// The `raise` that stands nearest.
    pub(super) node: Node<'t>,
    /// What it is called there.
    pub(super) name: String,
    /// How near that is: 1 in the same function, less in its class and its file.
    pub(super) near: f64,
    /// Whether callers outside the repository handle it.
    pub(super) is_promised: bool,
    /// Whether the function's docstring names it.
    pub(super) is_documented: bool,
    /// Whether a caller on the stack handles it.
    pub(super) is_handled: bool,
    /// Whether it is none of Python's own.
    pub(super) own: bool,
}

/// The exceptions that a function's file raises, up to three, the nearest first.
pub(super) fn declared<'t>(site: &'t Site<'_>, function: Node<'t>) -> Vec<Declared<'t>> {
    let file = site.file;
    let class = file.class_of(function);
    let mut raises: Vec<(Node<'_>, f64)> = descendants(file.root())
        .into_iter()
        .filter(|n| n.kind() == "raise_statement")
        .map(|node| {
            let near = if is_in(node, Some(function)) {
                1.0
            } else if is_in(node, class) {
                0.8
            } else {
                0.65
            };
            (node, near)
        })
        .collect();
    raises.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut seen: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for (node, near) in raises {
        let Some(raised) = node.named_child(0) else {
            continue;
        };
        let name = raised
            .child_by_field_name("function")
            .filter(|_| raised.kind() == "call")
            .map_or(file.text_of(raised), |f| file.text_of(f))
            .to_owned();
        let bare = name.rsplit('.').next().unwrap_or(&name).to_owned();
        if seen.contains(&bare)
            || seen.len() >= 3
            || matches!(
                bare.as_str(),
                "NotImplementedError"
                    | "StopIteration"
                    | "AssertionError"
                    | "SystemExit"
                    | "KeyboardInterrupt"
            )
            || !bare.starts_with(char::is_uppercase)
        {
            continue;
        }
        out.push(Declared {
            node,
            name,
            near,
            is_promised: site.promised.by_callers.contains(&bare),
            is_documented: docstring(file, function).is_some_and(|d| d.contains(&bare)),
            is_handled: handled_above(site, &bare),
            own: !crate::lang::python::source::BUILTINS.contains(&bare.as_str()),
        });
        seen.push(bare);
    }
    out
}

/// Whether a function of the repository on the stack called this one to handle that very exception.
fn handled_above(site: &Site<'_>, name: &str) -> bool {
    let frames = site.error.frames.iter().filter(|f| f.repo);
    let mut above = frames.take_while(|f| !std::ptr::eq(*f, site.frame));
    above.any(|frame| {
        let file = site.project.file(&frame.path);
        file.is_some_and(|file| {
            let Some(statement) = file.statement_at(frame.line) else {
                return false;
            };
            ancestors(statement)
                .take_while(|n| n.kind() != "function_definition")
                .filter(|n| {
                    n.kind() == "try_statement" && is_in(statement, n.child_by_field_name("body"))
                })
                .flat_map(children)
                .filter(|n| n.kind() == "except_clause")
                .flat_map(exceptions_of)
                .any(|e| file.text_of(e).rsplit('.').next() == Some(name))
        })
    })
}

/// Whether a `raise` stands under a condition that asks for the same fault.
fn guards_alike(file: &PyFile, raise: Node<'_>, fault: Fault) -> bool {
    let guard = raise.parent().and_then(|block| block.parent());
    let Some(condition) = guard
        .filter(|g| g.kind() == "if_statement")
        .and_then(|g| g.child_by_field_name("condition"))
    else {
        return false;
    };
    let text = file.text_of(condition);
    let is_plain = !text.trim_end_matches(".strip()").contains('(');
    let is_denied = text.starts_with("not ") && is_plain;
    match fault {
        Fault::None => text.contains(" is None") || is_denied,
        Fault::Empty => is_denied || text.ends_with("== 0"),
        Fault::Short => text.contains("len("),
        Fault::Key => text.contains(" not in "),
        Fault::Zero => text.ends_with("== 0") || is_denied,
        Fault::Type => text.contains("not isinstance("),
    }
}

pub(super) fn is_global(file: &PyFile, name: &str) -> bool {
    children(file.root()).into_iter().any(|n| {
        descendants(n)
            .iter()
            .take(200)
            .any(|d| d.kind() == "identifier" && file.text_of(*d) == name)
            && n.kind() != "function_definition"
    }) || children(file.root())
        .into_iter()
        .any(|n| n.kind() == "function_definition" && file.name_of(n) == name)
}

/// A plain sentence about the input, from the function's own words.
fn message(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> String {
    let function = target
        .function
        .map_or("", |f| site.file.name_of(f))
        .trim_matches('_')
        .replace('_', " ");
    let what = match bad.fault {
        Fault::None => format!("{} is missing", bad.text),
        Fault::Empty | Fault::Short => format!(
            "unexpected end of {}",
            bad.text.rsplit(['.', ' ']).next().unwrap_or("input")
        ),
        Fault::Key => "unknown key".to_owned(),
        Fault::Zero => format!("{} is zero", bad.text),
        Fault::Type => format!("{} has the wrong type", bad.text),
    };
    let text = format!("{function}: {what}").replace(['"', '\\', '{', '}'], "");
    format!("\"{text}\"")
}

/// The docstring of a function.
pub(super) fn docstring<'a>(file: &'a PyFile, function: Node<'_>) -> Option<&'a str> {
    let first = children(function.child_by_field_name("body")?)
        .into_iter()
        .next()?;
    let string = (first.kind() == "expression_statement")
        .then(|| first.named_child(0))
        .flatten()
        .filter(|n| n.kind() == "string")?;
    let mut parts = children(string).into_iter();
    let content = parts.find(|n| n.kind() == "string_content")?;
    Some(file.text_of(content))
}
