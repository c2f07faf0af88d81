//! A patch that somebody wrote, as a candidate: read as hostile, applied to a copy of the commit's files.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    Checkout, FixError,
    candidate::Candidate,
    checkout::copy_of,
    git::{self, GitError, is_plain_path},
};

/// The longest patch that is read, in bytes.
pub const MAX_PATCH_BYTES: usize = 1 << 20;
/// Files that a patch may touch.
const MAX_FILES: usize = 200;
/// The longest file that it may leave, in bytes.
const MAX_FILE_BYTES: u64 = 2 << 20;

/// What a text is that somebody gave as a patch.
#[derive(Debug)]
pub enum Patch {
    /// One that applies, with what it makes of the files.
    Applies(Candidate),
    /// One that the first gate refuses, and why.
    Refused(String),
    /// None at all, and why.
    Malformed(String),
}

impl Patch {
    /// Reads a unified diff (git's or plain, with `a/` and `b/` before the paths) and applies it to a commit's files.
    ///
    /// # Errors
    /// Where git or a file fails. What is wrong with the patch is a [`Patch`].
    pub fn read(patch: &[u8], checkout: &Checkout) -> Result<Self, FixError> {
        if let Err(why) = is_acceptable(patch) {
            return Ok(Self::Refused(why));
        }
        let folder = copy_of(checkout.tree())?;
        // Attributes could have git rewrite what it reads and writes.
        for entry in checkout.entries() {
            if entry.path.rsplit('/').next() == Some(".gitattributes") {
                fs::remove_file(folder.path().join(&entry.path)).ok();
            }
        }
        let touched = match git::apply(folder.path(), &["--numstat", "-z"], patch) {
            Ok(touched) => touched,
            Err(GitError::Failed { message, .. }) => return Ok(Self::Malformed(message)),
            Err(other) => return Err(other.into()),
        };
        if let Err(why) = are_permitted(&String::from_utf8_lossy(&touched)) {
            return Ok(Self::Refused(why));
        }
        match git::apply(folder.path(), &[], patch) {
            Ok(_) => {}
            Err(GitError::Failed { message, .. }) => {
                return Ok(Self::Refused(format!(
                    "it does not apply to commit {}: {message}",
                    &checkout.commit().as_str()[..10]
                )));
            }
            Err(other) => return Err(other.into()),
        }
        Ok(match changes(checkout.tree(), folder.path())? {
            Ok(candidate) if candidate == Candidate::default() => {
                Self::Refused("it changes nothing".to_owned())
            }
            Ok(candidate) => Self::Applies(candidate),
            Err(why) => Self::Refused(why),
        })
    }
}

/// Lines that are no part of a hunk tell what a patch does beside changing text.
fn is_acceptable(patch: &[u8]) -> Result<(), String> {
    if patch.len() > MAX_PATCH_BYTES {
        return Err(format!("it is longer than {MAX_PATCH_BYTES} bytes"));
    }
    for line in String::from_utf8_lossy(patch).lines() {
        if line == "GIT binary patch" || line.starts_with("Binary files ") {
            return Err("it changes a binary file".to_owned());
        }
        let starts = |start| line.strip_prefix(start);
        if starts("old mode ").or(starts("new mode ")).is_some() {
            return Err("it changes the mode of a file".to_owned());
        }
        if let Some(mode) = starts("new file mode ")
            && mode.trim_end() != "100644"
        {
            return Err(format!(
                "it makes a file of mode {mode}, not an ordinary one"
            ));
        }
    }
    Ok(())
}

/// The paths that `git apply --numstat -z` names.
fn are_permitted(numstat: &str) -> Result<(), String> {
    let paths: Vec<&str> = numstat
        .split('\0')
        .filter_map(|record| record.splitn(3, '\t').last())
        .filter(|path| !path.is_empty())
        .collect();
    if paths.len() > MAX_FILES {
        return Err(format!("it touches more than {MAX_FILES} files"));
    }
    for path in paths {
        if !is_plain_path(path) {
            return Err(format!("{path} is no path inside a repository"));
        }
        if path.split('/').any(|part| part.starts_with(".git")) {
            return Err(format!("{path} is git's own"));
        }
    }
    Ok(())
}

/// What differs between a tree and its patched copy; a hard link that is left is an unchanged file.
fn changes(before: &Path, after: &Path) -> io::Result<Result<Candidate, String>> {
    let mut candidate = Candidate::default();
    let (old, new) = (files_below(before)?, files_below(after)?);
    for path in old.union(&new) {
        let name = path.to_string_lossy().into_owned();
        let at = |root: &Path| fs::symlink_metadata(root.join(path)).ok();
        let (was, is) = (at(before), at(after));
        let links = |m: &Option<Metadata>| m.as_ref().is_some_and(|m| m.is_symlink());
        if links(&was) || links(&is) {
            let target = |root: &Path| fs::read_link(root.join(path)).ok();
            if target(before) != target(after) {
                return Ok(Err(format!("{name} is a symbolic link")));
            }
            continue;
        }
        match (was, is) {
            (Some(was), Some(is)) if was.ino() == is.ino() => {}
            (_, Some(is)) if is.len() > MAX_FILE_BYTES => {
                return Ok(Err(format!(
                    "{name} would be longer than {MAX_FILE_BYTES} bytes"
                )));
            }
            (_, Some(_)) => {
                let Ok(text) = String::from_utf8(fs::read(after.join(path))?) else {
                    return Ok(Err(format!("{name} is not text in UTF-8")));
                };
                candidate.files.insert(name, text);
            }
            (_, None) if name.ends_with(".gitattributes") => {}
            (_, None) => {
                candidate.deleted.insert(name);
            }
        }
    }
    Ok(Ok(candidate))
}

fn files_below(root: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut out = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else {
                out.insert(name);
            }
        }
    }
    Ok(out)
}
