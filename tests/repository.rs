//! Repositories to fix, and logs of their crashes.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A git repository in a temporary folder of its own, with room beside it for logs.
#[derive(Debug)]
pub struct Repository {
    folder: TempDir,
    root: PathBuf,
}

/// How a crash is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines of text with the traceback that Python prints.
    Text,
    /// JSON lines with the traceback as a string.
    Json,
    /// A Sentry event with locals.
    Sentry,
}

/// A crash to record.
#[derive(Debug, Clone, Copy)]
pub struct Crash<'a> {
    /// The program that crashes; it stands outside the repository, like a server's own loop.
    pub script: &'a str,
    /// The folder of the repository that is on the import path.
    pub root: &'a str,
    /// What the log calls that folder.
    pub shown: &'a str,
    /// How it is logged.
    pub form: Form,
}

/// All of a repository but the objects of its database: the work tree, the index, references, configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, Vec<u8>>);

impl Repository {
    /// A folder without git.
    pub fn without_git() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("e2e-")
            .tempdir()
            .expect("a temporary folder can be made");
        let root = folder.path().join("repo");
        fs::create_dir(&root).expect("the folder is new");
        Self { folder, root }
    }

    /// A repository without a commit.
    pub fn empty() -> Self {
        let repository = Self::without_git();
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    /// A repository with one commit that holds these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let repository = Self::empty();
        repository.commit(files);
        repository
    }

    /// The top of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path beside the work tree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the folder can be made");
        fs::write(path, content).expect("the file can be written");
    }

    /// Reads a file of the work tree.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).expect("the file is there")
    }

    /// Writes files, commits the whole work tree and returns the new commit.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            self.write(path, content);
        }
        self.git(&["add", "--all"]);
        self.git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "Change the program",
        ]);
        self.head()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the work tree and returns what it prints.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, "")
    }

    /// As [`Self::git`], with a standard input.
    #[track_caller]
    pub fn git_with(&self, arguments: &[&str], input: &str) -> String {
        let (is_fine, said) = self.try_git(arguments, input);
        assert!(is_fine, "git {arguments:?}: {said}");
        said
    }

    /// Runs git and returns whether it succeeded, with what it printed.
    pub fn try_git(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut command = Command::new("git");
        // Not the hostile configuration's hooks either: only the command under test may start those.
        command
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path());
        command.envs([
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_PAGER", "cat"),
        ]);
        command.envs([
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
            ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
        ]);
        command.envs([
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.com"),
            ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
        ]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git can be started");
        child
            .stdin
            .take()
            .expect("it is piped")
            .write_all(input.as_bytes())
            .expect("git reads its input");
        let output = child.wait_with_output().expect("git ends");
        let said = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        (
            output.status.success(),
            String::from_utf8_lossy(&said).trim_end().to_owned(),
        )
    }

    /// Writes a log beside the work tree.
    pub fn log(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.beside("service.log");
        fs::write(&path, content).expect("the log can be written");
        path
    }

    /// Crashes the work tree's program for real and returns its log.
    #[track_caller]
    pub fn crash(&self, crash: Crash<'_>) -> PathBuf {
        let script = self.beside("job/run.py");
        fs::create_dir_all(self.beside("job")).expect("the folder can be made");
        fs::write(&script, crash.script).expect("the script can be written");
        let form = match crash.form {
            Form::Text => "text",
            Form::Json => "json",
            Form::Sentry => "sentry",
        };
        let root = self.root.join(crash.root);
        let root = root
            .to_str()
            .expect("the folder's name is text")
            .trim_end_matches('/');
        let output = Command::new("python3")
            .args(["-c", include_str!("record.py")])
            .arg(&script)
            .args([root, crash.shown, form, ""])
            .output()
            .expect("python3 can be started");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.log(output.stdout)
    }

    /// What is there now.
    pub fn snapshot(&self) -> Snapshot {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("the folder can be read") {
                let entry = entry.expect("the folder can be read");
                let (path, kind) = (entry.path(), entry.file_type().expect("its kind is known"));
                let name = path
                    .strip_prefix(&self.root)
                    .expect("it is below the root")
                    .to_path_buf();
                if name.starts_with(".git/objects") {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_symlink() {
                    files.insert(
                        name,
                        fs::read_link(&path)
                            .expect("a link can be read")
                            .into_os_string()
                            .into_encoded_bytes(),
                    );
                } else {
                    files.insert(name, fs::read(&path).expect("a file can be read"));
                }
            }
        }
        Snapshot(files)
    }
}

impl Snapshot {
    /// Paths that are not the same in both, in their order.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut paths: Vec<&PathBuf> = self
            .0
            .keys()
            .chain(other.0.keys())
            .filter(|p| self.0.get(*p) != other.0.get(*p))
            .collect();
        paths.sort();
        paths.dedup();
        paths
            .iter()
            .map(|p| p.to_string_lossy().into_owned())
            .collect()
    }
}
