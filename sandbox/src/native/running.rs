//! Starts a job, feeds it, collects what it prints, watches what it uses, and ends it with all its processes.
//!
//! One thread, one loop over the pipes. Whatever happens in it, [`Started`] ends the job when it goes out of scope.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{
        Pid, PidfdFlags, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitIdStatus, getrlimit,
        pidfd_open, pidfd_send_signal, prlimit, waitid,
    },
};

use super::{Tools, cgroup::Group, disk::Disk, failed, processes::Processes, starting};
use crate::{Ending, Job, Limits, Outcome, SandboxError};

/// How often the watchdog looks. A core fills some 50 MB in that time, and forks a few hundred processes.
const TICK: Duration = Duration::from_millis(10);
/// How often it looks at the processes themselves where a cgroup limits them: a kernel may have been told not to count
/// its own memory (`cgroup.memory=nokmem`), and whoever manages the machine may take controllers away.
const SECOND_LOOK: Duration = Duration::from_millis(250);
/// The watchdog's share of a core: after a look that took t it waits at least `PAUSE` × t.
const PAUSE: u32 = 5;
/// How long the kernel may take to end killed processes. Exiting with gigabytes of memory takes a second.
const DEATH: Duration = Duration::from_secs(20);
/// How soon to look again how far bubblewrap has come with its set-up.
const SOON: Duration = Duration::from_micros(300);

/// How a job ended, and whether a cgroup counted what it used.
pub(super) fn run(tools: &Tools, job: &Job) -> Result<(Outcome, bool), SandboxError> {
    let begun = Instant::now();
    let (mut started, mut pipes) =
        starting::start(tools, job).map_err(failed("starting bubblewrap"))?;
    let stopped = started.watch(&mut pipes, job, begun)?;
    let status = started.end()?;
    // All writers are dead: what is in the pipes now is the rest.
    let rest = pipes.drain_all()?;
    // What the kernel did to the job comes before how the job took it: to it, being killed for its memory looks like any
    // other SIGKILL.
    let excess = started
        .group
        .as_ref()
        .and_then(|group| group.excess(&job.limits));
    let ending = match stopped.or(excess).or(rest) {
        Some(ending) => ending,
        None => exit_ending(&status, &pipes)?,
    };
    let [stdout, stderr, report] = pipes.outputs.map(|output| output.bytes);
    let outcome = Outcome {
        ending,
        stdout,
        stderr,
        report,
        wall: begun.elapsed(),
    };
    Ok((outcome, started.group.is_some()))
}

/// What bubblewrap's exit status says of the program's.
fn exit_ending(status: &WaitIdStatus, pipes: &Pipes<'_>) -> Result<Ending, SandboxError> {
    let is_started = pipes.gate.is_none();
    match status.exit_status().filter(|_| is_started) {
        Some(code @ 129..=192) => Ok(Ending::Signaled(code - 128)),
        Some(code) => Ok(Ending::Exited(code)),
        // Bubblewrap could not set up what was asked for, and says why; or something outside killed it.
        None => Err(SandboxError::Failed(
            match String::from_utf8_lossy(&pipes.outputs[1].bytes).trim() {
                reason if !is_started && !reason.is_empty() => reason.to_owned(),
                _ => format!(
                    "bubblewrap ended with status {:?}, signal {:?}",
                    status.exit_status(),
                    status.terminating_signal()
                ),
            },
        )),
    }
}

/// Our ends of a job's pipes.
pub(super) struct Pipes<'a> {
    /// With what is still to be given.
    pub(super) stdin: Option<(File, &'a [u8])>,
    /// Standard output, standard error, report.
    pub(super) outputs: [Output; 3],
    /// Until the program has been let go.
    pub(super) gate: Option<File>,
}

impl Pipes<'_> {
    fn drain_all(&mut self) -> Result<Option<Ending>, SandboxError> {
        let mut over = false;
        for output in &mut self.outputs {
            over |= output.drain()?;
        }
        Ok(over.then_some(Ending::OutputLimit))
    }

    /// Gives as much of standard input as the job takes now.
    fn feed(&mut self) {
        let Some((pipe, rest)) = &mut self.stdin else {
            return;
        };
        match pipe.write(rest) {
            Ok(n) => *rest = &rest[n..],
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => *rest = &[], // It closed its end: it wants no more.
        }
        if rest.is_empty() {
            self.stdin = None;
        }
    }
}

/// A pipe that the job writes to, and what came out of it.
pub(super) struct Output {
    pipe: Option<File>,
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    pub(super) fn new(pipe: OwnedFd, limit: usize) -> Self {
        Self {
            pipe: Some(pipe.into()),
            bytes: vec![],
            limit,
        }
    }

    /// Reads what is there, up to the limit; true if there was more.
    fn drain(&mut self) -> Result<bool, SandboxError> {
        let mut chunk = [0; 1 << 16];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(n) => {
                    let room = self.limit - self.bytes.len();
                    self.bytes.extend_from_slice(&chunk[..n.min(room)]);
                    if n > room {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("reading what the job printed")(error)),
            }
        }
        Ok(false)
    }
}

/// A job that has been started, and is ended when this is dropped.
pub(super) struct Started {
    bwrap: Pid,
    bwrap_fd: OwnedFd,
    /// Bubblewrap has been waited for, and its number may be another's.
    is_over: bool,
    first: Option<First>,
    disk: Disk,
    /// Goes last.
    group: Option<Group>,
}

/// The first process of the job's PID namespace: if it dies, the kernel kills all others, and it is gone after them.
struct First {
    pid: Pid,
    fd: OwnedFd,
    processes: Processes,
}

impl Started {
    pub(super) fn new(bwrap: Pid, bwrap_fd: OwnedFd, disk: Disk, group: Option<Group>) -> Self {
        Self {
            bwrap,
            bwrap_fd,
            is_over: false,
            first: None,
            disk,
            group,
        }
    }

    /// Until the program exits or has to be stopped: then, says why.
    fn watch(
        &mut self,
        pipes: &mut Pipes<'_>,
        job: &Job,
        begun: Instant,
    ) -> Result<Option<Ending>, SandboxError> {
        let limits = &job.limits;
        let deadline = begun + limits.wall;
        let mut look_at = begun + TICK;
        let mut second_look_at = begun + SECOND_LOOK;
        loop {
            let until = deadline.min(if pipes.gate.is_some() {
                Instant::now() + SOON
            } else {
                look_at
            });
            let until = until.saturating_duration_since(Instant::now());
            let is_over = self
                .wait(pipes, until)
                .map_err(failed("waiting for the job"))?;
            if let Some(ending) = pipes.drain_all()? {
                return Ok(Some(ending));
            }
            pipes.feed();
            if is_over {
                return Ok(None);
            }
            match &self.first {
                None => self.limit(pipes, limits)?,
                Some(first) => release(first, pipes),
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(Some(Ending::TimedOut));
            }
            if now >= look_at {
                let counted = self.group.as_ref().map(|group| group.excess(limits));
                if let Some(ending) = counted.flatten().or_else(|| self.disk.excess()) {
                    return Ok(Some(ending));
                }
                if counted.is_none() || now >= second_look_at {
                    let first = self.first.as_mut();
                    if let Some(ending) = first.and_then(|f| excess(&mut f.processes, limits)) {
                        return Ok(Some(ending));
                    }
                    second_look_at = now + SECOND_LOOK;
                }
                look_at = Instant::now() + TICK.max(now.elapsed() * PAUSE);
            }
        }
    }

    /// Waits until something can be done; true if bubblewrap is gone.
    fn wait(&self, pipes: &Pipes<'_>, timeout: Duration) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(&self.bwrap_fd, PollFlags::IN)];
        fds.extend(
            pipes
                .outputs
                .iter()
                .filter_map(|output| output.pipe.as_ref())
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        if let Some((pipe, _)) = &pipes.stdin {
            fds.push(PollFd::new(pipe, PollFlags::OUT));
        }
        wait_for(&mut fds, timeout)?;
        Ok(!fds[0].revents().is_empty())
    }

    /// Once bubblewrap has cloned the first process: limits it, and lets it go on to fork the program.
    ///
    /// bubblewrap could tell its number (`--json-status-fd`), but does so after it has tied its life to ours and before
    /// it tells its child to go on: were the service killed between, the child would wait for ever. Asking the kernel
    /// leaves a window of two system calls.
    fn limit(&mut self, pipes: &mut Pipes<'_>, limits: &Limits) -> Result<(), SandboxError> {
        self.find_first()?;
        let Some(First { pid, .. }) = self.first else {
            return Ok(());
        };
        for (resource, value) in resource_limits(limits) {
            let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            let value = Some(value.min(most));
            match prlimit(
                Some(pid),
                resource,
                Rlimit {
                    current: value,
                    maximum: value,
                },
            ) {
                Ok(_) => {}
                Err(Errno::SRCH) => return Ok(()), // Its set-up failed; bubblewrap will say so.
                Err(error) => return Err(failed("setting the job's limits")(error.into())),
            }
        }
        // If the machine runs out of memory, the job is the first to go. Best effort: the watchdog comes before.
        drop(fs::write(
            format!("/proc/{}/oom_score_adj", pid.as_raw_nonzero()),
            "1000",
        ));
        if let Some(gate) = &mut pipes.gate {
            drop(gate.write(b"!")); // A failure means that bubblewrap is gone, which the loop sees.
        }
        Ok(())
    }

    /// Looks for bubblewrap's child, unless it is known.
    fn find_first(&mut self) -> Result<(), SandboxError> {
        let bwrap = self.bwrap.as_raw_nonzero().get();
        let children =
            fs::read_to_string(format!("/proc/{bwrap}/task/{bwrap}/children")).unwrap_or_default();
        let pid = children
            .split_ascii_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok())
            .and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| self.first.is_none()) else {
            return Ok(());
        };
        match pidfd_open(pid, PidfdFlags::empty()) {
            // The number could be another's by now, if the set-up failed.
            Ok(fd) if parent_of(pid) == Some(self.bwrap) => {
                self.first = Some(First {
                    pid,
                    fd,
                    processes: Processes::new(pid),
                });
                Ok(())
            }
            Ok(_) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(failed("watching the job")(error.into())),
        }
    }

    /// Kills what is left and waits until all of it is gone.
    fn end(&mut self) -> Result<WaitIdStatus, SandboxError> {
        self.find_first()?;
        let ending = || failed("ending the job");
        let gone = |fd: &OwnedFd, time| {
            let mut fds = [PollFd::new(fd, PollFlags::IN)];
            wait_for(&mut fds, time)
                .map(|()| !fds[0].revents().is_empty())
                .map_err(ending())
        };
        if let Some(First { fd, .. }) = &self.first {
            let _gone = pidfd_send_signal(fd, Signal::KILL);
            if !gone(fd, DEATH)? {
                return Err(SandboxError::Failed(
                    "the kernel does not end the job's processes".to_owned(),
                ));
            }
        }
        // bubblewrap ends by itself when its child does; with no child known, its death takes the child along.
        if self.first.is_none() || !gone(&self.bwrap_fd, Duration::from_secs(1))? {
            let _gone = pidfd_send_signal(&self.bwrap_fd, Signal::KILL);
        }
        let status = loop {
            match waitid(WaitId::PidFd(self.bwrap_fd.as_fd()), WaitIdOptions::EXITED) {
                Err(Errno::INTR) => {}
                Ok(Some(status)) => break status,
                Ok(None) => return Err(ending()(ErrorKind::NotFound.into())),
                Err(error) => return Err(ending()(error.into())),
            }
        };
        self.is_over = true;
        if let Some(First { fd, .. }) = &self.first {
            // It is ours to reap if bubblewrap did not and we are the machine's first process, as in a container.
            let _not_ours = waitid(
                WaitId::PidFd(fd.as_fd()),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
        }
        Ok(status)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.is_over {
            drop(self.end());
        }
    }
}

/// Lets the program start, once the service's death is sure to end it.
///
/// bubblewrap's parent half dies with us from early on, but its child half dies with that one only from just before it
/// loads the seccomp filter. Were the service killed earlier, the program would run with nobody to end it. So a shell
/// stands before the program and waits for a word, which the service's death turns into an end of file.
fn release(first: &First, pipes: &mut Pipes<'_>) {
    let status = fs::read_to_string(format!("/proc/{}/status", first.pid.as_raw_nonzero()))
        .unwrap_or_default();
    if status.contains("\nSeccomp:\t2")
        && let Some(mut gate) = pipes.gate.take()
    {
        drop(gate.write(b"go\n")); // As above.
    }
}

/// Whether the job uses more than it may.
fn excess(processes: &mut Processes, limits: &Limits) -> Option<Ending> {
    let usage = processes.usage(limits.n_processes)?;
    if usage.n_tasks > limits.n_processes {
        return Some(Ending::ProcessLimit);
    }
    if usage.cpu > limits.cpu {
        return Some(Ending::CpuLimit);
    }
    if usage.resident_bytes <= limits.memory_bytes {
        return None;
    }
    // Workers forked from one parent share most of their pages. Far above the limit there is no time for that question.
    let is_far = usage.resident_bytes / 16 > limits.memory_bytes;
    let bytes = if is_far {
        usage.resident_bytes
    } else {
        let usage = processes.proportional_usage(limits.n_processes)?;
        if usage.n_tasks > limits.n_processes {
            return Some(Ending::ProcessLimit);
        }
        usage.resident_bytes
    };
    (bytes > limits.memory_bytes).then_some(Ending::OutOfMemory)
}

/// Limits that the kernel enforces by itself. All count for one process or one uid, so they are only backstops, should
/// the watchdog be late.
fn resource_limits(limits: &Limits) -> [(Resource, u64); 6] {
    let n_cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    [
        // Not 0, with which the kernel would still start the handler that /proc/sys/kernel/core_pattern may name, as
        // root and outside: 1 is its sign for no core at all (fs/coredump.c). The filter forbids to change it.
        (Resource::Core, 1),
        (Resource::Nofile, 1024),
        (Resource::Fsize, limits.file_bytes),
        // Address space, not memory: Node reserves 10 GiB for each WebAssembly memory, Java a quarter of the machine.
        (
            Resource::As,
            limits.memory_bytes.saturating_mul(4).max(64 << 30),
        ),
        // Counts all jobs at once where the service runs as root, as they share a uid.
        (Resource::Nproc, limits.n_processes.saturating_mul(4)),
        // Counts the threads of a process together, and nothing of its children.
        (
            Resource::Cpu,
            (limits
                .wall
                .as_secs()
                .saturating_add(1)
                .saturating_mul(n_cores))
            .min(limits.cpu.as_secs().saturating_add(2)),
        ),
    ]
}

/// The parent of a process, from `/proc`.
fn parent_of(pid: Pid) -> Option<Pid> {
    let line = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    Pid::from_raw(fields.split_ascii_whitespace().nth(1)?.parse().ok()?)
}

/// `poll`, begun again after a signal.
fn wait_for(fds: &mut [PollFd<'_>], timeout: Duration) -> io::Result<()> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(fds, Some(&left)) {
            Err(Errno::INTR) => {}
            other => return other.map(drop).map_err(io::Error::from),
        }
    }
}
