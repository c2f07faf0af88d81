//! Scripts that may make the crash happen again, from what the trace tells: source lines, locals, call chains.
//!
//! Nearest to the repository first: the line that called it, with the captured locals; the function around that line;
//! the whole visible program; the chain of lines alone, where no values were captured (text logs); and, last, the
//! repository's own functions called with the locals they had at the crash.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use ingest::{ErrorEvent, Frame};
use tree_sitter::Node;

use super::{
    project::{Project, is_identifier},
    source::{ParameterKind, PyFile, ancestors, children, descendants, free_names},
    values::{Literal, is_literal, readings},
};
use crate::frames::{Mapped, is_application};

/// A program that should crash as the event did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Script {
    /// Import statements.
    pub(crate) imports: Vec<String>,
    /// What comes between: definitions and assignments.
    pub(crate) setup: Vec<String>,
    /// The statement that crashes.
    pub(crate) call: String,
    /// How near to what happened in production it is, in `0.0..=1.0`: a call through a made-up object proves less.
    pub(crate) fidelity: f64,
}

impl Script {
    pub(crate) fn text(&self) -> String {
        self.imports
            .iter()
            .chain(&self.setup)
            .chain([&self.call])
            .fold(String::new(), |text, part| text + part + "\n")
    }
}

/// The fidelity of a call through an instance that we made.
const MADE_UP: f64 = 0.75;

/// How deep definitions may pull in definitions.
const MAX_DEPTH: usize = 8;

/// Scripts for the traced exception of an event, likeliest first; `mapped` is of its frames.
pub(crate) fn scripts(event: &ErrorEvent, mapped: &[Mapped], project: &Project) -> Vec<Script> {
    let frames = &event.traced().frames;
    let in_repository = |i: &usize| matches!(mapped[*i], Mapped::File(_));
    // The top level of the repository's own script calls its functions as a script around it would.
    let first = (0..frames.len())
        .filter(in_repository)
        .find(|i| frames[*i].function != "<module>")
        .or_else(|| (0..frames.len()).find(in_repository));
    let Some(first) = first else {
        return Vec::new();
    };
    let near: Vec<String> = mapped
        .iter()
        .filter_map(|m| {
            if let Mapped::File(path) = m {
                Some(path.clone())
            } else {
                None
            }
        })
        .collect();
    let around: Vec<usize> = (0..first).filter(|i| is_application(&frames[*i])).collect();
    let mut out: Vec<Script> = Vec::new();
    let mut add = |script: Option<Script>| {
        if let Some(script) = script
            && !out.contains(&script)
        {
            out.push(script);
        }
    };
    // Exceptions of the same chain show other parts of the same files.
    let shown: Vec<(&Frame, Option<Rc<str>>)> = around
        .iter()
        .map(|i| match &mapped[*i] {
            Mapped::File(path) => (&frames[*i], project.read(path)),
            _ => (&frames[*i], None),
        })
        .chain(
            event
                .exceptions
                .iter()
                .flat_map(|e| &e.frames)
                .filter(|f| around.iter().any(|i| frames[*i].path == f.path))
                .map(|f| (f, None)),
        )
        .collect();
    let known = KnownFiles::new(&shown);
    for &at in around.iter().rev() {
        for reading in 0..3 {
            let visible = Visible {
                frame: &frames[at],
                frames,
                next: (at + 1..frames.len())
                    .find(|i| !frames[*i].function.starts_with('<'))
                    .and_then(|i| match &mapped[i] {
                        Mapped::File(path) => Some((&frames[i], path.as_str())),
                        _ => None,
                    }),
                known: &known,
                project,
                near: &near,
                reading,
            };
            add(visible.line());
            add(visible.function());
        }
    }
    for variant in 0..4 {
        add(chain(frames, &around, &known, project, &near, variant));
    }
    for at in first..frames.len() {
        if let Mapped::File(path) = &mapped[at] {
            for reading in 0..3 {
                for script in direct(&frames[at], path, project, reading) {
                    add(Some(script));
                }
            }
        }
    }
    out.truncate(60);
    out
}

/// The lines of files outside the repository that the trace shows.
struct KnownFiles {
    /// Path to a text with the file's own line numbers; lines that nobody showed are empty.
    files: BTreeMap<String, PyFile>,
    raw: BTreeMap<(String, u32), String>,
}

impl KnownFiles {
    /// From frames, each with the file's whole text where the repository holds it.
    fn new(shown: &[(&Frame, Option<Rc<str>>)]) -> Self {
        let mut raw = BTreeMap::new();
        for (frame, whole) in shown {
            if let Some(text) = whole {
                for (n, line) in (1u32..).zip(text.lines()) {
                    raw.insert((frame.path.clone(), n), line.trim_end().to_owned());
                }
                continue;
            }
            let Some(line) = frame.line else { continue };
            let first = line.saturating_sub(frame.pre_context.len() as u32);
            let texts = frame
                .pre_context
                .iter()
                .chain(&frame.context_line)
                .chain(&frame.post_context);
            for (n, text) in texts.enumerate() {
                let at = if frame.context_line.is_none() && first + n as u32 >= line {
                    first + n as u32 + 1
                } else {
                    first + n as u32
                };
                raw.insert((frame.path.clone(), at), text.trim_end().to_owned());
            }
        }
        let mut files = BTreeMap::new();
        let paths: BTreeSet<&String> = shown.iter().map(|(frame, _)| &frame.path).collect();
        for path in paths {
            let lines: BTreeMap<u32, &String> = raw
                .iter()
                .filter(|((p, _), _)| p == path)
                .map(|((_, n), t)| (*n, t))
                .collect();
            let mut text = String::new();
            let mut at = 1;
            let mut inside_top = false;
            for (line, content) in lines {
                if line > at + 100_000 {
                    break;
                }
                if line > at {
                    inside_top = false;
                    text.push_str(&"\n".repeat((line - at) as usize));
                }
                // The visible end of a function whose head nobody showed is no program.
                let indented = content.starts_with([' ', '\t']) || content.is_empty();
                inside_top |= !indented;
                if inside_top {
                    text.push_str(content);
                }
                text.push('\n');
                at = line + 1;
            }
            files.insert(path.clone(), PyFile::parse(path, &text));
        }
        Self { files, raw }
    }

    /// The statement at a frame's line, as source without indentation.
    fn statement(&self, frame: &Frame) -> Option<String> {
        let line = frame.line?;
        let file = self.files.get(&frame.path)?;
        if file.line(line).is_some_and(|t| !t.trim().is_empty())
            && let Some(node) = file
                .statement_at(line)
                .filter(|n| !n.has_error() || n.kind().contains("definition"))
        {
            return crash_part(file, node);
        }
        // Only part of the function is visible: the fewest lines that parse.
        for above in 0..6u32 {
            for below in 0..8u32 {
                let lines: Option<Vec<&str>> = (line.checked_sub(above)?..=line + below)
                    .map(|n| self.raw.get(&(frame.path.clone(), n)).map(String::as_str))
                    .collect();
                let Some(lines) = lines else { break };
                let indent = lines[0].len() - lines[0].trim_start().len();
                let mut text: String = lines
                    .iter()
                    .map(|l| format!("{}\n", l.get(indent..).unwrap_or(l.trim_start())))
                    .collect();
                if text.trim_end().ends_with(':') {
                    text.push_str("    pass\n");
                }
                let parsed = PyFile::parse("", &text);
                let top = children(parsed.root());
                if let ([node], false) = (top.as_slice(), parsed.has_error()) {
                    return crash_part(&parsed, *node);
                }
            }
        }
        None
    }
}

/// The part of a statement that runs at its line: a header without its body, a `return` without the `return`.
fn crash_part(file: &PyFile, node: Node<'_>) -> Option<String> {
    let field = |name: &str| node.child_by_field_name(name).map(|n| file.text_of(n));
    let text = match node.kind() {
        "return_statement" | "assert_statement" => file.text_of(node.named_child(0)?).to_owned(),
        "if_statement" | "while_statement" => field("condition")?.to_owned(),
        "for_statement" => format!("for {} in {}:\n    pass", field("left")?, field("right")?),
        "with_statement" => {
            let body = node.child_by_field_name("body")?;
            format!(
                "{}\n    pass",
                file.text[node.start_byte()..body.start_byte()].trim_end()
            )
        }
        "expression_statement" => match node.named_child(0)? {
            n if n.kind() == "assignment" => {
                file.text_of(n.child_by_field_name("right")?).to_owned()
            }
            n if n.kind() == "yield" => file.text_of(n.named_child(0)?).to_owned(),
            n => file.text_of(n).to_owned(),
        },
        "function_definition"
        | "class_definition"
        | "decorated_definition"
        | "try_statement"
        | "match_statement" => return None,
        _ => file.text_of(node).to_owned(),
    };
    Some(dedent(&text, file.indent_of(node).len()))
}

/// Removes the indentation that continued lines of a nested statement have.
fn dedent(text: &str, indent: usize) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let cut = line.len() - line.trim_start().len();
        out.push('\n');
        out.push_str(&line[cut.min(indent)..]);
    }
    out
}

/// One frame outside the repository, with all that is visible of its program.
struct Visible<'a> {
    frame: &'a Frame,
    /// All of the trace.
    frames: &'a [Frame],
    /// What its line called, with the file, where that is the repository's.
    next: Option<(&'a Frame, &'a str)>,
    known: &'a KnownFiles,
    project: &'a Project,
    near: &'a [String],
    reading: usize,
}

impl Visible<'_> {
    /// The frame's line, with the values and definitions it needs.
    fn line(&self) -> Option<Script> {
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
    fn function(&self) -> Option<Script> {
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
    fn bind(
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
        if local && let Some(literal) = self.value(name) {
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
                n.kind() == "assignment"
                    && file.line_of(n.start_byte()) < self.frame.line.unwrap_or(0)
            });
            let last = bound.rfind(|n| {
                n.child_by_field_name("left")
                    .is_some_and(|l| file.text_of(l) == name)
            });
            if let Some(node) = last {
                return self.include(file, node, true, script, seen, depth);
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
        if let Some((import, setup)) = self.callee(name) {
            script.imports.push(import);
            if let Some((made, fidelity)) = setup {
                script.setup.push(made);
                script.fidelity = script.fidelity.min(fidelity);
            }
            return Some(());
        }
        // A local object of which only the repr was captured is nobody's import.
        let is_object = self.frame.function != "<module>" && self.frame.locals.contains_key(name);
        let import = self
            .project
            .import_of(name, self.near)
            .filter(|_| !is_object)?;
        if !script.imports.contains(&import) {
            script.imports.push(import);
        }
        Some(())
    }

    /// What the next frame tells of a name that the line calls: a function, a class, or an object that is called or whose
    /// method is. An import, and how to make the object with how near that is to what was there.
    fn callee(&self, name: &str) -> Option<(String, Option<(String, f64)>)> {
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
            let class = file.name_of(class);
            let ways = constructions(class, self.project);
            let way = ways.get(self.reading).or(ways.first())?;
            Some((
                format!("from {module} import {class}"),
                Some((format!("{name} = {way}"), MADE_UP)),
            ))
        };
        if calls(&method) {
            return made(file.class_of(function)?);
        }
        if !calls(name) {
            return None;
        }
        let import = |what: &str| match what == name {
            true => format!("from {module} import {name}"),
            false => format!("from {module} import {what} as {name}"),
        };
        match (file.class_of(function), file.name_of(function)) {
            (None, function) => Some((import(function), None)),
            (Some(class), "__init__" | "__new__") => Some((import(file.name_of(class)), None)),
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

/// `print(f(x))` without the printing.
fn unprint(call: &str) -> String {
    let file = PyFile::parse("", call);
    let found = children(file.root())
        .first()
        .and_then(|s| s.named_child(0))
        .filter(|n| n.kind() == "call");
    let inner = found
        .filter(|n| {
            n.child_by_field_name("function")
                .is_some_and(|f| file.text_of(f) == "print")
        })
        .and_then(|n| n.child_by_field_name("arguments"))
        .map(children);
    match inner.as_deref() {
        Some([only]) if only.kind() != "keyword_argument" && only.kind() != "list_splat" => {
            file.text_of(*only).to_owned()
        }
        _ => call.to_owned(),
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

/// What is called or has attributes may be imported; a plain lower-case value is what a function was given.
fn may_be_import(file: &PyFile, name: &str) -> bool {
    name.starts_with(char::is_uppercase)
        || descendants(file.root()).into_iter().any(|node| {
            let used = |field: &str| {
                node.child_by_field_name(field)
                    .is_some_and(|f| file.text_of(f) == name)
            };
            node.kind() == "call" && used("function")
                || node.kind() == "attribute" && used("object")
        })
}

/// The chain of calls from its lines alone: each function is rebuilt from the one line that is known of it, and its
/// parameters are the names that the line leaves open.
fn chain(
    frames: &[Frame],
    around: &[usize],
    known: &KnownFiles,
    project: &Project,
    near: &[String],
    variant: usize,
) -> Option<Script> {
    // A comprehension is a frame of its own (until Python 3.12), on the line of the function that holds it.
    let around: Vec<usize> = around
        .iter()
        .copied()
        .filter(|i| !frames[*i].function.starts_with('<') || frames[*i].function == "<module>")
        .collect();
    let mut script = Script {
        imports: Vec::new(),
        setup: Vec::new(),
        call: String::new(),
        fidelity: 1.0,
    };
    // The outermost frame that is complete in itself: all its names are known or importable.
    let names: Vec<&str> = around
        .iter()
        .map(|i| frames[*i].function.rsplit('.').next().unwrap_or_default())
        .collect();
    let start = around
        .iter()
        .rposition(|i| frames[*i].function == "<module>")
        .unwrap_or(0);
    for (n, &at) in around.iter().enumerate().skip(start) {
        let statement = unprint(&known.statement(&frames[at])?);
        let parsed = PyFile::parse("", &statement);
        let mut open = Vec::new();
        for name in free_names(&parsed, parsed.root()) {
            if names[n..].contains(&name.as_str()) {
                continue;
            }
            match may_be_import(&parsed, &name)
                .then(|| project.import_of(&name, near))
                .flatten()
            {
                Some(import) => {
                    if !script.imports.contains(&import) {
                        script.imports.push(import);
                    }
                }
                None => open.push(name),
            }
        }
        if n == start {
            if !open.is_empty() {
                return None;
            }
            script.call = statement;
            continue;
        }
        // How the line above calls this function.
        let above = PyFile::parse("", &unprint(&known.statement(&frames[around[n - 1]])?));
        let call = descendants(above.root()).into_iter().find(|c| {
            c.kind() == "call"
                && c.child_by_field_name("function")
                    .is_some_and(|f| above.text_of(f).rsplit('.').next() == Some(names[n]))
        })?;
        let arguments = children(call.child_by_field_name("arguments")?);
        let keywords: Vec<&str> = arguments
            .iter()
            .filter(|a| a.kind() == "keyword_argument")
            .filter_map(|a| a.child_by_field_name("name"))
            .map(|a| above.text_of(a))
            .collect();
        let given: Vec<&str> = arguments
            .iter()
            .filter(|a| a.kind() != "keyword_argument")
            .map(|a| above.text_of(*a))
            .collect();
        let n_positional = given.len();
        let mut left: Vec<String> = open
            .iter()
            .filter(|o| !keywords.contains(&o.as_str()))
            .cloned()
            .collect();
        if left.len() > n_positional {
            return None;
        }
        // `request["rows"]` is given for `rows`; what no name tells goes by order, in several variants.
        let mut slots: Vec<Option<String>> = given
            .iter()
            .map(|argument| {
                let at = left.iter().position(|name| {
                    argument
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| word == name)
                })?;
                Some(left.remove(at))
            })
            .collect();
        if left.len() > 1 {
            let shift = variant % left.len();
            left.rotate_left(shift);
        }
        for slot in slots.iter_mut().filter(|s| s.is_none()) {
            if !left.is_empty() {
                *slot = Some(left.remove(0));
            }
        }
        let mut positional: Vec<String> = slots.into_iter().flatten().collect();
        while positional.len() < n_positional {
            positional.push(format!("_{}", positional.len()));
        }
        positional.extend(keywords.iter().map(|k| (*k).to_owned()));
        let body = if parsed
            .root()
            .named_child(0)
            .is_some_and(|s| s.kind() == "expression_statement")
        {
            format!("return {statement}")
        } else {
            statement
        };
        let body = body.replace('\n', "\n    ");
        script.setup.push(format!(
            "def {}({}):\n    {body}\n",
            names[n],
            positional.join(", ")
        ));
    }
    (!script.call.is_empty()).then_some(script)
}

/// A function of the repository, called with the values that its parameters had at the crash.
fn direct(frame: &Frame, path: &str, project: &Project, reading: usize) -> Vec<Script> {
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
    let yields = super::source::own_descendants(function)
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
fn constructions(class: &str, project: &Project) -> Vec<String> {
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
