//! Makes the crash happen, and the logs of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde::Deserialize;

use super::case::{Case, Ecosystem};
use super::fetch::{Cache, Source};
use super::process::finish;
use super::scene::Scene;

const RECORD_PY: &str = include_str!("record.py");
const RECORD_CJS: &str = include_str!("record.cjs");
const LIMIT: Duration = Duration::from_secs(120);

/// How a crash is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// The event that the official SDK sends.
    Sentry,
    /// One structured record a line.
    Json,
    /// Ordinary lines, with the traceback among them.
    Text,
}

impl Kind {
    /// Its name, as `--format` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sentry => "sentry",
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    /// The name of its log file.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Sentry => "sentry.json",
            Self::Json => "json.log",
            Self::Text => "text.log",
        }
    }
}

/// What the trigger died with.
#[derive(Debug, Deserialize)]
pub(crate) struct Crash {
    #[serde(rename = "type")]
    name: String,
    /// The class, where that may have another name.
    class: Option<String>,
    pub(crate) message: String,
}

/// Runs the trigger in a service of its own, far from the repository, and leaves a log of each kind in `out`. The service
/// is laid out in `folder`, which is there and empty.
///
/// # Errors
/// If the service can't be laid out, or the trigger does not die with the crash that the case states.
pub(crate) fn record(
    case: &Case,
    cache: &Cache,
    source: &Source,
    deps: Option<&Path>,
    kinds: &[Kind],
    folder: &Path,
    out: &Path,
) -> anyhow::Result<Crash> {
    let scene = Scene::lay_out(
        case,
        cache.python(),
        &source.root,
        &source.src_root,
        deps,
        folder,
    )?;
    let script = scene.place(&case.trigger(), "main")?;
    let tools = match kinds.iter().any(|kind| *kind != Kind::Text) {
        true => cache.tools(case.ecosystem)?,
        false => PathBuf::new(),
    };
    let results = folder.join("out");
    fs::create_dir(&results)?;
    let mut command = scene.interpreter();
    let kinds_named = kinds.iter().map(|kind| kind.name());
    match case.ecosystem {
        Ecosystem::Pypi => {
            command.args(["-c", RECORD_PY]).args([&script, &results]);
            command
                .args([&case.buggy, &import_name(case, source)?])
                .arg(&tools)
                .args(kinds_named);
        }
        Ecosystem::Npm => {
            let hook = results.join("record.cjs");
            fs::write(&hook, RECORD_CJS)?;
            let setting = serde_json::json!({
                "out": results, "release": case.buggy, "tools": tools, "kinds": kinds_named.collect::<Vec<_>>(),
            });
            command
                .arg("--require")
                .arg(&hook)
                .arg(&script)
                .env("RECORD", setting.to_string());
        }
    }
    let ran = finish(&mut command, b"", LIMIT)?;
    let crash = results.join("crash.json");
    ensure!(
        crash.exists(),
        "the trigger left no crash: {}",
        ran.last_words()
    );
    let crash: Crash =
        serde_json::from_slice(&fs::read(crash)?).context("reading the recorded crash")?;
    let stated = case.exception.rsplit('.').next().unwrap_or(&case.exception);
    let is_stated = crash.name == stated || crash.class.as_deref() == Some(stated);
    ensure!(
        is_stated && crash.message.contains(&case.message),
        "the trigger died with {}: {}; the case says {}: {}",
        crash.name,
        crash.message,
        case.exception,
        case.message
    );
    for kind in kinds {
        fs::copy(results.join(kind.file()), out.join(kind.file()))
            .with_context(|| format!("no {} log: {}", kind.name(), ran.last_words()))?;
    }
    Ok(crash)
}

/// The name that the package is imported by, which a service tells the SDK to be its own.
fn import_name(case: &Case, source: &Source) -> anyhow::Result<String> {
    if case.is_application {
        return Ok(case.package.clone());
    }
    if let Some(fix) = case.fix() {
        let first = fix.file.iter().next().unwrap_or_default().to_string_lossy();
        return Ok(first.trim_end_matches(".py").to_owned());
    }
    let modules = source.root.join(&source.src_root);
    let trigger = fs::read_to_string(case.trigger()).context("reading the trigger")?;
    let is_in_package = |name: &&str| {
        modules.join(name).is_dir() || modules.join(name).with_extension("py").is_file()
    };
    let found = trigger.lines().flat_map(imported).find(is_in_package);
    found
        .map(str::to_owned)
        .context("the trigger imports no module of the package")
}

/// The top-level modules that a line of Python imports.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_start();
    let (names, most) = match (line.strip_prefix("import "), line.strip_prefix("from ")) {
        (Some(names), _) => (names, usize::MAX),
        (None, Some(name)) => (name, 1),
        (None, None) => ("", 0),
    };
    let is_end = |c: char| !(c.is_alphanumeric() || c == '_');
    names
        .split(',')
        .take(most)
        .filter_map(move |part| part.trim_start().split(is_end).next())
        .filter(|name| !name.is_empty())
}
