//! What native isolation takes, and whether this machine has it: found out by really trying.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{PidfdFlags, getpid, pidfd_open};

use super::{JOB_UID, Native, Privilege, Tools, cgroup::Cgroups, filter, running};
use crate::{Ending, Job, Limits, SandboxError};

/// One part of the native isolate, as found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is, in a few words.
    pub part: &'static str,
    /// Whether it is there.
    pub state: State,
    /// What to do about it, where something is known.
    pub remedy: Option<String>,
}

/// Whether a part is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is; the text says which, and may be empty.
    Present(String),
    /// Something else does its work, or it adds little; the text says what and why. Jobs are run.
    Weaker(String),
    /// It is not, and the text says why. No job is run.
    Missing(String),
}

/// Examines each part of the native isolate, by running first jobs: some 50 ms. [`Native::detect`] succeeds exactly if
/// none is missing.
pub fn doctor() -> Vec<Check> {
    examine().0
}

/// What is missing, in one line.
pub(super) fn missing(checks: &[Check]) -> String {
    let lines = checks.iter().filter_map(|check| match &check.state {
        State::Missing(reason) => Some(match &check.remedy {
            Some(remedy) => format!("{}: {reason} ({remedy})", check.part),
            None => format!("{}: {reason}", check.part),
        }),
        State::Present(_) | State::Weaker(_) => None,
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// The namespaces, as `/proc/self/ns` and we call them, and bubblewrap's option.
const NAMESPACES: [(&str, &str, &str); 6] = [
    ("mnt", "mount namespace", ""),
    ("pid", "PID namespace", "--unshare-pid"),
    ("net", "network namespace", "--unshare-net"),
    ("ipc", "IPC namespace", "--unshare-ipc"),
    ("uts", "UTS namespace", "--unshare-uts"),
    ("cgroup", "cgroup namespace", "--unshare-cgroup"),
];
const USER: &str = "user namespace";

/// How long a first job may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// All checks, and the isolate if none of them found something missing.
pub(super) fn examine() -> (Vec<Check>, Option<Native>) {
    let mut checks = Checks(vec![]);
    let tools = tools(&mut checks);
    let Some(mut tools) = tools.filter(|_| !checks.is_any_missing()) else {
        return (checks.0, None);
    };
    let place = Cgroups::detect().map(|cgroups| {
        let place = cgroups.to_string();
        tools.cgroups = Some(cgroups);
        place
    });
    match running::run(&tools, &probe(&tools)) {
        Ok((outcome, is_counted)) if outcome.ending == Ending::Exited(0) => {
            let seen = String::from_utf8_lossy(&outcome.stdout);
            checks.judge(&seen, tools.privilege);
            if !is_counted {
                tools.cgroups = None;
            }
            checks.counted(place.and_then(|place| match is_counted {
                true => Ok(place),
                false => Err(format!(
                    "{place}: no process can be started in a group of it"
                )),
            }));
        }
        Ok((outcome, _)) => {
            let stderr = String::from_utf8_lossy(&outcome.stderr);
            let reason = format!("it ended with {:?}: {}", outcome.ending, stderr.trim());
            checks.blame(&tools, reason);
        }
        Err(SandboxError::Unavailable(reason) | SandboxError::Failed(reason)) => {
            checks.blame(&tools, reason);
        }
    }
    checks.add(
        "end with the service",
        dies_with_us(&tools).map(|()| String::new()),
        None,
    );
    let native = (!checks.is_any_missing()).then(|| Native {
        tools: Arc::new(tools),
    });
    (checks.0, native)
}

/// What stands without running anything.
fn tools(checks: &mut Checks) -> Option<Tools> {
    let privilege = if rustix::process::geteuid().is_root() {
        Privilege::Root
    } else {
        Privilege::Ordinary
    };
    let bwrap = checks.find("bubblewrap", "bwrap", "apt install bubblewrap");
    let setpriv = match privilege {
        Privilege::Root => checks.find("setpriv", "setpriv", "apt install util-linux"),
        Privilege::Ordinary => Some(PathBuf::new()),
    };
    let shell = checks.find("shell", "sh", "apt install dash");
    let env = checks.find("env", "env", "apt install coreutils");
    let children = Path::new("/proc/thread-self/children").exists();
    let children = children.then(String::new).ok_or(
        "/proc is not mounted, or the kernel lacks CONFIG_PROC_CHILDREN; every large distribution's has it".to_owned(),
    );
    checks.add("/proc with children", children, None);
    let pidfd = pidfd_open(getpid(), PidfdFlags::empty());
    let pidfd = pidfd.map(|_| String::new());
    checks.add(
        "pidfd",
        pidfd.map_err(|error| error.to_string()),
        Some("Linux 5.11 or newer".to_owned()),
    );
    let filters = filter::compile()
        .map_err(|error| checks.add("seccomp filter", Err(error.to_string()), None))
        .ok();
    Some(Tools {
        bwrap: bwrap?,
        setpriv: setpriv?,
        shell: shell?,
        env: env?,
        filters: filters?,
        privilege,
        cgroups: None,
    })
}

/// A job that tells what it sees of itself.
fn probe(tools: &Tools) -> Job {
    let links = NAMESPACES.map(|(file, ..)| format!("/proc/self/ns/{file}"));
    let script = format!(
        "readlink {}; cat /proc/self/status; ls /proc/1",
        links.join(" ")
    );
    Job {
        command: vec![(&tools.shell).into(), "-c".into(), script.into()],
        mounts: vec![],
        cwd: "/tmp".into(),
        env: vec![],
        stdin: vec![],
        limits: Limits {
            wall: PATIENCE,
            ..Limits::default()
        },
    }
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, part: &'static str, found: Result<String, String>, remedy: Option<String>) {
        let (state, remedy) = match found {
            Ok(text) => (State::Present(text), None),
            Err(reason) => (State::Missing(reason), remedy),
        };
        self.0.push(Check {
            part,
            state,
            remedy,
        });
    }

    fn is_any_missing(&self) -> bool {
        let is_missing = |check: &Check| matches!(check.state, State::Missing(_));
        self.0.iter().any(is_missing)
    }

    /// Where a system program is. It is looked up in the system's folders first: they are what the job sees.
    fn find(&mut self, part: &'static str, program: &str, remedy: &str) -> Option<PathBuf> {
        let from_path = env::var_os("PATH").unwrap_or_default();
        let found = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"]
            .into_iter()
            .map(PathBuf::from)
            .chain(
                env::split_paths(&from_path)
                    .filter(|folder| program == "bwrap" && folder.is_absolute()),
            )
            .map(|folder| folder.join(program))
            .find(|path| path.is_file());
        let text = found.as_ref().map(|path| path.display().to_string());
        let text = text.ok_or_else(|| format!("`{program}` is not installed"));
        self.add(part, text, Some(remedy.to_owned()));
        found
    }

    /// Judges by what the first job printed.
    fn judge(&mut self, seen: &str, privilege: Privilege) {
        let mut lines = seen.lines();
        for (file, part, _) in NAMESPACES {
            let inside = lines.next().unwrap_or_default();
            let ours = fs::read_link(format!("/proc/self/ns/{file}")).unwrap_or_default();
            let is_other = !inside.is_empty() && Path::new(inside) != ours;
            if file == "cgroup" && !is_other {
                self.0.push(Check {
                    part,
                    state: State::Weaker("a job can read the names of its cgroups".to_owned()),
                    remedy: Some("a kernel with CONFIG_CGROUPS, Linux 4.6 or newer".to_owned()),
                });
                continue;
            }
            let is_other = is_other.then(String::new);
            self.add(
                part,
                is_other.ok_or("the job is in the service's".to_owned()),
                None,
            );
        }
        if privilege == Privilege::Ordinary {
            // Without one, none of the others could have been made.
            self.add(USER, Ok(String::new()), None);
        }
        let status: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key, value.split_ascii_whitespace().collect::<Vec<_>>()))
            .collect();
        let all = |keys: &[&str], is_so: &dyn Fn(&str) -> bool| {
            keys.iter().all(|wanted| {
                status.iter().any(|(key, values)| {
                    key == wanted && !values.is_empty() && values.iter().all(|value| is_so(value))
                })
            })
        };
        let uid = JOB_UID.to_string();
        let is_nobody = all(&["Uid", "Gid"], &|value| value == uid)
            && all(
                &["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"],
                &|value| value.bytes().all(|byte| byte == b'0'),
            )
            && all(&["NoNewPrivs"], &|value| value == "1");
        self.add(
            "no privileges",
            is_nobody
                .then(String::new)
                .ok_or("the job kept some".to_owned()),
            None,
        );
        let is_filtered = all(&["Seccomp"], &|value| value == "2");
        self.add(
            "seccomp filter",
            is_filtered
                .then(String::new)
                .ok_or("it was not loaded".to_owned()),
            Some("a kernel with CONFIG_SECCOMP_FILTER".to_owned()),
        );
    }

    /// Finds out which part is to blame for a first job that did not run.
    fn blame(&mut self, tools: &Tools, reason: String) {
        let is_ordinary = tools.privilege == Privilege::Ordinary;
        let mut attempt = |part, options: &[&str]| {
            let mut command = Command::new(&tools.bwrap);
            if is_ordinary {
                command.arg("--unshare-user");
            }
            command.args(options).args(["--ro-bind", "/", "/"]);
            if part == PROC {
                command.args(["--proc", "/proc"]);
            }
            let output = command.arg("--").arg(&tools.env).env_clear().output();
            let found = match output {
                Ok(output) if output.status.success() => return true,
                Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                Err(error) => error.to_string(),
            };
            self.add(part, Err(found), remedy());
            false
        };
        const PROC: &str = "/proc of its own";
        let first = if is_ordinary { USER } else { NAMESPACES[0].1 };
        // With that one missing, the others would only say the same.
        let mut is_found = !attempt(first, &[]);
        if !is_found {
            for (_, part, option) in &NAMESPACES[1..5] {
                is_found |= !attempt(part, &[option]);
            }
            is_found |= !attempt(PROC, &["--unshare-pid"]);
        }
        if !is_found {
            self.add("a first job", Err(reason), remedy());
        }
    }

    /// Says who counts what a job uses: a cgroup in this place, or why not.
    fn counted(&mut self, place: Result<String, String>) {
        let part = "counting of memory, processes and processor time";
        let why_not = match place {
            Ok(place) => return self.add(part, Ok(place), None),
            Err(why_not) => why_not,
        };
        self.0.push(Check {
            part,
            state: State::Weaker(format!(
                "by a watchdog, which sees an excess up to 10 ms later and no kernel memory; {why_not}"
            )),
            remedy: Some(
                "run the service in a cgroup of its own, handed over to it: `Delegate=yes` in its systemd unit, or \
                 systemd-run --user --scope -p Delegate=yes"
                    .to_owned(),
            ),
        });
    }
}

/// What on this machine is known to be in the way of namespaces.
fn remedy() -> Option<String> {
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
    (!remedies.is_empty()).then(|| remedies.join("; "))
}

/// Whether bubblewrap's child ends when the thread that started it does.
fn dies_with_us(tools: &Tools) -> Result<(), String> {
    let start = || -> std::io::Result<Child> {
        let mut command = Command::new(&tools.bwrap);
        command.args(["--die-with-parent", "--ro-bind", "/", "/"]);
        if tools.privilege == Privilege::Ordinary {
            command.arg("--unshare-user");
        }
        command.arg("--").arg(&tools.env).arg("cat").env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn()?;
        // Once it answers, all is set up.
        let (stdin, stdout) = (child.stdin.as_mut(), child.stdout.as_mut());
        if let (Some(stdin), Some(stdout)) = (stdin, stdout) {
            stdin.write_all(b"x")?;
            let _end_of_file = stdout.read(&mut [0])?;
        }
        Ok(child)
    };
    // Its life hangs on the thread.
    let child = thread::scope(|scope| scope.spawn(start).join());
    let mut child = child
        .map_err(|_| "the thread panicked".to_owned())?
        .map_err(|error| format!("starting bubblewrap: {error}"))?;
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        if let Ok(Some(status)) = child.try_wait() {
            use std::os::unix::process::ExitStatusExt as _;
            return match status.signal() {
                Some(libc::SIGKILL) => Ok(()),
                _ => Err(format!("bubblewrap ended with {status}")),
            };
        }
        thread::sleep(Duration::from_micros(200));
    }
    drop(child.kill());
    drop(child.wait());
    Err("a job outlives the thread that started it".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A machine whose bubblewrap is this shell script.
    fn machine(script: &str) -> (tempfile::TempDir, Tools) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bwrap = folder.path().join("bwrap");
        fs::write(&bwrap, format!("#!/bin/sh\n{script}\n")).expect("the folder is ours");
        fs::set_permissions(&bwrap, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let tools = Tools {
            bwrap,
            setpriv: "/usr/bin/setpriv".into(),
            shell: "/bin/sh".into(),
            env: "/usr/bin/env".into(),
            filters: vec![],
            privilege: Privilege::Ordinary,
            cgroups: None,
        };
        (folder, tools)
    }

    /// What is blamed on a machine where bubblewrap fails if it is given this option.
    #[track_caller]
    fn check(option: &str, expected: &str) {
        let script = format!("case \" $* \" in *\" {option} \"*) echo no way >&2; exit 1;; esac");
        let (_folder, tools) = machine(&script);
        let mut checks = Checks(vec![]);
        checks.blame(&tools, "it ended badly".to_owned());
        for check in &mut checks.0 {
            check.remedy = None; // This machine's.
        }
        assert_eq!(missing(&checks.0), expected, "{option}");
    }

    #[test]
    fn the_part_to_blame_is_named() {
        check("--unshare-user", "user namespace: no way");
        check("--unshare-net", "network namespace: no way");
        check("--unshare-ipc", "IPC namespace: no way");
        check("--proc", "/proc of its own: no way");
        check(
            "--unshare-pid",
            "PID namespace: no way; /proc of its own: no way",
        );
        check("--another", "a first job: it ended badly");
    }

    #[test]
    fn a_first_job_is_judged_by_what_it_sees() {
        let judge = |seen: &str| {
            let mut checks = Checks(vec![]);
            checks.judge(seen, Privilege::Root);
            missing(&checks.0)
        };
        let links = "mnt:[1]\npid:[1]\nnet:[1]\nipc:[1]\nuts:[1]\ncgroup:[1]\n";
        let uid = format!("{JOB_UID}\t{JOB_UID}");
        let status = format!(
            "Uid:\t{uid}\nGid:\t{uid}\nNoNewPrivs:\t1\nSeccomp:\t2\n\
             CapInh:\t00\nCapPrm:\t00\nCapEff:\t00\nCapBnd:\t00\nCapAmb:\t00\n"
        );
        assert_eq!(judge(&format!("{links}{status}")), "");
        let ours = fs::read_link("/proc/self/ns/net").expect("there is a /proc");
        let shared = links.replace("net:[1]", &ours.to_string_lossy());
        assert_eq!(
            judge(&format!("{shared}{status}")),
            "network namespace: the job is in the service's"
        );
        let kept = status.replace("CapBnd:\t00", "CapBnd:\t40");
        assert_eq!(
            judge(&format!("{links}{kept}")),
            "no privileges: the job kept some"
        );
        let unfiltered = status.replace("Seccomp:\t2", "Seccomp:\t0");
        assert_eq!(
            judge(&format!("{links}{unfiltered}")),
            "seccomp filter: it was not loaded (a kernel with CONFIG_SECCOMP_FILTER)"
        );
        // It printed nothing: all is missing.
        assert_eq!(judge("").matches("the job").count(), 6);
    }

    #[test]
    fn a_job_that_outlives_the_service_is_found_out() {
        let (_folder, tools) = machine("exec cat");
        assert_eq!(
            dies_with_us(&tools),
            Err("a job outlives the thread that started it".to_owned())
        );
    }
}
