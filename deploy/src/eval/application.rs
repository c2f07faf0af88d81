//! An application of ours: a repository made of patches, for crashes that no published package is to blame for.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::case::Case;
use super::scene::{apart, git};

/// The files, in what [`make`] leaves.
pub(crate) const TREE: &str = "tree";
/// What git keeps, in what [`make`] leaves: not beside the files under its own name, so that only who wants it copies it.
pub(crate) const HISTORY: &str = "git";

/// The cache folder of a state: the patches that make it are in its name, for their author edits them.
///
/// # Errors
/// If a patch can't be read.
pub(crate) fn key(case: &Case, release: &str) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    for patch in patches(case, release)? {
        fs::read(&patch)
            .with_context(|| format!("reading {}", patch.display()))?
            .hash(&mut hasher);
    }
    Ok(format!(
        "application/{}-{release}-{:016x}",
        case.id,
        hasher.finish()
    ))
}

/// Makes a state in `folder`: the commits of `history/`, the last tagged `buggy`; for the fixed one the files differ by
/// `fix.patch`, which is in no commit.
///
/// # Errors
/// What git said, if a patch does not apply.
pub(crate) fn make(case: &Case, release: &str, folder: &Path) -> anyhow::Result<()> {
    let tree = folder.join(TREE);
    fs::create_dir(&tree)?;
    git(
        &tree,
        &["init", "--quiet", "--template=", "--initial-branch=main"],
        b"",
    )?;
    apart(&tree)?;
    for patch in patches(case, &case.buggy)? {
        let text = fs::read(&patch)?;
        let am = [
            "am",
            "--quiet",
            "--keep-cr",
            "--committer-date-is-author-date",
            "--whitespace=nowarn",
        ];
        git(&tree, &am, &text).with_context(|| format!("{} does not apply", patch.display()))?;
    }
    git(&tree, &["tag", &case.buggy], b"")?;
    if release != case.buggy {
        let fix = fs::read(case.patch())?;
        git(&tree, &["apply", "-p1", "--whitespace=nowarn"], &fix).context("fix.patch")?;
    }
    fs::rename(tree.join(".git"), folder.join(HISTORY)).context("keeping the history")
}

/// What makes a state, in order.
fn patches(case: &Case, release: &str) -> anyhow::Result<Vec<PathBuf>> {
    let history = case.history();
    let listed =
        fs::read_dir(&history).with_context(|| format!("listing {}", history.display()))?;
    let mut patches = Vec::new();
    for entry in listed {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "patch") {
            patches.push(path);
        }
    }
    ensure!(!patches.is_empty(), "no patch in {}", history.display());
    patches.sort();
    if release != case.buggy {
        patches.push(case.patch());
    }
    Ok(patches)
}
