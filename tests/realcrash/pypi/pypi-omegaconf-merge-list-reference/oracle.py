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


from omegaconf import OmegaConf


def merged(*layers):
    return OmegaConf.to_container(OmegaConf.merge(*layers), resolve=True)


def raw(*layers):
    return OmegaConf.to_container(OmegaConf.merge(*layers), resolve=False)


def later():
    c = OmegaConf.merge({"port": 80, "l": []}, {"l": ["${port}"]})
    c.port = 81
    return c.l[0]


check("key of the base", lambda: merged({"port": 80, "l": []}, {"l": ["${port}"]}), {"port": 80, "l": [80]})
check("in a text", lambda: merged({"a": 10, "l": [1, 2]}, {"l": ["x${a}", 3]}), {"a": 10, "l": ["x10", 3]})
check("stays a reference", lambda: raw({"port": 80, "l": []}, {"l": ["${port}"]}), {"port": 80, "l": ["${port}"]})
check("follows a later change", later, 81)
check("nested key", lambda: merged({"d": {"a": 1}, "l": [0]}, {"l": ["${d.a}"]}), {"d": {"a": 1}, "l": [1]})
check("three layers", lambda: merged({"a": 1, "l": []}, {"l": ["${b}"]}, {"b": 2}), {"a": 1, "l": [2], "b": 2})
check("key of the same layer", lambda: merged({"l": []}, {"a": 5, "l": ["${a}"]}), {"l": [5], "a": 5})
check("overridden key", lambda: merged({"a": 1, "l": ["${a}"]}, {"a": 2}), {"a": 2, "l": [2]})
check("plain list replaces", lambda: merged({"l": [1, 2, 3]}, {"l": [4]}), {"l": [4]})
check("list of dicts", lambda: merged({"l": [{"x": 1}]}, {"l": [{"y": 2}]}), {"l": [{"y": 2}]})
check("list of lists", lambda: merged({"l": []}, {"l": [[1], [2, 3]]}), {"l": [[1], [2, 3]]})
check("empty list replaces", lambda: merged({"l": [1]}, {"l": []}), {"l": []})
check("None in the list", lambda: merged({"l": [1]}, {"l": [None, 2]}), {"l": [None, 2]})
check("scalars", lambda: merged({"a": 1, "b": {"c": 2}}, {"b": {"d": "${a}"}}), {"a": 1, "b": {"c": 2, "d": 1}})
try:
    merged({"a": 1, "l": []}, {"l": ["${nowhere}"]})
    print("a reference to nowhere is accepted when it is read")
    sys.exit(1)
except Exception as e:
    if "nowhere" not in str(e):
        print(f"a reference to nowhere: {e}")
        sys.exit(1)
