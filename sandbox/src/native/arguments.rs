//! What a job sees: bubblewrap's arguments, and the checks that come before them.

use std::{
    ffi::{CStr, CString, OsStr, OsString},
    fs,
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    },
    path::{Component, Path},
    sync::OnceLock,
};

use rustix::{
    fs::{AtFlags, CWD, Dir, Gid, Mode, OFlags, Uid, chownat, openat},
    io::Errno,
};

use super::{JOB_UID, Privilege, Tools, failed, starting::SECOND_GATE, words};
use crate::{Access, Job, Mount, SandboxError};

/// The system's folders that programs need: libraries, interpreters, tools. Nothing of `/etc` but the linker's cache
/// and Debian's choice among alternatives.
const SYSTEM: [&str; 9] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/alternatives",
];

/// Where no mount may go: a job that could replace these might be run by the program that gives up root's rights.
const RESERVED: [&str; 6] = [
    "/proc",
    "/dev",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
];

/// The files of `/etc` that libraries expect, made up: a name for the job's uid, and one for its loopback.
pub(super) const ETC: [(&str, &str); 3] = [
    ("/etc/passwd", "job:x:64999:64999::/tmp:/bin/sh\n"),
    ("/etc/group", "job:x:64999:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
];

/// Refuses what cannot be run, or not safely.
pub(super) fn check(job: &Job, privilege: Privilege) -> Result<(), SandboxError> {
    let refuse = |what: String| Err(SandboxError::Failed(what));
    let program = job
        .command
        .first()
        .map_or(OsStr::new(""), OsString::as_os_str);
    // `env` would take a program with `=` in its path for a variable.
    if !Path::new(program).is_absolute() || program.as_bytes().contains(&b'=') {
        return refuse(format!(
            "the program must be an absolute path without `=`: {}",
            Path::new(program).display()
        ));
    }
    if let Some((key, _)) = job
        .env
        .iter()
        .find(|(key, _)| key.is_empty() || key.contains('='))
    {
        return refuse(format!("`{key}` cannot name an environment variable"));
    }
    if !job.cwd.is_absolute() {
        return refuse(format!(
            "the working directory must be absolute: {}",
            job.cwd.display()
        ));
    }
    for (at, mount) in job.mounts.iter().enumerate() {
        check_mount(mount, &job.mounts[..at], privilege)?;
    }
    Ok(())
}

fn check_mount(mount: &Mount, earlier: &[Mount], privilege: Privilege) -> Result<(), SandboxError> {
    let Mount {
        source,
        target,
        access,
    } = mount;
    let refuse = |why: &str| {
        Err(SandboxError::Failed(format!(
            "cannot mount at {}: {why}",
            target.display()
        )))
    };
    let plain = target
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !target.is_absolute() || !plain || target == Path::new("/") || target == Path::new("/etc") {
        return refuse("the target must be an absolute path below / and not /etc itself");
    }
    if !source.is_absolute() {
        return refuse("the source must be an absolute path");
    }
    let touches = |place: &&str| target.starts_with(place) || Path::new(place).starts_with(target);
    if RESERVED.iter().any(touches) {
        return refuse("that place is the sandbox's own");
    }
    let is_itself = source == target && *access == Access::Read;
    if SYSTEM.iter().any(touches) && !is_itself {
        return refuse("a system folder can only be mounted as itself, for reading");
    }
    let meta = fs::metadata(source).map_err(failed(&format!("reading {}", source.display())))?;
    if !meta.is_dir() && !meta.is_file() {
        return refuse(
            "only a folder or a plain file can be mounted: a socket or named pipe leads out",
        );
    }
    let needed = if meta.is_dir() { 0o005 } else { 0o004 };
    if privilege == Privilege::Root && *access == Access::Read && meta.mode() & needed != needed {
        return refuse(&format!(
            "{} must be readable by everyone, as the job is not root; chmod -R o+rX it",
            source.display()
        ));
    }
    // bubblewrap creates and resolves mount points with root's rights while the host is still in reach: a symbolic link
    // in a folder that an earlier job wrote could lead it out.
    for outer in earlier {
        let Ok(below) = target.strip_prefix(&outer.target) else {
            continue;
        };
        let mut path = outer.source.clone();
        for part in below {
            path.push(part);
            if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink()) {
                return refuse(&format!(
                    "it leads through the symbolic link {}",
                    path.display()
                ));
            }
        }
    }
    Ok(())
}

/// Gives the folders that the job may write to its uid, unless they already belong to it.
///
/// Children first: an interrupted walk is begun again. By descriptors, and without following symbolic links, so that no
/// other job that writes to the same folder can lead the walk elsewhere.
pub(super) fn hand_over(job: &Job) -> Result<(), SandboxError> {
    fn walk(parent: BorrowedFd<'_>, name: &CStr, owner: (Uid, Gid)) -> rustix::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(parent, name, flags, Mode::empty()) {
            Ok(folder) => {
                for entry in Dir::read_from(&folder)? {
                    let entry = entry?;
                    if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                        walk(folder.as_fd(), entry.file_name(), owner)?;
                    }
                }
            }
            Err(Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(error),
        }
        chownat(
            parent,
            name,
            Some(owner.0),
            Some(owner.1),
            AtFlags::SYMLINK_NOFOLLOW,
        )
    }
    let owner = (Uid::from_raw(JOB_UID), Gid::from_raw(JOB_UID));
    for mount in job
        .mounts
        .iter()
        .filter(|mount| mount.access == Access::Write)
    {
        let doing = format!("handing over {}", mount.source.display());
        let top = fs::canonicalize(&mount.source).map_err(failed(&doing))?;
        if fs::metadata(&top).map_err(failed(&doing))?.uid() != JOB_UID {
            let name =
                CString::new(top.as_os_str().as_bytes()).expect("a path that was found has no NUL");
            walk(CWD, &name, owner).map_err(|error| failed(&doing)(error.into()))?;
        }
    }
    Ok(())
}

/// The numbers, in the new process, of the pipes that bubblewrap reads and writes.
pub(super) struct Wires {
    pub(super) gate: i32,
    pub(super) filters: Vec<i32>,
    pub(super) etc: Vec<i32>,
}

/// bubblewrap's arguments. The order matters: later mounts lie on top of earlier ones.
pub(super) fn arguments(tools: &Tools, job: &Job, wires: &Wires) -> Vec<OsString> {
    let mut args: Vec<OsString> = vec![];
    args.extend(words([
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]));
    args.extend(words([
        "--hostname",
        "sandbox",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]));
    let uid = JOB_UID.to_string();
    match tools.privilege {
        // What `setpriv` needs to give up the rest.
        Privilege::Root => args.extend(words([
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
            "--cap-add",
            "CAP_SETPCAP",
        ])),
        Privilege::Ordinary => args.extend(words(["--unshare-user", "--uid", &uid, "--gid", &uid])),
    }
    args.extend(words(["--block-fd", &wires.gate.to_string()]));
    for filter in &wires.filters {
        args.extend(words(["--add-seccomp-fd", &filter.to_string()]));
    }

    args.extend(folder(Path::new("/etc")));
    args.extend(system().iter().cloned());
    for ((path, _), fd) in ETC.iter().zip(&wires.etc) {
        args.extend(words(["--file", &fd.to_string(), path]));
    }
    let size = job.limits.file_bytes.max(4096).to_string();
    let tmpfs = |at| words(["--perms", "1777", "--size", &size, "--tmpfs", at]);
    args.extend(words(["--proc", "/proc", "--dev", "/dev"]));
    // Bubblewrap itself is process 1. An ordinary user's job has the same uid, and could rewrite it through its `mem`.
    args.extend(words([
        "--perms",
        "0555",
        "--size",
        "4096",
        "--tmpfs",
        "/proc/1",
        "--remount-ro",
        "/proc/1",
    ]));
    args.extend(tmpfs("/dev/shm"));
    args.extend(words(["--remount-ro", "/dev"]));
    args.extend(tmpfs("/tmp"));
    for (
        at,
        Mount {
            source,
            target,
            access,
        },
    ) in job.mounts.iter().enumerate()
    {
        let earlier = &job.mounts[..at];
        let mut ancestors: Vec<_> = target
            .ancestors()
            .skip(1)
            .filter(|path| path.parent().is_some())
            .collect();
        ancestors.retain(|path| !earlier.iter().any(|outer| path.starts_with(&outer.target)));
        for path in ancestors.into_iter().rev() {
            args.extend(folder(path));
        }
        let bind = match access {
            Access::Read => "--ro-bind",
            Access::Write => "--bind",
        };
        args.extend([bind.into(), source.into(), target.into()]);
    }
    // The root itself is a tmpfs without a limit: nothing may be written to it.
    args.extend(words(["--remount-ro", "/", "--chdir"]));
    args.push(job.cwd.clone().into());

    // `env` sets the job's variables last, so that none of them (LD_PRELOAD) acts on a program that still has rights.
    args.push("--".into());
    if tools.privilege == Privilege::Root {
        args.push(tools.setpriv.clone().into());
        args.extend([
            format!("--reuid={uid}").into(),
            format!("--regid={uid}").into(),
        ]);
        args.extend(words([
            "--clear-groups",
            "--inh-caps=-all",
            "--ambient-caps=-all",
            "--bounding-set=-all",
        ]));
        args.extend(words(["--no-new-privs", "--"]));
    }
    let wait = format!("read -r _ <&{SECOND_GATE} || exit; exec {SECOND_GATE}<&-; exec \"$@\"");
    args.push(tools.shell.clone().into());
    args.extend(["-c".into(), wait.into(), "sh".into()]);
    args.push(tools.env.clone().into());
    args.extend(words(["-i", "--"]));
    args.extend(
        job.env
            .iter()
            .map(|(key, value)| format!("{key}={value}").into()),
    );
    args.extend(job.command.iter().cloned());
    args
}

/// Makes a folder that everyone may enter. Those that bubblewrap makes on the way to a mount point, only root may.
fn folder(path: &Path) -> [OsString; 4] {
    ["--perms".into(), "0755".into(), "--dir".into(), path.into()]
}

/// How the system's folders appear inside; merged `/usr` makes most of them symbolic links.
fn system() -> &'static [OsString] {
    static ARGS: OnceLock<Vec<OsString>> = OnceLock::new();
    ARGS.get_or_init(|| {
        let mut args = vec![];
        for place in SYSTEM {
            if let Ok(link) = fs::read_link(place) {
                args.extend(["--symlink".into(), link.into(), place.into()]);
            } else if Path::new(place).exists() {
                args.extend(words(["--ro-bind", place, place]));
            }
        }
        args
    })
}
