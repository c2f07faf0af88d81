"""Crashes that nobody tuned for: packages with one guard taken out, where their own tests then crash.

    inject.py make FOLDER PACKAGE...                   makes cases of packages of PyPI, four each
    inject.py run FOLDER PROGRAM [sentry|text]         has `outerloop fix` work on each, and judges it

Each case is a copy of a package's source without one guard, default or conversion (`guards.py`), and the log of a
test that crashes there. The fixer gets the log and a repository without the test files that fail. A fix is right if all
tests of those files pass that passed before. What was taken out is not always what is missing in life, and the tests do
not know every right answer: a proposal that fails them is looked at by hand. The cases are made, not found: they
find weaknesses and are no figure for the README, which `tests/realcrash` gives.
"""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from guards import Program

HERE = pathlib.Path(__file__).resolve().parent
EVAL = HERE.parent.parent / "deploy/src/eval"
SIMPLE = """TypeError AttributeError KeyError IndexError ValueError ZeroDivisionError UnboundLocalError StopIteration NameError
UnicodeDecodeError UnicodeEncodeError RuntimeError""".split()
IS_TEST = re.compile(r"(^|/)(tests?|testing|conftest|test_[^/]*|[^/]*_test)(/|\.py)")
CASES_OF_ONE, TRIES, SECONDS = 4, 60, 240


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


class Package:
    """The source of a package, with what it needs beside it."""

    def __init__(self, folder, name):
        self.name, self.deps = name, folder / "deps" / name
        source = folder / "source" / name
        if not source.exists():
            found = python("-m", "pip", "index", "versions", name).stdout
            version = re.search(r"\((.*?)\)", found)
            if version is None:
                sys.exit(f"{name} is not in the index")
            python(str(EVAL / "fetch.py"), "release", name, version[1], str(source), check=True)
            needed = [f"{name}=={version[1]}", "pytest", "pytest-cov"]
            python("-m", "pip", "install", "-q", "--only-binary", ":all:", "--target", str(self.deps), *needed, check=True)
        self.root = source
        while len(inside := list(self.root.iterdir())) == 1 and inside[0].is_dir():
            self.root = inside[0]
        self.top, self.modules = self.find_modules()

    def find_modules(self):
        """The folder that goes on the path, and what the package installs from there: that stays out of the dependencies."""
        for top in ("src", "lib", "."):
            found = [*(self.root / top).glob("*/__init__.py"), *(self.root / top).glob("*.py")]
            names = {path.parent.name if path.name == "__init__.py" else path.name for path in found}
            marked = self.deps / f".own-{top.strip('.')}"
            own = set(marked.read_text().split()) if marked.exists() else {n for n in names if (self.deps / n).exists()}
            own = {name for name in own if not re.search("test|doc|example|bench", name)}
            if own:
                marked.write_text("\n".join(own))
                for name in own:
                    shutil.rmtree(self.deps / name, ignore_errors=True)
                    (self.deps / name).unlink(missing_ok=True)
                return top, sorted(own)
        sys.exit(f"{self.name}: no module is found")

    def test(self, work, names, more=(), limit=120, **environment):
        """How the tests of these names end, run in a copy of the source; None where they take too long."""
        with tempfile.TemporaryDirectory() as scratch:
            results = os.path.join(scratch, "results")
            paths = [str(work / self.top), str(work), str(self.deps), str(HERE)]
            settings = {"PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
            settings |= {"INJECTED_RESULTS": results, **environment}
            quiet = ["-q", "-p", "crash", "-p", "no:cacheprovider", "-p", "no:warnings", "--continue-on-collection-errors"]
            try:
                python("-m", "pytest", *quiet, *more, *names, cwd=work, env={**os.environ, **settings}, timeout=limit)
            except subprocess.TimeoutExpired:
                return None
            if not os.path.exists(results):
                return []
            with open(results, encoding="utf-8") as file:
                return [json.loads(line) for line in file]


def covered(package, work):
    """The tests that pass, and by file and line those that come through."""
    settings = work / ".injected-coverage"
    settings.write_text(f"[run]\ndata_file={work}/.injected-data\n")
    more = [f"--cov={work / package.top}", f"--cov-config={settings}", "--cov-report=", "--cov-context=test"]
    results = package.test(work, [], more, limit=400) or []
    failed = {r["id"] for r in results if r["outcome"] == "failed"}
    passed = {r["id"] for r in results if r["outcome"] == "passed"} - failed
    read = "import coverage, json, sys; d = coverage.CoverageData(sys.argv[1]); d.read()\n"
    read += "print(json.dumps({f: d.contexts_by_lineno(f) for f in d.measured_files()}))"
    told = python("-c", read, f"{work}/.injected-data", env={**os.environ, "PYTHONPATH": str(package.deps)}).stdout
    return passed, json.loads(told or "{}")


def chances(package, work, passed, lines):
    """What can be taken out where a passing test comes through, each kind in turn."""
    by_kind = {}
    for path in map(pathlib.Path, lines):
        if not path.is_relative_to(work) or IS_TEST.search(str(path.relative_to(work))):
            continue
        for kind, line, text in Program(path.read_text()).without():
            tests = {context.partition("|")[0] for context in lines[str(path)].get(str(line), [])} & passed
            if tests:
                by_kind.setdefault(kind, []).append((kind, path, line, text, sorted(tests)))
    chosen = random.Random(package.name)
    for found in by_kind.values():
        chosen.shuffle(found)
    while by_kind:
        for kind in list(by_kind):
            yield by_kind[kind].pop()
            if not by_kind[kind]:
                del by_kind[kind]


def make(folder, package, tools):
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch).resolve() / "app"
        shutil.copytree(package.root, work, symlinks=True)
        passed, lines = covered(package, work)
        print(f"{package.name}: {len(passed)} tests pass", flush=True)
        n_made, end = 0, time.monotonic() + SECONDS
        for n, chance in enumerate(chances(package, work, passed, lines)):
            if n_made == CASES_OF_ONE or n == TRIES or time.monotonic() > end:
                break
            n_made += make_case(folder, package, tools, work, passed, *chance)


def make_case(folder, package, tools, work, passed, kind, path, line, text, tests):
    before = path.read_text()
    path.write_text(text)
    try:
        results = package.test(work, tests[:60], limit=60) or []
        failed = [r for r in results if r["outcome"] == "failed"]
        of_program = lambda r: r["path"] and r["path"].startswith(str(work)) and not IS_TEST.search(r["path"][len(str(work)) :])
        crashes = [r for r in failed if r["type"] in SIMPLE and r["when"] == "call" and of_program(r)]
        # What crashes everything never reaches production.
        if not crashes or len(failed) > max(8, len(results) * 0.35):
            return False
        files = sorted({test.partition("::")[0] for test in tests})
        whole = package.test(work, files)
        failing = {r["id"] for r in whole or [] if r["outcome"] == "failed" and r["id"] in passed}
        if not failing or len(failing) > 12:
            return False
        case = folder / "cases" / f"{package.name}-{kind}-{path.stem}-{line}"
        shutil.rmtree(case, ignore_errors=True)
        (case / "log").mkdir(parents=True)
        logged = {"INJECTED_LOGS": str(case / "log"), "INJECTED_NAME": package.modules[0].removesuffix(".py")}
        logged |= {"INJECTED_RECORD": str(EVAL / "record.py"), "INJECTED_TOOLS": str(tools)}
        package.test(work, [crashes[0]["id"]], ["--assert=plain"], **logged)
        if not (case / "log/sentry.json").exists():
            shutil.rmtree(case)
            return False
        shutil.copytree(work, case / "app", symlinks=True, ignore=shutil.ignore_patterns(".injected*", "__pycache__"))
    finally:
        path.write_text(before)
    shutil.copytree(case / "app", case / "repo", symlinks=True)
    for test in failing:
        (case / "repo" / test.partition("::")[0]).unlink(missing_ok=True)
    who = ["-c", "user.name=injected", "-c", "user.email=injected@example.com"]
    for command in (["init", "-q"], ["add", "-Af"], [*who, "commit", "-qm", "1.0"], ["tag", "1.0"]):
        subprocess.run(["git", *command], cwd=case / "repo", check=True)
    facts = {"package": package.name, "type": crashes[0]["type"], "files": files}
    facts["tests"] = sorted(test for test in passed if test.partition("::")[0] in files)
    (case / "case.json").write_text(json.dumps(facts))
    print(f"  {case.name}: {facts['type']}", flush=True)
    return True


def fixed(folder, case, program, kind):
    """What the program made of a case: (the crash's type, reproduced, proposed, right, its word)."""
    facts = json.loads((case / "case.json").read_text())
    package = Package(folder, facts["package"])
    log = case / "log" / {"sentry": "sentry.json", "text": "text.log"}[kind]
    command = [program, "fix", "--log", log, "--repo", case / "repo", "--commit", "1.0", "--deps", package.deps, "--output", "json"]
    answer = subprocess.run(command, capture_output=True, text=True)
    bugs = json.loads(answer.stdout)["bugs"] if answer.stdout else []
    if not bugs:
        return facts["type"], False, False, False, answer.stderr.strip()[-100:]
    bug = bugs[0]
    if not bug["fix"]:
        return facts["type"], bool(bug["reproduction"]), False, False, bug["why_not"]
    with tempfile.TemporaryDirectory() as scratch:
        app = pathlib.Path(scratch) / "app"
        shutil.copytree(case / "app", app, symlinks=True)
        patch = bug["fix"]["diff"].encode()
        applied = subprocess.run(["git", "apply", "-p1", "-"], cwd=app, input=patch).returncode == 0
        results = package.test(app, facts["files"], limit=300) or []
    passed = {r["id"] for r in results if r["outcome"] == "passed"} - {r["id"] for r in results if r["outcome"] == "failed"}
    return facts["type"], True, True, applied and passed.issuperset(facts["tests"]), bug["fix"]["generator"]


def run(folder, program, kind="sentry"):
    cases = sorted(path.parent for path in (folder / "cases").glob("*/case.json"))
    counts = [0, 0, 0]
    for case in cases:
        crash, reproduced, proposed, right, word = fixed(folder, case, program, kind)
        counts = [n + more for n, more in zip(counts, (reproduced, proposed, right))]
        verdict = "right" if right else "wrong" if proposed else "reproduced" if reproduced else "-"
        print(f"{case.name:50} {crash:18} {verdict:10} {word}", flush=True)
    print(f"{len(cases)} cases: {counts[0]} reproduced, {counts[1]} proposed, {counts[2]} right")


def main(what, folder, *rest):
    folder = pathlib.Path(folder).resolve()
    if what == "run":
        return run(folder, *rest)
    tools = folder / "tools"
    if not tools.exists():
        python("-m", "pip", "install", "-q", "--target", str(tools), "sentry-sdk==2.40.0", check=True)
    for name in rest:
        make(folder, Package(folder, name), tools)


if __name__ == "__main__":
    main(*sys.argv[1:])
