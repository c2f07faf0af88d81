//! A change that may cure a bug.

use std::collections::BTreeMap;

use similar::TextDiff;

/// A set of edits, as the new texts of the files they touch.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Path from the repository's root to the file's new text.
    pub files: BTreeMap<String, String>,
    /// The rules that made it, in the order in which they were applied.
    pub rules: Vec<&'static str>,
    /// How likely it is right if it cures, in `0.0..=1.0`.
    pub prior: f64,
    /// What in the repository speaks for it.
    pub witness: Option<String>,
}

impl Candidate {
    /// The rules' names, for people.
    pub fn generator(&self) -> String {
        self.rules.join(" + ")
    }

    /// A unified diff against the given texts, for `git apply -p1`.
    pub fn diff(&self, original: impl Fn(&str) -> String) -> String {
        self.files
            .iter()
            .map(|(path, text)| unified(path, &original(path), text))
            .collect()
    }
}

/// A unified diff of one file with three lines of context.
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let (from, to) = (
        if old.is_empty() {
            "/dev/null".to_owned()
        } else {
            format!("a/{path}")
        },
        format!("b/{path}"),
    );
    let body = TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(&from, &to)
        .to_string();
    if old.is_empty() {
        format!("diff --git a/{path} b/{path}\nnew file mode 100644\n{body}")
    } else {
        format!("diff --git a/{path} b/{path}\n{body}")
    }
}

/// Lines added and removed by a change of a file.
pub(crate) fn changed_lines(old: &str, new: &str) -> usize {
    TextDiff::from_lines(old, new)
        .iter_all_changes()
        .filter(|c| c.tag() != similar::ChangeTag::Equal)
        .count()
}
