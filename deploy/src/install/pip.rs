//! pip in an install job, set up from the user's own configuration of it.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use fixer::lang::python::Interpreter;
use sandbox::{Mount, Native};

use super::{
    authorities,
    job::{AUTHORITIES, Install, WORK, settle},
    origin::Origin,
    proxy::{Reach, Registry},
    stated::Stated,
};

const PYPI: &str = "https://pypi.org/simple";
/// Where PyPI keeps the files that its index names.
const PYPI_FILES: &str = "files.pythonhosted.org";

/// Installs packages into a folder. Wheels only, so that nothing of theirs runs.
///
/// # Errors
/// Where the user's configuration cannot be honoured in a job, or pip fails.
pub(super) fn install(
    native: &Native,
    python: &Interpreter,
    stated: &Stated,
    into: &Path,
) -> anyhow::Result<()> {
    let named = stated.named();
    eprintln!("installing {named} (once; kept in the cache)");
    let settings = Settings::of_user(python)?;
    let work = tempfile::tempdir_in(into.parent().context("a cache folder has a parent")?)?;
    fs::write(
        work.path().join("requirements.txt"),
        stated.lines.join("\n") + "\n",
    )?;
    let mut mounts = Vec::new();
    let mut options: Vec<String> = Vec::new();
    if settings.no_index {
        options.push("--no-index".to_owned());
    }
    for (n, index) in settings.indexes.iter().enumerate() {
        let option = ["--index-url", "--extra-index-url"][n.min(1)];
        options.extend([option.to_owned(), index.clone()]);
    }
    for (n, link) in settings.links.iter().enumerate() {
        let place = match link {
            Link::Page(url) => url.clone(),
            Link::Folder(folder) => {
                let target = format!("/work/links/{n}");
                mounts.push(Mount::read_only(folder, &target));
                target
            }
        };
        options.extend(["--find-links".to_owned(), place]);
    }
    let chosen = settings.cert.is_some();
    if let Some(cert) = settings.cert.or_else(authorities) {
        mounts.push(Mount::read_only(&cert, AUTHORITIES));
        if chosen {
            options.extend(["--cert".to_owned(), AUTHORITIES.to_owned()]);
        }
    }
    for (option, values) in [
        ("--trusted-host", &settings.trusted_hosts),
        ("--timeout", &settings.timeout),
    ] {
        for value in values {
            options.extend([option.to_owned(), value.clone()]);
        }
    }
    if stated.locked {
        options.extend(["--require-hashes", "--no-deps"].map(str::to_owned));
    }
    let fixed = [
        "-I",
        "-m",
        "pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--only-binary",
        ":all:",
    ];
    let mut command: Vec<OsString> = vec![python.executable().into()];
    command.extend(fixed.map(OsString::from));
    command.extend(options.into_iter().map(OsString::from));
    command.extend(
        [
            "--target",
            &format!("{WORK}/made"),
            "--requirement",
            &format!("{WORK}/requirements.txt"),
        ]
        .map(OsString::from),
    );
    let job = Install {
        native,
        python,
        what: &named,
        registries: settings.registries,
        mounts,
        // pip 24.2 and later trust the system's authorities.
        env: vec![
            ("PIP_CONFIG_FILE".into(), "/dev/null".into()),
            ("SSL_CERT_FILE".into(), AUTHORITIES.into()),
        ],
        command,
    };
    job.run(work.path())
        .map_err(|error| explained(error, python))?;
    let made = work.path().join("made");
    fs::create_dir_all(&made)?; // Requirements whose markers fit nothing install nothing.
    settle(&made).with_context(|| format!("what pip installed for {named} is not kept"))?;
    fs::rename(&made, into).context("keeping what was installed")
}

/// Says what pip's commonest last word means here.
fn explained(error: anyhow::Error, python: &Interpreter) -> anyhow::Error {
    let text = format!("{error:#}");
    if !text.contains("No matching distribution found") {
        return error;
    }
    anyhow::anyhow!(
        "{text} (no wheel of it fits Python {} here; only wheels are installed, as building a source package would run its code)",
        python.version
    )
}

/// What of the user's configuration of pip a job goes by.
#[derive(Debug, Default, PartialEq, Eq)]
struct Settings {
    /// The index first, then extra ones.
    indexes: Vec<String>,
    no_index: bool,
    links: Vec<Link>,
    cert: Option<PathBuf>,
    trusted_hosts: Vec<String>,
    /// At most one.
    timeout: Vec<String>,
    registries: Vec<Registry>,
}

#[derive(Debug, PartialEq, Eq)]
enum Link {
    Page(String),
    Folder(PathBuf),
}

impl Settings {
    /// Asks pip, which reads its files and variables; away from any repository.
    fn of_user(python: &Interpreter) -> anyhow::Result<Self> {
        let kept = |name: &str| {
            matches!(
                name,
                "PATH" | "HOME" | "LANG" | "XDG_CONFIG_HOME" | "XDG_CONFIG_DIRS"
            ) || name.starts_with("PIP_")
        };
        let asked = Command::new(python.executable())
            .args(["-I", "-m", "pip", "config", "list"])
            .current_dir("/")
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(kept)))
            .output()
            .context("asking pip for its configuration")?;
        if !asked.status.success() {
            let said = String::from_utf8_lossy(&asked.stderr).into_owned();
            bail!(
                "pip does not run: {}",
                said.lines().last().unwrap_or("it says nothing").trim()
            );
        }
        // As `requests`, on which pip is built.
        let bundle = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
            .iter()
            .find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()));
        Self::parse(&String::from_utf8_lossy(&asked.stdout), bundle)
    }

    /// Reads what `pip config list` prints: `section.key='value'` lines, in the order in which they were loaded.
    fn parse(listed: &str, bundle: Option<String>) -> anyhow::Result<Self> {
        // A variable is stronger than a file, and there `[install]` than `[global]`.
        let setting = |key: &str| {
            [":env:", "install", "global"].iter().find_map(|section| {
                listed.lines().find_map(|line| {
                    let (name, value) = line.split_once('=')?;
                    (name == format!("{section}.{key}")).then(|| unquoted(value))
                })
            })
        };
        let many = |key: &str| -> Vec<String> {
            let value = setting(key).unwrap_or_default();
            value.split_whitespace().map(str::to_owned).collect()
        };
        let mut settings = Self {
            no_index: setting("no-index")
                .is_some_and(|v| matches!(v.as_str(), "1" | "true" | "True" | "yes" | "on")),
            trusted_hosts: many("trusted-host"),
            timeout: setting("timeout")
                .or(setting("default-timeout"))
                .filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
                .into_iter()
                .collect(),
            ..Self::default()
        };
        let cert = setting("cert").or(bundle).map(PathBuf::from);
        settings.cert = cert.filter(|c| c.is_absolute());
        if !settings.no_index {
            let index = setting("index-url").filter(|url| !url.is_empty());
            let index = index.unwrap_or_else(|| PYPI.to_owned());
            for url in [vec![index], many("extra-index-url")].concat() {
                settings
                    .allow(&url)
                    .context("pip's index-url cannot be used in an install job")?;
                settings.indexes.push(url);
            }
        }
        for link in many("find-links") {
            let folder = PathBuf::from(link.strip_prefix("file://").unwrap_or(&link));
            if folder.is_absolute() {
                if folder.is_dir() {
                    settings.links.push(Link::Folder(folder));
                }
            } else {
                settings
                    .allow(&link)
                    .context("pip's find-links cannot be used in an install job")?;
                settings.links.push(Link::Page(link));
            }
        }
        Ok(settings)
    }

    fn allow(&mut self, url: &str) -> anyhow::Result<()> {
        let origin = Origin::of(url)?;
        let is_pypi = origin == Origin::https("pypi.org");
        let reach = if is_pypi { Reach::Public } else { Reach::Any };
        self.registries.push(Registry { origin, reach });
        if is_pypi {
            self.registries.push(Registry {
                origin: Origin::https(PYPI_FILES),
                reach,
            });
        }
        Ok(())
    }
}

/// A value as Python's `repr` shows a text.
fn unquoted(value: &str) -> String {
    let mut out = String::new();
    let inner = value
        .get(1..value.len().saturating_sub(1))
        .unwrap_or_default();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listed: &str, expected: &str) {
        let seen = match Settings::parse(listed, None) {
            Ok(settings) => {
                let origins = settings
                    .registries
                    .iter()
                    .map(|r| format!("{} {:?}", r.origin, r.reach));
                format!(
                    "{} | {}",
                    settings.indexes.join(" "),
                    origins.collect::<Vec<_>>().join(", ")
                )
            }
            Err(error) => format!("{error:#}"),
        };
        assert!(seen.contains(expected), "{listed}: {seen}");
    }

    #[test]
    fn the_configured_indexes_are_the_registries() {
        check(
            "",
            "https://pypi.org/simple | https://pypi.org Public, https://files.pythonhosted.org Public",
        );
        check(
            "global.index-url='http://127.0.0.1:8080/simple'\nglobal.timeout='60'",
            "http://127.0.0.1:8080/simple | http://127.0.0.1:8080 Any",
        );
        check(
            ":env:.index-url='https://a.example/s'\nglobal.index-url='https://b.example/s'\n\
             global.extra-index-url='https://c.example/s\\nhttps://d.example/s'",
            "https://a.example/s https://b.example/s"
                .split(' ')
                .next()
                .unwrap(),
        );
        check(
            ":env:.index-url='https://a.example/s'\nglobal.extra-index-url='\\nhttps://c.example/s\\nhttps://d.example/s'",
            "| https://a.example Any, https://c.example Any, https://d.example Any",
        );
        check(
            "global.index-url='https://user:secret@a.example/s'",
            "holds credentials",
        );
        check(
            "global.extra-index-url='https://token@a.example/s'",
            "holds credentials",
        );
        check("global.no-index='1'", " | ");
        check(
            "global.find-links='https://links.example/x'",
            "links.example Any",
        );
        check("global.find-links='git+ssh://host/x'", "no http or https");
    }

    #[test]
    fn the_error_does_not_show_the_credentials() {
        let error = Settings::parse("global.index-url='https://user:hunter2@a.example/s'", None);
        assert!(!format!("{:#}", error.unwrap_err()).contains("hunter2"));
    }
}
