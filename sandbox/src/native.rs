//! Native isolation on Linux: namespaces made by bubblewrap, a seccomp filter, resource limits and a watchdog.
//!
//! No daemon, no image, no set-up by root. Each measure and what it is for:
//!
//! | measure | keeps the job from | limit of it |
//! |---|---|---|
//! | mount namespace: `/usr` and the like read-only, the job's mounts, private `/tmp` and `/dev/shm`, the rest absent | reading or changing the host's files | the kernel's own `/proc` files (`cpuinfo`, `meminfo`, `version`) stay readable |
//! | network namespace with nothing but its own loopback | reaching any other machine, the host's ports and abstract sockets | |
//! | PID namespace; its first process, which is bubblewrap, hidden | seeing or signalling other processes; outliving the job, as the kernel kills all members with its first | |
//! | IPC, UTS namespaces, a cgroup namespace where the kernel has it | shared memory and names of the host | |
//! | an ordinary uid that no account has ([`JOB_UID`]), no capability, `no_new_privs` | whatever asks for a privilege | as an ordinary user, the kernel still knows the job by the service's uid; the namespaces keep them apart |
//! | seccomp filter (`filter`) | calls that widen the kernel's attack surface | a list of what is forbidden, not of what is needed |
//! | a new session, `--die-with-parent` | typing into the service's terminal; outliving the service | |
//! | `RLIMIT_*` (`running`) | core dumps, huge files, endless CPU time should the watchdog be gone | per process or uid, hence loose |
//! | a cgroup (`cgroup`): v2 where the service's own has the memory and pids controllers, else v1 | more memory or processes than agreed, at any moment | where the service may make none, the watchdog counts |
//! | watchdog (`running`, `processes`) | more wall and processor time than agreed; memory and processes where there is no cgroup | looks every 10 ms; without a cgroup it does not see kernel memory (socket buffers, page tables) nor the time of processes that nobody waits for |
//! | the same, reading pipes and free space (`running`, `disk`) | more output, more files in its writable mounts than agreed | what it unlinks while open counts only once space is short |
//! | `oom_score_adj` | taking the service along, should the machine run out of memory after all | |
//!
//! Nothing is left behind when the service dies, by SIGKILL too: bubblewrap dies with us, and the namespace with it
//! (`running::release`). Two system calls of bubblewrap's remain between which that would leave one process that
//! waits for ever and has not started the program. An empty cgroup may stay; the next service that is started in the
//! same place removes it, and what is in it.
//!
//! All of it or nothing: [`Native::detect`] refuses a machine that lacks a part, and no setting changes that. Without
//! any one of the namespaces, the filter or the death with the service a job could reach what it must not, and there
//! is no untrusted code for which that would do. Only counting has two ways, and both enforce every limit.
//!
//! What all this does not do: hide that it is a sandbox, stop side channels between jobs, survive a hole in the kernel.

mod arguments;
mod cgroup;
mod disk;
mod doctor;
mod filter;
mod processes;
mod running;
mod starting;

use std::{ffi::OsString, io, path::PathBuf, sync::Arc};

use self::cgroup::Cgroups;
pub use self::doctor::{Check, State, doctor};
use crate::{Job, Outcome, SandboxError};

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
    /// Of use to root only.
    setpriv: PathBuf,
    shell: PathBuf,
    env: PathBuf,
    filters: Vec<Vec<u8>>,
    privilege: Privilege,
    /// Where the service may make none, the watchdog counts.
    cgroups: Option<Cgroups>,
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
    /// Sees that every part is there, by running first jobs: what [`doctor`] does. Removes the cgroups of services that
    /// were killed.
    ///
    /// On cgroup v2 it may move the service from the group in which it was started, if it is alone there, into
    /// `outerloop-service` below: controllers are handed on by groups without processes only. So this is to be called
    /// before the service starts other programs.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] says which parts are missing and what to do about it. There is no way to do without
    /// one: see the table of measures at the top of this module's source.
    pub fn detect() -> Result<Self, SandboxError> {
        let (checks, native) = doctor::examine();
        native.ok_or_else(|| SandboxError::Unavailable(doctor::missing(&checks)))
    }

    /// Runs a job to its end, on the caller's thread. When it returns, no process or mount of the job is left.
    ///
    /// The service's death (also by SIGKILL) and the end of the calling thread end the job.
    ///
    /// - The program starts as uid and gid 64999, with file descriptors 0 to 3 and nothing else open; 3 is the
    ///   [report](Outcome::report).
    /// - `/tmp` and `/dev/shm` are private, and hold [`file_bytes`](crate::Limits::file_bytes) each; they count towards
    ///   memory where a cgroup counts, and else only as far as they are mapped.
    /// - When the service runs as root, a mount for writing is handed to that uid, with all that lies in it, unless its
    ///   top already belongs to it: its files must not be hard links that others rely on. A mount for reading must be
    ///   readable by everyone.
    /// - What the job may write to its mounts, all in all, is sixteen times `file_bytes`. It may leave
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
        running::run(&self.tools, job).map(|(outcome, _)| outcome)
    }
}

/// Says what we were doing when the system refused.
fn failed(doing: &str) -> impl FnOnce(io::Error) -> SandboxError + '_ {
    move |error| SandboxError::Failed(format!("{doing}: {error}"))
}

/// `--flag value` pairs, without an allocation a word at each call.
fn words<const N: usize>(words: [&str; N]) -> [OsString; N] {
    words.map(OsString::from)
}
