//! Objects of the repository's classes, made as its own tests and documents make them.

use std::rc::Rc;

use ingest::Frame;
use tree_sitter::Node;

use super::{Script, known::KnownFiles, visible::Visible};
use crate::lang::python::{
    project::{Project, is_identifier},
    source::{PyFile, descendants, free_names},
    values::is_literal,
};

/// Ways to make one object that are tried.
const MAX_WAYS: usize = 8;
/// Examples that are looked through for one class.
const MAX_EXAMPLES: usize = 60;

/// A way to make an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Receiver {
    pub(super) imports: Vec<String>,
    pub(super) setup: Vec<String>,
    /// The expression that is the object.
    pub(super) object: String,
}

/// Ways to make an object of a class whose method is called: bare, by the constructor as examples call it, and whatever
/// examples call a method of that name on.
pub(super) fn receivers(
    class: &str,
    module: &str,
    method: &str,
    project: &Project,
) -> Vec<Receiver> {
    if !is_identifier(class) {
        return Vec::new();
    }
    let import = format!("from {module} import {class}");
    let own = |object: String| Receiver {
        imports: vec![import.clone()],
        setup: Vec::new(),
        object,
    };
    let mut out = vec![own(format!("{class}()"))];
    let (constructor, use_of) = (format!("{class}("), format!(".{method}("));
    let mut later = Vec::new();
    for example in project.examples().iter().take(MAX_EXAMPLES) {
        let constructs = example.text.contains(&constructor);
        if !constructs && !example.text.contains(&use_of) {
            continue;
        }
        let file = example.program();
        for node in descendants(file.root()) {
            if out.len() >= MAX_WAYS && later.len() >= MAX_WAYS {
                break;
            }
            let Some(function) = (node.kind() == "call")
                .then(|| node.child_by_field_name("function"))
                .flatten()
            else {
                continue;
            };
            let arguments = node.child_by_field_name("arguments");
            if constructs && file.text_of(function).rsplit('.').next() == Some(class) {
                let Some(arguments) = arguments.filter(|a| a.kind() == "argument_list") else {
                    continue;
                };
                let text = format!("{class}{}", file.text_of(arguments));
                let plain = is_literal(file, arguments, &mut Vec::new());
                if plain {
                    push(&mut out, own(text));
                } else if let Some(sliced) = slice(file, arguments, project) {
                    let mut receiver = own(text);
                    receiver.imports.extend(sliced.imports);
                    receiver.setup = sliced.setup;
                    push(&mut later, receiver);
                }
                continue;
            }
            let object = function
                .child_by_field_name("object")
                .filter(|_| function.kind() == "attribute")
                .filter(|_| {
                    function
                        .child_by_field_name("attribute")
                        .is_some_and(|a| file.text_of(a) == method)
                });
            if let Some(object) = object
                && let Some(sliced) = slice(file, object, project)
            {
                push(
                    &mut later,
                    Receiver {
                        imports: sliced.imports,
                        setup: sliced.setup,
                        object: file.text_of(object).to_owned(),
                    },
                );
            }
        }
    }
    out.truncate(MAX_WAYS / 2);
    out.extend(later);
    out.truncate(MAX_WAYS);
    out
}

fn push(out: &mut Vec<Receiver>, new: Receiver) {
    // The same object made with other names says nothing new; long preparations are no longer easy to read.
    if out.len() < MAX_WAYS && new.setup.len() <= 6 && !out.contains(&new) {
        out.push(new);
    }
}

/// What an expression of an example needs before it can be evaluated elsewhere.
fn slice(file: &Rc<PyFile>, node: Node<'_>, project: &Project) -> Option<Script> {
    let frame = Frame {
        function: "example".to_owned(),
        path: file.path.clone(),
        line: Some(file.line_of(node.start_byte())),
        ..Frame::default()
    };
    let known = KnownFiles::whole(Rc::clone(file));
    let visible = Visible {
        frame: &frame,
        frames: &[],
        next: None,
        known: &known,
        project,
        near: &[],
        reading: 0,
        is_configured: false,
    };
    let mut script = Script {
        imports: Vec::new(),
        setup: Vec::new(),
        call: String::new(),
        fidelity: 1.0,
    };
    let mut seen = Vec::new();
    for name in free_names(file, node) {
        visible.bind(&name, true, &mut script, &mut seen, 0)?;
    }
    // What an example imports from beside itself is not there for others.
    let relative = script.imports.iter().any(|i| i.starts_with("from ."));
    (!relative).then_some(script)
}
