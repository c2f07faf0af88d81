//! Inputs beside the crashing one: each differs from it in one literal.

use std::ops::Range;

use tree_sitter::Node;

use super::{
    caller::Script,
    source::{PyFile, ancestors, children, descendants, is_field},
};

/// At most so many for one script.
const MAX_NEIGHBOURS: usize = 48;

/// Scripts that differ from the given one in one literal of its values.
pub(crate) fn neighbours(script: &Script) -> Vec<Script> {
    changed(script, variants)
}

/// Smaller scripts: a list's half, or a list without one item. A mapping without a key would be another record, a shorter
/// string another word, and an empty list an input that code may fail on for a reason of its own.
pub(crate) fn reductions(script: &Script) -> Vec<Script> {
    changed(script, |file, node| {
        let items = children(node);
        let mut out = Vec::new();
        if node.kind() == "list" && items.len() > 1 {
            let half = items.len() / 2;
            out.push((
                items[half].start_byte()..items[items.len() - 1].end_byte(),
                String::new(),
            ));
            out.push((
                items[0].start_byte()..items[half].start_byte(),
                String::new(),
            ));
            out.extend(
                variants(file, node)
                    .into_iter()
                    .filter(|(_, text)| text.is_empty()),
            );
        }
        out
    })
}

/// A literal replaced: which part of the script (the call comes last), where in it, by what.
#[derive(Debug, Clone)]
pub(crate) struct Replacement {
    part: usize,
    range: Range<usize>,
    text: String,
}

impl Replacement {
    pub(crate) fn new(part: usize, range: Range<usize>, text: String) -> Self {
        Self { part, range, text }
    }

    /// The same place with another text.
    pub(crate) fn with(&self, text: String) -> Self {
        Self::new(self.part, self.range.clone(), text)
    }
}

/// Synthetic literals of the same kind for those of the values: no captured value is published that is not needed.
pub(crate) fn synthetic(script: &Script) -> Vec<Replacement> {
    const TEXTS: &[&str] = &["\"a\"", "\"abc\"", "\"a b\""];
    const NUMBERS: &[&str] = &["1", "2", "7"];
    let mut out = Vec::new();
    for (part, text) in parts(script).into_iter().enumerate() {
        let file = PyFile::parse("", text);
        for node in descendants(file.root()) {
            // What the program looks up or defines is its own; values are what it was given.
            let own = ancestors(node).any(|n| {
                matches!(n.kind(), "function_definition" | "class_definition")
                    || n.kind() == "subscript"
                        && n.child_by_field_name("subscript")
                            .is_some_and(|s| s.byte_range().contains(&node.start_byte()))
            });
            let new = match (node.kind(), file.text_of(node)) {
                _ if own => continue,
                (_, text)
                    if TEXTS.contains(&text)
                        || NUMBERS.contains(&text)
                        || variants(&file, node).is_empty() =>
                {
                    continue;
                }
                ("string", text) if text.len() > 3 && text.starts_with(['"', '\'']) => TEXTS,
                ("integer", text) if text.len() > 1 => NUMBERS,
                ("float", _) => &["1.5"],
                _ => continue,
            };
            out.extend(new.iter().map(|n| Replacement {
                part,
                range: node.byte_range(),
                text: (*n).to_owned(),
            }));
        }
    }
    out
}

/// A script with some literals replaced; of several replacements of one literal the first counts.
pub(crate) fn replaced(script: &Script, replacements: &[&Replacement]) -> Script {
    let mut chosen: Vec<&Replacement> = Vec::new();
    for new in replacements {
        if !chosen
            .iter()
            .any(|c| c.part == new.part && c.range == new.range)
        {
            chosen.push(new);
        }
    }
    chosen.sort_by_key(|c| std::cmp::Reverse(c.range.start));
    let mut out = script.clone();
    for new in chosen {
        let part = if new.part < out.setup.len() {
            &mut out.setup[new.part]
        } else {
            &mut out.call
        };
        part.replace_range(new.range.clone(), &new.text);
    }
    out
}

fn parts(script: &Script) -> Vec<&String> {
    script.setup.iter().chain([&script.call]).collect()
}

fn changed(
    script: &Script,
    variants: impl Fn(&PyFile, Node<'_>) -> Vec<(Range<usize>, String)>,
) -> Vec<Script> {
    let mut by_literal: Vec<Vec<Script>> = Vec::new();
    for (part, text) in parts(script).into_iter().enumerate() {
        let file = PyFile::parse("", text);
        for node in descendants(file.root()) {
            let changed: Vec<Script> = variants(&file, node)
                .into_iter()
                .map(|(range, text)| replaced(script, &[&Replacement { part, range, text }]))
                .collect();
            if !changed.is_empty() {
                by_literal.push(changed);
            }
        }
    }
    // The first variant of every literal before the second of any.
    let mut out = Vec::new();
    let longest = by_literal.iter().map(Vec::len).max().unwrap_or(0);
    for n in 0..longest {
        for literal in &by_literal {
            if let Some(script) = literal.get(n).filter(|s| !out.contains(*s)) {
                out.push(script.clone());
            }
        }
    }
    out.truncate(MAX_NEIGHBOURS);
    out
}

fn variants(file: &PyFile, node: Node<'_>) -> Vec<(Range<usize>, String)> {
    let range = node.byte_range();
    let text = file.text_of(node);
    let is_key = is_field(node, "key") && node.parent().is_some_and(|p| p.kind() == "pair");
    let is_docstring = node
        .parent()
        .is_some_and(|p| p.kind() == "expression_statement");
    let in_definition = ancestors(node).any(|n| {
        matches!(
            n.kind(),
            "import_statement" | "import_from_statement" | "decorator"
        )
    });
    if is_key
        || is_docstring
        || in_definition
        || ancestors(node).skip(1).any(|n| n.kind() == "string")
    {
        return Vec::new();
    }
    let with = |texts: &[&str]| {
        texts
            .iter()
            .map(|t| (range.clone(), (*t).to_owned()))
            .collect::<Vec<_>>()
    };
    match node.kind() {
        "string" if !text.starts_with(['f', 'F']) => {
            let content = children(node)
                .into_iter()
                .find(|c| c.kind() == "string_content")
                .map_or("", |c| file.text_of(c));
            let quote = if text.contains('\'') { '\'' } else { '"' };
            let prefix: String = text
                .chars()
                .take_while(|c| c.is_ascii_alphabetic())
                .collect();
            let mut out = vec![
                format!("{prefix}{quote}a{quote}"),
                format!("{prefix}{quote}12{quote}"),
                format!("{prefix}{quote}{quote}"),
            ];
            if content.is_ascii() && content.len() > 1 && !content.contains('\\') {
                out.push(format!(
                    "{prefix}{quote}{}{quote}",
                    &content[..content.len() - 1]
                ));
                out.push(format!("{prefix}{quote}{}{quote}", &content[1..]));
                out.push(format!("{prefix}{quote}{content}a{quote}"));
                // What stands inside a text: another number, another word, a part left out.
                let digits = |n: &str| {
                    content
                        .chars()
                        .map(|c| {
                            if c.is_ascii_digit() {
                                n.to_owned()
                            } else {
                                c.to_string()
                            }
                        })
                        .collect::<String>()
                };
                if content.contains(|c: char| c.is_ascii_digit()) {
                    out.extend(
                        ["3", "0", "12"].map(|n| format!("{prefix}{quote}{}{quote}", digits(n))),
                    );
                }
                for (at, c) in content
                    .char_indices()
                    .filter(|(_, c)| !c.is_alphanumeric())
                    .take(6)
                {
                    out.push(format!(
                        "{prefix}{quote}{}{}{quote}",
                        &content[..at],
                        &content[at + c.len_utf8()..]
                    ));
                }
                if let Some((at, c)) = content.char_indices().find(|(_, c)| c.is_alphabetic()) {
                    out.push(format!(
                        "{prefix}{quote}{}zz{}{quote}",
                        &content[..at],
                        &content[at + c.len_utf8()..]
                    ));
                }
            }
            out.push("None".to_owned());
            out.into_iter().map(|t| (range.clone(), t)).collect()
        }
        "integer" => {
            let n = text.parse::<i64>().unwrap_or(7);
            if n > 1000 {
                with(&["1", "0"])
            } else {
                vec![
                    (range.clone(), (n + 1).to_string()),
                    (range.clone(), "0".into()),
                    (range.clone(), "3".into()),
                    (range, "-1".into()),
                ]
            }
        }
        "float" => with(&["1.5", "0.0"]),
        "none" => with(&["\"a\"", "1", "\"\"", "0", "[1]", "{\"a\": 1}"]),
        "true" => with(&["False"]),
        "false" => with(&["True"]),
        "list" | "tuple" | "dictionary" => {
            let items = children(node);
            let mut out = Vec::new();
            for (n, item) in items.iter().enumerate().take(6) {
                if items.len() > 1 && (node.kind() != "tuple" || items.len() > 2) {
                    let cut = if n + 1 < items.len() {
                        item.start_byte()..items[n + 1].start_byte()
                    } else {
                        items[n - 1].end_byte()..item.end_byte()
                    };
                    out.push((cut, String::new()));
                }
            }
            if let (Some(last), "list") = (items.last(), node.kind()) {
                out.push((
                    last.end_byte()..last.end_byte(),
                    format!(", {}", file.text_of(*last)),
                ));
                out.push((range, "[]".to_owned()));
            }
            out
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shrinks_to_one_item_and_no_further() {
        let script = |rows: &str| Script {
            imports: Vec::new(),
            setup: Vec::new(),
            call: format!("f({rows})"),
            fidelity: 1.0,
        };
        let found = reductions(&script("[1, 2]"));
        assert!(found.iter().any(|s| s.call == "f([1])"), "{found:?}");
        assert!(found.iter().all(|s| s.call != "f([])"), "{found:?}");
        assert!(reductions(&script("[1]")).is_empty());
    }

    #[test]
    fn each_neighbour_differs_in_one_literal() {
        let script = Script {
            imports: vec!["import m".into()],
            setup: vec!["rows = [1, None]".into()],
            call: "m.f(rows, 'ab')".into(),
            fidelity: 1.0,
        };
        let found: Vec<String> = neighbours(&script)
            .iter()
            .map(|s| format!("{} {}", s.setup[0], s.call))
            .collect();
        for expected in [
            "rows = [2, None] m.f(rows, 'ab')",
            "rows = [1] m.f(rows, 'ab')",
            "rows = [1, \"a\"] m.f(rows, 'ab')",
            "rows = [1, None] m.f(rows, 'a')",
        ] {
            assert!(
                found.contains(&expected.to_owned()),
                "{expected} not in {found:#?}"
            );
        }
    }
}
