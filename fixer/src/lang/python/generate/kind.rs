//! Values of another kind than the code takes, and what tells them from those of the right one.

use tree_sitter::Node;

use super::{
    Site, Target,
    bad::{Bad, Fault, call_arguments, push},
    handler::is_global,
};
use crate::lang::python::{
    definition::{definitions_of, functions_of},
    source::{PyFile, children, descendants, free_names, own_descendants},
};

/// Methods by which code shows that it takes a value for a string, a mapping or a list.
pub(crate) const STR_METHODS: &[&str] = &[
    "startswith",
    "endswith",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "split",
    "rsplit",
    "splitlines",
    "encode",
    "replace",
    "join",
    "title",
    "isdigit",
    "isalpha",
    "format",
    "partition",
    "rpartition",
    "casefold",
    "capitalize",
    "zfill",
    "ljust",
    "rjust",
    "isidentifier",
    "isspace",
];
pub(crate) const DICT_METHODS: &[&str] =
    &["items", "keys", "values", "get", "setdefault", "update"];
pub(crate) const LIST_METHODS: &[&str] = &["append", "extend", "insert", "sort", "reverse"];

/// An object without the attribute: it is of no class of the file that has it.
pub(super) fn lacking(site: &Site<'_>, object: Node<'_>, method: &str, out: &mut Vec<Bad>) {
    let text = site.file.text_of(object);
    // What a comprehension binds is gone from its frame since Python 3.12; the message names its type all the same.
    let known = site.frame.probes.get(text).map(|k| k.type_name.as_str());
    let told = site.error.message.split('\'').nth(1);
    if known.or(told).is_none_or(|kind| kind == "NoneType") {
        return;
    }
    if let Some((kind, line)) = asked_elsewhere(site, method) {
        let good = format!("isinstance({text}, {kind})");
        let bad = format!("not {good}");
        push(out, object, text, good, bad, Fault::Type, 1.0);
        let says = format!("{}:{line} asks that before {method}", site.file.path);
        if let Some(last) = out.last_mut() {
            last.witness = Some(says);
        }
    }
    let has = |class: &Node<'_>| {
        let methods = functions_of(*class);
        class.kind() == "class_definition"
            && methods.iter().any(|m| site.file.name_of(*m) == method)
    };
    let all = definitions_of(site.file.root());
    for class in all.into_iter().filter(has).take(2) {
        let good = format!("isinstance({text}, {})", site.file.name_of(class));
        let bad = format!("not {good}");
        push(out, object, text, good, bad, Fault::Type, 0.9);
    }
    let good = format!("hasattr({text}, \"{method}\")");
    let bad = format!("not {good}");
    push(out, object, text, good, bad, Fault::Type, 0.7);
}

/// The calls `isinstance(value, kind)` among some nodes, each with its value and kind.
fn isinstances<'t>(
    file: &PyFile,
    nodes: Vec<Node<'t>>,
) -> impl Iterator<Item = (Node<'t>, Node<'t>, Node<'t>)> {
    nodes.into_iter().filter_map(|call| {
        let function = call.child_by_field_name("function")?;
        let arguments = call_arguments(call);
        match arguments.as_slice() {
            [value, kind] if file.text_of(function) == "isinstance" => Some((call, *value, *kind)),
            _ => None,
        }
    })
}

/// The kind of which the file asks that an object is before it uses an attribute of it, and the line.
fn asked_elsewhere(site: &Site<'_>, attribute: &str) -> Option<(String, u32)> {
    let file = site.file;
    let mut asked = isinstances(file, descendants(file.root()));
    asked.find_map(|(call, value, kind)| {
        let around = call.parent()?;
        let then = match around.kind() {
            "if_statement" | "elif_clause" => around.child_by_field_name("consequence")?,
            "conditional_expression" if around.named_child(1) == Some(call) => {
                around.named_child(0)?
            }
            _ => return None,
        };
        let used = format!("{}.{attribute}", file.text_of(value));
        let known = |name: &String| {
            is_global(file, name) || name == "self" && site.frame.locals.contains_key("self")
        };
        let is_known = free_names(file, kind).iter().all(known);
        let uses = descendants(then)
            .iter()
            .any(|n| n.kind() == "attribute" && file.text_of(*n) == used);
        (is_known && uses).then(|| {
            (
                file.text_of(kind).to_owned(),
                file.line_of(call.start_byte()),
            )
        })
    })
}

/// Of `a + b` with operands that do not go together, each one that is of no plain type where the other is.
pub(super) fn other_kinds(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Bad>) {
    let file = site.file;
    let sides = match target.failing.kind() {
        "binary_operator" | "augmented_assignment" => {
            let field = |name| target.failing.child_by_field_name(name);
            field("left").zip(field("right"))
        }
        "comparison_operator" => match children(target.failing).as_slice() {
            [left, right] => Some((*left, *right)),
            _ => None,
        },
        _ => None,
    };
    let Some((left, right)) = sides else { return };
    for (wrong, other) in [(left, right), (right, left)] {
        let kind = |node: Node<'_>| {
            let known = site.frame.probes.get(file.text_of(node));
            known.map(|k| k.type_name.as_str()).or(match node.kind() {
                "string" => Some("str"),
                "integer" => Some("int"),
                "list" => Some("list"),
                _ => None,
            })
        };
        let wanted = match kind(other) {
            Some("int" | "float") => "(int, float)",
            Some(plain @ ("str" | "bytes" | "list" | "tuple" | "dict" | "set")) => plain,
            _ => continue,
        };
        if matches!(wrong.kind(), "string" | "integer" | "list")
            || kind(wrong).is_none_or(|k| k == "NoneType" || wanted.contains(k))
        {
            continue;
        }
        let text = file.text_of(wrong);
        let good = format!("isinstance({text}, {wanted})");
        let bad = format!("not {good}");
        push(out, wrong, text, good, bad, Fault::Type, 0.6);
    }
}

/// A value that is not indexed, gone over or measured: it is of no kind that the code asks about, and of none that is.
pub(super) fn not_taken(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Bad>) {
    let (file, failing, message) = (site.file, target.failing, site.error.message.as_str());
    let field = |name: &str| failing.child_by_field_name(name);
    let is_name = |n: &Node<'_>| matches!(n.kind(), "identifier" | "attribute" | "subscript");
    let (operand, usual): (_, &[&str]) = match failing.kind() {
        "subscript" if message.ends_with("object is not subscriptable") => {
            let key = field("subscript").map_or("", |k| k.kind());
            let usual: &[&str] = match key {
                "string" => &["dict"],
                _ => &["(list, tuple)"],
            };
            (field("value"), usual)
        }
        "call" if message.ends_with("has no len()") => (
            call_arguments(failing).first().copied(),
            &["(list, tuple)", "str"],
        ),
        _ if message.ends_with("object is not iterable") => {
            let first = call_arguments(failing).first().copied();
            (first.or(Some(failing)), &["(list, tuple)"])
        }
        _ => return,
    };
    let Some(operand) = operand.filter(is_name) else {
        return;
    };
    let text = file.text_of(operand);
    let known = site.frame.probes.get(text);
    if message.contains("NoneType") || known.is_some_and(|k| k.type_name == "NoneType") {
        return;
    }
    let asked = target.function.map(|f| asked_kinds(file, f, text));
    let asked = asked.unwrap_or_default();
    let asked = asked.iter().map(|(kind, weight)| (kind.as_str(), *weight));
    for (kind, weight) in asked.chain(usual.iter().map(|kind| (*kind, 0.6))) {
        let good = format!("isinstance({text}, {kind})");
        if !out.iter().any(|b| b.good == good) {
            let bad = format!("not {good}");
            push(out, operand, text, good, bad, Fault::Type, weight);
        }
    }
}

/// The kinds that a function asks about of a value and of its items, with how much they say of it.
fn asked_kinds(file: &PyFile, function: Node<'_>, text: &str) -> Vec<(String, f64)> {
    let items = format!("{text}[");
    let mut out: Vec<(String, f64)> = Vec::new();
    for (_, value, kind) in isinstances(file, own_descendants(function)) {
        let (value, kind) = (file.text_of(value), file.text_of(kind));
        let weight = match value {
            v if v == text => 0.55,
            // What holds tuples is often one.
            v if v.starts_with(&items) => 0.5,
            _ => continue,
        };
        if !out.iter().any(|(k, _)| k == kind) {
            out.push((kind.to_owned(), weight));
        }
    }
    out.truncate(2);
    out
}

pub(super) fn expected_type(method: &str) -> Option<&'static str> {
    [
        (STR_METHODS, "str"),
        (DICT_METHODS, "dict"),
        (LIST_METHODS, "list"),
    ]
    .iter()
    .find(|(methods, _)| methods.contains(&method))
    .map(|(_, name)| *name)
}

/// The type that a `TypeError`'s message asks for where it names the one it got.
pub(super) fn wanted_type(message: &str, have: &str) -> Option<&'static str> {
    if !message.contains(have) || have == "type" {
        return None;
    }
    for (sign, wanted) in [
        ("expected str", "str"),
        ("string indices", "dict"),
        ("must be str", "str"),
        ("decoding to str", "str"),
        ("must be a string", "str"),
        ("(not \"int\") to str", "str"),
        ("expected string", "str"),
    ] {
        if message.contains(sign) && have != wanted {
            return Some(wanted);
        }
    }
    None
}
