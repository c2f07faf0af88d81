//! Whether a case is valid: that it crashes as it says, and that trigger and oracle tell the two releases apart.
//!
//! Everything is fetched, recorded and run by what the benchmark itself uses; only the fixer is not called.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;

use super::case::{Case, Fix, Wanted};
use super::fetch::{Cache, Source};
use super::process::finish;
use super::record::{self, Kind};
use super::scene::{self, Scene, copy_tree};
use super::score::{Script, passes};

/// How often a crash is made: it must not depend on chance, such as the order of a set.
const N_DEATHS: usize = 3;
const TESTS_LIMIT: Duration = Duration::from_secs(120);

/// What is wrong with the case of a folder; nothing where it is valid. `kinds` are the logs to write, text among them.
pub(crate) fn faults(folder: &Path, cache: &Cache, kinds: &[Kind]) -> Vec<String> {
    let mut faults = Vec::new();
    let checked = Case::load(folder).and_then(|case| {
        let source = cache.source(&case, &case.buggy)?;
        let deps = cache.deps(&case)?;
        let check = Check {
            case: &case,
            cache,
            deps: deps.as_deref(),
        };
        note(&mut faults, check.dies(&source, kinds));
        note(&mut faults, check.is_tested(&source, &case.buggy));
        match &case.wanted {
            Wanted::Nothing(_) => Ok(()),
            Wanted::Fix(fix) => check.tells_apart(&source, fix, &mut faults),
        }
    });
    note(&mut faults, checked);
    faults
}

fn note(faults: &mut Vec<String>, checked: anyhow::Result<()>) {
    faults.extend(checked.err().map(|error| format!("{error:#}")));
}

/// A case with what it needs.
struct Check<'a> {
    case: &'a Case,
    cache: &'a Cache,
    deps: Option<&'a Path>,
}

impl Check<'_> {
    /// The trigger dies as stated, in the package, and each kind of log can be written.
    fn dies(&self, source: &Source, kinds: &[Kind]) -> anyhow::Result<()> {
        let home = tempfile::tempdir()?;
        // Each time in the same place, for a message may name it.
        let (service, out) = (home.path().join("service"), home.path().join("out"));
        fs::create_dir(&out)?;
        let mut messages = Vec::new();
        for nth in 0..N_DEATHS {
            fs::create_dir(&service)?;
            let crash = record::record(
                self.case,
                self.cache,
                source,
                self.deps,
                if nth == 0 { kinds } else { &[Kind::Text] },
                &service,
                &out,
            )?;
            messages.push(crash.message);
            fs::remove_dir_all(&service)?;
        }
        let other = messages.iter().find(|message| **message != messages[0]);
        if let (Some(other), Wanted::Nothing(_)) = (other, &self.case.wanted) {
            anyhow::bail!("the message changes: {:?}, then {other:?}", messages[0]);
        }
        let log = fs::read(out.join(Kind::Text.file()))?;
        let package = format!("{}/", scene::package_folder(self.case, &service).display());
        ensure!(
            String::from_utf8_lossy(&log).contains(&package),
            "no frame of the package in the traceback"
        );
        Ok(())
    }

    /// An application's own tests pass.
    fn is_tested(&self, source: &Source, release: &str) -> anyhow::Result<()> {
        if !self.case.is_application {
            return Ok(());
        }
        let home = tempfile::tempdir()?;
        let (scene, tree) = self.lay_out(source, home.path())?;
        let tester = self.cache.tester()?;
        let mut places = vec![tree.join(&source.src_root), tester];
        places.extend(self.deps.map(Path::to_path_buf));
        let mut command = scene.interpreter();
        command
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .current_dir(&tree)
            .env("PYTHONPATH", std::env::join_paths(places)?);
        let ran = finish(&mut command, b"", TESTS_LIMIT)?;
        ensure!(
            ran.is_success(),
            "its tests do not pass on {release}: {}",
            ran.last_words()
        );
        Ok(())
    }

    /// Trigger and oracle pass on the fixed release, and the oracle does not on the other.
    fn tells_apart(
        &self,
        buggy: &Source,
        fix: &Fix,
        faults: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let home = tempfile::tempdir()?;
        let (scene, _) = self.lay_out(buggy, home.path())?;
        if passes(self.case, &scene, Script::Oracle, home.path())?.is_ok() {
            faults.push(format!("the oracle passes on {}", self.case.buggy));
        }
        let fixed = self.cache.source(self.case, &fix.release)?;
        note(faults, self.is_tested(&fixed, &fix.release));
        let home = tempfile::tempdir()?;
        let (scene, _) = self.lay_out(&fixed, home.path())?;
        for script in [Script::Trigger, Script::Oracle] {
            if let Err(said) = passes(self.case, &scene, script, home.path())? {
                faults.push(format!("on {}, {said}", fix.release));
            }
        }
        Ok(())
    }

    fn lay_out(&self, source: &Source, home: &Path) -> anyhow::Result<(Scene, PathBuf)> {
        let tree = home.join("tree");
        copy_tree(&source.root, &tree)?;
        let python = self.cache.python();
        let scene = Scene::lay_out(self.case, python, &tree, &source.src_root, self.deps, home)?;
        Ok((scene, tree))
    }
}
