//! One installation: pip or npm in a sandbox job, with a way to the registries and to nothing else.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, lchown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use fixer::lang::python::Interpreter;
use sandbox::{Access, Ending, Job, Limits, Mount, Native, Outcome};

use super::{
    proxy::{Proxy, Registry, SOCKET},
    upstream::Upstream,
};
use crate::fix::plain;

/// What an installation may take.
const TIME: Duration = Duration::from_secs(300);
const MEMORY_BYTES: u64 = 2 << 30;
/// The largest file; sixteen times as much is the most in all.
const FILE_BYTES: u64 = 512 << 20;
const DOWNLOAD_BYTES: u64 = 2 << 30;
/// Files and folders in what is kept.
const MAX_ENTRIES: usize = 300_000;

/// Where things are inside the job.
pub(super) const WORK: &str = "/work/install";
/// The certificates that the installer is to trust.
pub(super) const AUTHORITIES: &str = "/work/authorities.pem";
const WAY_OUT: &str = "/work/way-out";

const RELAY: &str = include_str!("relay.py");

/// An installation to make.
pub(super) struct Install<'a> {
    pub(super) native: &'a Native,
    pub(super) python: &'a Interpreter,
    /// What is installed, for people.
    pub(super) what: &'a str,
    pub(super) registries: Vec<Registry>,
    /// Beside the interpreter and the folder to work in.
    pub(super) mounts: Vec<Mount>,
    pub(super) env: Vec<(String, String)>,
    pub(super) command: Vec<OsString>,
}

impl Install<'_> {
    /// Runs it with this folder for writing, at [`WORK`] and as its working directory.
    ///
    /// # Errors
    /// Where it did not succeed; the text says why, in the installer's last words.
    pub(super) fn run(self, work: &Path) -> anyhow::Result<()> {
        for folder in ["tmp", "home"] {
            fs::create_dir(work.join(folder))?;
        }
        // The folder above is for us alone, so that nobody else of this machine can use the way out.
        let private = tempfile::Builder::new().prefix("outerloop-").tempdir()?;
        let way_out = private.path().join("way-out");
        fs::create_dir(&way_out)?;
        let upstream = Upstream::of(|name| env::var(name).ok())?;
        let proxy = Proxy::start(&way_out, self.registries, upstream, DOWNLOAD_BYTES)?;
        let prefix = self.python.prefix();
        let mut mounts = vec![
            Mount::read_only(prefix, prefix),
            Mount::read_only(way_out, WAY_OUT),
            Mount {
                source: work.to_owned(),
                target: WORK.into(),
                access: Access::Write,
            },
        ];
        mounts.extend(self.mounts);
        let relay = [
            self.python.executable().as_os_str().to_owned(),
            "-I".into(),
            "-S".into(),
            "-c".into(),
            RELAY.into(),
            format!("{WAY_OUT}/{SOCKET}").into(),
        ];
        let mut env: Vec<(String, String)> = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", format!("{WORK}/home")),
            ("TMPDIR", format!("{WORK}/tmp")),
            ("LANG", "C.UTF-8".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        env.extend(self.env);
        let job = Job {
            command: relay.into_iter().chain(self.command).collect(),
            mounts,
            cwd: WORK.into(),
            env,
            stdin: Vec::new(),
            limits: Limits {
                wall: TIME,
                cpu: TIME,
                memory_bytes: MEMORY_BYTES,
                file_bytes: FILE_BYTES,
                output_bytes: 1 << 20,
                ..Limits::default()
            },
        };
        let outcome = self.native.run(&job).context("the sandbox")?;
        if outcome.ending == Ending::Exited(0) {
            return Ok(());
        }
        let mut why = reason(&outcome);
        for complaint in proxy.complaints() {
            why = format!("{why}; {}", plain(&complaint));
        }
        bail!("could not install {}: {why}", self.what)
    }
}

/// Why an installation failed, as the installer or the sandbox tells it.
fn reason(outcome: &Outcome) -> String {
    match outcome.ending {
        Ending::Exited(_) => {
            let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
            let lines = said.lines().map(str::trim).filter(|l| !l.is_empty());
            // npm says the matter first and in the end where its log would be; pip's last word is its error. Before
            // version 10, npm's errors began with `ERR!`.
            let (of_npm, others): (Vec<&str>, Vec<&str>) =
                lines.partition(|l| l.starts_with("npm error") || l.starts_with("npm ERR!"));
            let last = match of_npm.is_empty() {
                true => others
                    .last()
                    .copied()
                    .unwrap_or("no reason given")
                    .to_owned(),
                false => of_npm[..of_npm.len().min(3)].join(" "),
            };
            plain(&last.chars().take(600).collect::<String>())
        }
        Ending::Signaled(signal) => format!("signal {signal} ended it"),
        Ending::TimedOut => format!("it took more than {} s", TIME.as_secs()),
        Ending::CpuLimit => format!("it took more than {} s of processor time", TIME.as_secs()),
        Ending::OutOfMemory => format!("it needs more than {} MiB", MEMORY_BYTES >> 20),
        Ending::OutputLimit => "it printed too much".to_owned(),
        Ending::ProcessLimit => "it started too many processes".to_owned(),
        Ending::DiskLimit => format!("it wrote more than {} MiB", (FILE_BYTES * 16) >> 20),
    }
}

/// Checks what a job has left and makes it ours: plain files and folders, and links that stay inside.
///
/// A link that leads nowhere is taken away: npm makes one where a package names a program that it does not bring.
///
/// # Errors
/// Where something else is there: then none of it is to be kept.
pub(super) fn settle(folder: &Path) -> anyhow::Result<()> {
    let root = folder.canonicalize()?;
    let ours = rustix::process::geteuid().is_root();
    let mut links = Vec::new();
    let mut folders = vec![root.clone()];
    let mut n_entries = 0;
    while let Some(path) = folders.pop() {
        own(&path, ours, 0o755)?;
        for entry in fs::read_dir(&path)? {
            n_entries += 1;
            ensure!(n_entries <= MAX_ENTRIES, "it has too many files");
            let path = entry?.path();
            let meta = fs::symlink_metadata(&path)?;
            let kind = meta.file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                links.push(path);
            } else {
                ensure!(kind.is_file(), "{} is no plain file", shown(&path, &root));
                let executable = meta.mode() & 0o100 != 0;
                own(&path, ours, if executable { 0o755 } else { 0o644 })?;
            }
        }
    }
    // When every folder can be entered, so that a link is not taken for one that leads nowhere.
    for link in links {
        match link.canonicalize() {
            Ok(target) => ensure!(
                target.starts_with(&root) && fs::read_link(&link)?.is_relative(),
                "{} leads out of it",
                shown(&link, &root)
            ),
            Err(_) => fs::remove_file(&link)?,
        }
    }
    Ok(())
}

fn own(path: &Path, is_root: bool, mode: u32) -> anyhow::Result<()> {
    if is_root {
        lchown(path, Some(0), Some(0))?;
    }
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn shown(path: &Path, root: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(root).unwrap_or(path).into();
    plain(&inside.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        os::unix::fs::symlink,
        thread,
    };

    use super::*;
    use crate::install::{origin::Origin, proxy::Reach};

    #[track_caller]
    fn check(make: impl FnOnce(&Path), expected: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let seen = match settle(folder.path()) {
            Ok(()) => "fine".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        assert!(seen.ends_with(expected), "{seen}");
        folder
    }

    #[test]
    fn only_plain_files_and_inner_links_are_kept() {
        let kept = check(
            |at| {
                fs::create_dir(at.join("bin")).unwrap();
                fs::write(at.join("program"), "").unwrap();
                let mode = fs::Permissions::from_mode(0o6700);
                fs::set_permissions(at.join("program"), mode).unwrap();
                symlink("../program", at.join("bin/program")).unwrap();
                symlink("../nothing", at.join("bin/nothing")).unwrap();
            },
            "fine",
        );
        let mode = fs::metadata(kept.path().join("program")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o755);
        assert!(kept.path().join("bin/program").exists());
        assert!(kept.path().join("bin/nothing").symlink_metadata().is_err());
        check(
            |at| symlink("../../..", at.join("up")).unwrap(),
            "up leads out of it",
        );
        check(
            |at| symlink("/etc", at.join("etc")).unwrap(),
            "etc leads out of it",
        );
        check(
            |at| {
                symlink("/dev/null", at.join("a")).unwrap();
                symlink("a", at.join("b")).unwrap();
            },
            "leads out of it",
        );
        check(
            |at| {
                drop(std::os::unix::net::UnixListener::bind(at.join("socket")).unwrap());
            },
            "socket is no plain file",
        );
    }

    /// Answers every request with "here".
    fn server() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                drop(stream.read(&mut head));
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"));
            }
        });
        port
    }

    /// Runs a Python program as an installation that may reach this port of this machine.
    fn run(port: u16, program: &str) -> (anyhow::Result<()>, String) {
        let native = Native::detect().unwrap();
        let python = Interpreter::detect().unwrap();
        let work = tempfile::tempdir().unwrap();
        let origin = Origin::of(&format!("http://127.0.0.1:{port}/")).unwrap();
        let install = Install {
            native: &native,
            python: &python,
            what: "labels",
            registries: vec![Registry {
                origin,
                reach: Reach::Any,
            }],
            mounts: Vec::new(),
            env: Vec::new(),
            command: vec![
                python.executable().into(),
                "-I".into(),
                "-c".into(),
                program.into(),
            ],
        };
        let result = install.run(work.path());
        let told = fs::read_to_string(work.path().join("told")).unwrap_or_default();
        (result, told)
    }

    #[test]
    fn a_job_reaches_its_registry_and_nothing_else() {
        let (registry, other) = (server(), server());
        let program = format!(
            "
import os, socket, urllib.request

def attempt(act, *arguments):
    try:
        return act(*arguments)
    except Exception as error:
        return getattr(error, 'code', None) or type(error).__name__

def fetch(url):
    return urllib.request.urlopen(url, timeout=20).read().decode()

def connect(*address):
    socket.create_connection(address, 5)
    return 'connected'

told = [
    attempt(fetch, 'http://127.0.0.1:{registry}/'),
    attempt(fetch, 'http://127.0.0.1:{other}/'),
    attempt(fetch, 'http://evil.example/'),
    attempt(fetch, 'https://127.0.0.1:{registry}/') != 'here',
    attempt(connect, '127.0.0.1', {registry}),
    attempt(connect, '127.0.0.1', {other}),
    attempt(connect, '203.0.113.1', 443),
    sorted(name for name in os.environ if 'proxy' not in name.lower()),
    sorted(os.listdir('/work')),
    [path for path in ('/home', '/etc/ssl', '/etc/hostname', '/var') if os.path.exists(path)],
]
open('told', 'w').write(repr(told))
"
        );
        let (result, told) = run(registry, &program);
        result.unwrap();
        assert_eq!(
            told,
            "['here', 403, 403, True, 'ConnectionRefusedError', 'ConnectionRefusedError', 'OSError', \
             ['HOME', 'LANG', 'PATH', 'TMPDIR'], ['install', 'way-out'], []]"
        );
    }

    #[test]
    fn a_failure_is_told_in_the_installers_last_words() {
        let port = server();
        let program = "
import sys, urllib.request
try:
    urllib.request.urlopen('http://evil.example/')
except Exception:
    sys.exit('first\\nERROR: \\x1b[31mno such package')
";
        let (result, _) = run(port, program);
        assert_eq!(
            format!("{:#}", result.unwrap_err()),
            "could not install labels: ERROR: \u{fffd}[31mno such package; http://evil.example is no registry that may be reached"
        );
    }
}
