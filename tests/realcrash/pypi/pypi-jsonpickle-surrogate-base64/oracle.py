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

restore = Unpickler().restore

check("base64", lambda: restore({"py/b64": "\udc00"}), b"")
check("base85", lambda: restore({"py/b85": "\udc00"}), b"")
check("base64, high surrogate", lambda: restore({"py/b64": "\ud800"}), b"")
check("base85, several", lambda: restore({"py/b85": "\udc00\udfff"}), b"")
check("what is beside it", lambda: jsonpickle.decode('{"a": {"py/b64": "\\udc00"}, "b": {"py/b64": "eA=="}}'), {"a": b"", "b": b"x"})
check("in a list", lambda: restore([{"py/b85": "\udc00"}, 1]), [b"", 1])
check("good base64", lambda: restore({"py/b64": "aGVsbG8="}), b"hello")
check("good base85", lambda: restore({"py/b85": "Xk~0{Zv"}), b"hello")
check("no text", lambda: restore({"py/b64": 5}), b"")
check("no text, base85", lambda: restore({"py/b85": None}), b"")
check("bytes there and back", lambda: jsonpickle.decode(jsonpickle.encode(b"\x00\xff")), b"\x00\xff")
check("surrogate in plain text", lambda: jsonpickle.decode('{"a": "\\udc00"}'), {"a": "\udc00"})
