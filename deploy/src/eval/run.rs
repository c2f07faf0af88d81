//! Puts a crash before the fixer, and nothing else of its case.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::fetch::Source;
use super::process::{End, finish};
use super::record::Kind;
use super::scene::{copy_tree, env, make_repository};

/// The program under test: this command itself, started like anyone would.
pub(crate) struct Fixer {
    pub(crate) program: PathBuf,
    /// The command's cache folder, which holds nothing about cases outside its part `eval`.
    pub(crate) cache: PathBuf,
    /// What it may take for a bug.
    pub(crate) time_limit_secs: u64,
}

/// A recorded crash.
pub(crate) struct Crash<'a> {
    pub(crate) kind: Kind,
    pub(crate) log: &'a Path,
    pub(crate) source: &'a Source,
    pub(crate) release: &'a str,
    pub(crate) deps: Option<&'a Path>,
}

/// What came of a call.
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    /// The JSON that it printed, or how it failed.
    pub(crate) output: Result<Value, String>,
}

impl Fixer {
    /// Puts the crash before `outerloop fix`.
    ///
    /// # Errors
    /// If the folder can't be prepared or the program can't be started; a fixer that fails is an answer.
    pub(crate) fn fix(&self, crash: &Crash<'_>, with_cured: bool) -> anyhow::Result<Answer> {
        let cured = with_cured.then(|| "--cured".into());
        self.call("fix", crash, cured)
    }

    /// Puts the crash and a patch before `outerloop verify`.
    ///
    /// # Errors
    /// As [`Self::fix`].
    pub(crate) fn verify(&self, crash: &Crash<'_>, diff: &str) -> anyhow::Result<Answer> {
        let patch = tempfile::NamedTempFile::new()?;
        fs::write(patch.path(), diff)?;
        self.call("verify", crash, ["--patch".into(), patch.path().into()])
    }

    /// Copies log, repository and dependencies to a folder of no telling name and calls the program on them.
    fn call(
        &self,
        command: &str,
        crash: &Crash<'_>,
        more: impl IntoIterator<Item = OsString>,
    ) -> anyhow::Result<Answer> {
        let folder = tempfile::tempdir()?;
        let place = |name: &str| folder.path().join(name);
        for name in ["logs", "work"] {
            fs::create_dir(place(name))?;
        }
        let presented = place("logs").join("service.log");
        fs::copy(crash.log, &presented).context("copying the log")?;
        make_repository(crash.source, crash.release, &place("repository"))?;
        let mut args: Vec<OsString> = vec![command.into(), "--log".into(), presented.into()];
        args.extend(["--repo".into(), place("repository").into()]);
        args.extend(more);
        if let Some(deps) = crash.deps {
            copy_tree(deps, &place("deps"))?;
            args.extend(["--deps".into(), place("deps").into()]);
        }
        let limit = self.time_limit_secs.to_string();
        args.extend(
            [
                "--format",
                crash.kind.name(),
                "--time-limit",
                &limit,
                "--output",
                "json",
            ]
            .map(Into::into),
        );
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(place("work")).env_clear();
        command
            .env("PATH", env("PATH"))
            .env("HOME", env("HOME"))
            .env("OUTERLOOP_CACHE", &self.cache);
        // The limit is the fixer's to keep, for each bug; this only ends one that hangs.
        let finished = finish(
            &mut command,
            b"",
            Duration::from_secs(2 * self.time_limit_secs + 300),
        )?;
        let output = match finished.end {
            End::Exit(0 | 3 | 4) => serde_json::from_str(&finished.stdout)
                .map_err(|error| format!("no JSON ({error}): {}", finished.last_words())),
            End::Exit(status) => Err(format!("exit status {status}: {}", finished.last_words())),
            End::Signal => Err(format!("killed by a signal: {}", finished.last_words())),
            End::TimedOut => Err(format!("still running after {:.0} s", finished.seconds)),
        };
        Ok(Answer {
            seconds: finished.seconds,
            output,
        })
    }
}
