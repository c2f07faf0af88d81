//! The tree of one commit on disk.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::{
    candidate::Candidate,
    gates::Reproduction,
    git::{CommitSha, GitError, Repository, TreeEntry},
};

/// A commit's files in a folder of their own, removed with this value. The user's work tree is not involved.
#[derive(Debug)]
pub struct Checkout {
    commit: CommitSha,
    entries: Vec<TreeEntry>,
    tree: PathBuf,
    /// The words of its sources: what is a source, and a word, the language knows that fills it. Once a commit, as every bug
    /// asks.
    pub(crate) words: OnceLock<Words>,
    _folder: TempDir,
}

/// The words of a commit's sources.
#[derive(Debug)]
pub(crate) struct Words {
    counts: HashMap<String, usize>,
    /// What names with underscores are put together of.
    parts: HashSet<String>,
}

impl Words {
    /// From how often each occurs.
    pub(crate) fn new(counts: HashMap<String, usize>) -> Self {
        let parts = counts.keys().flat_map(|word| word.split('_'));
        Self {
            parts: parts.map(str::to_owned).collect(),
            counts,
        }
    }

    /// How often a name occurs.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Whether a word occurs, alone or as a part of a name: `avg` does where `_func_avg` does.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.counts.contains_key(word) || self.parts.contains(word)
    }
}

impl Checkout {
    /// Writes the files of a commit.
    ///
    /// # Errors
    /// As [`Repository::export`].
    pub fn of(repository: &Repository, commit: CommitSha) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new().prefix("outerloop-").tempdir()?;
        let tree = folder.path().join("repo");
        std::fs::create_dir(&tree)?;
        let entries = repository.export(&commit, &tree)?;
        Ok(Self {
            commit,
            entries,
            tree,
            words: OnceLock::new(),
            _folder: folder,
        })
    }

    /// The commit.
    pub fn commit(&self) -> &CommitSha {
        &self.commit
    }

    /// Its files.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// Where they are.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// The text of one of its ordinary files; empty if there is none.
    pub fn text(&self, path: &str) -> String {
        let known = self
            .entries
            .iter()
            .any(|e| e.path == path && e.mode != "120000");
        if known {
            std::fs::read_to_string(self.tree.join(path)).unwrap_or_default()
        } else {
            String::new()
        }
    }
}

/// A copy of a tree beside it; unchanged files are hard links, so what writes there must replace them.
pub(crate) fn copy_of(tree: &Path) -> std::io::Result<TempDir> {
    let copy = tempfile::Builder::new()
        .prefix("outerloop-tree-")
        .tempdir_in(tree.parent().unwrap_or(tree))?;
    std::fs::set_permissions(
        copy.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(tree.join(&folder))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            let target = copy.path().join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                std::fs::create_dir(&target)?;
                folders.push(name);
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(std::fs::read_link(entry.path())?, &target)?;
            } else {
                std::fs::hard_link(entry.path(), &target)?;
            }
        }
    }
    Ok(copy)
}

/// A copy of a tree with a candidate's changes and some files more.
pub(crate) fn tree_with(
    tree: &Path,
    candidate: &Candidate,
    more: &[&Reproduction],
) -> std::io::Result<TempDir> {
    let copy = copy_of(tree)?;
    let more = more.iter().map(|test| (&test.path, &test.source));
    for (path, text) in candidate.files.iter().chain(more) {
        let target = copy.path().join(path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        // Never through a hard link: that would change the base tree.
        if std::fs::symlink_metadata(&target).is_ok() {
            std::fs::remove_file(&target)?;
        }
        std::fs::write(&target, text)?;
    }
    for path in &candidate.deleted {
        std::fs::remove_file(copy.path().join(path))?;
    }
    Ok(copy)
}
