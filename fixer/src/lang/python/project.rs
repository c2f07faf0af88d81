//! The repository as a Python project: its files, the folders that go on `sys.path`, where a name comes from.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, HashMap},
    hash::Hash,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    contract::{self, Call},
    definition::Definition,
    examples::{self, Example},
    generate::{self, Precedent, Use, stated},
    source::PyFile,
};
use crate::{Policy, checkout::Words, git::TreeEntry, search::Ignored};

/// Files larger than this are not parsed: generated code, as a rule.
pub(super) const MAX_FILE_BYTES: u64 = 2 << 20;

/// Files looked through for how often a name occurs.
const MAX_COUNTED_FILES: usize = 2000;

/// Modules of the standard library that programs name bare, as `import json`.
const STANDARD_MODULES: &[&str] = &[
    "abc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "base64",
    "bisect",
    "calendar",
    "codecs",
    "collections",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "email",
    "enum",
    "fractions",
    "functools",
    "glob",
    "gzip",
    "hashlib",
    "heapq",
    "html",
    "http",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "locale",
    "logging",
    "math",
    "mimetypes",
    "numbers",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "platform",
    "pprint",
    "queue",
    "random",
    "re",
    "secrets",
    "shlex",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "stat",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "tomllib",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "weakref",
    "xml",
    "zipfile",
    "zlib",
    "zoneinfo",
];

/// Names of the standard library that programs import from their modules.
const STANDARD_NAMES: &[(&str, &str)] = &[
    ("BytesIO", "io"),
    ("StringIO", "io"),
    ("Counter", "collections"),
    ("OrderedDict", "collections"),
    ("defaultdict", "collections"),
    ("deque", "collections"),
    ("namedtuple", "collections"),
    ("Decimal", "decimal"),
    ("Fraction", "fractions"),
    ("Path", "pathlib"),
    ("PurePosixPath", "pathlib"),
    ("Enum", "enum"),
    ("partial", "functools"),
    ("reduce", "functools"),
    ("lru_cache", "functools"),
    ("suppress", "contextlib"),
    ("contextmanager", "contextlib"),
    ("dataclass", "dataclasses"),
    ("field", "dataclasses"),
    ("timedelta", "datetime"),
    ("timezone", "datetime"),
    ("date", "datetime"),
    ("chain", "itertools"),
    ("islice", "itertools"),
    ("groupby", "itertools"),
    ("SimpleNamespace", "types"),
    ("MappingProxyType", "types"),
    ("UUID", "uuid"),
    ("uuid4", "uuid"),
    ("Any", "typing"),
    ("Dict", "typing"),
    ("List", "typing"),
    ("NamedTuple", "typing"),
    ("TypedDict", "typing"),
    ("Union", "typing"),
    ("urlparse", "urllib.parse"),
    ("dedent", "textwrap"),
    ("sleep", "time"),
    ("itemgetter", "operator"),
    ("attrgetter", "operator"),
    ("ElementTree", "xml.etree"),
    ("quote", "urllib.parse"),
];

/// What was looked for in all of a project's files, kept by what it was looked for with.
struct Found<K, T>(RefCell<HashMap<K, Rc<[T]>>>);

impl<K: Eq + Hash, T> Found<K, T> {
    /// What is known, else what `look` finds, which may ask for others.
    fn or(&self, key: K, look: impl FnOnce(&K) -> Vec<T>) -> Rc<[T]> {
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found: Rc<[T]> = look(&key).into();
        self.0.borrow_mut().insert(key, Rc::clone(&found));
        found
    }
}

impl<K, T> Default for Found<K, T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

/// A checked-out Python project.
pub(crate) struct Project {
    pub(crate) tree: PathBuf,
    pub(crate) entries: Vec<TreeEntry>,
    /// Folders for `sys.path`, relative to the tree; the one of the crashing module first.
    pub(crate) roots: Vec<String>,
    /// What its owner allows.
    pub(crate) policy: Policy,
    /// What its owner wants left alone: it is run, but neither read for a fix nor changed.
    pub(crate) ignored: Ignored,
    deps: Option<PathBuf>,
    /// Texts read so far: looking for where a name comes from goes through all of them.
    texts: RefCell<BTreeMap<String, Option<Rc<str>>>>,
    files: RefCell<BTreeMap<String, Option<Rc<PyFile>>>>,
    examples: OnceCell<Vec<Example>>,
    calls: Found<String, Call>,
    /// By the file that defines a helper and its name.
    uses: Found<(String, String), Use>,
    /// By what an item is of and its name.
    precedents: Found<(String, String), Precedent>,
    /// By the name of a function.
    annotations: Found<String, Option<String>>,
}

impl Project {
    pub(crate) fn new(
        tree: PathBuf,
        entries: Vec<TreeEntry>,
        deps: Option<&Path>,
        policy: &Policy,
    ) -> Self {
        let ignored = Ignored::of(&entries, |entry| {
            let path = tree.join(&entry.path);
            let size = std::fs::symlink_metadata(&path).ok()?.len();
            (size <= MAX_FILE_BYTES).then(|| std::fs::read(path).ok())?
        });
        Self {
            ignored,
            tree,
            entries,
            roots: Vec::new(),
            policy: policy.clone(),
            deps: deps.map(Path::to_path_buf),
            texts: RefCell::default(),
            files: RefCell::default(),
            examples: OnceCell::new(),
            calls: Found::default(),
            uses: Found::default(),
            precedents: Found::default(),
            annotations: Found::default(),
        }
    }

    /// Adds the import roots of the files that the trace names.
    pub(crate) fn add_roots(&mut self, mapped: &[(String, Option<String>)]) {
        let mut roots = Vec::new();
        for (path, module) in mapped {
            let root = self.root_of(path, module.as_deref());
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        for root in [String::new(), "src".to_owned(), "lib".to_owned()] {
            let exists = root.is_empty()
                || self
                    .entries
                    .iter()
                    .any(|e| e.path.starts_with(&format!("{root}/")));
            if exists && !roots.contains(&root) {
                roots.push(root);
            }
        }
        self.roots = roots;
    }

    fn root_of(&self, path: &str, module: Option<&str>) -> String {
        if let Some(module) = module {
            let as_path = module.replace('.', "/");
            for end in [format!("{as_path}.py"), format!("{as_path}/__init__.py")] {
                if path == end {
                    return String::new();
                }
                if let Some(root) = path.strip_suffix(&format!("/{end}")) {
                    return root.to_owned();
                }
            }
        }
        let mut folder = parent(path);
        while !folder.is_empty() && self.has(&format!("{folder}/__init__.py")) {
            folder = parent(folder);
        }
        folder.to_owned()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.entries.iter().any(|e| e.path == path)
    }

    /// A file of the commit, parsed; `None` for what is no ordinary Python text of a sane size.
    pub(crate) fn file(&self, path: &str) -> Option<Rc<PyFile>> {
        if let Some(known) = self.files.borrow().get(path) {
            return known.clone();
        }
        let parsed = self
            .read(path)
            .map(|text| Rc::new(PyFile::parse(path, &text)));
        self.files
            .borrow_mut()
            .insert(path.to_owned(), parsed.clone());
        parsed
    }

    /// The text of a file of the commit; `None` of those that are to be left alone.
    pub(crate) fn read(&self, path: &str) -> Option<Rc<str>> {
        match self.ignored.reason(path) {
            Some(_) => None,
            None => self.read_any(path),
        }
    }

    /// A line of any file of the commit, for telling whether a frame's line stands there.
    pub(crate) fn line(&self, path: &str, line: u32) -> Option<String> {
        let text = self.read_any(path)?;
        let at = (line as usize).checked_sub(1)?;
        text.lines().nth(at).map(str::to_owned)
    }

    fn read_any(&self, path: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text: Option<Rc<str>> = self.load(path).map(Into::into);
        self.texts
            .borrow_mut()
            .insert(path.to_owned(), text.clone());
        text
    }

    fn load(&self, path: &str) -> Option<String> {
        let entry = self
            .entries
            .iter()
            .find(|e| e.path == path && e.mode != "120000")?;
        let path = self.tree.join(&entry.path);
        if std::fs::symlink_metadata(&path).ok()?.len() > MAX_FILE_BYTES {
            return None;
        }
        String::from_utf8(std::fs::read(path).ok()?).ok()
    }

    /// The dotted name under which a file is imported.
    pub(crate) fn module_of(&self, path: &str) -> Option<String> {
        let mut roots: Vec<_> = self
            .roots
            .iter()
            .filter(|r| r.is_empty() || path.starts_with(&format!("{r}/")))
            .collect();
        roots.sort_by_key(|r| std::cmp::Reverse(r.len()));
        let root = roots.first()?;
        let inner = if root.is_empty() {
            path
        } else {
            &path[root.len() + 1..]
        };
        let inner = inner.strip_suffix(".py")?;
        let inner = inner.strip_suffix("/__init__").unwrap_or(inner);
        Some(inner.replace('/', ".")).filter(|m| !m.is_empty() && m.split('.').all(is_identifier))
    }

    /// The words of the repository's own sources. Of very large repositories a part is read.
    pub(crate) fn words(&self) -> Words {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for path in self.sources().take(MAX_COUNTED_FILES) {
            let text = self.read(path).unwrap_or_default();
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                match counts.get_mut(word) {
                    Some(n) => *n += 1,
                    None => drop(counts.insert(word.to_owned(), 1)),
                }
            }
        }
        Words::new(counts)
    }

    /// Python files of the project that are no tests, setup scripts or documentation.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.path.as_str()).filter(|p| {
            p.ends_with(".py")
                && !is_test(p)
                && !p.ends_with("setup.py")
                && !p.starts_with("docs/")
                && self.ignored.reason(p).is_none()
        })
    }

    /// Files that pytest would collect.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.path.as_str()).filter(|p| {
            let name = p.rsplit('/').next().unwrap_or(p);
            name.ends_with(".py")
                && (name.starts_with("test_") || name.ends_with("_test.py") || name == "tests.py")
        })
    }

    /// Programs that show how the repository is used.
    pub(crate) fn examples(&self) -> &[Example] {
        self.examples.get_or_init(|| examples::of(self))
    }

    /// The calls of a function in the sources; none of a name that several functions have.
    pub(crate) fn calls(&self, callee: &str) -> Rc<[Call]> {
        self.calls
            .or(callee.to_owned(), |callee| contract::calls(self, callee))
    }

    /// Where the sources call a function with one argument.
    pub(crate) fn uses(&self, helper: &Definition) -> Rc<[Use]> {
        let key = (helper.file.path.clone(), helper.name().to_owned());
        self.uses.or(key, |_| generate::uses(self, helper))
    }

    /// How the sources take an item (of this, of that name) where it is missing.
    pub(crate) fn precedents(&self, item: (String, String)) -> Rc<[Precedent]> {
        self.precedents
            .or(item, |item| generate::precedents(self, item))
    }

    /// The return annotations of the functions of a name, for as many as are looked at.
    pub(crate) fn annotations(&self, name: &str) -> Rc<[Option<String>]> {
        self.annotations
            .or(name.to_owned(), |name| stated::annotations(self, name))
    }

    /// Documents for people: plain text, reStructuredText, Markdown.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &str> {
        let all = self.entries.iter().map(|e| e.path.as_str());
        all.filter(|p| p.ends_with(".rst") || p.ends_with(".md") || p.ends_with(".txt"))
    }

    /// The statement that imports a name which the code around a crash uses without our seeing where it got it.
    pub(crate) fn import_of(&self, name: &str, near: &[String]) -> Option<String> {
        if !is_identifier(name) {
            return None;
        }
        let here = |root: &String| {
            if root.is_empty() {
                String::new()
            } else {
                format!("{root}/")
            }
        };
        let is_module = self.roots.iter().any(|r| {
            self.has(&format!("{}{name}.py", here(r)))
                || self.has(&format!("{}{name}/__init__.py", here(r)))
        });
        let installed = self
            .deps
            .as_ref()
            .is_some_and(|d| d.join(name).is_dir() || d.join(format!("{name}.py")).is_file());
        // `from toml import toml` is rare, `from tabulate import tabulate` is not: a function of that name wins.
        let packages: Vec<String> = near
            .iter()
            .filter_map(|p| self.module_of(p))
            .map(|m| m.split('.').next().unwrap_or_default().to_owned())
            .collect();
        let mut found: Vec<String> = Vec::new();
        let is_package = is_module || installed;
        for path in self.sources() {
            let Some(module) = self.module_of(path) else {
                continue;
            };
            let last = module.rsplit('.').next().unwrap_or_default();
            // Of a package `arrow` with a module `arrow.arrow`, `arrow` is the package.
            if last == name && module.contains('.') {
                if is_package {
                    continue;
                }
                found.push(module[..module.len() - name.len() - 1].to_owned());
            } else if self.read(path).is_some_and(|text| defines(&text, name)) {
                found.push(module);
            }
        }
        found.sort_by_key(|m| {
            (
                !packages
                    .iter()
                    .any(|p| m == p || m.starts_with(&format!("{p}."))),
                m.matches('.').count(),
                m.len(),
            )
        });
        if is_package {
            return match found.first() {
                Some(module) if module == name => Some(format!("from {module} import {name}")),
                _ => Some(format!("import {name}")),
            };
        }
        if STANDARD_MODULES.contains(&name) {
            return Some(format!("import {name}"));
        }
        // A package that re-exports the name is where its users take it from.
        if let Some(package) = packages.iter().find(|p| self.reexports(p, name)) {
            return Some(format!("from {package} import {name}"));
        }
        if let Some(module) = found.first() {
            return Some(format!("from {module} import {name}"));
        }
        STANDARD_NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, module)| format!("from {module} import {name}"))
    }

    /// The statement that imports a class that the repository defines and whose file has all of some words; the file at
    /// `near` and what it imports come first.
    pub(crate) fn class_import(&self, name: &str, words: &[&str], near: &str) -> Option<String> {
        if !is_identifier(name) {
            return None;
        }
        let importer = self.read(near).unwrap_or_default();
        let found = self.sources().filter_map(|path| {
            let (text, module) = (self.read(path)?, self.module_of(path)?);
            let is_class = text.lines().any(|line| {
                let class = line
                    .strip_prefix("class ")
                    .and_then(|l| l.strip_prefix(name));
                let tuple = line.strip_prefix(name).map(str::trim_start);
                class.is_some_and(|rest| rest.trim_start().starts_with(['(', ':']))
                    || tuple.is_some_and(|t| t.starts_with('=') && t.contains("uple("))
            });
            let of_text = |c: char| !c.is_alphanumeric() && c != '_';
            let has_words = || words.iter().all(|w| text.split(of_text).any(|t| t == *w));
            (is_class && has_words()).then_some((path, module))
        });
        let (_, module) = found.min_by_key(|(path, module)| {
            let last = module.rsplit('.').next().unwrap_or_default();
            (*path != near, !importer.contains(last), path.len())
        })?;
        Some(format!("from {module} import {name}"))
    }

    /// Whether a package's `__init__` imports a name, for its users to take it from there.
    pub(crate) fn reexports(&self, package: &str, name: &str) -> bool {
        self.roots.iter().any(|root| {
            let root = if root.is_empty() {
                String::new()
            } else {
                format!("{root}/")
            };
            let text = self
                .read(&format!("{root}{package}/__init__.py"))
                .unwrap_or_default();
            text.lines().any(|line| {
                let line = line.split('#').next().unwrap_or_default();
                (line.contains("import") || line.starts_with([' ', '\t']))
                    && line
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|w| w == name)
            }) && text.contains("import")
        })
    }
}

/// Whether a module's text defines a function, a class or a constant of this name at its top level. Other variables
/// (`rows = …`) are nobody's import: the name is a local's more often.
fn defines(text: &str, name: &str) -> bool {
    let forms: &[&str] = if name.starts_with(char::is_uppercase) {
        &["def ", "class ", "async def ", ""]
    } else {
        &["def ", "class ", "async def "]
    };
    text.lines().any(|line| {
        let rest = forms
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix)?.strip_prefix(name));
        rest.is_some_and(|rest| {
            rest.trim_start().starts_with(['(', ':', '=']) && !rest.trim_start().starts_with("==")
        })
    })
}

/// Whether a path is a test's or a test helper's.
pub(crate) fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/')
        .any(|p| matches!(p, "tests" | "test" | "testing" | "examples" | "benchmarks"))
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py"
}

pub(crate) fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
