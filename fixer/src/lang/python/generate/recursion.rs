//! Edit forms for a function that calls itself without end: the values that it goes through hold themselves, or it asks
//! for an attribute from within the very function that is asked for attributes.

use tree_sitter::Node;

use super::{
    ASKED_BY_PYTHON, Edit, Proposal, Site, Target, bad::call_arguments,
    expression::returned_values, guard::step_of, proposal,
};
use crate::lang::python::source::{
    Parameter, ParameterKind, PyFile, children, descendants, is_field, own_descendants,
};

/// Frames of one function that make a recursion.
const MIN_FRAMES: usize = 20;
/// Parameters that may be what a recursion goes through.
const MAX_THROUGH: usize = 3;
/// What a value begins with, and one of its kind that holds nothing.
const OF_KIND: &[(&str, &str)] = &[
    ("[", "[]"),
    ("{", "{}"),
    ("()", "()"),
    ("\"", "\"\""),
    ("'", "''"),
    ("f\"", "\"\""),
    ("0", "0"),
    ("set(", "set()"),
];

fn nothing_like(value: &str) -> Option<&'static str> {
    let found = OF_KIND.iter().find(|(sign, _)| value.starts_with(sign));
    found.map(|(_, nothing)| *nothing)
}

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
    if calls.is_empty() || is_closed {
        return Vec::new();
    }
    // What changes from call to call is what it goes through: `self` where the calls are of other objects' methods.
    let through = if is_method && calls.iter().any(|c| !is_on_self(file, *c)) {
        vec![(&parameters[0].name, 1.0)]
    } else {
        changing(
            file,
            &parameters[usize::from(is_method).min(parameters.len())..],
            &calls,
        )
    };
    let mut edits = vec![appended(file, list, "_seen=()")];
    for call in &calls {
        // A generator expression for the one argument would need parentheses.
        match call.child_by_field_name("arguments") {
            Some(arguments) if arguments.kind() == "argument_list" => {
                edits.push(appended(file, arguments, "_seen=_seen"));
            }
            _ => return Vec::new(),
        }
    }
    let (indent, step) = (file.indent_of(first), step_of(file));
    let at = file.line_start_of(first);
    let values = instead(file, function, &own);
    let mut out = Vec::new();
    for (name, fit) in through {
        for (value, prior) in &values {
            let back = match value.as_str() {
                "" => "return".to_owned(),
                value => format!("return {value}"),
            };
            let guard = format!(
                "{indent}if id({name}) in _seen:\n{indent}{step}{back}\n{indent}_seen = (*_seen, id({name}))\n"
            );
            let mut edits = edits.clone();
            edits.push(Edit::insert(at, guard));
            out.push(proposal(
                edits,
                "do not go through the same value again",
                prior * fit,
            ));
        }
    }
    out
}

/// Parameters that calls give another value, the likeliest to be gone through first: what is given as it is before what
/// is made for the call.
fn changing<'a>(
    file: &PyFile,
    parameters: &'a [Parameter],
    calls: &[Node<'_>],
) -> Vec<(&'a String, f64)> {
    let mut out: Vec<(&String, f64)> = Vec::new();
    for (i, parameter) in parameters.iter().enumerate() {
        let given = calls.iter().filter_map(|call| {
            let arguments = call_arguments(*call);
            let named = call.child_by_field_name("arguments").map(children);
            let keyword = named.into_iter().flatten().find(|n| {
                n.kind() == "keyword_argument"
                    && n.child_by_field_name("name")
                        .is_some_and(|n| file.text_of(n) == parameter.name)
            });
            keyword
                .and_then(|n| n.child_by_field_name("value"))
                .or_else(|| arguments.get(i).copied())
        });
        let fits = given
            .filter(|n| file.text_of(*n) != parameter.name)
            .map(|n| match n.kind() {
                "identifier" => 1.0,
                "attribute" | "subscript" => 0.9,
                _ => 0.6,
            });
        if let Some(fit) = fits.reduce(f64::max) {
            out.push((&parameter.name, fit));
        }
    }
    out.sort_by(|a, b| b.1.total_cmp(&a.1));
    out.truncate(MAX_THROUGH);
    out
}

/// One more entry of a list in parentheses, on a line of its own where the last has one.
fn appended(file: &PyFile, list: Node<'_>, entry: &str) -> Edit {
    let mut entries = children(list).into_iter().filter(|n| n.kind() != "comment");
    match entries.next_back() {
        None => Edit::insert(list.end_byte() - 1, entry),
        Some(last) => {
            let start = file.line_start_of(last);
            let before = &file.text[start..last.start_byte()];
            let between = match before.trim().is_empty() {
                true => format!("\n{before}"),
                false => " ".to_owned(),
            };
            Edit::insert(last.end_byte(), format!(",{between}{entry}"))
        }
    }
}

/// What a function gives for a value that it is going through already: as much as for one that holds nothing.
fn instead(file: &PyFile, function: Node<'_>, own: &[Node<'_>]) -> Vec<(String, f64)> {
    let returned = returned_values(file, function);
    let yields = own.iter().any(|n| n.kind() == "yield");
    if yields || returned.iter().all(|r| r == "None") {
        return vec![(String::new(), 0.8)];
    }
    // Locals that are made here, each with a value of its kind that holds nothing.
    let starts: Vec<(&str, &str)> = own
        .iter()
        .filter(|n| n.kind() == "assignment")
        .filter_map(|n| {
            let field = |name| n.child_by_field_name(name).map(|f| file.text_of(f));
            Some((field("left")?, nothing_like(field("right")?)?))
        })
        .collect();
    let mut out: Vec<(String, f64)> = Vec::new();
    let mut push = |value: &str, prior| {
        if !out.iter().any(|(v, _)| v == value) {
            out.push((value.to_owned(), prior));
        }
    };
    for value in &returned {
        let start = starts.iter().find(|(name, _)| name == value);
        if let Some(empty) = start.map(|s| s.1).or_else(|| nothing_like(value)) {
            push(empty, 0.75);
        }
    }
    // An object that is made of them.
    let made = own.iter().filter(|n| n.kind() == "return_statement");
    for call in made
        .filter_map(|n| n.named_child(0))
        .filter(|n| n.kind() == "call")
    {
        let start = call.start_byte();
        let mut text = file.text_of(call).to_owned();
        let names = descendants(call).into_iter().rev();
        let names = names.filter(|n| n.kind() == "identifier" && !is_field(*n, "name"));
        let mut is_made = false;
        for name in names {
            if let Some((_, empty)) = starts.iter().find(|(s, _)| *s == file.text_of(name)) {
                text.replace_range(name.start_byte() - start..name.end_byte() - start, empty);
                is_made = true;
            }
        }
        if is_made {
            push(&text, 0.75);
        }
    }
    let has_none = returned.iter().any(|r| r == "None");
    push("None", if has_none { 0.7 } else { 0.3 });
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
