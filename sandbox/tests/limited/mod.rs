//! What a job may use, and how it ends when it wants more.

use std::time::Duration;

use sandbox::{Access, Ending};

use crate::lab::{attack, folder};

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[test]
fn time() {
    let short = |attack: crate::lab::Attack| {
        attack.limits(|limits| limits.wall = Duration::from_millis(700))
    };
    let late = SECONDS(5);
    short(attack("while True: pass"))
        .run()
        .ended(Ending::TimedOut)
        .within(late);
    short(attack(
        "import time; print('begun', flush=True); time.sleep(99)",
    ))
    .run()
    .ended(Ending::TimedOut)
    .within(late);
    let seen = short(attack(
        "import signal\nfor n in range(1, 65):\n    if n not in (9, 19, 32, 33): signal.signal(n, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: pass",
    ));
    let seen = seen.run().ended(Ending::TimedOut).within(late);
    assert_eq!(seen.stdout(), "deaf\n");
    // One call of an interpreter that never comes back to it.
    short(attack(
        "import re\nprint(re.match('(a+)+$', 'a' * 64 + 'b'))",
    ))
    .run()
    .ended(Ending::TimedOut)
    .within(late);
    // Stopped processes die as well.
    short(attack("os.kill(os.getpid(), 19)"))
        .run()
        .ended(Ending::TimedOut)
        .within(late);
}

#[test]
fn processor_time() {
    let short =
        |program: &str| attack(program).limits(|limits| limits.cpu = Duration::from_millis(400));
    for program in [
        "while True: pass",
        "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
        // All together, in processes and in threads.
        "os.fork(); os.fork()\nwhile True: pass",
        "import hashlib, threading\ndef work():\n    while True: hashlib.sha256(bytes(1 << 20))\n\
         for _ in range(3): threading.Thread(target=work).start()",
        // One after another, each for a short time, and so that nobody has to wait for them.
        "import time\nwhile True:\n    if os.fork() == 0:\n        until = time.process_time() + .02\n        \
         while time.process_time() < until: pass\n        os._exit(0)\n    os.wait()",
        "import time\nwhile os.fork() == 0 or time.sleep(99):\n    until = time.process_time() + .02\n    \
         while time.process_time() < until: pass\n    if os.fork(): os._exit(0)",
    ] {
        short(program)
            .run()
            .ended(Ending::CpuLimit)
            .within(SECONDS(30));
    }
    // Waiting costs none.
    attack("import time; time.sleep(1.2)")
        .limits(|limits| limits.cpu = SECONDS(1))
        .run()
        .ended(Ending::Exited(0));
}

#[test]
fn processes() {
    let few = |attack: crate::lab::Attack| attack.limits(|limits| limits.n_processes = 50);
    few(attack("while True: attempt(os.fork)"))
        .run()
        .ended(Ending::ProcessLimit)
        .within(SECONDS(20));
    // Each generation dies at once: no parent leads to the living.
    few(attack("import time\nif os.fork(): time.sleep(99)\nwhile True:\n    if attempt(os.fork) and attempt(os.fork): os._exit(0)"))
        .run()
        .ended(Ending::ProcessLimit);
    few(attack("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=[99]).start()"))
        .run()
        .ended(Ending::ProcessLimit);
    // However it takes the refusal.
    few(attack("import time\nfor _ in range(60):\n    if attempt(os.fork) == 0: time.sleep(99)\ntime.sleep(.2); os._exit(0)"))
        .run()
        .ended(Ending::ProcessLimit);
    few(attack("import threading, time\nfor _ in range(40): threading.Thread(target=time.sleep, args=[.1]).start()"))
        .run()
        .ended(Ending::Exited(0));
}

#[test]
fn memory() {
    let little =
        |attack: crate::lab::Attack| attack.limits(|limits| limits.memory_bytes = 200 << 20);
    little(attack("x = b'x' * (8 << 30)"))
        .run()
        .ended(Ending::OutOfMemory);
    little(attack("x = b'x' * (1 << 40)"))
        .run()
        .ended(Ending::Exited(1)); // A MemoryError: more than the address space.
    let gradual = "x = []\nwhile True: x.append(b'x' * (1 << 20)); time.sleep(.001)";
    little(attack(&format!(
        "import time\nfor _ in range(6): os.fork()\n{gradual}"
    )))
    .run()
    .ended(Ending::OutOfMemory);
    // Whichever process is killed for it, and whatever another makes of that.
    little(attack("import time\nif os.fork() == 0: x = b'x' * (8 << 30)\nos.wait(); time.sleep(.1); os._exit(0)"))
        .run()
        .ended(Ending::OutOfMemory);
    // A kill of its own is not taken for that.
    little(attack("x = b'x' * (100 << 20)\nos.kill(os.getpid(), 9)"))
        .run()
        .ended(Ending::Signaled(9));
    // Not to be looked into, and so not counted?
    little(attack(&format!(
        "import time\nctypes.CDLL(None).prctl(4, 0)\n{gradual}"
    )))
    .run()
    .ended(Ending::OutOfMemory);
    // Shared pages count once: 8 × 100 MB would be too much.
    little(attack(
        "import time\nx = b'x' * (100 << 20)\nfor _ in range(3): os.fork()\ntime.sleep(.5)",
    ))
    .run()
    .ended(Ending::Exited(0));
    // Reserved address space is not memory: Node and Java reserve much.
    little(attack(
        "import mmap\nx = mmap.mmap(-1, 40 << 30, flags=mmap.MAP_PRIVATE | 0x4000)",
    ))
    .run()
    .ended(Ending::Exited(0));
    // Memory that is in no process, but in /dev/shm.
    attack("import mmap, _posixshmem\nfd = _posixshmem.shm_open('/x', os.O_CREAT | os.O_RDWR, 0o600)\nwhile True: os.write(fd, b'x' * (1 << 20))")
        .run()
        .ended(Ending::Exited(1));
}

#[test]
fn output() {
    for fd in 1..=3 {
        let seen = attack(&format!(
            "print('first', flush=True)\nwhile True: os.write({fd}, b'x' * 65536)"
        ))
        .limits(|limits| limits.output_bytes = 1 << 20)
        .run()
        .ended(Ending::OutputLimit)
        .within(SECONDS(10));
        let outcome = seen.outcome;
        let outputs = [outcome.stdout, outcome.stderr, outcome.report];
        assert!(outputs[0].starts_with(b"first\n"));
        assert_eq!(outputs[fd - 1].len(), 1 << 20);
    }
    // As much as is allowed, all at once and in the last moment.
    let most = attack("for fd in 1, 2, 3: os.write(fd, b'x' * 60000)")
        .limits(|limits| limits.output_bytes = 60000);
    most.run().ended(Ending::Exited(0));
    attack("os.write(3, b'x' * 60001)")
        .limits(|limits| limits.output_bytes = 60000)
        .run()
        .ended(Ending::OutputLimit);
}

#[test]
fn what_it_prints_stays_data() {
    // Titles, colours, cursor, links, a clipboard, a terminal's answer, half of a character, NUL.
    let mut bytes = b"\x1b]0;title\x07\x1b[31m\x1b[2J\x1b[1;1H\x1b]8;;http://x\x1b\\\x1b]52;c;eA==\x07\x1bP$q\x1b\\\x1b[6n\xe2\x80\0\r\n".to_vec();
    bytes.extend(0..=255);
    bytes.extend("\u{202e}\u{feff}\u{2028}".bytes());
    let seen = attack("data = sys.stdin.buffer.read()\nfor fd in 1, 2, 3: os.write(fd, data)")
        .stdin(bytes.clone())
        .run()
        .ended(Ending::Exited(0));
    let outcome = seen.outcome;
    for output in [outcome.stdout, outcome.stderr, outcome.report] {
        assert_eq!(output, bytes);
    }
}

#[test]
fn disk() {
    let fill = "
def fill(folder):
    n = 0
    while True:
        with open(f'{folder}/{n}', 'wb') as file: file.write(b'x' * (1 << 20))
        n += 1
";
    let small = |attack: crate::lab::Attack| attack.limits(|limits| limits.file_bytes = 4 << 20);
    small(attack(&format!(
        "{fill}\nprint(attempt(fill, '/tmp'), attempt(fill, '/dev/shm'))"
    )))
    .run()
    .printed("ENOSPC ENOSPC");
    let many = "n = 0\nwhile True: open(f'/tmp/{n}', 'w').close(); n += 1";
    attack(many)
        .limits(|limits| limits.memory_bytes = 64 << 20)
        .run()
        .ended(Ending::OutOfMemory);

    let work = folder();
    let mounted = |program: &str| small(attack(program)).mount(work.path(), "/work", Access::Write);
    mounted("def big():\n    with open('/work/big', 'wb') as file: file.write(b'x' * (5 << 20))\nprint(attempt(big))").run().printed("EFBIG");
    mounted(&format!("{fill}\nfill('/work')"))
        .run()
        .ended(Ending::DiskLimit);
    mounted(&many.replace("/tmp", "/work"))
        .run()
        .ended(Ending::DiskLimit);
}

#[test]
fn standard_input() {
    let much = vec![b'x'; 8 << 20];
    // It never reads, closes it, or reads all.
    attack("print(1)")
        .stdin(much.clone())
        .run()
        .printed("1")
        .within(SECONDS(10));
    attack("os.close(0); import time; time.sleep(.1); print(1)")
        .stdin(much.clone())
        .run()
        .printed("1");
    attack("print(len(sys.stdin.read()))")
        .stdin(much.clone())
        .run()
        .printed("8388608");
    attack("print(len(sys.stdin.read()))").run().printed("0");
    let copy = attack("while chunk := os.read(0, 1 << 16): os.write(1, chunk)")
        .stdin(much.clone())
        .run();
    assert!(copy.ended(Ending::Exited(0)).outcome.stdout == much);
}
