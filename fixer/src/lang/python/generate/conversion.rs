//! Edit forms for a value of a kind that is easily turned into the one that is asked for: a view for a list, text for
//! bytes, a true division for a whole one.
//!
//! The message names both kinds, and the run says which operand is of the wrong one.

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target,
    bad::call_arguments,
    guard::{fits_before, step_of},
    idiom::origin,
    proposal,
    special::precedent,
};
use crate::lang::python::source::{ancestors, descendants, is_field};

/// Lazy kinds that have no items by position, no length, and none of a list's methods.
const LAZY: &[&str] = &[
    "dict_keys",
    "dict_values",
    "dict_items",
    "odict_keys",
    "odict_values",
    "odict_items",
    "map",
    "filter",
    "zip",
    "generator",
    "reversed",
];

/// Messages that ask for bytes where text was given.
const WANT_BYTES: &[&str] = &[
    "must be encoded before hashing",
    "a bytes-like object is required, not 'str'",
    "can't concat str to bytes",
    "cannot use a bytes pattern on a string-like object",
    "expected bytes, str found",
    "expected bytes-like object, not str",
];

/// Messages that ask for text where bytes were given.
const WANT_TEXT: &[&str] = &[
    "cannot use a string pattern on a bytes-like object",
    "can only concatenate str (not \"bytes\") to str",
    "must be str, not bytes",
    "expected str, bytes found",
];

/// Messages that ask for a whole number where a float was given.
const WANT_WHOLE: &[&str] = &[
    "indices must be integers",
    "'float' object cannot be interpreted as an integer",
    "can't multiply sequence by non-int of type 'float'",
];

/// Forms for the place where a value of the repository's went into what cannot take it.
pub(super) fn conversions(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let message = site.error.message.as_str();
    let says = |signs: &[&str]| signs.iter().any(|s| message.contains(s));
    let mut out = Vec::new();
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    if matches!(
        site.error.type_name.as_str(),
        "TypeError" | "AttributeError"
    ) && LAZY.contains(&quoted)
    {
        as_list(site, target, quoted, &mut out);
    }
    if site.error.type_name != "TypeError" {
        return out;
    }
    if message.contains("not all arguments converted") {
        as_one_argument(site, target, &mut out);
    } else if says(WANT_WHOLE) && (message.contains("float") || message.contains("slice indices")) {
        as_whole(site, target, &mut out);
    } else if says(WANT_BYTES) {
        coded(site, target, ("str", "encode"), &mut out);
    } else if says(WANT_TEXT) {
        coded(site, target, ("bytes", "decode"), &mut out);
    } else if let Some((wanted, have)) = concatenated(message) {
        as_other_operand(site, target, (wanted, have), &mut out);
    }
    if message.starts_with("list indices must be integers") && message.ends_with("not str") {
        as_index(site, target, &mut out);
    }
    if is_text_beside_number(message) {
        as_number(site, target, &mut out);
    }
    out
}

/// Names, attributes and items within the failing expression that are of a type.
fn operands<'t>(site: &Site<'_>, target: &Target<'t>, kind: &str) -> Vec<Node<'t>> {
    let is_whole = |n: &Node<'t>| {
        matches!(n.kind(), "identifier" | "attribute" | "subscript")
            && !n
                .parent()
                .is_some_and(|p| p.kind() == "keyword_argument" && is_field(*n, "name"))
    };
    let is_of = |n: &Node<'t>| {
        let probe = site.frame.probes.get(site.file.text_of(*n));
        probe.is_some_and(|p| p.type_name == kind)
    };
    let all = descendants(target.failing).into_iter();
    all.filter(|n| is_whole(n) && is_of(n)).collect()
}

/// Where a value can be converted, with the prior of each: what its name was assigned, so that it is of the kind from the
/// start, and where it is used.
fn at_source_or_here<'t>(
    site: &Site<'_>,
    target: &Target<'t>,
    node: Node<'t>,
    at_source: f64,
    here: f64,
) -> impl Iterator<Item = (Node<'t>, f64)> {
    let source = origin(site.file, target.function, node)
        .filter(|o| o.parent().is_some_and(|p| p.kind() == "assignment"));
    source
        .map(|node| (node, at_source))
        .into_iter()
        .chain([(node, here)])
}

/// `d.keys()[0]` becomes `list(d.keys())[0]`.
fn as_list(site: &Site<'_>, target: &Target<'_>, kind: &str, out: &mut Vec<Proposal>) {
    let (file, failing) = (site.file, target.failing);
    let field = |name: &str| failing.child_by_field_name(name);
    let first = match failing.kind() {
        "subscript" => field("value"),
        "attribute" => field("object"),
        "call" => call_arguments(failing).first().copied(),
        _ => None,
    };
    let is_lazy_call = |n: &Node<'_>| {
        let function = n.child_by_field_name("function");
        n.kind() == "call"
            && function.is_some_and(|f| {
                let name = file.text_of(f).rsplit('.').next().unwrap_or_default();
                kind.ends_with(name)
            })
    };
    let sides = [field("left"), field("right")].into_iter().flatten();
    let sides = sides.filter(|n| {
        let probe = site.frame.probes.get(file.text_of(*n));
        is_lazy_call(n) || probe.is_some_and(|p| p.type_name == kind)
    });
    for node in first.into_iter().chain(sides).take(2) {
        // What gives its items once has none left for those who come after.
        let is_spent = matches!(kind, "generator" | "map" | "filter" | "zip" | "reversed")
            && node.kind() == "identifier";
        let here = if is_spent { 0.3 } else { 0.85 };
        for (node, prior) in at_source_or_here(site, target, node, 0.9, here) {
            let text = format!("list({})", file.text_of(node));
            out.push(proposal(
                vec![Edit::replace(node, text)],
                "make a list of it",
                prior,
            ));
        }
    }
}

/// `"%s" % pair` becomes `"%s" % (pair,)`.
fn as_one_argument(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let field = |name: &str| target.failing.child_by_field_name(name);
    let (Some(operator), Some(right)) = (field("operator"), field("right")) else {
        return;
    };
    let text = site.file.text_of(right);
    let is_one = right.kind() != "tuple" && right.kind() != "parenthesized_expression";
    let is_tuple = site.frame.probes.get(text).is_some_and(|p| {
        // A named tuple is one as well.
        p.type_name == "tuple" || p.repr.ends_with(')')
    });
    if site.file.text_of(operator) == "%" && is_one && is_tuple {
        out.push(proposal(
            vec![Edit::replace(right, format!("({text},)"))],
            "format a tuple as one value",
            0.9,
        ));
    }
}

/// `a / b` becomes `a // b` where a whole number is asked for.
fn as_whole(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let mut places = vec![target.failing];
    let names = descendants(target.failing).into_iter();
    places.extend(
        names
            .filter(|n| n.kind() == "identifier")
            .filter_map(|n| origin(file, target.function, n)),
    );
    let divisions = places
        .into_iter()
        .flat_map(descendants)
        .filter(|n| n.kind() == "binary_operator")
        .filter_map(|n| n.child_by_field_name("operator"))
        .filter(|o| file.text_of(*o) == "/");
    for operator in divisions.take(4) {
        out.push(proposal(
            vec![Edit::replace(operator, "//")],
            "divide without a fraction",
            0.85,
        ));
    }
    for node in operands(site, target, "float").into_iter().take(3) {
        let text = format!("int({})", file.text_of(node));
        out.push(proposal(
            vec![Edit::replace(node, text)],
            "convert to a whole number",
            0.6,
        ));
    }
}

/// `text.encode("utf-8")` or `data.decode("utf-8")` where the other kind is asked for.
fn coded(
    site: &Site<'_>,
    target: &Target<'_>,
    (kind, method): (&str, &str),
    out: &mut Vec<Proposal>,
) {
    let file = site.file;
    let has = ["\"utf-8\"", "'utf-8'", ""].map(|coding| format!(".{method}({coding})"));
    let witness = has.iter().find_map(|text| precedent(site, text));
    for node in operands(site, target, kind).into_iter().take(3) {
        let is_receiver = node.parent().is_some_and(|p| p.kind() == "attribute");
        if is_receiver {
            continue;
        }
        let text = file.text_of(node);
        // What is given may be of either kind: then only the wrong one is converted.
        if node.kind() == "identifier" && fits_before(target) && !is_bound_there(target, node) {
            let (indent, step) = (file.indent_of(target.statement), step_of(file));
            let guard = format!(
                "{indent}if isinstance({text}, {kind}):\n{indent}{step}{text} = {text}.{method}(\"utf-8\")\n"
            );
            let at = file.line_start_of(target.statement);
            out.push(Proposal {
                witness: witness.clone(),
                ..proposal(
                    vec![Edit::insert(at, guard)],
                    "convert between text and bytes",
                    0.75,
                )
            });
            continue;
        }
        out.push(Proposal {
            witness: witness.clone(),
            ..proposal(
                vec![Edit::replace(node, format!("{text}.{method}(\"utf-8\")"))],
                "convert between text and bytes",
                0.6,
            )
        });
    }
}

/// Whether a name has its value from the header of the very statement, as a loop's variable.
fn is_bound_there(target: &Target<'_>, node: Node<'_>) -> bool {
    ancestors(node)
        .take_while(|n| n.id() != target.statement.id())
        .any(|n| n.kind() == "lambda" || n.kind().ends_with("comprehension"))
}

/// The kinds that a concatenation asks for and has.
fn concatenated(message: &str) -> Option<(&'static str, &str)> {
    if let Some(rest) = message.strip_prefix("can only concatenate ") {
        let wanted = ["str", "list", "tuple"]
            .into_iter()
            .find(|kind| rest.starts_with(kind))?;
        return Some((wanted, rest.split('"').nth(1)?));
    }
    let (left, right) = message
        .strip_prefix("unsupported operand type(s) for +: '")?
        .trim_end_matches('\'')
        .split_once("' and '")?;
    (right == "str").then_some(("str", left))
}

/// A text that reads as a number, where it is a list's, is the index.
fn as_index(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let (file, failing) = (site.file, target.failing);
    let field = |name: &str| failing.child_by_field_name(name);
    let Some((list, key)) = field("value").zip(field("subscript")) else {
        return;
    };
    let (list, key_text) = (file.text_of(list), file.text_of(key));
    let probe = site.frame.probes.get(key_text);
    let is_number = probe.is_some_and(|p| {
        let digits = p.repr.trim_matches(['\'', '"']);
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    });
    if !is_number
        || key.kind() != "identifier"
        || !fits_before(target)
        || is_bound_there(target, key)
    {
        return;
    }
    let (indent, step) = (file.indent_of(target.statement), step_of(file));
    let text = format!(
        "{indent}if isinstance({list}, list) and {key_text}.isdecimal():\n{indent}{step}{key_text} = int({key_text})\n"
    );
    let at = file.line_start_of(target.statement);
    out.push(proposal(
        vec![Edit::insert(at, text)],
        "convert a text to a number",
        0.7,
    ));
}

/// Whether a comparison or a calculation was asked of a text and a number.
fn is_text_beside_number(message: &str) -> bool {
    let asks =
        message.contains("not supported between") || message.starts_with("unsupported operand");
    let kinds = [
        "'str' and 'int'",
        "'str' and 'float'",
        "'int' and 'str'",
        "'float' and 'str'",
    ];
    asks && kinds.iter().any(|both| message.ends_with(both))
}

/// `size > 3` becomes `int(size) > 3` where the text reads as a number; of a name, where it has its value from.
fn as_number(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    for node in operands(site, target, "str").into_iter().take(2) {
        let probe = site.frame.probes.get(file.text_of(node));
        let shown = probe.map_or("", |p| p.repr.trim_matches(['\'', '"']));
        let kind = match (shown.parse::<i64>(), shown.parse::<f64>()) {
            (Ok(_), _) => "int",
            (_, Ok(number)) if number.is_finite() => "float",
            _ => continue,
        };
        for (node, prior) in at_source_or_here(site, target, node, 0.65, 0.55) {
            let text = format!("{kind}({})", file.text_of(node));
            out.push(proposal(
                vec![Edit::replace(node, text)],
                "convert a text to a number",
                prior,
            ));
        }
    }
}

/// `name + "-" + number` becomes `name + "-" + str(number)`.
fn as_other_operand(
    site: &Site<'_>,
    target: &Target<'_>,
    (wanted, have): (&str, &str),
    out: &mut Vec<Proposal>,
) {
    let is_plain = match wanted {
        "str" => matches!(have, "int" | "float" | "Decimal"),
        _ => matches!(have, "list" | "tuple"),
    };
    if !is_plain {
        return;
    }
    // A literal text in the sum says that it makes a text; without one the text may be a number that nobody converted, the
    // likelier where a number comes first.
    let has_text = descendants(target.failing)
        .iter()
        .any(|n| n.kind() == "string");
    let prior = match site.error.message.starts_with("unsupported") {
        _ if has_text || wanted != "str" => 0.85,
        false => 0.4,
        true => 0.25,
    };
    for node in operands(site, target, have).into_iter().take(3) {
        if node.parent().is_some_and(|p| p.kind() == "binary_operator") {
            let text = format!("{wanted}({})", site.file.text_of(node));
            out.push(proposal(
                vec![Edit::replace(node, text)],
                "convert an operand to the other's kind",
                prior,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_what_a_concatenation_wants() {
        let of = concatenated;
        assert_eq!(
            of("can only concatenate str (not \"int\") to str"),
            Some(("str", "int"))
        );
        assert_eq!(
            of("can only concatenate list (not \"tuple\") to list"),
            Some(("list", "tuple"))
        );
        assert_eq!(
            of("unsupported operand type(s) for +: 'int' and 'str'"),
            Some(("str", "int"))
        );
        assert_eq!(
            of("unsupported operand type(s) for +: 'int' and 'list'"),
            None
        );
    }
}
