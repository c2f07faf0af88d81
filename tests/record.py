"""Runs a script as a service would and writes its crash in the way a service logs one, on standard output.

    record.py SCRIPT ROOT SHOWN FORM RELEASE

ROOT goes on the import path and appears in the log as SHOWN. FORM is text, json or sentry; locals are repr strings,
as Sentry's SDK sends them. An empty RELEASE is left out.
"""
import json
import linecache
import sys
import traceback

script, root, shown, form, release = sys.argv[1:]
sys.path.insert(0, root)
sys.dont_write_bytecode = True
folder = script.rpartition("/")[0]


def rename(text):
    return text.replace(root, shown).replace(folder, "/srv/job")


def frame_of(frame, line):
    name = frame.f_code.co_filename
    around = {n: linecache.getline(name, n).rstrip("\n") for n in range(max(line - 5, 1), line + 6)}
    return {
        "filename": rename(name).removeprefix(shown + "/"),
        "abs_path": rename(name),
        "module": frame.f_globals.get("__name__"),
        "function": frame.f_code.co_name,
        "lineno": line,
        "pre_context": [around[n] for n in around if n < line],
        "context_line": around[line],
        "post_context": [around[n] for n in around if n > line],
        "vars": {name: repr(value)[:512] for name, value in frame.f_locals.items() if not name.startswith("__")},
        "in_app": True,
    }


def main(error):
    trace = error.__traceback__.tb_next
    lines = rename("".join(traceback.format_exception(type(error), error, trace)))
    if form == "text":
        print("2026-03-01 09:30:00,120 INFO worker: started")
        print("2026-03-01 09:30:01,734 ERROR worker: request failed")
        print(lines, end="")
        print("2026-03-01 09:30:01,900 INFO worker: queue is empty")
    elif form == "json":
        print(json.dumps({"asctime": "2026-03-01 09:30:00,120", "levelname": "INFO", "message": "started"}))
        print(json.dumps({"asctime": "2026-03-01 09:30:01,734", "levelname": "ERROR", "message": "request failed", "exc_info": lines.rstrip("\n")}))
    else:
        frames = [frame_of(frame, line) for frame, line in traceback.walk_tb(trace)]
        value = {"type": type(error).__name__, "module": type(error).__module__, "value": str(error), "stacktrace": {"frames": frames}}
        event = {"event_id": "0" * 32, "platform": "python", "level": "error", "exception": {"values": [value]}}
        print(json.dumps({**event, **({"release": release} if release else {})}))


try:
    with open(script) as file:
        exec(compile(file.read(), script, "exec"), {"__name__": "__main__"})
except Exception as error:
    main(error)
else:
    sys.exit("the script did not crash")
