//! One case of the benchmark, as its `case.toml` states it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// A real crash of a published package, or of an application of ours that uses published ones.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) id: String,
    pub(crate) ecosystem: Ecosystem,
    /// The published package; of an application the package that it is imported by.
    pub(crate) package: String,
    /// Whether it is an application, whose `history/` is its repository.
    pub(crate) is_application: bool,
    /// The release that crashes.
    pub(crate) buggy: String,
    /// The releases that the repository has a commit of, the oldest first and `buggy` last; none: of that one alone.
    pub(crate) releases: Vec<String>,
    /// The folder inside the unpacked source that goes on the module path.
    pub(crate) src_root: PathBuf,
    /// Pinned runtime dependencies, in the words of the ecosystem's installer.
    pub(crate) deps: Vec<String>,
    /// The type that the trigger dies with.
    pub(crate) exception: String,
    /// A piece of its message.
    pub(crate) message: String,
    pub(crate) bug_class: BugClass,
    /// What should come of it.
    pub(crate) wanted: Wanted,
    /// Whether it may be looked at while working on the fixer; none where nobody says.
    pub(crate) half: Option<Half>,
    /// Where the case's files are.
    pub(crate) folder: PathBuf,
}

/// What should come of a crash.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A patch that is as good as this one.
    Fix(Fix),
    /// No pull request.
    Nothing(Why),
}

/// The fix that people made. No fixer ever sees it.
#[derive(Clone, Debug)]
pub(crate) struct Fix {
    /// The release that does not crash.
    pub(crate) release: String,
    /// The file that was mended, relative to `src_root`.
    pub(crate) file: PathBuf,
    pub(crate) function: String,
    /// Whether the case counts in the headline: the fix is small.
    pub(crate) is_simple: bool,
}

/// Why no pull request should come of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    Network,
    Disk,
    Configuration,
    Permissions,
    UpstreamFailure,
    /// Raised on purpose at a bad value that a user or an operator sent.
    Validation,
    /// Code is to blame, and nothing in the repository says what would be right.
    Unknowable,
}

impl Why {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Disk => "disk",
            Self::Configuration => "configuration",
            Self::Permissions => "permissions",
            Self::UpstreamFailure => "upstream-failure",
            Self::Validation => "validation",
            Self::Unknowable => "unknowable",
        }
    }
}

/// `case.toml`, word for word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    id: String,
    ecosystem: Ecosystem,
    package: String,
    #[serde(default)]
    application: bool,
    buggy: String,
    #[serde(default)]
    releases: Vec<String>,
    fixed: Option<String>,
    #[serde(default = "here")]
    src_root: PathBuf,
    #[serde(default)]
    deps: Vec<String>,
    exception: String,
    message: String,
    #[serde(default = "yes")]
    proposal: bool,
    why: Option<Why>,
    fix_file: Option<PathBuf>,
    fix_function: Option<String>,
    /// A fact for a reader of the case, as `upstream` is.
    fix_lines: Option<u32>,
    bug_class: BugClass,
    #[expect(dead_code, reason = "a fact for a reader of the case")]
    upstream: String,
    simple: Option<bool>,
    half: Option<Half>,
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

fn yes() -> bool {
    true
}

impl Stated {
    /// What should come of the case: each kind has keys of its own, and none of the other's.
    fn wanted(&mut self) -> anyhow::Result<Wanted> {
        if self.proposal {
            ensure!(
                self.why.is_none(),
                "`why` belongs to a case with `proposal = false`"
            );
            ensure!(self.fix_lines.is_some(), "missing field `fix_lines`");
            return Ok(Wanted::Fix(Fix {
                release: self.fixed.take().context("missing field `fixed`")?,
                file: self.fix_file.take().context("missing field `fix_file`")?,
                function: self
                    .fix_function
                    .take()
                    .context("missing field `fix_function`")?,
                is_simple: self.simple.context("missing field `simple`")?,
            }));
        }
        let of_a_fix = [
            ("fixed", self.fixed.is_some()),
            ("fix_file", self.fix_file.is_some()),
            ("fix_function", self.fix_function.is_some()),
            ("fix_lines", self.fix_lines.is_some()),
            ("simple", self.simple.is_some()),
        ];
        if let Some((key, _)) = of_a_fix.iter().find(|(_, is_there)| *is_there) {
            bail!("a case with `proposal = false` has no `{key}`");
        }
        let why = self
            .why
            .context("missing field `why`: a case with `proposal = false` says it")?;
        Ok(Wanted::Nothing(why))
    }
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

/// What cases are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Pypi,
    Npm,
    Application,
    /// Nothing should come of them, wherever they are from.
    Nothing,
}

impl Group {
    pub(crate) const ALL: [Self; 4] = [Self::Pypi, Self::Npm, Self::Application, Self::Nothing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Application => "application",
            Self::Nothing => "none",
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
    /// A missing or unknown key, a key of another kind of case, a bad value, or a missing file, named.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Case> {
        let file = folder.join("case.toml");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("reading {}", file.display()))?;
        let case = Self::parse(&text, folder).with_context(|| format!("in {}", file.display()))?;
        let name = folder
            .canonicalize()?
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        ensure!(
            name.as_ref() == Some(&case.id),
            "id {:?} is not the folder's name",
            case.id
        );
        case.check_files()?;
        Ok(case)
    }

    /// A case as the text of its `case.toml` states it, with its files in `folder`.
    ///
    /// # Errors
    /// As [`Self::load`], files apart.
    pub(crate) fn parse(text: &str, folder: &Path) -> anyhow::Result<Case> {
        let mut stated: Stated = toml::from_str(text)?;
        let wanted = stated.wanted()?;
        let mut words = vec![("package", &stated.package), ("buggy", &stated.buggy)];
        let mut paths = vec![("src_root", &stated.src_root)];
        if let Wanted::Fix(fix) = &wanted {
            words.push(("fixed", &fix.release));
            paths.push(("fix_file", &fix.file));
            ensure!(
                fix.release != stated.buggy,
                "`buggy` and `fixed` are the same release"
            );
        }
        words.extend(stated.releases.iter().map(|release| ("releases", release)));
        for (key, word) in words {
            ensure!(
                is_word(word),
                "{key} {word:?} is not a name that an installer takes"
            );
        }
        for (key, path) in paths {
            ensure!(stays_inside(path), "{key} {path:?} leaves the source");
        }
        if let Some(dep) = stated.deps.iter().find(|dep| !is_word(dep)) {
            bail!("dependency {dep:?} is not pinned by name and version");
        }
        ensure!(
            !stated.application || stated.ecosystem == Ecosystem::Pypi,
            "an application is written in Python: its ecosystem is pypi"
        );
        ensure!(
            stated.releases.is_empty()
                || !stated.application && stated.releases.last() == Some(&stated.buggy),
            "`releases` are those of a package, and end with `buggy`"
        );
        Ok(Case {
            id: stated.id,
            ecosystem: stated.ecosystem,
            package: stated.package,
            is_application: stated.application,
            buggy: stated.buggy,
            releases: stated.releases,
            src_root: stated.src_root,
            deps: stated.deps,
            exception: stated.exception,
            message: stated.message,
            bug_class: stated.bug_class,
            wanted,
            half: stated.half,
            folder: folder.to_path_buf(),
        })
    }

    /// Whether the files of this kind of case are there, and those of another kind are not.
    fn check_files(&self) -> anyhow::Result<()> {
        let is_fixed = self.fix().is_some();
        for (file, is_wanted) in [
            (self.trigger(), true),
            (self.oracle(), is_fixed),
            (self.history(), self.is_application),
            (self.patch(), self.is_application && is_fixed),
        ] {
            match (file.exists(), is_wanted) {
                (false, true) => bail!("no {}", file.display()),
                (true, false) => bail!("{} does not belong in such a case", file.display()),
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }

    /// What it is counted with.
    pub(crate) fn group(&self) -> Group {
        match (&self.wanted, self.is_application, self.ecosystem) {
            (Wanted::Nothing(_), _, _) => Group::Nothing,
            (Wanted::Fix(_), true, _) => Group::Application,
            (Wanted::Fix(_), false, Ecosystem::Pypi) => Group::Pypi,
            (Wanted::Fix(_), false, Ecosystem::Npm) => Group::Npm,
        }
    }

    /// The fix that people made, if the case has one.
    pub(crate) fn fix(&self) -> Option<&Fix> {
        match &self.wanted {
            Wanted::Fix(fix) => Some(fix),
            Wanted::Nothing(_) => None,
        }
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

    /// The commits of an application, as `git format-patch` writes them.
    pub(crate) fn history(&self) -> PathBuf {
        self.folder.join("history")
    }

    /// What makes an application's fixed state of its last commit.
    pub(crate) fn patch(&self) -> PathBuf {
        self.folder.join("fix.patch")
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

/// How many folders deep cases are looked for.
pub(crate) const MAX_DEPTH: usize = 3;

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
            if depth < MAX_DEPTH && path.is_dir() {
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
    fn each_kind_has_keys_of_its_own() {
        check("fixed = \"1.1\"", "", "missing field `fixed`");
        check("fix_lines = 2", "", "missing field `fix_lines`");
        check("\"1.1\"", "\"1.0\"", "the same release");
        let with = |releases: &str| format!("releases = {releases}\nfix_lines");
        check("fix_lines", &with("[\"0.9\", \"1.0\"]"), "ok");
        check("fix_lines", &with("[\"1.0\", \"0.9\"]"), "end with `buggy`");
        check("fix_lines", &with("[\"../x\", \"1.0\"]"), "not a name");
        check("fix_lines", "why = \"disk\"\nfix_lines", "`why` belongs");
        check("fix_lines", "proposal = false\nfix_lines", "has no `fixed`");
        let of_the_fix = &GOOD[GOOD.find("fix_file").unwrap_or(0)..];
        let nothing = "why = \"disk\"\nbug_class = \"other\"\nupstream = \"x\"\nproposal = false";
        let released = "deps = [\"b==2.0\"]";
        let fixed = "fixed = \"1.1\"\n        deps = [\"b==2.0\"]";
        let none = GOOD.replace(of_the_fix, nothing).replace(fixed, released);
        check(GOOD, &none, "oracle.py does not belong");
        check(GOOD, &none.replace("disk", "weather"), "unknown variant");
        check(
            GOOD,
            &none.replace("why = \"disk\"", ""),
            "missing field `why`",
        );
        check("simple", "application = true\nsimple", "/history");
        check(
            "\"pypi\"",
            "\"npm\"\napplication = true",
            "written in Python",
        );
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
        check("\"1.1\"", "\"../x\"", "not a name that an installer takes");
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
