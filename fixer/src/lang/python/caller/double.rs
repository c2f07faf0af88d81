//! The repository's own functions, called with stand-ins for the objects that a log shows only as `<book.Book object at
//! 0x…>`. What a stand-in gives is read from how the function uses it and from the locals that came of that.

use std::collections::BTreeMap;

use ingest::{ErrorEvent, Exception, Frame};
use serde_json::Value;
use tree_sitter::Node;

use super::{
    Script,
    direct::{Callee, passed},
    guess::used,
    receiver::Receiver,
};
use crate::{
    frames::Mapped,
    lang::python::{
        definition::functions_of,
        generate::{DICT_METHODS, LIST_METHODS, STR_METHODS},
        project::Project,
        source::{ParameterKind, PyFile, children, descendants, is_field, is_in},
    },
};

/// Functions on the stack that are tried, innermost first.
const MAX_FUNCTIONS: usize = 4;
/// Ways to read the captured values that are tried.
const MAX_READINGS: usize = 3;
/// Values tried for what nothing was captured of.
const MAX_GUESSES: usize = 6;
/// How deep stand-ins give stand-ins.
const MAX_DEPTH: usize = 4;
/// Values in the stand-ins of one script.
const MAX_PARTS: usize = 32;
/// Uses of one name that are looked at.
const MAX_USES: usize = 64;
/// A call with stand-ins proves less than one with what was really given.
const STAND_IN: f64 = 0.8;
/// One with stand-ins whose values are guessed proves still less.
const GUESSED: f64 = 0.7;
/// What can be called with anything.
const LAMBDA: &str = "lambda *args, **kwargs: ";

/// Scripts whose stand-ins give what was captured.
pub(super) fn captured(event: &ErrorEvent, mapped: &[Mapped], project: &Project) -> Vec<Script> {
    let readings = (0..MAX_READINGS).map(|reading| Way {
        reading,
        ..Way::default()
    });
    doubled(
        event.traced(),
        mapped,
        project,
        &readings.collect::<Vec<_>>(),
        true,
    )
}

/// Scripts whose stand-ins give what was captured, and guesses for the rest; first what the message says was given.
pub(super) fn guessed(event: &ErrorEvent, mapped: &[Mapped], project: &Project) -> Vec<Script> {
    let told = wrong(&event.traced().message).map(|_| Way {
        gives_wrong: true,
        ..Way::default()
    });
    let guesses = (0..MAX_GUESSES).map(|guess| Way {
        guess,
        ..Way::default()
    });
    let ways: Vec<Way> = told.into_iter().chain(guesses).collect();
    doubled(event.traced(), mapped, project, &ways, false)
}

/// One way to fill in stand-ins.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// Which reading of captured values.
    reading: usize,
    /// Which guess for what was not captured.
    guess: usize,
    /// Whether what has the attribute that the message misses is of the kind that the message names.
    gives_wrong: bool,
}

/// Of a message that an object has no attribute, the attribute and a value of the object's type.
fn wrong(message: &str) -> Option<(&str, &'static str)> {
    let (kind, attribute) = message
        .strip_prefix('\'')?
        .split_once("' object has no attribute '")?;
    let value = match kind {
        "NoneType" => "None",
        "str" => "\"a\"",
        "int" => "1",
        "float" => "1.5",
        "bool" => "True",
        "bytes" => "b\"a\"",
        "list" => "[]",
        "tuple" => "()",
        "dict" => "{}",
        _ => return None,
    };
    Some((attribute.split('\'').next()?, value))
}

fn doubled(
    exception: &Exception,
    mapped: &[Mapped],
    project: &Project,
    ways: &[Way],
    needs_locals: bool,
) -> Vec<Script> {
    let frames = &exception.frames;
    let fidelity = if needs_locals { STAND_IN } else { GUESSED };
    let mut out: Vec<Script> = Vec::new();
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (at, frame) in frames.iter().enumerate().rev() {
        let Some(Mapped::File(path)) = mapped.get(at) else {
            continue;
        };
        let Some(callee) = Callee::of(frame, path, project) else {
            continue;
        };
        let function = callee.function();
        let place = (path.as_str(), function.start_byte());
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        if seen.len() > MAX_FUNCTIONS {
            break;
        }
        let locals = locals(&frames[..=at], &callee.file, function);
        if needs_locals && locals.is_empty() {
            continue;
        }
        for &way in ways {
            let mut cast = Cast {
                callee: &callee,
                file: &callee.file,
                function,
                locals: &locals,
                message: &exception.message,
                way,
                imports: Vec::new(),
                setup: Vec::new(),
                n_parts: 0,
            };
            let scripts = cast.scripts(fidelity).unwrap_or_default();
            for script in scripts {
                if !out.contains(&script) {
                    out.push(script);
                }
            }
        }
    }
    out
}

/// The locals of a function, with those of its comprehensions, which are frames of their own until Python 3.12.
fn locals<'a>(
    frames: &'a [Frame],
    file: &PyFile,
    function: Node<'_>,
) -> BTreeMap<&'a str, &'a Value> {
    let mut out = BTreeMap::new();
    for frame in frames.iter().rev() {
        let around = frame.line.and_then(|line| file.function_at(line));
        if around.is_none_or(|f| f.id() != function.id()) {
            break;
        }
        for (name, value) in &frame.locals {
            out.entry(name.as_str()).or_insert(value);
        }
        if !frame
            .function
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .starts_with('<')
        {
            break;
        }
    }
    out
}

/// What the value of an expression becomes.
enum Binding<'t> {
    /// It is assigned to this.
    Is(Node<'t>),
    /// Its items are, one by one.
    Each(Node<'t>),
}

/// The stand-ins for one call of a function.
struct Cast<'a> {
    callee: &'a Callee<'a>,
    file: &'a PyFile,
    function: Node<'a>,
    locals: &'a BTreeMap<&'a str, &'a Value>,
    message: &'a str,
    way: Way,
    imports: Vec<String>,
    setup: Vec<String>,
    n_parts: usize,
}

impl<'a> Cast<'a> {
    /// None where nothing needs a stand-in.
    fn scripts(&mut self, fidelity: f64) -> Option<Vec<Script>> {
        let callee = self.callee;
        let mut arguments = Vec::new();
        let mut named = false;
        for parameter in &callee.parameters {
            let name = parameter.name.as_str();
            let is_rest = matches!(parameter.kind, ParameterKind::Args | ParameterKind::Kwargs);
            let source = match self.literal(name) {
                Some(source) => source,
                None if is_rest => continue,
                None => {
                    let uses = self.uses_of(name);
                    let is_opaque = self.locals.contains_key(name);
                    match self.stand_in(&uses, is_opaque, 0) {
                        Some(source) => self.named(name, source),
                        None if parameter.default.is_some() => {
                            named = true;
                            continue;
                        }
                        None => self.guessed(&uses, &["\"a\"", "None", "1", "[]"]),
                    }
                }
            };
            arguments.push(match parameter.kind {
                ParameterKind::Plain if named => format!("{name}={source}"),
                _ => passed(parameter, &source),
            });
        }
        let receivers: Vec<Receiver> = self.receiver().into_iter().collect();
        if self.n_parts == 0 {
            return None;
        }
        let arguments = arguments.join(", ");
        let mut scripts = callee.called_on(|| &receivers, 1.0, &arguments, &self.imports, fidelity);
        for script in &mut scripts {
            script.setup = self.setup.iter().chain(&script.setup).cloned().collect();
            script.imports.sort();
            script.imports.dedup();
        }
        Some(scripts)
    }

    /// The object whose method it is, made by its constructor.
    fn receiver(&mut self) -> Option<Receiver> {
        let class = self.file.class_of(self.function)?;
        let class_name = self.file.name_of(class);
        if let Some(object) = self.literal("self") {
            return Some(Receiver {
                imports: Vec::new(),
                setup: Vec::new(),
                object,
            });
        }
        let mut arguments = Vec::new();
        for (parameter, kept) in self.required(class) {
            let uses = match &kept {
                Some(attribute) => self.uses_of_own(class, attribute),
                None => Vec::new(),
            };
            let value = match self.stand_in(&uses, false, 0) {
                Some(source) => self.named(&parameter, source),
                None => self.guessed(&uses, &["\"a\"", "None", "1", "[]"]),
            };
            arguments.push(value);
        }
        let made = format!("{class_name}({})", arguments.join(", "));
        let name = class_name.to_lowercase();
        let (setup, object) = match arguments.is_empty() || self.callee.is_parameter(&name) {
            true => (Vec::new(), made),
            false => (vec![format!("{name} = {made}")], name),
        };
        Some(Receiver {
            imports: vec![format!("from {} import {class_name}", self.callee.module)],
            setup,
            object,
        })
    }

    /// What a class's constructor must be given, each with the attribute that keeps it.
    fn required(&self, class: Node<'a>) -> Vec<(String, Option<String>)> {
        let body = class.child_by_field_name("body").map(children);
        let body = body.unwrap_or_default();
        let Some(constructor) = functions_of(class)
            .into_iter()
            .find(|m| self.file.name_of(*m) == "__init__")
        else {
            // A dataclass: the fields without a default.
            let fields = body.into_iter().filter_map(|statement| {
                let field = statement
                    .named_child(0)
                    .filter(|n| n.kind() == "assignment")?;
                let is_bare = field.child_by_field_name("right").is_none()
                    && field.child_by_field_name("type").is_some();
                let name = field.child_by_field_name("left").filter(|_| is_bare)?;
                let name = self.file.text_of(name).to_owned();
                Some((name.clone(), Some(name)))
            });
            return fields.collect();
        };
        let assignments: Vec<(&str, &str)> = descendants(constructor)
            .into_iter()
            .filter(|n| n.kind() == "assignment")
            .filter_map(|n| {
                let left = n.child_by_field_name("left")?;
                let right = n.child_by_field_name("right")?;
                let attribute = self.file.text_of(left).strip_prefix("self.")?;
                Some((self.file.text_of(right), attribute))
            })
            .collect();
        let parameters = self.file.parameters(constructor).into_iter().skip(1);
        parameters
            .filter(|p| p.default.is_none() && p.kind == ParameterKind::Plain)
            .map(|p| {
                let kept = assignments.iter().find(|(value, _)| *value == p.name);
                let kept = kept.map(|(_, attribute)| (*attribute).to_owned());
                (p.name, kept)
            })
            .collect()
    }

    /// A stand-in under a name where it is long, else as it is.
    fn named(&mut self, name: &str, source: String) -> String {
        if !source.starts_with("SimpleNamespace") {
            return source;
        }
        self.setup.push(format!("{name} = {source}"));
        name.to_owned()
    }

    /// A captured value that can be read.
    fn literal(&mut self, name: &str) -> Option<String> {
        let readings = self.callee.readings(self.locals.get(name)?);
        let literal = readings.get(self.way.reading).or(readings.first())?;
        self.imports.extend(literal.imports.iter().cloned());
        Some(literal.source.clone())
    }

    /// Where the function reads a name.
    fn uses_of(&self, name: &str) -> Vec<Node<'a>> {
        let is_use = |n: &Node<'_>| {
            n.kind() == "identifier"
                && self.file.text_of(*n) == name
                && !["attribute", "name", "left"]
                    .iter()
                    .any(|field| is_field(*n, field))
        };
        let body = self.function.child_by_field_name("body");
        let all = body.map(descendants).unwrap_or_default().into_iter();
        all.filter(is_use).take(MAX_USES).collect()
    }

    /// Where methods read an attribute of their object: the function itself and what it calls on the object, else all.
    fn uses_of_own(&self, class: Node<'a>, attribute: &str) -> Vec<Node<'a>> {
        let name = format!("self.{attribute}");
        let all: Vec<Node<'a>> = functions_of(class);
        let mut reached = vec![self.function];
        let mut at = 0;
        while at < reached.len() {
            let text = self.file.text_of(reached[at]);
            let called = |m: &&Node<'_>| {
                text.contains(&format!("self.{}", self.file.name_of(**m)))
                    && reached.iter().all(|r| r.id() != m.id())
            };
            let more: Vec<Node<'a>> = all.iter().filter(called).copied().collect();
            reached.extend(more);
            at += 1;
        }
        let uses = |methods: &[Node<'a>]| -> Vec<Node<'a>> {
            let nodes = methods.iter().flat_map(|m| descendants(*m));
            nodes
                .filter(|n| n.kind() == "attribute" && self.file.text_of(*n) == name)
                .filter(|n| !is_target(*n))
                .take(MAX_USES)
                .collect()
        };
        let near = uses(&reached);
        if near.is_empty() { uses(&all) } else { near }
    }

    /// An object or function that is used so; none for plain data.
    fn stand_in(&mut self, uses: &[Node<'a>], is_opaque: bool, depth: usize) -> Option<String> {
        let file = self.file;
        let mut members: Vec<(&str, Vec<Node<'a>>)> = Vec::new();
        let mut calls = Vec::new();
        for node in uses {
            let Some(parent) = node.parent() else {
                continue;
            };
            let is = |field: &str| is_field(*node, field);
            match parent.kind() {
                "subscript" if is("value") => return None,
                "call" if is("function") => calls.push(parent),
                "attribute" if is("object") && !is_target(parent) => {
                    let name = parent.child_by_field_name("attribute");
                    let name = name.map_or("", |n| file.text_of(n));
                    match members.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, nodes)) => nodes.push(parent),
                        None => members.push((name, vec![parent])),
                    }
                }
                _ => {}
            }
        }
        let wrong = wrong(self.message).filter(|_| self.way.gives_wrong && depth > 0);
        if let Some((attribute, value)) = wrong
            && members.iter().any(|(name, _)| *name == attribute)
        {
            return Some(value.to_owned());
        }
        let is_plain = |name: &str| {
            [STR_METHODS, LIST_METHODS, DICT_METHODS]
                .iter()
                .any(|methods| methods.contains(&name))
        };
        let gives_known = |nodes: &[Node<'a>]| {
            let calls = nodes.iter().filter_map(|n| n.parent());
            let mut bindings = calls.filter_map(|call| self.binding(call));
            bindings.any(|(Binding::Is(to) | Binding::Each(to))| {
                self.locals.contains_key(file.text_of(to))
            })
        };
        let is_data = |(name, nodes): &(&str, Vec<Node<'a>>)| is_plain(name) && !gives_known(nodes);
        if !is_opaque && !members.is_empty() && members.iter().all(is_data) {
            return None;
        }
        if !members.is_empty() {
            self.imports
                .push("from types import SimpleNamespace".to_owned());
            let parts: Vec<String> = members
                .iter()
                .map(|(name, nodes)| format!("{name}={}", self.value(nodes, depth + 1)))
                .collect();
            return Some(format!("SimpleNamespace({})", parts.join(", ")));
        }
        (!calls.is_empty()).then(|| format!("{LAMBDA}{}", self.value(&calls, depth + 1)))
    }

    /// The value of an expression that stands at some places.
    fn value(&mut self, nodes: &[Node<'a>], depth: usize) -> String {
        self.n_parts += 1;
        if depth > MAX_DEPTH || self.n_parts > MAX_PARTS {
            return "None".to_owned();
        }
        let mut nodes = nodes.to_vec();
        let bindings: Vec<Binding<'a>> = nodes.iter().filter_map(|n| self.binding(*n)).collect();
        for binding in &bindings {
            let known = match binding {
                Binding::Is(target) => self.target(*target),
                Binding::Each(target) => self.target(*target).map(|item| format!("[{item}]")),
            };
            if let Some(known) = known {
                return known;
            }
        }
        for binding in bindings {
            match binding {
                Binding::Each(item) if item.kind() == "identifier" => {
                    let uses = self.uses_of(self.file.text_of(item));
                    return format!("[{}]", self.value(&uses, depth + 1));
                }
                Binding::Is(local) if local.kind() == "identifier" => {
                    nodes.extend(self.uses_of(self.file.text_of(local)));
                }
                _ => {}
            }
        }
        let stand_in = self.stand_in(&nodes, false, depth);
        stand_in.unwrap_or_else(|| self.guessed(&nodes, &["None", "True", "\"a\""]))
    }

    /// What the value of an expression of the function becomes.
    fn binding(&self, node: Node<'a>) -> Option<Binding<'a>> {
        const SAME_ITEMS: &[&str] = &["sorted", "list", "tuple", "reversed", "iter"];
        if !is_in(node, Some(self.function)) {
            return None;
        }
        let mut node = node;
        let mut parent = node.parent()?;
        loop {
            let is_same = match parent.kind() {
                "parenthesized_expression" => true,
                "argument_list" => parent.parent().is_some_and(|call| {
                    let function = call.child_by_field_name("function");
                    function.is_some_and(|f| SAME_ITEMS.contains(&self.file.text_of(f)))
                }),
                "call" => is_field(node, "arguments"),
                _ => false,
            };
            if !is_same {
                break;
            }
            (node, parent) = (parent, parent.parent()?);
        }
        let is = |field: &str| is_field(node, field);
        match parent.kind() {
            "for_statement" | "for_in_clause" if is("right") => {
                parent.child_by_field_name("left").map(Binding::Each)
            }
            "assignment" if is("right") => parent.child_by_field_name("left").map(Binding::Is),
            "named_expression" if is("value") => {
                parent.child_by_field_name("name").map(Binding::Is)
            }
            _ => None,
        }
    }

    /// The captured value of a name, or of several that are bound together.
    fn target(&mut self, target: Node<'a>) -> Option<String> {
        match target.kind() {
            "identifier" => self.literal(self.file.text_of(target)),
            "pattern_list" | "tuple_pattern" => {
                let parts = children(target).into_iter();
                let parts: Option<Vec<String>> = parts
                    .map(|part| self.literal(self.file.text_of(part)))
                    .collect();
                Some(format!("({})", parts?.join(", ")))
            }
            _ => None,
        }
    }

    /// A value of the shape that some places use: this script's, of several.
    fn guessed(&self, nodes: &[Node<'a>], else_: &[&str]) -> String {
        let mut names: Vec<&str> = nodes.iter().map(|n| self.file.text_of(*n)).collect();
        names.dedup();
        let values = names.into_iter().take(4);
        let mut values: Vec<String> = values
            .flat_map(|name| used(self.file, self.function, name))
            .collect();
        // A record without the key that was missing, rather than one with it, or an empty one.
        let key = self.message.trim_matches(['\'', '"']);
        values.sort_by_key(|v| v == "{}" || !key.is_empty() && v.contains(key));
        values.extend(else_.iter().map(|v| (*v).to_owned()));
        values.get(self.way.guess).unwrap_or(&values[0]).clone()
    }
}

/// Whether an expression is what is assigned to.
fn is_target(node: Node<'_>) -> bool {
    is_field(node, "left") && node.parent().is_some_and(|p| p.kind() == "assignment")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Policy, git::TreeEntry};

    const TEXT: &str = "\
from dataclasses import dataclass


@dataclass
class Guest:
    name: str
    until: int


def late(book, day, since=None):
    return [g.name for g in sorted(book.find(day, since)) if g.until > day]


def total(store, key):
    row = store.rows.get(key)
    store.seen = key
    return row['n'] + store.extra


def of_text(text):
    return text.strip().missing


class Job:
    def __init__(self, book, secret, send, retries=3):
        self._book = book
        self.secret = secret
        self.send = send

    def run(self, now):
        for guest in self._book.expected(now):
            self.tell(guest)

    def tell(self, guest):
        self.send(guest.name)


def price(soup):
    box = soup.find('div')
    reduced = box.find('b')
    if reduced is not None:
        return reduced.get_text()
    return box.find('i').get_text()
";

    /// Checks the first script of a crash whose innermost frames are these: line, function, locals.
    #[track_caller]
    fn check(frames: &[(u32, &str, Value)], expected: &str) {
        check_way(frames, "'until'", Way::default(), expected);
    }

    #[track_caller]
    fn check_way(frames: &[(u32, &str, Value)], message: &str, way: Way, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("inn.py"), TEXT).unwrap();
        let entry = TreeEntry {
            mode: "100644".to_owned(),
            blob: String::new(),
            path: "inn.py".to_owned(),
        };
        let tree = folder.path().to_path_buf();
        let mut project = Project::new(tree, vec![entry], None, &Policy::default());
        project.roots = vec![String::new()];
        let frames = frames.iter().map(|(line, function, locals)| Frame {
            line: Some(*line),
            function: (*function).to_owned(),
            locals: serde_json::from_value(locals.clone()).unwrap(),
            ..Frame::default()
        });
        let exception = Exception {
            frames: frames.collect(),
            message: message.to_owned(),
            ..Exception::default()
        };
        let mapped = vec![Mapped::File("inn.py".to_owned()); exception.frames.len()];
        let scripts = doubled(&exception, &mapped, &project, &[way], false);
        let text = scripts.first().map(Script::text).unwrap_or_default();
        assert_eq!(text.trim_end(), expected);
    }

    #[test]
    fn what_was_iterated_is_given() {
        let outer = (
            11,
            "late",
            json!({"book": "<inn.Book object at 0x7f>", "day": "5", "since": "None"}),
        );
        let inner = (
            11,
            "<listcomp>",
            json!({"g": "Guest(name='Bo', until=None)"}),
        );
        check(
            &[outer, inner],
            "from inn import Guest\nfrom inn import late\nfrom types import SimpleNamespace\n\
             book = SimpleNamespace(find=lambda *args, **kwargs: [Guest(name='Bo', until=None)])\n\
             late(book, 5, None)",
        );
    }

    #[test]
    fn what_was_assigned_is_given() {
        let locals = json!({"store": "<S object at 0x7f>", "key": "'a'", "row": {"n": "None"}});
        check(
            &[(17, "total", locals)],
            "from inn import total\nfrom types import SimpleNamespace\n\
             store = SimpleNamespace(rows=SimpleNamespace(get=lambda *args, **kwargs: {\"n\": None}), extra=0)\n\
             total(store, 'a')",
        );
    }

    #[test]
    fn a_constructor_gets_what_the_class_uses() {
        let locals = json!({"self": "<inn.Job object at 0x7f>", "now": "5", "guest": "'Bo'"});
        check(
            &[(32, "run", locals)],
            "from inn import Job\nfrom types import SimpleNamespace\n\
             book = SimpleNamespace(expected=lambda *args, **kwargs: ['Bo'])\n\
             job = Job(book, \"a\", lambda *args, **kwargs: None)\njob.run(5)",
        );
    }

    #[test]
    fn what_the_message_says_was_given_is() {
        let message = "'NoneType' object has no attribute 'get_text'";
        let way = Way {
            gives_wrong: true,
            ..Way::default()
        };
        check_way(
            &[(43, "price", json!({}))],
            message,
            way,
            "from inn import price\nfrom types import SimpleNamespace\n\
             soup = SimpleNamespace(find=lambda *args, **kwargs: SimpleNamespace(find=lambda *args, **kwargs: None))\n\
             price(soup)",
        );
        assert_eq!(wrong("'Null' object has no attribute 'a'"), None);
    }

    #[test]
    fn plain_data_and_unread_classes_need_no_stand_in() {
        check(&[(21, "of_text", json!({"text": "'a'"}))], "");
        check(&[(1, "<module>", json!({}))], "");
    }
}
