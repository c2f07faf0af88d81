//! Edit forms for a call that does not fit the parameters of what it calls.

use tree_sitter::Node;

use super::{Edit, Proposal, Site, Target, bad::call_arguments, proposal};
use crate::lang::python::{
    project::is_identifier,
    source::{ParameterKind, PyFile, children, descendants},
};

/// Forms for a `TypeError` that a call's arguments raise before the callee runs.
pub(super) fn signature(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let message = site.error.message.as_str();
    let mut out = Vec::new();
    if site.error.type_name != "TypeError" || target.failing.kind() != "call" {
        return out;
    }
    if let Some((callee, name)) = quoted_after(message, " got an unexpected keyword argument '") {
        drop_keyword(site, target, name, &mut out);
        accept_keyword(site, callee, name, &mut out);
    }
    if let Some((_, name)) = quoted_after(message, " missing 1 required positional argument: '") {
        pass_on(site, target, name, &mut out);
    }
    out
}

/// What a message says before a sign, without its parentheses, and the name in quotes after it.
fn quoted_after<'m>(message: &'m str, sign: &str) -> Option<(&'m str, &'m str)> {
    let (callee, rest) = message.split_once(sign)?;
    let name = rest.split('\'').next().filter(|name| is_identifier(name))?;
    Some((callee.trim_end_matches("()"), name))
}

/// The caller no longer gives the argument.
fn drop_keyword(site: &Site<'_>, target: &Target<'_>, name: &str, out: &mut Vec<Proposal>) {
    const RULE: &str = "drop an argument that the callee does not know";
    let file = site.file;
    let arguments = call_arguments(target.failing);
    for (n, argument) in arguments.iter().enumerate() {
        let is_it = argument
            .child_by_field_name("name")
            .is_some_and(|k| file.text_of(k) == name);
        if argument.kind() == "keyword_argument" && is_it {
            let (start, end) = if n > 0 {
                (arguments[n - 1].end_byte(), argument.end_byte())
            } else {
                let next = arguments.get(1).map(Node::start_byte);
                (argument.start_byte(), next.unwrap_or(argument.end_byte()))
            };
            let text = String::new();
            out.push(proposal(vec![Edit { start, end, text }], RULE, 0.4));
        }
        // One of many that are handed on.
        let handed_on = (argument.kind() == "dictionary_splat")
            .then(|| argument.named_child(0))
            .flatten()
            .filter(|all| all.kind() == "identifier");
        if let Some(all) = handed_on {
            let (indent, all) = (file.indent_of(target.statement), file.text_of(all));
            let text = format!("{indent}{all}.pop(\"{name}\", None)\n");
            let at = file.line_start_of(target.statement);
            out.push(proposal(vec![Edit::insert(at, text)], RULE, 0.6));
        }
    }
}

/// A method takes the argument that the method of that name in another class of the file takes.
fn accept_keyword(site: &Site<'_>, callee: &str, name: &str, out: &mut Vec<Proposal>) {
    let file = site.file;
    let Some((class, method)) = callee.rsplit_once('.') else {
        return;
    };
    let methods: Vec<Node<'_>> = descendants(file.root())
        .into_iter()
        .filter(|n| n.kind() == "function_definition" && file.name_of(*n) == method)
        .collect();
    let class_of = |n: &Node<'_>| file.class_of(*n).map_or("", |c| file.name_of(c));
    let takes = |n: &&Node<'_>| file.parameters(**n).iter().any(|p| p.name == name);
    let Some(own) = methods.iter().find(|n| class_of(n) == class) else {
        return;
    };
    let Some(other) = methods.iter().find(takes) else {
        return;
    };
    let Some(at) = after_plain(file, *own) else {
        return;
    };
    out.push(Proposal {
        witness: Some(format!(
            "{}.{method} takes it ({}:{})",
            class_of(other),
            file.path,
            file.line_of(other.start_byte())
        )),
        ..proposal(
            vec![Edit::insert(at, format!(", {name}=None"))],
            "take an argument as another class does",
            0.7,
        )
    });
}

/// Where a further parameter with a default may be written; none where the parameters are too unusual.
fn after_plain(file: &PyFile, function: Node<'_>) -> Option<usize> {
    let plain = file
        .parameters(function)
        .iter()
        .take_while(|p| p.kind == ParameterKind::Plain)
        .count();
    let list = function.child_by_field_name("parameters")?;
    Some(children(list).get(plain.checked_sub(1)?)?.end_byte())
}

/// The caller passes on what it has under the name of the missing parameter.
fn pass_on(site: &Site<'_>, target: &Target<'_>, name: &str, out: &mut Vec<Proposal>) {
    let Some(list) = target.failing.child_by_field_name("arguments") else {
        return;
    };
    if !site.frame.locals.contains_key(name) || list.kind() != "argument_list" {
        return;
    }
    let comma = if children(list).is_empty() { "" } else { ", " };
    let text = format!("{comma}{name}={name}");
    out.push(proposal(
        vec![Edit::insert(list.end_byte() - 1, text)],
        "pass on the argument of that name",
        0.7,
    ));
}
