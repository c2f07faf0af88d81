import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import contextlib
import io
import json
import pathlib
import tempfile

from packaging.version import Version

from pinwatch.__main__ import main
from pinwatch.index import load, versions
from pinwatch.releases import newest
from pinwatch.report import rows


def best(texts, pin=None):
    got = newest(versions(texts), Version(pin) if pin else None)
    return None if got is None else str(got)


def row(name, pin, **mirror):
    return list(rows([(name, Version(pin))], load(json.dumps(mirror))))


def exits(requirements, mirror):
    with tempfile.TemporaryDirectory() as d:
        r, i = pathlib.Path(d, "r.txt"), pathlib.Path(d, "i.json")
        r.write_text(requirements)
        i.write_text(json.dumps(mirror))
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                main([str(r), str(i)])
        except SystemExit as e:
            return out.getvalue(), str(e)
    return out.getvalue(), ""


BETAS = ["0.1a1", "0.1a2", "0.1.dev3"]
check("pre-releases only", lambda: best(BETAS), None)
check("pre-releases only, stable pin", lambda: best(BETAS, "0.0.1"), None)
check("none", lambda: best([]), None)
check("none, pin of a pre-release", lambda: best([], "1rc1"), None)
check("row", lambda: row("swift", "0.0.1", swift=BETAS), [("swift", "0.0.1", "?")])
check("row of no versions", lambda: row("swift", "0.0.1", swift=["dev-r7"]), [("swift", "0.0.1", "?")])
check("stable", lambda: best(["1.2", "1.10", "2.0rc1"], "1.2"), "1.10")
check("pre-release for a pre-release", lambda: best(["1.2", "1.10", "2.0rc1"], "2.0b1"), "2.0rc1")
check("pre-releases only, pin of one", lambda: best(BETAS, "0.1a1"), "0.1a2")
check("unknown", lambda: row("swift", "1"), [("swift", "1", "?")])
check("command", lambda: exits("swift==0.0.1\nflask==1.0", {"swift": BETAS, "flask": ["2.0"]}), ("swift  0.0.1  ?\nflask  1.0    2.0\n", "too far behind: flask"))
check("command, nothing behind", lambda: exits("flask==2.0", {"flask": ["2.0", "3.0b1"]}), ("flask  2.0  2.0\n", ""))
check("row, behind", lambda: row("flask", "2.1", flask=["2.1", "2.3"]), [("flask", "2.1", "2.3")])
