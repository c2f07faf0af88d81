//! Edit forms for one kind of crash each.

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target,
    bad::{call_arguments, called_method},
    expression::returned_values,
    guard::step_of,
    key::{asked_whether, spare_parameters},
    proposal,
};
use crate::lang::python::source::{PyFile, ancestors, children, descendants, is_field};

/// Forms for one kind of crash each.
pub(super) fn special(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let failing = target.failing;
    let message = site.error.message.as_str();
    let field = |name: &str| failing.child_by_field_name(name);
    let mut out = Vec::new();
    match site.error.type_name.as_str() {
        "ValueError" if failing.kind() == "call" && message.contains("not in list") => {
            let object = field("function").and_then(|f| f.child_by_field_name("object"));
            let is_statement = target.statement.named_child(0) == Some(failing)
                && target.statement.kind() == "expression_statement";
            if let (true, "remove", Some(object), [only]) = (
                is_statement,
                called_method(file, failing),
                object,
                call_arguments(failing).as_slice(),
            ) {
                let (indent, step) = (file.indent_of(target.statement), step_of(file));
                let text = format!(
                    "if {} in {}:\n{indent}{step}{}",
                    file.text_of(*only),
                    file.text_of(object),
                    file.text_of(target.statement)
                );
                let edit = Edit::replace(target.statement, text);
                out.push(proposal(vec![edit], "take out what is there", 0.85));
            }
        }
        "AttributeError" if failing.kind() == "call" => {
            let is_getattr = field("function").is_some_and(|f| file.text_of(f) == "getattr");
            if let (true, [_, name]) = (is_getattr, call_arguments(failing).as_slice()) {
                let asked = asked_whether(file, target);
                let spare = spare_parameters(file, target).into_iter();
                let is_iterated = is_field(failing, "right")
                    && failing
                        .parent()
                        .is_some_and(|p| p.kind().starts_with("for_"));
                let plain = match is_iterated {
                    true => [("[]", 0.85), ("()", 0.3), ("\"\"", 0.2), ("{}", 0.2)],
                    false => [("None", 0.5), ("\"\"", 0.35), ("[]", 0.2), ("False", 0.2)],
                };
                let plain = plain.map(|(value, prior)| (value.to_owned(), prior));
                for (value, prior) in spare.map(|s| (s, 0.9)).chain(plain) {
                    let is_asked = asked.is_some() && matches!(value.as_str(), "None" | "False");
                    out.push(Proposal {
                        witness: asked.clone().filter(|_| is_asked),
                        ..proposal(
                            vec![Edit::insert(name.end_byte(), format!(", {value}"))],
                            "optional attribute",
                            if is_asked { 0.85 } else { prior },
                        )
                    });
                }
            }
        }
        "IndexError" if failing.kind() == "subscript" => {
            if let Some((list, index)) = field("value").zip(field("subscript")) {
                let (list_text, index) = (file.text_of(list), file.text_of(index));
                let is_string = site
                    .frame
                    .probes
                    .get(list_text)
                    .is_some_and(|k| k.type_name == "str");
                if let (true, Ok(n)) = (is_string, index.parse::<i64>()) {
                    let slice = if n == -1 {
                        format!("{list_text}[-1:]")
                    } else {
                        format!("{list_text}[{n}:{}]", n + 1)
                    };
                    out.push(proposal(
                        vec![Edit::replace(failing, slice)],
                        "slice instead of an index",
                        0.7,
                    ));
                }
            }
        }
        "ValueError" | "StopIteration" | "TypeError" if failing.kind() == "call" => {
            let function = field("function").map_or("", |f| file.text_of(f));
            let arguments = call_arguments(failing);
            if matches!(function, "max" | "min") && message.contains("empty") {
                let numbers = if sized(file, failing) { 0.9 } else { 0.6 };
                for (default, fit) in [("0", numbers), ("None", 0.5), ("\"\"", 0.2)] {
                    if let [only] = arguments.as_slice() {
                        let text = format!(
                            "{function}({}, default={default})",
                            wrapped_generator(file, *only)
                        );
                        out.push(Proposal {
                            witness: precedent(site, &format!("default={default}")),
                            value: Some(default.to_owned()),
                            ..proposal(
                                vec![Edit::replace(failing, text)],
                                "default for an empty sequence",
                                fit,
                            )
                        });
                    } else if let Some(last) = arguments.last() {
                        out.push(proposal(
                            vec![Edit::insert(
                                last.end_byte(),
                                format!(", default={default}"),
                            )],
                            "default for an empty sequence",
                            fit,
                        ));
                    }
                }
            }
            if function == "next"
                && site.error.type_name == "StopIteration"
                && let [only] = arguments.as_slice()
            {
                out.push(proposal(
                    vec![Edit::replace(
                        *only,
                        format!("{}, None", wrapped_generator(file, *only)),
                    )],
                    "default for an exhausted iterator",
                    0.7,
                ));
            }
            if function.ends_with(".join")
                && message.contains("sequence item")
                && let [only] = arguments.as_slice()
            {
                join_items(site, *only, &mut out);
            }
            if matches!(
                function,
                "sorted" | "sum" | "max" | "min" | "any" | "all" | "set"
            ) && message.contains("NoneType")
                && let Some(first) = arguments.first()
                && (first.kind() == "identifier" || first.kind() == "attribute")
            {
                out.push(proposal(
                    vec![Edit::replace(
                        *first,
                        format!(
                            "[item for item in {} if item is not None]",
                            file.text_of(*first)
                        ),
                    )],
                    "leave the missing items out",
                    0.55,
                ));
            }
        }
        "RuntimeError"
            if message.contains("changed size during iteration")
                || message.contains("mutated during iteration") =>
        {
            if let Some(iterated) = target.statement.child_by_field_name("right") {
                out.push(proposal(
                    vec![Edit::replace(
                        iterated,
                        format!("list({})", file.text_of(iterated)),
                    )],
                    "iterate over a copy",
                    0.9,
                ));
            }
        }
        "UnicodeDecodeError" | "UnicodeEncodeError" if failing.kind() == "call" => {
            let method = called_method(file, failing);
            let arguments = call_arguments(failing);
            if matches!(method, "decode" | "encode")
                && !arguments
                    .iter()
                    .any(|a| file.text_of(*a).starts_with("errors"))
            {
                let text = if arguments.is_empty() {
                    "errors=\"replace\"".to_owned()
                } else {
                    ", errors=\"replace\"".to_owned()
                };
                // It loses data: right where the repository does so, a guess elsewhere.
                let witness = precedent(site, "errors=\"replace\"")
                    .or_else(|| precedent(site, "errors='replace'"));
                let prior = if witness.is_some() { 0.55 } else { 0.35 };
                out.push(Proposal {
                    witness,
                    ..proposal(
                        vec![Edit::insert(failing.end_byte() - 1, text)],
                        "replace what cannot be coded",
                        prior,
                    )
                });
                if arguments.len() == 1 {
                    out.push(proposal(
                        vec![Edit::replace(arguments[0], "\"utf-8\"")],
                        "another encoding",
                        0.4,
                    ));
                }
            }
        }
        // What used to be bytes is text already, or the other way round.
        "AttributeError" if failing.kind() == "attribute" => {
            let attribute = field("attribute").map_or("", |a| file.text_of(a));
            let is_done = message.starts_with("'str'") && attribute == "decode"
                || message.starts_with("'bytes'") && attribute == "encode";
            let call = failing.parent().filter(|p| p.kind() == "call" && is_done);
            if let Some((call, object)) = call.zip(field("object")) {
                out.push(proposal(
                    vec![Edit::replace(call, file.text_of(object))],
                    "leave out a conversion that is done already",
                    0.85,
                ));
            }
        }
        "UnboundLocalError" => unbound_local(site, target, &mut out),
        "NameError" => missing_import(site, target, &mut out),
        _ => {}
    }
    if site.error.type_name == "ValueError" && message.contains("too many values to unpack") {
        for call in descendants(target.statement)
            .into_iter()
            .filter(|n| n.kind() == "call")
        {
            let method = called_method(file, call);
            let left = target
                .statement
                .named_child(0)
                .and_then(|a| a.child_by_field_name("left"))
                .map_or(0, |l| children(l).len());
            if let (true, [only], true) = (
                matches!(method, "split" | "rsplit"),
                call_arguments(call).as_slice(),
                left > 1,
            ) {
                out.push(proposal(
                    vec![Edit::insert(only.end_byte(), format!(", {}", left - 1))],
                    "split at most as often as needed",
                    0.85,
                ));
            }
        }
    }
    if site.error.type_name == "AttributeError"
        && failing.kind() == "attribute"
        && let Some((object, name)) = field("object").zip(field("attribute"))
        && failing.parent().is_none_or(|p| {
            p.kind() != "call"
                || p.child_by_field_name("function")
                    .is_none_or(|f| f.id() != failing.id())
        })
    {
        let (object, name) = (file.text_of(object), file.text_of(name));
        for (default, fit) in [("None", 0.55), ("\"\"", 0.25), ("False", 0.3), ("[]", 0.25)] {
            out.push(proposal(
                vec![Edit::replace(
                    failing,
                    format!("getattr({object}, \"{name}\", {default})"),
                )],
                "optional attribute",
                fit,
            ));
        }
    }
    index_bounds(site, target, &mut out);
    out
}

fn wrapped_generator(file: &PyFile, node: Node<'_>) -> String {
    let text = file.text_of(node);
    if node.kind() == "generator_expression" && !text.starts_with('(') {
        format!("({text})")
    } else {
        text.to_owned()
    }
}

/// Whether a call is about lengths: then 0 is the neutral element.
fn sized(file: &PyFile, call: Node<'_>) -> bool {
    let text = file.text_of(call);
    text.contains("len(")
        || text.contains("width")
        || text.contains("count")
        || text.contains("size")
}

/// `sep.join(x)` with items that are no strings.
fn join_items(site: &Site<'_>, argument: Node<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let text = file.text_of(argument);
    let none = site.error.message.contains("NoneType");
    if matches!(
        argument.kind(),
        "generator_expression" | "list_comprehension"
    ) {
        let parts = children(argument);
        if let (Some(body), Some(last)) = (parts.first(), parts.last()) {
            if none && last.kind() != "if_clause" {
                for (test, prior) in [(" is not None", 0.6), ("", 0.5)] {
                    let filter = format!(" if {}{test}", file.text_of(*body));
                    out.push(proposal(
                        vec![Edit::insert(last.end_byte(), filter)],
                        "leave the missing items out",
                        prior,
                    ));
                }
            }
            out.push(proposal(
                vec![Edit::replace(
                    *body,
                    format!("str({})", file.text_of(*body)),
                )],
                "convert the items to strings",
                if none { 0.15 } else { 0.8 },
            ));
        }
        return;
    }
    if none {
        out.push(proposal(
            vec![Edit::replace(
                argument,
                format!("item for item in {text} if item is not None"),
            )],
            "leave the missing items out",
            0.65,
        ));
        out.push(proposal(
            vec![Edit::replace(
                argument,
                format!("item for item in {text} if item"),
            )],
            "leave the missing items out",
            0.5,
        ));
        out.push(proposal(
            vec![Edit::replace(
                argument,
                format!("item or \"\" for item in {text}"),
            )],
            "empty string for a missing item",
            0.3,
        ));
    }
    out.push(proposal(
        vec![Edit::replace(argument, format!("map(str, {text})"))],
        "convert the items to strings",
        if none { 0.15 } else { 0.8 },
    ));
}

/// Where the file itself does the same.
pub(super) fn precedent(site: &Site<'_>, text: &str) -> Option<String> {
    let at = site.file.text.find(text)?;
    Some(format!(
        "{}:{} does so",
        site.file.path,
        site.file.line_of(at)
    ))
}

/// A local that one path leaves unset gets a value at the start.
fn unbound_local(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let Some(name) = site.error.message.split('\'').nth(1) else {
        return;
    };
    let Some(body) = target.function.and_then(|f| f.child_by_field_name("body")) else {
        return;
    };
    // Before the compound statement of the body in which it is bound.
    let binds = |n: &Node<'_>| {
        descendants(*n).iter().any(|d| {
            d.kind() == "assignment"
                && d.child_by_field_name("left")
                    .is_some_and(|l| file.text_of(l) == name)
        })
    };
    let Some(first) = children(body).into_iter().find(binds) else {
        return;
    };
    let indent = file.indent_of(first).to_owned();
    // Where the function gives back None already, that is its word for no value.
    let returned = target.function.map(|f| returned_values(file, f));
    let has_none = returned.is_some_and(|r| r.iter().any(|v| v == "None"));
    for (value, fit) in [
        ("None", if has_none { 0.8 } else { 0.6 }),
        ("\"\"", 0.35),
        ("[]", 0.3),
        ("{}", 0.3),
        ("0", 0.35),
        ("False", 0.3),
    ] {
        out.push(proposal(
            vec![Edit::insert(
                file.line_start_of(first),
                format!("{indent}{name} = {value}\n"),
            )],
            "value for a local that was never set",
            fit,
        ));
    }
}

/// A name that the standard library or the repository defines, and the file forgot to import.
fn missing_import(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let Some(name) = site.error.message.split('\'').nth(1) else {
        return;
    };
    if let Some(import) = site
        .project
        .import_of(name, std::slice::from_ref(&file.path))
    {
        let own = site
            .project
            .module_of(&file.path)
            .is_some_and(|m| import.contains(&format!("from {m} import")));
        let last = children(file.root())
            .into_iter()
            .rfind(|n| n.kind().starts_with("import"));
        let at = last.map_or(0, |n| n.end_byte());
        let text = if last.is_some() {
            format!("\n{import}")
        } else {
            format!("{import}\n")
        };
        if !own {
            out.push(proposal(
                vec![Edit::insert(at, text)],
                "import a name that is used",
                0.85,
            ));
        }
    }
    // A misspelt name: the one in scope that differs in a letter or two.
    let mut near: Vec<&String> = site
        .frame
        .locals
        .keys()
        .filter(|k| k.as_str() != name && distance(k, name) <= 2.min(name.len() / 3))
        .collect();
    near.sort_by_key(|k| distance(k, name));
    for other in near.into_iter().take(3) {
        for node in descendants(target.statement)
            .into_iter()
            .filter(|n| n.kind() == "identifier" && file.text_of(*n) == name)
        {
            out.push(proposal(
                vec![Edit::replace(node, other.clone())],
                "a misspelt name",
                0.7,
            ));
        }
    }
}

/// Levenshtein's distance (1966), over characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// A loop or condition that runs one step too far: `<=` for `<`.
fn index_bounds(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    if site.error.type_name != "IndexError" {
        return;
    }
    let file = site.file;
    let field = |name| target.failing.child_by_field_name(name);
    let told = field("value").zip(field("subscript"));
    let bounds = told.map_or_else(Vec::new, |(list, index)| {
        let (list, index) = (file.text_of(list), file.text_of(index));
        vec![
            format!("{index} <= len({list})"),
            format!("len({list}) >= {index}"),
        ]
    });
    let around = ancestors(target.statement)
        .take_while(|n| n.kind() != "function_definition")
        .filter(|n| matches!(n.kind(), "while_statement" | "if_statement"));
    for condition in around.filter_map(|n| n.child_by_field_name("condition")) {
        for comparison in descendants(condition)
            .into_iter()
            .filter(|n| n.kind() == "comparison_operator")
        {
            for n in 0..comparison.child_count() {
                let Some(operator) = comparison.child(n).filter(|c| !c.is_named()) else {
                    continue;
                };
                let other = match file.text_of(operator) {
                    "<=" => "<",
                    ">=" => ">",
                    _ => continue,
                };
                let is_its_bound = bounds.iter().any(|b| b == file.text_of(comparison));
                let line = file.line_of(comparison.start_byte());
                out.push(Proposal {
                    witness: is_its_bound
                        .then(|| format!("{}:{line} is about this very index", file.path)),
                    ..proposal(
                        vec![Edit::replace(operator, other)],
                        "off by one in a bound",
                        if is_its_bound { 0.9 } else { 0.45 },
                    )
                });
            }
        }
    }
}
