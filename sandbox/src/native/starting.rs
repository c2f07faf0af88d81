//! Starts bubblewrap with a job's pipes, in the job's cgroup from its birth.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
        unix::process::CommandExt as _,
    },
    process::{Child, Command},
};

use rustix::{
    fs::{OFlags, fcntl_setfl},
    io::fcntl_dupfd_cloexec,
    pipe::{PipeFlags, pipe_with},
    process::{Pid, PidfdFlags, WaitOptions, kill_process, pidfd_open, waitpid},
};

use super::{
    Tools,
    arguments::{self, Wires},
    cgroup::{Entry, Group},
    disk::Disk,
    running::{Output, Pipes, Started},
};
use crate::Job;

/// The report's file descriptor inside.
const REPORT: RawFd = 3;
/// Read by the shell that comes before the program: see `running::release`.
pub(super) const SECOND_GATE: RawFd = 4;

/// `clone3`'s flag, of linux/sched.h.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// In a cgroup if it can; else the watchdog alone counts.
pub(super) fn start<'a>(tools: &Tools, job: &'a Job) -> io::Result<(Started, Pipes<'a>)> {
    let group = tools
        .cgroups
        .as_ref()
        .and_then(|cgroups| cgroups.group(&job.limits).ok());
    if group.is_some()
        && let Ok(started) = spawn(tools, job, group)
    {
        return Ok(started);
    }
    spawn(tools, job, None)
}

fn spawn<'a>(
    tools: &Tools,
    job: &'a Job,
    group: Option<Group>,
) -> io::Result<(Started, Pipes<'a>)> {
    let ([in_read, in_write], [out_read, out_write]) = (pipe()?, pipe()?);
    let ([err_read, err_write], [report_read, report_write]) = (pipe()?, pipe()?);
    let [gate_read, gate_write] = pipe()?;
    let [tell_read, tell_write] = pipe()?;
    for ours in [&in_write, &out_read, &err_read, &report_read, &tell_read] {
        fcntl_setfl(ours, OFlags::NONBLOCK)?;
    }
    let filters = tools
        .filters
        .iter()
        .map(|program| filled_pipe(program))
        .collect::<io::Result<Vec<_>>>()?;
    let etc = arguments::ETC
        .iter()
        .map(|(_, text)| filled_pipe(text.as_bytes()))
        .collect::<io::Result<Vec<_>>>()?;

    let numbers = |fds: &[OwnedFd]| fds.iter().map(|fd| fd.as_raw_fd()).collect::<Vec<_>>();
    let wires = Wires {
        gate: gate_read.as_raw_fd(),
        filters: numbers(&filters),
        etc: numbers(&etc),
    };
    let mut kept = [wires.filters.as_slice(), &wires.etc].concat();
    kept.push(wires.gate);
    let placed = [
        (report_write.as_raw_fd(), REPORT),
        (gate_read.as_raw_fd(), SECOND_GATE),
    ];

    let mut command = Command::new(&tools.bwrap);
    command
        .args(arguments::arguments(tools, job, &wires))
        .env_clear()
        .current_dir("/");
    command.stdin(in_read).stdout(out_write).stderr(err_write);
    if let Some(group) = &group {
        join(&mut command, group.entry()?, tell_write);
    }
    inherit(&mut command, placed, kept);
    let disk = Disk::new(job);
    let child = command.spawn();
    // Our copies of the job's ends, or the pipes would never end.
    drop((command, report_write, gate_read, filters, etc));
    let bwrap = started(child, tell_read)?;
    let bwrap_fd = match pidfd_open(bwrap, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(error) => {
            let _gone = kill_process(bwrap, rustix::process::Signal::KILL);
            waitpid(Some(bwrap), WaitOptions::empty())?;
            return Err(error.into());
        }
    };
    let limit = job.limits.output_bytes;
    let pipes = Pipes {
        stdin: (!job.stdin.is_empty()).then(|| (in_write.into(), job.stdin.as_slice())),
        outputs: [out_read, err_read, report_read].map(|pipe| Output::new(pipe, limit)),
        gate: Some(gate_write.into()),
    };
    Ok((Started::new(bwrap, bwrap_fd, disk, group), pipes))
}

/// The process that was started: the one that was forked, or the one that it told of in its place (see [`join`]).
fn started(child: io::Result<Child>, tell: OwnedFd) -> io::Result<Pid> {
    let mut number = [0; 4];
    let other = match File::from(tell).read(&mut number) {
        Ok(4) => Pid::from_raw(i32::from_ne_bytes(number)),
        _ => None,
    };
    match (child, other) {
        (Ok(mut child), Some(other)) => {
            child.wait()?;
            Ok(other)
        }
        (Ok(child), None) => Ok(Pid::from_child(&child)),
        (Err(error), other) => {
            if let Some(other) = other {
                waitpid(Some(other), WaitOptions::empty())?;
            }
            Err(error)
        }
    }
}

/// Brings the new process into a group before it does anything else.
#[expect(
    unsafe_code,
    reason = "the standard library starts no process in a cgroup"
)]
fn join(command: &mut Command, entry: Entry, tell: OwnedFd) {
    let enter = move || match &entry {
        Entry::Tasks(files) => {
            for file in files {
                rustix::io::write(file, b"0")?;
            }
            Ok(())
        }
        // The process that the standard library forked begets its sibling in the group, tells its number, and goes.
        Entry::Birth(folder) => {
            // SAFETY: plain data, for which zero means "not asked for".
            let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
            args.flags = CLONE_INTO_CGROUP | libc::CLONE_PARENT as u64;
            args.cgroup = folder.as_raw_fd() as u64;
            let size = size_of::<libc::clone_args>();
            // SAFETY: as `fork` in a process of one thread: a copy of it goes on from here, on a stack of its own.
            match unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size) } {
                -1 => Err(io::Error::last_os_error()),
                0 => Ok(()),
                pid => {
                    let _told = rustix::io::write(&tell, &(pid as i32).to_ne_bytes());
                    // SAFETY: ends this process without running anything of the service's.
                    unsafe { libc::_exit(0) }
                }
            }
        }
    };
    // SAFETY: between fork and exec, `enter` only makes system calls: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(enter) };
}

/// Lets the new process keep `kept` as they are and those of `placed` under the second number, and nothing else of ours
/// but the first three.
#[expect(
    unsafe_code,
    reason = "the standard library can hand on no other descriptors"
)]
fn inherit(command: &mut Command, placed: [(RawFd, RawFd); 2], kept: Vec<RawFd>) {
    let prepare = move || {
        // What the service opened without close-on-exec stays outside too.
        // SAFETY: a flag on the descriptors of this process, which shares them with no other; it closes none.
        unsafe {
            libc::syscall(
                libc::SYS_close_range,
                REPORT,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            )
        };
        for &fd in &kept {
            // SAFETY: the parent keeps these descriptors open until this process has called exec.
            rustix::io::fcntl_setfd(
                unsafe { BorrowedFd::borrow_raw(fd) },
                rustix::io::FdFlags::empty(),
            )?;
        }
        for (from, to) in placed {
            // SAFETY: as above. All others that are needed lie above, so it closes none of them. It may close the pipe
            // on which the standard library would report a failed exec: then the job ends unstarted, and we fail.
            if unsafe { libc::dup2(from, to) } == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec, `prepare` only makes system calls: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(prepare) };
}

/// A pipe (reading end, writing end) that no other process inherits, with numbers that leave room for descriptor 3.
fn pipe() -> io::Result<[OwnedFd; 2]> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    Ok([
        fcntl_dupfd_cloexec(read, 10)?,
        fcntl_dupfd_cloexec(write, 10)?,
    ])
}

/// A pipe that holds `bytes`, which must fit into its buffer (64 KiB).
fn filled_pipe(bytes: &[u8]) -> io::Result<OwnedFd> {
    let [read, write] = pipe()?;
    fcntl_setfl(&write, OFlags::NONBLOCK)?;
    File::from(write).write_all(bytes)?;
    Ok(read)
}
