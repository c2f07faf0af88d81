//! Captured values, from the reprs that a logger wrote back to Python source. Nothing is evaluated.

use serde_json::Value;
use tree_sitter::Node;

use super::{
    project::is_identifier,
    source::{PyFile, children, descendants},
};

/// Longest repr that is read; longer ones were cut by every SDK that we know.
const MAX_REPR_BYTES: usize = 64 << 10;

/// Objects in one repr beyond which no further class is looked up: each look-up goes through the repository.
const MAX_OBJECTS: usize = 64;

/// A value as Python source, with the imports that the source needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) source: String,
    pub(crate) imports: Vec<String>,
}

/// Constructors whose repr is their call, and where they come from.
const CONSTRUCTORS: &[(&str, &str)] = &[
    ("datetime.datetime", "import datetime"),
    ("datetime.date", "import datetime"),
    ("datetime.time", "import datetime"),
    ("datetime.timedelta", "import datetime"),
    ("Decimal", "from decimal import Decimal"),
    ("Fraction", "from fractions import Fraction"),
    ("UUID", "from uuid import UUID"),
    ("OrderedDict", "from collections import OrderedDict"),
    ("Counter", "from collections import Counter"),
    ("deque", "from collections import deque"),
    ("PosixPath", "from pathlib import PosixPath"),
    ("set", ""),
    ("frozenset", ""),
    ("bytearray", ""),
    ("range", ""),
    ("slice", ""),
    ("defaultdict", "from collections import defaultdict"),
    (
        "namespace",
        "from types import SimpleNamespace as namespace",
    ),
    ("re.compile", "import re"),
    ("zoneinfo.ZoneInfo", "import zoneinfo"),
    ("datetime.timezone", "import datetime"),
    ("tzutc", "from dateutil.tz import tzutc"),
    ("IPv4Address", "from ipaddress import IPv4Address"),
    ("IPv6Address", "from ipaddress import IPv6Address"),
    ("IPv4Network", "from ipaddress import IPv4Network"),
    ("IPv6Network", "from ipaddress import IPv6Network"),
    ("array", "from array import array"),
];

/// Built-in types, which print as `<class 'list'>`.
const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "bytearray",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "set",
    "str",
    "tuple",
    "type",
];

/// Objects that print as `<generator object f at 0x7f>`, by how that begins, and one of their kind that holds nothing.
const EMPTY: &[(&str, &str, &str)] = &[
    ("<generator object ", "(_ for _ in ())", ""),
    ("<list_iterator object ", "iter([])", ""),
    ("<tuple_iterator object ", "iter(())", ""),
    ("<map object ", "map(str, ())", ""),
    ("<filter object ", "filter(None, ())", ""),
    ("<zip object ", "zip()", ""),
    ("<_io.StringIO object ", "io.StringIO()", "import io"),
    ("<_io.BytesIO object ", "io.BytesIO()", "import io"),
    ("<object object ", "object()", ""),
];

/// The statement that imports a class of the repository, by the class's name and the keywords of its call.
pub(crate) type Classes<'a> = &'a dyn Fn(&str, &[&str]) -> Option<String>;

/// The readings of a captured value, likeliest first; empty where it is an object that its repr does not rebuild.
///
/// SDKs write lists, tuples and sets alike and make every key a string, so some values have several readings.
pub(crate) fn readings(value: &Value) -> Vec<Literal> {
    readings_with(value, &|_, _| None)
}

/// Like [`readings`], with the classes whose repr is a call with keywords, as that of a dataclass is.
pub(crate) fn readings_with(value: &Value, classes: Classes<'_>) -> Vec<Literal> {
    let mut out: Vec<Literal> = Vec::new();
    for style in [Style::Plain, Style::Tuple, Style::NumericKeys, Style::Set] {
        if let Some(literal) = read(value, style, 0, classes)
            && !out.contains(&literal)
        {
            out.push(literal);
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Tuple,
    NumericKeys,
    Set,
}

fn read(value: &Value, style: Style, depth: usize, classes: Classes<'_>) -> Option<Literal> {
    if depth > 12 {
        return None;
    }
    let plain = |source: &str| {
        Some(Literal {
            source: source.to_owned(),
            imports: Vec::new(),
        })
    };
    match value {
        Value::Null => plain("None"),
        Value::Bool(true) => plain("True"),
        Value::Bool(false) => plain("False"),
        Value::Number(number) => plain(&number.to_string()),
        Value::String(text) => from_repr_with(text, classes),
        Value::Array(items) => {
            let mut imports = Vec::new();
            let mut parts = Vec::new();
            for item in items {
                let literal = read(item, style, depth + 1, classes)?;
                imports.extend(literal.imports);
                parts.push(literal.source);
            }
            let source = match style {
                Style::Tuple if depth == 0 && parts.len() == 1 => format!("({},)", parts[0]),
                Style::Tuple if depth == 0 => format!("({})", parts.join(", ")),
                Style::Set if depth == 0 && !parts.is_empty() => {
                    format!("{{{}}}", parts.join(", "))
                }
                _ => format!("[{}]", parts.join(", ")),
            };
            Some(Literal { source, imports })
        }
        Value::Object(map) => {
            let mut imports = Vec::new();
            let mut parts = Vec::new();
            for (key, item) in map {
                let literal = read(item, style, depth + 1, classes)?;
                imports.extend(literal.imports);
                let numeric = style == Style::NumericKeys && key.parse::<i64>().is_ok();
                // Some SDKs write a key's repr.
                let key = match from_repr(key) {
                    Some(repr) if numeric || key.starts_with(['\'', '"']) => repr.source,
                    _ => quote(key),
                };
                parts.push(format!("{key}: {}", literal.source));
            }
            Some(Literal {
                source: format!("{{{}}}", parts.join(", ")),
                imports,
            })
        }
    }
}

/// A Python string literal with the given content.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads a repr: a literal, or calls of the few constructors that print as themselves.
pub(crate) fn from_repr(text: &str) -> Option<Literal> {
    from_repr_with(text, &|_, _| None)
}

fn from_repr_with(text: &str, classes: Classes<'_>) -> Option<Literal> {
    if text.len() > MAX_REPR_BYTES {
        return None;
    }
    match text {
        "inf" | "nan" | "-inf" => {
            return Some(Literal {
                source: format!("float(\"{text}\")"),
                imports: Vec::new(),
            });
        }
        _ => {}
    }
    let file = PyFile::parse("", text);
    if file.has_error() {
        return shown_object(text, classes).or_else(|| {
            // `defaultdict(<class 'list'>, {})`
            let named = with_types_named(text).filter(|named| named != text)?;
            from_repr_with(&named, classes)
        });
    }
    // The grammar knows what Python 2 wrote between backticks.
    let is_old = |n: &Node<'_>| n.kind() == "string_start" && file.text_of(*n) == "`";
    if descendants(file.root()).iter().any(is_old) {
        return None;
    }
    let root = children(file.root());
    let [statement] = root.as_slice() else {
        return None;
    };
    let expression = (statement.kind() == "expression_statement")
        .then(|| statement.named_child(0))
        .flatten()
        // `1, f()` is a statement of two expressions.
        .filter(|e| e.byte_range() == statement.byte_range())?;
    let mut imports = Vec::new();
    is_made(&file, expression, &mut imports, classes).then(|| Literal {
        source: text.to_owned(),
        imports,
    })
}

/// A repr with `list` for each `<class 'list'>` in it.
fn with_types_named(text: &str) -> Option<String> {
    let mut parts = text.split("<class '");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once("'>")?;
        out.push_str(Some(name).filter(|name| TYPES.contains(name))?);
        out.push_str(rest);
    }
    Some(out)
}

/// What prints in angle brackets: a class, a member of an enumeration, an object that may as well be an empty one.
fn shown_object(text: &str, classes: Classes<'_>) -> Option<Literal> {
    let literal = |source: &str, import: String| {
        Some(Literal {
            source: source.to_owned(),
            imports: Some(import).filter(|i| !i.is_empty()).into_iter().collect(),
        })
    };
    if let Some((_, source, import)) = EMPTY.iter().find(|(start, ..)| text.starts_with(start)) {
        return literal(source, (*import).to_owned());
    }
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let is_name = |name: &str| !name.is_empty() && name.split('.').all(is_identifier);
    if let Some(path) = inner
        .strip_prefix("class '")
        .and_then(|c| c.strip_suffix('\''))
        .filter(|path| is_name(path))
    {
        return match path.rsplit_once('.') {
            None if TYPES.contains(&path) => literal(path, String::new()),
            Some((module, class)) if module != "__main__" => {
                literal(class, format!("from {module} import {class}"))
            }
            _ => None,
        };
    }
    // `<Color.RED: 1>`
    let (class, member) = inner.split_once(": ")?.0.split_once('.')?;
    let import = Some((class, member)).filter(|(c, m)| is_identifier(c) && is_identifier(m));
    let import = import.and_then(|(class, member)| classes(class, &[member]))?;
    literal(&format!("{class}.{member}"), import)
}

/// Whether an expression consists of literals (and self-printing constructors) alone.
pub(crate) fn is_literal(file: &PyFile, node: Node<'_>, imports: &mut Vec<String>) -> bool {
    is_made(file, node, imports, &|_, _| None)
}

fn is_made(file: &PyFile, node: Node<'_>, imports: &mut Vec<String>, classes: Classes<'_>) -> bool {
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        match node.kind() {
            "string" => {
                if children(node).iter().any(|c| c.kind() == "interpolation") {
                    return false;
                }
            }
            "integer" | "float" | "true" | "false" | "none" | "ellipsis" => {}
            "list"
            | "tuple"
            | "set"
            | "dictionary"
            | "pair"
            | "parenthesized_expression"
            | "concatenated_string"
            | "argument_list" => stack.extend(children(node)),
            "unary_operator" => stack.extend(node.child_by_field_name("argument")),
            "keyword_argument" => stack.extend(node.child_by_field_name("value")),
            "identifier" if TYPES.contains(&file.text_of(node)) => {}
            "attribute" if file.text_of(node) == "datetime.timezone.utc" => {
                imports.push("import datetime".to_owned())
            }
            "call" => {
                let Some((function, arguments)) = node
                    .child_by_field_name("function")
                    .zip(node.child_by_field_name("arguments"))
                else {
                    return false;
                };
                let name = file.text_of(function);
                let own = CONSTRUCTORS.iter().find(|(known, _)| *known == name);
                let import = own.map(|(_, import)| (*import).to_owned());
                let Some(import) = import.or_else(|| {
                    if imports.len() >= MAX_OBJECTS {
                        return None;
                    }
                    let keywords: Vec<&str> = children(arguments)
                        .into_iter()
                        .filter_map(|a| Some(file.text_of(a.child_by_field_name("name")?)))
                        .collect();
                    match name.rsplit_once('.') {
                        // `shop.cart.Cart(items=[])`
                        Some((module, class)) => Some(class)
                            .filter(|_| name.split('.').all(is_identifier))
                            .and_then(|class| classes(class, &keywords))
                            .map(|_| format!("import {module}")),
                        None => classes(name, &keywords),
                    }
                }) else {
                    return false;
                };
                if !import.is_empty() {
                    imports.push(import);
                }
                stack.push(arguments);
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let value = serde_json::from_str(json).unwrap();
        let found: Vec<_> = readings(&value).into_iter().map(|l| l.source).collect();
        assert_eq!(found.join(" | "), expected);
    }

    #[test]
    fn reprs_become_source() {
        check(r#""'a'""#, "'a'");
        check(r#""None""#, "None");
        check(r#""-1.5""#, "-1.5");
        check(r#"{"rows": ["1", "'x'"]}"#, r#"{"rows": [1, 'x']}"#);
        check(r#"["1"]"#, "[1] | (1,) | {1}");
        check(r#"{"1": "'a'"}"#, r#"{"1": 'a'} | {1: 'a'}"#);
        check(r#""Decimal('1.0')""#, "Decimal('1.0')");
        check(
            r#""defaultdict(<class 'list'>, {'a': [1]})""#,
            "defaultdict(list, {'a': [1]})",
        );
        check(r#""<class 'shop.cart.Cart'>""#, "Cart");
        check(
            r#""<generator object f.<locals>.<genexpr> at 0x7f>""#,
            "(_ for _ in ())",
        );
    }

    #[test]
    fn a_repr_that_calls_a_known_class_by_keywords_is_that_call() {
        let classes = |name: &str, keywords: &[&str]| {
            (name == "Guest" && keywords == ["name", "tags"]).then(|| "from m import Guest".into())
        };
        let read = |repr: &str| readings_with(&Value::from(repr), &classes).pop();
        let literal = read("[Guest(name='Bo', tags=(1,))]").unwrap();
        assert_eq!(literal.source, "[Guest(name='Bo', tags=(1,))]");
        assert_eq!(literal.imports, ["from m import Guest"]);
        assert_eq!(read("Guest('Bo', (1,))"), None);
        let classes = |name: &str, words: &[&str]| {
            (name == "Color" && words == ["RED"]).then(|| "from m import Color".into())
        };
        let member = readings_with(&Value::from("<Color.RED: 1>"), &classes).pop();
        assert_eq!(member.unwrap().source, "Color.RED");
        assert_eq!(read("Host(name='Bo', tags=1)"), None);
        assert_eq!(read("Guest(name='Bo', tags=os.getcwd())"), None);
        let dotted = read("m.Guest(name='Bo', tags=1)").unwrap();
        assert_eq!(dotted.imports, ["import m"]);
    }

    #[test]
    fn what_could_run_is_not_read() {
        check(r#""<X object at 0x7f>""#, "");
        check(r#""__import__('os').system('x')""#, "");
        check(r#""f'{x}'""#, "");
        check(r#""[x for x in y]""#, "");
        check(r#""datetime.datetime(2020, 1, os.system('x'))""#, "");
        check(r#""1, __import__('os').system('x')""#, "");
        check(r#""'cut off...""#, "");
    }
}
