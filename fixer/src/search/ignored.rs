//! Files that the owner of a repository wants left alone: `.outerloopignore`, in the syntax of `.gitignore`.

use std::collections::HashMap;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::git::TreeEntry;

/// All ignore files of a commit together; patterns are compiled, which takes far more than their own size.
const MAX_RULE_BYTES: usize = 256 << 10;

/// What the ignore files of a commit say, at its root and in its folders.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    /// By the folder of each ignore file.
    rules: HashMap<String, Rules>,
}

#[derive(Debug)]
enum Rules {
    Read(Gitignore),
    /// It cannot be read: why.
    Broken(String),
}

/// What a line or a file that cannot be read leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// All of its folder is left alone: what was meant to be hidden must not show for a mistake.
    HidesFolder,
    /// It is as if it were not there, which is how git reads it.
    IsNothing,
}

impl Ignored {
    /// The name of the files that say what is left alone.
    pub(crate) const FILE: &str = ".outerloopignore";

    /// Reads the `.outerloopignore` files among the entries of a commit.
    ///
    /// What cannot be read (a link, a bad pattern, more than 256 KiB in all) hides its whole folder.
    pub(crate) fn of(
        entries: &[TreeEntry],
        read: impl FnMut(&TreeEntry) -> Option<Vec<u8>>,
    ) -> Self {
        Self::named(Self::FILE, Fault::HidesFolder, entries, read)
    }

    /// Reads the `.gitignore` files among the entries of a commit, as git does: what it cannot read says nothing.
    pub(crate) fn by_git(
        entries: &[TreeEntry],
        read: impl FnMut(&TreeEntry) -> Option<Vec<u8>>,
    ) -> Self {
        Self::named(".gitignore", Fault::IsNothing, entries, read)
    }

    fn named(
        name: &str,
        fault: Fault,
        entries: &[TreeEntry],
        mut read: impl FnMut(&TreeEntry) -> Option<Vec<u8>>,
    ) -> Self {
        let mut left = MAX_RULE_BYTES;
        let mut rules = HashMap::new();
        for entry in entries {
            let (folder, file) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            if file != name {
                continue;
            }
            match parse(entry, fault, &mut left, &mut read) {
                Ok(matcher) => drop(rules.insert(folder.to_owned(), Rules::Read(matcher))),
                Err(why) if fault == Fault::HidesFolder => {
                    rules.insert(folder.to_owned(), Rules::Broken(why));
                }
                Err(_) => {}
            }
        }
        Self { rules }
    }

    /// Why a path is left alone, if it is.
    ///
    /// As git does it: the file nearest to a path decides, and nothing brings back what lies in a folder that is left
    /// alone.
    pub(crate) fn reason(&self, path: &str) -> Option<String> {
        if self.rules.is_empty() {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at);
        ends.map(|at| (&path[..at], true))
            .chain([(path, false)])
            .find_map(|(part, is_folder)| self.decide(part, is_folder))
    }

    /// What the rules say of a file or folder itself.
    fn decide(&self, path: &str, is_folder: bool) -> Option<String> {
        let ends = path.match_indices('/').map(|(at, _)| at).rev();
        let folders = ends.map(|at| (&path[..at], &path[at + 1..]));
        for (folder, inner) in folders.chain([("", path)]) {
            let Some(rules) = self.rules.get(folder) else {
                continue;
            };
            match rules {
                Rules::Broken(why) => return Some(why.clone()),
                Rules::Read(matcher) => match matcher.matched(inner, is_folder) {
                    ignore::Match::None => {}
                    ignore::Match::Whitelist(_) => return None,
                    ignore::Match::Ignore(_) => {
                        return Some(format!("{} names it", within(folder, Self::FILE)));
                    }
                },
            }
        }
        None
    }
}

fn parse(
    entry: &TreeEntry,
    fault: Fault,
    left: &mut usize,
    read: &mut impl FnMut(&TreeEntry) -> Option<Vec<u8>>,
) -> Result<Gitignore, String> {
    let broken = |why: &str| format!("{} cannot be read: {why}", entry.path);
    if entry.mode == "120000" {
        return Err(broken("it is a link"));
    }
    let content = read(entry).ok_or_else(|| broken("it is too large"))?;
    *left = left
        .checked_sub(content.len())
        .ok_or_else(|| broken("the files of this name are too large together"))?;
    let text = String::from_utf8_lossy(&content);
    let mut builder = GitignoreBuilder::new("");
    for (at, line) in text.lines().enumerate() {
        let line = if at == 0 {
            line.trim_start_matches('\u{feff}')
        } else {
            line
        };
        if let Err(error) = builder.add_line(None, line)
            && fault == Fault::HidesFolder
        {
            return Err(broken(&format!("line {}: {error}", at + 1)));
        }
    }
    builder.build().map_err(|error| broken(&error.to_string()))
}

fn within(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(files: &[(&str, &str)]) -> Ignored {
        let entries: Vec<TreeEntry> = files
            .iter()
            .map(|(path, text)| TreeEntry {
                mode: if *text == "->" { "120000" } else { "100644" }.to_owned(),
                blob: (*text).to_owned(),
                path: (*path).to_owned(),
            })
            .collect();
        Ignored::of(&entries, |entry| Some(entry.blob.clone().into_bytes()))
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], path: &str, expected: Option<&str>) {
        let reason = ignored(files).reason(path);
        assert_eq!(reason.as_deref(), expected, "{path}");
    }

    #[test]
    fn rules_at_the_root_and_in_folders() {
        let files = [
            (
                ".outerloopignore",
                "# secrets\n/keys/\n*.pem\nbilling/*.py\n!billing/open.py\n",
            ),
            ("shop/.outerloopignore", "private.py\n!shown.pem\n"),
        ];
        let root = Some(".outerloopignore names it");
        check(&files, "keys/a/b.py", root);
        check(&files, "shop/keys/b.py", None);
        check(&files, "a/b/c.pem", root);
        check(&files, "shop/shown.pem", None);
        check(&files, "billing/rates.py", root);
        check(&files, "billing/open.py", None);
        check(
            &files,
            "shop/x/private.py",
            Some("shop/.outerloopignore names it"),
        );
        check(&files, "private.py", None);
        check(&files, "shopping/private.py", None);
        check(&[], "a.py", None);
        // Nothing brings back what lies in an ignored folder.
        check(
            &[
                (".outerloopignore", "a/\n"),
                ("a/.outerloopignore", "!b.py\n"),
            ],
            "a/b.py",
            root,
        );
        check(&[(".outerloopignore", "*\n!*/\n!*.py\n")], "a/b.py", None);
        check(&[(".outerloopignore", "\u{feff}a.py\r\n")], "a.py", root);
    }

    #[test]
    fn what_cannot_be_read_hides_its_folder() {
        let why = |text: &str| ignored(&[("a/.outerloopignore", text)]).reason("a/x.py");
        assert_eq!(
            why("->").as_deref(),
            Some("a/.outerloopignore cannot be read: it is a link")
        );
        let bad = why("ok\n[z-a]\n").unwrap();
        assert!(
            bad.starts_with("a/.outerloopignore cannot be read: line 2: "),
            "{bad}"
        );
        assert!(
            why(&"x\n".repeat(200_000))
                .unwrap()
                .contains("too large together")
        );
        assert_eq!(
            ignored(&[("a/.outerloopignore", "->")]).reason("b/x.py"),
            None
        );
    }
}
