//! Edit forms around a statement: leave early, go on with the next, skip it.

use tree_sitter::Node;

use super::{
    ASKED_BY_PYTHON, Bad, Edit, Proposal, Site, Target,
    bad::{Fault, call_arguments, called_method},
    expression::returned_values,
    proposal,
};
use crate::lang::python::{
    definition::{self, functions_of},
    project::is_identifier,
    source::{PyFile, ancestors, children, descendants, is_in, is_statement, own_descendants},
};

/// Guards for one wrong value at one statement.
pub(super) fn statements(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let statement = target.statement;
    let mut out = Vec::new();
    if !fits_before(target) {
        return out;
    }
    let indent = file.indent_of(statement).to_owned();
    let at = file.line_start_of(statement);
    let before = |text: String| vec![Edit::insert(at, text)];
    let step = step_of(file);
    if let Some(function) = target.function {
        for (value, fit, witness) in early_returns(site, function, bad) {
            let text = if value.is_empty() {
                "return".to_owned()
            } else {
                format!("return {value}")
            };
            let is_asked = asked_by_python(file.name_of(function)).is_some_and(|a| a.0 == value);
            let rule = if is_asked {
                ASKED_BY_PYTHON
            } else {
                "return early"
            };
            out.push(Proposal {
                witness,
                value: Some(value),
                ..proposal(
                    before(format!("{indent}if {}:\n{indent}{step}{text}\n", bad.bad)),
                    rule,
                    fit * bad.weight,
                )
            });
        }
    }
    let in_loop = ancestors(statement)
        .skip(1)
        .take_while(|n| n.kind() != "function_definition")
        .find(|n| matches!(n.kind(), "for_statement" | "while_statement"));
    if let Some(around) = in_loop {
        let continues = own_descendants(around)
            .iter()
            .any(|n| n.kind() == "continue_statement");
        // Where each turn yields one result, a turn left out shifts all that follow.
        let collects = own_descendants(around).iter().any(|n| {
            n.kind() == "yield"
                || n.kind() == "call"
                    && n.child_by_field_name("function")
                        .is_some_and(|f| file.text_of(f).ends_with(".append"))
        });
        let fit = if collects {
            0.2
        } else if continues {
            0.55
        } else {
            0.4
        };
        if around.kind() == "for_statement" {
            out.push(proposal(
                before(format!("{indent}if {}:\n{indent}{step}continue\n", bad.bad)),
                "go on with the next",
                fit * bad.weight,
            ));
        }
        out.push(proposal(
            before(format!("{indent}if {}:\n{indent}{step}break\n", bad.bad)),
            "end the loop",
            0.3 * bad.weight,
        ));
    }
    // Statements whose effect may be left out.
    let inner = statement.named_child(0);
    let is_effect = statement.kind() == "expression_statement"
        && inner.is_some_and(|n| match n.kind() {
            "call" | "await" | "augmented_assignment" => true,
            "assignment" => n
                .child_by_field_name("left")
                .is_some_and(|l| l.kind() != "identifier" || was_bound(file, target, statement, l)),
            _ => false,
        });
    if is_effect
        || matches!(
            statement.kind(),
            "for_statement" | "if_statement" | "delete_statement"
        )
    {
        out.push(proposal(
            vec![Edit {
                start: at,
                end: statement.end_byte(),
                text: nested(file, statement, &bad.good, step),
            }],
            "skip the statement",
            0.5 * bad.weight,
        ));
    }
    // The `if` around it asks for more; then its other branch runs.
    for (n, around) in ancestors(statement)
        .skip(1)
        .take_while(|n| n.kind() != "function_definition")
        .enumerate()
    {
        let condition = if matches!(
            around.kind(),
            "if_statement" | "elif_clause" | "while_statement"
        ) {
            around.child_by_field_name("condition")
        } else {
            None
        };
        let Some(condition) = condition else { continue };
        if n > 4 || is_in(statement, around.child_by_field_name("alternative")) {
            break;
        }
        let text = file.text_of(condition);
        let text = if text.contains(" or ") || condition.kind() == "conditional_expression" {
            format!("({text})")
        } else {
            text.to_owned()
        };
        // What the condition itself binds or asks the whole of is checked after it, the rest before.
        let whole = file.text_of(condition);
        let is_part = bad
            .text
            .strip_prefix(whole)
            .is_some_and(|part| part.starts_with(['[', '.']));
        let changed = if is_part || bound_in(file, condition, bad) {
            format!("{text} and {}", bad.good)
        } else {
            format!("{} and {text}", bad.good)
        };
        let both = format!("{text} and {}", bad.good);
        let other = around.child_by_field_name("alternative");
        // What is taken out of a container is not wrong: the other branch is for something else, not for an empty one.
        let is_taken = target.failing.kind() == "call" && bad.fault == Fault::Empty;
        if is_taken && other.is_some() {
            break;
        }
        // Where the other branch uses the very variable too, it shows what is done with one that is not worked on.
        let witness = other
            .filter(|o| {
                o.kind() == "else_clause"
                    && is_identifier(&bad.text)
                    && descendants(*o)
                        .into_iter()
                        .any(|n| file.text_of(n) == bad.text)
            })
            .map(|o| {
                let line = file.line_of(o.start_byte());
                format!(
                    "the other branch takes {} as it is ({}:{line})",
                    bad.text, file.path
                )
            });
        // Where nothing else is done with the values, what is not asked for is lost.
        let body = around.child_by_field_name("consequence").map(children);
        let leaves = body.and_then(|b| b.last().copied()).is_some_and(|last| {
            let kind = last.kind();
            matches!(
                kind,
                "return_statement" | "raise_statement" | "continue_statement"
            )
        });
        let like = asks_of_like(file, condition, bad).filter(|_| leaves || other.is_some());
        let witness = like.clone().or(witness);
        let prior = match (&other, &witness) {
            _ if like.is_some() => 0.85,
            (_, Some(_)) => 0.7,
            (Some(_), None) => 0.6,
            (None, None) => 0.4,
        };
        for changed in if changed == both {
            vec![changed]
        } else {
            vec![both, changed]
        } {
            out.push(Proposal {
                witness: witness.clone(),
                ..proposal(
                    vec![Edit::replace(condition, changed)],
                    "ask more of the condition around",
                    prior * bad.weight,
                )
            });
        }
    }
    // The value gets its neutral form before the statement.
    if bad.fault == Fault::None
        && bad.bad.ends_with("is None")
        && bad.text.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        for (value, fit) in [("\"\"", 0.3), ("[]", 0.25), ("{}", 0.25), ("0", 0.25)] {
            out.push(proposal(
                before(format!(
                    "{indent}if {}:\n{indent}{step}{} = {value}\n",
                    bad.bad, bad.text
                )),
                "default for a missing value",
                fit * bad.weight,
            ));
        }
        if let Some(origin) = origin(file, target, &bad.text) {
            out.extend(origin);
        }
    }
    out
}

/// Where a condition asks of another attribute of the same object, or item of the same value, what is to hold of this one.
fn asks_of_like(file: &PyFile, condition: Node<'_>, bad: &Bad) -> Option<String> {
    let owner = |text: &str| {
        let at = text.rfind(['.', '['])?;
        is_identifier(&text[..at]).then(|| text[..at].to_owned())
    };
    let object = owner(&bad.text)?;
    let asked = bad.good.strip_prefix(bad.text.as_str())?;
    let found = descendants(condition).into_iter().find(|n| {
        let text = file.text_of(*n);
        let other = text.strip_suffix(asked);
        matches!(n.kind(), "comparison_operator" | "attribute" | "subscript")
            && other.is_some_and(|o| o != bad.text && owner(o).as_ref() == Some(&object))
    })?;
    let (line, text) = (file.line_of(found.start_byte()), file.text_of(found));
    Some(format!("{}:{line} asks for {text}", file.path))
}

/// Whether a statement before the failing one runs right before what failed.
pub(super) fn fits_before(target: &Target<'_>) -> bool {
    let (failing, statement) = (target.failing, target.statement);
    // A condition of an `elif` runs in the middle of its `if`: no statement fits before it.
    let in_elif = ancestors(failing)
        .take_while(|n| n.id() != statement.id())
        .any(|n| matches!(n.kind(), "elif_clause" | "else_clause"));
    !in_elif && !is_in_comprehension(failing, statement)
}

fn is_in_comprehension(node: Node<'_>, statement: Node<'_>) -> bool {
    ancestors(node)
        .take_while(|n| n.id() != statement.id())
        .any(|n| {
            n.kind().ends_with("comprehension")
                || matches!(n.kind(), "generator_expression" | "lambda")
        })
}

fn bound_in(file: &PyFile, condition: Node<'_>, bad: &Bad) -> bool {
    descendants(condition).iter().any(|n| {
        n.kind() == "named_expression"
            && n.child_by_field_name("name")
                .is_some_and(|n| bad.text.contains(file.text_of(n)))
    })
}

/// Whether an assignment's target has a value before it, so that the assignment can be left out.
fn was_bound(file: &PyFile, target: &Target<'_>, statement: Node<'_>, left: Node<'_>) -> bool {
    let name = file.text_of(left);
    let Some(function) = target.function else {
        return false;
    };
    file.parameters(function).iter().any(|p| p.name == name)
        || own_descendants(function).iter().any(|n| {
            n.kind() == "assignment"
                && n.end_byte() < statement.start_byte()
                && n.child_by_field_name("left")
                    .is_some_and(|l| file.text_of(l) == name)
        })
}

/// The indentation step of a file.
pub(super) fn step_of(file: &PyFile) -> &'static str {
    let smallest = file
        .text
        .lines()
        .filter(|l| l.starts_with(' ') && !l.trim().is_empty())
        .map(|l| l.len() - l.trim_start().len())
        .min();
    match smallest {
        _ if file.text.lines().any(|l| l.starts_with('\t')) => "\t",
        Some(2) => "  ",
        _ => "    ",
    }
}

/// A statement (with its block, if any) below `if good:`.
fn nested(file: &PyFile, statement: Node<'_>, good: &str, step: &str) -> String {
    let indent = file.indent_of(statement);
    let text = &file.text[file.line_start_of(statement)..statement.end_byte()];
    let body: Vec<String> = text
        .lines()
        .map(|l| {
            if l.trim().is_empty() {
                l.to_owned()
            } else {
                format!("{step}{l}")
            }
        })
        .collect();
    format!("{indent}if {good}:\n{}", body.join("\n"))
}

/// What the function may return at once: what it returns elsewhere, what its siblings return for the like.
fn early_returns(
    site: &Site<'_>,
    function: Node<'_>,
    bad: &Bad,
) -> Vec<(String, f64, Option<String>)> {
    let file = site.file;
    let mut out: Vec<(String, f64, Option<String>)> = Vec::new();
    let mut add = |value: &str, fit: f64, witness: Option<String>| {
        let value = if value == "None" { "None" } else { value };
        match out.iter_mut().find(|(v, _, _)| v == value) {
            Some(have) if have.1 < fit => *have = (value.to_owned(), fit, witness),
            Some(_) => {}
            None => out.push((value.to_owned(), fit, witness)),
        }
    };
    if let Some((value, witness)) = asked_by_python(file.name_of(function)) {
        add(value, 0.9, Some(witness.to_owned()));
    }
    let returned = returned_values(file, function);
    let yields = own_descendants(function)
        .iter()
        .any(|n| n.kind() == "yield");
    if returned.iter().all(|r| r == "None") || yields {
        add("", 0.5, None);
    } else {
        for value in &returned {
            let names = PyFile::parse("", value);
            let simple = value.len() <= 40
                && descendants(names.root())
                    .iter()
                    .all(|n| !matches!(n.kind(), "await" | "yield"));
            let is_constant = crate::lang::python::values::is_literal(
                &names,
                names
                    .root()
                    .named_child(0)
                    .and_then(|s| s.named_child(0))
                    .unwrap_or(names.root()),
                &mut Vec::new(),
            );
            if simple && is_constant {
                add(
                    value,
                    0.5,
                    Some(format!("{} returns it elsewhere", file.name_of(function))),
                );
            } else if simple
                && value.chars().all(|c| c.is_alphanumeric() || c == '_')
                && value != "self"
            {
                // A local on its way to the end says little of what is right half-way.
                add(value, 0.2, None);
            }
        }
        if bad.text.chars().all(|c| c.is_alphanumeric() || c == '_') {
            add(&bad.text, 0.4, None);
        }
        add("None", 0.35, None);
        for (value, fit) in [
            ("\"\"", 0.2),
            ("[]", 0.2),
            ("{}", 0.2),
            ("0", 0.2),
            ("False", 0.2),
        ] {
            add(value, fit, None);
        }
    }
    for (value, witness) in siblings(site, function) {
        add(&value, 0.85, Some(witness));
    }
    out
}

/// What a method is to give for a value that it cannot do anything with, by Python's own rules.
///
/// Source: The Python Language Reference, 3.3 (data model), and `numbers` in the library on `NotImplemented`.
fn asked_by_python(method: &str) -> Option<(&'static str, &'static str)> {
    match method {
        "__contains__" => Some(("False", "Python asks __contains__ for True or False")),
        "__eq__" | "__ne__" | "__lt__" | "__le__" | "__gt__" | "__ge__" => Some((
            "NotImplemented",
            "Python asks a comparison for NotImplemented where it does not know the other",
        )),
        _ => None,
    }
}

/// What functions beside this one return when their input is missing or empty.
///
/// A sibling is a function of the same class or module, with as many parameters, whose guard (or the `else` of its
/// guard) asks for the truth, emptiness or absence of a parameter; or a method of the same name in another class of the
/// same base, whose guard asks for anything.
fn siblings(site: &Site<'_>, function: Node<'_>) -> Vec<(String, String)> {
    let file = site.file;
    let mut out: Vec<(String, String)> = Vec::new();
    let class = file.class_of(function);
    let parameters = file.parameters(function);
    let around = class.unwrap_or_else(|| file.root());
    let others = functions_of(around)
        .into_iter()
        .filter(|f| f.id() != function.id());
    let stem = |name: &str| {
        name.trim_start_matches('_')
            .split('_')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    for other in others {
        let theirs = file.parameters(other);
        if theirs.len() != parameters.len()
            || stem(file.name_of(other)) != stem(file.name_of(function))
                && theirs
                    .iter()
                    .map(|p| &p.name)
                    .ne(parameters.iter().map(|p| &p.name))
        {
            continue;
        }
        let asks =
            |name: &str| name != "self" && name != "cls" && theirs.iter().any(|p| p.name == name);
        add_missing(file, other, file.name_of(other), asks, &mut out);
    }
    for method in definition::siblings(site.project, file, function) {
        let simple = |name: &str| !name.contains(" and ") && !name.contains(" or ");
        let name = method.full_name();
        add_missing(&method.file, method.node(), &name, simple, &mut out);
    }
    out
}

/// Adds the values that a function returns where something that it asks for is missing.
fn add_missing(
    file: &PyFile,
    function: Node<'_>,
    name: &str,
    is_asked: impl Fn(&str) -> bool,
    out: &mut Vec<(String, String)>,
) {
    for node in own_descendants(function)
        .into_iter()
        .filter(|n| n.kind() == "if_statement")
    {
        let condition = node.child_by_field_name("condition");
        let Some((asked, is_negative)) = condition
            .map(|c| missing(file.text_of(c)))
            .filter(|(asked, _)| is_asked(asked))
        else {
            continue;
        };
        let branch = if is_negative {
            node.child_by_field_name("consequence")
        } else {
            node.child_by_field_name("alternative")
                .and_then(|a| a.child_by_field_name("body"))
        };
        let statements = branch.map(children).unwrap_or_default();
        let [only] = statements.as_slice() else {
            continue;
        };
        if only.kind() != "return_statement" {
            continue;
        }
        let value = only
            .named_child(0)
            .map_or("None".to_owned(), |v| file.text_of(v).to_owned());
        let uses_other = value.chars().any(char::is_alphabetic)
            && !matches!(value.as_str(), "None" | "True" | "False")
            && !value.starts_with(['"', '\'']);
        if !uses_other && !out.iter().any(|(v, _)| *v == value) {
            let line = file.line_of(only.start_byte());
            let witness = format!(
                "{name} returns {value} where its {asked} is missing ({}:{line})",
                file.path
            );
            out.push((value, witness));
        }
    }
}

/// What a condition asks for, and whether it holds where that is missing.
pub(super) fn missing(condition: &str) -> (&str, bool) {
    let sized = |end: &str| condition.strip_prefix("len(")?.strip_suffix(end);
    let negative = condition
        .strip_prefix("not ")
        .or_else(|| condition.strip_suffix(" is None"))
        .or_else(|| sized(") == 0"));
    let positive = condition
        .strip_suffix(" is not None")
        .or_else(|| sized(") > 0"));
    match negative {
        Some(asked) => (asked, true),
        None => (positive.unwrap_or(condition), false),
    }
}

/// The local's last assignment before the crash, changed so that it is not `None`.
fn origin(file: &PyFile, target: &Target<'_>, name: &str) -> Option<Vec<Proposal>> {
    let function = target.function?;
    let mut found = own_descendants(function).into_iter().filter(|n| {
        n.kind() == "assignment"
            && n.end_byte() < target.statement.start_byte()
            && n.child_by_field_name("left")
                .is_some_and(|l| file.text_of(l) == name)
    });
    let right = found.next_back()?.child_by_field_name("right")?;
    let mut out = Vec::new();
    let text = super::wrapped(file, right);
    for (value, fit) in [("\"\"", 0.4), ("[]", 0.4), ("{}", 0.4), ("0", 0.3)] {
        out.push(proposal(
            vec![Edit::replace(right, format!("{text} or {value}"))],
            "default where the value comes from",
            fit,
        ));
    }
    if let Some(arguments) = (right.kind() == "call")
        .then(|| call_arguments(right))
        .filter(|a| a.len() == 1)
    {
        let method = called_method(file, right);
        if matches!(method, "get" | "pop") {
            for (value, fit) in [("\"\"", 0.45), ("[]", 0.45), ("{}", 0.45), ("0", 0.4)] {
                out.push(proposal(
                    vec![Edit::insert(arguments[0].end_byte(), format!(", {value}"))],
                    "default where the value comes from",
                    fit,
                ));
            }
        }
    }
    debug_assert!(is_statement(target.statement));
    Some(out)
}
