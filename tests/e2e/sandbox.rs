//! `outerloop sandbox`: one command in an isolate, and what isolation costs.

use std::time::Duration;

use tests::{Outerloop, Ran, Repository, exploring_isolate};

/// The isolates that are there.
fn isolates() -> &'static [&'static str] {
    match exploring_isolate() {
        "wasm-python" => &["native", "wasm-python"],
        _ => &["native"],
    }
}

fn repository() -> Repository {
    Repository::of(&[
        ("shop/__init__.py", ""),
        (
            "shop/__main__.py",
            "import sys\nprint('main', sys.argv[1:], sys.path[0])\n",
        ),
        (
            "jobs/count.py",
            "import os, sys\nprint(__name__, os.path.basename(__file__), sys.argv, sys.path[0], os.getcwd())\n",
        ),
        ("broken.py", "def fall():\n    return 1 / 0\nfall()\n"),
    ])
}

fn run<const N: usize>(
    isolate: &str,
    repository: &Repository,
    options: &[&str],
    command: [&str; N],
) -> Ran {
    run_with(isolate, repository, options, command, b"")
}

fn run_with<const N: usize>(
    isolate: &str,
    repository: &Repository,
    options: &[&str],
    command: [&str; N],
    stdin: &[u8],
) -> Ran {
    let mut run = Outerloop::with(["sandbox", "run", "--isolate", isolate, "--repo"])
        .and([repository.root().as_os_str().to_owned()]);
    for option in options {
        run = run.and([*option]);
    }
    run.and(["--"])
        .and(command)
        .env("OUTERLOOP_TEST_SECRET", "hunter2")
        .run_with(|input| input.write_all(stdin))
}

#[test]
fn python_runs_the_same_in_both_isolates() {
    let repository = repository();
    for isolate in isolates() {
        let check = |command: &[&str], status: i32, expected: &str| {
            let command: Vec<&str> = command.to_vec();
            let ran = match command[..] {
                [a, b, c] => run(isolate, &repository, &[], [a, b, c]),
                [a, b, c, d] => run(isolate, &repository, &[], [a, b, c, d]),
                _ => run(isolate, &repository, &[], [command[0], command[1]]),
            };
            ran.ended(status);
            assert_eq!(ran.text(), expected, "{isolate}: {}", ran.errors());
        };
        let shown = "import os, sys; print(sys.argv, repr(sys.path[0]), os.getcwd(), __name__)";
        check(
            &["python3", "-c", shown, "a b"],
            0,
            "['-c', 'a b'] '' /work/repo __main__\n",
        );
        check(
            &["python3", "-m", "shop", "-x"],
            0,
            "main ['-x'] /work/repo\n",
        );
        check(
            &["python3", "jobs/count.py", "1"],
            0,
            "__main__ count.py ['jobs/count.py', '1'] /work/repo/jobs /work/repo\n",
        );
        check(&["python3", "-c", "raise SystemExit(7)"], 7, "");
        check(&["python3", "-c", "import os; os._exit(5)"], 5, "");
        check(&["python3", "nothing.py"], 2, "");
        check(
            &[
                "python3",
                "-c",
                "import atexit; atexit.register(print, 'end')",
            ],
            0,
            "end\n",
        );
    }
}

#[test]
fn a_traceback_is_the_programs_own() {
    for isolate in isolates() {
        let ran = run(isolate, &repository(), &[], ["python3", "broken.py"]);
        ran.ended(1);
        let said = ran.errors();
        assert!(said.contains("line 3, in <module>"), "{isolate}: {said}");
        assert!(
            said.trim_end()
                .ends_with("ZeroDivisionError: division by zero"),
            "{said}"
        );
        assert!(!said.contains("_start"), "{said}");
    }
}

#[test]
fn bytes_go_through_unchanged() {
    let program = "import sys; sys.stdout.buffer.write(b'\\x1b[31m\\xff' + sys.stdin.buffer.read()); sys.stderr.write('said')";
    for isolate in isolates() {
        let ran = run_with(
            isolate,
            &repository(),
            &[],
            ["python3", "-c", program],
            b"\x00\xfe\n",
        );
        ran.ended(0);
        assert_eq!(ran.stdout, b"\x1b[31m\xff\x00\xfe\n", "{isolate}");
        assert_eq!(ran.stderr, b"said", "{isolate}");
    }
}

#[test]
fn limits_have_their_exit_statuses() {
    for isolate in isolates() {
        let check = |options: &[&str], program: &str, status: i32, told: &str| {
            let ran = run(isolate, &repository(), options, ["python3", "-c", program]);
            ran.ended(status);
            let said = ran.errors();
            assert!(
                said.ends_with(&format!("outerloop: {told}\n")),
                "{isolate}: {said}"
            );
            assert!(ran.took < Duration::from_secs(60), "{:?}", ran.took);
        };
        check(
            &["--time-limit", "2"],
            "while True: pass",
            124,
            "the time limit of 2 s was reached",
        );
        check(
            &["--memory", "200"],
            "a = []\nwhile True: a.append(bytearray(b'x') * 1000000)",
            137,
            "the memory limit of 200 MiB was reached",
        );
        check(
            &["--max-output", "1"],
            "while True: print('x' * 10000)",
            137,
            "the output limit of 1 MiB was reached",
        );
    }
}

#[test]
fn a_command_sees_nothing_of_ours_and_changes_nothing() {
    let repository = repository();
    let before = repository.snapshot();
    let program = "
import os, socket
print(sorted(v for v in os.environ.values() if 'hunter2' in v), [p for p in ('/home', '/etc/hostname', '/var') if os.path.exists(p)])
for attempt in (lambda: open('/work/repo/new', 'w'), lambda: open('shop/__init__.py', 'a'), lambda: socket.create_connection(('127.0.0.1', 22), 2)):
    try:
        attempt()
        print('done')
    except OSError as error:
        print('refused')
";
    for isolate in isolates() {
        let ran = run(isolate, &repository, &[], ["python3", "-c", program]);
        ran.ended(0);
        assert_eq!(
            ran.text(),
            "[] []\nrefused\nrefused\nrefused\n",
            "{isolate}: {}",
            ran.errors()
        );
    }
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);
}

#[test]
fn dependencies_are_on_pythons_path() {
    let repository = repository();
    let deps = repository.beside("deps");
    std::fs::create_dir(&deps).unwrap();
    std::fs::write(deps.join("labels.py"), "TEXT = 'label'\n").unwrap();
    for isolate in isolates() {
        let ran = run(
            isolate,
            &repository,
            &["--deps", deps.to_str().unwrap()],
            [
                "python3",
                "-c",
                "import labels; print(labels.__file__, labels.TEXT)",
            ],
        );
        ran.ended(0);
        assert_eq!(ran.text(), "/work/deps/labels.py label\n", "{isolate}");
    }
}

#[test]
fn natively_any_program_runs() {
    let repository = repository();
    let ran = run("native", &repository, &[], ["sh", "-c", "ls; exit 4"]);
    ran.ended(4);
    assert_eq!(ran.text(), "broken.py\njobs\nshop\n");
    run("native", &repository, &[], ["sh", "-c", "kill -9 $$"]).ended(137);
    run("native", &repository, &[], ["no-such-program"]).ended(127);
}

#[test]
fn bad_usage_is_2() {
    let repository = repository();
    let check = |ran: Ran, names: &str| {
        ran.ended(2);
        assert!(ran.errors().contains(names), "{}", ran.errors());
        assert_eq!(ran.text(), "");
    };
    check(
        run("wasm-python", &repository, &[], ["ls", "-l"]),
        "python3 -c CODE",
    );
    check(run("docker", &repository, &[], ["ls"]), "docker");
    check(run("native", &repository, &[], []), "COMMAND");
    check(
        run("native", &repository, &["--time-limit", "0"], ["ls"]),
        "--time-limit",
    );
    check(
        run("native", &repository, &["--deps", "/no/such"], ["ls"]),
        "/no/such",
    );
    let bare = Outerloop::with(["sandbox", "run", "--repo", "/no/such", "--", "ls"]);
    check(bare.run(), "/no/such");
}

#[test]
fn an_isolate_that_is_not_there_is_125() {
    let ran = Outerloop::with(["sandbox", "run", "--isolate", "wasm-python", "--repo"])
        .and([repository().root().as_os_str().to_owned()])
        .and(["--", "python3", "-c", "1"])
        .env("OUTERLOOP_GUEST", "/no/such/guest")
        .run();
    ran.ended(125);
    assert!(ran.errors().contains("/no/such/guest"), "{}", ran.errors());
}

/// That it runs and tells each way; how long anything takes is no test's affair.
#[test]
fn the_benchmark_tells_each_way() {
    let repository = Repository::of(&[("packages/labels/__init__.py", "TEXT = 'label'\n")]);
    let packages = repository.root().join("packages");
    let bench = |output: &str| {
        Outerloop::with([
            "sandbox",
            "bench",
            "--runs",
            "2",
            "--imports",
            "1",
            "--at-once",
            "2",
        ])
        .and(["--output", output, "--package"])
        .and([packages.to_str().unwrap(), "labels"])
        .run()
    };
    let ran = bench("human");
    ran.ended(0);
    let mut expected = vec!["native sandbox", "bubblewrap alone", "python3, no sandbox"];
    if exploring_isolate() == "wasm-python" {
        expected.extend(["WebAssembly, fresh instance", "WebAssembly, session"]);
    }
    for way in &expected {
        let rows = ran.text().lines().filter(|l| l.starts_with(way)).count();
        assert_eq!(rows, 1, "{way} in {}", ran.text());
    }
    let told = bench("json").json(0);
    let ways = told["ways"].as_array().unwrap();
    assert_eq!(ways.len(), expected.len());
    for way in ways {
        for figure in [
            "one_line_p50_ms",
            "one_line_p99_ms",
            "import_cold_ms",
            "import_warm_ms",
            "at_once_ms",
        ] {
            assert!(way[figure].as_f64().unwrap() > 0.0, "{figure} of {way}");
        }
    }
    let bad = Outerloop::with(["sandbox", "bench", "--package", "/no/such", "labels"]).run();
    bad.ended(2);
}
