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


from box import Box


def has(path, **data):
    return path in Box(data, box_dots=True)


check("through an int", lambda: has("a.b", a=5), False)
check("through a float", lambda: has("a.b", a=1.5), False)
check("through None", lambda: has("a.b", a=None), False)
check("through a bool", lambda: has("a.b", a=True), False)
check("deeper", lambda: has("a.b.c", a={"b": 5}), False)
check("two deeper", lambda: has("a.b.c", a=5), False)
check("in a list", lambda: has("a[0].b", a=[5]), False)
check("there", lambda: has("a.b", a={"b": 1}), True)
check("there, falsy", lambda: has("a.b", a={"b": None}), True)
check("there, deep", lambda: has("a.b.c", a={"b": {"c": 0}}), True)
check("not there", lambda: has("a.x", a={"b": 1}), False)
check("no first part", lambda: has("x.b", a={"b": 1}), False)
check("plain key", lambda: has("a", a=5), True)
check("without dots", lambda: "a.b" in Box({"a": 5}), False)
check("get", lambda: Box({"a": 5}, box_dots=True).get("a.b", "-"), "-")
check("read", lambda: Box({"a": {"b": 7}}, box_dots=True)["a.b"], 7)
