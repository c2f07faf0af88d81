//! Installed packages in the guest: what they say about themselves, the files that they carry, and bytecode, which is never
//! taken from them.

use std::{fs, path::Path};

use super::{job, run};
use sandbox::{Ending, GuestJob, Mount};

pub(super) fn write(at: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = at.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// A folder as pip fills it.
fn packages() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("greet/__init__.py", "def hello(): return 'hello'\n"),
            ("greet/data/words.txt", "one two"),
            ("greet/data/more/deep.txt", "three"),
            (
                "greet-1.2.3.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: greet\nVersion: 1.2.3\nRequires-Dist: other>=1\n",
            ),
            (
                "greet-1.2.3.dist-info/entry_points.txt",
                "[greetings]\nhi = greet:hello\n",
            ),
            ("greet-1.2.3.dist-info/top_level.txt", "greet\n"),
            (
                "greet-1.2.3.dist-info/RECORD",
                "greet/__init__.py,,\ngreet/data/words.txt,,\ngreet-1.2.3.dist-info/METADATA,,\n",
            ),
            ("other/__init__.py", ""),
            (
                "other-2.0.egg-info/PKG-INFO",
                "Metadata-Version: 1.0\nName: other\nVersion: 2.0\n",
            ),
        ],
    );
    folder
}

/// The program, with the packages on its path, prints that.
#[track_caller]
fn check(folder: &Path, program: &str, stdout: &str) {
    let program = format!("import sys; sys.path.insert(0, '/work/deps')\n{program}");
    let Some(outcome) = run(&GuestJob {
        mounts: vec![Mount::read_only(folder, "/work/deps")],
        ..job(&program)
    }) else {
        return;
    };
    let told = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.ending, Ending::Exited(0), "{told}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), stdout, "{told}");
}

#[test]
fn metadata_is_found() {
    let folder = packages();
    check(
        folder.path(),
        r"
from importlib import metadata
print(metadata.version('greet'), metadata.version('other'), metadata.requires('greet'))
found, = metadata.entry_points(group='greetings')
print(found.name, found.load()(), metadata.metadata('greet')['Name'])
print([str(f) for f in metadata.files('greet')][:2], metadata.files('greet')[1].read_text())
print('greet' in metadata.packages_distributions(), sorted(d.name for d in metadata.distributions() if d.name in ('greet', 'other')))
try: metadata.version('absent')
except metadata.PackageNotFoundError: print('absent')
print(metadata.version('pytest').split('.')[0].isdigit(), [d.name for d in metadata.distributions()].count('pytest'))
",
        "1.2.3 2.0 ['other>=1']\nhi hello greet\n['greet/__init__.py', 'greet/data/words.txt'] one two\nTrue ['greet', 'other']\nabsent\nTrue 1\n",
    );
}

#[test]
fn resources_are_found() {
    let folder = packages();
    check(
        folder.path(),
        r"
import importlib.resources as resources, pkgutil
files = resources.files('greet')
print((files / 'data/words.txt').read_text(), sorted(f.name for f in (files / 'data').iterdir()))
print(resources.read_text('greet', 'data', 'words.txt', encoding='utf-8'), resources.is_resource('greet', '__init__.py'))
with resources.as_file(files / 'data' / 'words.txt') as path: print(path)
with resources.as_file(files / 'data') as path: print(sorted(p.name for p in path.iterdir()))
print(pkgutil.get_data('greet', 'data/words.txt'), [m.name for m in pkgutil.iter_modules(['/work/deps'])])
print(__import__('greet').__loader__.get_data('/work/deps/greet/data/more/deep.txt'))
",
        "one two ['more', 'words.txt']\none two True\n/work/deps/greet/data/words.txt\n['more', 'words.txt']\nb'one two' ['greet', 'other']\nb'three'\n",
    );
}

#[test]
fn pkg_resources_sees_them() {
    let folder = packages();
    check(
        folder.path(),
        r"
import pkg_resources
print(pkg_resources.get_distribution('greet').version, pkg_resources.require('greet')[-1].version)
print(pkg_resources.resource_string('greet', 'data/words.txt'), pkg_resources.resource_filename('greet', 'data/words.txt'))
print(pkg_resources.resource_listdir('greet', 'data'), [e.name for e in pkg_resources.iter_entry_points('greetings')])
print(pkg_resources.resource_exists('greet', 'nothing'), pkg_resources.parse_version('2.0') > pkg_resources.parse_version('1.9'))
",
        "1.2.3 2.0\nb'one two' /work/deps/greet/data/words.txt\n['more', 'words.txt'] ['hi']\nFalse True\n",
    );
}

/// The bytecode is unchecked (PEP 552): an interpreter that looked would believe it.
#[test]
fn bytecode_of_a_mount_is_never_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("honest.py", "VALUE = 'source'\n"),
            ("pack/__init__.py", "VALUE = 'source'\n"),
        ],
    );
    // Only the guest can make bytecode of its own version: it hands it out.
    let make = "import importlib.util, marshal\ncode = marshal.dumps(compile(\"VALUE = 'poison'\", 'x', 'exec'))\nisolate.report.write(importlib.util.MAGIC_NUMBER + (1).to_bytes(4, 'little') + bytes(8) + code)";
    let Some(made) = run(&job(make)) else { return };
    assert!(made.report.len() > 16, "{made:?}");
    let place = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, &made.report).expect("a file");
    };
    for tag in ["cpython-314", "cpython-314.opt-1", "cpython-314.opt-2"] {
        place(&format!("__pycache__/honest.{tag}.pyc"));
        place(&format!("pack/__pycache__/__init__.{tag}.pyc"));
    }
    place("alone.pyc"); // No source at all: the old way to hide one.
    place("nested/__init__.pyc");
    check(
        folder.path(),
        r"
import honest, pack, importlib, importlib.util, runpy
print(honest.VALUE, pack.VALUE, importlib.reload(honest).VALUE)
for name in ('alone', 'nested'):
    try: print(getattr(importlib.import_module(name), 'VALUE', 'empty'))
    except ImportError: print('absent')
print(importlib.util.cache_from_source('/work/deps/honest.py').startswith('/work'))
print(runpy.run_module('honest')['VALUE'])
",
        "source source source\nabsent\nempty\nFalse\nsource\n",
    );
}
