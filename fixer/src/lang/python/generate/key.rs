//! Edit forms for a key that a mapping does not have.

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target,
    bad::{call_arguments, called_method},
    proposal,
};
use crate::lang::python::{
    project::parent,
    source::{PyFile, descendants, is_field, own_descendants},
};

/// What may be had in place of `map[key]` and `map.pop(key)`.
pub(super) fn keys(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let is_asked_here = site.innermost || is_asked_of_own_mapping(site);
    if !is_asked_here || !site.error.mro.iter().any(|m| m == "KeyError") {
        return Vec::new();
    }
    match target.failing.kind() {
        "subscript" => subscripts(site, target),
        "call" if site.innermost => calls(site, target),
        _ => Vec::new(),
    }
}

/// Whether the exception was raised by a mapping of the repository's own that was asked for a key here.
fn is_asked_of_own_mapping(site: &Site<'_>) -> bool {
    let frames = &site.error.frames;
    let at = frames.iter().position(|f| std::ptr::eq(f, site.frame));
    let further = at.map_or(&[][..], |at| &frames[at + 1..]);
    let is_lookup =
        |f: &super::RunFrame| matches!(f.function.as_str(), "__getitem__" | "__missing__");
    !further.is_empty() && further.iter().all(is_lookup)
}

fn subscripts(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let (file, failing) = (site.file, target.failing);
    let field = |name: &str| failing.child_by_field_name(name);
    let Some((map, key)) = field("value").zip(field("subscript")) else {
        return Vec::new();
    };
    let (map, key) = (file.text_of(map), file.text_of(key));
    let with = |method: &str, default: &str| {
        let comma = if default.is_empty() { "" } else { ", " };
        vec![Edit::replace(
            failing,
            format!("{map}.{method}({key}{comma}{default})"),
        )]
    };
    let mut out = Vec::new();
    let elsewhere = elsewhere(site, key);
    // Where the same key is read with a default, that is what stands for it.
    let has_default = |(default, _): &(String, String)| !matches!(default.as_str(), "" | "None");
    let asked = asked_whether(file, target).filter(|_| !elsewhere.iter().any(has_default));
    let prior = if asked.is_some() { 0.9 } else { 0.6 };
    out.push(Proposal {
        witness: asked,
        ..proposal(with("get", ""), "optional key", prior)
    });
    for spare in spare_parameters(file, target) {
        out.push(Proposal {
            witness: Some(format!("nothing else uses the parameter {spare}")),
            ..proposal(with("get", &spare), "optional key with a default", 0.95)
        });
    }
    for default in ["\"\"", "0", "[]", "{}", "False"] {
        out.push(proposal(
            with("get", default),
            "optional key with a default",
            0.3,
        ));
    }
    for (default, witness) in elsewhere {
        out.push(Proposal {
            witness: Some(witness),
            ..proposal(with("get", &default), "optional key, as elsewhere", 0.95)
        });
    }
    for default in ["[]", "{}", "None", "0"] {
        out.push(proposal(
            with("setdefault", default),
            "create the key",
            0.25,
        ));
    }
    out
}

fn calls(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let (file, failing) = (site.file, target.failing);
    let name = failing
        .child_by_field_name("function")
        .and_then(|f| f.child_by_field_name("attribute"));
    match (
        called_method(file, failing),
        call_arguments(failing).as_slice(),
        name,
    ) {
        ("pop", [only], _) => {
            let edit = Edit::insert(only.end_byte(), ", None");
            vec![proposal(vec![edit], "optional key", 0.75)]
        }
        // Of a set; what is not in it need not be taken out.
        ("remove", _, Some(name)) => {
            let edit = Edit::replace(name, "discard");
            vec![proposal(vec![edit], "take out what is there", 0.85)]
        }
        _ => Vec::new(),
    }
}

/// Where the code asks whether the failing expression gave something: it is a condition or the left side of an `or`, or the
/// statement after its assignment tests it.
pub(super) fn asked_whether(file: &PyFile, target: &Target<'_>) -> Option<String> {
    let failing = target.failing;
    let parent = failing.parent()?;
    let says = |node: Node<'_>| {
        let line = file.line_of(node.start_byte());
        Some(format!("{}:{line} asks whether there is one", file.path))
    };
    let is = |field: &str| is_field(failing, field);
    match parent.kind() {
        "if_statement" | "elif_clause" | "while_statement" if is("condition") => says(parent),
        "boolean_operator" if is("left") => says(parent),
        "not_operator" | "if_clause" => says(parent),
        "conditional_expression" if parent.named_child(1) == Some(failing) => says(parent),
        "assignment" if is("right") => {
            let name = parent
                .child_by_field_name("left")
                .filter(|left| left.kind() == "identifier")?;
            let next = target.statement.next_named_sibling()?;
            let condition = next.child_by_field_name("condition")?;
            let tested = tested_first(file, condition)?;
            (file.text_of(tested) == file.text_of(name)).then(|| says(next))?
        }
        _ => None,
    }
}

/// The expression whose truth or absence a condition asks for before anything else.
fn tested_first<'t>(file: &PyFile, condition: Node<'t>) -> Option<Node<'t>> {
    let inner = match condition.kind() {
        "not_operator" => condition.child_by_field_name("argument")?,
        "boolean_operator" => condition.child_by_field_name("left")?,
        "comparison_operator" if file.text_of(condition).ends_with("None") => {
            condition.named_child(0)?
        }
        _ => return Some(condition),
    };
    tested_first(file, inner)
}

/// Parameters with a default that the function never reads, which are for what may be missing.
pub(super) fn spare_parameters(file: &PyFile, target: &Target<'_>) -> Vec<String> {
    let Some(function) = target.function else {
        return Vec::new();
    };
    let body = function.child_by_field_name("body");
    let read = body.map(own_descendants).unwrap_or_default();
    let is_read = |name: &str| {
        read.iter()
            .any(|n| n.kind() == "identifier" && file.text_of(*n) == name)
    };
    let all = file.parameters(function).into_iter();
    all.filter(|p| p.default.is_some() && !is_read(&p.name))
        .map(|p| p.name)
        .collect()
}

/// How the repository reads the same key elsewhere: `.get(key)` and `.get(key, D)`.
fn elsewhere(site: &Site<'_>, key: &str) -> Vec<(String, String)> {
    let bare = key.trim_matches(['"', '\'']);
    if bare == key && !key.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
        return Vec::new();
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let folder = parent(&site.file.path).to_owned();
    let mut files: Vec<String> = site
        .project
        .sources()
        .filter(|p| parent(p) == folder)
        .map(str::to_owned)
        .collect();
    files.sort_by_key(|p| *p != site.file.path);
    for path in files.into_iter().take(40) {
        if !site
            .project
            .read(&path)
            .is_some_and(|t| t.contains(".get(") && t.contains(bare))
        {
            continue;
        }
        let Some(file) = site.project.file(&path) else {
            continue;
        };
        for call in descendants(file.root())
            .into_iter()
            .filter(|n| n.kind() == "call")
        {
            let method = called_method(&file, call);
            let arguments = call_arguments(call);
            if method == "get"
                && arguments
                    .first()
                    .is_some_and(|a| file.text_of(*a).trim_matches(['"', '\'']) == bare)
                && arguments.len() <= 2
            {
                let default = arguments
                    .get(1)
                    .map_or(String::new(), |a| file.text_of(*a).to_owned());
                let simple = default.len() <= 20 && !default.contains('(');
                if simple && !out.iter().any(|(d, _)| *d == default) {
                    out.push((
                        default,
                        format!("{path}:{} reads it so", file.line_of(call.start_byte())),
                    ));
                }
            }
        }
    }
    out
}
