//! Edit forms for a function that calls itself without end: the values that it goes through hold themselves, or it asks
//! for an attribute from within the very function that is asked for attributes.

use tree_sitter::Node;

use super::{
    ASKED_BY_PYTHON, Edit, Proposal, Site, Target, bad::call_arguments,
    expression::returned_values, guard::step_of, proposal,
};
use crate::lang::python::source::{ParameterKind, PyFile, children, own_descendants};

/// Frames of one function that make a recursion.
const MIN_FRAMES: usize = 20;

/// Forms for one function of an endless recursion.
pub(super) fn recursion(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let here = (&site.frame.path, &site.frame.function);
    let n_frames = site
        .error
        .frames
        .iter()
        .filter(|f| (&f.path, &f.function) == here)
        .count();
    let Some(function) = target
        .function
        .filter(|_| site.error.type_name == "RecursionError" && n_frames >= MIN_FRAMES)
    else {
        return Vec::new();
    };
    match site.file.name_of(function) {
        "__getattr__" => no_attribute(site, target, function),
        "__repr__" => shortened(site, function),
        _ => not_again(site, function),
    }
}

/// `if name == "_data": raise AttributeError(name)`, where `__getattr__` reads `self._data`.
///
/// Copying and unpickling make an object without `__init__`, and then ask it for attributes.
fn no_attribute(site: &Site<'_>, target: &Target<'_>, function: Node<'_>) -> Vec<Proposal> {
    let file = site.file;
    let parameters = file.parameters(function);
    let ([this, name], Some(first)) = (parameters.as_slice(), first_statement(function)) else {
        return Vec::new();
    };
    let object = target.failing.child_by_field_name("object");
    let Some(read) = target
        .failing
        .child_by_field_name("attribute")
        .filter(|_| object.is_some_and(|o| file.text_of(o) == this.name))
        .map(|a| file.text_of(a))
    else {
        return Vec::new();
    };
    // Names are mangled within a class: The Python Language Reference, 6.2.1.
    let class = file.class_of(function).map_or("", |c| file.name_of(c));
    let read = match read.starts_with("__") && !read.ends_with("__") {
        true => format!("_{}{read}", class.trim_start_matches('_')),
        false => read.to_owned(),
    };
    let (indent, step, name) = (file.indent_of(first), step_of(file), &name.name);
    let text =
        format!("{indent}if {name} == \"{read}\":\n{indent}{step}raise AttributeError({name})\n");
    vec![Proposal {
        witness: Some(
            "Python asks __getattr__ for AttributeError where there is no such attribute"
                .to_owned(),
        ),
        ..proposal(
            vec![Edit::insert(file.line_start_of(first), text)],
            ASKED_BY_PYTHON,
            0.9,
        )
    }]
}

/// `@reprlib.recursive_repr()` on a `__repr__` that shows itself.
fn shortened(site: &Site<'_>, function: Node<'_>) -> Vec<Proposal> {
    let file = site.file;
    let import = children(file.root())
        .into_iter()
        .rfind(|n| n.kind() == "import_statement" || n.kind() == "import_from_statement");
    let is_decorated = function
        .parent()
        .is_some_and(|p| p.kind() == "decorated_definition");
    let has = file.text.contains("import reprlib");
    if is_decorated || import.is_none() && !has {
        return Vec::new();
    }
    let indent = file.indent_of(function);
    let mut edits = vec![Edit::insert(
        file.line_start_of(function),
        format!("{indent}@reprlib.recursive_repr()\n"),
    )];
    if let Some(import) = import.filter(|_| !has) {
        edits.push(Edit::insert(import.end_byte(), "\nimport reprlib"));
    }
    vec![proposal(
        edits,
        "do not go through the same value again",
        0.85,
    )]
}

/// A value that is being gone through already is not gone through again: the function knows those that it comes from.
fn not_again(site: &Site<'_>, function: Node<'_>) -> Vec<Proposal> {
    let file = site.file;
    let parameters = file.parameters(function);
    let own = own_descendants(function);
    let calls: Vec<Node<'_>> = own
        .iter()
        .copied()
        .filter(|n| n.kind() == "call" && is_itself(file, *n, function))
        .collect();
    let (Some(first), Some(list)) = (
        first_statement(function),
        function.child_by_field_name("parameters"),
    ) else {
        return Vec::new();
    };
    let is_closed = parameters
        .iter()
        .any(|p| p.kind == ParameterKind::Kwargs || p.name == "_seen");
    let is_method = file.class_of(function).is_some();
    // What changes from call to call is what it goes through: `self` where the calls are of other objects' methods.
    let through = if is_method && calls.iter().any(|c| !is_on_self(file, *c)) {
        parameters.first()
    } else {
        parameters.get(usize::from(is_method))
    };
    let (Some(through), false, false) = (through, calls.is_empty(), is_closed) else {
        return Vec::new();
    };
    let mut edits = vec![Edit::insert(
        list.end_byte() - 1,
        match file
            .text_of(list)
            .trim_end_matches(')')
            .trim_end()
            .ends_with(',')
        {
            true => " _seen=()".to_owned(),
            false => ", _seen=()".to_owned(),
        },
    )];
    for call in &calls {
        let Some(arguments) = call.child_by_field_name("arguments") else {
            return Vec::new();
        };
        // A generator expression for the one argument would need parentheses.
        if arguments.kind() != "argument_list" {
            return Vec::new();
        }
        let comma = match call_arguments(*call).is_empty() {
            true => "",
            false
                if file
                    .text_of(arguments)
                    .trim_end_matches(')')
                    .trim_end()
                    .ends_with(',') =>
            {
                " "
            }
            false => ", ",
        };
        edits.push(Edit::insert(
            arguments.end_byte() - 1,
            format!("{comma}_seen=(*_seen, id({}))", through.name),
        ));
    }
    let (indent, step) = (file.indent_of(first), step_of(file));
    let at = file.line_start_of(first);
    instead(file, function, &own)
        .into_iter()
        .map(|(value, prior)| {
            let value = match value {
                "" => String::new(),
                value => format!(" {value}"),
            };
            let guard = format!(
                "{indent}if id({}) in _seen:\n{indent}{step}return{value}\n",
                through.name
            );
            let mut edits = edits.clone();
            edits.push(Edit::insert(at, guard));
            proposal(edits, "do not go through the same value again", prior)
        })
        .collect()
}

/// What a function gives for a value that it is going through already: as much as for one that holds nothing.
fn instead(file: &PyFile, function: Node<'_>, own: &[Node<'_>]) -> Vec<(&'static str, f64)> {
    let returned = returned_values(file, function);
    let yields = own.iter().any(|n| n.kind() == "yield");
    if yields || returned.iter().all(|r| r == "None") {
        return vec![("", 0.8)];
    }
    // What a returned local is at the start.
    let starts = |empty: &str| {
        own.iter().any(|n| {
            let field = |name| n.child_by_field_name(name).map(|f| file.text_of(f));
            n.kind() == "assignment"
                && field("right").is_some_and(|right| right.starts_with(empty))
                && field("left").is_some_and(|left| returned.iter().any(|r| r == left))
        })
    };
    let gives = |sign: &str| returned.iter().any(|r| r.starts_with(sign)) || starts(sign);
    let mut out = Vec::new();
    for (sign, value) in [
        ("[", "[]"),
        ("{", "{}"),
        ("\"", "\"\""),
        ("f\"", "\"\""),
        ("0", "0"),
        ("set(", "set()"),
    ] {
        if gives(sign) && !out.iter().any(|(v, _)| *v == value) {
            out.push((value, 0.75));
        }
    }
    let has_none = returned.iter().any(|r| r == "None");
    out.push(("None", if has_none { 0.7 } else { 0.3 }));
    out
}

/// Whether a call is of the function that it stands in.
fn is_itself(file: &PyFile, call: Node<'_>, function: Node<'_>) -> bool {
    let name = file.name_of(function);
    let is_method = file.class_of(function).is_some();
    let callee = call.child_by_field_name("function");
    callee.is_some_and(|f| match f.kind() {
        "identifier" => !is_method && file.text_of(f) == name,
        "attribute" => {
            is_method
                && f.child_by_field_name("attribute")
                    .is_some_and(|a| file.text_of(a) == name)
                && !file.text_of(f).starts_with("super()")
        }
        _ => false,
    })
}

fn is_on_self(file: &PyFile, call: Node<'_>) -> bool {
    let callee = call.child_by_field_name("function");
    callee.is_some_and(|f| {
        let text = file.text_of(f);
        text.starts_with("self.") && text.matches('.').count() == 1
    })
}

/// The first statement of a function that is no docstring.
fn first_statement(function: Node<'_>) -> Option<Node<'_>> {
    let body = function.child_by_field_name("body")?;
    let is_doc = |n: &Node<'_>| {
        n.kind() == "expression_statement" && n.named_child(0).is_some_and(|s| s.kind() == "string")
    };
    children(body)
        .into_iter()
        .filter(|n| n.kind() != "comment")
        .find(|n| !is_doc(n))
        .filter(|n| n.start_position().row > function.start_position().row)
}
