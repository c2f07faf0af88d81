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


import parso
from parso.utils import python_bytes_to_unicode


def text(source, **kw):
    return python_bytes_to_unicode(source, errors="replace", **kw)


check("unknown", lambda: text(b"# coding: foo-8\nx = 1\n"), "# coding: foo-8\nx = 1\n")
check("unknown, not ASCII", lambda: text(b"# coding: foo-8\nx = '\xc3\xa9'\n"), "# coding: foo-8\nx = '\xe9'\n")
check("unknown, no UTF-8 either", lambda: text(b"# coding: foo-8\nx = '\xe9'\ny = 2\n"), "# coding: foo-8\nx = '\ufffd'\ny = 2\n")
check("unknown, in the second line", lambda: text(b"#!/bin/x\n# vim: set fileencoding=wtf :\nx\n"), "#!/bin/x\n# vim: set fileencoding=wtf :\nx\n")
check("unknown, parsed", lambda: parso.parse(text(b"# coding: nope-3\nfoo\n"), version="3.8").get_code(), "# coding: nope-3\nfoo\n")
check("Latin-1", lambda: text(b"# coding: latin-1\nx = '\xe9'\n"), "# coding: latin-1\nx = '\xe9'\n")
check("UTF-8", lambda: text(b"x = '\xc3\xa9'\n"), "x = '\xe9'\n")
check("bad bytes", lambda: text(b"x = '\xe9'\n"), "x = '\ufffd'\n")
check("BOM", lambda: text(b"\xef\xbb\xbfx = 1\n").endswith("x = 1\n"), True)
check("text already", lambda: text("# coding: foo-8\nx = 1\n"), "# coding: foo-8\nx = 1\n")
check("given encoding", lambda: text(b"\xe9", encoding="latin-1"), "\xe9")
check("coding too far down", lambda: text(b"\n\n# coding: foo-8\n"), "\n\n# coding: foo-8\n")
check("strict, known", lambda: python_bytes_to_unicode(b"# coding: latin-1\n\xe9"), "# coding: latin-1\n\xe9")
for what, source, kind in (("unknown, strict", b"# coding: nope-3\nfoo", LookupError), ("bad bytes, strict", b"\xff", UnicodeDecodeError)):
    try:
        python_bytes_to_unicode(source)
        print(f"{what}: no error, though the caller wants one")
        sys.exit(1)
    except kind:
        pass
