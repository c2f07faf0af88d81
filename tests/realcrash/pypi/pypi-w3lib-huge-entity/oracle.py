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


from w3lib.html import replace_entities as r

check("far too large", lambda: r("spam &#70000000000; spam"), "spam  spam")
check("far too large, hexadecimal", lambda: r("a&#xFFFFFFFFFFFF;b"), "ab")
check("just beyond a C int", lambda: r("a&#2147483648;b"), "ab")
check("beyond a C long", lambda: r("a&#99999999999999999999999;b"), "ab")
check("kept when asked", lambda: r("a&#70000000000;b", remove_illegal=False), "a&#70000000000;b")
check("kept without a semicolon", lambda: r("a&#70000000000 b"), "a&#70000000000 b")
check("others in the same text", lambda: r("&lt;&#70000000000;&#65;&gt;"), "<A>")
check("beyond Unicode", lambda: r("a&#12345678;b"), "ab")
check("beyond Unicode, kept", lambda: r("a&#12345678;b", remove_illegal=False), "a&#12345678;b")
check("named", lambda: r("&pound;100 &amp; more"), "\xa3100 & more")
check("decimal", lambda: r("&#8364;"), "\u20ac")
check("hexadecimal", lambda: r("x&#x2264;y"), "x\u2264y")
check("Windows-1252", lambda: r("&#146;"), "\u2019")
check("kept name", lambda: r("&lt;&amp;", keep=["amp"]), "<&amp;")
check("bytes", lambda: r(b"&eacute;"), "\xe9")
