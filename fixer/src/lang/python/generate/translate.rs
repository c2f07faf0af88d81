//! An exception that says nothing to the caller becomes the one that the repository raises for bad input.

use super::{
    Bad, Edit, Proposal, Site, Target,
    guard::step_of,
    handler::{caught, declared},
    proposal,
};
use crate::lang::python::source::ancestors;

/// Lines of a statement that a handler may stand round.
const MAX_LINES: usize = 4;

/// `try: … except E as error: raise Declared(…) from error`, where a value that came from outside made the statement raise.
pub(super) fn translate(site: &Site<'_>, target: &Target<'_>, bads: &[Bad]) -> Vec<Proposal> {
    let (file, statement) = (site.file, target.statement);
    let is_of = |class: &str| site.error.mro.iter().any(|m| m == class);
    let is_about_input = ["ValueError", "TypeError", "OverflowError", "LookupError"]
        .iter()
        .any(|class| is_of(class))
        || site.error.module == "struct";
    let is_small = matches!(
        statement.kind(),
        "expression_statement" | "return_statement" | "if_statement"
    ) && statement.child_by_field_name("alternative").is_none()
        && file.text_of(statement).lines().count() <= MAX_LINES;
    // Within a `try` there is a handler to be widened.
    let is_tried = ancestors(statement)
        .take_while(|n| n.kind() != "function_definition")
        .any(|n| n.kind() == "try_statement");
    let Some(function) = target
        .function
        .filter(|_| is_about_input && is_small && !is_tried && site.is_last_of_repository())
    else {
        return Vec::new();
    };
    let Some((name, import)) = caught(site) else {
        return Vec::new();
    };
    let (indent, step) = (file.indent_of(statement), step_of(file));
    let alias = ["error", "exc", "err"]
        .into_iter()
        .find(|a| !site.frame.locals.contains_key(*a));
    let Some(alias) = alias else {
        return Vec::new();
    };
    let at = file.line_start_of(statement);
    let body: String = file.text[at..statement.end_byte()]
        .lines()
        .map(|line| format!("{step}{line}\n"))
        .collect();
    let of = file.name_of(function).trim_matches('_').replace('_', " ");
    // What can be asked beforehand is said in words of its own, not in Python's.
    let is_askable = site.innermost && bads.iter().any(|bad| bad.weight >= 0.8);
    let share = if is_askable { 0.6 } else { 1.0 };
    let mut out = Vec::new();
    for found in declared(site, function) {
        let weight = match () {
            () if !found.own => continue,
            () if found.is_promised => 0.85,
            () if found.is_documented => 0.8,
            () if found.is_handled => 0.75,
            () if found.near >= 1.0 => 0.55,
            () => 0.3,
        };
        let text = format!(
            "{indent}try:\n{body}{indent}except {name} as {alias}:\n{indent}{step}raise {}(f\"{of}: {{{alias}}}\") from {alias}",
            found.name
        );
        let mut edits = vec![Edit {
            start: at,
            end: statement.end_byte(),
            text,
        }];
        edits.extend(import.clone());
        let line = file.line_of(found.node.start_byte());
        let is_expected =
            found.is_promised || found.is_documented || found.is_handled || found.near >= 1.0;
        out.push(Proposal {
            witness: is_expected.then(|| format!("{}:{line} raises it", file.path)),
            ..proposal(edits, "raise the declared error", share * weight)
        });
    }
    out
}
