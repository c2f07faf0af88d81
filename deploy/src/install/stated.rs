//! Which packages a commit says it needs.

use fixer::Checkout;

/// Lines for pip's requirements file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) lines: Vec<String>,
    /// Whether each names one version and its files' digests, so that nothing else is to be taken, dependencies either.
    pub(super) locked: bool,
}

impl Stated {
    pub(super) fn of(lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            lines: lines.into_iter().map(Into::into).collect(),
            locked: false,
        }
    }

    /// A few words for people.
    pub(super) fn named(&self) -> String {
        let names = self.lines.iter().map(|l| l.split(" --hash").next());
        names.flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The requirements of a commit: a lock file's pins, else `requirements.txt`, else `pyproject.toml`'s.
pub(super) fn stated(checkout: &Checkout) -> Stated {
    for lock in ["uv.lock", "poetry.lock"] {
        let pinned = locked(lock, &checkout.text(lock));
        if !pinned.lines.is_empty() {
            return pinned;
        }
    }
    let plain: Vec<String> = checkout
        .text("requirements.txt")
        .lines()
        .map(|l| l.split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|l| is_plain(l))
        .collect();
    if !plain.is_empty() {
        return Stated::of(plain);
    }
    let project = checkout
        .text("pyproject.toml")
        .parse::<toml::Table>()
        .unwrap_or_default();
    let listed = project
        .get("project")
        .and_then(|p| p.get("dependencies"))
        .and_then(toml::Value::as_array)
        .cloned()
        .unwrap_or_default();
    Stated::of(
        listed
            .iter()
            .filter_map(toml::Value::as_str)
            .filter(|r| is_plain(r)),
    )
}

/// The pins of `uv.lock` or `poetry.lock`.
fn locked(name: &str, text: &str) -> Stated {
    let parsed = text.parse::<toml::Table>().unwrap_or_default();
    let packages = parsed.get("package").and_then(toml::Value::as_array);
    let mut stated = Stated {
        lines: Vec::new(),
        locked: true,
    };
    for package in packages.into_iter().flatten() {
        // The project itself stands in its own lock, with a source that is a folder.
        let source = package.get("source");
        let is_published = match name {
            "uv.lock" => source.and_then(|s| s.get("registry")).is_some(),
            _ => source.is_none_or(|s| s.get("type").is_some_and(|t| t.as_str() == Some("legacy"))),
        };
        let text = |key| package.get(key).and_then(toml::Value::as_str);
        let (Some(name), Some(version)) = (text("name"), text("version")) else {
            continue;
        };
        let mut line = format!("{name}=={version}");
        if !is_published || !is_plain(&line) {
            continue;
        }
        let files = ["wheels", "files"]
            .iter()
            .filter_map(|key| package.get(key)?.as_array())
            .flatten();
        let files: Vec<(&str, &str)> = files
            .filter_map(|file| {
                let place = file.get("file").or(file.get("url"))?.as_str()?;
                Some((place, file.get("hash")?.as_str()?))
            })
            .filter(|(place, _)| place.ends_with(".whl"))
            .collect();
        // A lock covers all platforms; a package for others alone is not ours to install.
        let foreign = |place: &str| {
            ["-win32.whl", "-win_amd64.whl", "-win_arm64.whl"]
                .iter()
                .any(|end| place.ends_with(end))
                || place.contains("-macosx_")
        };
        if !files.is_empty() && files.iter().all(|(place, _)| foreign(place)) {
            continue;
        }
        let digests = files.iter().filter(|(_, hash)| is_digest(hash));
        let before = line.len();
        for (_, hash) in digests {
            line += " --hash=";
            line += hash;
        }
        stated.locked &= line.len() > before;
        stated.lines.push(line);
    }
    if !stated.locked {
        for line in &mut stated.lines {
            line.truncate(line.find(" --hash").unwrap_or(line.len()));
        }
    }
    stated
}

fn is_digest(hash: &str) -> bool {
    hash.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A name with versions and markers: no option, address, path or second file, which could install from anywhere.
fn is_plain(requirement: &str) -> bool {
    requirement.starts_with(|c: char| c.is_ascii_alphanumeric())
        && requirement.len() < 200
        && !requirement.contains("://")
        && !requirement.contains('@')
        && requirement
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " .,_-[]<>=!~;\"'()*+".contains(c))
        && !requirement
            .split(';')
            .next()
            .unwrap_or_default()
            .contains(" -")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(requirement: &str, expected: bool) {
        assert_eq!(is_plain(requirement), expected, "{requirement}");
    }

    #[test]
    fn only_plain_requirements_are_installed() {
        check("requests==2.31.0", true);
        check("attrs>=22,<24; python_version >= \"3.8\"", true);
        check("uvicorn[standard]", true);
        check("-e .", false);
        check("--index-url=http://evil", false);
        check("pkg @ file:///etc", false);
        check("git+https://host/x", false);
        check("./local", false);
        check("pkg --global-option=x", false);
        check("pkg \\", false);
        check("${HOME}", false);
        check("wheel.whl/../x", false);
    }

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check_lock(name: &str, text: &str, lines: &[&str], is_locked: bool) {
        let expected = Stated {
            lines: lines.iter().map(|l| l.replace("HEX", HEX)).collect(),
            locked: is_locked,
        };
        assert_eq!(locked(name, &text.replace("HEX", HEX)), expected);
    }

    #[test]
    fn a_lock_pins_versions_and_digests() {
        let uv = r#"
            [[package]]
            name = "six"
            version = "1.17.0"
            source = { registry = "https://pypi.org/simple" }
            sdist = { url = "https://x/six-1.17.0.tar.gz", hash = "sha256:HEX" }
            wheels = [{ url = "https://x/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:HEX" }]
            [[package]]
            name = "pywin32"
            version = "310"
            source = { registry = "https://pypi.org/simple" }
            wheels = [{ url = "https://x/pywin32-310-cp312-cp312-win_amd64.whl", hash = "sha256:HEX" }]
            [[package]]
            name = "shop"
            version = "0.1.0"
            source = { virtual = "." }
            [[package]]
            name = "other"
            version = "1"
            source = { git = "https://host/other" }
        "#;
        check_lock("uv.lock", uv, &["six==1.17.0 --hash=sha256:HEX"], true);
        let poetry = r#"
            [[package]]
            name = "six"
            version = "1.17.0"
            files = [{ file = "six-1.17.0.tar.gz", hash = "sha256:0" },
                     { file = "six-1.17.0-py2.py3-none-any.whl", hash = "sha256:HEX" }]
            [[package]]
            name = "here"
            version = "1"
            [package.source]
            type = "directory"
            url = "."
        "#;
        check_lock(
            "poetry.lock",
            poetry,
            &["six==1.17.0 --hash=sha256:HEX"],
            true,
        );
        // Without digests for all, none is demanded: pip takes all or nothing.
        let old = format!("{poetry}\n[[package]]\nname = \"bare\"\nversion = \"2\"\n");
        check_lock("poetry.lock", &old, &["six==1.17.0", "bare==2"], false);
    }
}
