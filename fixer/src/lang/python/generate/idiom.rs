//! The repository's own helper, applied where it was forgotten.
//!
//! Who writes `as_list(report["Stmt"])` three times and `report["Ntry"]` once meant a fourth.

use std::{collections::VecDeque, rc::Rc};

use tree_sitter::Node;

use super::{
    Edit, HELPER, Proposal, Site, Target,
    bad::{call_arguments, called_method},
    proposal,
};
use crate::lang::python::{
    definition::{Definition, definition, definitions_of, imports},
    project::Project,
    source::{
        BUILTINS, ParameterKind, PyFile, ancestors, descendants, is_field, is_in, own_descendants,
    },
};

/// Helpers that are tried at a place.
const MAX_HELPERS: usize = 8;

/// Expressions that they are tried on.
const MAX_EXPRESSIONS: usize = 6;

const MAX_CANDIDATES: usize = 24;

/// Imported names that are looked at for helpers.
const MAX_IMPORTS: usize = 60;

/// Files looked through for what a helper is applied to.
const MAX_FILES: usize = 200;

/// A call of a helper.
pub(crate) struct Use {
    path: String,
    line: u32,
    role: Role,
}

/// What an expression is, in ways that tell whether another is like it.
struct Role {
    /// Whether a loop goes over it.
    is_iterated: bool,
    /// Of an item or attribute, the last name of what it is taken from, and its key.
    item: Option<(String, String)>,
}

/// A value that the crash comes from goes through a helper first, as its like does elsewhere.
pub(super) fn helpers(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let expressions: Vec<(Node<'_>, Role)> = expressions(file, target)
        .into_iter()
        .map(|node| (node, role(file, node)))
        .collect();
    let mut found: Vec<(usize, String, Vec<Option<String>>)> = Vec::new();
    if expressions.is_empty() {
        return Vec::new();
    }
    for (name, helper) in at_hand(site, target) {
        let uses = site.project.uses(&helper);
        let witnesses: Vec<_> = expressions
            .iter()
            .map(|(_, role)| {
                let (sign, like) = uses
                    .iter()
                    .filter_map(|u| Some((sign(&u.role, role)?, u)))
                    .min_by_key(|(_, u)| u.path != file.path)?;
                Some(format!(
                    "{}:{} applies {name} to {sign}",
                    like.path, like.line
                ))
            })
            .collect();
        if !uses.is_empty() {
            found.push((uses.len(), name, witnesses));
        }
    }
    found.sort_by_key(|(n, _, witnesses)| {
        let is_like = witnesses.iter().any(Option::is_some);
        std::cmp::Reverse((is_like, *n))
    });
    let mut out = Vec::new();
    for (_, name, witnesses) in found.into_iter().take(MAX_HELPERS) {
        for ((node, _), witness) in expressions.iter().zip(witnesses) {
            if is_applied(file, *node, &name) {
                continue;
            }
            // A helper that nobody applies to the like is a guess among many.
            let Some(witness) = witness else { continue };
            let text = format!("{name}({})", file.text_of(*node));
            out.push(Proposal {
                witness: Some(witness),
                ..proposal(vec![Edit::replace(*node, text)], HELPER, 0.8)
            });
        }
    }
    out.truncate(MAX_CANDIDATES);
    out
}

/// The functions of one required argument that may be called at a place, under their names there.
fn at_hand(site: &Site<'_>, target: &Target<'_>) -> Vec<(String, Definition)> {
    let file = site.file;
    let own = definitions_of(file.root()).into_iter();
    let own = own.map(|n| file.name_of(n).to_owned());
    let imported = imports(file).into_iter().take(MAX_IMPORTS).map(|i| i.bound);
    // A local of that name, and the very function, are not the helper.
    let is_other = |name: &String| {
        target
            .function
            .is_none_or(|f| file.name_of(f) != name && !site.frame.locals.contains_key(name))
    };
    own.chain(imported)
        .filter(is_other)
        .filter_map(|name| {
            let helper = definition(site.project, &file.path, &name)?;
            takes_one(&helper.file, helper.node()).then_some((name, helper))
        })
        .collect()
}

fn takes_one(file: &PyFile, function: Node<'_>) -> bool {
    let parameters = file.parameters(function);
    let mut required = parameters.iter().filter(|p| {
        p.default.is_none() && matches!(p.kind, ParameterKind::Plain | ParameterKind::KeywordOnly)
    });
    function.kind() == "function_definition"
        && !file.text_of(function).starts_with("async")
        && required
            .next()
            .is_some_and(|p| p.kind == ParameterKind::Plain)
        && required.next().is_none()
}

/// Where the sources call a function with one argument, and nothing else.
pub(crate) fn uses(project: &Project, helper: &Definition) -> Vec<Use> {
    let mut out = Vec::new();
    let name = helper.name();
    let needle = format!("{name}(");
    for path in project.sources().take(MAX_FILES) {
        if !project
            .read(path)
            .is_some_and(|text| text.contains(&needle))
        {
            continue;
        }
        let Some(file) = project.file(path) else {
            continue;
        };
        let calls = descendants(file.root()).into_iter().filter_map(|call| {
            let callee = call.child_by_field_name("function")?;
            let callee = file.text_of(callee);
            let is_named = call.kind() == "call" && callee.rsplit('.').next() == Some(name);
            is_named.then_some((callee, call))
        });
        let mut known: Vec<(&str, bool)> = Vec::new();
        for (callee, call) in calls {
            let is_helper = known.iter().find(|k| k.0 == callee).map(|k| k.1);
            let is_helper = is_helper.unwrap_or_else(|| {
                let is = definition(project, path, callee).is_some_and(|d| d.is(helper));
                known.push((callee, is));
                is
            });
            let is_own = Rc::ptr_eq(&file, &helper.file) && is_in(call, Some(helper.node()));
            let arguments = call_arguments(call);
            let [only] = arguments.as_slice() else {
                continue;
            };
            let is_plain = !matches!(
                only.kind(),
                "keyword_argument" | "list_splat" | "dictionary_splat"
            );
            if is_helper && !is_own && is_plain {
                out.push(Use {
                    path: path.to_owned(),
                    line: file.line_of(call.start_byte()),
                    role: Role {
                        is_iterated: is_iterated(&file, call),
                        item: item(&file, *only),
                    },
                });
            }
        }
    }
    out
}

fn role(file: &PyFile, node: Node<'_>) -> Role {
    Role {
        is_iterated: is_iterated(file, node),
        item: item(file, node),
    }
}

/// In which way two expressions are alike.
fn sign(one: &Role, other: &Role) -> Option<String> {
    match one.item.as_ref().zip(other.item.as_ref()) {
        Some(((_, key), (_, other))) if key == other => Some(format!("{key} there")),
        _ if one.is_iterated && other.is_iterated => Some("what it goes over".to_owned()),
        Some(((of, _), (other, _))) if of == other => Some(format!("an item of {of}")),
        _ => None,
    }
}

/// `("details", "TxDtls")` of `self.details["TxDtls"]`, `details.get("TxDtls", [])` and `details.TxDtls`.
pub(super) fn item(file: &PyFile, node: Node<'_>) -> Option<(String, String)> {
    let field = |node: Node<'_>, name| node.child_by_field_name(name).map(|n| file.text_of(n));
    let (of, key) = match node.kind() {
        "subscript" => (field(node, "value")?, field(node, "subscript")?),
        "attribute" => (field(node, "object")?, field(node, "attribute")?),
        "call" if called_method(file, node) == "get" => {
            let function = node.child_by_field_name("function")?;
            let key = *call_arguments(node).first()?;
            (field(function, "object")?, file.text_of(key))
        }
        _ => return None,
    };
    // A position says nothing of what is there.
    let key = key.trim_matches(['"', '\'']);
    let is_word = key.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let of = of.rsplit(|c: char| !c.is_alphanumeric() && c != '_');
    is_word.then(|| (of.take(1).collect(), key.to_owned()))
}

/// Whether a loop of the function goes over an expression, or over the name that it is given.
fn is_iterated(file: &PyFile, node: Node<'_>) -> bool {
    let is_over = |clause: Node<'_>, wanted: &dyn Fn(Node<'_>) -> bool| {
        matches!(clause.kind(), "for_statement" | "for_in_clause")
            && clause.child_by_field_name("right").is_some_and(wanted)
    };
    let Some(parent) = node.parent() else {
        return false;
    };
    if is_over(parent, &|right| right.id() == node.id()) {
        return true;
    }
    let Some(name) = Some(parent)
        .filter(|p| p.kind() == "assignment")
        .and_then(|p| p.child_by_field_name("left"))
    else {
        return false;
    };
    let function = ancestors(node).find(|n| n.kind() == "function_definition");
    own_descendants(function.unwrap_or(file.root()))
        .into_iter()
        .any(|n| is_over(n, &|right| file.text_of(right) == file.text_of(name)))
}

/// Whether an expression already goes into a helper, or comes out of it.
fn is_applied(file: &PyFile, node: Node<'_>, helper: &str) -> bool {
    let is_helper = |call: Node<'_>| {
        let function = call.child_by_field_name("function");
        call.kind() == "call" && function.is_some_and(|f| file.text_of(f) == helper)
    };
    let around = node.parent().and_then(|p| p.parent());
    is_helper(node) || around.is_some_and(is_helper)
}

/// The expressions that the bad value may come from, the nearest first.
fn expressions<'t>(file: &'t PyFile, target: &Target<'t>) -> Vec<Node<'t>> {
    let failing = target.failing;
    let mut queue = VecDeque::new();
    let around = failing.parent();
    let right = around.and_then(|p| p.child_by_field_name("right"));
    if let Some(right) = right
        && matches!(
            around.map_or("", |p| p.kind()),
            "for_statement" | "for_in_clause" | "assignment"
        )
    {
        // What is gone over, or taken apart.
        queue.push_back(right);
    }
    queue.extend(operands(file, failing));
    let mut out: Vec<Node<'t>> = Vec::new();
    while let Some(node) = queue.pop_front() {
        let is_known = out.iter().any(|n| n.id() == node.id());
        if is_known || out.len() >= MAX_EXPRESSIONS {
            continue;
        }
        match origin(file, target.function, node) {
            Some(origin) => {
                queue.push_front(origin);
                queue.extend(operands(file, origin));
            }
            None if node.id() == failing.id() => queue.extend(operands(file, node)),
            None => {}
        }
        if !matches!(
            node.kind(),
            "assignment" | "expression_list" | "pattern_list" | "yield" | "lambda" | "none"
        ) {
            out.push(node);
        }
    }
    out
}

/// The values that an expression is made of.
fn operands<'t>(file: &PyFile, node: Node<'t>) -> Vec<Node<'t>> {
    let is_operand = |n: &Node<'t>| {
        let is = |field: &str| is_field(*n, field);
        let kind = n.parent().map_or("", |p| p.kind());
        matches!(n.kind(), "identifier" | "attribute" | "subscript" | "call")
            && !(kind == "call" && is("function"))
            && !(kind == "attribute" && is("attribute"))
            && !(kind == "keyword_argument" && is("name"))
            && !is("left")
            && !(n.kind() == "identifier" && is_bound_outside(file, file.text_of(*n)))
    };
    let all = descendants(node).into_iter().skip(1);
    all.filter(is_operand).collect()
}

/// Whether a name is Python's, a module's, a function's or a class's.
fn is_bound_outside(file: &PyFile, name: &str) -> bool {
    BUILTINS.contains(&name)
        || imports(file).iter().any(|i| i.bound == name)
        || definitions_of(file.root())
            .into_iter()
            .any(|n| file.name_of(n) == name)
}

/// What a name was last given: the right side of an assignment, or what the loop around goes over.
pub(super) fn origin<'t>(
    file: &PyFile,
    function: Option<Node<'t>>,
    name: Node<'t>,
) -> Option<Node<'t>> {
    if name.kind() != "identifier" {
        return None;
    }
    let function = function?;
    let text = file.text_of(name);
    let nodes = own_descendants(function).into_iter().filter(|n| {
        let right = n.child_by_field_name("right");
        match n.kind() {
            "assignment" => n.end_byte() <= name.start_byte(),
            "for_statement" => is_in(name, Some(*n)) && !is_in(name, right),
            "for_in_clause" => is_in(name, n.parent()) && !is_in(name, right),
            _ => false,
        }
    });
    let binds = |n: &Node<'t>| {
        let left = n.child_by_field_name("left");
        left.is_some_and(|left| {
            let all = descendants(left).into_iter();
            all.filter(|d| d.kind() == "identifier")
                .any(|d| file.text_of(d) == text)
                && (n.kind() != "assignment" || file.text_of(left) == text)
        })
    };
    // A comprehension binds nearest, wherever its clause stands.
    nodes
        .filter(binds)
        .max_by_key(|n| (n.kind() == "for_in_clause", n.start_byte()))?
        .child_by_field_name("right")
}
