//! Edit forms within an expression.

use tree_sitter::Node;

use super::{
    Bad, Edit, Proposal, Site, Target,
    bad::{Fault, call_arguments, called_method},
    proposal,
    special::precedent,
};
use crate::lang::python::source::{
    PyFile, ancestors, children, descendants, is_field, is_statement, own_descendants,
};

/// `a[1] == "x"` in a condition becomes `len(a) > 1 and a[1] == "x"`.
pub(super) fn conjoin(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some((atom, certain)) = atom(target.failing) else {
        return out;
    };
    let text = wrapped_for_and(file, atom);
    let weight = bad.weight * if certain { 1.0 } else { 0.8 };
    out.push(proposal(
        vec![Edit::replace(atom, format!("{} and {text}", bad.good))],
        "guard the condition",
        0.9 * weight,
    ));
    // `not isinstance(x[0], str)` holds of nothing that has no items, or of all of that.
    match atom.parent().filter(|p| p.kind() == "not_operator") {
        Some(negated) => {
            let text = format!("{} and {}", bad.good, file.text_of(negated));
            let bare = atom_is_whole(negated);
            let text = if bare { text } else { format!("({text})") };
            out.push(proposal(
                vec![Edit::replace(negated, text)],
                "guard the condition",
                0.5 * weight,
            ));
        }
        None => out.push(proposal(
            vec![Edit::replace(atom, format!("({} or {text})", bad.bad))],
            "let the condition hold",
            0.3 * weight,
        )),
    }
    out
}

/// Whether nothing binds tighter around a condition than `and`.
fn atom_is_whole(node: Node<'_>) -> bool {
    let is_and = |p: Node<'_>| p.child(1).is_some_and(|operator| operator.kind() == "and");
    node.parent().is_none_or(|p| match p.kind() {
        "boolean_operator" => is_and(p),
        "not_operator" | "comparison_operator" => false,
        _ => true,
    })
}

/// The operand of a condition that holds a node, and whether it surely is a condition.
fn atom(node: Node<'_>) -> Option<(Node<'_>, bool)> {
    let mut at = node;
    loop {
        let parent = at.parent()?;
        match parent.kind() {
            "boolean_operator" => return Some((at, true)),
            "if_statement" | "elif_clause" | "while_statement" if is_field(at, "condition") => {
                return Some((at, true));
            }
            "if_clause" | "assert_statement" | "not_operator" => return Some((at, true)),
            "conditional_expression"
                if parent.named_child(1).is_some_and(|c| c.id() == at.id()) =>
            {
                return Some((at, true));
            }
            "return_statement" if matches!(at.kind(), "comparison_operator") => {
                return Some((at, false));
            }
            "parenthesized_expression"
            | "comparison_operator"
            | "attribute"
            | "subscript"
            | "call"
            | "binary_operator"
            | "unary_operator"
            | "argument_list"
            | "await" => at = parent,
            "list_comprehension" | "generator_expression" | "set_comprehension"
                if matches!(at.kind(), "comparison_operator") =>
            {
                return Some((at, false));
            }
            _ => return None,
        }
    }
}

fn wrapped_for_and(file: &PyFile, node: Node<'_>) -> String {
    let text = file.text_of(node);
    match node.kind() {
        "boolean_operator" if text.contains(" or ") => format!("({text})"),
        "conditional_expression" | "lambda" | "named_expression" => format!("({text})"),
        _ => text.to_owned(),
    }
}

/// The failing value replaced: `(x or D)`, `E if good else D`.
pub(super) fn substitute(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some(node) = file
        .root()
        .named_descendant_for_byte_range(bad.start, bad.end)
    else {
        return out;
    };
    if bad.fault == Fault::None && bad.good == bad.text {
        for (default, fit) in defaults(site, target, node) {
            let text = or_default(file, node, default);
            // `(x or "").strip()` elsewhere in the file is how its authors take a missing text.
            let used = node
                .parent()
                .filter(|p| p.kind() == "attribute")
                .and_then(|p| p.child_by_field_name("attribute"))
                .map(|a| format!(" or {default}).{}", file.text_of(a)));
            let witness = used.and_then(|u| precedent(site, &u));
            let edits = match changed_in_place(target.statement, node) {
                // What is changed in place and kept nowhere is lost: it gets its value first.
                true if is_assignable(node) => {
                    let (indent, text) = (file.indent_of(target.statement), file.text_of(node));
                    let step = super::guard::step_of(file);
                    vec![Edit::insert(
                        file.line_start_of(target.statement),
                        format!("{indent}if {text} is None:\n{indent}{step}{text} = {default}\n"),
                    )]
                }
                true => continue,
                false => vec![Edit::replace(node, text)],
            };
            // To go over nothing is what a loop does with no items, whatever its body is.
            let is_iterated = target.statement.kind() == "for_statement" && default == "[]";
            let fit = if witness.is_some() || is_iterated {
                1.0
            } else {
                0.8 * fit
            };
            out.push(Proposal {
                witness,
                value: Some(default.to_owned()),
                ..proposal(edits, "default for a missing value", 0.85 * fit)
            });
            let method = called_method(file, node);
            if let ("get", [only]) = (method, call_arguments(node).as_slice()) {
                out.push(proposal(
                    vec![Edit::insert(only.end_byte(), format!(", {default}"))],
                    "default for a missing value",
                    0.7 * bad.weight * fit,
                ));
            }
        }
    }
    if bad.fault == Fault::None
        && let Some(class) = class_of_name(file, &bad.text)
    {
        let default = format!("{class}()");
        let witness = format!("{} is named after {class}", bad.text);
        let source = super::idiom::origin(file, target.function, node);
        for (node, prior) in source.map(|n| (n, 0.9)).into_iter().chain([(node, 0.8)]) {
            out.push(Proposal {
                witness: Some(witness.clone()),
                value: Some(default.clone()),
                ..proposal(
                    vec![Edit::replace(node, or_default(file, node, &default))],
                    "default of the class that it is named after",
                    prior * bad.weight,
                )
            });
        }
    }
    if bad.fault == Fault::Type && bad.good.ends_with(", str)") {
        out.push(proposal(
            vec![Edit::replace(node, format!("str({})", bad.text))],
            "convert to a string",
            0.45 * bad.weight,
        ));
    }
    // The whole operand, conditional on the value: the largest expression that needs it and is not the statement's target.
    let whole = operand(target.failing, target.statement);
    // A value that nobody takes needs no other one in its place: the statement is skipped or not.
    let is_taken = whole
        .parent()
        .is_none_or(|p| p.kind() != "expression_statement");
    for (default, fit) in results(site, target, whole)
        .into_iter()
        .filter(|_| is_taken)
    {
        let text = if_good(file, whole, &bad.good, default);
        out.push(Proposal {
            value: Some(default.to_owned()),
            ..proposal(
                vec![Edit::replace(whole, text)],
                "conditional value",
                0.5 * bad.weight * fit,
            )
        });
    }
    // `style.format(text)` without a style is the text.
    let call = target.failing.parent().filter(|p| p.kind() == "call");
    if let (Fault::None, Some(call), true) = (bad.fault, call, bad.good != bad.text)
        && let [only] = call_arguments(call).as_slice()
        && target.failing.kind() == "attribute"
        && only.kind() == "identifier"
    {
        let prior = match called_method(file, call) {
            "format" => 0.6,
            _ => 0.3,
        };
        out.push(proposal(
            vec![Edit::replace(
                call,
                if_good(file, call, &bad.good, file.text_of(*only)),
            )],
            "leave the argument as it is",
            prior * bad.weight,
        ));
    }
    // What is of another kind may need nothing done to it.
    if bad.fault == Fault::Type && whole.id() != node.id() && target.failing.kind() != "call" {
        let text = if_good(file, whole, &bad.good, &bad.text);
        out.push(proposal(
            vec![Edit::replace(whole, text)],
            "leave as it is",
            0.55 * bad.weight,
        ));
    }
    // The item that the wrong value gives rise to is left out of its comprehension; one of another kind is an item all the same.
    let share = if bad.fault == Fault::Type { 0.4 } else { 1.0 };
    if let Some(comprehension) = ancestors(target.failing)
        .take_while(|n| !is_statement(*n))
        .find(|n| n.kind().ends_with("comprehension") || n.kind() == "generator_expression")
        && let Some(last) = children(comprehension).last()
    {
        if last.kind() != "if_clause" {
            out.push(proposal(
                vec![Edit::insert(last.end_byte(), format!(" if {}", bad.good))],
                "leave the item out",
                0.7 * bad.weight * share,
            ));
        } else if let Some(condition) = last.named_child(0) {
            out.push(proposal(
                vec![Edit::replace(
                    condition,
                    format!("{} and {}", bad.good, wrapped_for_and(file, condition)),
                )],
                "leave the item out",
                0.6 * bad.weight * share,
            ));
        }
    }
    out
}

/// The class, known in the file, whose name an expression ends in: `self.dict_exporter` is for a `DictExporter`.
fn class_of_name(file: &PyFile, text: &str) -> Option<String> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let name = text.rsplit('.').next().filter(|n| n.len() > 3)?;
    let is_class = |n: &Node<'_>| {
        let known = file.text_of(*n);
        n.kind() == "identifier"
            && known.starts_with(|c: char| c.is_ascii_uppercase())
            && plain(known) == plain(name)
            && super::handler::is_global(file, known)
    };
    let found = descendants(file.root()).into_iter().find(is_class)?;
    Some(file.text_of(found).to_owned())
}

/// `E if good else D`, in parentheses where something beside it would tear it apart.
pub(super) fn if_good(file: &PyFile, whole: Node<'_>, good: &str, default: &str) -> String {
    let text = format!("{} if {good} else {default}", file.text_of(whole));
    let bare = whole.parent().is_some_and(|p| {
        matches!(
            p.kind(),
            "assignment" | "return_statement" | "parenthesized_expression"
        )
    });
    if bare { text } else { format!("({text})") }
}

/// Whether a statement does nothing but call a method of a value that changes it.
fn changed_in_place(statement: Node<'_>, node: Node<'_>) -> bool {
    let call = statement
        .named_child(0)
        .filter(|c| statement.kind() == "expression_statement" && c.kind() == "call");
    let method = call.and_then(|c| c.child_by_field_name("function"));
    method
        .and_then(|m| m.child_by_field_name("object"))
        .is_some_and(|object| object.id() == node.id())
}

fn is_assignable(node: Node<'_>) -> bool {
    let is_plain = |n: &Node<'_>| {
        matches!(
            n.kind(),
            "identifier"
                | "attribute"
                | "subscript"
                | "integer"
                | "string"
                | "string_start"
                | "string_content"
                | "string_end"
        )
    };
    matches!(node.kind(), "identifier" | "attribute" | "subscript")
        && descendants(node).iter().all(is_plain)
}

pub(super) fn or_default(file: &PyFile, node: Node<'_>, default: &str) -> String {
    let text = format!("{} or {default}", file.text_of(node));
    let bare = node.parent().is_some_and(|p| {
        matches!(
            p.kind(),
            "for_statement"
                | "for_in_clause"
                | "argument_list"
                | "assignment"
                | "return_statement"
                | "keyword_argument"
                | "parenthesized_expression"
        )
    });
    if bare { text } else { format!("({text})") }
}

/// Neutral values for an operand, by how it is used, with how well they fit.
fn defaults(site: &Site<'_>, target: &Target<'_>, node: Node<'_>) -> Vec<(&'static str, f64)> {
    let file = site.file;
    let Some(parent) = node.parent() else {
        return Vec::new();
    };
    let message = site.error.message.as_str();
    let attribute = parent
        .child_by_field_name("attribute")
        .map_or("", |a| file.text_of(a));
    if parent.kind() == "attribute" {
        return match attribute {
            "items" | "keys" | "values" | "get" | "update" | "copy" | "pop" => vec![("{}", 1.0)],
            "append" | "extend" | "sort" => vec![("[]", 0.8)],
            _ => vec![("\"\"", 0.9)],
        };
    }
    if message.contains("not iterable")
        || message.contains("len()")
        || matches!(parent.kind(), "for_statement" | "for_in_clause")
    {
        return vec![("[]", 1.0), ("\"\"", 0.3), ("{}", 0.3)];
    }
    if message.contains("subscriptable") {
        let index = parent
            .child_by_field_name("subscript")
            .map_or("", |n| n.kind());
        return match index {
            "slice" | "integer" => vec![("[]", 0.9), ("\"\"", 0.5)],
            "string" => vec![("{}", 0.9)],
            _ => vec![("{}", 0.6), ("[]", 0.3), ("\"\"", 0.3)],
        };
    }
    if message.contains("expected string or bytes")
        || message.contains("to str")
        || message.contains("str instance")
    {
        return vec![("\"\"", 1.0)];
    }
    if message.contains("unsupported operand")
        || message.contains("not supported between")
        || message.contains("int() argument")
        || message.contains("float() argument")
    {
        let string = message.contains("'str'");
        return if string {
            vec![("\"\"", 0.9)]
        } else {
            vec![("0", 0.8), ("\"\"", 0.2), ("[]", 0.3)]
        };
    }
    if target.failing.kind() == "call" {
        return vec![("\"\"", 0.5), ("[]", 0.4), ("{}", 0.4), ("0", 0.3)];
    }
    vec![("\"\"", 0.5), ("[]", 0.4), ("0", 0.4), ("{}", 0.4)]
}

/// Values that may stand for a whole expression.
fn results(site: &Site<'_>, target: &Target<'_>, whole: Node<'_>) -> Vec<(&'static str, f64)> {
    let numeric = matches!(site.error.type_name.as_str(), "ZeroDivisionError")
        || matches!(whole.kind(), "binary_operator");
    // A true division gives a float.
    let divides = whole.kind() == "binary_operator"
        && descendants(whole).into_iter().any(|n| {
            n.child_by_field_name("operator")
                .is_some_and(|o| site.file.text_of(o) == "/")
        });
    let mut out: Vec<(&'static str, f64)> = vec![
        ("None", 0.8),
        ("\"\"", 0.6),
        (
            "0",
            if divides {
                0.9
            } else if numeric {
                1.0
            } else {
                0.4
            },
        ),
        ("[]", 0.4),
        ("{}", 0.3),
        ("False", 0.4),
    ];
    if site.error.type_name == "ZeroDivisionError" {
        out.push(("0.0", if divides { 1.0 } else { 0.9 }));
        out.push(("1", 0.3));
    }
    // What the function gives back elsewhere is likelier than what it never does.
    if let Some(function) = target.function {
        let returned = returned_values(site.file, function);
        for (value, fit) in &mut out {
            if returned
                .iter()
                .any(|r| r.trim_matches(['"', '\'']) == value.trim_matches('"'))
                && whole
                    .parent()
                    .is_some_and(|p| p.kind() == "return_statement")
            {
                *fit = (*fit + 0.5).min(1.2);
            }
        }
    }
    out
}

/// The values that a function returns, as source.
pub(super) fn returned_values(file: &PyFile, function: Node<'_>) -> Vec<String> {
    let nodes = own_descendants(function);
    nodes
        .into_iter()
        .filter(|n| n.kind() == "return_statement")
        .map(|n| {
            n.named_child(0)
                .map_or("None".to_owned(), |v| file.text_of(v).to_owned())
        })
        .collect()
}

/// The largest expression that holds a node and is a whole operand: an argument, a right side, a returned value.
pub(super) fn operand<'a>(node: Node<'a>, statement: Node<'a>) -> Node<'a> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.id() == statement.id() || is_statement(parent) {
            break;
        }
        let is_right = is_field(at, "right");
        if matches!(
            parent.kind(),
            "argument_list"
                | "keyword_argument"
                | "pair"
                | "list"
                | "tuple"
                | "if_clause"
                | "for_in_clause"
                | "list_comprehension"
                | "generator_expression"
                | "dictionary"
                | "interpolation"
                | "boolean_operator"
                | "expression_list"
                | "conditional_expression"
                | "lambda"
        ) {
            break;
        }
        if matches!(
            parent.kind(),
            "assignment" | "augmented_assignment" | "named_expression"
        ) {
            return if is_right { at } else { node };
        }
        at = parent;
    }
    at
}
