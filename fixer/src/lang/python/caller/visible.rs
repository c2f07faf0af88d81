//! A frame outside the repository with all that is visible of its program: captured values, definitions, imports.

use ingest::Frame;
use tree_sitter::Node;

use super::{
    MADE_UP, MAX_DEPTH, Script,
    chain::may_be_import,
    known::{KnownFiles, dedent, unprint},
    receiver::receivers,
};
use crate::lang::python::{
    project::{Project, is_identifier},
    source::{ParameterKind, PyFile, children, descendants, free_names},
    values::{Literal, readings},
};

/// Calls that configure one object.
const MAX_CONFIGURED: usize = 8;

/// One frame outside the repository, with all that is visible of its program.
pub(super) struct Visible<'a> {
    pub(super) frame: &'a Frame,
    /// All of the trace.
    pub(super) frames: &'a [Frame],
    /// What its line called, with the file, where that is the repository's.
    pub(super) next: Option<(&'a Frame, &'a str)>,
    pub(super) known: &'a KnownFiles,
    pub(super) project: &'a Project,
    pub(super) near: &'a [String],
    pub(super) reading: usize,
    /// Whether what the program does with its own objects at its top level (`app.register(…)`) comes along.
    pub(super) is_configured: bool,
}

/// What gives a name its meaning in a script.
struct Meaning {
    imports: Vec<String>,
    setup: Vec<String>,
    /// How near it is to what was there, in `0.0..=1.0`.
    fidelity: f64,
}

impl Visible<'_> {
    /// The frame's line, with the values and definitions it needs.
    pub(super) fn line(&self) -> Option<Script> {
        let call = unprint(&self.known.statement(self.frame)?);
        let mut script = Script {
            imports: Vec::new(),
            setup: Vec::new(),
            call,
            fidelity: 1.0,
        };
        let parsed = PyFile::parse("", &script.call);
        let mut seen = Vec::new();
        for name in free_names(&parsed, parsed.root()) {
            // Without values or lines around it, what a function was given is not known.
            let is_bare = self.frame.locals.is_empty() && self.frame.pre_context.is_empty();
            if is_bare && self.frame.function != "<module>" && !may_be_import(&parsed, &name) {
                return None;
            }
            self.bind(&name, true, &mut script, &mut seen, 0)?;
        }
        Some(script)
    }

    /// The function around the frame's line, called with the captured values of its parameters.
    pub(super) fn function(&self) -> Option<Script> {
        let file = self.known.files.get(&self.frame.path)?;
        let function = file
            .function_at(self.frame.line?)
            .filter(|f| !f.has_error() && file.class_of(*f).is_none())?;
        let mut script = Script {
            imports: Vec::new(),
            setup: Vec::new(),
            call: String::new(),
            fidelity: 1.0,
        };
        let mut arguments = Vec::new();
        for parameter in file.parameters(function) {
            match self.value(&parameter.name) {
                Some(literal) if parameter.kind == ParameterKind::Plain => {
                    script.imports.extend(literal.imports);
                    arguments.push(literal.source);
                }
                Some(literal) if parameter.kind == ParameterKind::KeywordOnly => {
                    script.imports.extend(literal.imports);
                    arguments.push(format!("{}={}", parameter.name, literal.source));
                }
                _ if parameter.default.is_some() || parameter.kind == ParameterKind::Kwargs => {}
                _ => return None,
            }
        }
        let name = file.name_of(function).to_owned();
        self.bind(&name, false, &mut script, &mut Vec::new(), 0)?;
        script.call = format!("{name}({})", arguments.join(", "));
        Some(script)
    }

    fn value(&self, name: &str) -> Option<Literal> {
        let readings = readings(self.frame.locals.get(name)?);
        readings.get(self.reading).or(readings.first()).cloned()
    }

    /// Puts what gives a name its meaning into the script.
    pub(super) fn bind(
        &self,
        name: &str,
        local: bool,
        script: &mut Script,
        seen: &mut Vec<String>,
        depth: usize,
    ) -> Option<()> {
        if seen.iter().any(|s| s == name) {
            return Some(());
        }
        if depth > MAX_DEPTH {
            return None;
        }
        seen.push(name.to_owned());
        self.define(name, local, script, seen, depth)?;
        if self.is_configured {
            self.configure(name, script, seen, depth);
        }
        Some(())
    }

    /// The calls of a global object's methods that the program makes as it starts.
    fn configure(&self, name: &str, script: &mut Script, seen: &mut Vec<String>, depth: usize) {
        let Some(file) = self.known.files.get(&self.frame.path) else {
            return;
        };
        let is_top = |f: &&Frame| f.path == self.frame.path && f.function == "<module>";
        let running = self.frames.iter().find(is_top).and_then(|f| f.line);
        let prefix = format!("{name}.");
        let calls = children(file.root()).into_iter().filter(|n| {
            n.kind() == "expression_statement"
                && n.named_child(0).is_some_and(|c| c.kind() == "call")
                && file.text_of(*n).starts_with(&prefix)
                && !n.has_error()
                && running.is_none_or(|line| file.line_of(n.start_byte()) < line)
        });
        for call in calls.take(MAX_CONFIGURED) {
            let (mut with, mut known) = (script.clone(), seen.clone());
            let added = self.include(file, call, false, &mut with, &mut known, depth);
            if added.is_some() {
                (*script, *seen) = (with, known);
            }
        }
    }

    fn define(
        &self,
        name: &str,
        local: bool,
        script: &mut Script,
        seen: &mut Vec<String>,
        depth: usize,
    ) -> Option<()> {
        // A class under its own name is imported, no value.
        if local
            && let Some(literal) = self.value(name)
            && literal.source != name
        {
            script.imports.extend(
                literal
                    .imports
                    .iter()
                    .filter(|i| !script.imports.contains(i))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            script.setup.push(format!("{name} = {}", literal.source));
            return Some(());
        }
        // The top level of the same file may have been captured as well.
        let top = self
            .frames
            .iter()
            .find(|f| f.path == self.frame.path && f.function == "<module>");
        if let Some(import) = [Some(self.frame), top]
            .into_iter()
            .flatten()
            .find_map(|f| f.locals.get(name))
            .and_then(|v| v.as_str())
            .and_then(|repr| import_from_repr(name, repr, self.project))
        {
            script.imports.push(import);
            return Some(());
        }
        let file = self.known.files.get(&self.frame.path)?;
        if local && let Some(function) = self.frame.line.and_then(|l| file.function_at(l)) {
            let mut bound = descendants(function).into_iter().filter(|n| {
                matches!(n.kind(), "assignment" | "as_pattern")
                    && file.line_of(n.start_byte()) < self.frame.line.unwrap_or(0)
            });
            let last = bound.rfind(|n| {
                n.child_by_field_name(if n.kind() == "assignment" {
                    "left"
                } else {
                    "alias"
                })
                .is_some_and(|l| file.text_of(l) == name)
            });
            match last {
                Some(node) if node.kind() == "assignment" => {
                    return self.include(file, node, true, script, seen, depth);
                }
                // `with make() as name`: the object itself is as good as what entering it gives, as a rule.
                Some(node) if node.parent().is_some_and(|p| p.kind() == "with_item") => {
                    let value = node.named_child(0)?;
                    for free in free_names(file, value) {
                        self.bind(&free, true, script, seen, depth + 1)?;
                    }
                    script
                        .setup
                        .push(format!("{name} = {}", file.text_of(value)));
                    return Some(());
                }
                _ => {}
            }
        }
        for node in children(file.root()) {
            if node.has_error() {
                continue;
            }
            let inner = if node.kind() == "decorated_definition" {
                node.child_by_field_name("definition").unwrap_or(node)
            } else {
                node
            };
            match inner.kind() {
                "import_statement" | "import_from_statement" if imports_name(file, inner, name) => {
                    let text = file.text_of(inner).to_owned();
                    if !script.imports.contains(&text) {
                        script.imports.push(text);
                    }
                    return Some(());
                }
                "function_definition" | "class_definition" if file.name_of(inner) == name => {
                    return self.include(file, node, false, script, seen, depth);
                }
                "expression_statement" => {
                    let target = inner
                        .named_child(0)
                        .filter(|n| n.kind() == "assignment")
                        .and_then(|n| n.child_by_field_name("left"));
                    if target.is_some_and(|t| {
                        descendants(t)
                            .iter()
                            .any(|n| n.kind() == "identifier" && file.text_of(*n) == name)
                    }) {
                        return self.include(file, inner, false, script, seen, depth);
                    }
                }
                _ => {}
            }
        }
        let imported = || self.project.import_of(name, self.near);
        // A class of the repository is no object, whichever class the method that is called on it comes from.
        let class = name
            .starts_with(char::is_uppercase)
            .then(imported)
            .flatten();
        if let Some(import) = class {
            if !script.imports.contains(&import) {
                script.imports.push(import);
            }
            return Some(());
        }
        if let Some(meaning) = self.callee(name) {
            script.imports.extend(meaning.imports);
            script.setup.extend(meaning.setup);
            script.fidelity = script.fidelity.min(meaning.fidelity);
            return Some(());
        }
        // A local object of which only the repr was captured is nobody's import.
        let is_object = self.frame.function != "<module>" && self.frame.locals.contains_key(name);
        let import = imported().filter(|_| !is_object)?;
        if !script.imports.contains(&import) {
            script.imports.push(import);
        }
        Some(())
    }

    /// What the next frame tells of a name that the line calls: a function, a class, or an object that is called or whose
    /// method is.
    fn callee(&self, name: &str) -> Option<Meaning> {
        let (next, path) = self.next?;
        let statement = self.known.statement(self.frame)?;
        let parsed = PyFile::parse("", &statement);
        let file = self.project.file(path)?;
        let module = self.project.module_of(path)?;
        let function = file.function_at(next.line?)?;
        let method = format!("{name}.{}", file.name_of(function));
        let calls = |what: &str| {
            descendants(parsed.root()).into_iter().any(|node| {
                node.kind() == "call"
                    && node
                        .child_by_field_name("function")
                        .is_some_and(|f| parsed.text_of(f) == what)
            })
        };
        let made = |class: Node<'_>| {
            let ways = receivers(
                file.name_of(class),
                &module,
                file.name_of(function),
                self.project,
            );
            let way = ways.get(self.reading).or(ways.first())?;
            let mut setup = way.setup.clone();
            if way.object != name {
                setup.push(format!("{name} = {}", way.object));
            }
            Some(Meaning {
                imports: way.imports.clone(),
                setup,
                fidelity: MADE_UP,
            })
        };
        if calls(&method) {
            return made(file.class_of(function)?);
        }
        if !calls(name) {
            return None;
        }
        let import = |what: &str| {
            let import = match what == name {
                true => format!("from {module} import {name}"),
                false => format!("from {module} import {what} as {name}"),
            };
            Some(Meaning {
                imports: vec![import],
                setup: Vec::new(),
                fidelity: 1.0,
            })
        };
        match (file.class_of(function), file.name_of(function)) {
            (None, function) => import(function),
            (Some(class), "__init__" | "__new__") => import(file.name_of(class)),
            (Some(class), "__call__") => made(class),
            _ => None,
        }
    }

    fn include(
        &self,
        file: &PyFile,
        node: Node<'_>,
        local: bool,
        script: &mut Script,
        seen: &mut Vec<String>,
        depth: usize,
    ) -> Option<()> {
        for name in free_names(file, node) {
            self.bind(&name, local, script, seen, depth + 1)?;
        }
        script
            .setup
            .push(dedent(file.text_of(node), file.indent_of(node).len()));
        Some(())
    }
}

/// Where a class or module came from, which its repr tells.
fn import_from_repr(name: &str, repr: &str, project: &Project) -> Option<String> {
    let dotted = |path: &str| !path.is_empty() && path.split('.').all(is_identifier);
    if let Some(path) = repr
        .strip_prefix("<class '")
        .and_then(|r| r.strip_suffix("'>"))
    {
        let (module, class) = path.rsplit_once('.')?;
        let package = module.split('.').next().unwrap_or(module);
        let module = if project.reexports(package, class) {
            package
        } else {
            module
        };
        let alias = if class == name {
            String::new()
        } else {
            format!(" as {name}")
        };
        return (dotted(path) && module != "__main__")
            .then(|| format!("from {module} import {class}{alias}"));
    }
    let module = repr.strip_prefix("<module '")?.split('\'').next()?;
    match module.rsplit_once('.') {
        _ if !dotted(module) => None,
        None if module == name => Some(format!("import {name}")),
        Some((package, last)) if last == name => Some(format!("from {package} import {name}")),
        _ => Some(format!("import {module} as {name}")),
    }
}

fn imports_name(file: &PyFile, node: Node<'_>, name: &str) -> bool {
    let module = node.child_by_field_name("module_name").map(|n| n.id());
    children(node)
        .into_iter()
        .filter(|c| Some(c.id()) != module)
        .any(|c| match c.kind() {
            "aliased_import" => c
                .child_by_field_name("alias")
                .is_some_and(|a| file.text_of(a) == name),
            _ => file.text_of(c).split('.').next() == Some(name),
        })
}
