#!/usr/bin/env python3
"""Measures `outerloop search` on Django's source, next to ripgrep and zoekt, all in one run.

    tests/search/compare.py target/release/outerloop [FOLDER]

Fetches Django's sdist from PyPI (pinned by its digest) with pip, makes a git repository of it and prints how long indexing
takes, how large the index is, how long warm queries take (whole processes, and one process that stays), and what
following a commit costs. ripgrep is used where `rg` is installed; zoekt where Go can build it from its module proxy.
What is missing is said, not guessed. pip asks Django's build backend for the package's name, which runs its code.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

SDIST = "Django==5.2.19 --hash=sha256:ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1"
ZOEKT = "github.com/sourcegraph/zoekt/cmd/"
ROUNDS = 10

# As people ask: names whole and in parts, several words, what is rare, what is everywhere, a phrase, nothing.
QUERIES = [
    "get_or_create",
    "QuerySet",
    "queryset filter slice",
    "resolve url pattern",
    "csrf token missing",
    "migration autodetector",
    "ImproperlyConfigured",
    "session expiry",
    "render template context",
    "self",
    "prefetch related objects",
    "UploadedFile",
    "parse http date",
    "makemessages locale",
    '"return self._filter_or_exclude"',
    "ForeignKey on_delete",
    "sql compiler as_sql",
    "password reset token",
    "etag last modified",
    "zzz_nowhere_zzz",
]


def git(repo, *arguments):
    config = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", "-C", repo, *config, *arguments], check=True, stdout=subprocess.DEVNULL)


def fetch(folder):
    """Django's source as a git repository of one commit."""
    repo = folder / "django"
    if repo.is_dir():
        shutil.rmtree(repo)
    archives = list(folder.glob("django-*.tar.gz"))
    if not archives:
        wanted = folder / "requirements.txt"
        wanted.write_text(SDIST + "\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--no-binary", ":all:", "--require-hashes", "--dest", folder, "--requirement", wanted]
        subprocess.run(pip, check=True)
        archives = list(folder.glob("django-*.tar.gz"))
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    next((folder / "unpacked").iterdir()).rename(repo)
    git(repo, "init", "--quiet")
    git(repo, "add", "--all", "--force")
    git(repo, "commit", "--quiet", "--message", "As released")
    return repo


def timed(command, **options):
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    took = (time.perf_counter() - started) * 1000
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')}")
    return took


def latencies(command_for, **options):
    """p50 and p99 in milliseconds over every query, some rounds, the first of which does not count."""
    times = []
    for round_ in range(ROUNDS + 1):
        for query in QUERIES:
            took = timed(command_for(query), **options)
            if round_:
                times.append(took)
    times.sort()
    return f"{statistics.median(times):.1f}", f"{times[int(len(times) * 0.99)]:.1f}"


def size(folder):
    return sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 2**20


def words(query):
    """The same words for a tool that searches lines: any of them, or the phrase."""
    phrase = query.strip('"')
    return [phrase] if phrase != query else query.split()


def row(what, *cells):
    print(f"{what:<52}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def outerloop(program, repo, folder):
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {**os.environ, "OUTERLOOP_CACHE": str(cache)}
    search = [program, "search", "--repo", repo]
    row("outerloop: first index, s", f"{timed([*search, 'x'], env=environment) / 1000:.1f}")
    row("outerloop: index on disk, MiB", f"{size(cache):.0f}")
    row("outerloop search, warm, whole process: p50, p99 ms", *latencies(lambda q: [*search, q], env=environment))
    example = Path(program).parent / "examples" / "queries"
    if example.exists():
        index = next((cache / "search").iterdir())
        done = subprocess.run([example, repo, index, str(ROUNDS), *QUERIES], check=True, stdout=subprocess.PIPE)
        row("outerloop, warm, one process that stays: p50, p99 ms", *done.stdout.decode().split())
    else:
        row("outerloop, in one process", "not built: cargo build --release -p fixer --example queries")
    (repo / "django" / "new_module.py").write_text("def brand_new_function():\n    return 1\n")
    with (repo / "django" / "shortcuts.py").open("a") as file:
        file.write("\n\ndef another_new_function():\n    return 2\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "Change two files")
    row("outerloop: first search after a commit of 2 files, ms", f"{timed([*search, 'x'], env=environment):.0f}")


def ripgrep(repo):
    if not shutil.which("rg"):
        row("ripgrep", "not installed")
        return
    def command(query):
        each = [part for word in words(query) for part in ("-e", word)]
        return ["rg", "--no-config", "--hidden", "--no-ignore", "--glob=!.git", "-n", "-i", "-F", *each, repo]
    row("ripgrep, any of the words: p50, p99 ms", *latencies(command))


def zoekt(repo, folder):
    if not shutil.which("go"):
        row("zoekt", "not built: there is no go")
        return
    binaries = folder / "bin"
    for name in ("zoekt-git-index", "zoekt"):
        if not (binaries / name).exists():
            build = ["go", "install", f"{ZOEKT}{name}@latest"]
            done = subprocess.run(build, env={**os.environ, "GOBIN": str(binaries)}, stderr=subprocess.PIPE)
            if done.returncode:
                row("zoekt", "not built: " + done.stderr.decode(errors="replace").strip().splitlines()[-1].strip())
                return
    index = folder / "zoekt"
    shutil.rmtree(index, ignore_errors=True)
    first = timed([binaries / "zoekt-git-index", "-index", index, repo])
    row("zoekt: first index, s", f"{first / 1000:.1f}")
    row("zoekt: index on disk, MiB", f"{size(index):.0f}")
    row("zoekt, any of the words: p50, p99 ms", *latencies(
        lambda q: [binaries / "zoekt", "-index_dir", index, " or ".join(f'"{w}"' for w in words(q))]))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) == 3 else temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        repo = fetch(folder)
        n_files = sum(1 for f in repo.rglob("*") if f.is_file() and ".git" not in f.relative_to(repo).parts)
        load = os.getloadavg()[0]
        print(f"Django's sdist: {n_files} files; {os.cpu_count()} processors, load {load:.1f} at the start")
        print(f"{len(QUERIES)} queries, {ROUNDS} rounds\n")
        outerloop(program, repo, folder)
        ripgrep(repo)
        zoekt(repo, folder)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
