//! What a line like this one does, and this one does not.
//!
//! Who writes `"after": equal.after if equal else []` below `"before": equal.before` forgot something above. Two pieces of
//! code are alike if one has all the tokens of the other, in order, with names and literals exchanged one for one; what the
//! longer one has more is proposed for the shorter one.

use std::collections::HashMap;

use tree_sitter::Node;

use super::{
    Edit, Proposal, Site, Target, apply,
    bad::call_arguments,
    guard::{fits_before, step_of},
    handler::is_global,
    proposal,
};
use crate::lang::python::source::{
    BUILTINS, PyFile, ancestors, children, descendants, free_names, is_field, is_in, is_statement,
};

/// Tokens that a piece of code may have.
const MAX_TOKENS: usize = 60;
/// Tokens that the longer one may have more.
const MAX_MORE: usize = 16;
/// Nodes of a file beyond which it is not looked through.
const MAX_NODES: usize = 60_000;
const MAX_PROPOSALS: usize = 8;

/// A token: a leaf of the syntax tree, or a whole string.
struct Token<'t> {
    node: Node<'t>,
    text: &'t str,
}

impl Token<'_> {
    /// Whether another token may stand in its place in a like piece of code.
    fn is_exchangeable(&self) -> bool {
        matches!(
            self.node.kind(),
            "identifier" | "string" | "integer" | "float"
        )
    }

    fn fits(&self, other: &Self) -> bool {
        self.node.kind() == other.node.kind() && (self.is_exchangeable() || self.text == other.text)
    }
}

/// What like pieces of code in the same file have more.
pub(super) fn as_beside(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let all = descendants(file.root());
    if all.len() > MAX_NODES || site.is_edited {
        return Vec::new();
    }
    let class = target.function.and_then(|f| file.class_of(f));
    let mut found: Vec<(f64, Proposal)> = Vec::new();
    for piece in pieces(target) {
        let tokens = tokens(file, piece);
        if !(3..=MAX_TOKENS).contains(&tokens.len()) {
            continue;
        }
        let others = all
            .iter()
            .filter(|other| may_be_like(piece, **other) && !is_in(**other, Some(piece)));
        for other in others {
            let Some((text, share, is_wrapped)) = with_more(file, piece, &tokens, *other) else {
                continue;
            };
            // To give it to a function is to make something else of it.
            let weight = if is_wrapped { 0.4 } else { 1.0 };
            let near = match () {
                () if is_in(*other, target.function) => 1.0,
                () if is_in(*other, class) => 0.8,
                () => 0.6,
            };
            let line = file.line_of(other.start_byte());
            found.push((
                near * share * weight,
                Proposal {
                    witness: Some(format!("{}:{line} is alike and does so", file.path)),
                    ..proposal(
                        vec![Edit::replace(piece, text)],
                        "as the like beside it",
                        0.95 * near * weight * (0.7 + 0.3 * share),
                    )
                },
            ));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out: Vec<Proposal> = Vec::new();
    for (_, proposal) in found {
        if out
            .iter()
            .all(|p| p.edits[0].text != proposal.edits[0].text)
        {
            out.push(proposal);
        }
    }
    out.truncate(MAX_PROPOSALS);
    out
}

/// The failing expression, what it is part of, and the statement: as far as each is a whole of its own.
fn pieces<'t>(target: &Target<'t>) -> Vec<Node<'t>> {
    let up = ancestors(target.failing).take_while(|n| !is_statement(*n));
    let is_whole = |n: &Node<'_>| {
        n.is_named()
            && !matches!(
                n.kind(),
                "argument_list" | "pair" | "keyword_argument" | "block" | "identifier"
            )
    };
    let mut out: Vec<Node<'t>> = up.filter(is_whole).collect();
    let is_simple = |n: &Node<'_>| n.kind() != "block";
    if children(target.statement).iter().all(is_simple) {
        out.push(target.statement);
    }
    out
}

/// Whether the longer code can stand where the shorter stands.
fn may_be_like(piece: Node<'_>, other: Node<'_>) -> bool {
    match is_statement(piece) {
        // A statement below a condition of its own.
        true => {
            let body = other.child_by_field_name("consequence").map(children);
            other.kind() == "if_statement"
                && other.child_by_field_name("alternative").is_none()
                && body.is_some_and(|b| b.len() == 1 && b[0].kind() == piece.kind())
        }
        false => {
            other.is_named()
                && !is_statement(other)
                && !matches!(
                    other.kind(),
                    "argument_list" | "pair" | "keyword_argument" | "block" | "module"
                )
                && matches!(
                    other.kind(),
                    "conditional_expression"
                        | "boolean_operator"
                        | "call"
                        | "comparison_operator"
                        | "generator_expression"
                        | "list_comprehension"
                        | "parenthesized_expression"
                )
        }
    }
}

fn is_label(node: Node<'_>) -> bool {
    let of = node.parent().map_or("", |p| p.kind());
    of == "attribute" && is_field(node, "attribute")
        || of == "keyword_argument" && is_field(node, "name")
}

fn tokens<'t>(file: &'t PyFile, node: Node<'t>) -> Vec<Token<'t>> {
    let mut out = Vec::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        if node.kind() == "comment" {
            continue;
        }
        if node.child_count() == 0 || node.kind() == "string" {
            let text = file.text_of(node);
            out.push(Token { node, text });
            if out.len() > MAX_TOKENS + MAX_MORE {
                break;
            }
            continue;
        }
        let mut cursor = node.walk();
        let all: Vec<_> = node.children(&mut cursor).collect();
        stack.extend(all.into_iter().rev());
    }
    out
}

/// The longer code with the shorter one's names and literals, the share of these that both have in common, and whether the
/// shorter one becomes an argument in it; none where they are not alike.
fn with_more(
    file: &PyFile,
    piece: Node<'_>,
    short: &[Token<'_>],
    other: Node<'_>,
) -> Option<(String, f64, bool)> {
    let long = tokens(file, other);
    if long.len() <= short.len() || long.len() > short.len() + MAX_MORE || other.has_error() {
        return None;
    }
    let places = aligned(short, &long).filter(|places| is_one_change(places, long.len()))?;
    // What is done with its value afterwards comes too late for it.
    let after = places.last().and_then(|last| long.get(last + 1));
    if places[0] == 0 && after.is_some_and(|t| [".", "(", "["].contains(&t.text)) {
        return None;
    }
    // One name for one name throughout.
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut back: HashMap<&str, &str> = HashMap::new();
    let (mut n_same, mut n_exchangeable) = (0usize, 0usize);
    for (mine, its) in short.iter().zip(places.iter().map(|l| &long[*l])) {
        if mine.is_exchangeable() {
            n_exchangeable += 1;
            n_same += usize::from(mine.text == its.text);
        }
        if *names.entry(its.text).or_insert(mine.text) != mine.text
            || *back.entry(mine.text).or_insert(its.text) != its.text
        {
            return None;
        }
    }
    let share = n_same as f64 / n_exchangeable.max(1) as f64;
    if n_same == 0 || share < 0.25 {
        return None;
    }
    // What it has more speaks of what both have; a statement's condition of nothing else, and an expression's of what is known
    // everywhere as well.
    let more = long.iter().enumerate().filter(|(l, _)| !places.contains(l));
    let is_known = |token: &Token<'_>| match token.node.kind() {
        // The name of a method or of a keyword means the same for another object.
        "identifier" if is_label(token.node) => !is_statement(piece),
        "identifier" => {
            names.contains_key(token.text)
                || back.contains_key(token.text)
                || BUILTINS.contains(&token.text)
                || !is_statement(piece) && is_global(file, token.text)
        }
        "string" => !is_statement(piece) || names.contains_key(token.text),
        _ => true,
    };
    if !more.map(|(_, token)| token).all(is_known) {
        return None;
    }
    let edits: Vec<Edit> = long
        .iter()
        .filter(|t| t.is_exchangeable())
        .filter_map(|t| Some((t, names.get(t.text)?)))
        .filter(|(t, mine)| t.text != **mine)
        .map(|(t, mine)| Edit {
            start: t.node.start_byte() - other.start_byte(),
            end: t.node.end_byte() - other.start_byte(),
            text: (*mine).to_owned(),
        })
        .collect();
    let text = apply(file.text_of(other), &edits);
    let text = match is_statement(piece) {
        true => indented(&text, file.indent_of(other), file.indent_of(piece))?,
        false if text.contains('\n') => return None,
        false => text,
    };
    let is_wrapped = other.kind() == "call" && places[0] != 0;
    Some((text, share, is_wrapped))
}

/// The places of the shorter one's tokens in the longer one, in order: with as many equal texts as can be, then as many side
/// by side.
fn aligned(short: &[Token<'_>], long: &[Token<'_>]) -> Option<Vec<usize>> {
    const EQUAL: i32 = 4;
    const SIDE_BY_SIDE: i32 = 1;
    const NEVER: i32 = i32::MIN / 2;
    // What placing short[s..] is worth where short[s] stands at l, and where the next one stands then.
    let mut worth = vec![vec![(NEVER, 0usize); long.len()]; short.len()];
    for s in (0..short.len()).rev() {
        // The best place of the next token, among those further on.
        let mut later = (NEVER, 0);
        for l in (0..long.len()).rev() {
            let rest = match worth.get(s + 1) {
                None => (0, 0),
                Some(next) => {
                    let beside = next.get(l + 1).map_or(NEVER, |n| n.0 + SIDE_BY_SIDE);
                    if beside >= later.0 {
                        (beside, l + 1)
                    } else {
                        later
                    }
                }
            };
            if short[s].fits(&long[l]) && rest.0 >= 0 {
                let equal = if short[s].text == long[l].text {
                    EQUAL
                } else {
                    0
                };
                worth[s][l] = (rest.0 + equal, rest.1);
            }
            if let Some(next) = worth.get(s + 1)
                && next[l].0 > later.0
            {
                later = (next[l].0, l);
            }
        }
    }
    let (first, best) = worth
        .first()?
        .iter()
        .enumerate()
        .max_by_key(|(_, w)| w.0)
        .map(|(l, w)| (l, w.0))?;
    if best < 0 {
        return None;
    }
    let mut out = vec![first];
    for row in &worth[..short.len() - 1] {
        out.push(row[*out.last()?].1);
    }
    Some(out)
}

/// Whether the longer one has more around the shorter one, or in one place within it.
fn is_one_change(places: &[usize], n_long: usize) -> bool {
    let n_gaps = places
        .windows(2)
        .filter(|pair| pair[1] != pair[0] + 1)
        .count();
    let is_around = places.first() != Some(&0) || places.last() != Some(&(n_long - 1));
    n_gaps + usize::from(is_around) == 1
}

/// Lines that stood at one indentation, for another; the first is not indented.
fn indented(text: &str, from: &str, to: &str) -> Option<String> {
    let mut lines = text.lines();
    let mut out = lines.next()?.to_owned();
    for line in lines {
        out.push('\n');
        if !line.trim().is_empty() {
            out.push_str(to);
            out.push_str(line.strip_prefix(from)?);
        }
    }
    Some(out)
}

/// `if not isinstance(other, dict): return NotImplemented` where another function asks so of what has the same name.
pub(super) fn guarded_beside(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let fits = fits_before(target) && !site.is_edited;
    let Some(function) = target.function.filter(|_| fits) else {
        return Vec::new();
    };
    let class = file.class_of(function);
    let around = class.unwrap_or(file.root());
    let own: Vec<String> = file
        .parameters(function)
        .into_iter()
        .map(|p| p.name)
        .collect();
    let used = free_names(file, target.statement);
    let here = file.text_of(function);
    let mut out: Vec<Proposal> = Vec::new();
    for guard in descendants(around) {
        let body = guard.child_by_field_name("consequence").map(children);
        let (Some(condition), Some([only])) =
            (guard.child_by_field_name("condition"), body.as_deref())
        else {
            continue;
        };
        let is_exit = matches!(only.kind(), "return_statement" | "raise_statement");
        if guard.kind() != "if_statement"
            || !is_exit
            || guard.child_by_field_name("alternative").is_some()
            || is_in(guard, Some(function))
        {
            continue;
        }
        let Some(other) = ancestors(guard).find(|n| n.kind() == "function_definition") else {
            continue;
        };
        let theirs: Vec<String> = file.parameters(other).into_iter().map(|p| p.name).collect();
        // What it asks for and gives are parameters of both, or known everywhere.
        let names = free_names(file, guard);
        let is_known = |name: &String| match theirs.contains(name) {
            true => own.contains(name),
            false => is_global(file, name),
        };
        let asks = free_names(file, condition);
        let concerns = asks
            .iter()
            .any(|n| own.contains(n) && used.contains(n) && n != "self" && n != "cls");
        if !concerns || !names.iter().all(is_known) || here.contains(file.text_of(condition)) {
            continue;
        }
        let (indent, step) = (file.indent_of(target.statement), step_of(file));
        let (condition, action) = (file.text_of(condition), file.text_of(*only));
        if condition.contains('\n') || action.contains('\n') {
            continue;
        }
        let text = format!("{indent}if {condition}:\n{indent}{step}{action}\n");
        if out.iter().any(|p| p.edits[0].text == text) {
            continue;
        }
        let line = file.line_of(guard.start_byte());
        let value = action.strip_prefix("return").map(str::trim);
        out.push(Proposal {
            witness: Some(format!("{}:{line} asks so first", file.path)),
            value: value.map(|v| if v.is_empty() { "None" } else { v }.to_owned()),
            ..proposal(
                vec![Edit::insert(file.line_start_of(target.statement), text)],
                "guard as the functions beside it",
                if class.is_some() { 0.7 } else { 0.5 },
            )
        });
    }
    out.truncate(MAX_PROPOSALS);
    out
}

/// `end + 1` becomes `int(end) + 1` where the function takes `int(end)` elsewhere.
pub(super) fn converted_beside(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let Some(function) = target.function.filter(|_| !site.is_edited) else {
        return Vec::new();
    };
    let operands: Vec<Node<'_>> = descendants(target.failing)
        .into_iter()
        .filter(|n| matches!(n.kind(), "identifier" | "attribute" | "subscript"))
        .filter(|n| {
            n.parent().is_none_or(|p| {
                !matches!(p.kind(), "attribute" | "keyword_argument") && !is_field(*n, "function")
            })
        })
        .collect();
    let mut out: Vec<Proposal> = Vec::new();
    for call in descendants(function) {
        let arguments = call_arguments(call);
        let name = call.child_by_field_name("function");
        let name = name.filter(|f| call.kind() == "call" && f.kind() == "identifier");
        let (Some(name), [only]) = (name, arguments.as_slice()) else {
            continue;
        };
        if is_in(call, Some(target.failing)) {
            continue;
        }
        for operand in &operands {
            // `str(None)` is a text that nobody meant.
            let known = site.frame.probes.get(file.text_of(*operand));
            if file.text_of(*operand) != file.text_of(*only)
                || known.is_none_or(|k| k.type_name == "NoneType")
            {
                continue;
            }
            let text = file.text_of(call);
            if out.iter().any(|p| p.edits[0].text == text) {
                continue;
            }
            let line = file.line_of(call.start_byte());
            out.push(Proposal {
                witness: Some(format!(
                    "{}:{line} takes it through {}",
                    file.path,
                    file.text_of(name)
                )),
                ..proposal(
                    vec![Edit::replace(*operand, text)],
                    "convert as beside it",
                    0.75,
                )
            });
        }
    }
    out.truncate(MAX_PROPOSALS);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the code on the second line, as far as it is `piece`, takes over from what `other` is.
    #[track_caller]
    fn check(text: &str, piece: &str, other: &str, expected: Option<&str>) {
        let file = PyFile::parse("a.py", text);
        let all = descendants(file.root());
        let find = |wanted: &str| {
            let found = all
                .iter()
                .find(|n| n.is_named() && file.text_of(**n) == wanted);
            *found.unwrap_or_else(|| panic!("{wanted:?} is no node"))
        };
        let (piece, other) = (find(piece), find(other));
        assert!(may_be_like(piece, other));
        let found = with_more(&file, piece, &tokens(&file, piece), other);
        assert_eq!(found.map(|f| f.0).as_deref(), expected);
    }

    #[test]
    fn what_the_like_has_more_is_taken_over() {
        check(
            "def f(d, a, b):\n    a = d[\"a\"].g(a, d[\"a\"])\n\n    if \"b\" in d:\n        b = d[\"b\"].g(b, d[\"b\"])\n",
            "a = d[\"a\"].g(a, d[\"a\"])",
            "if \"b\" in d:\n        b = d[\"b\"].g(b, d[\"b\"])",
            Some("if \"a\" in d:\n        a = d[\"a\"].g(a, d[\"a\"])"),
        );
        check(
            "x = {\"a\": equal.before, \"b\": equal.after if equal else []}\n",
            "equal.before",
            "equal.after if equal else []",
            Some("equal.before if equal else []"),
        );
    }

    #[test]
    fn what_becomes_an_argument_is_told() {
        let file = PyFile::parse(
            "a.py",
            "x = a.items\ny = Box([], b.items)\nz = g(c.items, 1)\n",
        );
        let all = descendants(file.root());
        let find = |text: &str| *all.iter().find(|n| file.text_of(**n) == text).unwrap();
        let is_wrapped = |piece: &str, other: &str| {
            let piece = find(piece);
            with_more(&file, piece, &tokens(&file, piece), find(other)).map(|f| f.2)
        };
        assert_eq!(is_wrapped("a.items", "Box([], b.items)"), Some(true));
        assert_eq!(is_wrapped("a.items", "g(c.items, 1)"), Some(true));
    }

    #[test]
    fn what_speaks_of_something_else_is_not() {
        check(
            "x = f(a.b)\nif isinstance(a, Other):\n    x = f(a.c)\n",
            "x = f(a.b)",
            "if isinstance(a, Other):\n    x = f(a.c)",
            None,
        );
        check("x = a.b, g(c.d)\n", "a.b", "g(c.d)", None);
        check("x = f(a), f(b).strip()\n", "f(a)", "f(b).strip()", None);
    }
}
