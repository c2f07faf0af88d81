//! npm in an install job: what `package-lock.json` names, and nothing that it would run.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};
use fixer::{Checkout, lang::python::Interpreter};
use sandbox::{Mount, Native};
use serde_json::{Value, json};

use super::{
    authorities,
    job::{AUTHORITIES, Install, WORK, settle},
    origin::Origin,
    proxy::{Reach, Registry},
};

const NPM: &str = "https://registry.npmjs.org/";
/// The largest lock and package file that are read, in bytes, and the most packages in one.
const MAX_BYTES: usize = 32 << 20;
const MAX_PACKAGES: usize = 30_000;

/// A commit's locked packages.
#[derive(Debug)]
pub(super) struct Locked {
    /// Both files as the job gets them: written anew from what was checked, so that npm reads what we read.
    pub(super) package: String,
    pub(super) lock: String,
    /// Origins of the addresses that it gives.
    origins: BTreeSet<String>,
}

/// The locked packages of a commit; `None` where it has no `package-lock.json`.
///
/// # Errors
/// Where the lock is not one of registry packages with digests, and nothing else.
pub(super) fn locked(checkout: &Checkout) -> anyhow::Result<Option<Locked>> {
    let lock = checkout.text("package-lock.json");
    if lock.is_empty() {
        return Ok(None);
    }
    check(&lock, &checkout.text("package.json"))
        .context("package-lock.json")
        .map(Some)
}

fn check(lock: &str, package: &str) -> anyhow::Result<Locked> {
    ensure!(
        lock.len() <= MAX_BYTES && package.len() <= MAX_BYTES,
        "it is larger than {} MiB",
        MAX_BYTES >> 20
    );
    let package: Value = serde_json::from_str(package).context("package.json beside it")?;
    let mut lock: Value = serde_json::from_str(lock)?;
    let version = &lock["lockfileVersion"];
    ensure!(
        version == 2 || version == 3,
        "only lockfileVersion 2 and 3 are supported, not {version}"
    );
    ensure!(
        package.get("workspaces").is_none(),
        "workspaces are not supported yet"
    );
    let packages = lock["packages"].as_object().context("it has no packages")?;
    ensure!(
        packages.len() <= MAX_PACKAGES,
        "it has more than {MAX_PACKAGES} packages"
    );
    let mut origins = BTreeSet::new();
    for (place, entry) in packages.iter().filter(|(place, _)| !place.is_empty()) {
        let origin = check_package(place, entry)
            .with_context(|| crate::fix::plain(&place.chars().take(200).collect::<String>()))?;
        origins.extend(origin);
    }
    // The old form of the same: what is not looked at must not be there to be read.
    let fields = lock.as_object_mut().context("it is no object")?;
    fields.remove("dependencies");
    fields.insert("lockfileVersion".to_owned(), json!(3));
    Ok(Locked {
        package: package.to_string(),
        lock: lock.to_string(),
        origins,
    })
}

/// The origin of a package's address, where the lock gives one.
fn check_package(place: &str, entry: &Value) -> anyhow::Result<Option<String>> {
    let name = place.rsplit("node_modules/").next().unwrap_or_default();
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~!'()*".contains(c);
        !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
    };
    let is_name = match name.strip_prefix('@').and_then(|n| n.split_once('/')) {
        Some((scope, bare)) => is_part(scope) && is_part(bare),
        None => is_part(name),
    };
    ensure!(
        place.starts_with("node_modules/")
            && is_name
            && place.split('/').all(|p| is_part(p.trim_start_matches('@'))),
        "it lies outside node_modules (folders and workspaces are not supported yet)"
    );
    ensure!(
        entry.get("link").is_none_or(|l| l == false),
        "it is a link to a folder, which is not supported yet"
    );
    if entry.get("inBundle").is_some_and(|b| b == true) && entry.get("resolved").is_none() {
        return Ok(None); // It comes in the archive of the package around it.
    }
    // sha1 is what the registry has of packages from before 2017.
    let is_digest = |digest: &str| {
        ["sha512-", "sha384-", "sha256-", "sha1-"]
            .iter()
            .any(|kind| digest.strip_prefix(kind).is_some_and(|d| d.len() >= 28))
    };
    let integrity = entry.get("integrity").and_then(Value::as_str);
    ensure!(
        integrity.is_some_and(|i| i.split_whitespace().next().is_some_and(is_digest)),
        "it has no digest (integrity)"
    );
    match entry.get("resolved") {
        None => Ok(None), // npm then asks the registry, by name and version.
        Some(Value::String(url)) => Ok(Some(
            Origin::of(url)
                .context("it does not come from a registry")?
                .to_string(),
        )),
        Some(_) => bail!("its address is no text"),
    }
}

/// Installs locked packages into `into/node_modules`; no script of theirs runs.
///
/// # Errors
/// Where a package does not come from a registry that the user has configured, or npm fails.
pub(super) fn install(
    native: &Native,
    python: &Interpreter,
    node: &Node,
    locked: &Locked,
    into: &Path,
) -> anyhow::Result<()> {
    let settings = Settings::of_user(node)?;
    for origin in &locked.origins {
        // npm asks the configured registry for what the lock has from npm's own.
        let is_known = *origin == Origin::of(NPM)?.to_string()
            || settings
                .registries
                .iter()
                .any(|r| r.origin.to_string() == *origin);
        ensure!(
            is_known,
            "package-lock.json names {origin}, which is no registry of npm's configuration"
        );
    }
    eprintln!("installing the packages of package-lock.json (once; kept in the cache)");
    let work = tempfile::tempdir_in(into.parent().context("a cache folder has a parent")?)?;
    fs::write(work.path().join("package.json"), &locked.package)?;
    fs::write(work.path().join("package-lock.json"), &locked.lock)?;
    let mut npmrc = settings.npmrc.clone();
    let mut mounts = vec![Mount::read_only(&node.prefix, &node.prefix)];
    let mut env = vec![
        ("npm_config_userconfig".to_owned(), format!("{WORK}/npmrc")),
        ("npm_config_globalconfig".into(), "/dev/null".into()),
        ("npm_config_cache".into(), format!("{WORK}/tmp/npm")),
        ("npm_config_update_notifier".into(), "false".into()),
        ("npm_config_logs_max".into(), "0".into()),
        ("npm_config_fetch_retries".into(), "1".into()),
    ];
    if let Some(cert) = settings.cafile.or_else(authorities) {
        mounts.push(Mount::read_only(cert, AUTHORITIES));
        npmrc += &format!("cafile={AUTHORITIES}\n");
        env.push(("NODE_EXTRA_CA_CERTS".into(), AUTHORITIES.into()));
    }
    fs::write(work.path().join("npmrc"), npmrc)?;
    let mut command: Vec<OsString> = vec![node.program.clone().into(), node.npm.clone().into()];
    command.extend(
        [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-progress",
        ]
        .map(OsString::from),
    );
    let job = Install {
        native,
        python,
        what: "the packages of package-lock.json",
        registries: settings.registries,
        mounts,
        env,
        command,
    };
    job.run(work.path())?;
    let made = work.path().join("node_modules");
    fs::create_dir_all(&made)?; // A lock without packages makes none.
    settle(&made).context("what npm installed is not kept")?;
    fs::rename(&made, into.join("node_modules")).context("keeping what was installed")
}

/// The machine's Node and its npm.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    npm: PathBuf,
    prefix: PathBuf,
    /// For example `20`.
    pub(crate) major: String,
}

impl Node {
    /// The `node` and `npm` on the path, through every shim and link.
    ///
    /// # Errors
    /// Where one of them is missing, or npm is too old to know these locks.
    pub(crate) fn detect() -> anyhow::Result<Self> {
        let ask = "console.log(process.execPath); console.log(process.versions.node)";
        let said = Command::new("node")
            .args(["-e", ask])
            .current_dir("/")
            .output();
        let said = said.map_err(|_| anyhow::anyhow!("node is not on the path"))?;
        let text = String::from_utf8(said.stdout)?;
        let mut lines = text.lines();
        let (Some(program), Some(version)) = (lines.next(), lines.next()) else {
            bail!("node does not run");
        };
        let program = PathBuf::from(program).canonicalize()?;
        let path = env::var_os("PATH").unwrap_or_default();
        let npm = env::split_paths(&path)
            .map(|folder| folder.join("npm"))
            .chain([program.with_file_name("npm")])
            .filter_map(|npm| npm.canonicalize().ok())
            .find(|npm| npm.ends_with("npm-cli.js"))
            .context("npm is not on the path")?;
        let prefix = program
            .parent()
            .and_then(Path::parent)
            .context("node lies in no folder")?
            .to_owned();
        ensure!(
            npm.starts_with(&prefix) || npm.starts_with("/usr"),
            "npm ({}) is not part of node's folder {}",
            npm.display(),
            prefix.display()
        );
        Ok(Self {
            npm,
            prefix,
            major: version.split('.').next().unwrap_or_default().to_owned(),
            program,
        })
    }
}

/// What of the user's configuration of npm a job goes by.
#[derive(Debug)]
struct Settings {
    /// Lines for the job's own configuration.
    npmrc: String,
    cafile: Option<PathBuf>,
    registries: Vec<Registry>,
}

impl Settings {
    /// Asks npm, which reads its files and variables; away from any repository.
    fn of_user(node: &Node) -> anyhow::Result<Self> {
        let kept = |name: &str| {
            matches!(name, "PATH" | "HOME" | "LANG")
                || name.to_ascii_lowercase().starts_with("npm_config_")
        };
        let asked = Command::new(&node.program)
            .arg(&node.npm)
            .args(["config", "list", "--json"])
            .current_dir("/")
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(kept)))
            .output()
            .context("asking npm for its configuration")?;
        ensure!(asked.status.success(), "npm does not run");
        let listed = serde_json::from_slice(&asked.stdout).context("npm's configuration")?;
        let extra = env::var("NODE_EXTRA_CA_CERTS").ok();
        Self::read(&listed, extra)
    }

    fn read(listed: &Value, extra: Option<String>) -> anyhow::Result<Self> {
        let mut settings = Self {
            npmrc: String::new(),
            cafile: None,
            registries: Vec::new(),
        };
        let fields = listed.as_object().context("npm's configuration")?;
        let scoped = fields.iter().filter_map(|(key, value)| {
            let is_scoped = key.starts_with('@') && key.ends_with(":registry");
            Some((key.as_str(), value.as_str().filter(|_| is_scoped)?))
        });
        let main = listed["registry"].as_str().unwrap_or(NPM);
        for (key, url) in [("registry", main)].into_iter().chain(scoped) {
            let origin = Origin::of(url)
                .with_context(|| format!("npm's {key} cannot be used in an install job"))?;
            let reach = match origin == Origin::of(NPM)? {
                true => Reach::Public,
                false => Reach::Any,
            };
            settings.registries.push(Registry { origin, reach });
            ensure!(!url.contains(['\n', '\r']), "npm's {key} is no address");
            settings.npmrc += &format!("{key}={url}\n");
        }
        let cafile = listed["cafile"].as_str().map(str::to_owned).or(extra);
        settings.cafile = cafile.map(PathBuf::from).filter(|c| c.is_file());
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha512-0123456789012345678901234567890123456789";

    /// A lock of one package, its entry changed.
    #[track_caller]
    fn check_entry(place: &str, change: Value, expected: &str) {
        let mut entry = json!({
            "version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": DIGEST,
        });
        for (key, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(entry.as_object_mut().unwrap().remove(key)),
                value => entry[key] = value.clone(),
            }
        }
        let lock = json!({"lockfileVersion": 3, "packages": {"": {}, place: entry}});
        check_lock(&lock, &json!({}), expected);
    }

    #[track_caller]
    fn check_lock(lock: &Value, package: &Value, expected: &str) {
        let seen = match check(&lock.to_string(), &package.to_string()) {
            Ok(locked) => format!("fine {:?} {}", locked.origins, locked.lock),
            Err(error) => format!("{error:#}"),
        };
        assert!(seen.contains(expected), "{lock}: {seen}");
    }

    #[test]
    fn only_registry_packages_with_digests_are_taken() {
        check_entry(
            "node_modules/a",
            json!({}),
            "fine {\"https://registry.npmjs.org\"}",
        );
        check_entry("node_modules/a/node_modules/@b/c", json!({}), "fine");
        check_entry("node_modules/a", json!({"resolved": null}), "fine {}");
        check_entry(
            "node_modules/a",
            json!({"resolved": null, "integrity": null, "inBundle": true}),
            "fine {}",
        );
        check_entry("node_modules/a", json!({"integrity": null}), "no digest");
        check_entry("node_modules/a", json!({"integrity": "md5-x"}), "no digest");
        check_entry(
            "node_modules/a",
            json!({"resolved": "git+ssh://git@github.com/a/a.git"}),
            "does not come from a registry",
        );
        check_entry(
            "node_modules/a",
            json!({"resolved": "file:../a.tgz"}),
            "does not come from a registry",
        );
        check_entry(
            "node_modules/a",
            json!({"resolved": "https://u:p@registry.npmjs.org/a.tgz"}),
            "credentials",
        );
        check_entry(
            "node_modules/a",
            json!({"resolved": "https://evil.example/a.tgz"}),
            "fine {\"https://evil.example\"}",
        );
        check_entry("node_modules/a", json!({"resolved": 1}), "no text");
        check_entry("node_modules/a", json!({"link": true}), "link to a folder");
        check_entry("packages/a", json!({}), "outside node_modules");
        check_entry("node_modules/../../a", json!({}), "outside node_modules");
        check_entry("node_modules/a/../b", json!({}), "outside node_modules");
        check_entry("node_modules//a", json!({}), "outside node_modules");
        check_entry("/node_modules/a", json!({}), "outside node_modules");
    }

    #[test]
    fn only_new_locks_of_one_project_are_taken() {
        let old = json!({"lockfileVersion": 1, "dependencies": {}});
        check_lock(&old, &json!({}), "only lockfileVersion 2 and 3");
        let both = json!({
            "lockfileVersion": 2, "packages": {}, "dependencies": {"a": {"version": "git+ssh://x"}},
        });
        check_lock(
            &both,
            &json!({}),
            "fine {} {\"lockfileVersion\":3,\"packages\":{}}",
        );
        check_lock(&both, &json!({"workspaces": ["a"]}), "workspaces");
        check_lock(&json!({"lockfileVersion": 3}), &json!({}), "no packages");
        check_lock(&json!([]), &json!({}), "lockfileVersion");
    }

    #[test]
    fn npms_configuration_names_the_registries() {
        let check = |listed: Value, expected: &str| {
            let seen = match Settings::read(&listed, None) {
                Ok(settings) => {
                    let origins = settings.registries.iter();
                    let origins = origins.map(|r| format!("{} {:?}", r.origin, r.reach));
                    format!("{:?} {}", origins.collect::<Vec<_>>(), settings.npmrc)
                }
                Err(error) => format!("{error:#}"),
            };
            assert!(seen.contains(expected), "{listed}: {seen}");
        };
        check(
            json!({"registry": "https://registry.npmjs.org/"}),
            "[\"https://registry.npmjs.org Public\"]",
        );
        check(
            json!({"registry": "http://127.0.0.1:4873/", "@corp:registry": "https://npm.corp.example/", "//npm.corp.example/:_authToken": "secret"}),
            "[\"http://127.0.0.1:4873 Any\", \"https://npm.corp.example Any\"] registry=http://127.0.0.1:4873/\n@corp:registry=https://npm.corp.example/\n",
        );
        check(
            json!({"registry": "https://user:word@npm.example/"}),
            "holds credentials",
        );
    }
}
