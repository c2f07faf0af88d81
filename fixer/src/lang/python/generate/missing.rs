//! How the repository takes a missing value elsewhere: the same item, attribute or call is defaulted or guarded there.

use tree_sitter::Node;

use super::{
    Bad, Edit, Proposal, Site, Target,
    bad::{Fault, called_method},
    expression::or_default,
    guard::{fits_before, missing, step_of},
    idiom::{item, origin},
    proposal,
};
use crate::lang::python::{
    contract::in_loop,
    source::{PyFile, ancestors, children, descendants},
    values::is_literal,
};

/// Files looked through.
const MAX_FILES: usize = 200;

const MAX_CANDIDATES: usize = 8;

/// `(x["name"] or "")` and `if x.find("name") is None: return None` where the like stands elsewhere.
pub(super) fn as_elsewhere(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let (file, mut out) = (site.file, Vec::new());
    let root = file.root();
    let Some(node) = root
        .named_descendant_for_byte_range(bad.start, bad.end)
        .filter(|_| bad.fault == Fault::None && bad.bad.ends_with(" is None"))
    else {
        return out;
    };
    let source = assigned(file, target.function, node);
    let Some(wanted) = like(file, source) else {
        return out;
    };
    for path in site.project.sources().take(MAX_FILES) {
        let is_named = |text: &str| text.contains(&wanted.1);
        if !site.project.read(path).is_some_and(|t| is_named(&t)) {
            continue;
        }
        let Some(other) = site.project.file(path) else {
            continue;
        };
        for place in descendants(other.root()) {
            if out.len() >= MAX_CANDIDATES {
                return out;
            }
            let made = match place.kind() {
                "boolean_operator" => default_at(&other, place, &wanted).map(|value| {
                    (
                        vec![Edit::replace(node, or_default(file, node, value))],
                        value,
                    )
                }),
                "if_statement" => guard_at(&other, place, &wanted).and_then(|action| {
                    let is_out = action.starts_with("return") || in_loop(target.statement);
                    let fits = is_out && target.function.is_some() && fits_before(target);
                    let (indent, step) = (file.indent_of(target.statement), step_of(file));
                    let text = format!("{indent}if {}:\n{indent}{step}{action}\n", bad.bad);
                    let at = file.line_start_of(target.statement);
                    fits.then(|| (vec![Edit::insert(at, text)], action))
                }),
                _ => None,
            };
            let Some((edits, action)) = made else {
                continue;
            };
            let (rule, value) = match action.strip_prefix("return") {
                Some("") => ("return early", Some("None")),
                Some(value) => ("return early", Some(value.trim())),
                None if action == "continue" => ("go on with the next", None),
                None => ("default for a missing value", Some(action)),
            };
            let line = other.line_of(place.start_byte());
            out.push(Proposal {
                witness: Some(format!(
                    "{path}:{line} does so where its {} is missing",
                    wanted.1
                )),
                value: value.map(str::to_owned),
                ..proposal(edits, rule, 0.75 * bad.weight)
            });
        }
    }
    out
}

/// What an item, an attribute or a call is of, and its name.
fn like(file: &PyFile, node: Node<'_>) -> Option<(String, String)> {
    if let Some(item) = item(file, node) {
        return Some(item);
    }
    let function = node.child_by_field_name("function")?;
    match (function.kind(), function.child_by_field_name("object")) {
        ("identifier", _) => Some((String::new(), file.text_of(function).to_owned())),
        (_, Some(object)) if object.kind() != "call" => {
            let of = file.text_of(object).rsplit('.').next()?;
            Some((of.to_owned(), called_method(file, node).to_owned()))
        }
        _ => None,
    }
}

/// What a name was last assigned, else the expression itself.
fn assigned<'t>(file: &PyFile, function: Option<Node<'t>>, node: Node<'t>) -> Node<'t> {
    origin(file, function, node)
        .filter(|o| o.parent().is_some_and(|p| p.kind() == "assignment"))
        .unwrap_or(node)
}

/// The constant of `E or D` where `E` is like what is wanted.
fn default_at<'f>(file: &'f PyFile, place: Node<'_>, wanted: &(String, String)) -> Option<&'f str> {
    let field = |name| place.child_by_field_name(name);
    let (left, right) = field("left").zip(field("right"))?;
    let is_or = field("operator").is_some_and(|o| o.kind() == "or");
    let is_like = is_or && like(file, left).as_ref() == Some(wanted);
    (is_like && is_literal(file, right, &mut Vec::new())).then(|| file.text_of(right))
}

/// What is done at once, under a condition that something like what is wanted is missing.
fn guard_at<'f>(file: &'f PyFile, place: Node<'_>, wanted: &(String, String)) -> Option<&'f str> {
    let condition = place.child_by_field_name("condition")?;
    let (_, is_negative) = missing(file.text_of(condition));
    let asked = condition.named_child(0).filter(|_| is_negative)?;
    let function = ancestors(place).find(|n| n.kind() == "function_definition");
    if like(file, assigned(file, function, asked)).as_ref() != Some(wanted) {
        return None;
    }
    let statements = place.child_by_field_name("consequence").map(children)?;
    let [only] = statements.as_slice() else {
        return None;
    };
    let is_plain = match only.kind() {
        "continue_statement" => true,
        "return_statement" => only
            .named_child(0)
            .is_none_or(|v| is_literal(file, v, &mut Vec::new())),
        _ => false,
    };
    is_plain.then(|| file.text_of(*only))
}
