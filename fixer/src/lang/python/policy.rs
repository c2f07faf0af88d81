//! What a fix may not touch or bring in, whoever made it (gate 8).

use std::collections::BTreeMap;

use super::{
    project::Project,
    source::{PyFile, descendants},
};
use crate::{candidate::Candidate, gates::Finding};

/// Names, of things and of attributes, that no fix may use more often than the code did: running code and programs,
/// talking to others, and reaching into the interpreter that is to judge it.
const FORBIDDEN: &[&str] = &[
    "eval",
    "exec",
    "compile",
    "__import__",
    "importlib",
    "runpy",
    "subprocess",
    "system",
    "popen",
    "Popen",
    "spawnv",
    "execv",
    "execve",
    "fork",
    "multiprocessing",
    "kill",
    "_exit",
    "abort",
    "socket",
    "urllib",
    "urlopen",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
    "ctypes",
    "cffi",
    "mmap",
    "pickle",
    "marshal",
    "shelve",
    "gc",
    "inspect",
    "_getframe",
    "_current_frames",
    "settrace",
    "setprofile",
    "f_locals",
    "f_globals",
    "f_back",
    "globals",
    "__globals__",
    "__builtins__",
    "builtins",
    "__code__",
    "__closure__",
    "__subclasses__",
    "__bases__",
    "__mro__",
    "pytest",
    "_pytest",
    "unittest",
    "sitecustomize",
];

/// Modules of the standard library that a fix may import where the file did not.
const HARMLESS: &[&str] = &[
    "__future__",
    "abc",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "html",
    "itertools",
    "json",
    "logging",
    "math",
    "numbers",
    "operator",
    "re",
    "statistics",
    "string",
    "textwrap",
    "typing",
    "unicodedata",
    "uuid",
    "warnings",
];

pub(crate) fn policy(candidate: &Candidate, project: &Project) -> Finding {
    for (path, text) in &candidate.files {
        if let Some(why) = project.ignored.reason(path) {
            return Finding::Refused(format!("{path} is to be left alone: {why}"));
        }
        let lower = path.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        if let Some(word) = words.find(|w| project.policy.protected.iter().any(|p| p == w)) {
            return Finding::Refused(format!("{path} is protected ({word}): it needs a person"));
        }
        if !lower.ends_with(".py") {
            return Finding::Refused(format!("{path} is no Python file"));
        }
        let old = PyFile::parse(path, &project.read(path).unwrap_or_default());
        let is_own = |module: &str| {
            project.sources().any(|p| {
                project
                    .module_of(p)
                    .is_some_and(|m| m.split('.').next() == Some(module))
            })
        };
        if let Some(what) = brought_in(&old, &PyFile::parse(path, text), is_own) {
            return Finding::Refused(format!("brings in {what}"));
        }
    }
    Finding::Passed("no new dependency, process, network call or protected path".to_owned())
}

/// What the new text uses that the old one does not and no fix may.
fn brought_in(old: &PyFile, new: &PyFile, is_own: impl Fn(&str) -> bool) -> Option<String> {
    let before = names(old);
    let forbidden = names(new)
        .into_iter()
        .find(|(name, n)| FORBIDDEN.contains(name) && *n > before.get(name).copied().unwrap_or(0));
    if let Some((name, _)) = forbidden {
        return Some(name.to_owned());
    }
    let known = imported(old);
    imported(new)
        .into_iter()
        .find(|module| {
            !known.contains(module) && !HARMLESS.contains(&module.as_str()) && !is_own(module)
        })
        .map(|module| format!("the module {module}"))
}

/// How often each name occurs, as a variable, an attribute or a part of an import.
fn names(file: &PyFile) -> BTreeMap<&str, usize> {
    let mut out = BTreeMap::new();
    for node in descendants(file.root()) {
        if node.kind() == "identifier" {
            *out.entry(file.text_of(node)).or_default() += 1;
        }
    }
    out
}

/// The first parts of the absolute modules that a file imports.
fn imported(file: &PyFile) -> Vec<String> {
    let mut out = Vec::new();
    for node in descendants(file.root()) {
        let first = |text: &str| text.split(['.', ' ']).next().unwrap_or_default().to_owned();
        let mut cursor = node.walk();
        match node.kind() {
            "import_statement" => out.extend(
                node.children_by_field_name("name", &mut cursor)
                    .map(|name| first(file.text_of(name))),
            ),
            "import_from_statement" => out.extend(
                node.child_by_field_name("module_name")
                    .filter(|module| module.kind() != "relative_import")
                    .map(|module| first(file.text_of(module))),
            ),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "import json\nfrom . import errors\n\ndef f(x):\n    return eval(x)\n";

    #[track_caller]
    fn check(new: &str, expected: Option<&str>) {
        let parse = |text: &str| PyFile::parse("a.py", text);
        let found = brought_in(&parse(OLD), &parse(new), |module| module == "shop");
        assert_eq!(found.as_deref(), expected, "{new}");
    }

    #[test]
    fn what_a_fix_brings_in() {
        check(OLD, None);
        check(
            "import json\n\ndef f(x):\n    return eval(x) if x else None\n",
            None,
        );
        check("def f(x):\n    return eval(x) or eval(x)\n", Some("eval"));
        check(
            "def f(x):\n    # eval(x), subprocess\n    return 'os.system'\n",
            None,
        );
        check("from os import system as s\n", Some("system"));
        check("import os\n", Some("the module os"));
        check("import os.path as p, json\n", Some("the module os"));
        check("import leftpad\n", Some("the module leftpad"));
        check("from leftpad.core import pad\n", Some("the module leftpad"));
        check(
            "from shop.errors import Bad\nimport math\nfrom .errors import Worse\n",
            None,
        );
        check("def f(x):\n    return x.__globals__\n", Some("__globals__"));
        check("import sys\n", Some("the module sys"));
        check("def f(x):\n    import urllib.request\n", Some("urllib"));
    }
}
