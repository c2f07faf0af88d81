//! What hostile code tries: the attacks of `contained` and `limited`, as far as the guest has words for them.

use std::{
    env, fs,
    os::unix::{fs::symlink, net::UnixListener},
    process::Command,
    time::{Duration, Instant},
};

use super::{check, check_value, job, limited, run, wasm};
use sandbox::{Ending, GuestJob, Limits, Mount, Outcome};

/// Set in the process that counts what runs leave behind.
const COUNTING: &str = "OUTERLOOP_TEST_COUNTING";

/// Runs a program over a folder, with two seconds to do its worst.
fn attack(folder: &std::path::Path, program: &str) -> Option<Outcome> {
    run(&GuestJob {
        mounts: vec![Mount::read_only(folder, "/work/repo")],
        limits: Limits {
            wall: Duration::from_secs(2),
            ..Limits::default()
        },
        ..job(program)
    })
}

fn stdout(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

#[test]
fn no_socket_of_any_kind() {
    check_value(
        "socket.socket(socket.AF_INET6).connect(('::1', 22))",
        "PermissionError",
    );
    check_value("socket.socket().bind(('127.0.0.1', 0))", "PermissionError");
    check_value("socket.create_server(('127.0.0.1', 0))", "PermissionError");
    check_value("socket.gethostbyname('localhost')", "gaierror");
    check_value("socket.socketpair()", "PermissionError");
    check_value(
        "socket.socket(socket.AF_UNIX).connect('\\0abstract')",
        "PermissionError",
    );
    check_value(
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('0.0.0.0', 0))",
        "PermissionError",
    );
}

#[test]
fn no_path_leads_out() {
    for path in [
        "/home",
        "/root",
        "/proc/1/environ",
        "/proc/self/root/etc/passwd",
        "/proc/self/fd/0",
        "/sys",
        "/dev/mem",
        "/dev/zero",
        "/dev/../etc/passwd",
        "/tmp/../etc/passwd",
        "//etc/passwd",
        "/var/run/docker.sock",
    ] {
        let program = format!(
            "import os\ntry:\n  os.stat({path:?}); print('found')\nexcept OSError: print('absent')"
        );
        check(&program, Ending::Exited(0), "absent\n");
    }
    check_value("len(os.environ), __import__('sys').argv", "4 ['']");
}

#[test]
fn links_in_a_mount_stay_inside() {
    let folder = tempfile::tempdir().expect("a folder");
    let outside = tempfile::NamedTempFile::new().expect("a file");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("a")).expect("a folder");
    fs::write(at("a/inside"), "inside").expect("a file");
    for (to, name) in [
        ("a/inside", "good"),
        ("../a/inside", "a/up"),
        ("/proc/self/root/etc/passwd", "magic"),
        ("/proc/self/fd", "fds"),
        (outside.path().to_str().expect("text"), "absolute"),
        ("..", "parent"),
        ("loop", "loop"),
        ("a/../a/../a/../../x", "over"),
    ] {
        symlink(to, at(name)).expect("a link");
    }
    // A thousand links one behind the other, and a folder that holds itself.
    for n in 0..1000 {
        symlink(format!("chain{}", n + 1), at(&format!("chain{n}"))).expect("a link");
    }
    symlink(".", at("a/self")).expect("a link");
    let deep = "self/".repeat(200);
    let program = format!(
        r"
import os
os.chdir('/work/repo')
def said(act):
    try: return act()
    except OSError as error: return 'refused'
for path in ('good', 'a/up', 'a/self/self/inside', 'magic', 'fds/0', 'absolute', 'parent/x', 'loop', 'over', 'chain0', 'a/{deep}inside'):
    print(path[:9], said(lambda: open(path).read()))
print(said(lambda: os.listdir('parent')), said(lambda: os.listdir('fds')))
print(len(list(os.walk('/work/repo'))))
"
    );
    let Some(outcome) = attack(folder.path(), &program) else {
        return;
    };
    assert_eq!(
        stdout(&outcome),
        "good inside\na/up inside\na/self/se inside\nmagic refused\nfds/0 refused\nabsolute refused\nparent/x refused\n\
         loop refused\nover refused\nchain0 refused\na/self/se refused\nrefused refused\n2\n",
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}

#[test]
fn a_pipe_or_socket_in_a_mount_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(at("pipe")).status();
    assert!(made.expect("mkfifo is there").success());
    let _socket = UnixListener::bind(at("socket")).expect("a socket");
    symlink("pipe", at("link")).expect("a link");
    fs::write(at("file"), "x").expect("a file");
    let program = r"
import os
print(sorted(os.listdir('/work/repo')))
for path in ('pipe', 'socket', 'link', 'file'):
    path = '/work/repo/' + path
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_NONBLOCK):
        try: os.open(path, flags); print(path, 'opened')
        except OSError as error: pass
for name in ('/work/repo/pipe', '/work/repo/link'):
    try: exec(open(name).read())
    except PermissionError: print('refused')
";
    let started = Instant::now();
    let Some(outcome) = attack(folder.path(), program) else {
        return;
    };
    assert_eq!(
        (outcome.ending, stdout(&outcome).as_str()),
        (
            Ending::Exited(0),
            "['file', 'link', 'pipe', 'socket']\n/work/repo/file opened\n/work/repo/file opened\nrefused\nrefused\n"
        ),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn large_things_in_a_mount_are_read_within_the_limits() {
    let folder = tempfile::tempdir().expect("a folder");
    let sparse = fs::File::create(folder.path().join("sparse")).expect("a file");
    sparse.set_len(1 << 40).expect("a size");
    fs::create_dir(folder.path().join("many")).expect("a folder");
    for n in 0..5000 {
        fs::write(folder.path().join(format!("many/{n}")), "").expect("a file");
    }
    let program = "try: open('/work/repo/sparse', 'rb').read()\nexcept (MemoryError, OverflowError) as e: print('no')";
    let Some(outcome) = attack(folder.path(), program) else {
        return;
    };
    assert!(
        matches!(outcome.ending, Ending::OutOfMemory | Ending::TimedOut)
            || stdout(&outcome) == "no\n",
        "{outcome:?}"
    );
    let pieces = "with open('/work/repo/sparse', 'rb') as f:\n  while f.read(1 << 20): pass";
    let outcome = attack(folder.path(), pieces).expect("there is a guest");
    assert_eq!(outcome.ending, Ending::TimedOut);
    // Listings that are begun and never ended cost neither memory nor, beyond a bound, file descriptors.
    let listings = "import os\nkept = []\ntry:\n  while True:\n    kept.append(os.scandir('/work/repo/many')); next(kept[-1])\nexcept OSError: print(len(kept) < 200)\ndel kept\nprint(len(os.listdir('/work/repo/many')))";
    let outcome = attack(folder.path(), listings).expect("there is a guest");
    assert_eq!(stdout(&outcome), "True\n5000\n", "{outcome:?}");
    let files = "kept = []\ntry:\n  while True: kept.append(open('/work/repo/many/1'))\nexcept OSError: print(len(kept) < 200)\ndel kept\nprint(open('/work/repo/many/1').read() == '')";
    let outcome = attack(folder.path(), files).expect("there is a guest");
    assert_eq!(stdout(&outcome), "True\nTrue\n", "{outcome:?}");
}

#[test]
fn no_process_thread_or_signal() {
    check_value("os.system('true')", "OSError");
    check_value("os.posix_spawn('/bin/true', [], {})", "OSError");
    check_value("os.execv('/bin/true', ['x'])", "OSError");
    check_value("os.kill(1, 9)", "OSError");
    check_value("os.setuid(0)", "OSError");
    check_value("os.chroot('/tmp')", "OSError");
    check_value("os.mkfifo('/tmp/x')", "OSError");
    check_value("hasattr(os, 'mount') or hasattr(os, 'unshare')", "False");
    check_value("__import__('ctypes').CDLL(None)", "OSError");
    check_value("__import__('_ctypes').dlopen('libc.so.6')", "OSError");
    check_value(
        "__import__('_thread').start_new_thread(print, ())",
        "RuntimeError",
    );
    check_value(
        "__import__('threading').Thread(target=print).start()",
        "RuntimeError",
    );
    check_value(
        "__import__('multiprocessing').Process(target=print).start()",
        "OSError",
    );
    check_value("__import__('pty').fork()", "OSError");
    check_value(
        "__import__('subprocess').Popen(['sh', '-c', 'sleep 100'], start_new_session=True)",
        "OSError",
    );
    check_value("__import__('mmap').mmap(-1, 1 << 20)", "OSError");
}

#[test]
fn bombs_end() {
    let short = Limits {
        wall: Duration::from_secs(1),
        memory_bytes: 256 << 20,
        output_bytes: 1 << 20,
        file_bytes: 1 << 20,
        ..Limits::default()
    };
    for (program, endings) in [
        // A compiled loop, a loop in C, one over the host's files, one that catches all.
        ("while 1: pass", &[Ending::TimedOut][..]),
        ("sum(range(10**12))", &[Ending::TimedOut]),
        (
            "'a' * 20 in 'b' * 10**6\nimport re\nre.search('(x+x+)+y', 'x' * 40)",
            &[Ending::TimedOut],
        ),
        ("10 ** 10 ** 9", &[Ending::TimedOut, Ending::OutOfMemory]),
        (
            "import os\nwhile True: os.path.exists('/tmp/x')",
            &[Ending::TimedOut],
        ),
        (
            "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
            &[Ending::TimedOut],
        ),
        (
            "import atexit\n@atexit.register\ndef f():\n  while True: pass\nf()",
            &[Ending::TimedOut],
        ),
        (
            "import sys\nsys.settrace(lambda *a: sys.settrace)\nwhile True: pass",
            &[Ending::TimedOut],
        ),
        (
            "import time\nwhile True: time.sleep(1e9)",
            &[Ending::Signaled(6), Ending::TimedOut],
        ),
        // Memory, in pieces and at once, and swallowed.
        ("x = [0]\nwhile True: x *= 2", &[Ending::OutOfMemory]),
        (
            "x = 'x'\nwhile True:\n  try: x += x\n  except MemoryError: x = 'x'",
            &[Ending::OutOfMemory, Ending::TimedOut],
        ),
        (
            "import zlib\nd = zlib.compress(bytes(1 << 26))\nx = [zlib.decompress(d) for _ in range(100)]",
            &[Ending::OutOfMemory, Ending::TimedOut],
        ),
        // A disk that is filled, and a million files, end nothing but themselves.
        (
            "n = 0\nwhile n < 10**6:\n  n += 1\n  try: open(f'/tmp/{n}', 'w').write('x' * 1000)\n  except OSError: pass",
            &[Ending::TimedOut, Ending::Exited(0)],
        ),
        // Output, however it is written.
        (
            "import os\nwhile True: os.write(1, b'x' * 65536)",
            &[Ending::OutputLimit],
        ),
        (
            "import sys\nsys.stdout.buffer.write(b'x' * (1 << 27))",
            &[Ending::OutputLimit],
        ),
        (
            "isolate.report.write(b'x' * (1 << 26))",
            &[Ending::OutputLimit],
        ),
        // A class that never lets go, and an end that is no success.
        (
            "class A:\n  def __del__(self):\n    global a; a = A()\na = A()\ndel a\nwhile True: pass",
            &[Ending::TimedOut],
        ),
        ("import os; os._exit(0)", &[Ending::Exited(0)]),
    ] {
        let Some(outcome) = run(&limited(program, short.clone())) else {
            return;
        };
        assert!(
            endings.contains(&outcome.ending),
            "{program}: {:?} {}",
            outcome.ending,
            String::from_utf8_lossy(&outcome.stderr)
        );
        assert!(
            outcome.wall < Duration::from_secs(6),
            "{program} took {:?}",
            outcome.wall
        );
        assert!(outcome.stdout.len() <= short.output_bytes);
        assert!(outcome.report.len() <= short.output_bytes);
    }
}

#[test]
fn terminal_escapes_come_back_as_bytes() {
    let program = "import sys\nsys.stdout.buffer.write(b'\\x1b]0;x\\x07\\x1b[2J\\xff\\x00\\r\\n'); sys.stdout.flush()\nsys.stderr.buffer.write(b'\\x1b[31m'); isolate.report.write(b'\\x9b\\x00')";
    let Some(outcome) = run(&job(program)) else {
        return;
    };
    assert_eq!(outcome.stdout, b"\x1b]0;x\x07\x1b[2J\xff\x00\r\n");
    assert_eq!(outcome.stderr, b"\x1b[31m");
    assert_eq!(outcome.report, b"\x9b\x00");
}

#[test]
fn a_session_that_never_answers_ends() {
    let Some(wasm) = wasm() else { return };
    for program in [
        "while True: pass",
        "isolate.receive = None\nwhile True: pass",
    ] {
        let mut session = wasm.open(&job(program)).expect("the isolate works");
        let answer = session.ask(Vec::new(), Duration::from_millis(300));
        assert_eq!(answer.ended, Some(Ending::TimedOut));
        assert!(answer.wall < Duration::from_secs(5), "{:?}", answer.wall);
    }
    // It leaves without an answer; the status is not one.
    let program = "import os\nisolate.receive()\nos._exit(0)";
    let mut session = wasm.open(&job(program)).expect("the isolate works");
    let answer = session.ask(b"x".to_vec(), Duration::from_secs(20));
    assert_eq!(answer.ended, Some(Ending::Exited(0)));
    assert!(answer.report.is_empty());
}

/// Resident memory in bytes, threads and open files of this process.
fn held() -> (u64, u64, usize) {
    let status = fs::read_to_string("/proc/self/status").expect("it is there");
    let field = |name: &str| -> u64 {
        let line = status.lines().find(|l| l.starts_with(name));
        let number = line.and_then(|l| l.split_whitespace().nth(1));
        number.expect("it is told").parse().expect("a number")
    };
    let files = fs::read_dir("/proc/self/fd").expect("it is there").count();
    (field("VmRSS:") * 1024, field("Threads:"), files)
}

#[test]
fn two_hundred_runs_leave_nothing_behind() {
    if wasm().is_none() {
        return;
    }
    if env::var_os(COUNTING).is_none() {
        // In a process of its own: the other tests hold memory too.
        let told = Command::new(env::current_exe().expect("the program knows its place"))
            .args([
                "--exact",
                "wasm::hostile::two_hundred_runs_leave_nothing_behind",
            ])
            .arg("--nocapture")
            .env(COUNTING, "1")
            .output()
            .expect("it starts");
        let words = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{words}");
        eprintln!(
            "{}",
            words
                .lines()
                .find(|l| l.contains("MiB"))
                .unwrap_or_default()
        );
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "x").expect("a file");
    let programs = [
        "kept = [open('/work/repo/file') for _ in range(50)]\nopen('/tmp/big', 'wb').write(bytes(10 << 20))",
        "import os\nit = os.scandir('/work/repo'); next(it)\nf = open('/tmp/x', 'w'); f.write('x' * 5000); os.abort()",
        "import json; json.loads('[' * 100000)",
        "import time\nisolate.deadline(0.01)\nwhile True: pass",
        "x = bytearray(100 << 20)",
        "print(1)",
    ];
    let mut before = None;
    for n in 0..200 {
        if n == 40 {
            before = Some(held());
        }
        attack(folder.path(), programs[n % programs.len()]).expect("there is a guest");
    }
    let ((memory, threads, files), after) = (before.expect("it was counted"), held());
    eprintln!(
        "{} MiB, {threads} threads, {files} files after 40 runs; {} MiB, {} threads, {} files after 200",
        memory >> 20,
        after.0 >> 20,
        after.1,
        after.2
    );
    assert_eq!((after.1, after.2), (threads, files));
    assert!(after.0 < memory + (32 << 20));
}
