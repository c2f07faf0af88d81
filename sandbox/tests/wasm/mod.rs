//! The same questions to the WebAssembly isolate, and what is its own: clocks, traps, a fresh machine each time.
//!
//! They need the guest, where `make guest` leaves it or `OUTERLOOP_GUEST` says. Without one they say so and are not run.

mod bytecode;
mod hostile;
mod packages;
mod scratch;
mod suites;
mod triggers;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::lab;
use sandbox::{Access, Ending, GuestJob, Limits, Mount, Outcome, SandboxError, Wasm};

fn guest() -> Option<PathBuf> {
    // The second pass, as another user: here that makes no difference, and the folders are not that user's.
    if env::var_os(lab::PYTHON).is_some() {
        return None;
    }
    if let Some(path) = env::var_os("OUTERLOOP_GUEST") {
        return Some(path.into());
    }
    // This is `<target>/<profile>/deps/main-…`.
    let beside = env::current_exe()
        .expect("the program knows its place")
        .parent()?
        .with_file_name("outerloop-python.wasm");
    beside.exists().then_some(beside)
}

fn wasm() -> Option<&'static Wasm> {
    static WASM: OnceLock<Option<Wasm>> = OnceLock::new();
    let wasm = WASM.get_or_init(|| {
        let guest = guest()?;
        let program = env::current_exe().expect("the program knows its place");
        let target = program
            .ancestors()
            .nth(3)
            .expect("it is in the target folder");
        let compiled = target.join("e2e-cache/compiled");
        Some(Wasm::load(&guest, &compiled, &|| ()).expect("the guest loads"))
    });
    if wasm.is_none() {
        eprintln!("not tested: there is no Python guest here; `make guest`");
    }
    wasm.as_ref()
}

fn job(program: &str) -> GuestJob {
    GuestJob {
        program: program.to_owned(),
        request: Vec::new(),
        mounts: Vec::new(),
        limits: Limits::default(),
    }
}

fn limited(program: &str, limits: Limits) -> GuestJob {
    GuestJob {
        limits,
        ..job(program)
    }
}

fn run(job: &GuestJob) -> Option<Outcome> {
    Some(wasm()?.run(job).expect("the isolate works"))
}

/// The program ends like this and prints that.
#[track_caller]
fn check(program: &str, ending: Ending, stdout: &str) {
    let Some(outcome) = run(&job(program)) else {
        return;
    };
    let seen = (
        outcome.ending,
        String::from_utf8_lossy(&outcome.stdout).into_owned(),
    );
    assert_eq!(
        seen,
        (ending, stdout.to_owned()),
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}

/// What the expression does, in one word: the name of its exception, or its value.
#[track_caller]
fn check_value(expression: &str, expected: &str) {
    let program = format!(
        "import os, sys, socket\ntry: print({expression})\nexcept BaseException as e: print(type(e).__name__)"
    );
    check(&program, Ending::Exited(0), &format!("{expected}\n"));
}

fn folder() -> (tempfile::TempDir, Mount) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hello.txt"), "hello").expect("a file");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("a link");
    std::os::unix::fs::symlink("../../../../etc/passwd", folder.path().join("upward"))
        .expect("a link");
    let mount = Mount::read_only(folder.path(), "/work/repo");
    (folder, mount)
}

#[test]
fn endings() {
    check("print('hello')", Ending::Exited(0), "hello\n");
    check(
        "import sys; print('a'); sys.exit(3)",
        Ending::Exited(3),
        "a\n",
    );
    check("import sys; sys.exit('no')", Ending::Exited(1), "");
    check(
        "import os; print('a', flush=True); os._exit(0)",
        Ending::Exited(0),
        "a\n",
    );
    check("import os; os._exit(7)", Ending::Exited(7), "");
    check("1 / 0", Ending::Exited(1), "");
    check("import os; os.abort()", Ending::Signaled(6), "");
    check(
        "import sys; sys.stdout = None; sys.stderr = 1",
        Ending::Exited(0),
        "",
    );
}

#[test]
fn the_network_is_absent() {
    check_value("socket.create_connection(('127.0.0.1', 22), 1)", "gaierror");
    check_value("socket.create_connection(('1.1.1.1', 53), 1)", "gaierror");
    check_value(
        "socket.socket().connect(('127.0.0.1', 22))",
        "PermissionError",
    );
    check_value("socket.getaddrinfo('example.com', 80)", "gaierror");
    check_value(
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('1.1.1.1', 53))",
        "PermissionError",
    );
    check_value("socket.socket(socket.AF_UNIX)", "PermissionError");
    check_value(
        "__import__('urllib.request').request.urlopen('http://127.0.0.1:1/')",
        "URLError",
    );
}

#[test]
fn only_the_mounts_are_there() {
    check_value("os.listdir('/')", "FileNotFoundError");
    check_value("open('/etc/passwd').read()", "FileNotFoundError");
    check_value("open('/proc/self/environ').read()", "FileNotFoundError");
    check_value("sorted(os.environ)", "['HOME', 'LANG', 'PATH', 'TZ']");
    check_value("os.fork()", "OSError");
    check_value("__import__('subprocess').run(['/bin/true'])", "OSError");
    let (_folder, mount) = folder();
    let outside = "/work/repo/../../etc/passwd";
    for (path, expected) in [
        ("/work/repo/hello.txt", "hello"),
        (outside, "PermissionError"),
        ("/work/repo/link", "PermissionError"),
        ("/work/repo/upward", "PermissionError"),
    ] {
        let program = format!(
            "try: print(open({path:?}).read())\nexcept OSError as e: print(type(e).__name__)"
        );
        let Some(outcome) = run(&GuestJob {
            mounts: vec![mount.clone()],
            ..job(&program)
        }) else {
            return;
        };
        assert_eq!(
            String::from_utf8_lossy(&outcome.stdout).trim(),
            expected,
            "{path}"
        );
    }
}

#[test]
fn nothing_can_be_written_elsewhere() {
    let (folder, mount) = folder();
    for act in [
        "open('/work/repo/new', 'w')",
        "open('/work/repo/hello.txt', 'r+')",
        "open('/work/repo/hello.txt', 'a')",
        "os.remove('/work/repo/hello.txt')",
        "os.mkdir('/work/repo/new')",
        "os.rename('/work/repo/hello.txt', '/work/repo/new')",
        "os.symlink('a', '/work/repo/new')",
        "os.link('/work/repo/hello.txt', '/work/repo/new')",
        "os.truncate('/work/repo/hello.txt', 0)",
        "os.utime('/work/repo/hello.txt', (0, 0))",
        "open('/tmp/../new', 'w')",
        "open('new', 'w', opener=lambda n, f: os.open('/work/' + n, f))",
        "open('/home/new', 'w')",
        "os.mkdir('/new')",
    ] {
        let program = format!(
            "import os\ntry:\n    {act}\n    print('done')\nexcept OSError as e: print('refused')"
        );
        let Some(outcome) = run(&GuestJob {
            mounts: vec![mount.clone()],
            ..job(&program)
        }) else {
            return;
        };
        assert_eq!(
            String::from_utf8_lossy(&outcome.stdout).trim(),
            "refused",
            "{act}"
        );
    }
    assert_eq!(
        fs::read(folder.path().join("hello.txt")).expect("it is there"),
        b"hello"
    );
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 3);
    let Some(wasm) = wasm() else { return };
    let written = Mount {
        access: Access::Write,
        ..mount
    };
    let refused = wasm.run(&GuestJob {
        mounts: vec![written],
        ..job("")
    });
    assert!(
        matches!(refused, Err(SandboxError::Failed(_))),
        "{refused:?}"
    );
}

#[test]
fn limits_end_it() {
    let short = Limits {
        wall: Duration::from_millis(500),
        ..Limits::default()
    };
    let small = Limits {
        memory_bytes: 300 << 20,
        ..Limits::default()
    };
    let quiet = Limits {
        output_bytes: 1 << 16,
        ..Limits::default()
    };
    for (program, limits, ending) in [
        ("while True: pass", &short, Ending::TimedOut),
        (
            "import re; re.match('(a*)*b', 'a' * 64)",
            &short,
            Ending::TimedOut,
        ),
        (
            "import select; select.select([], [], [], 3600)",
            &short,
            Ending::TimedOut,
        ),
        (
            "isolate.deadline(0.1)\nwhile True: pass",
            &Limits::default(),
            Ending::TimedOut,
        ),
        (
            "import time; isolate.deadline(0.2)\nwhile True: time.sleep(1)",
            &Limits::default(),
            Ending::TimedOut,
        ),
        ("x = bytearray(1 << 29)", &small, Ending::OutOfMemory),
        (
            "x = []\nwhile True: x.append('a' * 1000000 + str(len(x)))",
            &small,
            Ending::OutOfMemory,
        ),
        ("while True: print('x' * 1000)", &quiet, Ending::OutputLimit),
        (
            "import sys\nwhile True: sys.stderr.write('x' * 1000)",
            &quiet,
            Ending::OutputLimit,
        ),
        (
            "while True: isolate.report.write(b'x' * 1000)",
            &quiet,
            Ending::OutputLimit,
        ),
    ] {
        let Some(outcome) = run(&limited(program, limits.clone())) else {
            return;
        };
        assert_eq!(
            outcome.ending,
            ending,
            "{program}: {}",
            String::from_utf8_lossy(&outcome.stderr)
        );
        assert!(
            outcome.wall < Duration::from_secs(5),
            "{program} took {:?}",
            outcome.wall
        );
        assert!(outcome.stdout.len().max(outcome.report.len()) <= limits.output_bytes);
    }
}

#[test]
fn an_exhausted_stack_is_no_recursion_error() {
    // Python's own limit holds …
    check(
        "def f(): f()\ntry: f()\nexcept RecursionError: print('limited')",
        Ending::Exited(0),
        "limited\n",
    );
    // … its limit of C frames too, where CPython asks …
    check(
        "x = []\nfor _ in range(100000): x = [x]\ntry: repr(x)\nexcept RecursionError: print('limited')",
        Ending::Exited(0),
        "limited\n",
    );
    // … and where it does not, the machine's.
    check(
        "import json; json.loads('[' * 100000)",
        Ending::Signaled(11),
        "",
    );
    // Frames of Python alone are memory.
    let program = "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()";
    let limits = Limits {
        memory_bytes: 300 << 20,
        ..Limits::default()
    };
    let Some(outcome) = run(&limited(program, limits)) else {
        return;
    };
    assert_eq!(outcome.ending, Ending::OutOfMemory);
}

#[test]
fn a_report_survives_the_end() {
    let program =
        "isolate.report.write(b'one\\n'); isolate.report.write(b'two\\n')\nwhile True: pass";
    let limits = Limits {
        wall: Duration::from_millis(300),
        ..Limits::default()
    };
    let Some(outcome) = run(&limited(program, limits)) else {
        return;
    };
    assert_eq!(
        (outcome.ending, outcome.report.as_slice()),
        (Ending::TimedOut, b"one\ntwo\n".as_slice())
    );
    let program = "import sys; isolate.report.write(sys.stdin.buffer.read()[::-1])";
    let Some(outcome) = run(&GuestJob {
        request: b"abc".to_vec(),
        ..job(program)
    }) else {
        return;
    };
    assert_eq!(outcome.report, b"cba");
}

#[test]
fn each_run_is_fresh_and_the_same() {
    let program = "import json, os, random, uuid\nprint(hasattr(json, 'mark'), os.environ.get('MARK'), random.random(), uuid.uuid4(), hash('a'))\njson.mark = 1; os.environ['MARK'] = 'x'";
    let (Some(first), Some(second)) = (run(&job(program)), run(&job(program))) else {
        return;
    };
    assert!(
        String::from_utf8_lossy(&first.stdout).starts_with("False None 0."),
        "{first:?}"
    );
    assert_eq!(first.stdout, second.stdout);
}

/// Answers requests until there are none, each with what it was and how many there have been.
const ECHO: &str = "import json
n = 0
while (request := isolate.receive()) is not None:
    n += 1
    isolate.report.write(b'%d %s' % (n, request))
    if request == b'hang':
        while True: pass
    if request == b'hoard':
        bytearray(1 << 30)
    if request == b'leave':
        break
    isolate.deadline(0)
";

#[test]
fn a_session_stays_between_requests() {
    let Some(wasm) = wasm() else { return };
    let mut session = wasm.open(&job(ECHO)).expect("the isolate works");
    let second = Duration::from_secs(1);
    for (n, word) in ["one", "two", "three"].into_iter().enumerate() {
        // Waiting is not working: the time of a request counts from its own start.
        std::thread::sleep(Duration::from_millis(30));
        let answer = session.ask(word.into(), if n == 0 { 20 * second } else { second });
        assert_eq!(answer.ended, None, "{answer:?}");
        let expected = format!("{} {word}", n + 1);
        assert_eq!(String::from_utf8_lossy(&answer.report), expected);
    }
    let answer = session.ask("leave".into(), second);
    assert_eq!(answer.ended, Some(Ending::Exited(0)));
    assert_eq!(answer.report, b"4 leave");
    // What is over stays over, and says nothing more.
    let answer = session.ask("one".into(), second);
    assert_eq!((answer.ended.is_some(), answer.report.len()), (true, 0));
}

#[test]
fn a_session_ends_by_its_limits() {
    let Some(wasm) = wasm() else { return };
    for (word, ending) in [("hang", Ending::TimedOut), ("hoard", Ending::OutOfMemory)] {
        let limits = Limits {
            memory_bytes: 300 << 20,
            ..Limits::default()
        };
        let job = limited(ECHO, limits);
        let mut session = wasm.open(&job).expect("the isolate works");
        let answer = session.ask("one".into(), Duration::from_secs(20));
        assert_eq!(answer.ended, None, "{answer:?}");
        let answer = session.ask(word.into(), Duration::from_millis(300));
        let expected = format!("2 {word}");
        assert_eq!(answer.ended, Some(ending));
        assert_eq!(String::from_utf8_lossy(&answer.report), expected);
    }
    // Outside a session there is nothing to wait for.
    check("print(isolate.receive())", Ending::Exited(0), "None\n");
}

#[test]
fn sleeping_costs_nothing() {
    let program = "import asyncio, time\nisolate.deadline(60)\na = time.time(), time.monotonic()\ntime.sleep(3600)\nasyncio.run(asyncio.sleep(60))\nprint(int(time.time() - a[0]), int(time.monotonic() - a[1]))";
    let begun = Instant::now();
    check(program, Ending::Exited(0), "3660 3660\n");
    assert!(begun.elapsed() < Duration::from_secs(30)); // Loading it may have been part of that.
}

#[test]
fn the_library_is_there() {
    let program = "import sys\nn = len(sys.modules)\nimport ctypes, decimal, distutils.version, email.mime.text, fcntl, grp, html.parser, imghdr, lzma, multiprocessing, pkg_resources, pwd, pytest, resource, sqlite3, ssl, termios, xml.etree.ElementTree, zoneinfo\nimport concurrent.futures\nprint(n if n > 100 else True, list(concurrent.futures.ThreadPoolExecutor().map(abs, [-1, 2])), ssl.create_default_context() is not None)\ntry: fcntl.flock(0, fcntl.LOCK_EX)\nexcept OSError as e: print(e)\nimport xml\nprint(pytest.__version__.split('.')[0].isdigit())";
    check(
        program,
        Ending::Exited(0),
        "True [1, 2] True\n[Errno 52] fcntl.flock is not available in this isolate\nTrue\n",
    );
    // A name that a package gives to something else than its submodule.
    check(
        "import unittest; print(callable(unittest.main))",
        Ending::Exited(0),
        "True\n",
    );
    // What was changed for this platform stays so where a session forgets its modules.
    check(
        "import sys\nfor _ in range(2):\n  import asyncio; asyncio.run(asyncio.sleep(9)); print(1)\n  for name in [n for n in sys.modules if n.startswith('asyncio')]: del sys.modules[name]",
        Ending::Exited(0),
        "1\n1\n",
    );
    // As in a fresh interpreter, a package has no submodule that nobody imported.
    check(
        "import xml\nprint(hasattr(xml, 'etree'))",
        Ending::Exited(0),
        "False\n",
    );
}

#[test]
fn a_folder_that_others_enter_is_refused() {
    let Some(guest) = guest() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let open = folder.path().join("open");
    fs::create_dir(&open).expect("a folder");
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it is ours");
    assert!(matches!(
        Wasm::load(&guest, &open, &|| ()),
        Err(SandboxError::Failed(_))
    ));
    assert!(matches!(
        Wasm::load(
            Path::new("/nowhere.wasm"),
            &folder.path().join("own"),
            &|| ()
        ),
        Err(SandboxError::Unavailable(_))
    ));
}
