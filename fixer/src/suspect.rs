//! Who last changed the line that failed.

use std::collections::HashMap;

use ingest::Exception;
use serde::Serialize;

use crate::{
    frames::{self, Mapped},
    git::{CommitSha, GitError, Repository, TreeEntry},
};

/// Bytes of a file that is looked into.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The commit that last changed the line where the program failed: where to look first, not proof of guilt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// Its hex digits.
    pub commit: String,
    /// The author's name.
    pub author: String,
    /// When it was written, in seconds since 1970.
    pub at: i64,
    /// The first line of its message.
    pub summary: String,
    /// The file, as the commit that failed calls it.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
}

/// Looks for suspects in a repository.
#[derive(Debug)]
pub struct Suspects<'a> {
    repository: &'a Repository,
    files: HashMap<String, Vec<(TreeEntry, u64)>>,
}

impl<'a> Suspects<'a> {
    /// Of this repository.
    pub fn of(repository: &'a Repository) -> Self {
        Self {
            repository,
            files: HashMap::new(),
        }
    }

    /// The commit that last changed the line of the innermost frame that is a file of a commit; `None` if no frame is, or the line
    /// was changed only after the error was seen (`before`, in seconds since 1970).
    ///
    /// # Errors
    /// What git says.
    pub fn find(
        &mut self,
        commit: &CommitSha,
        exception: &Exception,
        before: Option<i64>,
    ) -> Result<Option<Suspect>, GitError> {
        let repository = self.repository;
        let files = match self.files.entry(commit.as_str().to_owned()) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                unknown.insert(repository.sized_files(commit)?)
            }
        };
        let mut texts: HashMap<String, Option<String>> = HashMap::new();
        let mut line_of = |path: &str, line: u32| {
            let text = texts.entry(path.to_owned()).or_insert_with(|| {
                let (_, size) = files.iter().find(|(entry, _)| entry.path == path)?;
                let bytes =
                    (*size <= MAX_FILE_BYTES).then(|| repository.read(commit, path).ok())??;
                String::from_utf8(bytes?).ok()
            });
            let line = text.as_ref()?.lines().nth(line.checked_sub(1)? as usize)?;
            Some(line.to_owned())
        };
        let entries: Vec<TreeEntry> = files.iter().map(|(entry, _)| entry.clone()).collect();
        let place = exception.frames.iter().rev().find_map(|frame| {
            match frames::map(frame, &entries, &mut line_of) {
                Mapped::File(path) => Some((path, frame.line?)),
                _ => None,
            }
        });
        let Some((file, line)) = place.filter(|(file, line)| line_of(file, *line).is_some()) else {
            return Ok(None);
        };
        let suspect = parsed(&repository.blame(commit, &file, line)?, file, line);
        Ok(suspect.filter(|suspect| before.is_none_or(|before| suspect.at <= before)))
    }
}

/// What `git blame --porcelain` says of one line (<https://git-scm.com/docs/git-blame#_the_porcelain_format>).
fn parsed(text: &str, file: String, line: u32) -> Option<Suspect> {
    let commit = text.split(' ').next()?.to_owned();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some(Suspect {
        commit,
        author: field("author ")?.to_owned(),
        at: field("author-time ")?.parse().ok()?,
        summary: field("summary ")?.to_owned(),
        file,
        line,
    })
}
