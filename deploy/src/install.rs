//! Python packages for runs: pytest, and a repository's own requirements. Wheels only, so that nothing of theirs runs
//! at installation; no secrets in the environment; once, then from the cache.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use fixer::{Checkout, lang::python::Interpreter};
use sha2::{Digest, Sha256};

use crate::cache;

/// The test runner, and the packaging helpers that older projects take for granted; pinned to what we measured with.
const TOOLS: &[&str] = &["pytest==8.4.2", "setuptools==80.9.0"];
/// Seconds that pip may take.
const PIP_TIMEOUT_SECS: u64 = 300;

/// The folder that holds pytest.
pub(crate) fn tools(python: &Interpreter) -> anyhow::Result<PathBuf> {
    let wanted: Vec<String> = TOOLS.iter().map(|t| (*t).to_owned()).collect();
    cache::folder(
        &format!("tools/{}-{}", python.version, digest(&wanted)),
        |into| pip(python, &wanted, into),
    )
}

/// The installed requirements of a commit; `None` where it states none.
pub(crate) fn requirements(
    python: &Interpreter,
    checkout: &Checkout,
) -> anyhow::Result<Option<PathBuf>> {
    let wanted = stated(checkout);
    if wanted.is_empty() {
        return Ok(None);
    }
    cache::folder(
        &format!("deps/{}-{}", python.version, digest(&wanted)),
        |into| pip(python, &wanted, into),
    )
    .map(Some)
}

fn digest(wanted: &[String]) -> String {
    Sha256::digest(wanted.join("\n").as_bytes())
        .iter()
        .take(8)
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string can be written to");
            hex
        })
}

/// The requirements of a commit: a lock file's pins, else `requirements.txt`, else `pyproject.toml`'s.
fn stated(checkout: &Checkout) -> Vec<String> {
    for lock in ["uv.lock", "poetry.lock"] {
        let Ok(parsed) = checkout.text(lock).parse::<toml::Table>() else {
            continue;
        };
        let packages = parsed
            .get("package")
            .and_then(toml::Value::as_array)
            .cloned()
            .unwrap_or_default();
        // The project itself stands in its own lock, with a source that is a folder.
        let pins = packages.iter().filter(|p| {
            p.get("source")
                .and_then(|s| s.get("registry").or(s.get("type")))
                .is_some()
                || lock == "poetry.lock"
        });
        let pins: Vec<String> = pins
            .filter_map(|p| {
                Some(format!(
                    "{}=={}",
                    p.get("name")?.as_str()?,
                    p.get("version")?.as_str()?
                ))
            })
            .filter(|r| is_plain(r))
            .collect();
        if !pins.is_empty() {
            return pins;
        }
    }
    let plain: Vec<String> = checkout
        .text("requirements.txt")
        .lines()
        .map(|l| l.split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|l| is_plain(l))
        .collect();
    if !plain.is_empty() {
        return plain;
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
    listed
        .iter()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned)
        .filter(|r| is_plain(r))
        .collect()
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

fn pip(python: &Interpreter, wanted: &[String], into: &Path) -> anyhow::Result<()> {
    eprintln!("installing {} (once; kept in the cache)", wanted.join(", "));
    let mut child = Command::new("timeout")
        .arg(PIP_TIMEOUT_SECS.to_string())
        .arg(python.executable())
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--target",
        ])
        .arg(into)
        .arg("--")
        .args(wanted)
        .current_dir("/")
        .env_clear()
        .envs(std::env::vars_os().filter(|(k, _)| {
            matches!(k.to_str(), Some("PATH" | "HOME")) || k.to_string_lossy().starts_with("PIP_")
        }))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting pip")?;
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut said).context("reading what pip says")?;
    }
    if !child.wait()?.success() {
        bail!(
            "pip could not install {}: {}",
            wanted.join(", "),
            said.lines().last().unwrap_or("no reason given")
        );
    }
    Ok(())
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
    }
}
