//! What a job's processes use, read from the job's own `/proc`.
//!
//! That `/proc` lists the members of the PID namespace and no others, whoever their parent is. Following parents to
//! children from outside would miss those that a fork bomb orphans while we look.

use std::{fs, io::Read as _, ops::ControlFlow, os::fd::OwnedFd, time::Duration};

use rustix::{
    fs::{CWD, Dir, Mode, OFlags, fstat, openat, stat, statfs},
    process::Pid,
};

/// How the sizes of a job's processes are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processes and threads, without the namespace's first.
    pub(super) n_tasks: u64,
    /// Resident memory and what the files of the private filesystems cost beside their content, in bytes.
    pub(super) resident_bytes: u64,
    /// Processor time of all that have ended and were waited for, and of all that are there. Never falls.
    pub(super) cpu: Duration,
}

/// `TMPFS_MAGIC` of linux/magic.h.
const TMPFS: rustix::fs::FsWord = 0x0102_1994;
/// What the kernel holds for each file of a tmpfs, in bytes: an inode and a directory entry, rounded up.
const FILE_BYTES: u64 = 1 << 10;

/// The processes of one job.
pub(super) struct Processes {
    first: Pid,
    folder: Option<OwnedFd>,
    /// The most that was seen: what nobody waited for goes with its processes.
    cpu: Duration,
}

impl Processes {
    /// Those in the namespace of `first`, its first process.
    pub(super) fn new(first: Pid) -> Self {
        Self {
            first,
            folder: None,
            cpu: Duration::ZERO,
        }
    }

    /// What they use now, pages that they share counted once for each; `None` while the namespace is being set up or
    /// torn down. Beyond `max_tasks` nobody counts on: a fork bomb makes them faster than they can be listed.
    pub(super) fn usage(&mut self, max_tasks: u64) -> Option<Usage> {
        self.sum(max_tasks, |_, resident_bytes| resident_bytes)
    }

    /// The same with each shared page counted once. Exact, but dear: the kernel walks every page table.
    pub(super) fn proportional_usage(&mut self, max_tasks: u64) -> Option<Usage> {
        self.sum(max_tasks, |read, resident_bytes| {
            let proportional = || {
                let text = read("smaps_rollup")?;
                let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
                Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
            };
            // A process may forbid that look into it, but not thereby hide.
            proportional().unwrap_or(resident_bytes)
        })
    }

    /// Adds up all processes; `memory` is given what /proc/<pid>/stat says, in bytes, and may know better.
    fn sum(
        &mut self,
        max_tasks: u64,
        memory: impl Fn(&dyn Fn(&str) -> Option<String>, u64) -> u64,
    ) -> Option<Usage> {
        let mut usage = Usage {
            n_tasks: 0,
            resident_bytes: self.files().saturating_mul(FILE_BYTES),
            cpu: Duration::ZERO,
        };
        // To the first come those that are orphaned, and their time when they have ended.
        let stat = || fs::read_to_string(format!("/proc/{}/stat", self.first.as_raw_nonzero()));
        let mut n_ticks = stat()
            .ok()
            .and_then(|line| task(&line))
            .map_or(0, |task| task.n_ticks);
        self.each(|read| {
            if let Some(task) = read("stat").and_then(|line| task(&line)) {
                usage.n_tasks += task.n_threads;
                n_ticks = n_ticks.saturating_add(task.n_ticks);
                usage.resident_bytes = usage
                    .resident_bytes
                    .saturating_add(memory(read, task.resident_bytes));
            }
            if usage.n_tasks > max_tasks {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let ticks_a_second = rustix::param::clock_ticks_per_second().max(1);
        self.cpu = self.cpu.max(Duration::from_millis(
            n_ticks.saturating_mul(1000) / ticks_a_second,
        ));
        usage.cpu = self.cpu;
        Some(usage)
    }

    /// How many files the private filesystems hold, whose number nothing else limits.
    fn files(&self) -> u64 {
        let count = |folder| {
            let path = format!("/proc/{}/root/{folder}", self.first.as_raw_nonzero());
            let filesystem = statfs(path)
                .ok()
                .filter(|filesystem| filesystem.f_type == TMPFS)?;
            Some(filesystem.f_files.saturating_sub(filesystem.f_ffree))
        };
        count("tmp").unwrap_or(0) + count("dev/shm").unwrap_or(0)
    }

    /// Calls `look` for every process with a way to read its files, until it has seen enough.
    fn each(
        &mut self,
        mut look: impl FnMut(&dyn Fn(&str) -> Option<String>) -> ControlFlow<()>,
    ) -> Option<()> {
        if self.folder.is_none() {
            self.folder = open(self.first);
        }
        let folder = self.folder.as_ref()?;
        for entry in Dir::read_from(folder).ok()? {
            let Ok(entry) = entry else { break };
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "1" || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let read = |file: &str| {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let file = openat(folder, format!("{name}/{file}"), flags, Mode::empty()).ok()?;
                let mut text = vec![];
                fs::File::from(file).read_to_end(&mut text).ok()?;
                Some(String::from_utf8_lossy(&text).into_owned())
            };
            if look(&read).is_break() {
                break;
            }
        }
        Some(())
    }
}

/// What `/proc/<pid>/stat` says of one process.
struct Task {
    n_threads: u64,
    resident_bytes: u64,
    /// Processor time of its own and of the children that it waited for.
    n_ticks: u64,
}

fn task(line: &str) -> Option<Task> {
    // After the name, which may hold anything, in parentheses: state is field 3, then utime 14, stime, cutime, cstime,
    // num_threads 20, rss 24.
    let (_, fields) = line.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut n_ticks = 0u64;
    for _ in 0..4 {
        n_ticks = n_ticks.saturating_add(fields.next()?.parse().ok()?);
    }
    let n_threads = fields.nth(2)?.parse().ok()?;
    let pages: u64 = fields.nth(3)?.parse().ok()?;
    Some(Task {
        n_threads,
        resident_bytes: pages.saturating_mul(rustix::param::page_size() as u64),
        n_ticks,
    })
}

/// The `/proc` that the namespace's first process sees, once it is not ours any more.
fn open(first: Pid) -> Option<OwnedFd> {
    let path = format!("/proc/{}/root/proc", first.as_raw_nonzero());
    let folder = openat(
        CWD,
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .ok()?;
    let is_other = fstat(&folder).ok()?.st_dev != stat("/proc").ok()?.st_dev;
    let is_proc = rustix::fs::fstatfs(&folder).ok()?.f_type == rustix::fs::PROC_SUPER_MAGIC;
    (is_other && is_proc).then_some(folder)
}
