//! Bytecode that is prepared for later runs: that it is used, for which source, and who has a say in it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::{job, packages::write, wasm};
use sandbox::{Ending, GuestJob, Mount, Wasm};

/// A program in a session that answers nothing: it is over its start once it asks for a request.
const WAIT: &str = "\nisolate.receive()";

struct Lab {
    home: tempfile::TempDir,
    wasm: Wasm,
}

impl Lab {
    fn new(files: &[(&str, &str)]) -> Option<Self> {
        let home = tempfile::tempdir().expect("a folder");
        let wasm = wasm()?.clone().with_bytecode(&home.path().join("bytecode"));
        let wasm = wasm.expect("the folder is private");
        fs::create_dir(home.path().join("repo")).expect("a folder");
        write(&home.path().join("repo"), files);
        Some(Self { home, wasm })
    }

    fn job(&self, program: &str) -> GuestJob {
        GuestJob {
            mounts: vec![Mount::read_only(
                self.home.path().join("repo"),
                "/work/repo",
            )],
            ..job(&format!(
                "import sys; sys.path.insert(0, '/work/repo')\n{program}"
            ))
        }
    }

    /// What the program prints.
    #[track_caller]
    fn prints(&self, program: &str) -> String {
        let outcome = self
            .wasm
            .run(&self.job(program))
            .expect("the isolate works");
        let told = String::from_utf8_lossy(&outcome.stderr);
        assert_eq!(outcome.ending, Ending::Exited(0), "{told}");
        String::from_utf8_lossy(&outcome.stdout).into_owned()
    }

    /// The files that a program had to compile.
    fn uncompiled(&self, program: &str) -> Vec<PathBuf> {
        let job = self.job(&format!("{program}{WAIT}"));
        let mut session = self.wasm.open(&job).expect("the isolate works");
        let answer = session.ask(Vec::new(), Duration::from_secs(20));
        let told = String::from_utf8_lossy(&answer.stderr);
        assert!(
            matches!(answer.ended, None | Some(Ending::Exited(0))),
            "{told}"
        );
        session.uncompiled()
    }

    /// Compiles what a program had to; how many files that were.
    fn prepare(&self, program: &str) -> usize {
        let sources = self.uncompiled(program);
        self.wasm.prepare(sources).expect("a thread").wait()
    }

    fn entry(&self, source: &str) -> PathBuf {
        let key: String = Sha256::digest(source)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        self.entries().with_file_name(key)
    }

    /// A path in the folder of this guest's entries.
    fn entries(&self) -> PathBuf {
        let root = self.home.path().join("bytecode");
        let mut folders = fs::read_dir(root).expect("it is there");
        folders
            .next()
            .expect("one guest")
            .expect("it is there")
            .path()
            .join("any")
    }

    fn n_entries(&self) -> usize {
        let folder = self.entries();
        fs::read_dir(folder.parent().expect("it has one"))
            .expect("it is there")
            .count()
    }
}

#[test]
fn it_is_used_for_the_very_source_alone() {
    let (honest, other) = ("VALUE = 'source'\n", "VALUE = 'other'\n");
    let Some(lab) = Lab::new(&[("honest.py", honest), ("other.py", other)]) else {
        return;
    };
    let program = "import honest, other; print(honest.VALUE, other.VALUE)";
    assert_eq!(lab.prints(program), "source other\n");
    assert_eq!(lab.prepare(program), 2);
    assert_eq!(lab.uncompiled(program), Vec::<PathBuf>::new());
    assert_eq!(lab.prepare(program), 0);
    assert_eq!(lab.prints(program), "source other\n");

    // An entry that lies, which only its owner can write, shows that the source is not compiled.
    let (at, from) = (lab.entry(honest), lab.entry(other));
    let code = fs::read(&from).expect("it is there").split_off(32);
    let sealed = Sha256::new()
        .chain_update(Sha256::digest(honest))
        .chain_update(&code)
        .finalize();
    fs::write(&at, [sealed.as_slice(), &code].concat()).expect("it is written");
    assert_eq!(lab.prints(program), "other other\n");
    // Another text is compiled, of the same length, with the same time.
    let path = lab.home.path().join("repo/honest.py");
    let written = fs::metadata(&path)
        .and_then(|m| m.modified())
        .expect("its time");
    fs::write(&path, honest.replace("source", "sauces")).expect("it is written");
    let file = fs::File::options().write(true).open(&path);
    file.and_then(|f| f.set_modified(written))
        .expect("its time");
    assert_eq!(lab.prints(program), "sauces other\n");
}

#[test]
fn damaged_entries_are_ignored_and_made_again() {
    let source = "VALUE = 'source'\n";
    let Some(lab) = Lab::new(&[("honest.py", source)]) else {
        return;
    };
    let program = "import honest; print(honest.VALUE)";
    assert_eq!(lab.prepare(program), 1);
    let good = fs::read(lab.entry(source)).expect("it is there");
    let garbled: Vec<u8> = good
        .iter()
        .enumerate()
        .map(|(n, b)| if n == 40 { !b } else { *b })
        .collect();
    for bad in [
        &good[..good.len() - 1],
        &good[..32],
        &good[..5],
        b"",
        &garbled,
        &[0; 4096],
    ] {
        fs::write(lab.entry(source), bad).expect("it is written");
        assert_eq!(lab.prints(program), "source\n");
    }
    assert_eq!(lab.prepare(program), 1);
    assert_eq!(fs::read(lab.entry(source)).expect("it is there"), good);
}

/// What nobody but the host may say: which entry is a source's, and what is in it.
#[test]
fn programs_and_repositories_have_no_say() {
    let source = "VALUE = 'source'\n";
    let Some(lab) = Lab::new(&[("honest.py", source), ("notes.txt", "x = 1\n")]) else {
        return;
    };
    let repo = lab.home.path().join("repo");
    symlink("/etc/hostname", repo.join("outward.py")).expect("a link");
    // It reaches the host's function, and everything that a mount and a scratch let it write.
    let program = "
import os
host = isolate.report.write.__func__.__globals__['wit_world']
poison = b\"VALUE = 'poison'\\n\"
open('/tmp/honest.py', 'wb').write(poison)
for path in ('/work/repo/honest.py', '/work/repo/../repo/honest.py', '/work/repo/notes.txt', '/work/repo/outward.py',
             '/work/repo/../../../../etc/hostname', '/work/repo/absent.py', '/work/repo', '/tmp/honest.py', '/etc/hostname', '', '\\0', 'x' * 5000):
    assert host.bytecode(path, poison) is None
for n in range(10000): host.bytecode('/work/repo/honest.py', poison)
";
    let named = lab.uncompiled(program);
    let repo = fs::canonicalize(repo).expect("it is there");
    let outside: Vec<&PathBuf> = named.iter().filter(|p| !p.starts_with(&repo)).collect();
    assert!(outside.is_empty() && named.len() <= 4096, "{outside:?}");
    assert_eq!(lab.n_entries(), 0, "running a program writes nothing");
    // Of what it named, each file has what its own text means: the folder is none.
    assert_eq!(lab.wasm.prepare(named).expect("a thread").wait(), 2);
    assert!(!lab.entry("VALUE = 'poison'\n").exists());
    assert_eq!(lab.prints("import honest; print(honest.VALUE)"), "source\n");

    // What a repository brings along, under the names of an interpreter and of ours.
    let code = fs::read(lab.entry(source)).expect("it is there");
    for place in [
        "__pycache__/honest.cpython-314.pyc",
        "honest.pyc",
        "bytecode/guest",
    ] {
        write(&repo, &[(place, "")]);
        fs::write(repo.join(place), &code).expect("a file");
    }
    fs::write(repo.join("honest.py"), "VALUE = 'changed'\n").expect("a file");
    assert_eq!(
        lab.prints("import honest; print(honest.VALUE)"),
        "changed\n"
    );
}

/// Functions in functions, a decorator, a class body, a syntax error: their traces.
#[test]
fn traces_are_the_same() {
    let deep = "import functools\n\nclass A:\n    @functools.cache\n    def f(self):\n        def g():\n            return [1 / n for n in (1, 0)]\n        return (lambda: g())()\n";
    let Some(lab) = Lab::new(&[
        ("pack/__init__.py", "from .deep import A\n"),
        ("pack/deep.py", deep),
        ("broken.py", "import pack\ndef f(:\n"),
        ("imports.py", "import broken\n"),
    ]) else {
        return;
    };
    let program = "
import traceback
for act in ('import pack; pack.A().f()', 'import imports'):
    try: exec(act)
    except Exception: print(traceback.format_exc())
import pack, inspect
print(inspect.getsourcefile(pack.A), inspect.getsource(pack.A.f.__wrapped__), pack.__cached__ if hasattr(pack, '__cached__') else None)
";
    let before = lab.prints(program);
    assert!(
        before.contains("File \"/work/repo/pack/deep.py\", line 7, in g"),
        "{before}"
    );
    assert!(
        !before.contains("outerloop") && !before.contains("<frozen"),
        "{before}"
    );
    assert_eq!(lab.prepare(program), 3);
    assert_eq!(lab.prints(program), before);
}

#[test]
fn what_does_not_compile_costs_itself_alone() {
    let deep = format!("x = {}1{}\n", "(".repeat(90_000), ")".repeat(90_000));
    let nested = format!("x = {}1\n", "-".repeat(500_000));
    let large = format!("x = '{}'\n", "x".repeat(2 << 20));
    let warns = "x = '\\d'\n";
    let Some(lab) = Lab::new(&[
        ("a.py", "x = (\n"),
        ("b.py", &deep),
        ("c.py", &nested),
        ("d.py", &large),
        ("e.py", warns),
        ("f.py", "x = 1\0\n"),
        ("g.py", "# coding: nonsense\n"),
        ("good.py", "VALUE = 'good'\n"),
    ]) else {
        return;
    };
    let repo = lab.home.path().join("repo");
    let made = Command::new("mkfifo").arg(repo.join("pipe.py")).status();
    assert!(made.expect("it runs").success());
    let mut sources: Vec<PathBuf> = fs::read_dir(&repo)
        .expect("it is there")
        .map(|f| f.expect("it is there").path())
        .collect();
    sources.sort();
    sources.extend(["/dev/zero".into(), repo.clone(), repo.join("absent.py")]);
    assert_eq!(lab.wasm.prepare(sources).expect("a thread").wait(), 1);
    assert_eq!(lab.n_entries(), 1);
    assert!(lab.entry("VALUE = 'good'\n").exists());
    // A warning is heard each time.
    let program = "import sys\nsys.stderr = sys.stdout\nimport e";
    assert!(lab.prints(program).contains("SyntaxWarning"));
    assert!(lab.prints(program).contains("SyntaxWarning"));
}

#[test]
fn two_prepare_at_once() {
    let texts: Vec<(String, String)> = (0..30)
        .map(|n| (format!("m{n}.py"), format!("VALUE = {n}\n")))
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let Some(lab) = Lab::new(&files) else { return };
    let program =
        "import importlib\nprint(sum(importlib.import_module(f'm{n}').VALUE for n in range(30)))";
    let sources = lab.uncompiled(program);
    assert_eq!(sources.len(), 30);
    // Another process would open the folder by itself as well.
    let other = wasm().expect("it is there").clone();
    let other = other
        .with_bytecode(&lab.home.path().join("bytecode"))
        .expect("it is private");
    let both = [
        lab.wasm.prepare(sources.clone()),
        other.prepare(sources.clone()),
    ];
    for one in both {
        one.expect("a thread").wait();
    }
    assert_eq!(lab.n_entries(), 30, "and no drafts");
    assert_eq!(lab.uncompiled(program), Vec::<PathBuf>::new());
    assert_eq!(lab.prints(program), "435\n");
}

#[test]
fn it_can_be_given_up() {
    // Each is a second of work and more: who waited for them all would notice.
    let text = |n: usize| format!("x = [{}]\n", format!("f({n}), ").repeat(100_000));
    let texts: Vec<(String, String)> = (0..40).map(|n| (format!("m{n}.py"), text(n))).collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let Some(lab) = Lab::new(&files) else { return };
    let at = |n: usize| lab.home.path().join(format!("repo/m{n}.py"));
    drop(
        lab.wasm
            .prepare((0..40).map(at).collect())
            .expect("a thread"),
    );
    assert!(lab.n_entries() < 40);
}

#[test]
fn a_folder_that_others_may_enter_is_refused() {
    let Some(wasm) = wasm() else { return };
    let home = tempfile::tempdir().expect("a folder");
    let open = |folder: &Path| wasm.clone().with_bytecode(folder).map(drop);
    let folder = home.path().join("bytecode");
    open(&folder).expect("it is made");
    let guest = fs::read_dir(&folder).expect("it is there").next();
    let guest = guest.expect("one guest").expect("it is there").path();
    for place in [&folder, &guest] {
        assert_eq!(
            fs::metadata(place)
                .expect("it is there")
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
        for mode in [0o770, 0o707, 0o755] {
            fs::set_permissions(place, fs::Permissions::from_mode(mode)).expect("it is ours");
            let refused = open(&folder).expect_err("others may enter").to_string();
            assert!(refused.contains("chmod 700"), "{refused}");
        }
        fs::set_permissions(place, fs::Permissions::from_mode(0o700)).expect("it is ours");
    }
    open(&folder).expect("it is private again");
    let link = home.path().join("link");
    symlink(&folder, &link).expect("a link");
    open(&link).expect_err("a link leads anywhere");
}
