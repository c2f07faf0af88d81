"""The standard library and pytest, in memory: every module compiled, most of them already run.

A module that has run is parked outside `sys.modules` until it is imported, so that a program finds what it would find
in a fresh interpreter, and finds it at once.
"""
import builtins
import importlib.machinery
import os
import sys
import zlib

HOME = "/usr/lib/python3.14"  # Where the library seems to lie.
LEFT_OUT = {"__phello__", "antigravity", "ctypes", "curses", "ensurepip", "idlelib", "lib", "lib2to3", "pip", "pydoc_data", "site-packages", "test", "this",
            "tkinter", "turtle", "turtledemo", "venv"}

CODE = {}  # Module name -> (code object, path, whether it is a package).
SOURCE = {}  # Module name -> compressed text.
PARKED = {}  # Module name -> module that has run.
CHANGED = {"_pytest", "asyncio", "concurrent", "pkgutil", "signal", "socket"}  # What the guest has changed in them, their code would undo.
ALIASES = {}  # Module name -> the names that running it puts into `sys.modules`, and what they mean.
TAKEN = {}  # Module name -> module, of the changed ones that a program has imported.
FILLED = set()  # Names of modules that need not run again.
IMPORTED = {}  # Module name -> what running it imports, to be imported again when it is taken out of the park.
RUNNING = set()
METADATA = []  # (folder, {file name -> text}) of each distribution.

unrecorded = builtins.__import__


class Library:
    """Finds and loads the modules kept here; after the repository's own, as an interpreter's library comes last."""

    def find_spec(self, name, path=None, target=None):
        found = CODE.get(name)
        if found is None:
            return None
        _, origin, is_package = found
        folder = os.path.dirname(origin)
        if path is not None and (os.path.dirname(folder) if is_package else folder) not in list(path):
            return None  # Another package of the parent's name.
        spec = importlib.machinery.ModuleSpec(name, self, origin=origin, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [folder]
        return spec

    def create_module(self, spec):
        module = unpark(spec.name)
        if module is not None:
            FILLED.add(spec.name)
        return module

    def exec_module(self, module):
        name = module.__spec__.name
        if name not in FILLED:
            RUNNING.add(name)
            try:
                exec(CODE[name][0], module.__dict__)
            finally:
                RUNNING.discard(name)
            return
        FILLED.discard(name)
        repeat(name)

    def get_code(self, name):
        return CODE[name][0]

    def get_source(self, name):
        return zlib.decompress(SOURCE[name]).decode("utf-8") if name in SOURCE else None

    def get_filename(self, name):
        return CODE[name][1]

    def is_package(self, name):
        return CODE[name][2]

    def find_distributions(self, context=None):
        """What `importlib.metadata` asks of a finder; only the last of ours answers, or each would be found twice."""
        if type(self) is not Library or context is None or context.path is not sys.path:
            return
        from importlib.metadata import Distribution, Prepared

        class Kept(Distribution):
            def __init__(self, folder, texts):
                self.folder, self.texts = folder, texts

            def read_text(self, filename):
                return self.texts.get(filename)

            def locate_file(self, path):
                import pathlib
                return pathlib.Path(os.path.dirname(self.folder), path)

        for folder, texts in METADATA:
            kept = Kept(folder, texts)
            if context.name is None or Prepared.normalize(kept.metadata["Name"]) == Prepared.normalize(context.name):
                yield kept


def keep_metadata(folder, seems):
    """Reads what the packages say about themselves."""
    for entry in sorted(os.listdir(folder)):
        if entry.endswith(".dist-info"):
            texts = {}
            for name in os.listdir(folder + "/" + entry):
                if name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"):
                    with open(folder + "/" + entry + "/" + name, encoding="utf-8") as file:
                        texts[name] = file.read()
            METADATA.append((seems + "/" + entry, texts))


def unpark(name):
    """The module, if it has run and need not run again; once, but for those that somebody takes out of `sys.modules`."""
    module = PARKED.pop(name, None) or TAKEN.get(name)
    if module is not None and name.partition(".")[0] in CHANGED:
        TAKEN[name] = module
    return module


def repeat(name):
    """Does again what running a module does to `sys.modules`, without running it."""
    sys.modules.update(ALIASES.get(name, {}))
    for imported in IMPORTED.get(name, ()):
        if imported not in sys.modules:
            try:
                take(imported)
            except Exception:  # As when it ran: what it could not import, it went without.
                pass


def take(name):
    """Imports a module: straight from the park where nothing else can be meant, which is many times as fast."""
    parent, _, child = name.rpartition(".")
    if parent and parent not in sys.modules:
        take(parent)
    if name in sys.modules:
        return
    if parent:
        ours = isinstance(getattr(sys.modules[parent].__spec__, "loader", None), Library)
    else:
        ours = importlib.machinery.PathFinder.find_spec(name) is None
    if not ours or name not in PARKED:
        unrecorded(name)
        return
    module = sys.modules[name] = unpark(name)
    repeat(name)
    if parent and child not in vars(sys.modules[parent]):  # Or the package means something else by it: `unittest.main`.
        setattr(sys.modules[parent], child, module)


class Inside(Library):
    """Finds the submodules of what is kept here without looking for them on the disk; comes before the path."""

    def find_spec(self, name, path=None, target=None):
        return super().find_spec(name, path, target) if path is not None else None


def gather(folder, seems, prefix=""):
    """Compiles every module below a folder."""
    for entry in sorted(os.listdir(folder)):
        path = folder + "/" + entry
        name = entry.removesuffix(".py")
        if name in LEFT_OUT or entry == "__pycache__" or not (name.isidentifier() or name.startswith("_sysconfigdata")):
            continue
        if os.path.isdir(path):
            if os.path.exists(path + "/__init__.py") or any(e.endswith(".py") for e in os.listdir(path)):
                gather(path, seems + "/" + entry, prefix + entry + ".")
            continue
        if not entry.endswith(".py"):
            continue
        is_package = name == "__init__"
        name = prefix[:-1] if is_package else prefix + name
        if not name or name in CODE:
            continue
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, seems + "/" + entry, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        CODE[name] = (code, seems + "/" + entry, is_package)
        SOURCE[name] = zlib.compress(source, 6)


def warm(names):
    """Runs modules; those that cannot run here stay to be run, and to fail, when asked for."""
    failed = {}
    for name in names:
        before = set(sys.modules)
        try:
            __import__(name)
        except BaseException as error:  # SystemExit too.
            failed[name] = "%s: %s" % (type(error).__name__, error)
            for other in set(sys.modules) - before:
                if other == name:
                    del sys.modules[other]
    return failed


def recording(name, globals=None, locals=None, fromlist=(), level=0):
    """`__import__` that notes what a module imports while it runs."""
    result = unrecorded(name, globals, locals, fromlist, level)
    importer = (globals or {}).get("__name__")
    if importer in RUNNING:
        if level:
            package = importer if CODE[importer][2] else importer.rpartition(".")[0]
            package = package.rsplit(".", level - 1)[0] if level > 1 else package
            name = package + "." + name if name else package
        names = [name] + [name + "." + part for part in fromlist or () if name + "." + part in sys.modules]
        IMPORTED.setdefault(importer, {}).update(dict.fromkeys(names))
    return result


def park(keep):
    """Takes out of `sys.modules` what a fresh interpreter has not loaded, and unties the packages from it."""
    for name in [n for n in sys.modules if n not in keep and n not in sys.builtin_module_names]:
        parent = name
        while parent and parent not in CODE:
            parent = parent.rpartition(".")[0]
        if parent == name:
            PARKED[name] = sys.modules.pop(name)
        elif parent:
            ALIASES.setdefault(parent, {})[name] = sys.modules.pop(name)
        else:
            del sys.modules[name]
    for name, module in PARKED.items():
        parent, _, child = name.rpartition(".")
        if parent in PARKED and vars(PARKED[parent]).get(child) is module:
            delattr(PARKED[parent], child)
