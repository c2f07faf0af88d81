//! What is said of a function: docstrings and the return annotation, as witnesses for a value.

use tree_sitter::Node;

use super::{
    Proposal, Site, Target,
    bad::{Bad, Fault},
    handler::docstring,
    idiom::origin,
};
use crate::lang::python::{
    definition::overridden,
    project::{Project, is_identifier},
    source::{PyFile, descendants},
};

/// What is said of a function: by itself and, of a method, by those that it overrides.
pub(in crate::lang::python) struct Stated {
    /// Whose docstring, and its text.
    docstrings: Vec<(String, String)>,
    /// The return annotation; the function's own, if it has one.
    annotation: Option<String>,
    /// The names that a docstring can mean; any other word is prose, even where a local is named by it.
    parameters: Vec<String>,
}

impl Stated {
    pub(in crate::lang::python) fn of(
        project: &Project,
        file: &PyFile,
        function: Node<'_>,
    ) -> Self {
        let mut out = Self {
            docstrings: Vec::new(),
            annotation: None,
            parameters: file
                .parameters(function)
                .into_iter()
                .map(|p| p.name)
                .collect(),
        };
        out.add(file.name_of(function).to_owned(), file, function);
        for method in overridden(project, file, function) {
            out.add(method.full_name(), &method.file, method.node());
        }
        out
    }

    fn add(&mut self, name: String, file: &PyFile, function: Node<'_>) {
        let text = docstring(file, function).map(str::to_owned);
        self.docstrings.extend(text.map(|text| (name, text)));
        if self.annotation.is_none() {
            let annotation = function.child_by_field_name("return_type");
            self.annotation = annotation.map(|t| file.text_of(t).to_owned());
        }
    }

    /// The docstring that names a value.
    fn names(&self, value: &str) -> Option<&(String, String)> {
        let is_name = is_identifier(value) && !matches!(value, "None" | "True" | "False");
        if is_name && !self.parameters.iter().any(|p| p == value) {
            return None;
        }
        self.docstrings
            .iter()
            .find(|(_, text)| mentions(text, value))
    }

    /// Weighs a proposal's value against what is stated.
    pub(super) fn weigh(&self, in_return: bool, proposal: &mut Proposal) {
        let Some(value) = proposal.value.as_deref() else {
            return;
        };
        if let Some((name, text)) = self.names(value) {
            proposal.prior = (proposal.prior * 1.5).min(0.95);
            if proposal.witness.is_none() {
                let line = text
                    .lines()
                    .map(str::trim)
                    .find(|l| mentions(l, value))
                    .unwrap_or_default()
                    .trim_matches('"');
                proposal.witness = Some(format!("{name}'s docstring: {line}"));
            }
        }
        // The annotation speaks of what is returned, not of what is used on the way.
        if (in_return || proposal.rule == "return early")
            && let Some(fits) = self.annotation.as_deref().and_then(|t| fits(t, value))
        {
            proposal.prior = if fits {
                (proposal.prior * 1.2).min(0.95)
            } else {
                proposal.prior * 0.3
            };
        }
    }

    /// Whether what is stated speaks for returning a value, or against it; `None` where it is silent.
    pub(in crate::lang::python) fn speaks_for(&self, value: &str) -> Option<bool> {
        match self.names(value) {
            Some(_) => Some(true),
            None => fits(self.annotation.as_deref()?, value),
        }
    }
}

/// Definitions of one name that are looked at.
const MAX_NAMESAKES: usize = 4;

/// Whether a value is `None` that comes from a function of the repository which says that it never gives that.
pub(super) fn breaks_its_word(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> bool {
    if bad.fault != Fault::None {
        return false;
    }
    let file = site.file;
    let node = file
        .root()
        .named_descendant_for_byte_range(bad.start, bad.end);
    let call = node.and_then(|node| match node.kind() {
        "call" => Some(node),
        _ => origin(file, target.function, node).filter(|o| o.kind() == "call"),
    });
    let function = call.and_then(|call| call.child_by_field_name("function"));
    let Some(name) = function.and_then(|f| file.text_of(f).rsplit('.').next()) else {
        return false;
    };
    let annotations = site.project.annotations(name);
    let excludes_none =
        |told: &Option<String>| told.as_deref().and_then(|t| fits(t, "None")) == Some(false);
    (1..=MAX_NAMESAKES).contains(&annotations.len()) && annotations.iter().all(excludes_none)
}

/// The return annotations of the functions of a name in a project's sources; more than [`MAX_NAMESAKES`] where there are more.
pub(in crate::lang::python) fn annotations(project: &Project, name: &str) -> Vec<Option<String>> {
    let head = format!("def {name}(");
    let mut out = Vec::new();
    for path in project.sources() {
        let holds = project.read(path).is_some_and(|text| text.contains(&head));
        let Some(file) = holds.then(|| project.file(path)).flatten() else {
            continue;
        };
        for node in descendants(file.root()) {
            if node.kind() == "function_definition" && file.name_of(node) == name {
                let told = node.child_by_field_name("return_type");
                out.push(told.map(|t| file.text_of(t).to_owned()));
            }
        }
        if out.len() > MAX_NAMESAKES {
            break;
        }
    }
    out
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
    fn a_docstring_s_own_quotes_say_nothing() {
        let file = PyFile::parse(
            "a.py",
            "def f(x):\n    \"\"\" What x is.\n    \"\"\"\n    return x\n",
        );
        let function = file.root().named_child(0).unwrap();
        let text = docstring(&file, function).unwrap();
        assert!(
            text.contains("What x is.") && !mentions(text, "\"\""),
            "{text}"
        );
    }

    #[test]
    fn annotations_tell_types() {
        assert_eq!(fits("str", "None"), Some(false));
        assert_eq!(fits("Optional[str]", "None"), Some(true));
        assert_eq!(fits("int", "0"), Some(true));
        assert_eq!(fits("Node", "0"), None);
    }
}
