//! How the repository takes a missing value elsewhere: the same item, attribute or call is defaulted or guarded there.

use std::rc::Rc;

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
    project::Project,
    source::{PyFile, ancestors, children, descendants},
    values::is_literal,
};

/// Files looked through.
const MAX_FILES: usize = 200;

const MAX_CANDIDATES: usize = 8;

/// What the repository does in one place where an item is missing.
pub(crate) struct Precedent {
    path: String,
    line: u32,
    instead: Instead,
}

enum Instead {
    /// `x["name"] or D`
    Default(String),
    /// `if x.find("name") is None: return None`
    Statement(String),
}

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
    for precedent in site.project.precedents(wanted.clone()).iter() {
        let (edits, rule, value) = match &precedent.instead {
            Instead::Default(value) => (
                vec![Edit::replace(node, or_default(file, node, value))],
                "default for a missing value",
                Some(value.as_str()),
            ),
            Instead::Statement(action) => {
                let (rule, value) = match action.strip_prefix("return") {
                    Some("") => ("return early", Some("None")),
                    Some(value) => ("return early", Some(value.trim())),
                    None => ("go on with the next", None),
                };
                let is_out = value.is_some() || in_loop(target.statement);
                if !is_out || target.function.is_none() || !fits_before(target) {
                    continue;
                }
                let (indent, step) = (file.indent_of(target.statement), step_of(file));
                let text = format!("{indent}if {}:\n{indent}{step}{action}\n", bad.bad);
                let at = file.line_start_of(target.statement);
                (vec![Edit::insert(at, text)], rule, value)
            }
        };
        out.push(Proposal {
            witness: Some(format!(
                "{}:{} does so where its {} is missing",
                precedent.path, precedent.line, wanted.1
            )),
            value: value.map(str::to_owned),
            ..proposal(edits, rule, 0.75 * bad.weight)
        });
        if out.len() >= MAX_CANDIDATES {
            break;
        }
    }
    out
}

/// Where the sources say what is done without an item (of this, of that name).
pub(crate) fn precedents(project: &Project, wanted: &(String, String)) -> Vec<Precedent> {
    let mut out = Vec::new();
    for path in project.sources().take(MAX_FILES) {
        let is_named = |text: Rc<str>| text.contains(&wanted.1);
        if !project.read(path).is_some_and(is_named) {
            continue;
        }
        let Some(file) = project.file(path) else {
            continue;
        };
        let places = descendants(file.root()).into_iter().filter_map(|place| {
            let instead = match place.kind() {
                "boolean_operator" => Instead::Default(default_at(&file, place, wanted)?.into()),
                "if_statement" => Instead::Statement(guard_at(&file, place, wanted)?.into()),
                _ => return None,
            };
            Some(Precedent {
                path: path.to_owned(),
                line: file.line_of(place.start_byte()),
                instead,
            })
        });
        out.extend(places);
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
