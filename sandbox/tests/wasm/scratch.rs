//! `/tmp` in the guest: what programs do with temporary files, and where that ends.

use std::{fs, time::Duration};

use super::{check, folder, job, limited, run, wasm};
use sandbox::{Ending, GuestJob, Limits};

/// The program prints that, with so much room for files.
#[track_caller]
fn check_with(file_bytes: u64, program: &str, stdout: &str) {
    let limits = Limits {
        file_bytes,
        ..Limits::default()
    };
    let job = limited(program, limits);
    let Some(outcome) = run(&job) else { return };
    let told = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.ending, Ending::Exited(0), "{told}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), stdout, "{told}");
}

#[test]
fn temporary_files_work() {
    let program = r"
import os, pathlib, shutil, tempfile, zipfile
with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    print(name.startswith('/tmp/'), os.listdir(name))
    (here / 'a.txt').write_text('one\n')
    with open(here / 'a.txt', 'a') as f: f.write('two\n')
    with open(here / 'a.txt', 'r+') as f:
        f.seek(4); f.write('TWO'); f.seek(0); print(f.read().split())
        f.truncate(2); f.seek(0); print(repr(f.read()))
    with open(here / 'a.txt', 'r+b') as f:
        f.seek(5); f.write(b'!'); f.seek(0); print(f.read())
    (here / 'deep/er').mkdir(parents=True)
    os.replace(here / 'a.txt', here / 'deep/b.txt')
    os.symlink('deep/b.txt', here / 'relative')
    os.symlink(name + '/deep', here / 'absolute')
    os.link(here / 'deep/b.txt', here / 'hard')
    print((here / 'relative').read_bytes(), (here / 'absolute/b.txt').read_bytes(), os.readlink(here / 'relative'))
    print(os.stat(here / 'hard').st_nlink, os.path.samefile(here / 'hard', here / 'deep/b.txt'), os.path.getsize(here / 'hard'))
    print(sorted(str(p.relative_to(here)) for p in here.rglob('*')))
    os.rename(here / 'deep', here / 'moved')
    print([len(x) for x in next(os.walk(name))[1:]], (here / 'moved/er/../b.txt').exists(), (here / 'relative').exists())
    shutil.copytree(here / 'moved', here / 'copy')
    with zipfile.ZipFile(here / 'x.zip', 'w') as z: z.write(here / 'copy/b.txt', 'b')
    print(zipfile.ZipFile(here / 'x.zip').read('b'))
    os.utime(here / 'hard', (1, 2)); print(os.stat(here / 'hard').st_mtime)
print(os.listdir('/tmp'))
with tempfile.NamedTemporaryFile('w+') as f:
    f.write('x' * 100000); f.flush(); print(os.path.getsize(f.name))
with tempfile.TemporaryFile() as f:
    f.write(b'y'); f.seek(0); print(f.read())
with open(os.devnull, 'w') as f: f.write('gone'); print(open(os.devnull).read() == '')
f = open('/tmp/open', 'w+'); f.write('kept'); os.remove('/tmp/open'); f.seek(0); print(f.read(), os.listdir('/tmp'))
";
    let expected = "True []\n['one', 'TWO']\n'on'\nb'on\\x00\\x00\\x00!'\n\
        b'on\\x00\\x00\\x00!' b'on\\x00\\x00\\x00!' deep/b.txt\n2 True 6\n\
        ['absolute', 'deep', 'deep/b.txt', 'deep/er', 'hard', 'relative']\n[1, 3] True False\n\
        b'on\\x00\\x00\\x00!'\n2.0\n[]\n100000\nb'y'\nTrue\nkept []\n";
    check(program, Ending::Exited(0), expected);
}

#[test]
fn it_refuses_what_a_disk_refuses() {
    let program = r"
import os
os.mkdir('/tmp/d'); open('/tmp/d/f', 'w').close(); os.symlink('loop', '/tmp/loop'); os.symlink('/etc/passwd', '/tmp/out'); os.symlink('..', '/tmp/up')
def said(act):
    try: return act()
    except OSError as error: return os.strerror(error.errno)
for act in (
    lambda: os.mkdir('/tmp/d'), lambda: os.rmdir('/tmp/d'), lambda: os.remove('/tmp/d'), lambda: open('/tmp/no'),
    lambda: open('/tmp/no/f', 'w'), lambda: open('/tmp/d', 'w'), lambda: open('/tmp/loop'), lambda: open('/tmp/d/f/x'),
    lambda: open('/tmp/d/f', 'x'), lambda: os.rename('/tmp/d', '/tmp/d/in'), lambda: open('/tmp/' + 'n' * 256, 'w'),
    lambda: open('/tmp/out').read(), lambda: os.listdir('/tmp/up'), lambda: os.rmdir('/tmp/d/.'), lambda: open('/dev/new', 'w'),
    lambda: os.remove('/dev/null'), lambda: os.listdir('/dev'),
): print(said(act))
";
    let expected = "File exists\nDirectory not empty\nIs a directory\nNo such file or directory\n\
        No such file or directory\nIs a directory\nSymbolic link loop\nNot a directory\n\
        File exists\nInvalid argument\nFilename too long\n\
        Operation not permitted\nOperation not permitted\nDirectory not empty\nOperation not permitted\n\
        Operation not permitted\n['null']\n";
    check(program, Ending::Exited(0), expected);
}

#[test]
fn its_size_is_bounded() {
    let mib = 1 << 20;
    // Bytes …
    check_with(
        mib,
        "import os\ntry:\n  with open('/tmp/a', 'wb', buffering=0) as f:\n    while True: f.write(bytes(4096))\nexcept OSError: print(900_000 < os.path.getsize('/tmp/a') <= 1 << 20)\nos.remove('/tmp/a'); open('/tmp/b', 'wb').write(bytes(900_000)); print(os.path.getsize('/tmp/b'))",
        "True\n900000\n",
    );
    // … and bytes that nobody wrote …
    check_with(
        mib,
        "f = open('/tmp/a', 'wb')\nfor act in (lambda: f.truncate(1 << 40), lambda: f.truncate(2 << 20), lambda: (f.seek(1 << 30), f.write(b'x'), f.flush())):\n  try: act(); print('done')\n  except OSError: print('refused')\n",
        "refused\nrefused\nrefused\n",
    );
    // … and names.
    check_with(
        mib,
        "import os\nn = 0\ntry:\n  while True:\n    open(f'/tmp/{n}', 'w').close(); n += 1\nexcept OSError: print(n)\nfor i in range(n): os.remove(f'/tmp/{i}')\nos.mkdir('/tmp/d'); os.symlink('x' * 200, '/tmp/d/l'); print(os.listdir('/tmp'))",
        "1024\n['d']\n",
    );
    // A folder in a folder in a folder …: taking it down must not climb down the host's stack.
    check_with(
        64 * mib,
        "import os\nn = 0\nos.mkdir('/tmp/x'); os.chdir('/tmp/x')\nfor i in range(20000):\n  os.mkdir('/tmp/y'); os.rename('/tmp/x', '/tmp/y/x'); os.rename('/tmp/y', '/tmp/x')\nprint(os.listdir('/tmp'))",
        "['x']\n",
    );
    // As many at once as the host can spare.
    check_with(
        mib,
        "fs = []\ntry:\n  while True: fs.append(open(f'/tmp/{len(fs)}', 'w'))\nexcept OSError: print(100 < len(fs) < 130)\ndel fs; print(open('/tmp/0').read() == '')",
        "True\nTrue\n",
    );
}

#[test]
fn it_is_private_to_a_machine() {
    check("open('/tmp/mark', 'w').write('x')", Ending::Exited(0), "");
    check(
        "import os; print(os.listdir('/tmp'))",
        Ending::Exited(0),
        "[]\n",
    );
    let Some(wasm) = wasm() else { return };
    let program = "import os\nwhile (r := isolate.receive()) is not None:\n  isolate.report.write(str(sorted(os.listdir('/tmp'))).encode())\n  open('/tmp/' + r.decode(), 'w').close()";
    let mut one = wasm.open(&job(program)).expect("the isolate works");
    let mut two = wasm.open(&job(program)).expect("the isolate works");
    let second = Duration::from_secs(10);
    let told = |session: &mut sandbox::Session, word: &str| {
        String::from_utf8_lossy(&session.ask(word.into(), second).report).into_owned()
    };
    assert_eq!(told(&mut one, "a"), "[]");
    assert_eq!(told(&mut two, "b"), "[]");
    assert_eq!(told(&mut one, "c"), "['a']");
}

#[test]
fn a_mount_is_another_disk() {
    let (folder, mount) = folder();
    let program = r"
import os, shutil
for act in (lambda: os.rename('/work/repo/hello.txt', '/tmp/x'), lambda: os.link('/work/repo/hello.txt', '/tmp/x'), lambda: os.rename('/tmp/y', '/work/repo/y')):
    open('/tmp/y', 'w').close()
    try: act(); print('done')
    except OSError: print('refused')
print(shutil.copy('/work/repo/hello.txt', '/tmp/copy'), open('/tmp/copy').read())
os.symlink('/work/repo/hello.txt', '/tmp/link')
try: print(open('/tmp/link').read())
except OSError: print('refused')
";
    let Some(outcome) = run(&GuestJob {
        mounts: vec![mount],
        ..job(program)
    }) else {
        return;
    };
    assert_eq!(
        String::from_utf8_lossy(&outcome.stdout),
        "refused\nrefused\nrefused\n/tmp/copy hello\nrefused\n",
        "{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 3);
}
