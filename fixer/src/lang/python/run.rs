//! Talks to `runner.py` inside the sandbox: scripts in, what happened out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use sandbox::{Ending, Job, Limits, Mount, Native};
use serde::{Deserialize, Serialize};

use super::source::Span;
use crate::FixError;

/// Where things are inside the sandbox.
pub(crate) const REPO: &str = "/work/repo";
/// Memory of all runs of a batch together, in bytes.
pub(crate) const MEMORY_BYTES: u64 = 2 << 30;

const DEPS: &str = "/work/deps";
const TOOLS: &str = "/work/tools";

pub(crate) const RUNNER: &str = include_str!("runner.py");

/// A Python interpreter of this machine.
#[derive(Debug, Clone)]
pub struct Interpreter {
    executable: PathBuf,
    prefix: PathBuf,
    /// For example `3.11`.
    pub version: String,
}

impl Interpreter {
    /// The `python3` on the path, resolved through shims and virtual environments.
    ///
    /// # Errors
    /// [`FixError::Missing`] where there is none.
    pub fn detect() -> Result<Self, FixError> {
        let ask = "import sys, os; print(os.path.realpath(sys.executable)); print(sys.base_prefix); print('%d.%d' % sys.version_info[:2])";
        let output = Command::new("python3")
            .args(["-S", "-c", ask])
            .output()
            .map_err(|_| FixError::Missing("python3 is not on the path".into()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines();
        match (lines.next(), lines.next(), lines.next()) {
            (Some(executable), Some(prefix), Some(version)) => Ok(Self {
                executable: executable.into(),
                prefix: prefix.into(),
                version: version.into(),
            }),
            _ => Err(FixError::Missing("python3 does not run".into())),
        }
    }

    /// The folder that it and its library lie in (`sys.base_prefix`).
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Its program file, through every link.
    pub fn executable(&self) -> &Path {
        &self.executable
    }
}

/// What all runs of one bug share.
#[derive(Clone)]
pub(crate) struct Bench<'a> {
    pub(crate) native: &'a Native,
    pub(crate) python: &'a Interpreter,
    /// The exported tree, on the host.
    pub(crate) tree: &'a Path,
    /// Installed dependencies, on the host.
    pub(crate) deps: Option<&'a Path>,
    /// A folder with pytest, on the host.
    pub(crate) tools: Option<&'a Path>,
    /// Folders of the repository that go on `sys.path`, relative to its root.
    pub(crate) roots: Vec<String>,
    /// Modules that the fork server imports first.
    pub(crate) preload: Vec<String>,
    /// When the bug's time is over; whatever starts then gets one more second.
    pub(crate) deadline: Instant,
}

/// One script to run, on the tree or on a changed one.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    pub(crate) id: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<Change>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) script: String,
    /// Scripts to run one after the other in one child, in place of one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) scripts: Vec<String>,
    /// Test files or node ids for pytest, in place of a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tests: Option<Vec<String>>,
    /// Leave out the repository's `conftest.py`: our own tests use no fixture of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_conftest: bool,
    /// Seconds.
    pub(crate) timeout: f64,
    /// 1: tell the locals and expressions of the crash.
    pub(crate) detail: u8,
}

impl Run {
    pub(crate) fn script(id: usize, script: &str) -> Self {
        Self {
            id,
            changes: Vec::new(),
            script: script.to_owned(),
            scripts: Vec::new(),
            tests: None,
            no_conftest: false,
            timeout: 5.0,
            detail: 0,
        }
    }
}

/// A file's new text, and, where only one function's body changed, how to put it into the live function.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) swap: Option<Swap>,
}

/// A function's new source at its old place.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Swap {
    pub(crate) path: String,
    pub(crate) source: String,
    pub(crate) names: Vec<String>,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// What a run did.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ran {
    pub(crate) id: usize,
    pub(crate) outcome: Kind,
    pub(crate) error: Option<Raised>,
    #[serde(default)]
    pub(crate) value: serde_json::Value,
    #[serde(default)]
    pub(crate) printed: String,
    #[serde(default)]
    pub(crate) state: serde_json::Value,
    #[serde(default)]
    pub(crate) tests: BTreeMap<String, String>,
    /// What each of several scripts did.
    #[serde(default)]
    pub(crate) many: Vec<Ran>,
    /// The failed tests' messages.
    #[serde(default)]
    pub(crate) messages: BTreeMap<String, String>,
}

impl Ran {
    /// A run that gave no answer.
    pub(crate) fn without_answer(id: usize, outcome: Kind) -> Self {
        Self {
            id,
            outcome,
            error: None,
            value: serde_json::Value::Null,
            printed: String::new(),
            state: serde_json::Value::Null,
            tests: BTreeMap::new(),
            many: Vec::new(),
            messages: BTreeMap::new(),
        }
    }
}

/// The ways a run may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It ran to its end.
    Ok,
    /// It raised.
    Raised,
    /// The changed file does not compile.
    Invalid,
    /// It reached its time.
    Timeout,
    /// It ended without a report: killed, `os._exit`, out of memory.
    Died,
    /// Its answer is too large.
    TooLarge,
    /// The job's time was over before its turn.
    Skipped,
}

/// An exception as the runner saw it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Raised {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) module: String,
    pub(crate) message: String,
    /// Class names from the type's own base up.
    pub(crate) mro: Vec<String>,
    pub(crate) frames: Vec<RunFrame>,
    /// Frames in all; `frames` may leave out the middle.
    pub(crate) depth: usize,
    pub(crate) chain: Vec<Raised>,
}

impl Raised {
    /// The innermost frame in the repository.
    pub(crate) fn place(&self) -> Option<&RunFrame> {
        self.frames.iter().rev().find(|f| f.repo)
    }
}

/// A frame as the runner saw it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunFrame {
    pub(crate) path: String,
    pub(crate) repo: bool,
    pub(crate) line: u32,
    pub(crate) function: String,
    /// First line, last line, first column, end column, of the failing expression.
    #[serde(deserialize_with = "span")]
    pub(crate) span: Option<Span>,
    pub(crate) locals: BTreeMap<String, Described>,
    /// Side-effect-free expressions of the crashed statement, and their values.
    pub(crate) probes: BTreeMap<String, Described>,
}

/// `co_positions` gives lines and columns as (line, end_line, column, end_column).
fn span<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    Ok(Option::<[u32; 4]>::deserialize(deserializer)?.map(|[a, b, c, d]| (a, b, c, d)))
}

/// What is known of a value at the crash.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Described {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) repr: String,
    /// Type names of a container's items.
    pub(crate) items: Vec<String>,
    /// The class's name where the value is a class.
    pub(crate) class: Option<String>,
    /// Evaluating it raised this.
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
struct Ready {
    #[expect(dead_code, reason = "tells a ready line from a run's")]
    ready: bool,
    failed: BTreeMap<String, String>,
}

/// What a batch of runs told.
pub(crate) struct Batch {
    pub(crate) runs: Vec<Ran>,
    /// Modules that could not be imported, and why.
    pub(crate) failed: BTreeMap<String, String>,
    pub(crate) ending: Ending,
}

/// How a batch is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// `PYTHONHASHSEED`.
    pub(crate) hash_seed: u32,
    /// Import the repository before forking; off where a run must be as fresh as a test's.
    pub(crate) warm: bool,
    /// Let sleeping cost nothing; off where a run must be real.
    pub(crate) skip_sleep: bool,
    pub(crate) wall: Duration,
}

impl Mode {
    pub(crate) fn explore(wall: Duration) -> Self {
        Self {
            hash_seed: 0,
            warm: true,
            skip_sleep: true,
            wall,
        }
    }
}

impl Bench<'_> {
    /// What is left of the bug's time.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Folders that every run sees, and those of them that go on `sys.path`.
    pub(crate) fn view(&self) -> (Vec<Mount>, Vec<String>) {
        let mut mounts = vec![Mount::read_only(self.tree, REPO)];
        let mut paths: Vec<String> = self
            .roots
            .iter()
            .map(|r| format!("{REPO}/{r}").trim_end_matches('/').to_owned())
            .collect();
        for (source, target) in [(self.deps, DEPS), (self.tools, TOOLS)] {
            if let Some(source) = source {
                mounts.push(Mount::read_only(source, target));
                paths.push(target.to_owned());
            }
        }
        (mounts, paths)
    }

    /// Runs scripts one after another in one sandbox; each in a child of its own.
    ///
    /// # Errors
    /// [`FixError::Sandbox`] where the sandbox itself failed.
    pub(crate) fn run(&self, runs: &[Run], mode: Mode) -> Result<Batch, FixError> {
        let (mut mounts, paths) = self.view();
        mounts.push(Mount::read_only(&self.python.prefix, &self.python.prefix));
        let mut preload: Vec<&str> = if mode.warm {
            self.preload.iter().map(String::as_str).collect()
        } else {
            Vec::new()
        };
        if runs.iter().any(|r| r.tests.is_some()) && self.tools.is_some() {
            preload.push("pytest");
        }
        let wall = mode.wall.min(self.left() + Duration::from_secs(1));
        let limits = Limits {
            wall,
            // The wall bounds it; threads of the code under test may use a few cores.
            cpu: wall.saturating_mul(4),
            memory_bytes: MEMORY_BYTES,
            ..Limits::default()
        };
        let request = serde_json::json!({
            "repo": REPO, "paths": paths, "preload": preload, "runs": runs,
            "clock": mode.skip_sleep, "seconds": (wall.as_secs_f64() - 0.5).max(0.5), "memory": limits.memory_bytes,
        });
        let job = Job {
            command: [
                self.python.executable.as_os_str().to_owned(),
                "-s".into(),
                "-S".into(),
                "-c".into(),
                RUNNER.into(),
            ]
            .into(),
            mounts,
            cwd: "/tmp".into(),
            env: vec![
                ("PYTHONHASHSEED".into(), mode.hash_seed.to_string()),
                ("PATH".into(), "/usr/bin:/bin".into()),
                ("HOME".into(), "/tmp".into()),
                ("LANG".into(), "C.UTF-8".into()),
                ("TZ".into(), "UTC".into()),
            ],
            stdin: serde_json::to_vec(&request).expect("strings and numbers serialise"),
            limits,
        };
        let outcome = self.native.run(&job).map_err(FixError::Sandbox)?;
        let batch = Batch::read(&outcome.report, runs, outcome.ending);
        tracing::debug!(
            runs.n = runs.len(),
            answers.n = batch.runs.len(),
            duration_ms = outcome.wall.as_millis() as u64,
            "ran a batch natively: {:?} {}",
            outcome.ending,
            String::from_utf8_lossy(&outcome.stderr[..outcome.stderr.len().min(2000)])
        );
        Ok(batch)
    }
}

impl Batch {
    /// Reads a report; what it says beside the answers that were asked for is left out.
    fn read(report: &[u8], runs: &[Run], ending: Ending) -> Self {
        let mut batch = Self {
            runs: answers(report, runs),
            failed: BTreeMap::new(),
            ending,
        };
        let ready = report.split(|b| *b == b'\n').next();
        if let Some(Ok(ready)) = ready.map(serde_json::from_slice::<Ready>) {
            batch.failed = ready.failed;
        }
        batch
    }
}

/// The first answer to each of some runs: later ones come from nobody we started.
pub(crate) fn answers(report: &[u8], runs: &[Run]) -> Vec<Ran> {
    let mut out: Vec<Ran> = Vec::new();
    for ran in report
        .split(|b| *b == b'\n')
        .filter_map(|line| serde_json::from_slice::<Ran>(line).ok())
    {
        let is_asked = runs.iter().any(|r| r.id == ran.id);
        if is_asked && !out.iter().any(|r| r.id == ran.id) {
            out.push(ran);
        }
    }
    out
}
