//! The repository's own functions, called with the values that their parameters had at the crash.

use std::{cell::OnceCell, rc::Rc};

use ingest::Frame;
use serde_json::Value;
use tree_sitter::Node;

use super::{
    MADE_UP, Script,
    object::{Class, class_elsewhere, class_of, constructed},
    receiver::{Receiver, receivers},
};
use crate::lang::python::{
    definition::functions_of,
    project::Project,
    source::{Parameter, ParameterKind, PyFile, ancestors, children, own_descendants},
    values::{Literal, readings_with},
};

/// Ways to read the captured values that are tried.
const MAX_READINGS: usize = 3;
/// Ways to make the objects among the arguments that are tried.
const MAX_OBJECTS: usize = 3;
/// Literals that an object is made of.
const MAX_MADE_OF: usize = 3;

/// A function of the repository, called with the values that its parameters had at the crash.
pub(super) fn direct(frame: &Frame, path: &str, project: &Project) -> Vec<Script> {
    let Some(callee) = Callee::of(frame, path, project) else {
        return Vec::new();
    };
    let attempt = |reading: usize, with_objects: bool| -> Option<Vec<Script>> {
        let (mut imports, mut setup) = (Vec::new(), Vec::new());
        let mut arguments = Vec::new();
        let mut n_objects = 0;
        for parameter in &callee.parameters {
            let captured = frame.locals.get(&parameter.name);
            let all = captured
                .map(|value| callee.readings(value))
                .unwrap_or_default();
            let input = captured
                .filter(|_| with_objects)
                .and_then(|_| read_from(&callee, &parameter.name, frame));
            let literal = all.get(reading).or(all.first()).cloned();
            let literal = literal.filter(|_| input.is_none());
            let object = match (input, captured) {
                (Some(input), _) => vec![input],
                (None, Some(value)) if with_objects && literal.is_none() => callee.objects(value),
                _ => Vec::new(),
            };
            match (literal, parameter.kind) {
                (Some(literal), _) => {
                    imports.extend(literal.imports);
                    arguments.push(passed(parameter, &literal.source));
                }
                (None, _) if let Some(way) = object.get(reading).or(object.first()) => {
                    n_objects += 1;
                    imports.extend(way.imports.iter().cloned());
                    setup.extend(way.setup.iter().cloned());
                    arguments.push(passed(parameter, &way.object));
                }
                (None, ParameterKind::Args | ParameterKind::Kwargs) => {}
                (None, _) if parameter.default.is_some() => break,
                (None, _) => return None,
            }
        }
        if with_objects && n_objects == 0 {
            return None;
        }
        let arguments = arguments.join(", ");
        let fidelity = if with_objects { MADE_UP } else { 0.95 };
        let shown = callee.own.as_ref().map(|own| &own.shown);
        let shown = shown.filter(|shown| !shown.is_empty());
        let mut scripts = shown.map_or_else(Vec::new, |shown| {
            callee.called_on(|| shown, 1.0, &arguments, &imports, fidelity)
        });
        scripts.extend(callee.called(&arguments, &imports, fidelity));
        for script in &mut scripts {
            script.setup.splice(0..0, setup.iter().cloned());
        }
        Some(scripts)
    };
    let plain = (0..MAX_READINGS).filter_map(|reading| attempt(reading, false));
    let with_objects = (0..MAX_OBJECTS).filter_map(|way| attempt(way, true));
    plain.chain(with_objects).flatten().collect()
}

/// Where the function reads JSON from a file or a text and what it read was captured, a file or a text that holds it.
fn read_from(callee: &Callee<'_>, parameter: &str, frame: &Frame) -> Option<Receiver> {
    let file = &callee.file;
    let read = own_descendants(callee.function()).into_iter();
    let mut assignments = read.filter(|n| n.kind() == "assignment").filter_map(|n| {
        let field = |name| n.child_by_field_name(name);
        Some((file.text_of(field("left")?), file.text_of(field("right")?)))
    });
    // `json.load(file, object_pairs_hook=dict)` as well.
    let is_call = |right: &str, function: &str, input: &str| {
        let rest = right
            .strip_prefix(function)
            .and_then(|r| r.strip_prefix(input));
        rest.is_some_and(|rest| rest.starts_with([')', ',']))
    };
    let (name, is_file) = assignments.find_map(|(left, right)| {
        let reads_file = is_call(right, "json.load(", parameter)
            || is_call(right, "json.loads(", &format!("{parameter}.read()"));
        let is_read = reads_file || is_call(right, "json.loads(", parameter);
        is_read.then_some((left, reads_file))
    })?;
    let literal = callee
        .readings(frame.locals.get(name)?)
        .into_iter()
        .next()?;
    let text = format!("json.dumps({})", literal.source);
    let mut imports = vec!["import json".to_owned()];
    imports.extend(literal.imports);
    let object = match is_file {
        true => {
            imports.push("import io".to_owned());
            format!("io.StringIO({text})")
        }
        false => text,
    };
    Some(Receiver {
        imports,
        setup: Vec::new(),
        object,
    })
}

/// An argument as it is written for its parameter.
pub(super) fn passed(parameter: &Parameter, source: &str) -> String {
    match parameter.kind {
        ParameterKind::Plain => source.to_owned(),
        ParameterKind::KeywordOnly => format!("{}={source}", parameter.name),
        ParameterKind::Args => format!("*{source}"),
        ParameterKind::Kwargs => format!("**{source}"),
    }
}

/// What was captured of the object, or the class, whose method it is.
#[derive(Default)]
struct Own {
    /// The class, which may be another one than that of the method.
    class: Option<Class>,
    /// The object as its repr or its items show it.
    shown: Vec<Receiver>,
}

/// A function of the repository that a script can call.
pub(super) struct Callee<'a> {
    project: &'a Project,
    pub(super) file: Rc<PyFile>,
    line: u32,
    pub(super) module: String,
    /// What was captured of the object whose method it is.
    own: Option<Own>,
    /// What a caller gives: `self` and `cls` left out.
    pub(super) parameters: Vec<Parameter>,
    /// Literals of the lines around the repository.
    pub(super) heard: &'a [String],
    /// Objects whose method it is.
    receivers: OnceCell<Vec<Receiver>>,
}

impl<'a> Callee<'a> {
    /// The function at a frame; none inside another function.
    pub(super) fn of(frame: &Frame, path: &str, project: &'a Project) -> Option<Self> {
        let file = project.file(path)?;
        let module = project.module_of(path)?;
        let line = frame.line?;
        let function = file.function_at(line)?;
        if ancestors(function)
            .skip(1)
            .any(|n| n.kind() == "function_definition")
        {
            return None;
        }
        let mut parameters = file.parameters(function);
        let is_static = decorators(&file, function).contains(&"@staticmethod");
        let takes_own = file.class_of(function).is_some() && !is_static && !parameters.is_empty();
        let own = takes_own.then(|| parameters.remove(0).name);
        let captured = own.and_then(|own| frame.locals.get(&own));
        let mut callee = Self {
            own: None,
            project,
            file,
            line,
            module,
            parameters,
            heard: &[],
            receivers: OnceCell::new(),
        };
        callee.own = captured.map(|object| Own {
            class: class_of(object, project, path),
            shown: callee.shown(object),
        });
        Some(callee)
    }

    /// With literals that may have been given to it, or to what its object was made of.
    pub(super) fn given(self, heard: &'a [String]) -> Self {
        Self { heard, ..self }
    }

    pub(super) fn is_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name)
    }

    pub(super) fn function(&self) -> Node<'_> {
        self.file
            .function_at(self.line)
            .expect("a callee has a function at its line")
    }

    /// The readings of a captured value, objects of the repository's classes included.
    pub(super) fn readings(&self, value: &Value) -> Vec<Literal> {
        readings_with(value, &|class, keywords| {
            self.project.class_import(class, keywords, &self.file.path)
        })
    }

    /// Ways to make an object of which only the class was captured; where the repository does not define that, a bare one.
    fn objects(&self, value: &Value) -> Vec<Receiver> {
        let class = class_of(value, self.project, &self.file.path);
        let bare = || {
            // The test shows the name: it has to be a word of the repository, not of production's data.
            let name = value.as_str().and_then(class_elsewhere);
            let name = name.filter(|name| is_word_of(self.project, name));
            let bare = name.map(|name| Receiver {
                imports: Vec::new(),
                setup: vec![format!("class {name}:\n    pass")],
                object: format!("{name}()"),
            });
            bare.into_iter().collect()
        };
        class.map_or_else(bare, |class| match value.as_str() {
            Some(repr) if !repr.starts_with("<class ") => {
                let mut made = constructed_as(&class, repr, self.project);
                let is_shown = repr.contains('=');
                let shown = receivers(&class.name, &class.module, "", self.project);
                let at = if is_shown { made.len() } else { 0 };
                made.splice(at..at, shown);
                made
            }
            _ => Vec::new(),
        })
    }

    /// The object whose method it is, from what was captured of it: its repr, or the items of what is a container.
    fn shown(&self, object: &Value) -> Vec<Receiver> {
        let class = self.file.class_of(self.function());
        let class = class.map_or("", |class| self.file.name_of(class));
        // `Cart(items=[])` is the object; `{"items": []}` is what one holds that is a mapping.
        let is_call = |source: &str| source.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let readings = self.readings(object).into_iter().take(MAX_READINGS);
        let made = readings.map(|literal| match is_call(&literal.source) {
            false => Receiver {
                imports: [
                    literal.imports,
                    vec![format!("from {} import {class}", self.module)],
                ]
                .concat(),
                setup: Vec::new(),
                object: format!("{class}({})", literal.source),
            },
            true => Receiver {
                imports: literal.imports,
                setup: Vec::new(),
                object: literal.source,
            },
        });
        made.collect()
    }

    /// Scripts that call it, one for each way to make the object whose method it is.
    pub(super) fn called(&self, arguments: &str, imports: &[String], fidelity: f64) -> Vec<Script> {
        let made = || {
            self.receivers.get_or_init(|| {
                let class = self.file.class_of(self.function());
                let name = class.map_or("", |c| self.file.name_of(c));
                let method = self.file.name_of(self.function());
                let other = self.own.as_ref().and_then(|own| own.class.as_ref());
                if let Some(other) = other.filter(|other| other.name != name) {
                    let mut ways = receivers(&other.name, &other.module, method, self.project);
                    ways.extend(constructed_as(other, "", self.project));
                    return ways;
                }
                let mut ways = receivers(name, &self.module, method, self.project);
                let class_here = Class {
                    name: name.to_owned(),
                    module: self.module.clone(),
                };
                ways.extend(constructed_as(&class_here, "", self.project));
                let made =
                    class.map(|class| made_of(&self.file, class, self.function(), self.heard));
                let bare = ways.len().min(1);
                ways.splice(
                    bare..bare,
                    made.into_iter().flatten().map(|object| Receiver {
                        imports: vec![format!("from {} import {name}", self.module)],
                        setup: Vec::new(),
                        object,
                    }),
                );
                ways
            })
        };
        self.called_on(made, MADE_UP / 0.95, arguments, imports, fidelity)
    }

    /// Like [`called`](Self::called), on objects that are made by `receivers` where it is a method that needs one; `share`
    /// of the fidelity remains then.
    pub(super) fn called_on<'r>(
        &self,
        receivers: impl FnOnce() -> &'r Vec<Receiver>,
        share: f64,
        arguments: &str,
        imports: &[String],
        fidelity: f64,
    ) -> Vec<Script> {
        let (file, module) = (&self.file, &self.module);
        let function = self.function();
        let name = file.name_of(function);
        let script =
            |imports: &[String], more: &[String], setup: Vec<String>, call: &str, fidelity| {
                let mut imports: Vec<String> = imports.iter().chain(more).cloned().collect();
                let call = finish_call(file, function, call, &mut imports);
                Script {
                    imports,
                    setup,
                    call,
                    fidelity,
                }
            };
        let Some(class) = file.class_of(function) else {
            let import = [format!("from {module} import {name}")];
            let call = format!("{name}({arguments})");
            return vec![script(imports, &import, Vec::new(), &call, fidelity)];
        };
        let own = self.own.as_ref().and_then(|own| own.class.as_ref());
        let (class_name, module) = match own {
            Some(own) => (own.name.as_str(), &own.module),
            None => (file.name_of(class), module),
        };
        let import = [format!("from {module} import {class_name}")];
        if name == "__init__" || name == "__new__" {
            let call = format!("{class_name}({arguments})");
            return vec![script(imports, &import, Vec::new(), &call, fidelity)];
        }
        let decorators = decorators(file, function);
        if decorators.contains(&"@staticmethod") || decorators.contains(&"@classmethod") {
            let call = format!("{class_name}.{name}({arguments})");
            return vec![script(imports, &import, Vec::new(), &call, fidelity)];
        }
        let called = receivers().iter().map(|receiver| {
            let object = &receiver.object;
            let call = match name {
                _ if decorators.iter().any(|d| d.contains("property")) => {
                    format!("{object}.{name}")
                }
                "__call__" => format!("{object}({arguments})"),
                "__repr__" | "__str__" => format!("{}({object})", name.trim_matches('_')),
                "__getitem__" => format!("{object}[{arguments}]"),
                _ => format!("{object}.{name}({arguments})"),
            };
            script(
                imports,
                &receiver.imports,
                receiver.setup.clone(),
                &call,
                fidelity * share,
            )
        });
        called.collect()
    }
}

/// Whether a word stands in the repository's sources.
fn is_word_of(project: &Project, word: &str) -> bool {
    let between = |c: char| !c.is_alphanumeric() && c != '_';
    project.sources().any(|path| {
        let text = project.read(path).unwrap_or_default();
        text.contains(word) && text.split(between).any(|w| w == word)
    })
}

/// Objects of a class, made of literals, with the options turned that the method asks about: `Box({"a": 1}, dots=True)`.
fn made_of(file: &PyFile, class: Node<'_>, method: Node<'_>, heard: &[String]) -> Vec<String> {
    let init = functions_of(class)
        .into_iter()
        .find(|f| file.name_of(*f) == "__init__");
    let Some(parameters) = init.map(|f| file.parameters(f)) else {
        return Vec::new();
    };
    let text = file.text_of(method);
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    let turned = parameters.iter().filter_map(|p| {
        let other = match p.default.as_deref()? {
            "False" => "True",
            "True" => "False",
            _ => return None,
        };
        words
            .contains(&p.name.as_str())
            .then(|| format!("{}={other}", p.name))
    });
    let turned: Vec<String> = turned.take(2).collect();
    let takes = parameters.iter().skip(1).any(|p| {
        p.kind == ParameterKind::Args || p.kind == ParameterKind::Plain && p.default.is_none()
    });
    let name = file.name_of(class);
    let heard = heard.iter().take(if takes { MAX_MADE_OF } else { 0 });
    let mut out: Vec<String> = Vec::new();
    for literal in heard.map(Some).chain([None]) {
        let with = literal
            .into_iter()
            .chain(&turned)
            .cloned()
            .collect::<Vec<_>>();
        // Without either it is the bare one.
        if !with.is_empty() {
            out.push(format!("{name}({})", with.join(", ")));
        }
        if let Some(literal) = literal.filter(|_| !turned.is_empty()) {
            out.push(format!("{name}({literal})"));
        }
    }
    out
}

/// Objects of a class, from its constructor's parameters and what a repr shows.
fn constructed_as(class: &Class, repr: &str, project: &Project) -> Vec<Receiver> {
    let calls = constructed(class, repr, project).into_iter();
    let made = calls.map(|object| Receiver {
        imports: vec![format!("from {} import {}", class.module, class.name)],
        setup: Vec::new(),
        object,
    });
    made.collect()
}

fn decorators<'t>(file: &'t PyFile, function: Node<'_>) -> Vec<&'t str> {
    let around = function
        .parent()
        .filter(|p| p.kind() == "decorated_definition");
    around
        .map(children)
        .unwrap_or_default()
        .into_iter()
        .filter(|c| c.kind() == "decorator")
        .map(|c| file.text_of(c))
        .collect()
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
