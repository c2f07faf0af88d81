//! Of which class of the repository a captured object is, and what it holds, as its repr tells.

use serde_json::Value;

use crate::lang::python::{
    definition::{definition, method},
    project::{Project, is_identifier},
    source::ParameterKind,
    values::{from_repr, quote},
};

/// Values that are tried for what a constructor must be given and nobody captured.
const GUESSES: [&str; 3] = ["\"a\"", "None", "[]"];
/// Fields of one repr that are read.
const MAX_FIELDS: usize = 24;

/// A class of the repository, by the module that defines it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) module: String,
}

/// The class of an object whose repr is `<shop.cart.Cart object at 0x7f>` or `<Cart of 3>`, or begins like a call, `Cart(`; the
/// class itself where that was captured: `<class 'shop.cart.Cart'>`. None of what the repository does not define.
pub(super) fn class_of(value: &Value, project: &Project, near: &str) -> Option<Class> {
    let repr = value.as_str()?;
    let dotted = match repr.strip_prefix('<') {
        Some(inner) => match inner.strip_prefix("class '") {
            Some(class) => class.split('\'').next()?,
            None => inner.split([' ', '(', '>']).next()?,
        },
        None => repr.split_once('(')?.0,
    };
    if !dotted.split('.').all(is_identifier) {
        return None;
    }
    let name = dotted.rsplit('.').next()?;
    let import = project.class_import(name, &[], near)?;
    let module = import.strip_prefix("from ")?.split(' ').next()?;
    // The module that the repr names is nearer than one with a class of the same name.
    let told = dotted.rsplit_once('.').map(|(told, _)| told);
    let is_told = |path: &str| project.module_of(path).as_deref() == told;
    let module = told
        .filter(|_| project.sources().any(is_told))
        .unwrap_or(module);
    Some(Class {
        name: name.to_owned(),
        module: module.to_owned(),
    })
}

/// The class's own name where a repr tells nothing but it: `<shop.tests.test_cart.<locals>.Bare object at 0x7f>`.
pub(super) fn class_elsewhere(repr: &str) -> Option<&str> {
    let (dotted, address) = repr
        .strip_prefix('<')?
        .strip_suffix('>')?
        .split_once(" object at 0x")?;
    let name = dotted
        .rsplit('.')
        .next()
        .filter(|name| is_identifier(name))?;
    address
        .chars()
        .all(|c| c.is_ascii_hexdigit())
        .then_some(name)
}

/// Calls of a class's constructor: with what the repr shows of the object, and guesses for what else it must be given.
pub(super) fn constructed(class: &Class, repr: &str, project: &Project) -> Vec<String> {
    let is_module = |path: &&str| project.module_of(path).as_deref() == Some(&class.module);
    let found = project.sources().find(is_module);
    let Some(init) = found
        .and_then(|path| definition(project, path, &class.name))
        .and_then(|class| method(project, &class, "__init__"))
    else {
        return Vec::new();
    };
    let fields = fields(repr);
    let parameters = init.file.parameters(init.node());
    let call = |guess: &str, as_text: bool| {
        let arguments = parameters.iter().skip(1).filter_map(|p| {
            let shown = fields.iter().find(|(name, _)| *name == p.name);
            let is_needed = p.default.is_none();
            let value = match (shown, p.kind) {
                (_, ParameterKind::Args | ParameterKind::Kwargs) => None,
                // A number without quotes may be a text as well.
                (Some((_, value)), _) if as_text && value.parse::<f64>().is_ok() => {
                    Some(quote(value))
                }
                (Some((_, value)), _) => Some(value.clone()),
                (None, _) => is_needed.then(|| guess.to_owned()),
            };
            Some(format!("{}={}", p.name, value?))
        });
        format!(
            "{}({})",
            class.name,
            arguments.collect::<Vec<_>>().join(", ")
        )
    };
    let mut out = vec![call(GUESSES[0], false), call(GUESSES[0], true)];
    out.extend(GUESSES[1..].iter().map(|guess| call(guess, false)));
    out.dedup();
    out
}

/// What a repr that is no Python shows of its object: `<Guest name='Bo' until=5>`, "Guest(name=`Bo`)". A bare word is a text.
fn fields(repr: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = repr;
    while let Some((before, after)) = rest.split_once('=') {
        if out.len() >= MAX_FIELDS {
            break;
        }
        let name = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        let end = end_of_value(after);
        let (value, left) = after.split_at(end);
        rest = left;
        if !is_identifier(name) {
            continue;
        }
        let bare = value.trim_matches('`');
        let source = match from_repr(bare).filter(|_| bare == value) {
            Some(literal) if literal.imports.is_empty() => literal.source,
            Some(_) => continue,
            // What shows an object within is not read.
            None if bare.contains(['(', '<', '[', '{']) => continue,
            None => quote(bare),
        };
        out.push((name.to_owned(), source));
    }
    out
}

/// Where a value ends: at its closing quote or bracket, else before the next blank, comma or closing bracket.
fn end_of_value(text: &str) -> usize {
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => {
                quote = None;
                if depth == 0 {
                    return at + c.len_utf8();
                }
            }
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return at,
            (None, ')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            (None, ' ' | ',' | '>') if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Policy, git::TreeEntry};

    #[test]
    fn reprs_that_are_no_python_show_fields() {
        let shown = |repr: &str| {
            let all = fields(repr)
                .into_iter()
                .map(|(name, value)| format!("{name}: {value}"));
            all.collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            shown("<Guest name='B o' until=5 tags=['a', 'b'] state=open>"),
            "name: 'B o'; until: 5; tags: ['a', 'b']; state: \"open\""
        );
        assert_eq!(
            shown("Field(key=`month`, value=`13`, of=Entry(a=1), line=None)"),
            "key: \"month\"; value: \"13\"; line: None"
        );
        assert_eq!(shown("<Guest object at 0x7f>"), "");
        assert_eq!(shown("Guest(name='cut o"), "name: \"'cut o\"");
    }

    #[test]
    fn a_repr_tells_the_class() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cart.py"), "class Cart:\n    pass\n").unwrap();
        let entry = TreeEntry {
            mode: "100644".to_owned(),
            blob: String::new(),
            path: "cart.py".to_owned(),
        };
        let tree = folder.path().to_path_buf();
        let mut project = Project::new(tree, vec![entry], None, &Policy::default());
        project.roots = vec![String::new()];
        let of = |repr: &str| {
            class_of(&json!(repr), &project, "cart.py").map(|c| c.module + ":" + &c.name)
        };
        for repr in [
            "<cart.Cart object at 0x7f>",
            "<__main__.Cart object at 0x7f>",
            "<Cart of 3>",
            "Cart(items=`a`)",
            "<class 'cart.Cart'>",
        ] {
            assert_eq!(of(repr).as_deref(), Some("cart:Cart"), "{repr}");
        }
        assert_eq!(
            class_elsewhere("<a.<locals>.Bare object at 0x7f>"),
            Some("Bare")
        );
        for repr in ["<Cart of 3>", "<a b object at 0x7f>", "Cart(items=`a`)"] {
            assert_eq!(class_elsewhere(repr), None, "{repr}");
        }
        for repr in [
            "<cart.Basket object at 0x7f>",
            "<a b object at 0x7f>",
            "'Cart('",
            "Cart",
        ] {
            assert_eq!(of(repr), None, "{repr}");
        }
    }
}
