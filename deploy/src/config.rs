//! The configuration file. `docs/outerloop.example.toml` has every key, at its default.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;

use crate::{fix::usage, serve::settings::Serve};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Seconds that a bug may take.
pub(crate) const TIME_LIMIT_SECS: std::ops::RangeInclusive<u64> = 1..=86_400;

/// The whole file; what it leaves out has its default.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) fix: Fix,
    pub(crate) sandbox: Sandbox,
    pub(crate) serve: Serve,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fix {
    pub(crate) time_limit_secs: u64,
    min_confidence: f64,
    protected: Vec<String>,
}

impl Default for Fix {
    fn default() -> Self {
        let fixer::Policy {
            min_confidence,
            protected,
        } = fixer::Policy::default();
        Self {
            time_limit_secs: 60,
            min_confidence,
            protected,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sandbox {
    pub(crate) explore: Explore,
    pub(crate) guest: Option<PathBuf>,
}

/// Which isolate explores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Explore {
    #[default]
    WasmPython,
    Native,
}

impl Config {
    /// Reads the file given, else the one named by the environment, else the user's, else none.
    ///
    /// # Errors
    /// A usage error where a file that was asked for cannot be read, or any has a key or a value that does not exist.
    pub(crate) fn load(given: Option<&Path>) -> anyhow::Result<Self> {
        let named = env::var_os("OUTERLOOP_CONFIG")
            .filter(|v| !v.is_empty())
            .map(PathBuf::from);
        if let Some(path) = given.map(Path::to_owned).or(named) {
            return Self::read(&path);
        }
        let base = env::var_os("XDG_CONFIG_HOME")
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")));
        match base.map(|b| b.join("outerloop/config.toml")) {
            Some(path) if path.exists() => Self::read(&path),
            _ => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let at = path.display();
        let size = fs::metadata(path)
            .map_err(|e| usage(format!("the configuration {at}: {e}")))?
            .len();
        if size > MAX_BYTES {
            return Err(usage(format!(
                "the configuration {at} has more than {MAX_BYTES} bytes"
            )));
        }
        let text =
            fs::read_to_string(path).map_err(|e| usage(format!("the configuration {at}: {e}")))?;
        Self::parse(&text).map_err(|e| usage(format!("the configuration {at}: {e:#}")))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text).context("no valid configuration")?;
        anyhow::ensure!(
            TIME_LIMIT_SECS.contains(&config.fix.time_limit_secs),
            "fix.time_limit_secs is not in {TIME_LIMIT_SECS:?}"
        );
        anyhow::ensure!(
            (0.0..=1.0).contains(&config.fix.min_confidence),
            "fix.min_confidence is not in 0..=1"
        );
        config.serve.check()?;
        Ok(config)
    }
}

impl Fix {
    pub(crate) fn policy(&self) -> fixer::Policy {
        fixer::Policy {
            min_confidence: self.min_confidence,
            protected: self
                .protected
                .iter()
                .map(|w| w.to_ascii_lowercase())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_states_the_defaults() {
        let text = include_str!("../../docs/outerloop.example.toml");
        assert_eq!(Config::parse(text).unwrap(), Config::default());
        // Each key of the types stands in it, so that it cannot fall behind.
        for key in [
            "time_limit_secs",
            "min_confidence",
            "protected",
            "explore",
            "guest",
            "listen",
            "store",
        ] {
            assert!(text.contains(&format!("{key} = ")), "{key}");
        }
    }

    #[track_caller]
    fn check_refused(text: &str, reason: &str) {
        let error = format!("{:#}", Config::parse(text).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        check_refused("[fix]\ntime_limit = 5", "unknown field `time_limit`");
        check_refused("[fix]\ntime_limit_secs = 0", "fix.time_limit_secs");
        check_refused("[fix]\nmin_confidence = nan", "fix.min_confidence");
        check_refused("[fix]\nmin_confidence = 2.0", "fix.min_confidence");
        check_refused(
            "[sandbox]\nexplore = \"docker\"",
            "unknown variant `docker`",
        );
        check_refused("fix", "no valid configuration");
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = Config::parse("[fix]\nprotected = [\"Billing\"]").unwrap();
        assert_eq!(config.fix.time_limit_secs, 60);
        assert_eq!(config.fix.policy().protected, ["billing"]);
    }
}
