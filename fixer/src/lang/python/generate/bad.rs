//! The crash predicate: which value is wrong at the crash, and what tells it from a right one.

use tree_sitter::Node;

use super::{
    Proposal, Site, Target,
    kind::{expected_type, lacking, not_taken, other_kinds, wanted_type},
};
use crate::lang::python::source::{PyFile, ancestors, children, descendants, is_field};

/// A value that the failing expression could not take.
#[derive(Debug, Clone)]
pub(crate) struct Bad {
    /// Where it stands in the failing expression.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Its source.
    pub(crate) text: String,
    /// A condition that holds where the expression would do.
    pub(crate) good: String,
    /// Its negation.
    pub(crate) bad: String,
    /// What is wrong.
    pub(crate) fault: Fault,
    /// How likely this is the value to look at, in `0.0..=1.0`.
    pub(crate) weight: f64,
    /// Where the file asks the same before it does the same.
    pub(crate) witness: Option<String>,
}

impl Bad {
    /// Has its witness speak for the forms that go on without doing anything to the value.
    pub(super) fn speak_for(&self, forms: &mut [Proposal]) {
        let Some(witness) = &self.witness else { return };
        for form in forms {
            if matches!(form.rule, "leave as it is" | "skip the statement") {
                form.witness.get_or_insert_with(|| witness.clone());
                form.prior = form.prior.max(0.75);
            }
        }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is `None`.
    None,
    /// It has another type than the code expects.
    Type,
    /// It is empty.
    Empty,
    /// It is too short for an index.
    Short,
    /// It lacks a key.
    Key,
    /// It is zero.
    Zero,
}

/// The wrong values at a place, the likeliest first.
pub(crate) fn bads(site: &Site<'_>, target: &Target<'_>) -> Vec<Bad> {
    let mut out = Vec::new();
    let failing = target.failing;
    let file = site.file;
    let field = |name: &str| failing.child_by_field_name(name);
    let kind = site.error.type_name.as_str();
    if site.innermost {
        match (kind, failing.kind()) {
            ("AttributeError", "attribute") => {
                let method = field("attribute").map_or("", |a| file.text_of(a));
                if let Some(object) = field("object") {
                    typed(site, object, expected_type(method), 1.0, &mut out);
                    if expected_type(method).is_none() {
                        lacking(site, object, method, &mut out);
                    }
                }
            }
            ("KeyError", "subscript") => {
                if let Some((map, key)) = field("value").zip(field("subscript")) {
                    let (map_text, key_text) = (file.text_of(map), file.text_of(key));
                    push(
                        &mut out,
                        failing,
                        file.text_of(failing),
                        format!("{key_text} in {map_text}"),
                        format!("{key_text} not in {map_text}"),
                        Fault::Key,
                        1.0,
                    );
                }
            }
            ("IndexError", "subscript") => {
                if let Some((list, index)) = field("value").zip(field("subscript")) {
                    let (list, index) = (file.text_of(list), file.text_of(index));
                    match index.parse::<i64>() {
                        Ok(0 | -1) => falsy(&mut out, failing, list, Fault::Empty, 1.0),
                        Ok(n) if n > 0 => push(
                            &mut out,
                            failing,
                            list,
                            format!("len({list}) > {n}"),
                            format!("len({list}) <= {n}"),
                            Fault::Short,
                            1.0,
                        ),
                        Ok(n) => push(
                            &mut out,
                            failing,
                            list,
                            format!("len({list}) >= {}", -n),
                            format!("len({list}) < {}", -n),
                            Fault::Short,
                            1.0,
                        ),
                        Err(_) => push(
                            &mut out,
                            failing,
                            list,
                            format!("{index} < len({list})"),
                            format!("{index} >= len({list})"),
                            Fault::Short,
                            1.0,
                        ),
                    }
                }
            }
            ("ZeroDivisionError", _) => {
                if let Some(right) = field("right") {
                    zero(site, right, &mut out);
                }
            }
            ("IndexError" | "KeyError", "call")
                if ["pop from", "popitem", "pop(): "]
                    .iter()
                    .any(|s| site.error.message.contains(s)) =>
            {
                let object = field("function").and_then(|f| f.child_by_field_name("object"));
                if let Some(object) = object {
                    falsy(&mut out, failing, file.text_of(object), Fault::Empty, 1.0);
                }
            }
            ("ValueError", "call") if lacks(&site.error.message) => {
                let object = field("function").and_then(|f| f.child_by_field_name("object"));
                if let (Some(object), Some(item)) = (object, call_arguments(failing).first()) {
                    let (object, item) = (file.text_of(object), file.text_of(*item));
                    let good = format!("{item} in {object}");
                    let bad = format!("{item} not in {object}");
                    push(
                        &mut out,
                        failing,
                        file.text_of(failing),
                        good,
                        bad,
                        Fault::Key,
                        1.0,
                    );
                }
            }
            ("ValueError", "call") if is_no_number(&site.error.message) => {
                if let Some(text) = call_arguments(failing).first() {
                    no_number(site, *text, &mut out);
                }
            }
            ("ValueError", _)
                if site
                    .error
                    .message
                    .starts_with("not enough values to unpack") =>
            {
                if let Some((call, good, bad)) = split(site, target) {
                    push(
                        &mut out,
                        call,
                        file.text_of(call),
                        good,
                        bad,
                        Fault::Short,
                        1.0,
                    );
                }
            }
            ("ValueError" | "IndexError", _) if site.error.message.contains("empty") => {
                for argument in call_arguments(failing) {
                    let text = file.text_of(argument);
                    falsy(&mut out, argument, text, Fault::Empty, 0.8);
                }
            }
            // `f(x)[0]`, `for x in f(y)`: the message itself says what the operand is.
            ("TypeError", _) if site.error.message.starts_with("'NoneType' object is not") => {
                let operand = match failing.kind() {
                    "subscript" => field("value"),
                    "call" if site.error.message.ends_with("callable") => field("function"),
                    _ => None,
                };
                let iterated = Some(target.statement)
                    .filter(|s| {
                        s.kind() == "for_statement" && site.error.message.contains("iterable")
                    })
                    .and_then(|s| s.child_by_field_name("right"));
                if let Some(operand) = operand.or(iterated).filter(|o| o.kind() == "call") {
                    let text = file.text_of(operand);
                    falsy(&mut out, operand, text, Fault::None, 1.0);
                    push(
                        &mut out,
                        operand,
                        text,
                        format!("{text} is not None"),
                        format!("{text} is None"),
                        Fault::None,
                        0.8,
                    );
                }
            }
            // `x in 60`: two wordings, by the version of Python.
            ("TypeError", "comparison_operator")
                if site.error.message.starts_with("argument of type '") =>
            {
                let operands = children(failing);
                if let [_, right] = operands.as_slice()
                    && !site.error.message.contains("'NoneType'")
                {
                    let text = file.text_of(*right);
                    let good = format!("hasattr({text}, \"__contains__\")");
                    let bad = format!("not {good}");
                    push(&mut out, *right, text, good, bad, Fault::Type, 1.0);
                }
            }
            _ => {}
        }
    } else if site.is_last_of_repository() && asks_for_items(&site.error.message) {
        for argument in call_arguments(failing) {
            let text = file.text_of(argument);
            falsy(&mut out, argument, text, Fault::Empty, 0.8);
        }
    } else if failing.kind() == "subscript"
        && site.error.mro.iter().any(|m| m == "KeyError")
        && let Some((map, key)) = field("value").zip(field("subscript"))
    {
        // A mapping of the repository's own raises it further in.
        let (map, key) = (file.text_of(map), file.text_of(key));
        let (good, bad) = (format!("{key} in {map}"), format!("{key} not in {map}"));
        push(
            &mut out,
            failing,
            file.text_of(failing),
            good,
            bad,
            Fault::Key,
            0.8,
        );
    }
    if kind == "TypeError" && site.is_last_of_repository() {
        other_kinds(site, target, &mut out);
        not_taken(site, target, &mut out);
    }
    // A None (or an empty or foreign value) among the operands, innermost first; of a call further out, among its arguments.
    if matches!(
        kind,
        "TypeError" | "AttributeError" | "ValueError" | "KeyError" | "IndexError"
    ) || !site.innermost
    {
        for node in descendants(failing) {
            if !matches!(node.kind(), "identifier" | "attribute" | "subscript")
                || ancestors(node)
                    .take_while(|n| n.id() != failing.id())
                    .any(|n| n.kind() == "lambda")
            {
                continue;
            }
            let parent = node.parent().map_or("", |p| p.kind());
            if parent == "keyword_argument" && is_field(node, "name") {
                continue;
            }
            let Some(known) = site.frame.probes.get(file.text_of(node)) else {
                continue;
            };
            if known.type_name == "NoneType"
                && !out.iter().any(|b: &Bad| b.text == file.text_of(node))
            {
                typed(
                    site,
                    node,
                    None,
                    if site.innermost { 0.9 } else { 0.6 },
                    &mut out,
                );
            } else if site.innermost
                && kind == "TypeError"
                && known.items.iter().any(|i| i == "NoneType")
            {
                // The comprehension and filter forms look at the items.
                continue;
            } else if site.is_last_of_repository()
                && kind == "TypeError"
                && known.error.is_none()
                && known.class.is_none()
                && let Some(wanted) = wanted_type(&site.error.message, &known.type_name)
            {
                typed(site, node, Some(wanted), 0.5, &mut out);
            }
        }
    }
    out.truncate(6);
    out
}

pub(super) fn push(
    out: &mut Vec<Bad>,
    node: Node<'_>,
    text: &str,
    good: String,
    bad: String,
    fault: Fault,
    weight: f64,
) {
    out.push(Bad {
        start: node.start_byte(),
        end: node.end_byte(),
        text: text.to_owned(),
        good,
        bad,
        fault,
        weight,
        witness: None,
    });
}

/// Whether a message says that something is not in a list, a tuple or a text.
fn lacks(message: &str) -> bool {
    [
        "not in list",
        "not in tuple",
        "not in deque",
        "substring not found",
        "subsection not found",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// Whether a message of the standard library says that there are no items.
fn asks_for_items(message: &str) -> bool {
    message.contains("empty sequence") || message.contains("at least one data point")
}

fn is_no_number(message: &str) -> bool {
    message.starts_with("invalid literal for int() with base 10")
        || message.starts_with("could not convert string to float")
}

/// A text that `int` or `float` cannot take: an empty one, or one that holds something else.
fn no_number(site: &Site<'_>, node: Node<'_>, out: &mut Vec<Bad>) {
    let text = site.file.text_of(node);
    let is_plain =
        |n: &Node<'_>| matches!(n.kind(), "identifier" | "attribute" | "subscript" | "call");
    let is_read = |n: &Node<'_>| {
        n.kind() != "call" || matches!(called_method(site.file, *n), "strip" | "group" | "get")
    };
    if !is_plain(&node) || !descendants(node).iter().all(is_read) {
        return;
    }
    if site.error.message.ends_with(": ''") {
        falsy(out, node, text, Fault::Empty, 1.0);
    }
    if site.error.message.contains("int()") {
        let (good, bad) = (format!("{text}.isdigit()"), format!("not {text}.isdigit()"));
        push(out, node, text, good, bad, Fault::Type, 0.7);
    }
}

/// Of `a, b = text.split("=", 1)`, the call, and whether the text holds enough separators.
fn split<'t>(site: &Site<'_>, target: &Target<'t>) -> Option<(Node<'t>, String, String)> {
    let file = site.file;
    let numbers = site.error.message.split(|c: char| !c.is_ascii_digit());
    let wanted: usize = numbers.filter_map(|n| n.parse().ok()).next()?;
    let right = target
        .statement
        .named_child(0)?
        .child_by_field_name("right")?;
    let arguments = call_arguments(right);
    let separator = arguments.first().filter(|a| a.kind() == "string")?;
    let object = right
        .child_by_field_name("function")?
        .child_by_field_name("object")?;
    let is_pure = descendants(object).iter().all(|n| {
        n.kind() != "call"
            || matches!(
                called_method(file, *n),
                "strip" | "lstrip" | "rstrip" | "lower" | "upper"
            )
    });
    if !matches!(called_method(file, right), "split" | "rsplit") || !is_pure {
        return None;
    }
    let (object, separator) = (file.text_of(object), file.text_of(*separator));
    let (good, bad) = match wanted {
        2 => (
            format!("{separator} in {object}"),
            format!("{separator} not in {object}"),
        ),
        n => (
            format!("{object}.count({separator}) >= {}", n - 1),
            format!("{object}.count({separator}) < {}", n - 1),
        ),
    };
    Some((right, good, bad))
}

/// A value that is wrong where it is false.
fn falsy(out: &mut Vec<Bad>, node: Node<'_>, text: &str, fault: Fault, weight: f64) {
    let bad = format!("not {text}");
    push(out, node, text, text.to_owned(), bad, fault, weight);
}

/// A value of a type that the code did not expect: `None`, or something without the method.
fn typed(
    site: &Site<'_>,
    node: Node<'_>,
    expected: Option<&'static str>,
    weight: f64,
    out: &mut Vec<Bad>,
) {
    let text = site.file.text_of(node);
    let known = site.frame.probes.get(text);
    let is_none = known.map_or(site.error.message.contains("NoneType"), |k| {
        k.type_name == "NoneType"
    });
    if is_none {
        push(
            out,
            node,
            text,
            format!("{text} is not None"),
            format!("{text} is None"),
            Fault::None,
            weight,
        );
        falsy(out, node, text, Fault::None, weight * 0.7);
    } else if let Some(expected) = expected {
        push(
            out,
            node,
            text,
            format!("isinstance({text}, {expected})"),
            format!("not isinstance({text}, {expected})"),
            Fault::Type,
            weight * 0.9,
        );
    }
}

fn zero(site: &Site<'_>, right: Node<'_>, out: &mut Vec<Bad>) {
    let file = site.file;
    let text = file
        .text_of(right)
        .trim_start_matches('(')
        .trim_end_matches(')');
    // `len(x)` and `float(len(x))` are zero where `x` is empty.
    let sized = descendants(right).into_iter().find(|n| {
        n.kind() == "call"
            && n.child_by_field_name("function")
                .is_some_and(|f| file.text_of(f) == "len")
    });
    if let Some(inner) = sized.and_then(|n| call_arguments(n).first().copied()) {
        let inner_text = file.text_of(inner);
        falsy(out, right, inner_text, Fault::Empty, 1.0);
        return;
    }
    if matches!(right.kind(), "identifier" | "attribute" | "subscript") {
        falsy(out, right, text, Fault::Zero, 1.0);
        push(
            out,
            right,
            text,
            format!("{text} != 0"),
            format!("{text} == 0"),
            Fault::Zero,
            0.8,
        );
    } else {
        push(
            out,
            right,
            file.text_of(right),
            format!("{} != 0", super::wrapped(file, right)),
            format!("{} == 0", super::wrapped(file, right)),
            Fault::Zero,
            0.9,
        );
    }
    // `a / (b / c)`: the inner numbers are zero, not the quotient as such.
    for inner in descendants(right)
        .into_iter()
        .skip(1)
        .filter(|n| matches!(n.kind(), "identifier" | "attribute"))
    {
        let text = file.text_of(inner);
        if site
            .frame
            .probes
            .get(text)
            .is_some_and(|k| matches!(k.repr.as_str(), "0" | "0.0"))
        {
            falsy(out, inner, text, Fault::Zero, 0.6);
        }
    }
}

/// The name of the method that is called; empty where something else is.
pub(super) fn called_method<'f>(file: &'f PyFile, call: Node<'_>) -> &'f str {
    call.child_by_field_name("function")
        .and_then(|f| f.child_by_field_name("attribute"))
        .map_or("", |a| file.text_of(a))
}

pub(super) fn call_arguments(call: Node<'_>) -> Vec<Node<'_>> {
    if call.kind() != "call" {
        return Vec::new();
    }
    call.child_by_field_name("arguments")
        .map(|a| {
            if a.kind() == "argument_list" {
                children(a)
            } else {
                vec![a]
            }
        })
        .unwrap_or_default()
}
