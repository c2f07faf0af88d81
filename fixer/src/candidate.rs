//! A change that may cure a bug.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

/// A set of edits, as the new texts of the files they touch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidate {
    /// Path from the repository's root to the file's new text.
    pub files: BTreeMap<String, String>,
    /// Paths of files that it deletes.
    pub deleted: BTreeSet<String>,
    /// The rules that made it, in the order in which they were applied; none made one that was given.
    pub rules: Vec<&'static str>,
    /// How likely it is right if it cures, in `0.0..=1.0`.
    pub prior: f64,
    /// What in the repository speaks for it.
    pub witness: Option<String>,
}

impl Candidate {
    /// Whether somebody else wrote it.
    pub(crate) fn is_given(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules' names, for people.
    pub fn generator(&self) -> String {
        self.rules.join(" + ")
    }

    /// A unified diff against the given texts, for `git apply -p1`.
    pub fn diff(&self, original: impl Fn(&str) -> String) -> String {
        let changed = self.files.iter();
        let changed = changed.map(|(path, text)| unified(path, &original(path), text));
        let deleted = self.deleted.iter().map(|path| {
            let body = hunks(&format!("a/{path}"), "/dev/null", &original(path), "");
            format!("diff --git a/{path} b/{path}\ndeleted file mode 100644\n{body}")
        });
        changed.chain(deleted).collect()
    }
}

/// A unified diff of one file with three lines of context.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let to = format!("b/{path}");
    if old.is_empty() {
        let body = hunks("/dev/null", &to, old, new);
        format!("diff --git a/{path} b/{path}\nnew file mode 100644\n{body}")
    } else {
        let body = hunks(&format!("a/{path}"), &to, old, new);
        format!("diff --git a/{path} b/{path}\n{body}")
    }
}

fn hunks(from: &str, to: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(from, to)
        .to_string()
}

/// Lines added and removed by a change of a file.
pub(crate) fn changed_lines(old: &str, new: &str) -> usize {
    TextDiff::from_lines(old, new)
        .iter_all_changes()
        .filter(|c| c.tag() != similar::ChangeTag::Equal)
        .count()
}
