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


from werkzeug.datastructures import ResponseCacheControl
from werkzeug.wrappers import Response


def after(steps, cls=ResponseCacheControl, start=()):
    cc = cls(start)
    for name, value in steps:
        setattr(cc, name, value)
    return dict(cc)


check("never set", lambda: after([("max_age", None)]), {})
check("never set, text", lambda: after([("no_cache", None)]), {})
check("twice", lambda: after([("max_age", 5), ("max_age", None), ("max_age", None)]), {})
check("others stay", lambda: after([("private", "x"), ("max_age", None)]), {"private": "x"})
check("read back", lambda: (lambda cc: (setattr(cc, "no_cache", None), cc.no_cache)[1])(ResponseCacheControl([("max-age", "0")])), None)
check("unset", lambda: after([("max_age", 5), ("max_age", None)]), {})
check("unset one of two", lambda: after([("max_age", 5), ("private", "x"), ("max_age", None)]), {"private": "x"})
check("True", lambda: after([("no_cache", True)]), {"no-cache": None})
check("zero", lambda: after([("max_age", 0)]), {"max-age": 0})
check("flag on", lambda: after([("no_store", True)]), {"no-store": None})
check("flag off", lambda: after([("no_store", True), ("no_store", False)]), {})
check("flag off, never on", lambda: after([("public", False)]), {})


def header(steps):
    r = Response("x")
    for name, value in steps:
        setattr(r.cache_control, name, value)
    return r.headers.get("Cache-Control")


check("header follows", lambda: header([("max_age", 5), ("max_age", None)]), None)
check("header", lambda: header([("max_age", 5)]), "max-age=5")
check("no header", lambda: header([("max_age", None)]), None)
check("missing key of the dict itself", lambda: ResponseCacheControl().pop("gone", 1), 1)
try:
    ResponseCacheControl().pop("gone")
    print("pop of a missing key is silent")
    sys.exit(1)
except KeyError:
    pass
