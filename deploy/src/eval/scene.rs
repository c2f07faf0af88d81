//! The folders that a case is run in: the repository that the fixer sees, and the service in which the package runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::case::{Case, Ecosystem};
use super::fetch::Source;
use super::process::finish;

/// Copies a tree: folders, files with their modes, links as links. Anything that git keeps for itself stays behind.
///
/// # Errors
/// If something can't be read or written.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let entry = entry?;
        if entry.file_name() == ".git" {
            continue;
        }
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)
                .with_context(|| format!("linking {}", target.display()))?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("copying {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Makes `folder` a repository of the source: an application's own commits, one for each release, or one; tagged with the release, the same
/// every time.
///
/// # Errors
/// If a file can't be copied, or git refuses.
pub(crate) fn make_repository(source: &Source, release: &str, folder: &Path) -> anyhow::Result<()> {
    copy_tree(&source.root, folder)?;
    if let Some(history) = &source.history {
        return copy_tree(history, &folder.join(".git"));
    }
    init(folder)?;
    commit(folder, release)
}

/// Commits releases one after the other, each tagged and in place of the one before; what git keeps of them goes to `kept`.
///
/// # Errors
/// As [`make_repository`].
pub(crate) fn commit_releases(
    releases: &[(&str, PathBuf)],
    tree: &Path,
    kept: &Path,
) -> anyhow::Result<()> {
    for (nth, (release, root)) in releases.iter().enumerate() {
        let git_folder = tree.join(".git");
        if nth > 0 {
            fs::rename(&git_folder, kept.join("git"))?;
            fs::remove_dir_all(tree)?;
        }
        copy_tree(root, tree)?;
        match nth {
            0 => init(tree)?,
            _ => fs::rename(kept.join("git"), &git_folder)?,
        }
        commit(tree, release)?;
    }
    copy_tree(&tree.join(".git"), kept)
}

fn init(folder: &Path) -> anyhow::Result<()> {
    git(
        folder,
        &["init", "--quiet", "--template=", "--initial-branch=main"],
        b"",
    )?;
    apart(folder)
}

/// Commits all that is there, and tags it.
fn commit(folder: &Path, release: &str) -> anyhow::Result<()> {
    // Also what it ignores, for a release ships it.
    git(folder, &["add", "--all", "--force"], b"")?;
    let message = format!("Release {release}");
    let commit = [
        "commit",
        "--quiet",
        "--no-verify",
        "--allow-empty",
        "-m",
        &message,
    ];
    git(folder, &commit, b"")?;
    git(folder, &["tag", release], b"").map(drop)
}

/// Lets a repository take files byte for byte, whatever their own attributes say.
///
/// # Errors
/// If git's folder can't be written to.
pub(crate) fn apart(repository: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(repository.join(".git/info"))?;
    fs::write(
        repository.join(".git/info/attributes"),
        "* -text -eol -filter -ident -working-tree-encoding\n",
    )
    .context("writing git's attributes")
}

/// Runs git without anyone's configuration or hooks; what it printed.
///
/// # Errors
/// What git said, if it failed.
pub(crate) fn git(folder: &Path, args: &[&str], stdin: &[u8]) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", env("PATH"));
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("HOME", "/nonexistent"),
    ]);
    // A repository around the temporary folder is not ours.
    command.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder));
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "Release")
            .env(format!("GIT_{who}_EMAIL"), "release@example.com");
        command.env(format!("GIT_{who}_DATE"), "2020-01-01T00:00:00Z");
    }
    for setting in [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "gc.auto=0",
        "commit.gpgSign=false",
    ] {
        command.args(["-c", setting]);
    }
    let finished = finish(command.args(args), stdin, Duration::from_secs(120))?;
    ensure!(
        finished.is_success(),
        "git {}: {}",
        args[0],
        finished.last_words()
    );
    Ok(finished.stdout)
}

/// A folder laid out as a deployed service: the script beside the installed package and its dependencies.
pub(crate) struct Scene {
    pub(crate) app: PathBuf,
    ecosystem: Ecosystem,
    python: String,
    module_path: String,
    home: PathBuf,
}

/// Where the package's own modules are in a scene that is laid out below `folder`.
pub(crate) fn package_folder(case: &Case, folder: &Path) -> PathBuf {
    match case.ecosystem {
        Ecosystem::Pypi => folder.join("app/site-packages"),
        Ecosystem::Npm => folder.join("app/node_modules").join(&case.package),
    }
}

impl Scene {
    /// Lays out `tree` (a source of the case's package, with modules below `src_root`) and `deps` below `folder`.
    ///
    /// # Errors
    /// If something can't be copied.
    pub(crate) fn lay_out(
        case: &Case,
        python: &str,
        tree: &Path,
        src_root: &Path,
        deps: Option<&Path>,
        folder: &Path,
    ) -> anyhow::Result<Scene> {
        let app = folder.join("app");
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        let mut module_path = String::new();
        let package = package_folder(case, folder);
        match case.ecosystem {
            Ecosystem::Pypi => {
                copy_tree(&tree.join(src_root), &package)?;
                module_path.push_str(&package.to_string_lossy());
                if let Some(deps) = deps {
                    // Apart from the package, which may bring modules of the same name and must win.
                    let installed = app.join("deps/site-packages");
                    copy_tree(deps, &installed)?;
                    module_path.push(':');
                    module_path.push_str(&installed.to_string_lossy());
                }
            }
            Ecosystem::Npm => {
                let modules = app.join("node_modules");
                if let Some(deps) = deps {
                    copy_tree(&deps.join("node_modules"), &modules)?;
                }
                if package.exists() {
                    fs::remove_dir_all(&package)?;
                }
                copy_tree(&tree.join(src_root), &package)?;
                // For a file that a script writes elsewhere, as a configuration is.
                module_path.push_str(&modules.to_string_lossy());
            }
        }
        Ok(Scene {
            app,
            ecosystem: case.ecosystem,
            python: python.to_owned(),
            module_path,
            home,
        })
    }

    /// Puts a script into the service under another name.
    ///
    /// # Errors
    /// If it can't be copied.
    pub(crate) fn place(&self, script: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let placed = self
            .app
            .join(name)
            .with_extension(self.ecosystem.extension());
        fs::copy(script, &placed).with_context(|| format!("copying {}", script.display()))?;
        Ok(placed)
    }

    /// The interpreter, with the service's environment and nothing else of ours.
    pub(crate) fn interpreter(&self) -> Command {
        let mut command = match self.ecosystem {
            Ecosystem::Pypi => Command::new(&self.python),
            Ecosystem::Npm => Command::new("node"),
        };
        command
            .current_dir(&self.app)
            .env_clear()
            .env("PATH", env("PATH"))
            .env("HOME", &self.home);
        command.envs([
            ("LANG", "C.UTF-8"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONNOUSERSITE", "1"),
        ]);
        command.env("TMPDIR", &self.home);
        let name = match self.ecosystem {
            Ecosystem::Pypi => "PYTHONPATH",
            Ecosystem::Npm => "NODE_PATH",
        };
        command.env(name, &self.module_path);
        command
    }
}

/// A variable of our own environment, empty if unset.
pub(crate) fn env(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_default()
}
