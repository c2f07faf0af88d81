//! The published source of a release, its dependencies and the loggers' packages, each fetched once.
//!
//! Invariant: an entry of the cache is complete, for it is made elsewhere and renamed into place; a lock file lets one
//! thread or process at a time make it.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::application;
use super::case::{Case, Ecosystem, Fix};
use super::lock::Lock;
use super::process::{Finished, finish};
use super::scene::commit_releases;

const FETCH: &str = include_str!("fetch.py");
const LIMIT: Duration = Duration::from_secs(600);
/// Folders that sources keep their modules in; tried after the case's own.
const SRC_ROOTS: [&str; 6] = [".", "src", "lib", "python", "Lib", "lib3"];
/// What the specification of the benchmark pins, for both ways of writing records.
const PYTHON_TOOLS: [&str; 2] = ["sentry-sdk==2.40.0", "python-json-logger==3.3.0"];
/// What `outerloop install` brings for a repository's tests.
pub(crate) const PYTHON_TESTER: [&str; 1] = ["pytest==8.4.2"];
const NODE_TOOLS: [&str; 2] = ["@sentry/node@10.20.0", "pino@9.13.1"];

/// The benchmark's part of the cache folder.
pub(crate) struct Cache {
    root: PathBuf,
    /// The interpreter itself: a version manager's launcher would cost time at every start.
    python: String,
}

/// An unpacked release.
pub(crate) struct Source {
    /// What the repository is made of.
    pub(crate) root: PathBuf,
    /// The folder in it that goes on the module path, relative.
    pub(crate) src_root: PathBuf,
    /// What git keeps of an application's commits, or of earlier releases; a release alone comes without.
    pub(crate) history: Option<PathBuf>,
}

impl Cache {
    /// Opens (and makes, if need be) the folder `eval` of the command's cache folder.
    ///
    /// # Errors
    /// If the folder can't be made or there is no `python3` to run.
    pub(crate) fn open(base: &Path) -> anyhow::Result<Cache> {
        let root = base.join("eval");
        for part in ["locks", "making"] {
            fs::create_dir_all(root.join(part))
                .with_context(|| format!("making the cache {}", root.display()))?;
        }
        let mut command = Command::new("python3");
        command.args(["-I", "-c", "import sys; print(sys.executable)"]);
        let asked = finish(&mut command, b"", LIMIT).context("the benchmark needs python3")?;
        ensure!(
            asked.is_success(),
            "python3 does not run: {}",
            asked.last_words()
        );
        Ok(Cache {
            root: root.canonicalize()?,
            python: asked.stdout.trim().to_owned(),
        })
    }

    /// Where the benchmark keeps its files.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The interpreter that cases run on.
    pub(crate) fn python(&self) -> &str {
        &self.python
    }

    /// A release of the case's package, as published and unbuilt; or that state of its application.
    ///
    /// # Errors
    /// If no index has it, it can't be unpacked safely, its commits do not apply, or it lacks the file that was mended.
    pub(crate) fn source(&self, case: &Case, release: &str) -> anyhow::Result<Source> {
        let (root, history) = if case.is_application {
            let key = application::key(case, release)?;
            let made = self.entry(&key, |folder| application::make(case, release, folder))?;
            (
                made.join(application::TREE),
                Some(made.join(application::HISTORY)),
            )
        } else if release == case.buggy && !case.releases.is_empty() {
            (self.published(case, release)?, Some(self.releases(case)?))
        } else {
            (self.published(case, release)?, None)
        };
        let places = [case.src_root.as_path()].into_iter();
        let mut places = places.chain(SRC_ROOTS.iter().map(Path::new));
        let holds = |fix: &Fix| places.find(|place| root.join(place).join(&fix.file).is_file());
        let src_root = case.fix().and_then(holds).unwrap_or(&case.src_root);
        // A later release may have moved the file.
        let file = case.fix().map_or(&case.src_root, |fix| &fix.file);
        let is_there = match release == case.buggy && case.fix().is_some() {
            true => root.join(src_root).join(file).is_file(),
            false => root.join(src_root).is_dir(),
        };
        ensure!(
            is_there,
            "the source of {} {release} has no {}",
            case.package,
            file.display()
        );
        Ok(Source {
            src_root: src_root.components().collect(),
            root,
            history,
        })
    }

    /// What git keeps of a repository with a commit for each of the case's releases.
    fn releases(&self, case: &Case) -> anyhow::Result<PathBuf> {
        let mut roots = Vec::new();
        for release in &case.releases {
            roots.push((release.as_str(), self.published(case, release)?));
        }
        let mut hasher = DefaultHasher::new();
        // The archives' digests are in their paths, where a lock pins them.
        roots.hash(&mut hasher);
        let key = format!("releases/{}-{:016x}", case.id, hasher.finish());
        self.entry(&key, |folder| {
            let home = tempfile::tempdir_in(self.root.join("making"))?;
            commit_releases(&roots, &home.path().join("tree"), folder)
        })
    }

    /// The unpacked archive of a release. What a lock pins has an entry of its own, which nothing else ever gets into.
    fn published(&self, case: &Case, release: &str) -> anyhow::Result<PathBuf> {
        let name = archive(case, release);
        let lock = Lock::above(&case.folder)?;
        let pin = lock.as_ref().map(|lock| lock.digest(&name)).transpose()?;
        let key = match pin {
            Some(pin) => format!("source/{name}-{}", &pin[..16]),
            None => format!("source/{name}"),
        };
        let unpacked = self.entry(&key, |folder| {
            self.unpack(case, release, pin, folder).map(drop)
        })?;
        Ok(only_folder(&unpacked)?.unwrap_or(unpacked))
    }

    /// The SHA-256 of a release's archive as the registry has it now, in hexadecimal.
    ///
    /// # Errors
    /// If it can't be fetched.
    pub(crate) fn digest(&self, case: &Case, release: &str) -> anyhow::Result<String> {
        let home = tempfile::tempdir_in(self.root.join("making"))?;
        self.unpack(case, release, None, home.path())
    }

    /// Fetches and unpacks an archive, if it has the digest that is asked for; says its digest.
    fn unpack(
        &self,
        case: &Case,
        release: &str,
        pin: Option<&str>,
        folder: &Path,
    ) -> anyhow::Result<String> {
        let package = &case.package;
        let mut command = Command::new(&self.python);
        command.args(["-I", "-c", FETCH]);
        let packed = tempfile::tempdir_in(self.root.join("making"))?;
        match case.ecosystem {
            Ecosystem::Pypi => command.args(["release", package, release]),
            Ecosystem::Npm => {
                let archive = npm_pack(&format!("{package}@{release}"), packed.path())?;
                command.arg("unpack").arg(archive)
            }
        };
        command.arg(folder).args(pin);
        let ran = succeed(&mut command, &format!("fetching {package} {release}"))?;
        Ok(ran.stdout.trim().to_owned())
    }

    /// The folder of installed dependencies, if the case has any.
    ///
    /// # Errors
    /// If they can't be installed.
    pub(crate) fn deps(&self, case: &Case) -> anyhow::Result<Option<PathBuf>> {
        if case.deps.is_empty() {
            return Ok(None);
        }
        let deps: Vec<&str> = case.deps.iter().map(String::as_str).collect();
        self.install("deps", case.ecosystem, &deps).map(Some)
    }

    /// The folder of the packages that write records as a service's loggers do.
    ///
    /// # Errors
    /// If they can't be installed.
    pub(crate) fn tools(&self, ecosystem: Ecosystem) -> anyhow::Result<PathBuf> {
        match ecosystem {
            Ecosystem::Pypi => self.install("tools", ecosystem, &PYTHON_TOOLS),
            Ecosystem::Npm => self.install("tools", ecosystem, &NODE_TOOLS),
        }
    }

    /// The folder of the runner of an application's tests.
    ///
    /// # Errors
    /// If it can't be installed.
    pub(crate) fn tester(&self) -> anyhow::Result<PathBuf> {
        self.install("tools", Ecosystem::Pypi, &PYTHON_TESTER)
    }

    /// The cache folder that installing `deps` fills.
    pub(crate) fn key(&self, what: &str, ecosystem: Ecosystem, deps: &[&str]) -> String {
        let mut hasher = DefaultHasher::new();
        (deps, &self.python).hash(&mut hasher);
        format!("{what}/{}-{:016x}", ecosystem.name(), hasher.finish())
    }

    fn install(&self, what: &str, ecosystem: Ecosystem, deps: &[&str]) -> anyhow::Result<PathBuf> {
        self.entry(&self.key(what, ecosystem, deps), |folder| {
            let mut command = match ecosystem {
                Ecosystem::Pypi => {
                    let mut pip = Command::new(&self.python);
                    pip.args([
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--no-compile",
                        "--target",
                    ])
                    .arg(folder);
                    pip
                }
                Ecosystem::Npm => {
                    // Not `--prefix`, which moves npm's global configuration; and without a package.json of its own it
                    // would install into a folder above that has one.
                    fs::write(folder.join("package.json"), "{}")?;
                    let mut npm = Command::new("npm");
                    npm.args([
                        "install",
                        "--loglevel=error",
                        "--no-save",
                        "--ignore-scripts",
                    ])
                    .current_dir(folder);
                    npm
                }
            };
            succeed(
                command.arg("--").args(deps),
                &format!("installing {}", deps.join(" ")),
            )
            .map(drop)
        })
    }

    /// The folder `key`, made by `make` unless it is there.
    fn entry(
        &self,
        key: &str,
        make: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<PathBuf> {
        let entry = self.root.join(key);
        let lock = File::create(self.root.join("locks").join(key.replace('/', "+")))?;
        lock.lock().context("waiting for the cache")?; // Until `lock` goes.
        if entry.is_dir() {
            return Ok(entry);
        }
        let home = tempfile::tempdir_in(self.root.join("making"))?;
        let made = home.path().join("made");
        fs::create_dir(&made)?;
        make(&made)?;
        fs::create_dir_all(entry.parent().context("a cache key has a folder")?)?;
        fs::rename(&made, &entry).with_context(|| format!("keeping {}", entry.display()))?;
        Ok(entry)
    }
}

/// What a lock and the cache call a release's archive.
pub(crate) fn archive(case: &Case, release: &str) -> String {
    format!(
        "{}/{}-{release}",
        case.ecosystem.name(),
        case.package.replace('/', "+")
    )
}

/// The one folder that an archive's files are in, if it has no module of that name to lose.
fn only_folder(unpacked: &Path) -> anyhow::Result<Option<PathBuf>> {
    let entries = fs::read_dir(unpacked)?.collect::<Result<Vec<_>, _>>()?;
    Ok(match entries.as_slice() {
        [only] if only.path().is_dir() && !only.path().join("__init__.py").exists() => {
            Some(only.path())
        }
        _ => None,
    })
}

/// Lets npm fetch an archive of a release into an empty folder.
fn npm_pack(release: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let mut npm = Command::new("npm");
    npm.args([
        "pack",
        "--loglevel=error",
        "--ignore-scripts",
        "--",
        release,
    ])
    .current_dir(folder);
    succeed(&mut npm, &format!("fetching {release}"))?;
    let archive = fs::read_dir(folder)?.next();
    Ok(archive.context("npm packed nothing")??.path())
}

fn succeed(command: &mut Command, what: &str) -> anyhow::Result<Finished> {
    let finished = finish(command, b"", LIMIT)?;
    ensure!(finished.is_success(), "{what}: {}", finished.last_words());
    Ok(finished)
}
