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


from box import Box, BoxKeyError


def box(**data):
    return Box(data, box_dots=True)


def has(path, **data):
    return path in box(**data)


check("get with a default", lambda: box(a={"b": 1}).get("x.y", 4), 4)
check("get with a default, deep", lambda: box(a={"b": 1}).get("not.in.the.box", "-"), "-")
check("get", lambda: box(a={"b": 1}).get("x.y"), None)
check("get from nothing", lambda: box().get("x.y", 4), 4)
check("in", lambda: has("x.y", a=1), False)
check("in nothing", lambda: has("x.y"), False)
check("in, second part missing", lambda: has("a.y", a={"b": 1}), False)
check("in, list of no such name", lambda: has("x[0].y", a=1), False)
check("asking adds nothing", lambda: (lambda b: ("x.y" in b, b.get("x.y", 1), b.to_dict())[2])(box(a=1)), {"a": 1})
check("setdefault", lambda: (lambda b: (b.setdefault("x", 3), b.to_dict())[1])(box(a=1)), {"a": 1, "x": 3})
check("there", lambda: (has("a.b", a={"b": 1}), box(a={"b": 1}).get("a.b", 4)), (True, 1))
check("there, falsy", lambda: (has("a.b", a={"b": 0}), box(a={"b": 0}).get("a.b", 4)), (True, 0))
check("there, deep", lambda: box(a={"b": {"c": "me"}}).get("a.b.c"), "me")
check("through a number", lambda: has("a.b", a=5), False)
check("plain", lambda: (box(a=1).get("a", 4), box(a=1).get("z", 4)), (1, 4))
check("read", lambda: box(a={"b": 7})["a.b"], 7)
for path in ("x.y", "a.y", "z"):
    try:
        box(a={"b": 1})[path]
        print(f"reading {path}, which is not there, gives something")
        sys.exit(1)
    except BoxKeyError:
        pass
