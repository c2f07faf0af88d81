import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: {e}")
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import parso
from parso.utils import python_bytes_to_unicode as text


def code(source):
    return parso.parse(source, version="3.8").get_code()


check("unknown", lambda: code(b"# coding: foo-8\nx = 1\n"), "# coding: foo-8\nx = 1\n")
check("unknown, not ASCII", lambda: code(b"# coding: foo-8\nx = '\xc3\xa9'\n"), "# coding: foo-8\nx = '\xe9'\n")
check("unknown, no UTF-8 either", lambda: parso.parse(b"# coding: foo-8\nx = '\xe9'\ny = 2\n", version="3.8").children[1].get_code(), "y = 2\n")
check("unknown, in the second line", lambda: code(b"#!/bin/x\n# vim: set fileencoding=wtf :\nx\n"), "#!/bin/x\n# vim: set fileencoding=wtf :\nx\n")
check("unknown, replace", lambda: text(b"# coding: wtf-12\nfoo", errors="replace"), "# coding: wtf-12\nfoo")
check("Latin-1", lambda: code(b"# coding: latin-1\nx = '\xe9'\n"), "# coding: latin-1\nx = '\xe9'\n")
check("UTF-8", lambda: code(b"x = '\xc3\xa9'\n"), "x = '\xe9'\n")
check("BOM", lambda: code(b"\xef\xbb\xbfx = 1\n").endswith("x = 1\n"), True)
check("text", lambda: code("# coding: foo-8\nx = 1\n"), "# coding: foo-8\nx = 1\n")
check("given encoding", lambda: text(b"\xe9", encoding="latin-1"), "\xe9")
check("coding too far down", lambda: text(b"\n\n# coding: foo-8\n"), "\n\n# coding: foo-8\n")
for what, call, kind in (("unknown, strict", lambda: text(b"# coding: wtf-12\nfoo"), LookupError), ("bad bytes, strict", lambda: text(b"\xff"), UnicodeDecodeError)):
    try:
        call()
        print(f"{what}: no error, though the caller wants one")
        sys.exit(1)
    except kind:
        pass
