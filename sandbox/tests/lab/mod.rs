//! The harness: one Python program as a job, and what it did.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sandbox::{Access, Ending, Job, Limits, Mount, Native, Outcome};

/// Where the interpreter is on the host and inside, when it is not what `python3` says: `source:target`.
pub(crate) const PYTHON: &str = "SANDBOX_TEST_PYTHON";

/// What every program starts with. `call(number, …)` makes a system call and returns its result or its error's name.
const PRELUDE: &str = r#"
import ctypes, errno, os, sys
def call(number, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = libc.syscall(ctypes.c_long(number), *args)
    return errno.errorcode[ctypes.get_errno()] if result == -1 else result
def attempt(act, *args):
    try:
        return act(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
"#;

/// The machine's sandbox. Without one there is nothing to test, and that is a failure.
pub(crate) fn native() -> &'static Native {
    static NATIVE: OnceLock<Native> = OnceLock::new();
    NATIVE.get_or_init(|| Native::detect().expect("the tests need a machine with native isolation"))
}

/// The interpreter's folder: on the host, and inside.
pub(crate) fn python() -> &'static (PathBuf, PathBuf) {
    static PREFIX: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    PREFIX.get_or_init(|| {
        if let Some((source, target)) = env::var(PYTHON)
            .ok()
            .as_deref()
            .and_then(|pair| pair.split_once(':'))
        {
            return (source.into(), target.into());
        }
        // `python3` on the PATH may be a shim.
        let output = Command::new("python3")
            .args(["-c", "import sys; print(sys.base_prefix)"])
            .output();
        let output = output.expect("the tests need python3");
        let prefix = PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim());
        (prefix.clone(), prefix)
    })
}

/// An attack, ready to be changed and run.
pub(crate) struct Attack {
    pub(crate) job: Job,
    mark: String,
}

/// This program, with moderate limits.
pub(crate) fn attack(program: &str) -> Attack {
    static N: AtomicU32 = AtomicU32::new(0);
    let mark = format!(
        "mark-{}-{}-",
        std::process::id(),
        N.fetch_add(1, Ordering::Relaxed)
    );
    let (source, target) = python().clone();
    let python = target.join("bin/python3");
    let program = format!("{PRELUDE}\n{program}");
    let job = Job {
        command: vec![
            python.into(),
            "-I".into(),
            "-c".into(),
            program.into(),
            mark.clone().into(),
        ],
        mounts: vec![Mount::read_only(source, target)],
        cwd: "/tmp".into(),
        env: vec![],
        stdin: vec![],
        limits: Limits {
            wall: Duration::from_secs(60),
            ..Limits::default()
        },
    };
    Attack { job, mark }
}

impl Attack {
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.job.limits);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.job.stdin = bytes.into();
        self
    }

    pub(crate) fn mount(mut self, source: &Path, target: &str, access: Access) -> Self {
        self.job.mounts.push(Mount {
            source: source.into(),
            target: target.into(),
            access,
        });
        self
    }

    /// Runs it and sees that nothing of it is left.
    #[track_caller]
    pub(crate) fn run(self) -> Seen {
        let outcome = native()
            .run(&self.job)
            .expect("the sandbox should be able to tell");
        let left = with_mark(&self.mark);
        assert!(left.is_empty(), "left behind: {left:?}");
        Seen { outcome }
    }
}

/// What came out.
pub(crate) struct Seen {
    pub(crate) outcome: Outcome,
}

impl Seen {
    #[track_caller]
    pub(crate) fn ended(self, ending: Ending) -> Self {
        assert_eq!(
            self.outcome.ending,
            ending,
            "{}\n{}",
            self.stdout(),
            self.stderr()
        );
        self
    }

    /// It ran to its end and printed this.
    #[track_caller]
    pub(crate) fn printed(self, expected: &str) -> Self {
        let seen = self.ended(Ending::Exited(0));
        assert_eq!(
            seen.stdout().trim_end(),
            expected.trim(),
            "{}",
            seen.stderr()
        );
        seen
    }

    pub(crate) fn within(self, time: Duration) -> Self {
        assert!(self.outcome.wall < time, "it took {:?}", self.outcome.wall);
        self
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.outcome.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.outcome.stderr).into_owned()
    }
}

/// The processes of this machine whose command line or environment bears the mark.
pub(crate) fn with_mark(mark: &str) -> Vec<String> {
    let folders = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let own = std::process::id().to_string();
    let line = |folder: fs::DirEntry| {
        let bytes = fs::read(folder.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
        (line.contains(mark) && folder.file_name() != *own)
            .then(|| format!("{:?} {line}", folder.file_name()))
    };
    folders.filter_map(line).collect()
}

/// The cgroups that the service with this number made for jobs.
pub(crate) fn cgroups(service: u32) -> Vec<PathBuf> {
    let (mut found, mut folders) = (vec![], vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let mut parts = name.split('-');
            if parts.next() == Some("outerloop") && parts.nth(1) == Some(&service.to_string()) {
                found.push(entry.path());
            }
            folders.push(entry.path());
        }
    }
    found
}

/// Waits for something that is bound to happen.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{what}: not after 20 s"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A folder on the host that the job may read, as root would leave it.
pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    folder
}
