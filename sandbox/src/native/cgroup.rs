//! One cgroup a job: the kernel itself limits memory and processes, and counts processor time.
//!
//! `place` finds where groups can be made. A few files are all there is to write and read, so no library does it for us.
//!
//! The job is in its group from its birth. Moving a running process would be simpler and costs 10 to 20 ms, as the kernel
//! waits for all processors (`cgroup_threadgroup_rwsem`). Two ways are free of that: on v1 a thread writes itself into
//! `tasks` (Linux 5.19), on v2 a process is born into a group (`CLONE_INTO_CGROUP`, Linux 5.7).

mod place;

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use self::place::Place;
use crate::{Ending, Limits};

/// How the names of our groups begin.
const PREFIX: &str = "outerloop";
/// Processes in a group that are not the job's own: bubblewrap's two halves.
const N_OWN: u64 = 2;
/// `pids.max` takes no more (`PID_MAX_LIMIT` of linux/threads.h).
const MOST_PROCESSES: u64 = 4 << 20;

/// Where the groups of this service's jobs are made.
#[derive(Debug)]
pub(super) struct Cgroups {
    place: Place,
    service: Service,
}

impl Cgroups {
    /// Finds the place, removes what dead services left there, and makes a first group to see that it works.
    ///
    /// The error says why there can be none.
    pub(super) fn detect() -> Result<Self, String> {
        let service = Service::own().ok_or("/proc tells no start time")?;
        let place = place::find()?;
        for folder in place.folders() {
            sweep(folder);
        }
        let cgroups = Self { place, service };
        let name = || cgroups.place.to_string();
        cgroups
            .group(&Limits::default())
            .map_err(|error| format!("no group can be made in {}: {error}", name()))?;
        Ok(cgroups)
    }

    /// Makes a group with these limits, still empty.
    pub(super) fn group(&self, limits: &Limits) -> io::Result<Group> {
        static N: AtomicU64 = AtomicU64::new(0);
        let n = N.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{n}", self.service.name());
        let mut group = Group {
            is_v2: matches!(self.place, Place::V2(_)),
            folders: vec![],
        };
        for folder in self.place.folders() {
            let folder = folder.join(&name);
            fs::create_dir(&folder)?;
            group.folders.push(folder);
        }
        group.limit(limits)?;
        Ok(group)
    }
}

impl std::fmt::Display for Cgroups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.place.fmt(f)
    }
}

/// A job's group; dropping it ends what is in it and removes it.
#[derive(Debug)]
pub(super) struct Group {
    is_v2: bool,
    /// On v1 those of memory, pids and cpuacct, which may be one and the same.
    folders: Vec<PathBuf>,
}

/// How a process gets into a group: see [`super::starting`].
#[derive(Debug)]
pub(super) enum Entry {
    /// v1: it writes `0` into these files while it has but one thread.
    Tasks(Vec<File>),
    /// v2: it is born into the group of this folder.
    Birth(OwnedFd),
}

impl Group {
    fn limit(&self, limits: &Limits) -> io::Result<()> {
        let memory = limits.memory_bytes.to_string();
        let n_processes = match limits.n_processes.saturating_add(N_OWN) {
            n if n < MOST_PROCESSES => n.to_string(),
            _ => "max".to_owned(),
        };
        let write = |file, text: &str| fs::write(self.file(file)?, text);
        if self.is_v2 {
            write("memory.max", &memory)?;
            // Both are absent from some kernels. The job ends as a whole anyhow, with this a little sooner.
            let _no_swap_accounting = write("memory.swap.max", "0");
            let _before_4_19 = write("memory.oom.group", "1");
        } else {
            write("memory.limit_in_bytes", &memory)?;
            // After the other, as it may not be smaller. Absent where swap is not accounted.
            let _no_swap_accounting = write("memory.memsw.limit_in_bytes", &memory);
        }
        write("pids.max", &n_processes)
    }

    pub(super) fn entry(&self) -> io::Result<Entry> {
        Ok(if self.is_v2 {
            let folder = File::options()
                .read(true)
                .custom_flags(libc::O_DIRECTORY)
                .open(&self.folders[0])?;
            Entry::Birth(folder.into())
        } else {
            let open = |folder: &PathBuf| File::options().write(true).open(folder.join("tasks"));
            Entry::Tasks(self.folders.iter().map(open).collect::<io::Result<_>>()?)
        })
    }

    /// Whether the job has used, or was refused, more than it may. True for good: the kernel counts.
    pub(super) fn excess(&self, limits: &Limits) -> Option<Ending> {
        // Not `failcnt` nor `max`: they also count how often room was found after all.
        let oom = if self.is_v2 {
            self.count("memory.events", "oom_kill")
        } else {
            self.count("memory.oom_control", "oom_kill")
        };
        if oom > 0 {
            return Some(Ending::OutOfMemory);
        }
        if self.count("pids.events", "max") > 0 {
            return Some(Ending::ProcessLimit);
        }
        (self.cpu() > limits.cpu).then_some(Ending::CpuLimit)
    }

    /// Processor time of all that was ever in it.
    fn cpu(&self) -> Duration {
        if self.is_v2 {
            return Duration::from_micros(self.count("cpu.stat", "usage_usec"));
        }
        let text = self.read("cpuacct.usage");
        Duration::from_nanos(text.trim().parse().unwrap_or(0))
    }

    /// The number behind `key` in a file of such pairs; 0 where it can't be read.
    fn count(&self, file: &str, key: &str) -> u64 {
        let text = self.read(file);
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    fn read(&self, file: &str) -> String {
        self.file(file)
            .and_then(fs::read_to_string)
            .unwrap_or_default()
    }

    /// The path of a control file: on v1 in the folder of its controller.
    fn file(&self, name: &str) -> io::Result<PathBuf> {
        let at = match name.split_once('.') {
            Some(("pids", _)) => 1,
            Some(("cpuacct", _)) => 2,
            _ => 0,
        };
        let folder = self.folders.get(if self.is_v2 { 0 } else { at });
        Ok(folder.ok_or(ErrorKind::NotFound)?.join(name))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            remove(folder);
        }
    }
}

/// Removes a group, with what is still in it.
fn remove(folder: &Path) {
    // A process that has just ended may still hold its group for a moment.
    for patience in 0..12 {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == ErrorKind::ResourceBusy => {}
            _ => return, // Done, or not ours to remove.
        }
        kill(folder);
        thread::sleep(Duration::from_micros(100 << patience));
    }
}

/// Ends all that is in a group.
fn kill(folder: &Path) {
    // Linux 5.14; on v1 there is no such file.
    if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let members = || fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    for pid in members().lines() {
        let fd = pid
            .parse()
            .ok()
            .and_then(Pid::from_raw)
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // The number could be another's by now: not if it is still listed.
        if let Some(fd) = fd
            && members().lines().any(|other| other == pid)
        {
            let _gone = pidfd_send_signal(fd, Signal::KILL);
        }
    }
}

/// Removes the groups of services that are dead.
fn sweep(place: &Path) {
    let Some(own) = Service::own() else { return };
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let service = name.to_str().and_then(Service::of_group);
        // A number means something only in its PID namespace.
        if service.is_some_and(|service| service.namespace == own.namespace && !service.is_alive())
        {
            remove(&entry.path());
        }
    }
}

/// A service, as it stands in the names of its groups: its number alone could be another's by now.
#[derive(Debug, PartialEq, Eq)]
struct Service {
    /// The inode of its PID namespace.
    namespace: u64,
    pid: u32,
    /// When it started, in ticks since the machine did.
    start: u64,
}

impl Service {
    fn own() -> Option<Self> {
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        let namespace = namespace.to_str()?.strip_prefix("pid:[")?;
        let pid = std::process::id();
        Some(Self {
            namespace: namespace.strip_suffix(']')?.parse().ok()?,
            pid,
            start: start_of(pid)?,
        })
    }

    fn name(&self) -> String {
        format!("{PREFIX}-{}-{}-{}", self.namespace, self.pid, self.start)
    }

    /// Whose group this is.
    fn of_group(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.strip_prefix('-')?.split('-');
        let service = Self {
            namespace: parts.next()?.parse().ok()?,
            pid: parts.next()?.parse().ok()?,
            start: parts.next()?.parse().ok()?,
        };
        let _n: u64 = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(service)
    }

    fn is_alive(&self) -> bool {
        start_of(self.pid) == Some(self.start)
    }
}

/// When a process started; `None` if there is none, or only what its parent has not fetched yet.
fn start_of(pid: u32) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything, in parentheses: state is field 3, starttime 22.
    let mut fields = line.rsplit_once(')')?.1.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a group says whose files hold this.
    #[track_caller]
    fn check(is_v2: bool, files: &[(&str, &str)], expected: Option<Ending>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("it is ours");
        }
        let group = Group {
            is_v2,
            folders: vec![folder.path().to_owned(); if is_v2 { 1 } else { 3 }],
        };
        let limits = Limits {
            cpu: Duration::from_secs(2),
            ..Limits::default()
        };
        assert_eq!(group.excess(&limits), expected, "{files:?}");
    }

    #[test]
    fn its_files_say_what_was_exceeded() {
        let oom = |n| format!("low 0\nhigh 0\nmax 7\noom 1\noom_kill {n}\noom_group_kill 0\n");
        check(true, &[], None);
        check(true, &[("memory.events", &oom(0))], None);
        check(
            true,
            &[("memory.events", &oom(3))],
            Some(Ending::OutOfMemory),
        );
        check(
            true,
            &[("pids.events", "max 1\n")],
            Some(Ending::ProcessLimit),
        );
        check(true, &[("cpu.stat", "usage_usec 2000000\n")], None);
        check(
            true,
            &[("cpu.stat", "usage_usec 2000001\nuser_usec 9\n")],
            Some(Ending::CpuLimit),
        );
        let oom = |n| format!("oom_kill_disable 0\nunder_oom 0\noom_kill {n}\n");
        check(false, &[("memory.oom_control", &oom(0))], None);
        check(
            false,
            &[("memory.oom_control", &oom(1)), ("pids.events", "max 1\n")],
            Some(Ending::OutOfMemory),
        );
        check(
            false,
            &[("cpuacct.usage", "2000000001\n")],
            Some(Ending::CpuLimit),
        );
        check(false, &[("cpuacct.usage", "who knows")], None);
    }

    #[test]
    fn limits_are_written_in_the_kernels_words() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = |file| fs::read_to_string(folder.path().join(file)).expect("it was written");
        let group = |is_v2| Group {
            is_v2,
            folders: vec![folder.path().to_owned(); if is_v2 { 1 } else { 3 }],
        };
        let mut limits = Limits {
            memory_bytes: 12345,
            n_processes: 7,
            ..Limits::default()
        };
        group(true).limit(&limits).expect("all files are there");
        assert_eq!(
            [
                "memory.max",
                "memory.swap.max",
                "memory.oom.group",
                "pids.max"
            ]
            .map(text),
            ["12345", "0", "1", "9"]
        );
        limits.n_processes = u64::MAX;
        group(false).limit(&limits).expect("all files are there");
        assert_eq!(
            [
                "memory.limit_in_bytes",
                "memory.memsw.limit_in_bytes",
                "pids.max"
            ]
            .map(text),
            ["12345", "12345", "max"]
        );
    }

    #[test]
    fn only_groups_of_dead_services_go() {
        let own = Service::own().expect("there is a /proc");
        assert!(own.is_alive());
        assert_eq!(
            Service::of_group(&format!("{}-3", own.name())),
            Service::own()
        );
        for name in [
            "outerloop",
            "outerloop-service",
            "outerloop-1-2-3",
            "outerloop-1-2-3-4-5",
            "other-1-2-3-4",
            "outerloop-1-2-3-x",
        ] {
            assert_eq!(Service::of_group(name), None, "{name}");
        }

        let place = tempfile::tempdir().expect("a temporary folder");
        let make = |namespace, pid, start| {
            let service = Service {
                namespace,
                pid,
                start,
            };
            let folder = place.path().join(format!("{}-0", service.name()));
            fs::create_dir(&folder).expect("it is new");
            folder
        };
        let kept = [
            make(own.namespace, own.pid, own.start),
            make(1, own.pid, own.start + 1),
        ];
        let swept = [
            make(own.namespace, own.pid, own.start + 1),
            make(own.namespace, u32::MAX, own.start),
        ];
        sweep(place.path());
        assert!(kept.iter().all(|folder| folder.exists()));
        assert!(!swept.iter().any(|folder| folder.exists()));
    }
}
