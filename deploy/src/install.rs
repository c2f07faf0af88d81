//! Packages for runs: pytest, a repository's own requirements, its locked Node packages.
//!
//! Read `job` (one installation: pip or npm in a sandbox job of its own), `proxy` with `origin` and `upstream` (its only
//! way out, to the registries that the user has configured), then `pip` and `npm` (what each is told) and `stated`
//! (what a commit asks for).
//! Invariants: an install job sees no secret and no file of the repository but what was parsed and written anew;
//! nothing of a package runs at installation (wheels only, no scripts); what is kept was checked first, and is whole.

mod job;
mod npm;
mod origin;
mod pip;
mod proxy;
mod stated;
mod upstream;

use std::{
    env,
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use fixer::{Checkout, git::Repository, lang::python::Interpreter};
use sandbox::Native;
use sha2::{Digest, Sha256};

pub(crate) use self::npm::Node;
use self::stated::Stated;
use crate::{cache, fix};

/// The test runner, and the packaging helpers that older projects take for granted; pinned to what we measured with.
const TOOLS: &[&str] = &["pytest==8.4.2", "setuptools==80.9.0"];

/// Install what a commit states that it needs, as `fix` does: in a sandbox job that reaches the registries alone, once,
/// then from the cache. Prints a line for each folder: `python FOLDER`, `node FOLDER`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The git repository.
    #[arg(long, value_name = "DIR")]
    repo: PathBuf,
    /// The commit.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    commit: String,
}

/// Runs the command.
///
/// # Errors
/// [`fix::UsageError`] for what the caller can mend, others where something could not be installed.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let repository = Repository::open(&args.repo)
        .map_err(|e| fix::usage(format!("{}: {e}", args.repo.display())))?;
    let commit = repository
        .resolve(&args.commit)
        .map_err(|e| fix::usage(format!("--commit: {e}")))?;
    let checkout = Checkout::of(&repository, commit).context("writing the commit's files")?;
    let native = Native::detect().context("the sandbox")?;
    let python = Interpreter::detect()?;
    let mut folders = Vec::new();
    if let Some(folder) = requirements(&native, &python, &checkout)? {
        folders.push(("python", folder));
    }
    if let Some(folder) = node_modules(&native, &python, &checkout)? {
        folders.push(("node", folder));
    }
    if folders.is_empty() {
        eprintln!("nothing to install: the commit states no requirements that are understood");
    }
    for (language, folder) in folders {
        println!("{language} {}", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder that holds pytest.
pub(crate) fn tools(native: &Native, python: &Interpreter) -> anyhow::Result<PathBuf> {
    cache::folder(&tools_name(python), |into| {
        pip::install(native, python, &Stated::of(TOOLS.iter().copied()), into)
    })
}

/// The folder that holds pytest, if it has been installed.
pub(crate) fn installed_tools(python: &Interpreter) -> Option<PathBuf> {
    let folder = cache::root().ok()?.join(tools_name(python));
    folder.is_dir().then_some(folder)
}

fn tools_name(python: &Interpreter) -> String {
    format!("tools/{}-{}", python.version, digest(TOOLS))
}

/// The folder of some packages by name and version.
pub(crate) fn packages(
    native: &Native,
    python: &Interpreter,
    pins: &[&str],
) -> anyhow::Result<PathBuf> {
    cache::folder(
        &format!("deps/{}-{}", python.version, digest(pins)),
        |into| pip::install(native, python, &Stated::of(pins.iter().copied()), into),
    )
}

/// The installed requirements of a commit; `None` where it states none.
pub(crate) fn requirements(
    native: &Native,
    python: &Interpreter,
    checkout: &Checkout,
) -> anyhow::Result<Option<PathBuf>> {
    let wanted = stated::stated(checkout);
    if wanted.lines.is_empty() {
        return Ok(None);
    }
    cache::folder(
        &format!("deps/{}-{}", python.version, digest(&wanted.lines)),
        |into| pip::install(native, python, &wanted, into),
    )
    .map(Some)
}

/// The `node_modules` folder of a commit's `package-lock.json`; `None` where it has none.
fn node_modules(
    native: &Native,
    python: &Interpreter,
    checkout: &Checkout,
) -> anyhow::Result<Option<PathBuf>> {
    let Some(locked) = npm::locked(checkout)? else {
        return Ok(None);
    };
    let node = Node::detect()?;
    let digest = digest(&[&locked.package, &locked.lock]);
    let folder = cache::folder(&format!("node/{}-{digest}", node.major), |into| {
        npm::install(native, python, &node, &locked, into)
    })?;
    Ok(Some(folder.join("node_modules")))
}

fn digest(wanted: &[impl AsRef<str>]) -> String {
    let lines: Vec<&str> = wanted.iter().map(AsRef::as_ref).collect();
    Sha256::digest(lines.join("\n").as_bytes())
        .iter()
        .take(8)
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string can be written to");
            hex
        })
}

/// The certificates that this machine trusts, in one file.
fn authorities() -> Option<PathBuf> {
    let named = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    // Debian, Fedora, openSUSE, Alpine.
    let usual = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    named
        .into_iter()
        .chain(usual.map(PathBuf::from))
        .find(|file| file.is_absolute() && Path::is_file(file))
}
