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


import attr


def made(cls, *args, **kw):
    """The object's values, and what the hook was given."""
    o = cls(*args, **kw)
    return tuple(attr.astuple(o)), o.seen.pop()


def hook(seen, named):
    if named:
        def __attrs_pre_init__(self, x, *, y):
            seen.append({"x": x, "y": y})
    else:
        def __attrs_pre_init__(self, *a, **k):
            seen.append({**dict(enumerate(a)), **k})
    return __attrs_pre_init__


def model(fields, named=False):
    seen = []
    return attr.make_class("M", {k: attr.ib(**kw) for k, kw in fields.items()}, class_body={"__attrs_pre_init__": hook(seen, named), "seen": seen})


K = {"kw_only": True}
check("default taken", lambda: made(model({"y": {**K, "default": 3}})), ((3,), {"y": 3}))
check("default overridden", lambda: made(model({"y": {**K, "default": 3}}), y=5), ((5,), {"y": 5}))
check("default None", lambda: made(model({"y": {**K, "default": None}})), ((None,), {"y": None}))
check("default text", lambda: made(model({"y": {**K, "default": "a=b"}})), (("a=b",), {"y": "a=b"}))
check("beside one without a default", lambda: made(model({"z": K, "y": {**K, "default": 3}}), z=1), ((1, 3), {"z": 1, "y": 3}))
check("beside a positional one", lambda: made(model({"x": {}, "y": {**K, "default": 3}}), 1), ((1, 3), {0: 1, "y": 3}))
check("named arguments", lambda: made(model({"x": {}, "y": {**K, "default": 3}}, True), 1), ((1, 3), {"x": 1, "y": 3}))
check("two defaults", lambda: made(model({"y": {**K, "default": 3}, "z": {**K, "default": 4}}), z=9), ((3, 9), {"y": 3, "z": 9}))
check("factory given", lambda: made(model({"y": {**K, "factory": list}}), y=[1])[1], {"y": [1]})
check("factory used", lambda: made(model({"y": {**K, "factory": list}}))[0], ([],))
check("keyword only, no default", lambda: made(model({"y": K}), y=2), ((2,), {"y": 2}))
check("positional only", lambda: made(model({"x": {}, "w": {}}), 1, 2), ((1, 2), {0: 1, 1: 2}))


def bare():
    seen = []

    def __attrs_pre_init__(self):
        seen.append(1)

    cls = attr.make_class("B", {"y": attr.ib(default=3, kw_only=True)}, class_body={"__attrs_pre_init__": __attrs_pre_init__})
    return cls().y, cls(y=4).y, seen


check("hook without arguments", bare, (3, 4, [1, 1]))
check("no hook", lambda: attr.make_class("N", {"y": attr.ib(default=3, kw_only=True)})().y, 3)
try:
    model({"y": K})()
    print("a keyword-only attribute without a default may be left out")
    sys.exit(1)
except TypeError:
    pass
