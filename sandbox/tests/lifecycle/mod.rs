//! How jobs begin and end, and what is left of them and of the service.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sandbox::{Access, Ending, Native, State};

use crate::lab::{self, attack, cgroups, eventually, folder, is_root, native, with_mark};

/// Tells the test below what to be.
const HELPER: &str = "SANDBOX_TEST_HELPER";

#[test]
fn an_exit_status_is_not_a_report() {
    let seen = attack("os._exit(0)").run().ended(Ending::Exited(0));
    assert!(seen.outcome.report.is_empty());
    let seen = attack("os.write(3, b'passed')")
        .run()
        .ended(Ending::Exited(0));
    assert_eq!(seen.outcome.report, b"passed");
    attack("sys.exit(7)").run().ended(Ending::Exited(7));
    attack("os.abort()")
        .run()
        .ended(Ending::Signaled(libc::SIGABRT));
    attack("os.kill(os.getpid(), 9)")
        .run()
        .ended(Ending::Signaled(libc::SIGKILL));
    // Without the report's pipe, and without any.
    attack("os.close(3)").run().ended(Ending::Exited(0));
    attack("os.closerange(0, 9)\nwhile True: pass")
        .limits(|limits| limits.wall = Duration::from_millis(500))
        .run()
        .ended(Ending::TimedOut);
}

#[test]
fn daemons_do_not_outlive_the_job() {
    let daemon = "
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(99)', sys.argv[1]])
    os._exit(0)
os.wait()
time.sleep(.2)
";
    attack(daemon)
        .run()
        .ended(Ending::Exited(0))
        .within(Duration::from_secs(20));
    attack(&format!("{daemon}\ntime.sleep(99)"))
        .limits(|limits| limits.wall = Duration::from_secs(1))
        .run()
        .ended(Ending::TimedOut);
}

#[test]
fn many_jobs_at_once() {
    thread::scope(|scope| {
        for n in 0..24 {
            scope.spawn(move || {
                for _ in 0..2 {
                    attack("print(sys.stdin.read())")
                        .stdin(n.to_string())
                        .run()
                        .printed(&n.to_string());
                }
            });
        }
    });
}

#[test]
fn the_services_death_ends_the_job() {
    native(); // It may have to be alone in its cgroup at first.
    let program = env::current_exe().expect("we are running");
    let mut services = vec![];
    for n in 0..25 {
        let mark = format!("helper-{}-{n}-", std::process::id());
        let mut helper = Command::new(&program)
            .args(["--exact", "lifecycle::helper", "--nocapture"])
            .env(HELPER, &mark)
            .stdout(Stdio::null())
            .spawn()
            .expect("it is this program");
        // At every stage: while the job is set up, and while it runs. With each round a little later.
        eventually("the helper starts a job", || !with_mark(&mark).is_empty());
        thread::sleep(Duration::from_micros(500) * n * n / 4);
        helper.kill().expect("it is ours");
        helper.wait().expect("it is ours");
        services.push(helper.id());
        eventually("the job is gone", || with_mark(&mark).is_empty());
    }
    // What only the next service can remove.
    Native::detect().expect("it was there before");
    let left: Vec<_> = services.into_iter().flat_map(cgroups).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn nothing_is_left_of_jobs() {
    native(); // As above.
    let work = folder();
    let program = env::current_exe().expect("we are running");
    let mut helper = Command::new(&program)
        .args(["--exact", "lifecycle::helper_with_many_jobs"])
        .env(HELPER, work.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("it is this program");
    assert!(helper.wait().expect("it is ours").success());
    let left = cgroups(helper.id());
    assert!(left.is_empty(), "left behind: {left:?}");
    let name = work.path().file_name().expect("it has one");
    let name = name.to_str().expect("plain");
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("there is a /proc");
    assert!(!mounts.contains(name), "{mounts}");
    // Its scratch was not the host's.
    let scratch = format!("{name}-scratch");
    for folder in ["/tmp", "/dev/shm", "/"] {
        assert!(!Path::new(folder).join(&scratch).exists(), "{folder}");
    }
    let left = fs::read_dir(work.path()).expect("it is ours").count();
    assert_eq!(
        left, 1,
        "what the jobs wrote to their mount, and nothing else"
    );
}

/// Not a test by itself: a service with jobs of every ending.
#[test]
fn helper_with_many_jobs() {
    let Some(work) = env::var_os(HELPER).filter(|value| Path::new(value).is_absolute()) else {
        return;
    };
    let work = Path::new(&work);
    let name = work.file_name().expect("it has one").to_string_lossy();
    for (program, ending) in [
        ("pass", Ending::Exited(0)),
        ("os._exit(3)", Ending::Exited(3)),
        ("os.kill(os.getpid(), 11)", Ending::Signaled(11)),
        ("while True: pass", Ending::TimedOut),
        ("x = b'x' * (8 << 30)", Ending::OutOfMemory),
        ("while True: attempt(os.fork)", Ending::ProcessLimit),
        (
            "while True: os.write(1, bytes(1 << 16))",
            Ending::OutputLimit,
        ),
    ] {
        let program = format!(
            "for folder in '/work', '/dev/shm', '/tmp': open(folder + '/{name}-scratch', 'w').close()\n{program}"
        );
        attack(&program)
            .mount(work, "/work", Access::Write)
            .limits(|limits| {
                limits.n_processes = 50;
                limits.memory_bytes = 200 << 20;
                limits.output_bytes = 1 << 20;
                if ending == Ending::TimedOut {
                    limits.wall = Duration::from_secs(1);
                }
            })
            .run()
            .ended(ending);
    }
}

#[test]
fn the_machine_is_examined_part_by_part() {
    let checks = sandbox::doctor();
    let parts: Vec<_> = checks.iter().map(|check| check.part).collect();
    for part in [
        "bubblewrap",
        "PID namespace",
        "network namespace",
        "seccomp filter",
        "end with the service",
        if is_root() {
            "setpriv"
        } else {
            "user namespace"
        },
    ] {
        assert!(parts.contains(&part), "{part}: {parts:?}");
    }
    for check in &checks {
        // Which of the two counts, with `--nocapture`.
        println!("{}: {:?}", check.part, check.state);
        assert!(!matches!(check.state, State::Missing(_)), "{check:?}");
    }
}

/// Not a test by itself: a service with a job that would last.
#[test]
fn helper() {
    let Some(mark) = env::var(HELPER)
        .ok()
        .filter(|value| !value.starts_with('/'))
    else {
        return;
    };
    let mut attack = attack(
        "
import signal, time
for n in range(5): os.fork()
os.setsid() if os.getpid() > 2 else None
for n in range(1, 32):
    if n not in (9, 19): signal.signal(n, signal.SIG_IGN)
time.sleep(999)
",
    );
    attack.job.command.push(mark.into());
    attack.job.limits.wall = Duration::from_secs(999);
    panic!("it ended: {:?}", native().run(&attack.job));
}

/// A v2 group handed over to an ordinary user, as `Delegate=yes` does. Where v1 has the controllers there is none: root
/// has just tested that, and the watchdog is left to test.
fn delegated() -> Option<PathBuf> {
    let group = PathBuf::from(format!(
        "/sys/fs/cgroup/sandbox-test-{}",
        std::process::id()
    ));
    fs::create_dir(&group).ok()?;
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    if !(controllers.contains("memory") && controllers.contains("pids")) {
        fs::remove_dir(&group).expect("it is ours");
        return None;
    }
    for file in ["", "cgroup.procs", "cgroup.subtree_control"] {
        std::os::unix::fs::chown(group.join(file), Some(65534), None).expect("we are root");
    }
    Some(group)
}

/// Everything once more, where the service is not root. Where it is none to begin with, everything was just that.
#[test]
fn all_of_it_as_an_ordinary_user() {
    if !is_root() {
        return;
    }
    let place = folder();
    let program = place.path().join("tests");
    // By another process: one that a test forks meanwhile would inherit our file open for writing, and nobody could
    // run it ("text file busy").
    let copied = Command::new("cp")
        .arg(env::current_exe().expect("we are running"))
        .arg(&program)
        .status();
    assert!(copied.expect("coreutils are installed").success());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let python = place.path().join("python");
    fs::create_dir(&python).expect("it is new");
    let (source, target) = lab::python();
    // Root's Python may lie where no one else can go: show it elsewhere, in a mount namespace that goes with the program.
    let group = delegated();
    let script = r#"[ -z "$4" ] || echo $$ > "$4/cgroup.procs"; mount --bind "$1" "$2" && cd /tmp && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$3" --test-threads=2"#;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .args([source, &python, &program])
        .arg(group.as_deref().unwrap_or(Path::new("")))
        .env(
            lab::PYTHON,
            format!("{}:{}", python.display(), target.display()),
        )
        .env_remove("TMPDIR")
        .output()
        .expect("util-linux is installed");
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // The service moved into the first; nothing else may be left in the second.
    let removed = group.is_none_or(|group| {
        let inner = fs::remove_dir(group.join("outerloop-service"));
        fs::remove_dir(group).and(inner).is_ok()
    });
    assert!(output.status.success() && removed, "{text}");
}

/// What isolation costs, printed with `--nocapture`: the time of a job that does nothing, inside and outside.
#[test]
fn a_run_is_fast() {
    let median = |run: &dyn Fn()| {
        let mut times: Vec<_> = (0..15)
            .map(|_| {
                let begun = Instant::now();
                run();
                begun.elapsed()
            })
            .collect();
        times.sort();
        times[times.len() / 2]
    };
    let job = attack("").job;
    let inside = median(&|| {
        assert_eq!(
            native().run(&job).expect("it can").ending,
            Ending::Exited(0)
        )
    });
    let python = lab::python().0.join("bin/python3");
    let outside = median(&|| {
        drop(
            Command::new(&python)
                .args(["-I", "-c", "pass"])
                .output()
                .expect("it can"),
        )
    });
    println!("python3 -c pass: {inside:?} inside, {outside:?} outside");
    // Generous: other tests run at the same time.
    assert!(
        inside < outside * 4 + Duration::from_millis(200),
        "{inside:?} inside, {outside:?} outside"
    );
}

#[test]
fn a_folder_stays_usable_from_job_to_job() {
    let work = folder();
    for expected in ["[]", "['0']", "['0', '1']"] {
        let program =
            "names = sorted(os.listdir()); print(names); open(str(len(names)), 'w').close()";
        let mut attack = attack(program).mount(work.path(), "/work", Access::Write);
        attack.job.cwd = "/work".into();
        attack.run().printed(expected);
    }
}
