//! The ways to run Python that are compared.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use sandbox::{Access, Ending, GuestJob, Job, Limits, Mount, Native, Session, Wasm};

/// Where the packages are, inside.
const DEPS: &str = "/work/deps";
const TIME: Duration = Duration::from_secs(300);
const MEMORY_BYTES: u64 = 2 << 30;
/// How many instances share what their memory is measured by.
const N_HELD: u64 = 4;

/// What a program does that stays: each request is a program's text.
const ANSWERING: &str = "
def _answer():
    import sys
    sys.path[:0] = PATHS
    while True:
        text = isolate.receive()
        if text is None:
            return
        exec(compile(text, '<request>', 'exec', dont_inherit=True), {'__name__': '__main__'})

_answer()
";

/// A way to run Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    WasmFresh,
    WasmSession,
    Native,
    Bubblewrap,
    Bare,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::WasmFresh,
        Self::WasmSession,
        Self::Native,
        Self::Bubblewrap,
        Self::Bare,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WasmFresh => "WebAssembly, fresh instance",
            Self::WasmSession => "WebAssembly, session",
            Self::Native => "native sandbox",
            Self::Bubblewrap => "bubblewrap alone",
            Self::Bare => "python3, no sandbox",
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::WasmFresh => "wasm_fresh",
            Self::WasmSession => "wasm_session",
            Self::Native => "native",
            Self::Bubblewrap => "bubblewrap",
            Self::Bare => "python3",
        }
    }
}

/// What all ways share.
pub(super) struct Bench {
    pub(super) native: Native,
    pub(super) wasm: Option<Wasm>,
    pub(super) python: PathBuf,
    pub(super) prefix: PathBuf,
}

impl Bench {
    /// Whether it works on this machine.
    pub(super) fn can(&self, kind: Kind) -> bool {
        match kind {
            Kind::WasmFresh | Kind::WasmSession => self.wasm.is_some(),
            Kind::Native | Kind::Bubblewrap | Kind::Bare => true,
        }
    }

    /// Makes the bytecode of a folder, in the native sandbox as an installation does.
    fn compile(&self, folder: &Path) -> anyhow::Result<()> {
        let mut job = self.job(&["-m", "compileall", "-q", DEPS], Some(folder));
        for mount in job
            .mounts
            .iter_mut()
            .filter(|m| m.target == Path::new(DEPS))
        {
            mount.access = Access::Write;
        }
        // Files of a package that do not compile are no failure of ours.
        self.native.run(&job)?;
        Ok(())
    }

    fn job(&self, arguments: &[&str], deps: Option<&Path>) -> Job {
        let mut mounts = vec![Mount::read_only(&self.prefix, &self.prefix)];
        mounts.extend(deps.map(|deps| Mount::read_only(deps, DEPS)));
        let mut command = vec![self.python.clone().into()];
        command.extend(["-s", "-S"].map(Into::into));
        command.extend(arguments.iter().map(Into::into));
        Job {
            command,
            mounts,
            cwd: "/tmp".into(),
            env: environment(DEPS),
            stdin: Vec::new(),
            limits: limits(),
        }
    }
}

fn limits() -> Limits {
    Limits {
        wall: TIME,
        cpu: TIME,
        memory_bytes: MEMORY_BYTES,
        ..Limits::default()
    }
}

fn environment(deps: &str) -> Vec<(String, String)> {
    [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("PYTHONPATH", deps),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// One of them, ready to run programs over a folder of packages.
pub(super) struct Way<'a> {
    bench: &'a Bench,
    kind: Kind,
    deps: Option<PathBuf>,
    wasm: Option<Wasm>,
    session: Option<Session>,
}

impl<'a> Way<'a> {
    pub(super) fn open(bench: &'a Bench, kind: Kind, deps: Option<&Path>) -> anyhow::Result<Self> {
        let mut way = Self {
            bench,
            kind,
            deps: deps.map(Path::to_owned),
            wasm: bench.wasm.clone(),
            session: None,
        };
        if let (Some(wasm), Some(deps)) = (&mut way.wasm, deps) {
            // Not that of the cache, which may hold this package's already.
            *wasm = wasm
                .clone()
                .with_bytecode(&deps.with_extension("bytecode"))?;
        }
        if kind == Kind::WasmSession {
            let job = way.guest_job(&ANSWERING.replace("PATHS", way.paths()));
            let mut session = way.wasm()?.open(&job)?;
            // The first request comes with the start of the program: not what a session's next one costs.
            let first = session.ask(Vec::new(), TIME);
            ensure!(first.ended.is_none(), "the session does not start");
            way.session = Some(session);
        }
        Ok(way)
    }

    fn wasm(&self) -> anyhow::Result<&Wasm> {
        self.wasm.as_ref().context("there is no guest")
    }

    fn paths(&self) -> &'static str {
        if self.deps.is_some() {
            "['/work/deps']"
        } else {
            "[]"
        }
    }

    fn guest_job(&self, program: &str) -> GuestJob {
        GuestJob {
            program: program.to_owned(),
            request: Vec::new(),
            mounts: self
                .deps
                .as_deref()
                .map(|deps| Mount::read_only(deps, DEPS))
                .into_iter()
                .collect(),
            limits: limits(),
        }
    }

    /// Leaves what makes the next import of the same fast: bytecode beside the source, which the guest's Python keeps apart.
    /// A session has nothing to leave: its next import finds the modules.
    ///
    /// # Errors
    /// Where it does not end well.
    pub(super) fn keep_bytecode(&self, import: &str) -> anyhow::Result<()> {
        let Some(deps) = self.deps.as_deref() else {
            return Ok(());
        };
        match self.kind {
            Kind::WasmSession => {}
            Kind::Native | Kind::Bubblewrap | Kind::Bare => self.bench.compile(deps)?,
            Kind::WasmFresh => {
                let mut session = Self::open(self.bench, Kind::WasmSession, Some(deps))?;
                session.run(import)?;
                let started = Instant::now();
                let sources = session.session.map(|s| s.uncompiled());
                let n = self.wasm()?.prepare(sources.unwrap_or_default())?.wait();
                let took = started.elapsed().as_secs_f64();
                eprintln!("compiled {n} files for the guest in {took:.1} s");
            }
        }
        Ok(())
    }

    /// Runs a program to its end, and says how long that took, from its being asked for to the answer.
    ///
    /// # Errors
    /// Where it does not end well.
    pub(super) fn run(&mut self, program: &str) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let (ending, said) = match self.kind {
            Kind::WasmFresh => {
                let program = format!("import sys\nsys.path[:0] = {}\n{program}", self.paths());
                let outcome = self.wasm()?.run(&self.guest_job(&program))?;
                (Some(outcome.ending), outcome.stderr)
            }
            Kind::WasmSession => {
                let session = self.session.as_mut().context("the session is over")?;
                let answer = session.ask(program.as_bytes().to_vec(), TIME);
                (answer.ended.or(Some(Ending::Exited(0))), answer.stderr)
            }
            Kind::Native => {
                let job = self.bench.job(&["-c", program], self.deps.as_deref());
                let outcome = self.bench.native.run(&job)?;
                (Some(outcome.ending), outcome.stderr)
            }
            Kind::Bubblewrap | Kind::Bare => {
                let said = self.command(program).output().context("starting python3")?;
                (said.status.code().map(Ending::Exited), said.stderr)
            }
        };
        let took = started.elapsed();
        if ending != Some(Ending::Exited(0)) {
            let said = String::from_utf8_lossy(&said).into_owned();
            let last = said.lines().last().unwrap_or_default();
            bail!(
                "{}: the program ended with {ending:?}: {}",
                self.kind.name(),
                crate::fix::plain(last)
            );
        }
        Ok(took)
    }

    /// Without our sandbox: by itself, or as bubblewrap is used by hand, with every namespace and the host's files to read.
    fn command(&self, program: &str) -> Command {
        let mut command = match self.kind {
            Kind::Bubblewrap => {
                let mut bwrap = Command::new("bwrap");
                bwrap
                    .args([
                        "--ro-bind",
                        "/",
                        "/",
                        "--dev",
                        "/dev",
                        "--proc",
                        "/proc",
                        "--unshare-all",
                        "--die-with-parent",
                        "--",
                    ])
                    .arg(&self.bench.python);
                bwrap
            }
            _ => Command::new(&self.bench.python),
        };
        let deps = self.deps.as_ref().map(|d| d.to_string_lossy().into_owned());
        command
            .args(["-s", "-S", "-c", program])
            .env_clear()
            .envs(environment(&deps.unwrap_or_default()))
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }
}

/// Resident memory of one, after a one-line test: natively that of the interpreter's process at its most (bubblewrap
/// around it comes to a few hundred KiB more); in WebAssembly what this program has more of for each instance that it holds.
pub(super) fn memory(bench: &Bench, kind: Kind) -> anyhow::Result<u64> {
    // Not `ru_maxrss`: there the kernel counts what the process was before it became python3, a copy of this program.
    const ASK: &str =
        "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')), end='')";
    let said = match kind {
        Kind::WasmFresh | Kind::WasmSession => {
            let before = resident()?;
            let held = (0..N_HELD)
                .map(|_| {
                    let mut way = Way::open(bench, Kind::WasmSession, None)?;
                    way.run(super::ONE_LINE)?;
                    Ok(way)
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            let after = resident()?;
            drop(held);
            return Ok(after.saturating_sub(before) / N_HELD);
        }
        Kind::Native => bench.native.run(&bench.job(&["-c", ASK], None))?.stdout,
        Kind::Bubblewrap | Kind::Bare => {
            let way = Way::open(bench, kind, None)?;
            way.command(ASK)
                .output()
                .context("starting python3")?
                .stdout
        }
    };
    in_status(&String::from_utf8_lossy(&said), "VmHWM:").context("asking a job for its memory")
}

/// Resident memory of this program.
fn resident() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    in_status(&status, "VmRSS:").context("the kernel does not tell our memory")
}

/// A value of `/proc/…/status`, in bytes.
fn in_status(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
