//! What a function says of itself: its docstring and its return annotation, as witnesses for a value.

use tree_sitter::Node;

use super::{Proposal, handler::docstring};
use crate::lang::python::{project::is_identifier, source::PyFile};

/// Weighs a proposal's value against what the function states.
pub(super) fn weigh(file: &PyFile, function: Node<'_>, in_return: bool, proposal: &mut Proposal) {
    let Some(value) = proposal.value.as_deref() else {
        return;
    };
    // A word of prose that a local happens to be named by says nothing.
    let is_name = is_identifier(value) && !matches!(value, "None" | "True" | "False");
    let may_speak = !is_name || file.parameters(function).iter().any(|p| p.name == value);
    if let Some(text) = docstring(file, function).filter(|text| may_speak && mentions(text, value))
    {
        proposal.prior = (proposal.prior * 1.5).min(0.95);
        if proposal.witness.is_none() {
            let line = text
                .lines()
                .map(str::trim)
                .find(|l| mentions(l, value))
                .unwrap_or_default()
                .trim_matches('"');
            proposal.witness = Some(format!("{}'s docstring: {line}", file.name_of(function)));
        }
    }
    // The annotation speaks of what is returned, not of what is used on the way.
    if (in_return || proposal.rule == "return early")
        && let Some(fits) = function
            .child_by_field_name("return_type")
            .and_then(|t| fits(file.text_of(t), value))
    {
        proposal.prior = if fits {
            (proposal.prior * 1.2).min(0.95)
        } else {
            proposal.prior * 0.3
        };
    }
}

/// Whether a function's docstring or annotation speaks for returning a value, or against it; `None` where they are silent.
pub(in crate::lang::python) fn speaks_for(
    file: &PyFile,
    function: Node<'_>,
    value: &str,
) -> Option<bool> {
    if docstring(file, function).is_some_and(|text| mentions(text, value)) {
        return Some(true);
    }
    let annotation = function.child_by_field_name("return_type")?;
    fits(file.text_of(annotation), value)
}

/// Whether a text names a value.
fn mentions(text: &str, value: &str) -> bool {
    let word = |wanted: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
            .any(|w| w.trim_matches('.') == wanted)
    };
    match value {
        "None" => word("None"),
        "\"\"" | "''" => {
            text.contains("``\"\"``")
                || text.contains(" \"\"")
                || text.contains("''") && !text.contains("\'\'\'")
                || text.contains("empty string")
                || text.contains("empty text")
        }
        "0" => word("0") || word("zero"),
        "[]" => text.contains("[]") || text.contains("empty list"),
        "{}" => {
            text.contains("{}") || text.contains("empty dict") || text.contains("empty mapping")
        }
        "True" | "False" => word(value),
        // A parameter's name: "or `default` if it is not one".
        name if name.len() > 2 && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            word(name)
        }
        _ => false,
    }
}

/// Whether a value is of an annotated type; `None` where that cannot be told.
fn fits(annotation: &str, value: &str) -> Option<bool> {
    let optional = annotation.contains("None")
        || annotation.contains("Optional")
        || annotation.contains("Any");
    let kind = match value {
        "None" | "" => return Some(optional),
        "True" | "False" => "bool",
        "[]" => "list",
        "{}" => "dict",
        v if v.starts_with(['"', '\'']) => "str",
        v if v.contains('.') && v.parse::<f64>().is_ok() => "float",
        v if v.parse::<i64>().is_ok() => "int",
        _ => return None,
    };
    let known = ["bool", "list", "dict", "str", "float", "int"]
        .iter()
        .any(|k| annotation.to_lowercase().contains(k));
    known.then(|| {
        annotation.to_lowercase().contains(kind) || kind == "int" && annotation.contains("float")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_name_values() {
        assert!(mentions("Return how many; 0 without orders.", "0"));
        assert!(mentions("or ``default`` if it is not one", "default"));
        assert!(mentions("for them it is \"\".", "\"\""));
        assert!(!mentions("Return 10 items", "0"));
    }

    #[test]
    fn annotations_tell_types() {
        assert_eq!(fits("str", "None"), Some(false));
        assert_eq!(fits("Optional[str]", "None"), Some(true));
        assert_eq!(fits("int", "0"), Some(true));
        assert_eq!(fits("Node", "0"), None);
    }
}
