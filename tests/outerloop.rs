//! One run of the command, from its arguments to what it left.

use std::{
    ffi::OsString,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::Repository;

/// A run to make.
pub struct Outerloop {
    arguments: Vec<OsString>,
    cache: PathBuf,
    temporary: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; `None` after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Wall-clock time.
    pub took: Duration,
    /// Peak resident memory of the command itself while it read its input; 0 where it had none.
    pub peak_bytes: u64,
    /// Files and processes that should be gone and are not.
    pub left_behind: Vec<String>,
}

impl Outerloop {
    /// `outerloop fix` over a log and a repository.
    pub fn fix(log: &Path, repository: &Repository) -> Self {
        Self::with(["fix"]).and([
            "--log".into(),
            log.as_os_str().to_owned(),
            "--repo".into(),
            repository.root().as_os_str().to_owned(),
        ])
    }

    /// `outerloop` with these arguments.
    pub fn with<const N: usize>(arguments: [&str; N]) -> Self {
        let temporary = tempfile::Builder::new()
            .prefix("e2e-run-")
            .tempdir()
            .expect("a temporary folder can be made");
        Self {
            arguments: arguments.map(OsString::from).into(),
            cache: cache(),
            temporary,
            environment: Vec::new(),
        }
    }

    /// Further arguments.
    #[must_use]
    pub fn and<T: Into<OsString>, const N: usize>(mut self, arguments: [T; N]) -> Self {
        self.arguments.extend(arguments.map(Into::into));
        self
    }

    /// Another cache than the tests' common one.
    #[must_use]
    pub fn cache(mut self, folder: &Path) -> Self {
        self.cache = folder.to_owned();
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Runs it without input.
    pub fn run(self) -> Ran {
        self.run_with(|_| Ok(()))
    }

    /// Runs it until standard error says something, and ends it then at once, as the kernel does when memory is out.
    /// Fails if that is never said, or if processes of its own outlive it for long.
    #[track_caller]
    pub fn kill_when(self, said: &str) {
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let is_said = lines.any(|line| line.contains(said));
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        assert!(is_said, "{said:?} was never said");
        let killed = Instant::now();
        loop {
            let mut left = left_behind(self.temporary.path());
            left.retain(|one| one.starts_with("process"));
            if left.is_empty() {
                return;
            }
            assert!(killed.elapsed() < Duration::from_secs(10), "{left:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs it while `feed` writes its standard input.
    pub fn run_with(self, feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Ran {
        let mut command = self.command();
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        let readers = [drain(child.stdout.take()), drain(child.stderr.take())];
        let mut input = child.stdin.take().expect("it is piped");
        // A command that refuses its arguments does not read: that is no failure of the test.
        let fed = feed(&mut input);
        let peak_bytes = peak(&child);
        drop(input);
        if let Err(error) = fed {
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{error}");
        }
        let status = child.wait().expect("the command can be waited for");
        let took = started.elapsed();
        let [stdout, stderr] = readers.map(|r| r.join().expect("a reader does not panic"));
        Ran {
            status: status.code(),
            stdout,
            stderr,
            took,
            peak_bytes,
            left_behind: left_behind(self.temporary.path()),
        }
    }
    /// It in its folder, with nothing of the environment but what it was given.
    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .args(&self.arguments)
            .current_dir(self.temporary.path())
            .env_clear();
        // How pip reaches its index is the machine's affair; nothing else of the environment is wanted.
        command.envs(
            std::env::vars_os()
                .filter(|(name, _)| name == "PATH" || name.to_string_lossy().starts_with("PIP_")),
        );
        command
            .env("HOME", self.temporary.path().join("home"))
            .env("TMPDIR", self.temporary.path().join("tmp"))
            .env("OUTERLOOP_CACHE", &self.cache);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for folder in ["home", "tmp"] {
            fs::create_dir(self.temporary.path().join(folder)).expect("the folder is new");
        }
        command
    }
}

impl Ran {
    /// The answer, after a check that the run ended with this status and left nothing behind.
    #[track_caller]
    pub fn json(&self, status: i32) -> Value {
        self.ended(status);
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|e| panic!("standard output is one JSON object ({e}): {}", self.text()))
    }

    /// Checks the exit status, and that nothing was left behind.
    #[track_caller]
    pub fn ended(&self, status: i32) {
        assert_eq!(
            self.status,
            Some(status),
            "{}\n{}",
            self.text(),
            self.errors()
        );
        assert_eq!(self.left_behind, [""; 0], "{}", self.errors());
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Files in a run's temporary folder, and processes that see that folder through a mount or work in it.
fn left_behind(folder: &Path) -> Vec<String> {
    let name = folder
        .file_name()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned();
    let files = fs::read_dir(folder.join("tmp")).expect("the folder is there");
    let mut left: Vec<String> = files
        .map(|f| {
            f.expect("the folder can be read")
                .path()
                .display()
                .to_string()
        })
        .collect();
    for process in fs::read_dir("/proc")
        .expect("Linux has /proc")
        .filter_map(Result::ok)
    {
        let mounts = fs::read_to_string(process.path().join("mountinfo")).unwrap_or_default();
        let at = fs::read_link(process.path().join("cwd")).unwrap_or_default();
        let is_process = process
            .file_name()
            .to_string_lossy()
            .bytes()
            .all(|b| b.is_ascii_digit());
        if is_process && (mounts.contains(&name) || at.starts_with(folder)) {
            left.push(format!("process {}", process.file_name().display()));
        }
    }
    left
}

/// The cache that all tests share, so that pytest is installed once.
pub fn cache() -> PathBuf {
    target().join("e2e-cache")
}

/// The isolate in which the command explores where nothing speaks against it: WebAssembly once `make guest` has run.
pub fn exploring_isolate() -> &'static str {
    match program().with_file_name("outerloop-python.wasm").exists() {
        true => "wasm-python",
        false => "native",
    }
}

/// The target folder: the test program is `<target>/<profile>/deps/e2e-…`.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("the program knows its place");
    program
        .ancestors()
        .nth(3)
        .expect("test programs stand in <target>/<profile>/deps")
        .to_owned()
}

/// The command under test.
///
/// Cargo builds a package's programs for that package's own tests only, and artifact dependencies are not stable yet
/// (<https://doc.rust-lang.org/cargo/reference/unstable.html#artifact-dependencies>). So cargo is asked here, once:
/// a moment where the program is fresh, and never a test of an old one.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = std::env::current_exe().expect("the program knows its place");
        let folder = folder
            .ancestors()
            .nth(2)
            .expect("test programs stand in <target>/<profile>/deps");
        if let Some(cargo) = std::env::var_os("CARGO") {
            let profile = if folder.ends_with("debug") {
                "dev"
            } else {
                folder.file_name().and_then(|f| f.to_str()).unwrap_or("dev")
            };
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
            let mut build = Command::new(cargo);
            build.args([
                "build",
                "--quiet",
                "--workspace",
                "--bin",
                "outerloop",
                // Any target that may use development dependencies: with their features, as the tests are built, or all
                // the libraries below would be compiled a second time.
                "--example",
                "redaction",
                "--profile",
                profile,
                "--manifest-path",
            ]);
            let built = build
                .arg(workspace)
                .arg("--target-dir")
                .arg(target())
                .output()
                .expect("cargo can be started");
            assert!(
                built.status.success(),
                "the outerloop command could not be built: {}",
                String::from_utf8_lossy(&built.stderr)
            );
        }
        let program = folder.join("outerloop");
        assert!(
            program.is_file(),
            "{} is missing: build it with `cargo build --workspace` in the same profile",
            program.display()
        );
        program
    })
}

fn drain(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    let mut from = from.expect("it is piped");
    std::thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).expect("a pipe can be read");
        all
    })
}

/// The high-water mark of a process's resident memory.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let kib = status.lines().find_map(|l| {
        l.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.unwrap_or(0) * 1024
}
