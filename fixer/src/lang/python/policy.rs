//! What a fix may not touch or bring in, whoever made it (gate 8).

use std::collections::BTreeMap;

use super::{
    project::{Project, is_test},
    source::{PyFile, descendants},
};
use crate::{candidate::Candidate, gates::Finding};

/// Names that no fix may use more often than the code did, unless as an attribute: `re.compile` compiles no code.
const FORBIDDEN_BARE: &[&str] = &["eval", "exec", "compile", "globals"];

/// Names, of things and of attributes, that no fix may use more often than the code did: running code and programs,
/// talking to others, and reaching into the interpreter that is to judge it.
const FORBIDDEN: &[&str] = &[
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
    "kill",
    "abort",
    "multiprocessing",
    "_exit",
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
    "binascii",
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

/// Those of them that tests need.
const TESTING: &[&str] = &["pytest", "_pytest", "unittest", "pickle", "inspect", "gc"];

/// What builds, installs or releases a program, or runs when one is pushed.
const BUILD_FILES: &[&str] = &[
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "noxfile.py",
    "makefile",
    "manifest.in",
    "pipfile",
    "dockerfile",
    "jenkinsfile",
    "tasks.py",
];
const BUILD_ENDINGS: &[&str] = &[".toml", ".lock", ".yml", ".yaml", ".cfg", ".ini", ".sh"];

/// How keys and tokens begin that their makers made to be recognised.
const SECRETS: &[&str] = &[
    "-----BEGIN ",
    "AKIA",
    "ghp_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
];

pub(crate) fn policy(candidate: &Candidate, project: &Project) -> Finding {
    for path in candidate.files.keys().chain(&candidate.deleted) {
        if let Some(why) = project.ignored.reason(path) {
            return Finding::Refused(format!("{path} is to be left alone: {why}"));
        }
        let lower = path.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        if let Some(word) = words.find(|w| project.policy.protected.iter().any(|p| p == w)) {
            return Finding::Refused(format!("{path} is protected ({word}): it needs a person"));
        }
        let name = lower.rsplit('/').next().unwrap_or(&lower);
        let is_build = BUILD_FILES.contains(&name)
            || name.starts_with("requirements")
            || BUILD_ENDINGS.iter().any(|end| name.ends_with(end))
            || lower.split('/').any(|part| part.starts_with('.'));
        if is_build {
            return Finding::Refused(format!("{path} is a build, CI or settings file"));
        }
        if !candidate.is_given() && !name.ends_with(".py") {
            return Finding::Refused(format!("{path} is no Python file"));
        }
    }
    for (path, text) in &candidate.files {
        let old = project.read(path).unwrap_or_default();
        let is_new =
            |secret: &&&str| text.matches(**secret).count() > old.matches(**secret).count();
        if SECRETS.iter().any(|secret| is_new(&secret)) {
            return Finding::Refused(format!("{path} brings in what looks like a credential"));
        }
    }
    for (path, text) in candidate.files.iter().filter(|(p, _)| p.ends_with(".py")) {
        let old = PyFile::parse(path, &project.read(path).unwrap_or_default());
        let permitted = if is_test(path) { TESTING } else { &[] };
        let is_known = |module: &str| is_own(project, module) || is_imported(project, module);
        let new = PyFile::parse(path, text);
        if let Some(what) = brought_in(&old, &new, permitted, is_known) {
            return Finding::Refused(format!("{path} brings in {what}"));
        }
    }
    Finding::Passed("no new dependency, process, network call or protected path".to_owned())
}

fn is_own(project: &Project, module: &str) -> bool {
    project.sources().any(|path| {
        let own = project.module_of(path);
        own.is_some_and(|m| m.split('.').next() == Some(module))
    })
}

/// Whether a file of the repository imports a module already: then it is no new dependency.
fn is_imported(project: &Project, module: &str) -> bool {
    project.sources().chain(project.tests()).any(|path| {
        let text = project.read(path).unwrap_or_default();
        text.contains(module)
            && imported(&PyFile::parse(path, &text))
                .iter()
                .any(|m| m == module)
    })
}

/// What the new text uses that the old one does not and no fix may.
fn brought_in(
    old: &PyFile,
    new: &PyFile,
    permitted: &[&str],
    is_known: impl Fn(&str) -> bool,
) -> Option<String> {
    let before = names(old);
    let forbidden = names(new).into_iter().find(|((name, is_bare), n)| {
        let is_forbidden = FORBIDDEN.contains(name) || *is_bare && FORBIDDEN_BARE.contains(name);
        let had = before.get(&(*name, *is_bare)).copied().unwrap_or(0);
        is_forbidden && !permitted.contains(name) && *n > had
    });
    if let Some(((name, _), _)) = forbidden {
        return Some(name.to_owned());
    }
    let known = imported(old);
    imported(new)
        .into_iter()
        .find(|module| {
            let name = module.as_str();
            !known.contains(module)
                && !HARMLESS.contains(&name)
                && !permitted.contains(&name)
                && !is_known(name)
        })
        .map(|module| format!("the module {module}"))
}

/// How often each name occurs; bare, as a variable or a part of an import, or as an attribute of something.
fn names(file: &PyFile) -> BTreeMap<(&str, bool), usize> {
    let mut out = BTreeMap::new();
    for node in descendants(file.root()) {
        if node.kind() == "identifier" {
            let attribute = node.parent().filter(|p| p.kind() == "attribute");
            let attribute = attribute.and_then(|p| p.child_by_field_name("attribute"));
            let is_bare = attribute.is_none_or(|a| a.id() != node.id());
            *out.entry((file.text_of(node), is_bare)).or_default() += 1;
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
        let found = brought_in(&parse(OLD), &parse(new), &[], |module| module == "shop");
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
        check("import re\n\nP = re.compile('x')\n", None);
        check("P = compile('x', 'x', 'exec')\n", Some("compile"));
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
