"""Runs small scripts against a repository, each in a forked child, and reports what happened.

It is the only program of ours inside the sandbox. Standard input: one JSON request. File descriptor 3: one JSON
object a line, in the order of the runs. The parent imports the repository once and never runs a script itself;
a child applies one candidate's change and runs one script, so that nothing leaks from one to the next.
"""
import ast
import builtins
import gc
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import resource
import select
import signal
import sys
import time
import types

REPORT = 3
MAX_FRAMES = 60  # Of each end of a traceback; a recursion has a thousand.
MAX_BLOB = 1 << 20  # Bytes that a child may send.
MAX_OUTPUT = 1 << 16  # Characters kept of what a script prints.
CODE = {}  # Source path -> code object of the unpatched tree.
OVERLAY = {}  # Source path -> patched text.
SOURCE_ONLY = []  # The repository: bytecode that it brings along says nothing about its source.
SWAPPED = []  # (function, its code before), to be undone where there is no fork.
ISOLATE = globals().get("isolate")  # The WebAssembly guest's: there is no fork and no file descriptor 3.

monotonic, time_to_wait = time.monotonic, time.sleep  # The real ones.
_original_get_code = importlib.machinery.SourceFileLoader.get_code


def _get_code(self, fullname):
    path = self.get_filename(fullname)
    if path in OVERLAY:
        return compile(OVERLAY[path], path, "exec", dont_inherit=True)
    if path not in CODE:
        if path.startswith(tuple(SOURCE_ONLY)):
            CODE[path] = self.source_to_code(self.get_data(path), path)
        else:
            CODE[path] = _original_get_code(self, fullname)
    return CODE[path]


importlib.machinery.SourceFileLoader.get_code = _get_code


class Clock:
    """Time in which sleeping costs nothing: what waits a second to happen happens at once."""

    def __init__(self):
        self.skipped = 0.0

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.skipped += seconds

    def shift(self, name, scale):
        real = getattr(time, name)
        shifted = (lambda: real() + self.skipped) if scale == 1 else (lambda: real() + int(self.skipped * scale))
        shifted.__name__ = name
        setattr(time, name, shifted)

    def install(self):
        time.sleep = self.sleep
        for name in ("time", "monotonic", "perf_counter"):
            self.shift(name, 1)
            self.shift(name + "_ns", 1000000000)


def short(value, limit=120):
    """repr() that cannot fail and cannot be long."""
    try:
        text = repr(value)
    except BaseException as error:  # A repr of the code under test may do anything.
        text = "<unprintable %s: %s>" % (type(value).__name__, type(error).__name__)
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


def canon(value, depth=0, seen=None):
    """A JSON form of a value that is equal for equal behaviour: no addresses, sets ordered."""
    seen = seen or ()
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value if kind is not str or len(value) < 4096 else value[:4096]
    if kind in (float, complex, bytes):
        return [kind.__name__, repr(value)]
    if id(value) in seen:
        return ["cycle"]
    if depth > 6:
        return ["deep", kind.__name__]
    seen = seen + (id(value),)
    try:
        if isinstance(value, (list, tuple)):
            return [kind.__name__] + [canon(v, depth + 1, seen) for v in list(value)[:200]]
        if isinstance(value, (set, frozenset)):
            return [kind.__name__] + sorted((canon(v, depth + 1, seen) for v in list(value)[:200]), key=repr)
        if isinstance(value, dict):
            return [kind.__name__] + [[canon(k, depth + 1, seen), canon(v, depth + 1, seen)] for k, v in list(value.items())[:200]]
        if isinstance(value, BaseException):
            return [kind.__name__, str(value)]
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, types.ModuleType)):
            return [kind.__name__, getattr(value, "__qualname__", getattr(value, "__name__", ""))]
        if isinstance(value, (types.GeneratorType, map, filter, zip)):
            return [kind.__name__]
        state = dict(vars(value)) if hasattr(value, "__dict__") else {}
        for slot in getattr(kind, "__slots__", ()):
            if isinstance(slot, str) and hasattr(value, slot):
                state[slot] = getattr(value, slot)
        return [kind.__name__] + [[k, canon(v, depth + 1, seen)] for k, v in sorted(state.items(), key=lambda kv: str(kv[0]))[:100]]
    except Exception as error:
        return [kind.__name__, "uncanonical", type(error).__name__]


def describe(value):
    """Type, types of items, and a short repr: what a generator wants to know of a value at the crash."""
    out = {"type": type(value).__name__, "repr": short(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        out["items"] = sorted({type(v).__name__ for v in list(value)[:50]})
    if isinstance(value, type):
        out["class"] = value.__name__
    return out


PURE = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Load, ast.Store, ast.Tuple, ast.UnaryOp, ast.USub, ast.Not,
        ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.BinOp, ast.operator, ast.Slice)


def probe(frame, statement):
    """Values of the side-effect-free expressions of a statement, in the crashed frame."""
    out = {}
    # What an augmented assignment sets it reads as well.
    read = [node.target for node in ast.walk(statement) if isinstance(node, ast.AugAssign)]
    for node in ast.walk(statement):
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)) or len(out) >= 60:
            continue
        if any(not isinstance(n, PURE) for n in ast.walk(node)):
            continue
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and node not in read:
            continue
        text = ast.unparse(node)
        if text in out:
            continue
        if isinstance(node, ast.Name):
            if node.id in frame.f_locals:
                out[text] = describe(frame.f_locals[node.id])
            elif node.id in frame.f_globals:
                out[text] = describe(frame.f_globals[node.id])
            continue
        try:
            out[text] = describe(eval(compile(text, "<probe>", "eval"), frame.f_globals, frame.f_locals))
        except BaseException as error:
            out[text] = {"error": type(error).__name__}
    return out


TREES = {}


def statement_at(path, line):
    """The innermost simple statement, or the header of a compound one, that covers the line."""
    if path not in TREES:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                TREES[path] = ast.parse(OVERLAY.get(path) or file.read())
        except (OSError, SyntaxError, ValueError, RecursionError):
            TREES[path] = None
    best = None
    for node in ast.walk(TREES[path]) if TREES[path] else ():
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            if best is None or node.lineno >= best.lineno:
                best = node
    if best is not None and hasattr(best, "body"):
        header = [getattr(best, f) for f in ("test", "iter", "items", "subject") if hasattr(best, f)]
        header = [x.context_expr if isinstance(x, ast.withitem) else x for h in header for x in (h if isinstance(h, list) else [h])]
        return ast.Module([ast.Expr(h) for h in header], [])
    return best


def positions(code, lasti):
    if not hasattr(code, "co_positions") or lasti < 0:
        return None
    for i, found in enumerate(code.co_positions()):
        if i == lasti // 2:
            return list(found) if None not in found else None


def frames_of(traceback, repo, detail):
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    n_all = len(frames)
    if n_all > 2 * MAX_FRAMES:
        frames = frames[:MAX_FRAMES] + frames[-MAX_FRAMES:]
    out = []
    n_detailed = 0
    for tb in reversed(frames):
        code = tb.tb_frame.f_code
        path = code.co_filename
        inside = path.startswith(repo + "/")
        item = {"path": path[len(repo) + 1:] if inside else path, "repo": inside, "line": tb.tb_lineno,
                "function": code.co_name, "qualname": getattr(code, "co_qualname", code.co_name),
                "span": positions(code, tb.tb_lasti)}
        if detail and inside and n_detailed < 8:
            n_detailed += 1
            item["locals"] = {k: describe(v) for k, v in list(tb.tb_frame.f_locals.items())[:40]}
            found = statement_at(path, tb.tb_lineno)
            if found is not None:
                item["probes"] = probe(tb.tb_frame, found)
        out.append(item)
    out.reverse()
    return out, n_all


def words(error):
    """str() of an exception, whose own code may fail."""
    try:
        return str(error)[:4000]
    except BaseException:
        return ""


def error_of(error, repo, detail):
    frames, depth = frames_of(error.__traceback__, repo, detail)
    out = {"type": type(error).__name__, "module": type(error).__module__, "frames": frames, "depth": depth,
           "mro": [c.__name__ for c in type(error).__mro__]}
    out["message"] = words(error)
    cause, links = error.__cause__ or (None if error.__suppress_context__ else error.__context__), 0
    chain = []
    while cause is not None and links < 5:
        chain.append({"type": type(cause).__name__, "message": words(cause)[:500], "frames": frames_of(cause.__traceback__, repo, False)[0][-3:]})
        cause, links = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__), links + 1
    if chain:
        out["chain"] = chain
    return out


def purge(repo):
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(repo + "/"):
            del sys.modules[name]
    importlib.invalidate_caches()


def find_code(code, names):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and constant.co_name == names[0]:
            return constant if len(names) == 1 else find_code(constant, names[1:])
    return None


def swap(change, repo):
    """Replaces a live function's code by the patched one; False where that would not be the same as an import."""
    path = repo + "/" + change["path"]
    wanted = find_code(compile(change["source"], path, "exec", dont_inherit=True), change["names"])
    if wanted is None:
        return False
    live = [f for f in FUNCTIONS.get(path, ()) if change["first"] <= f.__code__.co_firstlineno <= change["last"]]
    found = [f for f in live if f.__code__.co_name == change["names"][-1]]
    if not found:
        return False
    codes = {f.__code__: wanted for f in found}
    inner = [f for f in live if f.__code__ not in codes]
    for function in found if inner else ():
        codes.update(inner_codes(function.__code__, wanted))
    if any(f.__code__ not in codes or f.__code__.co_freevars != codes[f.__code__].co_freevars for f in live):
        return False
    for function in live:
        SWAPPED.append((function, function.__code__))
        function.__code__ = codes[function.__code__]
    return True


def inner_codes(old, new):
    """The new code of the functions inside, which were made when the one around ran at import; none of those around which
    that function itself does something else now: it would have to run again."""
    own = lambda code: (code.co_code, code.co_names, [c.co_name if isinstance(c, types.CodeType) else (type(c), c) for c in code.co_consts])
    if own(old) != own(new):
        return
    for before, after in zip(old.co_consts, new.co_consts):
        if isinstance(before, types.CodeType):
            yield before, after
            yield from inner_codes(before, after)


FUNCTIONS = {}


def index_functions(repo):
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType:  # `isinstance` would ask lazy objects of the repository what they are.
            path = thing.__code__.co_filename
            if path.startswith(repo + "/"):
                FUNCTIONS.setdefault(path, []).append(thing)


class Capped(io.StringIO):
    def write(self, text):
        if self.tell() < MAX_OUTPUT:
            super().write(text[:MAX_OUTPUT])
        return len(text)


def run_script(run, repo):
    out = {"id": run["id"]}
    for change in run.get("changes", ()):
        OVERLAY[repo + "/" + change["path"]] = change["text"]
    try:
        for change in run.get("changes", ()):
            compile(change["text"], change["path"], "exec", dont_inherit=True) if not change.get("swap") else None
        swapped = [change.get("swap") and swap(change["swap"], repo) for change in run.get("changes", ())]
    except (SyntaxError, ValueError) as error:
        out["outcome"] = "invalid"
        out["error"] = {"type": type(error).__name__, "message": str(error), "frames": []}
        return out
    if not all(swapped):
        purge(repo)
    if "scripts" in run:
        out["outcome"] = "ok"
        out["many"] = [run_alone(script, {"id": n}, repo, 0) for n, script in enumerate(run["scripts"])]
        return out
    return run_alone(run["script"], out, repo, run.get("detail", 0))


class TooLong(BaseException):
    pass


def ring(signum, frame):
    raise TooLong


def run_alone(script, out, repo, detail):
    """Runs one script to its end and says how it ended."""
    tree = ast.parse(script)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    printed = Capped()
    sys.stdout = sys.stderr = printed
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 2.0)
    try:
        exec(compile(tree, "<script>", "exec", dont_inherit=True), module.__dict__)
        value = eval(compile(last, "<script>", "eval", dont_inherit=True), module.__dict__) if last else None
        if isinstance(value, (types.GeneratorType, map, filter, zip)):
            value = list(value)
        signal.setitimer(signal.ITIMER_REAL, 0)
        out["outcome"] = "ok"
        out["value"] = canon(value)
    except TooLong:
        out["outcome"] = "timeout"
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        out["outcome"] = "raised"
        out["error"] = error_of(error, repo, detail)
    out["printed"] = printed.getvalue()
    out["state"] = {k: canon(v) for k, v in module.__dict__.items()
                    if not k.startswith("__") and isinstance(v, (list, dict, set, bytearray))}
    return out


def run_tests(run, repo):
    """One test file through pytest; results by node id, collected by a plug-in, never from the exit status."""
    for change in run.get("changes", ()):
        OVERLAY[repo + "/" + change["path"]] = change["text"]
    if run.get("changes"):
        purge(repo)
    import pytest
    results, messages = {}, {}

    class Recorder:
        def pytest_runtest_logreport(self, report):
            if report.when == "call" or report.outcome != "passed":
                before = results.get(report.nodeid)
                if before in (None, "passed"):
                    results[report.nodeid] = report.outcome if not hasattr(report, "wasxfail") else "xfail"
                    if report.failed:
                        crash = getattr(report.longrepr, "reprcrash", None)
                        messages[report.nodeid] = str(getattr(crash, "message", report.longrepr))[:2000]

        def pytest_collectreport(self, report):
            if report.failed:
                results[report.nodeid] = "collect-error"
                messages[report.nodeid] = str(report.longrepr)[-2000:]

    sys.stdout = sys.stderr = Capped()
    os.chdir(repo)
    pytest.main(["-q", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-o", "addopts=",
                 "--rootdir", repo, "--import-mode", "prepend", "-W", "ignore"]
                + (["--capture=sys"] if ISOLATE else [])  # The guest cannot duplicate file descriptors.
                + (["--noconftest"] if run.get("no_conftest") else []) + run["tests"], plugins=[Recorder()])
    return {"id": run["id"], "outcome": "ok", "tests": results, "messages": messages, "printed": sys.stdout.getvalue()[-4000:]}


def child(run, repo, pipe, memory):
    os.setsid()
    for fd in (0, 1, 2):
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, fd)
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    sys.stdin = open(os.devnull)
    os.closerange(REPORT, pipe)
    os.closerange(pipe + 1, 64)
    gc.unfreeze()
    sys.setrecursionlimit(1000)
    out = run_tests(run, repo) if "tests" in run else run_script(run, repo)
    blob = json.dumps(out, default=lambda v: short(v)).encode("utf-8", "replace")
    if len(blob) > MAX_BLOB:
        blob = json.dumps({"id": run["id"], "outcome": "too-large"}).encode()
    while blob:
        blob = blob[os.write(pipe, blob):]


def fork():
    """os.fork() with patience: the limit on processes is shared with what other jobs run at the moment."""
    for attempt in range(40):
        try:
            return os.fork()
        except BlockingIOError:
            time_to_wait(0.05)
    return os.fork()


def supervise(run, repo, memory):
    """Forks one child for a run and waits for its answer, at most its time."""
    started = monotonic()
    reader, writer = os.pipe()
    pid = fork()
    if pid == 0:
        try:
            os.close(reader)
            child(run, repo, writer, memory)
        finally:
            os._exit(0)
    os.close(writer)
    deadline = started + run.get("timeout", 5.0)
    chunks, size, late, status = [], 0, False, None
    while True:
        left = deadline - monotonic()
        if left <= 0:
            late = True
            break
        # A child's own children may hold the pipe open: it is over when the child is.
        if not select.select([reader], [], [], min(left, 0.2))[0]:
            if status is not None:
                break
            ended, found = os.waitpid(pid, os.WNOHANG)
            status = found if ended else None
            continue
        chunk = os.read(reader, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > 2 * MAX_BLOB:
            break
    os.close(reader)
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except OSError:
            pass
    if status is None:
        status = os.waitpid(pid, 0)[1]
    try:
        out = json.loads(b"".join(chunks))
        if not isinstance(out, dict) or out.get("id") != run["id"]:
            raise ValueError
    except ValueError:
        out = {"id": run["id"], "outcome": "timeout" if late else "died"}
    return out


def remove(path):
    """A file, a link, or a folder with all that is in it."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            for name in os.listdir(path):
                remove(path + "/" + name)
            os.rmdir(path)
        else:
            os.unlink(path)
    except (OSError, RecursionError):
        pass


def in_turn(run, repo):
    """Runs in this process, for want of a fork, and takes back what the run changed as far as that is known.

    That is modules, swapped functions, files, and what `sys`, `os` and `builtins` hold; other traces stay for the next run to see.
    A run that takes too long ends the isolate: its answer and the later ones are missing.
    """
    modules, environ, names = dict(sys.modules), dict(os.environ), dict(vars(builtins))
    lists = [(kept, list(kept)) for kept in (sys.path, sys.meta_path, sys.path_hooks, sys.argv)]
    streams = sys.stdin, sys.stdout, sys.stderr
    folder, scratch = os.getcwd(), set(os.listdir("/tmp"))
    sys.setrecursionlimit(1000)
    ISOLATE.deadline(run.get("timeout", 5.0))
    try:
        out = run_tests(run, repo) if "tests" in run else run_script(run, repo)
        blob = json.dumps(out, default=lambda v: short(v))
        out = json.loads(blob) if len(blob) <= MAX_BLOB else {"id": run["id"], "outcome": "too-large"}
    except BaseException as error:
        out = {"id": run["id"], "outcome": "died", "error": {"type": type(error).__name__, "message": words(error), "frames": []}}
    finally:
        while SWAPPED:
            function, code = SWAPPED.pop()
            function.__code__ = code
        for path in OVERLAY:
            TREES.pop(path, None)
        OVERLAY.clear()
        for live, before in ((vars(builtins), names), (sys.modules, modules), (os.environ, environ)):
            for key in [k for k in live if k not in before]:
                del live[key]
            live.update(before)
        for kept, before in lists:
            kept[:] = before
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(folder)
        for name in set(os.listdir("/tmp")) - scratch:
            remove("/tmp/" + name)
        ISOLATE.deadline(0)
    return out


def main():
    request = json.loads(sys.stdin.buffer.read())
    repo = request["repo"]
    SOURCE_ONLY.append(repo + "/")
    sys.path[:0] = request["paths"]
    sys.dont_write_bytecode = True
    if ISOLATE:
        report = ISOLATE.report
    else:
        report = os.fdopen(REPORT, "wb")
        os.set_inheritable(REPORT, False)
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = Capped()
    started = monotonic()
    if request.get("clock"):
        Clock().install()
    failed = {}
    if "pytest" in request.get("preload", ()):
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in request.get("preload", ()):
        try:
            importlib.import_module(name)
        except BaseException as error:  # The code under test may raise anything at import.
            failed[name] = "%s: %s" % (type(error).__name__, short(error))
    sys.stdout, sys.stderr = stdout, stderr
    index_functions(repo)
    gc.collect()
    gc.freeze()
    report.write(json.dumps({"ready": True, "failed": failed}).encode() + b"\n")
    report.flush()

    def answer(batch, started):
        deadline = started + batch.get("seconds", 60.0)
        for run in batch["runs"]:
            if monotonic() > deadline:
                out = {"id": run["id"], "outcome": "skipped"}
            else:
                out = in_turn(run, repo) if ISOLATE else supervise(run, repo, request.get("memory", 0))
            report.write(json.dumps(out).encode() + b"\n")
            report.flush()

    if not ISOLATE:
        answer(request, started)
        return
    while (batch := ISOLATE.receive()) is not None:
        answer(json.loads(batch), monotonic())


main()
