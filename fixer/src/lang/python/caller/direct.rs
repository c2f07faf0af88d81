//! The repository's own functions, called with the values that their parameters had at the crash.

use ingest::Frame;
use tree_sitter::Node;

use super::{MADE_UP, Script};
use crate::lang::python::{
    project::{Project, is_identifier},
    source::{ParameterKind, PyFile, ancestors, children, descendants, own_descendants},
    values::{is_literal, readings},
};

/// A function of the repository, called with the values that its parameters had at the crash.
pub(super) fn direct(frame: &Frame, path: &str, project: &Project, reading: usize) -> Vec<Script> {
    let attempt = || -> Option<Vec<Script>> {
        let file = project.file(path)?;
        let module = project.module_of(path)?;
        let function = file.function_at(frame.line?)?;
        if ancestors(function)
            .skip(1)
            .any(|n| n.kind() == "function_definition")
        {
            return None;
        }
        let name = file.name_of(function);
        let class = file.class_of(function);
        let decorators: Vec<&str> = function
            .parent()
            .filter(|p| p.kind() == "decorated_definition")
            .map(|p| {
                children(p)
                    .into_iter()
                    .filter(|c| c.kind() == "decorator")
                    .map(|c| file.text_of(c))
                    .collect()
            })
            .unwrap_or_default();
        let is_static = decorators.contains(&"@staticmethod");
        let is_class_method = decorators.contains(&"@classmethod");
        let mut imports = Vec::new();
        let mut arguments = Vec::new();
        for (n, parameter) in file.parameters(function).iter().enumerate() {
            if n == 0 && class.is_some() && !is_static {
                continue;
            }
            let all = frame
                .locals
                .get(&parameter.name)
                .map(readings)
                .unwrap_or_default();
            let literal = all.get(reading).or(all.first()).cloned();
            match (literal, parameter.kind) {
                (Some(literal), kind) => {
                    imports.extend(literal.imports);
                    arguments.push(match kind {
                        ParameterKind::Plain => literal.source,
                        ParameterKind::KeywordOnly => {
                            format!("{}={}", parameter.name, literal.source)
                        }
                        ParameterKind::Args => format!("*{}", literal.source),
                        ParameterKind::Kwargs => format!("**{}", literal.source),
                    });
                }
                (None, ParameterKind::Args | ParameterKind::Kwargs) => {}
                (None, _) if parameter.default.is_some() => break,
                (None, _) => return None,
            }
        }
        let arguments = arguments.join(", ");
        let Some(class) = class else {
            imports.push(format!("from {module} import {name}"));
            let call = finish_call(
                &file,
                function,
                &format!("{name}({arguments})"),
                &mut imports,
            );
            return Some(vec![Script {
                imports,
                setup: Vec::new(),
                call,
                fidelity: 0.95,
            }]);
        };
        let class_name = file.name_of(class);
        imports.push(format!("from {module} import {class_name}"));
        if name == "__init__" || name == "__new__" {
            return Some(vec![Script {
                imports,
                setup: Vec::new(),
                call: format!("{class_name}({arguments})"),
                fidelity: 0.95,
            }]);
        }
        let receivers = if is_static || is_class_method {
            vec![class_name.to_owned()]
        } else {
            constructions(class_name, project)
        };
        let scripts = receivers.into_iter().map(|receiver| {
            let call = match name {
                _ if decorators.iter().any(|d| d.contains("property")) => {
                    format!("{receiver}.{name}")
                }
                "__call__" => format!("{receiver}({arguments})"),
                "__repr__" | "__str__" => format!("{}({receiver})", name.trim_matches('_')),
                "__getitem__" => format!("{receiver}[{arguments}]"),
                _ => format!("{receiver}.{name}({arguments})"),
            };
            let mut imports = imports.clone();
            let call = finish_call(&file, function, &call, &mut imports);
            Script {
                imports,
                setup: Vec::new(),
                call,
                fidelity: if is_static || is_class_method {
                    0.95
                } else {
                    MADE_UP
                },
            }
        });
        Some(scripts.collect())
    };
    attempt().unwrap_or_default()
}

/// Runs what a call only prepares: generators and coroutines.
fn finish_call(file: &PyFile, function: Node<'_>, call: &str, imports: &mut Vec<String>) -> String {
    let is_async = file.text_of(function).starts_with("async");
    let yields = own_descendants(function)
        .iter()
        .any(|n| n.kind() == "yield");
    match (is_async, yields) {
        (true, false) => {
            imports.push("import asyncio".to_owned());
            format!("asyncio.run({call})")
        }
        (false, true) => format!("list({call})"),
        _ => call.to_owned(),
    }
}

/// Ways to make an instance of a class: bare, and as the repository's tests make one.
pub(super) fn constructions(class: &str, project: &Project) -> Vec<String> {
    let mut out = vec![format!("{class}()")];
    if !is_identifier(class) {
        return Vec::new();
    }
    let needle = format!("{class}(");
    for path in project.tests().map(str::to_owned).collect::<Vec<_>>() {
        if out.len() > 3 || !project.read(&path).is_some_and(|t| t.contains(&needle)) {
            continue;
        }
        let Some(file) = project.file(&path) else {
            continue;
        };
        for node in descendants(file.root()) {
            if node.kind() != "call" || out.len() > 3 {
                continue;
            }
            let (Some(function), Some(arguments)) = (
                node.child_by_field_name("function"),
                node.child_by_field_name("arguments"),
            ) else {
                continue;
            };
            let plain = arguments.kind() == "argument_list"
                && children(arguments)
                    .into_iter()
                    .all(|a| is_literal(&file, a, &mut Vec::new()));
            if file.text_of(function).rsplit('.').next() == Some(class) && plain {
                let text = format!("{class}{}", file.text_of(arguments));
                if !out.contains(&text) {
                    out.push(text);
                }
            }
        }
    }
    out
}
