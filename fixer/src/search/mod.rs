//! Finds code in a commit: by words, by the stack of a failure, by who defines, uses and calls what.
//!
//! In: a repository, a commit, a [`Query`]. Out: [`Hit`]s. Read `chunk` (what is found: pieces of files), `words` (what
//! of a text is indexed), `place` and `ignored` (what is found last, and never), `store` (the index on disk and how it
//! follows the commits), `query` (what a person may type), `find` and `symbols` (answers), `snippet` (what of them is shown).
//! Invariants: files come from the objects of the commit, never from a work tree; what `.outerloopignore` names is not
//! in the index; no query is an error; a damaged index is made anew; tantivy is known here only.

mod chunk;
mod find;
mod ignored;
mod place;
mod query;
mod snippet;
mod store;
mod symbols;
mod words;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use self::store::{Store, sound};
use crate::git::{CommitSha, GitError, Repository};

pub use self::{
    chunk::ChunkKind,
    query::{Kind, Query},
    snippet::Line,
};
pub(crate) use self::{
    chunk::{Chunk, Role, Symbol},
    ignored::Ignored,
};

/// Why a commit could not be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Git failed.
    #[error("git failed")]
    Git(#[from] GitError),
    /// The index's folder could not be read or written.
    #[error("the folder of the index could not be read or written")]
    Io(#[from] std::io::Error),
    /// The index failed twice: once as it was, once made anew.
    #[error("the index failed: {0}")]
    Index(String),
}

/// A place that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Path from the repository's root.
    pub path: String,
    /// 1-based first line of what was found.
    pub line: u32,
    /// 1-based last line of it.
    pub end_line: u32,
    /// What it is.
    pub kind: ChunkKind,
    /// Its name, qualified within the file: `Orders.total`. Empty where it has none.
    pub name: String,
    /// The lines that show why, in their order.
    pub lines: Vec<Line>,
    /// How well it fits: larger is better among hits of files of the same sort (own, generated, vendored), which is what
    /// hits are ordered by first. Not comparable between queries.
    pub score: f32,
}

/// The code of one commit, ready to be searched. It may be shared by threads.
///
/// The index lies in a folder that several processes may share; what the others do there does not show here.
pub struct Index {
    repository: Repository,
    commit: CommitSha,
    folder: PathBuf,
    store: Mutex<Arc<Store>>,
}

impl Index {
    /// Opens the index of a repository in `folder` (made where it is not there) at a commit.
    ///
    /// Where it holds another commit, only the files that differ are read. Another process that writes there is waited
    /// for. `progress` is told what takes longer, for people.
    ///
    /// # Errors
    /// Where git fails or the folder cannot be written. A damaged index is made anew.
    pub fn open(
        repository: &Repository,
        commit: &CommitSha,
        folder: &Path,
        progress: &dyn Fn(&str),
    ) -> Result<Self, SearchError> {
        let store = Store::open(repository, commit, folder, progress)?;
        Ok(Self {
            repository: repository.clone(),
            commit: commit.clone(),
            folder: folder.to_owned(),
            store: Mutex::new(Arc::new(store)),
        })
    }

    /// Answers a query; hits are ordered, best first.
    ///
    /// # Errors
    /// Where the index is damaged and cannot be made anew.
    pub fn search(&self, query: &Query<'_>) -> Result<Vec<Hit>, SearchError> {
        self.ask(|store| match query.kind {
            Kind::Text => find::text(store, query),
            Kind::Definitions | Kind::References | Kind::Callers | Kind::Callees => {
                symbols::named(store, query)
            }
        })
    }

    /// Where a name is defined: `total`, `Orders.total`, `shop.orders.total`. At most `limit` places.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn definitions(&self, name: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.ask(|store| symbols::definitions(store, name, limit))
    }

    /// Code that uses a name, whatever it is bound to there. At most `limit` places.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn references(&self, name: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.ask(|store| symbols::references(store, name, limit))
    }

    /// Code that calls a function or class of this name. At most `limit` places.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn callers(&self, function: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.ask(|store| symbols::callers(store, function, limit))
    }

    /// The definitions of what a function calls, the nearest for names that are defined in several places.
    /// At most `limit` places.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn callees(&self, function: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.ask(|store| symbols::callees(store, function, limit))
    }

    /// Files whose content is found.
    pub fn n_files(&self) -> usize {
        self.store().state.n_files
    }

    /// Files that are found by their path only, or not at all: binary, too large, or beyond the limits.
    pub fn n_skipped(&self) -> usize {
        self.store().state.n_skipped
    }

    /// Files that this opening read.
    pub fn n_added(&self) -> usize {
        self.store().n_added
    }

    /// Files that this opening took out; a file that changed is both added and removed.
    pub fn n_removed(&self) -> usize {
        self.store().n_removed
    }

    fn store(&self) -> Arc<Store> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&store)
    }

    fn ask<T>(&self, question: impl Fn(&Store) -> tantivy::Result<T>) -> Result<T, SearchError> {
        let store = self.store();
        match sound(|| question(&store)) {
            Err(SearchError::Index(error)) => {
                tracing::warn!("the search index is made anew: {error}");
                let fresh = Arc::new(Store::rebuild(
                    &self.repository,
                    &self.commit,
                    &self.folder,
                )?);
                *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                sound(|| question(&fresh))
            }
            other => other,
        }
    }
}
