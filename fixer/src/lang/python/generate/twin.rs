//! Functions that are alike but for a few lines: what one does, the other may lack.
//!
//! A twin is the function of the same name, with the subject's name exchanged, in a neighbouring file (`configs.py`,
//! `secrets.py`) or in another class of the file (`XmlReader`, `JsonReader`). Where most lines agree, the lines that differ are
//! proposed for the other, whether or not it is on the stack: the run tells whether they cure.

use std::ops::Range;

use tree_sitter::Node;

use super::{Edit, Proposal, Site, proposal};
use crate::lang::python::{
    project::{is_identifier, parent},
    source::{BUILTINS, PyFile, children, descendants, free_names, statements_of},
};

/// Neighbouring files that are looked through.
const MAX_FILES: usize = 40;
/// Functions are compared up to this many lines.
const MAX_LINES: usize = 80;
/// Lines that a twin may have more, in one place.
const MAX_HUNK: usize = 6;
const MAX_PROPOSALS: usize = 16;

/// What twins of the functions of this file do, and they do not.
pub(super) fn as_twins(site: &Site<'_>) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let stem = stem_of(&file.path);
    let folder = parent(&file.path);
    let own = functions(file);
    let neighbours: Vec<&str> = site
        .project
        .sources()
        .filter(|p| *p != file.path && parent(p) == folder && !stem_of(p).starts_with('_'))
        .take(MAX_FILES)
        .collect();
    for path in neighbours {
        let Some(names) = Names::between(stem_of(path), stem) else {
            continue;
        };
        let Some(other) = site.project.file(path) else {
            continue;
        };
        for twin in functions(&other) {
            let (class, name) = (names.applied(twin.class), names.applied(twin.name));
            if let Some(function) = own.iter().find(|f| f.name == name && f.class == class) {
                out.extend(differences(file, function, &other, &twin, &names));
            }
        }
    }
    for function in &own {
        for twin in own.iter().filter(|t| t.name == function.name) {
            if let Some(names) = Names::between(twin.class, function.class) {
                out.extend(differences(file, function, file, twin, &names));
            }
        }
    }
    out.truncate(MAX_PROPOSALS);
    out
}

fn stem_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".py").unwrap_or(name)
}

/// A function with the name of the class that holds it (empty outside of classes).
struct Function<'t> {
    node: Node<'t>,
    class: &'t str,
    name: &'t str,
}

fn functions(file: &PyFile) -> Vec<Function<'_>> {
    descendants(file.root())
        .into_iter()
        .filter(|n| n.kind() == "function_definition")
        .map(|node| Function {
            node,
            class: file.class_of(node).map_or("", |c| file.name_of(c)),
            name: file.name_of(node),
        })
        .collect()
}

/// How one subject's name turns into another's: `secret` to `config`, in every spelling.
struct Names(Vec<(String, String)>);

impl Names {
    /// What two names differ in, between their common beginning and end. Nothing where they are the same, or share a part of
    /// a word only.
    fn between(from: &str, to: &str) -> Option<Self> {
        let is_name = |s: &str| is_identifier(s) && s.is_ascii();
        if from == to || !is_name(from) || !is_name(to) {
            return None;
        }
        let is_same = |(a, b): &(u8, u8)| a == b;
        let backwards = from.bytes().rev().zip(to.bytes().rev());
        let mut end = backwards.take_while(is_same).count();
        // What belongs to the common end does not belong to the beginning too.
        let rest = from.len().min(to.len()) - end;
        let forwards = from.bytes().zip(to.bytes()).take(rest);
        let mut start = forwards.take_while(is_same).count();
        // Whole words are exchanged: the plural's s may go, other letters in common may not.
        let boundary = |s: &str, at: usize| {
            at == 0
                || at == s.len()
                || s.as_bytes()[at] == b'_'
                || s.as_bytes()[at - 1] == b'_'
                || s.as_bytes()[at].is_ascii_uppercase()
        };
        while start > 0 && !(boundary(from, start) && boundary(to, start)) {
            start -= 1;
        }
        let plural = end == 1 && from.ends_with('s');
        while end > 0
            && !plural
            && !(boundary(from, from.len() - end) && boundary(to, to.len() - end))
        {
            end -= 1;
        }
        let middle = |s: &str| s[start..s.len() - end].trim_matches('_').to_owned();
        let exact = (middle(from), middle(to));
        let (a, b) = (exact.0.to_lowercase(), exact.1.to_lowercase());
        if a.len() < 2 || b.len() < 2 {
            return None;
        }
        let title = |s: &str| {
            let (first, rest) = s.split_at(1);
            first.to_uppercase() + rest
        };
        Some(Self(vec![
            exact,
            (title(&a), title(&b)),
            (a.to_uppercase(), b.to_uppercase()),
            (a, b),
        ]))
    }

    fn applied(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let hit = self
                .0
                .iter()
                .find(|(from, _)| rest.starts_with(from.as_str()));
            match hit {
                Some((from, to)) => {
                    out.push_str(to);
                    rest = &rest[from.len()..];
                }
                None => {
                    out.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        out
    }
}

/// The places where a twin has other or more lines, each alone and all together.
fn differences(
    file: &PyFile,
    function: &Function<'_>,
    other: &PyFile,
    twin: &Function<'_>,
    names: &Names,
) -> Vec<Proposal> {
    let (Some(own), Some(its)) = (
        body_lines(file, function.node),
        body_lines(other, twin.node),
    ) else {
        return Vec::new();
    };
    let mine: Vec<&str> = own.iter().map(|l| l.0.trim()).collect();
    let theirs: Vec<String> = its.iter().map(|l| names.applied(l.0.trim())).collect();
    let (n_shared, hunks) = compared(&mine, &theirs);
    // Mostly alike: two of three lines, and never one line alone.
    if n_shared < 2 || n_shared * 3 < mine.len().max(theirs.len()) * 2 {
        return Vec::new();
    }
    let indent = |l: &str| l.len() - l.trim_start().len();
    let (base, from) = (indent(own[0].0), indent(its[0].0));
    let mut edits = Vec::new();
    for (here, there) in hunks {
        if there.is_empty() || there.len() > MAX_HUNK || here.len() > MAX_HUNK {
            continue;
        }
        let text: String = there
            .clone()
            .map(|n| {
                let deeper = indent(its[n].0).saturating_sub(from);
                format!("{}{}{}\n", &own[0].0[..base], " ".repeat(deeper), theirs[n])
            })
            .collect();
        if !at_hand(file, function, &text) {
            continue;
        }
        let start = own
            .get(here.start)
            .map_or(own[own.len() - 1].1.end, |l| l.1.start);
        let end = if here.is_empty() {
            start
        } else {
            own[here.end - 1].1.end
        };
        // After a last line without an end.
        let text = if file.text[..start].ends_with('\n') {
            text
        } else {
            format!("\n{text}")
        };
        edits.push(Edit { start, end, text });
    }
    let witness = format!(
        "{}:{} does so in {}",
        other.path,
        other.line_of(twin.node.start_byte()),
        if twin.class.is_empty() {
            twin.name.to_owned()
        } else {
            format!("{}.{}", twin.class, twin.name)
        }
    );
    let mut sets: Vec<Vec<Edit>> = edits.iter().map(|e| vec![e.clone()]).collect();
    if edits.len() > 1 {
        sets.push(edits);
    }
    sets.into_iter()
        .map(|edits| Proposal {
            witness: Some(witness.clone()),
            ..proposal(edits, "do as the twin does", 0.9)
        })
        .collect()
}

/// The lines of a function's body with their ranges of bytes, docstring and blank lines left out; nothing of very long ones.
fn body_lines<'t>(file: &'t PyFile, function: Node<'t>) -> Option<Vec<(&'t str, Range<usize>)>> {
    let statements = statements_of(function);
    let (first, last) = (statements.first()?, statements.last()?);
    let start = file.line_start_of(*first);
    if start > first.start_byte() || file.text[start..first.start_byte()].trim() != "" {
        return None; // `def f(): return 1`
    }
    let mut at = start;
    let mut out = Vec::new();
    for line in file.text.get(start..)?.split_inclusive('\n') {
        if at >= last.end_byte() {
            break;
        }
        let text = line.trim_end();
        if !text.is_empty() && !text.trim_start().starts_with('#') {
            out.push((text, at..at + line.len()));
        }
        at += line.len();
    }
    (out.len() <= MAX_LINES).then_some(out)
}

/// A range of lines here, and the one there that stands in its place.
type Hunk = (Range<usize>, Range<usize>);

/// How many lines are shared, in order, and where the others are: ranges of lines here and there.
fn compared(mine: &[&str], theirs: &[String]) -> (usize, Vec<Hunk>) {
    // The longest common subsequence, by the textbook's table.
    let (n, m) = (mine.len(), theirs.len());
    let mut table = vec![vec![0usize; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            table[i][j] = if mine[i] == theirs[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    let mut hunks = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n || j < m {
        if i < n && j < m && mine[i] == theirs[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (from, until) = (i, j);
        while (i < n || j < m) && !(i < n && j < m && mine[i] == theirs[j]) {
            if j == m || i < n && table[i + 1][j] >= table[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        hunks.push((from..i, until..j));
    }
    (table[0][0], hunks)
}

/// Whether each name that some lines use is known in this function or file.
fn at_hand(file: &PyFile, function: &Function<'_>, lines: &str) -> bool {
    let dedented: String = {
        let cut = lines.len() - lines.trim_start().len();
        lines
            .lines()
            .map(|l| format!("{}\n", l.get(cut..).unwrap_or(l.trim_start())))
            .collect()
    };
    let snippet = PyFile::parse("", &dedented);
    let words = |text: &str, name: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|w| w == name)
    };
    let body = file.text_of(function.node);
    let bound = children(file.root());
    free_names(&snippet, snippet.root()).iter().all(|name| {
        BUILTINS.contains(&name.as_str())
            || words(body, name)
            || bound.iter().any(|n| {
                let is_definition = matches!(n.kind(), "function_definition" | "class_definition");
                if is_definition {
                    file.name_of(*n) == name
                } else {
                    words(file.text_of(*n), name)
                }
            })
    })
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[track_caller]
    fn check(from: &str, to: &str, text: &str, expected: Option<&str>) {
        let applied = Names::between(from, to).map(|n| n.applied(text));
        assert_eq!(applied.as_deref(), expected);
    }

    #[test]
    fn a_subject_is_exchanged_in_every_spelling() {
        check(
            "secrets",
            "configs",
            "self.create_secret(Secret, SECRET_ID)",
            Some("self.create_config(Config, CONFIG_ID)"),
        );
        check(
            "XmlReader",
            "JsonReader",
            "xml = XmlNode()",
            Some("json = JsonNode()"),
        );
        check(
            "read_xml",
            "read_json",
            "parse_xml(x)",
            Some("parse_json(x)"),
        );
        check("same", "same", "x", None);
    }
}
