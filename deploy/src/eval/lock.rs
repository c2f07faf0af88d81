//! The digests of the archives that cases are made of, so that a case is the same wherever and whenever it is run.
//!
//! A lock lies in a folder of cases and pins what is below it, in lines as `sha256sum` prints them:
//!
//!     b2c5…  pypi/toml-0.9.6

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::case::MAX_DEPTH;

/// The name of a lock's file.
const FILE: &str = "sources.sha256";

/// The archives that are pinned.
#[derive(Debug)]
pub(crate) struct Lock {
    file: PathBuf,
    digests: BTreeMap<String, String>,
}

impl Lock {
    /// The lock that pins what lies in `folder`: its own, or that of the nearest folder above.
    ///
    /// # Errors
    /// If it can't be read, or a line is no digest with a name.
    pub(crate) fn above(folder: &Path) -> anyhow::Result<Option<Lock>> {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("looking for {}", folder.display()))?;
        let files = folder.ancestors().map(|above| above.join(FILE));
        files
            .take(MAX_DEPTH + 1)
            .find(|file| file.is_file())
            .map(Self::read)
            .transpose()
    }

    /// The lock that pins what lies in `folder`; an empty one of its own, if there is none.
    ///
    /// # Errors
    /// As [`Self::above`].
    pub(crate) fn of(folder: &Path) -> anyhow::Result<Lock> {
        Ok(Self::above(folder)?.unwrap_or_else(|| Lock {
            file: folder.join(FILE),
            digests: BTreeMap::new(),
        }))
    }

    fn read(file: PathBuf) -> anyhow::Result<Lock> {
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let mut digests = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let pin = line.split_once("  ");
            let (digest, name) = pin.unwrap_or_default();
            let is_digest = digest.len() == 64
                && digest
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            ensure!(
                is_digest,
                "{} line {number} is not a SHA-256 and a name",
                file.display()
            );
            digests.insert(name.to_owned(), digest.to_owned());
        }
        Ok(Lock { file, digests })
    }

    /// The SHA-256 of an archive, in hexadecimal.
    ///
    /// # Errors
    /// If it is not pinned.
    pub(crate) fn digest(&self, name: &str) -> anyhow::Result<&str> {
        self.digests.get(name).map(String::as_str).with_context(|| {
            let file = self.file.display();
            format!("{file} does not pin {name}: `outerloop eval DIR --lock` adds it")
        })
    }

    /// Pins an archive.
    pub(crate) fn add(&mut self, name: String, digest: String) {
        self.digests.insert(name, digest);
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If that fails.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let lines = self.digests.iter();
        let text: String = lines
            .map(|(name, digest)| format!("{digest}  {name}\n"))
            .collect();
        fs::write(&self.file, text).with_context(|| format!("writing {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_lock_pins() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let case = home.path().join("cases/pypi/pypi-a");
        fs::create_dir_all(&case).expect("a folder");
        assert!(Lock::above(&case).expect("it can be looked for").is_none());
        let mut lock = Lock::of(&home.path().join("cases")).expect("a new lock");
        lock.add("pypi/b-1".to_owned(), "b".repeat(64));
        lock.add("pypi/a-1".to_owned(), "a".repeat(64));
        lock.write().expect("it can be written");
        let found = Lock::above(&case)
            .expect("it can be read")
            .expect("it is there");
        assert_eq!(found.digest("pypi/a-1").ok(), Some("a".repeat(64).as_str()));
        let refusal = format!(
            "{:#}",
            found.digest("pypi/a-2").expect_err("it is not pinned")
        );
        assert!(refusal.contains("does not pin pypi/a-2"), "{refusal}");
    }

    #[test]
    fn a_damaged_lock_is_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        for line in [
            "pypi/a-1",
            "abc  pypi/a-1",
            &format!("{} pypi/a-1", "A".repeat(64)),
        ] {
            let good = format!("{}  pypi/b-1\n", "b".repeat(64));
            fs::write(home.path().join(FILE), good + line).expect("a file");
            let refusal = Lock::above(home.path()).expect_err("it is damaged");
            assert!(format!("{refusal:#}").contains("line 2"), "{refusal:#}");
        }
    }
}
