"""Runs a script as `python3 SCRIPT` would and writes its crash in the ways a service logs one.

    record.py SCRIPT OUT RELEASE IMPORT_NAME TOOLS KIND...

Nothing but `sys` is imported before the script has died, so that the script meets the modules that it would meet
alone, and the tools are imported from their own folder afterwards, so that they never stand in for the case's.
"""
BARE = dict(globals())  # What a fresh `__main__` holds, in its order: a logged module frame shows it.
import sys  # noqa: E402


def crash_of(script, folder):
    """The uncaught exception of the script, its traceback starting at the script's own `<module>`; or None."""
    main = type(sys)("__main__")
    main.__dict__.clear()
    main.__dict__.update(BARE)
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
    main.__dict__.update(__doc__=None, __loader__=loader("__main__", script), __file__=script, __cached__=None)
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    own = sys.modules["__main__"]
    sys.modules["__main__"], sys.argv[:], sys.path[0] = main, [script], folder
    try:
        exec(code, main.__dict__)
    except SystemExit:
        return None
    except BaseException as error:
        return error.with_traceback(error.__traceback__.tb_next)
    finally:
        sys.modules["__main__"] = own


def bring_tools(tools, paths_of_case):
    """Makes the standard library and the tools win over the case's modules of the same name."""
    if not tools:
        return
    import os

    names = {name.partition(".")[0] for name in os.listdir(tools)}
    for name in list(sys.modules):
        if name.partition(".")[0] in names:
            del sys.modules[name]
    rest = [path for path in sys.path if path not in paths_of_case]
    sys.path[:] = [*[p for p in rest if "site-packages" not in p], tools, *paths_of_case]


def tell(path, formatter, error):
    """Among ordinary lines, what `logging.exception` writes. The logger is private: the script may have set up others."""
    import logging

    log = logging.Logger("app")
    handler = logging.FileHandler(path, "w", encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(formatter)
    log.addHandler(handler)
    log.info("worker started")
    log.info("handled request in %d ms", 3)
    log.info("handled request in %d ms", 5)
    log.error("request failed", exc_info=(type(error), error, error.__traceback__))
    log.info("handled request in %d ms", 4)
    log.info("queue is empty")
    handler.close()


def as_text(path, error, release, name):
    import logging

    tell(path, logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"), error)


def as_json(path, error, release, name):
    from pythonjsonlogger.json import JsonFormatter

    tell(path, JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"), error)


def as_sentry(path, error, release, name):
    import sentry_sdk
    import sentry_sdk.transport

    class Keep(sentry_sdk.transport.Transport):
        """Writes what would be sent."""

        def capture_envelope(self, envelope):
            for item in envelope.items:
                if item.type == "event":
                    with open(path, "wb") as file:
                        file.write(item.get_bytes() + b"\n")

    sentry_sdk.init(
        dsn="https://public@sentry.invalid/1",
        release=release,
        in_app_include=[name],
        default_integrations=False,
        transport=Keep,
    )
    sentry_sdk.capture_exception(error)


def message_of(error):
    try:
        return str(error)
    except Exception:
        return ""


def main(script, out, release, name, tools, *kinds):
    folder = script.rpartition("/")[0]
    limit = sys.getrecursionlimit()
    before = set(sys.path[1:])
    error = crash_of(script, folder)
    if error is None:
        sys.exit("the trigger did not crash")
    sys.setrecursionlimit(max(limit, sys.getrecursionlimit()))
    import os

    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    bring_tools(tools, [folder, *given, *[path for path in sys.path[1:] if path not in before]])
    import json

    writers = {"text": ("text.log", as_text), "json": ("json.log", as_json), "sentry": ("sentry.json", as_sentry)}
    for kind in kinds:
        file, write = writers[kind]
        write(os.path.join(out, file), error, release, name)
    with open(os.path.join(out, "crash.json"), "w", encoding="utf-8") as file:
        json.dump({"type": type(error).__name__, "message": message_of(error)}, file)


main(*sys.argv[1:])
