//! Native isolation on Linux: namespaces made by bubblewrap, a seccomp filter, resource limits and a watchdog.
//!
//! No daemon, no image, no set-up by root. Each measure and what it is for:
//!
//! | measure | keeps the job from | limit of it |
//! |---|---|---|
//! | mount namespace: `/usr` and the like read-only, the job's mounts, private `/tmp` and `/dev/shm`, the rest absent | reading or changing the host's files | the kernel's own `/proc` files (`cpuinfo`, `meminfo`, `version`) stay readable |
//! | network namespace with nothing but its own loopback | reaching any other machine, the host's ports and abstract sockets | |
//! | PID namespace; its first process, which is bubblewrap, hidden | seeing or signalling other processes; outliving the job, as the kernel kills all members with its first | |
//! | IPC, UTS, cgroup namespaces | shared memory and names of the host | |
//! | an ordinary uid that no account has ([`JOB_UID`]), no capability, `no_new_privs` | whatever asks for a privilege | as an ordinary user, the kernel still knows the job by the service's uid; the namespaces keep them apart |
//! | seccomp filter (`filter`) | calls that widen the kernel's attack surface | a list of what is forbidden, not of what is needed |
//! | a new session, `--die-with-parent` | typing into the service's terminal; outliving the service | |
//! | `RLIMIT_*` (`running`) | core dumps, huge files, endless CPU time should the watchdog be gone | per process or uid, hence loose |
//! | watchdog (`running`, `processes`) | more wall time, memory, processes than agreed | looks every 10 ms; kernel memory (socket buffers, page tables) is not seen |
//! | the same, reading pipes and free space (`running`, `disk`) | more output, more files in its writable mounts than agreed | what it unlinks while open counts only once space is short |
//! | `oom_score_adj` | taking the service along, should the machine run out of memory after all | |
//!
//! Nothing is left behind when the service dies, by SIGKILL too: bubblewrap dies with us, and the namespace with it
//! (`running::release`). Two system calls of bubblewrap's remain between which that would leave one process that
//! waits for ever and has not started the program.
//!
//! What all this does not do: hide that it is a sandbox, stop side channels between jobs, survive a hole in the kernel.

mod arguments;
mod disk;
mod filter;
mod processes;
mod running;

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{Ending, Job, Limits, Outcome, SandboxError};

/// The user and group that a job runs as: no account has it by default (Debian makes accounts up to 59999, and `nobody`
/// is 65534).
pub(crate) const JOB_UID: u32 = 64999;

/// Runs jobs natively, through bubblewrap. Cheap to clone; any number of threads may run jobs at once.
#[derive(Debug, Clone)]
pub struct Native {
    tools: Arc<Tools>,
}

/// What is found once and used by every run.
#[derive(Debug)]
struct Tools {
    bwrap: PathBuf,
    setpriv: PathBuf,
    shell: PathBuf,
    env: PathBuf,
    filters: Vec<Vec<u8>>,
    privilege: Privilege,
}

/// As whom the service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    /// As root: bubblewrap mounts with root's rights, then `setpriv` gives them up for good.
    Root,
    /// As an ordinary user: a user namespace lends the rights that mounting needs.
    Ordinary,
}

impl Native {
    /// Finds bubblewrap and what else it takes, and runs a first job to see that it works.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] says what is missing and what to do about it.
    pub fn detect() -> Result<Self, SandboxError> {
        if !Path::new("/proc/thread-self/children").exists() {
            let reason = "/proc is not mounted, or the kernel lacks CONFIG_PROC_CHILDREN; every large distribution's has it";
            return Err(SandboxError::Unavailable(reason.to_owned()));
        }
        let privilege = if rustix::process::geteuid().is_root() {
            Privilege::Root
        } else {
            Privilege::Ordinary
        };
        let tools = Tools {
            bwrap: find("bwrap", "apt install bubblewrap")?,
            setpriv: find("setpriv", "apt install util-linux")?,
            shell: find("sh", "apt install dash")?,
            env: find("env", "apt install coreutils")?,
            filters: filter::compile()?,
            privilege,
        };
        let native = Self {
            tools: Arc::new(tools),
        };
        match native.run(&probe(&native.tools.env)) {
            Ok(Outcome {
                ending: Ending::Exited(0),
                ..
            }) => Ok(native),
            Ok(Outcome { ending, stderr, .. }) => Err(unavailable(&format!(
                "a first job ended with {ending:?}: {}",
                String::from_utf8_lossy(&stderr)
            ))),
            Err(SandboxError::Unavailable(reason) | SandboxError::Failed(reason)) => {
                Err(unavailable(&reason))
            }
        }
    }

    /// Runs a job to its end, on the caller's thread. When it returns, no process or mount of the job is left.
    ///
    /// The service's death (also by SIGKILL) and the end of the calling thread end the job.
    ///
    /// - The program starts as uid and gid 64999, with file descriptors 0 to 3 and nothing else open; 3 is the
    ///   [report](Outcome::report).
    /// - `/tmp` and `/dev/shm` are private, and hold [`Limits::file_bytes`] each; they count towards memory only as far
    ///   as they are mapped.
    /// - When the service runs as root, a mount for writing is handed to that uid, with all that lies in it, unless its
    ///   top already belongs to it: its files must not be hard links that others rely on. A mount for reading must be
    ///   readable by everyone.
    /// - What the job may write to its mounts, all in all, is sixteen times [`Limits::file_bytes`]. It may leave
    ///   symbolic links there, and names that are no UTF-8.
    /// - The command line, and so the environment, is visible to other users of the machine: no place for secrets.
    /// - bubblewrap reports the death by signal *n* as status 128 + *n*; such a status becomes [`Ending::Signaled`].
    ///   A program that cannot be started gives [`Ending::Exited`] with 126 or 127, as a shell would.
    ///
    /// # Errors
    /// [`SandboxError::Failed`] if the job could not be set up or watched: its mounts, command, environment or folder
    /// are unusable, or this machine is out of something.
    pub fn run(&self, job: &Job) -> Result<Outcome, SandboxError> {
        arguments::check(job, self.tools.privilege)?;
        if self.tools.privilege == Privilege::Root {
            arguments::hand_over(job)?;
        }
        running::run(&self.tools, job)
    }
}

/// The smallest job there is.
fn probe(env: &Path) -> Job {
    Job {
        command: vec![env.into()],
        mounts: vec![],
        cwd: "/tmp".into(),
        env: vec![],
        stdin: vec![],
        limits: Limits {
            wall: Duration::from_secs(20),
            ..Limits::default()
        },
    }
}

/// Where a system program is. It is looked up in the system's folders first: they are what the job sees.
fn find(program: &str, remedy: &str) -> Result<PathBuf, SandboxError> {
    let from_path = env::var_os("PATH").unwrap_or_default();
    ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"]
        .into_iter()
        .map(PathBuf::from)
        .chain(
            env::split_paths(&from_path)
                .filter(|folder| program == "bwrap" && folder.is_absolute()),
        )
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| SandboxError::Unavailable(format!("`{program}` is not installed; {remedy}")))
}

/// Adds to a failed probe what on this machine is known to be in the way.
fn unavailable(reason: &str) -> SandboxError {
    let setting = |path: &str| {
        fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let mut remedies = vec![];
    if !rustix::process::geteuid().is_root() {
        if setting("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
            remedies.push("allow user namespaces: sysctl kernel.unprivileged_userns_clone=1");
        }
        if setting("/proc/sys/user/max_user_namespaces") == "0" {
            remedies.push("allow user namespaces: sysctl user.max_user_namespaces=10000");
        }
        if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
            remedies.push("give bwrap an AppArmor profile with `userns`, or: sysctl kernel.apparmor_restrict_unprivileged_userns=0");
        }
    }
    if Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists() {
        remedies.push(
            "in a container, start it with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
             --security-opt systempaths=unconfined, and as root also --cap-add SYS_ADMIN --cap-add NET_ADMIN",
        );
    }
    let reason = reason.trim();
    SandboxError::Unavailable(match remedies.as_slice() {
        [] => reason.to_owned(),
        _ => format!("{reason} ({})", remedies.join("; ")),
    })
}

/// Says what we were doing when the system refused.
fn failed(doing: &str) -> impl FnOnce(io::Error) -> SandboxError + '_ {
    move |error| SandboxError::Failed(format!("{doing}: {error}"))
}

/// `--flag value` pairs, without an allocation a word at each call.
fn words<const N: usize>(words: [&str; N]) -> [OsString; N] {
    words.map(OsString::from)
}
