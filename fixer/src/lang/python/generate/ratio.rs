//! What the repository gives where a divisor is zero: other divisions that are guarded.

use tree_sitter::Node;

use super::{
    Bad, Edit, Proposal, Site, Target,
    expression::{if_good, operand},
    proposal,
};
use crate::lang::python::{
    project::parent,
    source::{PyFile, ancestors, children, descendants, is_in, own_descendants, statements_of},
};

/// Files looked through, the nearest first.
const MAX_FILES: usize = 200;

/// What a guarded division gives instead.
#[derive(Debug, PartialEq)]
struct Instead {
    value: String,
    line: u32,
}

/// `a / b` becomes `a / b if b else 0.0` where other divisions are guarded so.
pub(super) fn as_other_divisions(
    site: &Site<'_>,
    target: &Target<'_>,
    bads: &[Bad],
) -> Vec<Proposal> {
    let Some(bad) = bads
        .first()
        .filter(|_| site.innermost && site.error.type_name == "ZeroDivisionError")
    else {
        return Vec::new();
    };
    let own = site.file.path.as_str();
    let mut paths: Vec<&str> = site.project.sources().collect();
    paths.sort_by_key(|p| (*p != own, parent(p) != parent(own)));
    let mut found: Vec<(f64, &str, Instead)> = Vec::new();
    for path in paths.into_iter().take(MAX_FILES) {
        if !site.project.read(path).is_some_and(|t| t.contains('/')) {
            continue;
        }
        let Some(file) = site.project.file(path) else {
            continue;
        };
        let near = match (path == own, parent(path) == parent(own)) {
            (true, _) => 1.0,
            (false, true) => 0.7,
            (false, false) => 0.5,
        };
        let guarded = guarded(&file).into_iter();
        found.extend(guarded.map(|instead| (near, path, instead)));
    }
    let whole = operand(target.failing, target.statement);
    let failing = site.file.text_of(target.failing);
    let is_true_division = failing.contains('/') && !failing.contains("//");
    let total: f64 = found.iter().map(|(near, ..)| near).sum();
    let mut out: Vec<Proposal> = Vec::new();
    for (near, path, instead) in &found {
        if out.iter().any(|p| p.value.as_ref() == Some(&instead.value)) {
            continue;
        }
        let alike = found.iter().filter(|(.., i)| i.value == instead.value);
        let share = alike.map(|(near, ..)| near).sum::<f64>() / total;
        let value = match instead.value.as_str() {
            "0" if is_true_division => "0.0",
            other => other,
        };
        let text = if_good(site.file, whole, &bad.good, value);
        out.push(Proposal {
            witness: Some(format!(
                "{path}:{} gives {value} where its divisor is zero",
                instead.line
            )),
            value: Some(instead.value.clone()),
            ..proposal(
                vec![Edit::replace(whole, text)],
                "conditional value, as at other divisions",
                0.8 * share * (0.6 + 0.4 * near),
            )
        });
    }
    out
}

/// The guarded divisions of a file, whole floats as integers.
fn guarded(file: &PyFile) -> Vec<Instead> {
    let divides = |n: &Node<'_>| {
        let operator = n.child_by_field_name("operator");
        n.kind() == "binary_operator"
            && operator.is_some_and(|o| matches!(file.text_of(o), "/" | "//"))
    };
    descendants(file.root())
        .into_iter()
        .filter(divides)
        .filter_map(|division| {
            let value = instead_of(file, division)?;
            let number = value.trim_end_matches('0').strip_suffix('.');
            Some(Instead {
                value: match number {
                    Some("") => "0".to_owned(),
                    Some(whole) => whole.to_owned(),
                    None => value.to_owned(),
                },
                line: file.line_of(division.start_byte()),
            })
        })
        .collect()
}

/// The constant that stands in for a division under a condition that asks for its divisor.
fn instead_of<'f>(file: &'f PyFile, division: Node<'_>) -> Option<&'f str> {
    let divisor = division.child_by_field_name("right")?;
    let is_name = |n: &Node<'_>| matches!(n.kind(), "identifier" | "attribute");
    let names: Vec<&str> = descendants(divisor)
        .into_iter()
        .filter(is_name)
        .map(|n| file.text_of(n))
        .filter(|n| !matches!(*n, "self" | "float" | "int" | "len" | "max" | "min"))
        .collect();
    let asks = |condition: Node<'_>| {
        let all = descendants(condition).into_iter().filter(is_name);
        all.map(|n| file.text_of(n)).any(|n| names.contains(&n))
    };
    let constant =
        |n: Node<'_>| matches!(n.kind(), "integer" | "float" | "none").then(|| file.text_of(n));
    let around: Vec<Node<'_>> = ancestors(division)
        .take_while(|n| n.kind() != "function_definition")
        .collect();
    // `a / b if b else 0`, `0 if not b else a / b`
    for node in around
        .iter()
        .filter(|n| n.kind() == "conditional_expression")
    {
        if let [then, condition, other] = children(*node).as_slice()
            && asks(*condition)
        {
            let instead = if is_in(division, Some(*then)) {
                other
            } else {
                then
            };
            return constant(*instead);
        }
    }
    let function = ancestors(division).find(|n| n.kind() == "function_definition")?;
    let statement = around
        .iter()
        .find(|n| n.kind() == "return_statement" || n.kind() == "expression_statement")?;
    let left = assigned(*statement).map(|(left, _)| file.text_of(left));
    // What another statement gives to the same name, or returns.
    let gives = |n: Node<'_>| {
        let given = match (n.kind(), left) {
            ("return_statement", None) => n.named_child(0),
            ("expression_statement", Some(name)) => assigned(n)
                .filter(|(left, _)| file.text_of(*left) == name)
                .map(|(_, right)| right),
            _ => None,
        };
        given.and_then(constant)
    };
    let branch = around.iter().find(|n| {
        let condition = n.child_by_field_name("condition");
        n.kind() == "if_statement" && condition.is_some_and(asks)
    });
    if let Some(branch) = branch {
        let then = branch.child_by_field_name("consequence");
        let other = match is_in(division, then) {
            true => branch
                .child_by_field_name("alternative")
                .and_then(|o| o.child_by_field_name("body")),
            false => then,
        };
        if let Some(other) = other {
            return children(other).into_iter().find_map(gives);
        }
        // Without another branch: the value before it, what the class starts with, what is returned after it.
        let all = own_descendants(function);
        let before = all.iter().filter(|n| n.end_byte() <= branch.start_byte());
        let after = statements_of(function)
            .into_iter()
            .find(|n| n.start_byte() >= branch.end_byte());
        return before
            .rev()
            .find_map(|n| gives(*n))
            .or_else(|| {
                let name = left?.strip_prefix("self.")?;
                let body = file.class_of(function)?.child_by_field_name("body")?;
                let mut all = children(body).into_iter().filter_map(assigned);
                let (_, first) = all.find(|(left, _)| file.text_of(*left) == name)?;
                constant(first)
            })
            .or_else(|| after.filter(|_| left.is_none()).and_then(gives));
    }
    // `if not b: return 0` before it.
    let guard = statements_of(function).into_iter().find(|n| {
        let condition = n.child_by_field_name("condition");
        n.kind() == "if_statement"
            && n.end_byte() <= division.start_byte()
            && condition.is_some_and(|c| asks(c) && super::guard::missing(file.text_of(c)).1)
    })?;
    let only = children(guard.child_by_field_name("consequence")?);
    match only.as_slice() {
        [only] if only.kind() == "return_statement" => constant(only.named_child(0)?),
        _ => None,
    }
}

/// Both sides of a statement that assigns.
fn assigned(statement: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let assignment = statement
        .named_child(0)
        .filter(|a| a.kind() == "assignment")?;
    let field = |name| assignment.child_by_field_name(name);
    field("left").zip(field("right"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let found = guarded(&PyFile::parse("", text));
        let found: Vec<&str> = found.iter().map(|i| i.value.as_str()).collect();
        assert_eq!(found, Vec::from_iter(expected), "{text}");
    }

    #[test]
    fn guarded_divisions_say_what_they_give_instead() {
        check("x = a / b if b else 0.0", Some("0"));
        check("x = None if n == 0 else a // n", Some("None"));
        check("x = a / b if c else 0.0", None);
        check("x = a / 2", None);
        check(
            "def f(a, b):\n    if not b:\n        return 1.0\n    return sum(a) / float(len(b))",
            Some("1"),
        );
        check(
            "def f(a, b):\n    if b > 0:\n        return a / b\n    return 0",
            Some("0"),
        );
        check(
            "class A:\n    size = 0\n    def f(self, a):\n        if self.b > 0:\n            self.size = a / self.b",
            Some("0"),
        );
        check(
            "def f(a, b):\n    if b:\n        x = a / b\n    else:\n        x = 10\n    return x",
            Some("10"),
        );
        check(
            "def f(a, b):\n    if not b:\n        x = 0.5\n    else:\n        x = a / b\n    return x",
            Some("0.5"),
        );
        check(
            "def f(a, b):\n    if b:\n        return a / b\n    raise E",
            None,
        );
        check(
            "def f(a, b):\n    if b > a:\n        return 0\n    return a / b",
            None,
        );
    }
}
