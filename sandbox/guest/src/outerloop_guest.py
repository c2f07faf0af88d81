"""The guest: a Python interpreter, snapshotted with its library loaded, that runs one program."""
import sys

FRESH = {"__main__", "componentize_py_runtime", *sys.modules}  # What an interpreter has loaded before any program.

import _imp
import builtins
import gc
import importlib.machinery
import io
import linecache
import marshal
import os
import time
import traceback
import types

import wit_world

import outerloop_absent
import outerloop_library as library

OURS = {"outerloop_absent", "outerloop_guest", "outerloop_library", "wit_world", "componentize_py_types", "poll_loop"}
PACKAGES = library.HOME + "/dist-packages"
NO_BYTECODE = "/bytecode"  # Nothing is there.
PROGRAMS = {}  # Text -> code, of the programs known at build time.
ENVIRONMENT = {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "UTC"}  # As natively.


class Report(io.RawIOBase):
    """The program's channel to the host, in place of file descriptor 3: each write is one piece, sent at once."""

    def writable(self):
        return True

    def write(self, data):
        wit_world.report(bytes(data))
        return len(data)


class Isolate:
    """What a program finds as `isolate` among its names, and natively does not."""
    report = Report()

    @staticmethod
    def deadline(seconds):
        """Ends the whole isolate unless called again within so much time; 0 lifts it."""
        wit_world.deadline(int(seconds * 1000))

    @staticmethod
    def receive():
        """The next request's bytes once they are there, in a session; None at its end, and where there is none."""
        return wit_world.receive()


def sleep(seconds):
    """`time.sleep`: sets the clocks forward in place of waiting."""
    if seconds != seconds or seconds < 0:
        raise ValueError("sleep length must be non-negative")
    wit_world.sleep(min(int(seconds * 1e9), 1 << 62))


def leave(status):
    """`os._exit`: WASI's own knows success and failure only."""
    wit_world.leave(int(status) & 0xFF)


_compiled = importlib.machinery.SourceFileLoader.source_to_code


def _source_to_code(self, data, path, *, _optimize=-1):
    """`SourceFileLoader.source_to_code`: with the host's bytecode of that very text, where it has some."""
    if _optimize == -1 and type(data) is bytes and type(path) is str:
        kept = wit_world.bytecode(path, data)
        if kept is not None:
            code = marshal.loads(kept)
            _imp._fix_co_filename(code, path)
            return code
    return _compiled(self, data, path, _optimize=_optimize)


# Its frame is left out of the trace of a syntax error, as those of the import system are.
_source_to_code.__code__ = _source_to_code.__code__.replace(co_filename=_compiled.__code__.co_filename)


def _loop():
    """An event loop without sockets: its waits are sleeps."""
    import asyncio
    from asyncio import base_events

    class Selector:
        def select(self, timeout=None):
            if timeout is None:
                raise RuntimeError("the event loop waits for something that cannot happen in this isolate")
            if timeout > 0:
                sleep(timeout)
            return []

        def close(self):
            pass

    class Loop(base_events.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = Selector()

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

        def run_in_executor(self, executor, function, *args):
            future = self.create_future()
            try:
                future.set_result(function(*args))
            except Exception as error:
                future.set_exception(error)
            return future

    from asyncio import events, unix_events
    events.new_event_loop = asyncio.new_event_loop = asyncio.EventLoop = asyncio.SelectorEventLoop = Loop
    unix_events._DefaultEventLoopPolicy._loop_factory = Loop


def _pools():
    """Thread pools that run each task when it is submitted."""
    from concurrent.futures import Future, thread

    def submit(self, function, /, *args, **kwargs):
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future

    thread.ThreadPoolExecutor.submit = submit


def _pytest():
    """What pytest takes for granted: a `/dev/null` at import, and a second descriptor for each of the first three."""
    from _pytest import capture, logging

    class Nowhere(io.StringIO):
        def write(self, text):
            return len(text)

    original = logging._FileHandler._open
    logging._FileHandler._open = lambda self: Nowhere() if self.baseFilename == os.devnull else original(self)
    # `capfd` then sees what Python prints, and not what is written to the descriptor itself.
    capture.FDCapture, capture.FDCaptureBinary = capture.SysCapture, capture.SysCaptureBinary


def seems(path):
    """Where a file of the library is said to lie."""
    return path.replace("/python/lib/python3.14", "/python", 1).replace("/python", library.HOME, 1)


def prepare():
    """Fills the library and runs what can be run; the snapshot is taken after it."""
    # componentize-py mounts its library at /python and the folders given to it at /0, /1, …, in their order.
    library.gather("/1", library.HOME)
    library.gather("/python", library.HOME)
    library.gather("/2", PACKAGES)
    for name, (code, path, is_package) in list(library.CODE.items()):
        # Gone from the standard library in 3.12, kept by setuptools; programs of today's releases still import it.
        if name == "setuptools._distutils" or name.startswith("setuptools._distutils.") and ".tests" not in name:
            old = name.replace("setuptools._distutils", "distutils")
            library.CODE[old] = (code, path.replace("setuptools/_distutils", "distutils"), is_package)
            library.SOURCE[old] = library.SOURCE[name]
    for entry in sorted(e for e in os.listdir("/3") if e.endswith(".py")):
        with open("/3/" + entry, encoding="utf-8") as file:
            text = file.read()
        PROGRAMS[text] = compile(text, "<program>", "exec", dont_inherit=True)
    sys.path[:] = []
    sys.meta_path[:] = [*sys.meta_path[:2], library.Library(), outerloop_absent.Absent()]
    for name, module in list(sys.modules.items()):
        if name in FRESH and (getattr(module, "__file__", None) or "").startswith("/python/"):
            module.__file__ = seems(module.__file__)
            if hasattr(module, "__path__"):
                module.__path__ = [seems(p) for p in module.__path__]
        elif name in library.CODE and name not in FRESH:
            del sys.modules[name]  # Came with the guest itself: once more from memory, so that it can be parked.
    # The library's modules ask `os` what to define: all but `fork`, as what is done about forks needs more than that.
    outerloop_absent.fill_os()
    builtins.__import__ = library.recording
    library.warm(["socketserver"])
    for name in outerloop_absent.FORKS:
        delattr(os, name)
    failed = library.warm(name for name in sorted(library.CODE)
                          if name.partition(".")[0] in sys.stdlib_module_names and not name.endswith("__main__"))
    failed.update(library.warm(name for name in sorted(library.CODE)
                               if name.partition(".")[0] in ("_pytest", "cgi", "distutils", "imghdr", "imp", "iniconfig", "packaging",
                                                             "pluggy", "pytest") and not name.endswith("__main__")))
    builtins.__import__ = library.unrecorded
    library.keep_metadata("/2", PACKAGES)
    _loop()
    _pools()
    _pytest()
    outerloop_absent.fill_os()
    os.register_at_fork = lambda **functions: None
    outerloop_absent.fill_signal()
    outerloop_absent.fill_others()
    time.sleep = sleep
    os._exit = leave
    library.park(FRESH | OURS)
    sys.meta_path[2:2] = [library.Inside(), importlib.machinery.PathFinder]
    # Source alone is loaded: bytecode that a repository or a package brings along says nothing about its source.
    sys.path_hooks[-1:] = [importlib.machinery.FileFinder.path_hook((importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES))]
    sys.pycache_prefix = NO_BYTECODE
    sys.path_importer_cache.clear()
    sys.path_importer_cache[library.HOME] = None  # Nothing is there on the disk.
    linecache.clearcache()
    gc.collect()
    gc.freeze()
    return failed


class WitWorld(wit_world.WitWorld):
    def run(self, program, request):
        for name in OURS:
            sys.modules.pop(name, None)
        for name in library.CODE.keys() & sys.modules.keys() - FRESH:
            library.PARKED[name] = sys.modules.pop(name)  # componentize-py has imported some more.
        os.chdir("/tmp")
        os.environ.update(ENVIRONMENT)
        sys.path[:] = [library.HOME]
        sys.platform = "linux"  # What programs ask it for is what a system of that name has.
        importlib.machinery.SourceFileLoader.source_to_code = _source_to_code
        sys.dont_write_bytecode = True
        sys.pycache_prefix = NO_BYTECODE
        sys.argv[:] = [""]
        sys.stdin = io.TextIOWrapper(io.BytesIO(request), encoding="utf-8")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8", line_buffering=True)
        sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True)
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        main.isolate = Isolate
        status = 0
        try:
            exec(PROGRAMS.get(program) or compile(program, "<program>", "exec", dont_inherit=True), vars(main))
        except SystemExit as leave:
            status = leave.code if isinstance(leave.code, int) else 0 if leave.code is None else 1
            if status == 1 and leave.code != 1:
                print(leave.code, file=sys.stderr)
        except BaseException as error:
            status = 1
            traceback.print_exception(error.with_traceback(error.__traceback__.tb_next), file=sys.__stderr__)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # The program may have put anything in their place.
                pass
        return max(min(status, 255), -255)


with open("/3/.cold", "w", encoding="utf-8") as _file:  # For the one who builds: what did not run, and why.
    for _name, _reason in prepare().items():
        print(_name, _reason, file=_file)
