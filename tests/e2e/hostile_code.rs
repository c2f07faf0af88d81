//! A program that turns on whoever runs it. Each costs its time limit and nothing more, and none gets a false proof.

use std::time::Duration;

use tests::{Form, Outerloop, Ran, Repository};

use crate::shop;

/// What a run may take beyond the time of its bug: a job's own grace, and a busy machine.
const GRACE: Duration = Duration::from_secs(12);

/// The shop as it crashed, with hostile code added at the end, where it moves no line. It learns where the repository is.
fn run(hostile: &str, time_limit: u64, grace: Duration) -> Ran {
    let repository =
        Repository::of(&[("shop/__init__.py", ""), ("shop/pricing.py", shop::PRICING)]);
    let log = shop::crash(&repository, Form::Sentry);
    let hostile = hostile.replace("HERE", repository.root().to_str().unwrap());
    repository.commit(&[(
        "shop/pricing.py",
        &format!("{}\n\n{hostile}", shop::PRICING),
    )]);
    finish(&log, &repository, time_limit, grace)
}

fn finish(log: &std::path::Path, repository: &Repository, time_limit: u64, grace: Duration) -> Ran {
    finish_with(
        Outerloop::fix(log, repository),
        repository,
        time_limit,
        grace,
    )
}

fn finish_with(fix: Outerloop, repository: &Repository, time_limit: u64, grace: Duration) -> Ran {
    let before = repository.snapshot();
    let ran = fix
        .and(["--output", "json", "--time-limit", &time_limit.to_string()])
        .run();
    assert!(
        ran.took < Duration::from_secs(time_limit) + grace,
        "{:?}",
        ran.took
    );
    assert_eq!(repository.snapshot().differences(&before), [""; 0]);
    ran
}

/// Not fixed, in time, nothing left, and the answer is whole.
#[track_caller]
fn check_unfixed(hostile: &str) {
    let answer = run(hostile, 4, GRACE).json(3);
    shop::check_shape(&answer);
    assert!(
        answer["bugs"][0]["why_not"]
            .as_str()
            .unwrap()
            .starts_with("not reproduced"),
        "{answer}"
    );
}

#[test]
fn a_module_that_hangs() {
    check_unfixed("while True:\n    pass\n");
}

#[test]
fn a_module_that_hangs_and_ignores_signals() {
    check_unfixed(
        "import signal, threading\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nthreading.Event().wait()\n",
    );
}

#[test]
fn a_module_that_prints_without_end() {
    check_unfixed(
        "import os\nwhile True:\n    print('x' * 100000)\n    for fd in range(1, 10):\n        try:\n            os.write(fd, b'y' * 100000)\n        except OSError:\n            pass\n",
    );
}

#[test]
fn a_module_that_eats_memory() {
    check_unfixed(
        "hoard = []\nwhile True:\n    try:\n        hoard.append(bytearray(b'x') * (64 << 20))\n    except MemoryError:\n        pass\n",
    );
}

// Both bombs are bounded, so that a watchdog that is late costs seconds and not the machine.
#[test]
fn a_module_that_forks_many_children() {
    check_unfixed(
        "import os, time\nfor n in range(600):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\ntime.sleep(60)\n",
    );
}

#[test]
fn a_module_whose_children_fork_as_well() {
    let answer = run(
        "import os, time\nfor n in range(9):\n    os.fork()\ntime.sleep(60)\n",
        4,
        Duration::from_secs(25),
    )
    .json(3);
    shop::check_shape(&answer);
}

#[test]
fn a_module_that_fills_the_disk() {
    check_unfixed(
        "n = 0\nwhile True:\n    n += 1\n    try:\n        with open(f'/tmp/{n}', 'wb') as file:\n            file.write(b'x' * (1 << 20))\n    except OSError:\n        pass\n",
    );
}

#[test]
fn a_module_that_exits_at_once() {
    check_unfixed("import os\nos._exit(0)\n");
}

/// Its children leave their session and outlive their parent; the fix itself is none of their business.
#[test]
fn a_module_that_leaves_daemons_behind() {
    let daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True:\n            time.sleep(1)\n    os._exit(0)\n";
    let ran = run(daemon, 6, Duration::from_secs(25));
    assert!(matches!(ran.status, Some(0 | 3)), "{}", ran.errors());
    assert_eq!(ran.left_behind, [""; 0]);
}

/// A module that looks for what it should not reach, and crashes as logged only where it found nothing.
#[test]
fn a_module_that_looks_around() {
    let look = "import os, socket\n
def _reach():
    found = [name for name in os.environ if 'TOKEN' in name or 'CACHE' in name]
    found += [path for path in ('HERE', '/proc/1/root' + 'HERE', '/etc/shadow', '/etc/hostname') if os.path.exists(path)]
    try:
        socket.create_connection(('1.1.1.1', 53), 1)
        found.append('network')
    except OSError:
        pass
    try:
        with open(__file__, 'a') as file:
            file.write('#')
        found.append('its own source')
    except OSError:
        pass
    return found


_found = _reach()
if _found:
    raise SystemExit('REACHED %s' % _found)
";
    let ran = run(look, 20, GRACE);
    assert!(!ran.text().contains("REACHED"), "{}", ran.text());
    ran.ended(0);
}

/// Watches for a patch of the code: the crashing function calls `_watch` first, which turns hostile once the module
/// is not what was committed, neither on disk nor as the live function's code.
fn watching(hostile: &str) -> Ran {
    let (log, repository) = watched(hostile);
    finish(&log, &repository, 20, GRACE)
}

fn watched(hostile: &str) -> (std::path::PathBuf, Repository) {
    let with_call = |watch: &str| {
        let called = shop::PRICING.replace(
            "    return item[\"price\"]",
            "    _watch()\n    return item[\"price\"]",
        );
        format!("{called}\n\n{watch}")
    };
    let calm = with_call("def _watch():\n    pass\n");
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/pricing.py", &calm)]);
    let log = shop::crash(&repository, Form::Sentry);
    let watch = format!(
        "import os, sys\n
_CODE = unit_price.__code__.co_code\n_LINE = '    return item[\"price\"] - item[\"' + 'discount\"]\\n'\n
def _watch():
    with open(__file__) as file:
        is_patched = _LINE not in file.read()
    if is_patched or unit_price.__code__.co_code != _CODE:
        _turn()


def _turn():
{hostile}"
    );
    repository.commit(&[("shop/pricing.py", &with_call(&watch))]);
    (log, repository)
}

/// Every candidate turns hostile: none is taken for a cure, in the isolate that explores by default and natively.
#[track_caller]
fn check_patched(hostile: &str) {
    let (log, repository) = watched(hostile);
    let default = Outerloop::fix(&log, &repository);
    let without_guest = Outerloop::fix(&log, &repository).env("OUTERLOOP_GUEST", "/nowhere.wasm");
    for (fix, isolate) in [
        (default, tests::exploring_isolate()),
        (without_guest, "native"),
    ] {
        let answer = finish_with(fix, &repository, 6, GRACE).json(3);
        let bug = &answer["bugs"][0];
        assert_eq!(bug["exploration"]["isolate"], isolate, "{answer}");
        assert!(bug["reproduction"].is_object(), "{answer}");
    }
}

#[test]
fn a_patched_module_that_hangs() {
    check_patched("    while True:\n        pass\n");
}

/// Of the candidates all but the right one hang: each costs its own time, and the others are still heard.
#[test]
fn a_patched_module_that_hangs_now_and_then() {
    let (log, repository) = watched(
        "    if 'get' not in unit_price.__code__.co_names:\n        while True:\n            pass\n",
    );
    let answer = finish(&log, &repository, 40, GRACE).json(0);
    assert!(
        answer["bugs"][0]["fix"]["diff"]
            .as_str()
            .unwrap()
            .contains("+    return item[\"price\"] - item.get("),
        "{answer}"
    );
}

#[test]
fn a_patched_module_that_prints_without_end() {
    check_patched(
        "    while True:\n        sys.__stdout__.write('x' * 100000)\n        print('y' * 100000)\n",
    );
}

#[test]
fn a_patched_module_that_eats_memory() {
    check_patched(
        "    hoard = []\n    while True:\n        try:\n            hoard.append(bytearray(b'x') * (64 << 20))\n        except MemoryError:\n            pass\n",
    );
}

#[test]
fn a_patched_module_that_overflows_the_stack() {
    check_patched(
        "    import json\n    sys.setrecursionlimit(10 ** 9)\n    json.loads('[' * 10 ** 6)\n",
    );
}

#[test]
fn a_patched_module_that_exits_with_success() {
    check_patched("    os._exit(0)\n");
}

#[test]
fn a_patched_module_that_kills_its_test_runner() {
    watching("    import signal\n    os.kill(os.getppid(), signal.SIGKILL)\n    os.killpg(0, signal.SIGKILL)\n").json(3);
}

/// What the runner would say of a success, in all the words that it has.
const FORGED: &str = r#"    import json
    test = 'tests/test_pricing_unit_price.py::test_unit_price_does_not_crash'
    for run in range(40):
        ran = {'id': run, 'outcome': 'ok', 'value': 1, 'tests': {test: 'passed'}, 'messages': {}, 'printed': '', 'state': {}}
        for fd in FDS:
            try:
                os.write(fd, json.dumps(ran).encode() + b'\n')
            except OSError:
                pass
    os._exit(0)
"#;

/// File descriptor 3 is the runner's own; a patched program does not hold it.
#[test]
fn a_patched_module_that_writes_forged_results_to_the_report() {
    watching(&FORGED.replace("FDS", "(0, 1, 2, 3)")).json(3);
}

/// At import, before anything was run, the importing process is the runner itself.
#[test]
fn a_module_that_writes_forged_results_at_import() {
    let forged = format!(
        "import os\ndef _forge():\n{}\n\n_forge()\n",
        FORGED.replace("FDS", "range(3, 64)")
    );
    run(&forged, 10, GRACE).json(3);
}

/// The process that a test runs in has to report somehow, and whatever runs in it may learn how. But it would have to
/// report a failure too, of a test that it cannot tell from the other.
#[test]
fn a_patched_module_that_answers_in_its_runners_name() {
    let answer = r#"    import json
    frame = sys._getframe()
    while 'pipe' not in frame.f_locals and frame.f_code.co_name != 'in_turn':
        frame = frame.f_back
    run = frame.f_locals['run']
    test = 'tests/test_pricing_unit_price.py::test_unit_price_does_not_crash'
    ran = {'id': run['id'], 'outcome': 'ok', 'value': 1, 'tests': {test: 'passed'} if 'tests' in run else {}, 'messages': {}, 'printed': '', 'state': {}}
    if 'pipe' in frame.f_locals:
        os.write(frame.f_locals['pipe'], json.dumps(ran).encode())
    else:
        frame.f_globals['ISOLATE'].report.write(json.dumps(ran).encode() + b'\n')
    os._exit(0)
"#;
    let answer = watching(answer).json(3);
    let why = answer["bugs"][0]["why_not"].as_str().unwrap();
    assert!(why.contains("cannot be believed"), "{why}");
}
