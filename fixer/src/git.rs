//! Git through its plumbing, on repositories that may be hostile.
//!
//! Only object reads and writes: no work tree, no index of the user's, hence no hook, filter, attribute, submodule
//! or file-system monitor that the repository's own configuration could start.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Why git could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder is no git repository (or git cannot be started).
    #[error("no git repository at {0}")]
    NoRepository(PathBuf),
    /// The repository's configuration puts its work tree somewhere else.
    #[error("the repository's configuration puts its work tree at {0}, outside the given folder")]
    ForeignWorkTree(PathBuf),
    /// The repository has no commit yet.
    #[error("the repository has no commit")]
    NoCommit,
    /// No commit goes by this name.
    #[error("no commit named {0}")]
    UnknownRevision(String),
    /// A git command failed.
    #[error("git {command} failed: {message}")]
    Failed {
        /// The sub-command.
        command: String,
        /// What git said.
        message: String,
    },
    /// Git could not be started or talked to.
    #[error("git could not be run")]
    Io(#[from] std::io::Error),
}

/// A git repository, read through plumbing commands only.
#[derive(Debug, Clone)]
pub struct Repository {
    dir: PathBuf,
    root: PathBuf,
}

/// A commit that exists in its repository: 40 or 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitSha(String);

impl CommitSha {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One file of a commit.
#[derive(Debug, Clone)]
pub struct TreeEntry {
    /// `100644`, `100755` or `120000` (a symbolic link).
    pub mode: String,
    /// The blob's id.
    pub blob: String,
    /// Path from the repository's root.
    pub path: String,
}

impl Repository {
    /// Opens the repository that holds `dir`.
    ///
    /// # Errors
    /// [`GitError::NoRepository`], [`GitError::NoCommit`].
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let missing = || GitError::NoRepository(dir.to_path_buf());
        let dir = dir.canonicalize().map_err(|_| missing())?;
        let mut repository = Self {
            root: dir.clone(),
            dir,
        };
        let top = repository
            .run(["rev-parse", "--show-toplevel"])
            .or_else(|_| repository.run(["rev-parse", "--absolute-git-dir"]));
        repository.root = PathBuf::from(top.map_err(|_| missing())?.trim_end());
        // `core.worktree` could point anywhere, and patches are written below the root.
        if !repository.dir.starts_with(&repository.root) {
            return Err(GitError::ForeignWorkTree(repository.root));
        }
        repository
            .run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
            .map_err(|_| GitError::NoCommit)?;
        Ok(repository)
    }

    /// The top folder of its work tree (of a bare repository: the repository itself).
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    /// [`GitError::UnknownRevision`].
    pub fn resolve(&self, revision: &str) -> Result<CommitSha, GitError> {
        let unknown = || GitError::UnknownRevision(revision.to_owned());
        if revision.is_empty() || revision.starts_with('-') || revision.contains(['\n', '\0']) {
            return Err(unknown());
        }
        let spec = format!("{revision}^{{commit}}");
        let sha = self
            .run([
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &spec,
            ])
            .map_err(|_| unknown())?;
        Ok(CommitSha(sha.trim().to_owned()))
    }

    /// The commit that an event's `release` names: a SHA, a tag `R`, `vR`, or `R` after `name@`.
    pub fn resolve_release(&self, release: &str) -> Option<CommitSha> {
        let bare = release.rsplit('@').next().unwrap_or(release);
        // A branch may share a release's name, so only tags and full-ish SHAs count.
        if bare.len() >= 7
            && bare.bytes().all(|b| b.is_ascii_hexdigit())
            && let Ok(sha) = self.resolve(bare)
        {
            return Some(sha);
        }
        [release, bare]
            .iter()
            .flat_map(|r| [format!("refs/tags/{r}"), format!("refs/tags/v{r}")])
            .find_map(|tag| self.resolve(&tag).ok())
    }

    /// All files of a commit, links included, submodules not.
    ///
    /// # Errors
    /// [`GitError::Failed`].
    pub fn files(&self, commit: &CommitSha) -> Result<Vec<TreeEntry>, GitError> {
        let listing =
            self.run_bytes(["ls-tree", "-r", "-z", "--full-tree", commit.as_str()], &[])?;
        Ok(listed(&listing).map(|(entry, _)| entry).collect())
    }

    /// As [`Self::files`], each with its size in bytes; `u64::MAX` of one that is missing in the repository.
    ///
    /// # Errors
    /// [`GitError::Failed`].
    pub fn sized_files(&self, commit: &CommitSha) -> Result<Vec<(TreeEntry, u64)>, GitError> {
        let arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit.as_str()];
        let listing = self.run_bytes(arguments, &[])?;
        let sized = listed(&listing).map(|(entry, size)| (entry, size.unwrap_or(u64::MAX)));
        Ok(sized.collect())
    }

    /// A commit's ancestors by first parents, the nearest first, `max` at most; a shallow repository has those that it has.
    ///
    /// # Errors
    /// [`GitError::Failed`].
    pub fn ancestors(&self, commit: &CommitSha, max: usize) -> Result<Vec<CommitSha>, GitError> {
        let count = format!("--max-count={}", max + 1);
        let listing = self.run(["rev-list", "--first-parent", &count, commit.as_str()])?;
        let ancestors = listing.lines().skip(1);
        Ok(ancestors.map(|sha| CommitSha(sha.to_owned())).collect())
    }

    /// Hands over the contents of blobs, one after the other, with their index in `blobs`; those that are not there or
    /// larger than `max_bytes` are left out. Ends early where `each` breaks.
    ///
    /// # Errors
    /// [`GitError::Io`], and [`GitError::Failed`] where git stops answering.
    pub fn read_blobs(
        &self,
        blobs: &[&str],
        max_bytes: u64,
        mut each: impl FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), GitError> {
        let mut child = self
            .command()
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let wanted: String = blobs.iter().map(|blob| format!("{blob}\n")).collect();
        // In a thread: git answers while it still reads.
        let writer = std::thread::spawn(move || stdin.write_all(wanted.as_bytes()));
        let mut answers = BufReader::new(stdout);
        let mut read = || -> Result<(), GitError> {
            for at in 0..blobs.len() {
                let mut header = String::new();
                answers.read_line(&mut header)?;
                let size = header.trim_end().rsplit(' ').next().unwrap_or_default();
                let Ok(size) = size.parse::<u64>() else {
                    if header.trim_end().ends_with(" missing") {
                        continue;
                    }
                    return Err(GitError::Failed {
                        command: "cat-file".into(),
                        message: format!("its answer is cut off: {}", header.trim_end()),
                    });
                };
                // With the line feed that ends each.
                let mut content = answers.by_ref().take(size + 1);
                if size > max_bytes {
                    std::io::copy(&mut content, &mut std::io::sink())?;
                    continue;
                }
                let mut bytes = Vec::with_capacity(size as usize + 1);
                content.read_to_end(&mut bytes)?;
                bytes.pop();
                if each(at, bytes).is_break() {
                    break;
                }
            }
            Ok(())
        };
        let result = read();
        drop(answers);
        child.wait()?;
        // Where reading ended early git no longer reads either.
        drop(writer.join().expect("the writer does not panic"));
        result
    }

    /// Writes a commit's files below `target`, which must be an empty folder.
    ///
    /// Links that would leave the tree, and paths that no honest tree has (`..`, `.git`), are left out.
    ///
    /// # Errors
    /// [`GitError::Failed`] and [`GitError::Io`].
    pub fn export(&self, commit: &CommitSha, target: &Path) -> Result<Vec<TreeEntry>, GitError> {
        let mut entries = self.files(commit)?;
        entries.retain(|e| is_plain_path(&e.path));
        let wanted: String = entries.iter().map(|e| format!("{}\n", e.blob)).collect();
        let blobs = self.run_bytes(["cat-file", "--batch"], wanted.as_bytes())?;
        let mut rest = blobs.as_slice();
        let torn = || GitError::Failed {
            command: "cat-file".into(),
            message: "its answer is cut off".into(),
        };
        let mut links = Vec::new();
        for entry in &entries {
            let end = rest.iter().position(|b| *b == b'\n').ok_or_else(torn)?;
            let header = String::from_utf8_lossy(&rest[..end]).into_owned();
            let Some(size) = header
                .rsplit(' ')
                .next()
                .and_then(|s| s.parse::<usize>().ok())
            else {
                return Err(GitError::Failed {
                    command: "cat-file".into(),
                    message: header,
                });
            };
            let content = rest.get(end + 1..end + 1 + size).ok_or_else(torn)?;
            rest = rest.get(end + 2 + size..).unwrap_or_default();
            let path = target.join(&entry.path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            if entry.mode == "120000" {
                links.push((
                    path,
                    PathBuf::from(String::from_utf8_lossy(content).into_owned()),
                    entry.path.clone(),
                ));
            } else {
                std::fs::write(&path, content)?;
                if entry.mode == "100755" {
                    use std::os::unix::fs::PermissionsExt;
                    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
                }
            }
        }
        // Links come last, so that no file is written through one.
        for (path, to, name) in links {
            if stays_inside(&name, &to) {
                std::os::unix::fs::symlink(to, path)?;
            }
        }
        Ok(entries)
    }

    /// Makes a commit on top of `parent` with some files replaced or added, and points `branch` at it.
    /// Neither the index nor the work tree of the user is touched.
    ///
    /// # Errors
    /// [`GitError::Failed`], also where the branch already exists at another commit.
    pub fn commit_on_branch(
        &self,
        parent: &CommitSha,
        branch: &str,
        message: &str,
        files: &[(String, String)],
    ) -> Result<CommitSha, GitError> {
        let index = tempfile::tempdir()?;
        let index = index.path().join("index");
        let with_index = |args: &[&str], input: &[u8]| {
            let mut command = self.command();
            command.env("GIT_INDEX_FILE", &index).args(args);
            finish(command, args[0], input)
        };
        with_index(&["read-tree", parent.as_str()], &[])?;
        let modes = self.files(parent)?;
        for (path, text) in files {
            let blob = self.run_bytes(
                ["hash-object", "-w", "--no-filters", "--stdin"],
                text.as_bytes(),
            )?;
            let mode = modes
                .iter()
                .find(|e| &e.path == path)
                .map_or("100644", |e| e.mode.as_str());
            let info = format!("{mode},{},{path}", String::from_utf8_lossy(&blob).trim());
            with_index(&["update-index", "--add", "--cacheinfo", &info], &[])?;
        }
        let tree = with_index(&["write-tree"], &[])?;
        let tree = String::from_utf8_lossy(&tree).trim().to_owned();
        let reference = format!("refs/heads/{branch}");
        if let Ok(existing) = self.resolve(&reference) {
            let old_tree = self.run(["rev-parse", &format!("{}^{{tree}}", existing.as_str())])?;
            if old_tree.trim() == tree {
                return Ok(existing);
            }
            return Err(GitError::Failed {
                command: "update-ref".into(),
                message: format!("branch {branch} already exists with other content"),
            });
        }
        let sha = self.run_bytes(
            ["commit-tree", "--no-gpg-sign", "-p", parent.as_str(), &tree],
            message.as_bytes(),
        )?;
        let sha = String::from_utf8_lossy(&sha).trim().to_owned();
        self.run(["update-ref", &reference, &sha, ""])?;
        Ok(CommitSha(sha))
    }

    /// The content of a file in a commit, if it is there.
    ///
    /// # Errors
    /// [`GitError::Io`].
    pub fn read(&self, commit: &CommitSha, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let spec = format!("{}:{path}", commit.as_str());
        match self.run_bytes(["cat-file", "blob", &spec], &[]) {
            Ok(content) => Ok(Some(content)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Who last changed a line of a file (from 1), in git's porcelain format.
    ///
    /// # Errors
    /// [`GitError::Failed`], [`GitError::Io`].
    pub(crate) fn blame(
        &self,
        commit: &CommitSha,
        path: &str,
        line: u32,
    ) -> Result<String, GitError> {
        let mut command = self.command();
        // A hostile configuration's list of commits to pass over, and programs that turn files to text.
        command
            .args([
                "-c",
                "blame.ignoreRevsFile=",
                "blame",
                "--porcelain",
                "--no-textconv",
            ])
            .args(["-L", &format!("{line},{line}"), commit.as_str(), "--", path]);
        finish(command, "blame", &[]).map(|text| String::from_utf8_lossy(&text).into_owned())
    }

    fn command(&self) -> Command {
        command(&self.dir)
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Result<String, GitError> {
        self.run_bytes(args, &[])
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn run_bytes<const N: usize>(
        &self,
        args: [&str; N],
        input: &[u8],
    ) -> Result<Vec<u8>, GitError> {
        let mut command = self.command();
        command.args(args.map(OsStr::new));
        finish(command, args[0], input)
    }
}

/// `git apply` of a patch to a folder that is no repository: nobody's configuration, attributes or index have a say.
///
/// # Errors
/// [`GitError::Failed`] with git's reason, [`GitError::Io`].
pub(crate) fn apply(folder: &Path, options: &[&str], patch: &[u8]) -> Result<Vec<u8>, GitError> {
    let mut command = command(folder);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
        .args(["apply", "-p1", "--whitespace=nowarn"])
        .args(options);
    finish(command, "apply", patch)
}

/// `git merge-file`: `ours` with what `theirs` changed in `base`; none where the two touch the same lines.
///
/// # Errors
/// [`GitError::Io`].
pub(crate) fn merge(ours: &str, base: &str, theirs: &str) -> Result<Option<String>, GitError> {
    let folder = tempfile::tempdir()?;
    let files = [("ours", ours), ("base", base), ("theirs", theirs)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text)?;
    }
    let mut command = command(folder.path());
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", folder.path())
        .args(["merge-file", "--stdout", "--quiet"])
        .args(files.map(|(name, _)| name));
    match finish(command, "merge-file", &[]) {
        Ok(merged) => Ok(String::from_utf8(merged).ok()),
        Err(GitError::Failed { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env_clear()
        .envs(std::env::vars_os().filter(|(k, _)| k == "PATH" || k == "HOME"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_AUTHOR_NAME", "outerloop")
        .env("GIT_AUTHOR_EMAIL", "outerloop@localhost")
        .env("GIT_COMMITTER_NAME", "outerloop")
        .env("GIT_COMMITTER_EMAIL", "outerloop@localhost");
    // What a hostile `.git/config` could make git start.
    for setting in [
        "core.fsmonitor=",
        "core.hooksPath=/dev/null",
        "core.pager=cat",
        "core.sshCommand=false",
        "gpg.program=false",
        "protocol.allow=never",
        "safe.directory=*",
    ] {
        command.args(["-c", setting]);
    }
    command.arg("--no-pager").arg("--no-replace-objects");
    command
}

fn finish(mut command: Command, name: &str, input: &[u8]) -> Result<Vec<u8>, GitError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let input = input.to_vec();
    // In a thread: git answers while it still reads.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output()?;
    let written = writer.join().expect("the writer does not panic");
    if output.status.success() {
        written?;
        return Ok(output.stdout);
    }
    Err(GitError::Failed {
        command: name.to_owned(),
        message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// The files in the output of `ls-tree -z`, with their sizes where it tells them.
fn listed(listing: &[u8]) -> impl Iterator<Item = (TreeEntry, Option<u64>)> {
    listing.split(|b| *b == 0).filter_map(|entry| {
        let entry = String::from_utf8_lossy(entry);
        let (meta, path) = entry.split_once('\t')?;
        let mut meta = meta.split_whitespace();
        let (mode, kind, blob) = (meta.next()?, meta.next()?, meta.next()?);
        let size = meta.next().and_then(|size| size.parse().ok());
        let entry = TreeEntry {
            mode: mode.to_owned(),
            blob: blob.to_owned(),
            path: path.to_owned(),
        };
        (kind == "blob").then_some((entry, size))
    })
}

pub(crate) fn is_plain_path(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && path
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git"))
}

/// Whether a link at `name` that points to `to` stays in the tree.
fn stays_inside(name: &str, to: &Path) -> bool {
    let mut depth = name.split('/').count() as i64 - 1;
    for part in to.components() {
        match part {
            std::path::Component::Normal(_) => depth += 1,
            std::path::Component::ParentDir => depth -= 1,
            std::path::Component::CurDir => {}
            std::path::Component::RootDir | std::path::Component::Prefix(_) => return false,
        }
        if depth < 0 {
            return false;
        }
    }
    true
}
