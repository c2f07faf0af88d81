//! An attribute that a method reads before any other has set it: `__init__` gives it a value from the start.

use tree_sitter::Node;

use super::{Edit, Proposal, Site, Target, proposal};
use crate::lang::python::{
    definition::functions_of,
    source::{PyFile, ancestors, children, descendants},
};

/// `self._socket = None` at the start of `__init__`, where another method sets it and one asks whether it is there.
pub(super) fn never_set(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let (file, failing) = (site.file, target.failing);
    let is_own = failing
        .child_by_field_name("object")
        .is_some_and(|o| file.text_of(o) == "self");
    let class = target.function.and_then(|f| file.class_of(f));
    let (true, Some(class), Some(attribute)) = (
        is_own && failing.kind() == "attribute" && site.error.type_name == "AttributeError",
        class,
        failing.child_by_field_name("attribute"),
    ) else {
        return Vec::new();
    };
    let text = file.text_of(failing);
    let method = |name: &str| {
        functions_of(class)
            .into_iter()
            .find(|f| file.name_of(*f) == name)
    };
    let (Some(init), false) = (method("__init__"), has_slots(file, class)) else {
        return Vec::new();
    };
    let Some(first) = init.child_by_field_name("body").and_then(first_statement) else {
        return Vec::new();
    };
    let all = descendants(class);
    let set: Vec<Node<'_>> = all
        .iter()
        .filter(|n| n.kind() == "assignment")
        .filter(|n| {
            n.child_by_field_name("left")
                .is_some_and(|l| file.text_of(l) == text)
        })
        .filter_map(|n| n.child_by_field_name("right"))
        .collect();
    // Where nobody sets it, it is another object's, or misspelt; where `__init__` does, it did not get there.
    let is_early = set
        .iter()
        .any(|n| ancestors(*n).any(|a| a.id() == init.id()));
    if set.is_empty() || is_early {
        return Vec::new();
    }
    // Some method asks whether there is one, or takes it away: then it knows of none.
    let asked = all.iter().find(|n| asks(file, **n, text));
    let is_none = set.iter().any(|n| file.text_of(*n) == "None");
    let empty = set.iter().map(|n| file.text_of(*n)).find(|v| {
        matches!(
            *v,
            "[]" | "{}" | "()" | "\"\"" | "''" | "0" | "False" | "set()" | "dict()" | "list()"
        )
    });
    let witness = asked.map(|n| {
        format!(
            "{}:{} asks whether there is one",
            file.path,
            file.line_of(n.start_byte())
        )
    });
    let mut values: Vec<(&str, f64)> = vec![(
        "None",
        match (&witness, is_none) {
            (Some(_), _) => 0.85,
            (None, true) => 0.7,
            (None, false) => 0.4,
        },
    )];
    if let Some(empty) = empty {
        values.push((empty, 0.8));
    }
    let (indent, at) = (file.indent_of(first), file.line_start_of(first));
    let name = file.text_of(attribute);
    values
        .into_iter()
        .map(|(value, prior)| Proposal {
            witness: witness.clone().filter(|_| value == "None"),
            ..proposal(
                vec![Edit::insert(at, format!("{indent}self.{name} = {value}\n"))],
                "value for an attribute that was never set",
                prior,
            )
        })
        .collect()
}

/// Whether a node is a condition on an attribute's being there.
fn asks(file: &PyFile, node: Node<'_>, text: &str) -> bool {
    match node.kind() {
        "comparison_operator" => {
            let compared = file.text_of(node);
            compared == format!("{text} is None") || compared == format!("{text} is not None")
        }
        "not_operator" => node.named_child(0).is_some_and(|n| file.text_of(n) == text),
        "if_statement" => node
            .child_by_field_name("condition")
            .is_some_and(|c| file.text_of(c) == text),
        _ => false,
    }
}

fn has_slots(file: &PyFile, class: Node<'_>) -> bool {
    file.text_of(class).contains("__slots__") && !file.text_of(class).contains("__dict__")
}

/// The first statement of a body that is no docstring.
fn first_statement(body: Node<'_>) -> Option<Node<'_>> {
    children(body)
        .into_iter()
        .filter(|n| n.kind() != "comment")
        .find(|n| {
            n.kind() != "expression_statement"
                || n.named_child(0).is_none_or(|s| s.kind() != "string")
        })
}
