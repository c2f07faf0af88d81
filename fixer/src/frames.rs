//! Which file of the repository a frame of the trace is.
//!
//! The program ran elsewhere (`/app/…`, `site-packages/…`), so paths agree from their ends only. A path of a trace is
//! compared with the paths of the commit and never opened.

use ingest::Frame;

use crate::git::TreeEntry;

/// Where a frame stands relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapped {
    /// This file of the commit.
    File(String),
    /// Code of somebody else: the standard library, a dependency, the program around a library.
    Outside,
    /// More than one file fits as well.
    Ambiguous(Vec<String>),
    /// A file of that name is there, but it does not hold the reported line.
    OtherContent(String),
}

/// Finds the file of a frame.
///
/// `line_of` answers with a line of a file of the commit. Files are ranked by how many trailing parts of the path agree;
/// a reported source line that the file does not hold at that place rules it out.
pub(crate) fn map(
    frame: &Frame,
    entries: &[TreeEntry],
    mut line_of: impl FnMut(&str, u32) -> Option<String>,
) -> Mapped {
    if frame.path.is_empty() || frame.path.starts_with('<') || is_system(&frame.path) {
        return Mapped::Outside;
    }
    let wanted: Vec<&str> = frame
        .path
        .split(['/', '\\'])
        .filter(|p| !p.is_empty() && *p != ".")
        .collect();
    if wanted.contains(&"..") {
        return Mapped::Outside;
    }
    let mut found: Vec<(usize, &str)> = entries
        .iter()
        .filter(|e| e.mode != "120000")
        .map(|e| {
            (
                e.path
                    .split('/')
                    .rev()
                    .zip(wanted.iter().rev())
                    .take_while(|(a, b)| a == *b)
                    .count(),
                e.path.as_str(),
            )
        })
        .filter(|(n, _)| *n > 0)
        .collect();
    // `src/pkg/mod.py` ran as `site-packages/pkg/mod.py`: the reported module says how much of the path must agree.
    if let Some(module) = &frame.module {
        let parts = module
            .split('.')
            .filter(|p| !p.is_empty() && *p != "__main__")
            .count();
        let init = usize::from(frame.path.ends_with("__init__.py"));
        found.retain(|(n, path)| *n >= (parts + init).min(path.split('/').count()));
    }
    let mut mismatch = None;
    if let (Some(line), Some(text)) = (
        frame.line,
        frame
            .context_line
            .as_deref()
            .filter(|t| !t.trim().is_empty()),
    ) {
        found.retain(|(_, path)| {
            let same = line_of(path, line).is_some_and(|have| have.trim() == text.trim());
            if !same {
                mismatch = Some((*path).to_owned());
            }
            same
        });
    }
    let best = found.iter().map(|(n, _)| *n).max().unwrap_or(0);
    found.retain(|(n, _)| *n == best);
    let in_packages = frame.path.contains("site-packages") || frame.path.contains("dist-packages");
    match found.as_slice() {
        [] => match mismatch.filter(|path| path.contains('/') || !in_packages) {
            // A dependency's `utils.py` is no news; the whole path of a package is.
            Some(path)
                if path
                    .split('/')
                    .rev()
                    .zip(wanted.iter().rev())
                    .take_while(|(a, b)| a == *b)
                    .count()
                    >= 2 =>
            {
                Mapped::OtherContent(path)
            }
            _ => Mapped::Outside,
        },
        // One common name (`__init__.py`, `utils.py`) says nothing without its line.
        [(1, path)] if path.contains('/') && (frame.context_line.is_none() || in_packages) => {
            Mapped::Outside
        }
        [(_, path)] => Mapped::File((*path).to_owned()),
        several => Mapped::Ambiguous(several.iter().map(|(_, p)| (*p).to_owned()).collect()),
    }
}

/// The innermost frame that is a file of the repository, with the file's path.
pub(crate) fn innermost<'a>(
    frames: &'a [Frame],
    mapped: &'a [Mapped],
) -> Option<(&'a str, &'a Frame)> {
    let mut outwards = frames.iter().zip(mapped).rev();
    outwards.find_map(|(frame, mapped)| match mapped {
        Mapped::File(path) => Some((path.as_str(), frame)),
        _ => None,
    })
}

/// The standard library: `…/lib/python3.11/json/decoder.py`, not what is installed below it.
fn is_system(path: &str) -> bool {
    let Some(at) = path
        .find("/lib/python")
        .or_else(|| path.find("/lib64/python"))
    else {
        return false;
    };
    let rest = &path[at..];
    !rest.contains("site-packages") && !rest.contains("dist-packages")
}

/// Whether a frame is the program's own although the repository does not hold it: the script around a library.
pub(crate) fn is_application(frame: &Frame) -> bool {
    !frame.path.is_empty()
        && !frame.path.starts_with('<')
        && !is_system(&frame.path)
        && !frame.path.contains("site-packages")
        && !frame.path.contains("dist-packages")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> TreeEntry {
        TreeEntry {
            mode: "100644".into(),
            blob: String::new(),
            path: path.into(),
        }
    }

    #[track_caller]
    fn check(path: &str, context: Option<&str>, files: &[&str], expected: Mapped) {
        let frame = Frame {
            path: path.into(),
            line: Some(3),
            context_line: context.map(Into::into),
            ..Frame::default()
        };
        let entries: Vec<_> = files.iter().map(|f| entry(f)).collect();
        let found = map(&frame, &entries, |path, _| Some(format!("line of {path}")));
        assert_eq!(found, expected);
    }

    #[test]
    fn frames_find_their_files_under_another_prefix() {
        let file = |p: &str| Mapped::File(p.into());
        check(
            "/app/shop/orders.py",
            None,
            &["shop/orders.py", "shop/users.py"],
            file("shop/orders.py"),
        );
        check(
            "/usr/lib/python3.11/site-packages/shop/orders.py",
            None,
            &["src/shop/orders.py"],
            file("src/shop/orders.py"),
        );
        check("/app/toml.py", None, &["toml.py"], file("toml.py"));
        check(
            "C:\\app\\shop\\orders.py",
            None,
            &["shop/orders.py"],
            file("shop/orders.py"),
        );
        check(
            "/app/shop/orders.py",
            Some("line of a/shop/orders.py"),
            &["a/shop/orders.py", "b/shop/orders.py"],
            file("a/shop/orders.py"),
        );
    }

    #[test]
    fn frames_of_others_stay_outside() {
        check(
            "/usr/lib/python3.11/json/decoder.py",
            None,
            &["decoder.py"],
            Mapped::Outside,
        );
        check(
            "/app/../../etc/shop/orders.py",
            None,
            &["shop/orders.py"],
            Mapped::Outside,
        );
        check("<string>", None, &["string"], Mapped::Outside);
        check(
            "/app/main.py",
            Some("other()"),
            &["main.py"],
            Mapped::Outside,
        );
    }

    #[test]
    fn two_files_that_fit_are_ambiguous() {
        let both = vec!["a/shop/orders.py".to_owned(), "b/shop/orders.py".to_owned()];
        check(
            "/srv/shop/orders.py",
            None,
            &["a/shop/orders.py", "b/shop/orders.py"],
            Mapped::Ambiguous(both),
        );
        check(
            "/srv/a/shop/orders.py",
            Some("gone"),
            &["a/shop/orders.py"],
            Mapped::OtherContent("a/shop/orders.py".into()),
        );
    }
}
