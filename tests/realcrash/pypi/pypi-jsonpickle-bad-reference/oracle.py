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


import jsonpickle
from jsonpickle.unpickler import Unpickler


def restored(ref):
    return Unpickler().restore({"ref": {"py/id": ref}, "n": 1})


for bad in ("x", "", [], {}, None, 1.5):
    check(f"reference {bad!r}", lambda: restored(bad), {"ref": None, "n": 1})
check("in a list", lambda: Unpickler().restore([1, {"py/id": "x"}, 2]), [1, None, 2])
check("through decode", lambda: jsonpickle.decode('{"a": {"py/id": "x"}, "b": [3]}'), {"a": None, "b": [3]})


class Node:
    def __init__(self, name):
        self.name = name
        self.next = None


def shared():
    n = Node("a")
    back = jsonpickle.decode(jsonpickle.encode([n, n]), classes={"__main__.Node": Node})
    return back[0] is back[1], back[0].name


def loop():
    n = Node("a")
    n.next = Node("b")
    n.next.next = n
    back = jsonpickle.decode(jsonpickle.encode(n), classes={"__main__.Node": Node})
    return back.next.next is back, back.next.name


check("shared object", shared, (True, "a"))
check("objects in a circle", loop, (True, "b"))
check("plain data", lambda: jsonpickle.decode('{"a": [1, {"b": null}]}'), {"a": [1, {"b": None}]})
check("tuple and set", lambda: jsonpickle.decode(jsonpickle.encode((1, {2}))), (1, {2}))
