//! Calls of the repository's own functions with values that nobody captured: guessed from how the function uses its
//! parameters, from the message, and from calls that tests and documents show.

use ingest::{ErrorEvent, Exception, Frame};
use tree_sitter::Node;

use super::{
    Script,
    direct::{Callee, passed},
    double::guessed,
    heard::heard,
};
use crate::{
    frames::Mapped,
    lang::python::{
        generate::{DICT_METHODS, LIST_METHODS, STR_METHODS},
        project::Project,
        source::{Parameter, ParameterKind, PyFile, children, descendants, own_descendants},
        values::{from_repr, is_literal, readings},
    },
};

/// Functions on the stack that are tried, innermost first.
const MAX_FUNCTIONS: usize = 4;
/// Scripts for one function.
const MAX_SCRIPTS: usize = 160;
/// Values tried for one parameter.
const MAX_VALUES: usize = 24;
/// Values of two parameters that are tried together.
const MAX_PAIRED: usize = 7;
/// A call with made-up values proves less than one with what was captured.
const GUESSED: f64 = 0.85;

/// Scripts for the traced exception of an event, by function from the innermost outwards.
pub(crate) fn guesses(event: &ErrorEvent, mapped: &[Mapped], project: &Project) -> Vec<Script> {
    let exception = event.traced();
    let mut out: Vec<Script> = Vec::new();
    if exception.type_name == "RecursionError" {
        return out;
    }
    let heard = heard(event, mapped);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (frame, mapped) in exception.frames.iter().zip(mapped).rev() {
        let Mapped::File(path) = mapped else { continue };
        let place = (path.as_str(), frame.function.as_str());
        if frame.function.starts_with('<') || seen.contains(&place) {
            continue;
        }
        seen.push(place);
        if seen.len() > MAX_FUNCTIONS {
            break;
        }
        if let Some(callee) = Callee::of(frame, path, project) {
            let callee = callee.given(&heard);
            out.extend(calls(&callee, frame, exception, project));
        }
    }
    out.extend(guessed(event, mapped, project));
    out
}

fn calls(
    callee: &Callee<'_>,
    frame: &Frame,
    exception: &Exception,
    project: &Project,
) -> Vec<Script> {
    let line = frame.line.and_then(|l| callee.file.line(l));
    let given: Vec<(&Parameter, Vec<String>)> = callee
        .parameters
        .iter()
        .filter(|p| match p.kind {
            ParameterKind::Args | ParameterKind::Kwargs => frame.locals.contains_key(&p.name),
            // What has a default matters where the crash is about it.
            _ => p.default.is_none() || line.is_some_and(|l| l.contains(&p.name)),
        })
        .map(|p| (p, values(callee, p, frame, exception, project)))
        .collect();
    let mut rows: Vec<Vec<usize>> = vec![vec![0; given.len()]];
    for (at, (_, values)) in given.iter().enumerate() {
        rows.extend((1..values.len()).map(|v| {
            let mut row = vec![0; given.len()];
            row[at] = v;
            row
        }));
    }
    for a in 0..given.len() {
        for b in a + 1..given.len() {
            for v in 1..given[a].1.len().min(MAX_PAIRED) {
                for w in 1..given[b].1.len().min(MAX_PAIRED) {
                    let mut row = vec![0; given.len()];
                    (row[a], row[b]) = (v, w);
                    rows.push(row);
                }
            }
        }
    }
    let mut out = Vec::new();
    for row in rows {
        // After one that is left out, others must be named.
        let mut named = false;
        let mut arguments = Vec::new();
        for parameter in &callee.parameters {
            let Some(at) = given.iter().position(|g| g.0.name == parameter.name) else {
                named = true;
                continue;
            };
            let value = &given[at].1[row[at]];
            arguments.push(match parameter.kind {
                ParameterKind::Plain if named => format!("{}={value}", parameter.name),
                _ => passed(parameter, value),
            });
        }
        out.extend(callee.called(&arguments.join(", "), &[], GUESSED));
        if out.len() >= MAX_SCRIPTS {
            break;
        }
    }
    out
}

/// Values for a parameter, likeliest first; never none.
fn values(
    callee: &Callee<'_>,
    parameter: &Parameter,
    frame: &Frame,
    exception: &Exception,
    project: &Project,
) -> Vec<String> {
    let known = frame.locals.get(&parameter.name).map(readings);
    if let Some(known) = known.filter(|k| !k.is_empty()) {
        let plain = known.into_iter().filter(|l| l.imports.is_empty());
        let sources: Vec<String> = plain.map(|l| l.source).take(3).collect();
        if !sources.is_empty() {
            return sources;
        }
    }
    let function = callee.function();
    let file = &callee.file;
    let mut out = callee.heard.to_vec();
    out.extend(shown(callee, parameter, project));
    let mut used = used(file, function, &parameter.name);
    // The first of a shape stands for it where others are varied.
    out.extend(used.first().cloned());
    out.extend(told(exception));
    out.extend(literals(file, function, frame.line));
    let shape = shape_of(&used);
    out.append(&mut used);
    out.extend(
        [
            "None",
            "\"\"",
            "\" \"",
            "\"a\"",
            "0",
            "1",
            "[]",
            "{}",
            "-1",
            "[None]",
            "[\"a\"]",
            "{\"a\": None}",
            "1.5",
            "True",
            "()",
            "b\"a\"",
        ]
        .map(str::to_owned),
    );
    let mut distinct: Vec<String> = Vec::new();
    for value in out {
        let fits =
            shape.is_none_or(|s| value.replacen('\'', "\"", 1).starts_with(s) || value == "None");
        if fits && !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct.truncate(MAX_VALUES);
    distinct
}

/// How each value must begin where a function uses a parameter in one way only.
fn shape_of(used: &[String]) -> Option<char> {
    let first = used.first()?.chars().next()?;
    let alone = used.iter().all(|v| v.starts_with(first));
    (alone && matches!(first, '{' | '"')).then_some(first)
}

/// What examples give for a parameter.
fn shown(callee: &Callee<'_>, parameter: &Parameter, project: &Project) -> Vec<String> {
    let file = &callee.file;
    let name = file.name_of(callee.function());
    let at = callee
        .parameters
        .iter()
        .position(|p| p.name == parameter.name);
    let needle = format!("{name}(");
    let mut out = Vec::new();
    for example in project.examples() {
        if out.len() >= 4 || name.starts_with("__") {
            break;
        }
        if !example.text.contains(&needle) {
            continue;
        }
        let example = example.program();
        for call in descendants(example.root()) {
            let is_call = call.kind() == "call"
                && call
                    .child_by_field_name("function")
                    .is_some_and(|f| example.text_of(f).rsplit('.').next() == Some(name));
            if !is_call || out.len() >= 4 {
                continue;
            }
            let arguments = call.child_by_field_name("arguments").map(children);
            let arguments = arguments.unwrap_or_default();
            let keyword = arguments.iter().find(|a| {
                a.kind() == "keyword_argument"
                    && a.child_by_field_name("name")
                        .is_some_and(|n| example.text_of(n) == parameter.name)
            });
            let value = match keyword {
                Some(keyword) => keyword.child_by_field_name("value"),
                None => at
                    .and_then(|at| arguments.get(at).copied())
                    .filter(|a| a.kind() != "keyword_argument"),
            };
            let value = value.filter(|v| is_literal(example, *v, &mut Vec::new()));
            if let Some(text) = value.map(|v| example.text_of(v).to_owned())
                && text.len() < 200
                && !out.contains(&text)
            {
                out.push(text);
            }
        }
    }
    out
}

/// Values of the shapes that a function takes a parameter, or another expression, for.
pub(super) fn used(file: &PyFile, function: Node<'_>, name: &str) -> Vec<String> {
    let mut keys: Vec<&str> = Vec::new();
    let mut out: Vec<&str> = Vec::new();
    let is_it = |node: Option<Node<'_>>| node.is_some_and(|n| file.text_of(n) == name);
    let strings = ["\"a\"", "\"\"", "\" \"", "\"a b\"", "\"1\"", "\"-\""];
    for node in own_descendants(function) {
        let field = |field: &str| node.child_by_field_name(field);
        match node.kind() {
            "attribute" if is_it(field("object")) => {
                let method = field("attribute").map_or("", |a| file.text_of(a));
                if STR_METHODS.contains(&method) {
                    out.extend(strings);
                } else if LIST_METHODS.contains(&method) {
                    out.extend(["[]", "[None]", "[\"a\"]"]);
                } else if DICT_METHODS.contains(&method) {
                    out.extend(["{}", "{\"a\": 1}", "{\"a\": None}"]);
                    let key = node
                        .parent()
                        .and_then(|p| p.child_by_field_name("arguments"))
                        .and_then(|a| a.named_child(0));
                    keys.extend(
                        key.filter(|k| k.kind() == "string")
                            .map(|k| file.text_of(k)),
                    );
                }
            }
            "subscript" if is_it(field("value")) => match field("subscript") {
                Some(key) if key.kind() == "string" => keys.push(file.text_of(key)),
                Some(key) if matches!(key.kind(), "integer" | "slice" | "unary_operator") => {
                    out.extend([
                        "[]",
                        "\"\"",
                        "[\"a\"]",
                        "\"a\"",
                        "[None, None]",
                        "\"-0\"",
                        "\"+0\"",
                    ]);
                }
                _ => out.extend(["{}", "[]"]),
            },
            "for_statement" | "for_in_clause" if is_it(field("right")) => {
                out.extend(["[]", "[None]", "[\"a\"]", "[1]", "[{}]", "{}"]);
            }
            "comparison_operator" => {
                let parts = children(node);
                if parts.iter().any(|p| is_it(Some(*p))) {
                    let simple = parts
                        .iter()
                        .filter(|p| matches!(p.kind(), "string" | "integer"));
                    out.extend(simple.map(|p| file.text_of(*p)));
                    out.extend(["None", "0", "1", "-1"]);
                }
            }
            "binary_operator" | "augmented_assignment"
                if is_it(field("left")) || is_it(field("right")) =>
            {
                out.extend(["0", "None", "1", "\"a\""]);
            }
            "call" => {
                let arguments = field("arguments").map(children).unwrap_or_default();
                let first = arguments.first().copied();
                match field("function").map_or("", |f| file.text_of(f)) {
                    "isinstance" if is_it(first) => {
                        let types = arguments.get(1).map_or("", |t| file.text_of(*t));
                        for (kind, value) in [
                            ("str", "\"a\""),
                            ("int", "1"),
                            ("dict", "{}"),
                            ("list", "[]"),
                            ("tuple", "()"),
                            ("float", "1.5"),
                            ("bytes", "b\"a\""),
                        ] {
                            if types.contains(kind) {
                                out.push(value);
                            }
                        }
                    }
                    "len" | "sum" | "max" | "min" | "sorted" | "list" if is_it(first) => {
                        out.extend(["[]", "\"\"", "[None]", "[1]"]);
                    }
                    "int" | "float" if is_it(first) => {
                        out.extend(["\"a\"", "\"\"", "None", "\"1\""])
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let mut all: Vec<String> = Vec::new();
    if !keys.is_empty() {
        keys.dedup();
        keys.truncate(5);
        let with = |value: &str, but: Option<&str>| {
            let pairs = keys.iter().filter(|k| Some(**k) != but);
            let pairs: Vec<String> = pairs.map(|k| format!("{k}: {value}")).collect();
            format!("{{{}}}", pairs.join(", "))
        };
        all.extend([with("\"a\"", None), "{}".to_owned(), with("None", None)]);
        all.extend(keys.iter().map(|k| with("\"a\"", Some(k))));
        all.push(with("[]", None));
    }
    all.extend(out.into_iter().map(str::to_owned));
    all
}

/// What a message says of the value that was wrong.
fn told(exception: &Exception) -> Vec<String> {
    let message = exception.message.as_str();
    let mut out: Vec<String> = Vec::new();
    let samples = [
        ("NoneType", "None"),
        ("'int'", "1"),
        ("'str'", "\"a\""),
        ("'list'", "[\"a\"]"),
        ("'dict'", "{\"a\": 1}"),
        ("'float'", "1.5"),
        ("'tuple'", "(\"a\",)"),
        ("'bytes'", "b\"a\""),
        ("'bool'", "True"),
        ("empty", "[]"),
    ];
    for (word, value) in samples {
        if message.contains(word) {
            out.push(value.to_owned());
        }
    }
    let of_type: &[&str] = match exception.type_name.as_str() {
        "KeyError" => &["{}"],
        "IndexError" => &["[]", "\"\"", "()"],
        "ZeroDivisionError" => &["0", "[]"],
        "UnicodeDecodeError" => &["b\"\\xff\""],
        "UnicodeEncodeError" => &["\"\\u00e9\"", "\"\\ud800\""],
        "ValueError" => &["\"\"", "\" \"", "\"x\"", "[]"],
        _ => &[],
    };
    out.extend(of_type.iter().map(|v| (*v).to_owned()));
    // `invalid literal for int() with base 10: '12 a'`, `'price'`: read as a literal, never evaluated.
    let key = (exception.type_name == "KeyError").then_some(message);
    let quoted = key.or(message.rsplit_once(": ").map(|m| m.1));
    let literal = quoted.filter(|q| q.len() < 200).and_then(from_repr);
    out.extend(literal.map(|l| l.source));
    out
}

/// Scripts that may get further than one that crashed too early or elsewhere, by what its error asks for.
pub(crate) fn refined(script: &Script, type_name: &str, message: &str) -> Vec<Script> {
    let call = PyFile::parse("", &script.call);
    let mut out = Vec::new();
    let mut with = |start: usize, end: usize, text: &str| {
        let mut new = script.clone();
        new.call.replace_range(start..end, text);
        out.push(new);
    };
    let nodes: Vec<Node<'_>> = descendants(call.root());
    match type_name {
        // A mapping lacks a key.
        "KeyError" if message.starts_with(['\'', '"']) && message.len() < 60 => {
            if from_repr(message).is_none() {
                return out;
            }
            for node in nodes.iter().filter(|n| n.kind() == "dictionary") {
                for value in ["\"a\"", "[]", "{}", "None", "1"] {
                    let more = if children(*node).is_empty() { "" } else { ", " };
                    let at = node.end_byte() - 1;
                    with(at, at, &format!("{more}{message}: {value}"));
                }
            }
        }
        // A value has too few items.
        "IndexError" => {
            for node in nodes
                .iter()
                .filter(|n| matches!(n.kind(), "list" | "string"))
            {
                let at = node.end_byte() - 1;
                let more = match (node.kind(), children(*node).is_empty()) {
                    ("string", _) => "a",
                    (_, true) => "\"a\"",
                    _ => ", \"a\"",
                };
                with(at, at, more);
            }
        }
        // A value has another type than its use asks for.
        "AttributeError" => {
            let method = message.rsplit('\'').nth(1).unwrap_or_default();
            let fitting: &[&str] = match method {
                m if STR_METHODS.contains(&m) => &["\"a\"", "\"\""],
                m if DICT_METHODS.contains(&m) => &["{}", "{\"a\": 1}"],
                m if LIST_METHODS.contains(&m) => &["[]"],
                _ => &[],
            };
            let kinds: &[&str] = match message.split('\'').nth(1).unwrap_or_default() {
                "NoneType" => &["none"],
                "str" => &["string"],
                "int" => &["integer"],
                "list" => &["list"],
                "dict" => &["dictionary"],
                _ => &[],
            };
            for node in nodes.iter().filter(|n| kinds.contains(&n.kind())) {
                for value in fitting {
                    with(node.start_byte(), node.end_byte(), value);
                }
            }
        }
        _ => {}
    }
    out
}

/// The strings that a function names: what it looks for, it may get, alone or in a list.
fn literals(file: &PyFile, function: Node<'_>, line: Option<u32>) -> Vec<String> {
    let mut out = Vec::new();
    let body = function.child_by_field_name("body");
    let mut nodes = body.map(own_descendants).unwrap_or_default();
    // The nearer to the crash, the likelier it has to do with it.
    nodes.sort_by_key(|n| file.line_of(n.start_byte()).abs_diff(line.unwrap_or(0)));
    for node in nodes {
        let in_docstring = node
            .parent()
            .is_some_and(|p| p.kind() == "expression_statement");
        let text = file.text_of(node);
        if node.kind() == "string"
            && !in_docstring
            && text.len() < 40
            && is_literal(file, node, &mut Vec::new())
        {
            for value in [
                text.to_owned(),
                format!("[{text}]"),
                format!("{{\"a\": [{text}]}}"),
            ] {
                if out.len() < 12 && !out.contains(&value) {
                    out.push(value);
                }
            }
        }
    }
    out
}
