//! Where a name of a file is defined: at its own top level, or in the file of the repository that it is imported from.

use std::rc::Rc;

use tree_sitter::Node;

use super::{
    project::{Project, parent},
    source::{PyFile, children},
};

/// How often a name may be handed on before it is given up.
const MAX_STEPS: usize = 4;

/// Classes looked at above one class.
const MAX_BASES: usize = 8;

/// Files looked through for other classes of a base.
const MAX_FILES: usize = 200;

/// A function or class of the repository.
#[derive(Clone)]
pub(crate) struct Definition {
    pub(crate) file: Rc<PyFile>,
    start: usize,
    end: usize,
}

impl Definition {
    fn of(file: &Rc<PyFile>, node: Node<'_>) -> Self {
        Self {
            file: Rc::clone(file),
            start: node.start_byte(),
            end: node.end_byte(),
        }
    }

    pub(crate) fn node(&self) -> Node<'_> {
        let root = self.file.root();
        root.named_descendant_for_byte_range(self.start, self.end)
            .unwrap_or(root)
    }

    pub(crate) fn name(&self) -> &str {
        self.file.name_of(self.node())
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.file.path == other.file.path && self.start == other.start
    }

    /// `Shop.price` of a method, else the name.
    pub(crate) fn full_name(&self) -> String {
        match self.file.class_of(self.node()) {
            Some(class) => format!("{}.{}", self.file.name_of(class), self.name()),
            None => self.name().to_owned(),
        }
    }
}

/// The functions and classes that a module or class itself defines.
pub(crate) fn definitions_of(around: Node<'_>) -> Vec<Node<'_>> {
    let body = around.child_by_field_name("body").unwrap_or(around);
    children(body)
        .into_iter()
        .map(|n| n.child_by_field_name("definition").unwrap_or(n))
        .filter(|n| matches!(n.kind(), "function_definition" | "class_definition"))
        .collect()
}

/// The functions among them.
pub(crate) fn functions_of(around: Node<'_>) -> Vec<Node<'_>> {
    let mut all = definitions_of(around);
    all.retain(|n| n.kind() == "function_definition");
    all
}

/// A name that a file imports at its top level.
pub(crate) struct Import {
    /// The name in this file.
    pub(crate) bound: String,
    /// As written, with the dots of a relative one.
    module: String,
    /// The name there; `None` where the module itself is imported.
    name: Option<String>,
}

/// The names that a file imports at its top level.
pub(crate) fn imports(file: &PyFile) -> Vec<Import> {
    let mut out = Vec::new();
    for statement in children(file.root()) {
        let module = statement.child_by_field_name("module_name");
        if !matches!(
            statement.kind(),
            "import_statement" | "import_from_statement"
        ) {
            continue;
        }
        let mut cursor = statement.walk();
        for item in statement.children_by_field_name("name", &mut cursor) {
            let field = |name| item.child_by_field_name(name).map(|n| file.text_of(n));
            let name = field("name").unwrap_or_else(|| file.text_of(item));
            out.push(Import {
                bound: field("alias").unwrap_or(name).to_owned(),
                module: module.map_or(name, |m| file.text_of(m)).to_owned(),
                name: module.map(|_| name.to_owned()),
            });
        }
    }
    out
}

/// The function or class that a (dotted) name stands for at a file's top level.
pub(crate) fn definition(project: &Project, path: &str, name: &str) -> Option<Definition> {
    follow(project, path, name, MAX_STEPS)
}

fn follow(project: &Project, path: &str, name: &str, left: usize) -> Option<Definition> {
    let left = left.checked_sub(1)?;
    let file = project.file(path)?;
    let import = |wanted: &str| imports(&file).into_iter().find(|i| i.bound == wanted);
    if let Some((module, name)) = name.rsplit_once('.') {
        let Import {
            module, name: sub, ..
        } = import(module)?;
        let dot = if module.ends_with('.') { "" } else { "." };
        let full = sub.map_or(module.clone(), |sub| format!("{module}{dot}{sub}"));
        return follow(project, &path_of(project, path, &full)?, name, left);
    }
    let own = definitions_of(file.root());
    if let Some(node) = own.into_iter().find(|n| file.name_of(*n) == name) {
        return Some(Definition::of(&file, node));
    }
    let Import { module, name, .. } = import(name)?;
    follow(project, &path_of(project, path, &module)?, &name?, left)
}

/// The file of a module that another file imports.
fn path_of(project: &Project, importer: &str, module: &str) -> Option<String> {
    let inner = module.trim_start_matches('.');
    let n_dots = module.len() - inner.len();
    let folders = match n_dots {
        0 => project.roots.clone(),
        _ => vec![(0..n_dots).fold(importer, |at, _| parent(at)).to_owned()],
    };
    let inner = inner.replace('.', "/");
    folders.iter().find_map(|folder| {
        let parts = [folder.as_str(), &inner];
        let stem: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        let stem = stem.join("/");
        [format!("{stem}.py"), format!("{stem}/__init__.py")]
            .into_iter()
            .find(|p| project.has(p))
    })
}

/// The methods that a method overrides, the nearest first.
pub(crate) fn overridden(project: &Project, file: &PyFile, method: Node<'_>) -> Vec<Definition> {
    let Some(class) = file.class_of(method) else {
        return Vec::new();
    };
    let above = above(project, bases(project, file, class));
    let name = file.name_of(method);
    above.iter().filter_map(|c| method_of(c, name)).collect()
}

/// The method of a class, its own or the nearest of the repository's classes above it.
pub(crate) fn method(project: &Project, class: &Definition, name: &str) -> Option<Definition> {
    let all = above(project, vec![class.clone()]);
    all.iter().find_map(|class| method_of(class, name))
}

/// Some classes and those above them, the nearest first.
fn above(project: &Project, mut classes: Vec<Definition>) -> Vec<Definition> {
    let mut at = 0;
    while at < classes.len().min(MAX_BASES) {
        let class = classes[at].clone();
        for base in bases(project, &class.file, class.node()) {
            if !classes.iter().any(|c| c.is(&base)) {
                classes.push(base);
            }
        }
        at += 1;
    }
    classes.truncate(MAX_BASES);
    classes
}

/// The methods of that name in other classes of the same base.
pub(crate) fn siblings(project: &Project, file: &PyFile, method: Node<'_>) -> Vec<Definition> {
    let Some(class) = file.class_of(method) else {
        return Vec::new();
    };
    let own = bases(project, file, class);
    let mut out = Vec::new();
    if own.is_empty() {
        return out;
    }
    for path in project.sources().take(MAX_FILES) {
        let is_named = |text: Rc<str>| own.iter().any(|base| text.contains(base.name()));
        if !project.read(path).is_some_and(is_named) {
            continue;
        }
        let Some(other) = project.file(path) else {
            continue;
        };
        for node in definitions_of(other.root()) {
            let is_own = path == file.path && other.name_of(node) == file.name_of(class);
            let theirs = bases(project, &other, node);
            if !is_own && theirs.iter().any(|t| own.iter().any(|o| o.is(t))) {
                out.extend(method_of(
                    &Definition::of(&other, node),
                    file.name_of(method),
                ));
            }
        }
    }
    out
}

fn method_of(class: &Definition, name: &str) -> Option<Definition> {
    let found = functions_of(class.node())
        .into_iter()
        .find(|n| class.file.name_of(*n) == name)?;
    Some(Definition::of(&class.file, found))
}

/// The classes of the repository that a class names as its bases.
fn bases(project: &Project, file: &PyFile, class: Node<'_>) -> Vec<Definition> {
    let list = class.child_by_field_name("superclasses").map(children);
    let named = list.into_iter().flatten().map(|base| match base.kind() {
        // `Shop[Page]`
        "subscript" => base.child_by_field_name("value").unwrap_or(base),
        _ => base,
    });
    named
        .filter(|n| matches!(n.kind(), "identifier" | "attribute"))
        .filter_map(|n| definition(project, &file.path, file.text_of(n)))
        .filter(|d| d.node().kind() == "class_definition")
        .collect()
}
