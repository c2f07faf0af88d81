//! Edit forms for texts that are taken apart or searched: a part that is not there, a pattern that is none.

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target,
    bad::{call_arguments, called_method},
    handler::is_global,
    proposal,
};
use crate::lang::python::source::{children, descendants};

/// Forms for text that does not have the shape that the code asks for.
pub(super) fn texts(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let message = site.error.message.as_str();
    match site.error.type_name.as_str() {
        "ValueError" if message.starts_with("dictionary update sequence element") => {
            with_both_parts(site, target)
        }
        "ValueError" if message.starts_with("not enough values to unpack (expected 2, got 1)") => {
            partition(site, target)
        }
        "error" | "PatternError" if site.error.module == "re" => escaped(site, target),
        _ => Vec::new(),
    }
}

/// `dict(p.split("=") for p in parts)` becomes `dict(p.split("=") for p in parts if "=" in p)`.
fn with_both_parts(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let find = |node: Node<'_>| -> Option<Proposal> {
        let parts = children(node);
        let (body, last) = (*parts.first()?, *parts.last()?);
        let object = body.child_by_field_name("function")?;
        let object = object.child_by_field_name("object")?;
        let separator = call_arguments(body).first().copied()?;
        let is_split = matches!(called_method(file, body), "split" | "rsplit");
        if !is_split || separator.kind() != "string" || last.kind() == "if_clause" {
            return None;
        }
        let filter = format!(
            " if {} in {}",
            file.text_of(separator),
            file.text_of(object)
        );
        Some(proposal(
            vec![Edit::insert(last.end_byte(), filter)],
            "leave the item out",
            0.65,
        ))
    };
    descendants(target.failing)
        .into_iter()
        .filter(|n| matches!(n.kind(), "generator_expression" | "list_comprehension"))
        .filter_map(find)
        .collect()
}

/// `a, b = text.split("=", 1)` becomes `a, _, b = text.partition("=")`: the second part is then empty.
fn partition(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let find = || -> Option<Proposal> {
        let assignment = target.statement.named_child(0)?;
        let left = assignment.child_by_field_name("left")?;
        let right = assignment.child_by_field_name("right")?;
        let names = children(left);
        let method = right
            .child_by_field_name("function")?
            .child_by_field_name("attribute")?;
        let arguments = call_arguments(right);
        let [separator, most] = arguments.as_slice() else {
            return None;
        };
        let is_once = matches!(file.text_of(*most), "1" | "maxsplit=1");
        let ([_, second], "split", true) = (names.as_slice(), file.text_of(method), is_once) else {
            return None;
        };
        // The name may mean something else there.
        if site.frame.locals.contains_key("_") || is_global(file, "_") {
            return None;
        }
        Some(proposal(
            vec![
                Edit::insert(second.start_byte(), "_, "),
                Edit::replace(method, "partition"),
                Edit {
                    start: separator.end_byte(),
                    end: most.end_byte(),
                    text: String::new(),
                },
            ],
            "empty where the second part is missing",
            0.5,
        ))
    };
    find().into_iter().collect()
}

/// `re.search(f"^{name}:", text)` becomes `re.search(f"^{re.escape(name)}:", text)`.
fn escaped(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let Some(pattern) = call_arguments(target.failing).first().copied() else {
        return Vec::new();
    };
    // A pattern that is a value as a whole is meant as one.
    let parts = descendants(pattern).into_iter().filter(|n| {
        let around = n.parent().map_or("", |p| p.kind());
        matches!(n.kind(), "identifier" | "attribute" | "subscript")
            && matches!(around, "interpolation" | "binary_operator")
            && site
                .frame
                .probes
                .get(file.text_of(*n))
                .is_some_and(|p| p.type_name == "str")
    });
    parts
        .take(3)
        .map(|n| {
            let text = format!("re.escape({})", file.text_of(n));
            proposal(
                vec![Edit::replace(n, text)],
                "search for a text as it is",
                0.85,
            )
        })
        .collect()
}
