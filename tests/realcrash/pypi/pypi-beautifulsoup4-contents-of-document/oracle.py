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


from bs4 import BeautifulSoup


def soup(html):
    return BeautifulSoup(html, "html.parser")


TWO = "<p>a</p><p>b &amp; c</p>"
check("document", lambda: soup(TWO).decode_contents(), TWO)
check("document, bytes", lambda: soup(TWO).encode_contents(), TWO.encode())
check("document, by the old name", lambda: soup(TWO).renderContents(), TWO.encode())
check("document, named entities", lambda: soup("<p>caf\u00e9</p>").decode_contents(formatter="html"), "<p>caf&eacute;</p>")
check("document, own formatter", lambda: soup("<p>ab</p>x").decode_contents(formatter=str.upper), "<p>AB</p>X")
check("empty document", lambda: soup("").decode_contents(), "")
check("text alone", lambda: soup("a < b").decode_contents(), "a &lt; b")
check("encoding of a meta tag", lambda: soup('<meta charset="latin-1"/>').decode_contents(eventual_encoding="utf-8"), '<meta charset="utf-8"/>')
check("tag", lambda: soup("<p>one <b>two</b></p>").p.decode_contents(), "one <b>two</b>")
check("tag, bytes", lambda: soup("<p>one <b>two</b></p>").p.encode_contents(), b"one <b>two</b>")
check("decode", lambda: soup(TWO).decode(), TWO)
check("decode, pretty", lambda: soup("<p>a</p>").decode(pretty_print=True), "<p>\n a\n</p>\n", "<p>\n a\n</p>")
check("prettify", lambda: soup("<p>a<b>c</b></p>").prettify(), "<p>\n a\n <b>\n  c\n </b>\n</p>\n", "<p>\n a\n <b>\n  c\n </b>\n</p>")
check("str", lambda: str(soup(TWO)), TWO)
check("encode", lambda: soup("<p>\u00e9</p>").encode("latin-1"), b"<p>\xe9</p>")
