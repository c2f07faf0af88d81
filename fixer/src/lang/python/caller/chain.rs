//! The chain of calls from its lines alone, where no values were captured.

use ingest::Frame;

use super::{
    MADE_UP, Script,
    known::{KnownFiles, unprint},
    receiver::{Receiver, receivers},
};
use crate::lang::python::{
    project::Project,
    source::{PyFile, children, descendants, free_names},
};

/// What is called or has attributes may be imported; a plain lower-case value is what a function was given.
pub(super) fn may_be_import(file: &PyFile, name: &str) -> bool {
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

/// An object that the innermost line outside the repository calls a method of, and a way to make it.
pub(super) struct Bound {
    name: String,
    receiver: Receiver,
}

/// The ways to make the object whose method the last of some lines calls, where the next frame names its class.
pub(super) fn bound(
    frames: &[Frame],
    around: &[usize],
    next: Option<(&Frame, &str)>,
    known: &KnownFiles,
    project: &Project,
) -> Vec<Bound> {
    let attempt = || -> Option<Vec<Bound>> {
        let (next, path) = next?;
        let file = project.file(path)?;
        let function = file.function_at(next.line?)?;
        let (class, method) = (
            file.name_of(file.class_of(function)?),
            file.name_of(function),
        );
        let statement = known.statement(&frames[*around.last()?])?;
        let parsed = PyFile::parse("", &statement);
        let call = descendants(parsed.root())
            .into_iter()
            .filter(|n| n.kind() == "call")
            .filter_map(|n| n.child_by_field_name("function"))
            .find(|f| match method {
                "__call__" => f.kind() == "identifier",
                _ => {
                    let attribute = f.child_by_field_name("attribute");
                    attribute.is_some_and(|a| parsed.text_of(a) == method)
                }
            })?;
        let object = call.child_by_field_name("object").unwrap_or(call);
        let name = parsed.text_of(object).to_owned();
        // What is called on a class or module by its own name is no object that somebody made.
        let is_class = method != "__call__"
            && name.starts_with(char::is_uppercase)
            && (name == class || project.import_of(&name, &[path.to_owned()]).is_some());
        if object.kind() != "identifier" || is_class {
            return None;
        }
        let module = project.module_of(path)?;
        let ways = receivers(class, &module, method, project).into_iter();
        Some(
            ways.map(|receiver| Bound {
                name: name.clone(),
                receiver,
            })
            .collect(),
        )
    };
    attempt().unwrap_or_default()
}

/// The chain of calls from its lines alone: each function is rebuilt from the one line that is known of it, and its
/// parameters are the names that the line leaves open, but for the object that is `bound`.
pub(super) fn chain(
    frames: &[Frame],
    around: &[usize],
    known: &KnownFiles,
    project: &Project,
    near: &[String],
    bound: Option<&Bound>,
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
        fidelity: if bound.is_some() { MADE_UP } else { 1.0 },
    };
    if let Some(Bound { name, receiver }) = bound {
        script.imports.extend(receiver.imports.iter().cloned());
        script.setup.extend(receiver.setup.iter().cloned());
        script.setup.push(format!("{name} = {}", receiver.object));
    }
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
        let mut imported: Vec<(String, String)> = Vec::new();
        for name in free_names(&parsed, parsed.root()) {
            if names[n..].contains(&name.as_str()) || bound.is_some_and(|b| b.name == name) {
                continue;
            }
            match may_be_import(&parsed, &name)
                .then(|| project.import_of(&name, near))
                .flatten()
            {
                Some(import) => imported.push((name, import)),
                None => open.push(name),
            }
        }
        if n == start {
            script.imports.extend(imported.into_iter().map(|i| i.1));
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
        // What was given must be something: rather a name that could be imported as well than nothing.
        imported.retain(|(name, import)| {
            let is_plain = name.starts_with(char::is_uppercase) || import.starts_with("import ");
            let is_given = !is_plain && left.len() < n_positional;
            if is_given {
                left.push(name.clone());
            }
            !is_given
        });
        script.imports.extend(imported.into_iter().map(|i| i.1));
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
    let mut seen = Vec::new();
    script.imports.retain(|import| {
        let is_new = !seen.contains(import);
        if is_new {
            seen.push(import.clone());
        }
        is_new
    });
    (!script.call.is_empty()).then_some(script)
}
