//! One case of the benchmark, as its `case.toml` states it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// A real bug of a published package.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) id: String,
    pub(crate) ecosystem: Ecosystem,
    pub(crate) package: String,
    /// The release that crashes.
    pub(crate) buggy: String,
    /// The release that does not. The scorer measures the gates on its change; no fixer ever sees it.
    pub(crate) fixed: String,
    /// The folder inside the unpacked source that goes on the module path.
    #[serde(default = "here")]
    pub(crate) src_root: PathBuf,
    /// Pinned runtime dependencies, in the words of the ecosystem's installer.
    #[serde(default)]
    pub(crate) deps: Vec<String>,
    /// The type that the trigger dies with.
    pub(crate) exception: String,
    /// A piece of its message.
    pub(crate) message: String,
    /// Where upstream's fix is, relative to `src_root`.
    pub(crate) fix_file: PathBuf,
    pub(crate) fix_function: String,
    pub(crate) bug_class: BugClass,
    #[expect(dead_code, reason = "a fact for a reader of the case")]
    fix_lines: u32,
    #[expect(dead_code, reason = "a fact for a reader of the case")]
    upstream: String,
    /// Whether the case counts in the headline: the upstream fix is small.
    pub(crate) simple: bool,
    /// Whether it may be looked at while working on the fixer; none where nobody says.
    #[serde(default)]
    pub(crate) half: Option<Half>,
    /// Where the case's files are.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

/// A part of a set of cases that is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Half {
    /// To look at.
    Dev,
    /// To be run, never to be read while working on the fixer.
    Check,
}

impl Half {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Check => "check",
        }
    }
}

/// Where a package is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ecosystem {
    Pypi,
    Npm,
}

impl Ecosystem {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pypi => "pypi",
            Self::Npm => "npm",
        }
    }

    /// How its scripts' names end.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Pypi => "py",
            Self::Npm => "cjs",
        }
    }
}

/// What kind of mistake a bug is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BugClass {
    NoneDeref,
    KeyMissing,
    IndexRange,
    TypeMismatch,
    AttrMissing,
    UnboundName,
    ZeroDiv,
    Encoding,
    WrongArg,
    MissingCase,
    Recursion,
    Other,
}

impl BugClass {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoneDeref => "none-deref",
            Self::KeyMissing => "key-missing",
            Self::IndexRange => "index-range",
            Self::TypeMismatch => "type-mismatch",
            Self::AttrMissing => "attr-missing",
            Self::UnboundName => "unbound-name",
            Self::ZeroDiv => "zero-div",
            Self::Encoding => "encoding",
            Self::WrongArg => "wrong-arg",
            Self::MissingCase => "missing-case",
            Self::Recursion => "recursion",
            Self::Other => "other",
        }
    }
}

impl Case {
    /// Reads `folder/case.toml` and makes sure that its words are safe to hand to an installer and to join to a path.
    ///
    /// # Errors
    /// A missing or unknown key, a bad value, or a missing script, named.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Case> {
        let file = folder.join("case.toml");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("reading {}", file.display()))?;
        let mut case: Case =
            toml::from_str(&text).with_context(|| format!("in {}", file.display()))?;
        let name = folder
            .canonicalize()?
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        ensure!(
            name.as_ref() == Some(&case.id),
            "id {:?} is not the folder's name",
            case.id
        );
        for (key, word) in [("package", &case.package), ("buggy", &case.buggy)] {
            ensure!(
                is_word(word),
                "{key} {word:?} is not a name that an installer takes"
            );
        }
        if let Some(dep) = case.deps.iter().find(|dep| !is_word(dep)) {
            bail!("dependency {dep:?} is not pinned by name and version");
        }
        for (key, path) in [("src_root", &case.src_root), ("fix_file", &case.fix_file)] {
            ensure!(stays_inside(path), "{key} {path:?} leaves the source");
        }
        folder.clone_into(&mut case.folder);
        for script in [case.trigger(), case.oracle()] {
            ensure!(script.is_file(), "no {}", script.display());
        }
        Ok(case)
    }

    /// Drives the package; dies with the crash on `buggy`.
    pub(crate) fn trigger(&self) -> PathBuf {
        self.folder
            .join("trigger")
            .with_extension(self.ecosystem.extension())
    }

    /// Ends well only where the behaviour is right.
    pub(crate) fn oracle(&self) -> PathBuf {
        self.folder
            .join("oracle")
            .with_extension(self.ecosystem.extension())
    }
}

fn is_word(word: &str) -> bool {
    let first = word
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == '@');
    first
        && !word.contains("..")
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "@/._+-=![],".contains(c))
}

fn stays_inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The folders below `dir` that hold a `case.toml`, `dir` itself included, by their names.
///
/// # Errors
/// If a folder can't be listed.
pub(crate) fn find(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![(dir.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if folder.join("case.toml").is_file() {
            found.push(folder);
            continue;
        }
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if depth < 3 && path.is_dir() {
                open.push((path, depth + 1));
            }
        }
    }
    found.sort_by(|a, b| (a.file_name(), a).cmp(&(b.file_name(), b)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        id = "pypi-a-b"
        ecosystem = "pypi"
        package = "a"
        buggy = "1.0"
        fixed = "1.1"
        deps = ["b==2.0"]
        exception = "TypeError"
        message = "NoneType"
        fix_file = "a/core.py"
        fix_function = "parse"
        bug_class = "none-deref"
        fix_lines = 2
        upstream = "said so"
        simple = true
    "#;

    /// Loads a case in which `from` became `to`: "ok", or the whole error in one line.
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let folder = home.path().join("pypi-a-b");
        std::fs::create_dir(&folder).expect("a folder");
        for (name, text) in [
            ("case.toml", GOOD.replacen(from, to, 1).as_str()),
            ("trigger.py", ""),
            ("oracle.py", ""),
        ] {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        let said = match Case::load(&folder) {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{error:#}").replace('\n', " "),
        };
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn cases_are_read_strictly() {
        check("", "", "ok");
        check("simple = true", "", "missing field `simple`");
        check("simple", "simpel", "unknown field `simpel`");
        check("\"pypi\"", "\"crates\"", "unknown variant `crates`");
        check("none-deref", "none", "unknown variant `none`");
        check(
            "pypi-a-b",
            "pypi-a-c",
            "id \"pypi-a-c\" is not the folder's name",
        );
        check("fix_lines = 2", "fix_lines = -2", "invalid value");
    }

    #[test]
    fn hostile_words_are_refused() {
        check(
            "package = \"a\"",
            "package = \"--index-url\"",
            "not a name that an installer takes",
        );
        check(
            "buggy = \"1.0\"",
            "buggy = \"../../x\"",
            "not a name that an installer takes",
        );
        check("b==2.0", "--target=/", "is not pinned");
        check("b==2.0", "b @ file:///etc", "is not pinned");
        check("a/core.py", "../core.py", "leaves the source");
        check("a/core.py", "/etc/passwd", "leaves the source");
    }

    #[test]
    fn cases_are_found_in_the_order_of_their_names() {
        let home = tempfile::tempdir().expect("a temporary folder");
        for name in ["z/npm-a", "b/pypi-z", "b/pypi-a", "b/empty"] {
            std::fs::create_dir_all(home.path().join(name)).expect("a folder");
            if !name.ends_with("empty") {
                std::fs::write(home.path().join(name).join("case.toml"), "").expect("a file");
            }
        }
        let found = find(home.path()).expect("it can be listed");
        let names: Vec<_> = found
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .collect();
        assert_eq!(names, ["npm-a", "pypi-a", "pypi-z"]);
        assert_eq!(
            find(&home.path().join("b/pypi-a"))
                .expect("it can be listed")
                .len(),
            1
        );
    }
}
