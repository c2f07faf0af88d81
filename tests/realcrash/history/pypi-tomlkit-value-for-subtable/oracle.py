import json
import sys

import tomlkit

TEXT = '[tool.lint]\nrules = ["a"]\n\n[tool.build]\njobs = 2\n'


def after(text, *path, value):
    document = tomlkit.parse(text)
    table = document
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    return json.loads(json.dumps(tomlkit.parse(tomlkit.dumps(document))))


def check(label, call, want):
    try:
        got = call()
    except Exception as e:
        got = f"{type(e).__name__}: {e}"
    if got != want:
        print(f"{label}: got {got!r}, want {want!r}")
        sys.exit(1)


BUILD = {"build": {"jobs": 2}}
check("off", lambda: after(TEXT, "tool", "lint", value=False), {"tool": {"lint": False, **BUILD}})
check("text", lambda: after(TEXT, "tool", "lint", value="x"), {"tool": {"lint": "x", **BUILD}})
check("list", lambda: after(TEXT, "tool", "lint", value=[1, 2]), {"tool": {"lint": [1, 2], **BUILD}})
check("last of two", lambda: after(TEXT, "tool", "build", value=3), {"tool": {"lint": {"rules": ["a"]}, "build": 3}})
check("inside", lambda: after(TEXT, "tool", "build", "jobs", value=3), {"tool": {"lint": {"rules": ["a"]}, "build": {"jobs": 3}}})
check("plain", lambda: after("a = 1\nb = 2\n", "a", value="x"), {"a": "x", "b": 2})
check("whole table", lambda: after(TEXT, "tool", value=1), {"tool": 1})
check("as it was", lambda: tomlkit.dumps(tomlkit.parse(TEXT)), TEXT)
