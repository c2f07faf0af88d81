//! The tree of one commit on disk.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::git::{CommitSha, GitError, Repository, TreeEntry};

/// A commit's files in a folder of their own, removed with this value. The user's work tree is not involved.
#[derive(Debug)]
pub struct Checkout {
    commit: CommitSha,
    entries: Vec<TreeEntry>,
    tree: PathBuf,
    /// How often each word occurs in its sources: what is a source, and a word, the language knows that fills it. Once a
    /// commit, as every bug asks.
    pub(crate) words: OnceLock<HashMap<String, usize>>,
    _folder: TempDir,
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
