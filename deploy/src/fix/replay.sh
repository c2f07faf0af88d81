#!/bin/sh
# Replays the proofs in this folder, offline: each test is red on the commit that failed and green with its patch.
# Usage: ./replay.sh REPOSITORY [FOLDER-OF-INSTALLED-DEPENDENCIES]
# Needs git and python3, and pytest where a test expects an exception. It runs the repository's code, without a sandbox.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: $0 REPOSITORY [DEPENDENCIES]" >&2; exit 2; }
repository=$(cd "$1" && pwd)
deps=${2:+$(cd "$2" && pwd)}
exec python3 - "$here" "$repository" "$deps" <<'PYTHON'
import json, os, pathlib, subprocess, sys, tempfile

here, repository, deps = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
RUN = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("replayed", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
names = [n for n in vars(module) if n.startswith("test_")]
assert names, "the file holds no test"
for name in names:
    getattr(module, name)()
print("ran", *names)
"""


def git(*arguments, **options):
    """Plumbing only: nothing that the repository's configuration names is started."""
    safe = ["-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "protocol.allow=never"]
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
    return subprocess.run(["git", *safe, *arguments], check=True, env=environment, **options)


def check_out(commit, tree):
    """The commit's plain files, byte for byte: no filter, no link, no submodule."""
    listed = git("-C", repository, "ls-tree", "-rz", "--full-tree", commit, stdout=subprocess.PIPE).stdout
    entries = [entry.split(b"\t", 1) for entry in listed.split(b"\0") if entry.startswith(b"100")]
    wanted = b"".join(meta.split()[2] + b"\n" for meta, _ in entries)
    blobs = git("-C", repository, "cat-file", "--batch", input=wanted, stdout=subprocess.PIPE).stdout
    for _, path in entries:
        header, blobs = blobs.split(b"\n", 1)
        size = int(header.split()[2])
        target = pathlib.Path(tree, os.fsdecode(path))
        if ".." not in target.parts and ".git" not in target.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(blobs[:size])
        blobs = blobs[size + 1:]


def run(tree, proof):
    path = [str(pathlib.Path(tree, root)) for root in proof["import_roots"]] + ([deps] if deps else [])
    path.append(os.environ.get("PYTHONPATH", ""))
    environment = {"PATH": os.environ["PATH"], "HOME": tree, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", RUN, str(pathlib.Path(tree, proof["test"]["path"]))]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120)


failed = 0
for proof in json.loads((here / "proof.json").read_text())["proofs"]:
    with tempfile.TemporaryDirectory() as tree:
        check_out(proof["commit"], tree)
        test = pathlib.Path(tree, proof["test"]["path"])
        test.parent.mkdir(parents=True, exist_ok=True)
        test.write_text((here / proof["test"]["file"]).read_text())
        before = run(tree, proof)
        git("apply", "-p1", str(here / proof["patch"]), cwd=tree)
        after = run(tree, proof)
    crash = proof["title"].split(":")[0].split(" in ")[0]
    red = before.returncode != 0 and crash in before.stderr
    green = after.returncode == 0 and after.stdout.startswith("ran test_")
    print(f"{proof['bug']}  before: {'red' if red else 'NOT RED'}  after: {'green' if green else 'NOT GREEN'}  {proof['title']}")
    if not (red and green):
        failed += 1
        sys.stderr.write((before if not red else after).stderr[-2000:])
sys.exit(1 if failed else 0)
PYTHON
