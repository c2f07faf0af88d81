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


def after(*blocks, page="<main><i>0</i></main>"):
    page = soup(page)
    for block in blocks:
        page.main.append(soup(block))
    return str(page)


def given(value):
    """What was appended, as text: a list of it, one thing or nothing."""
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


check("empty", lambda: after(""), "<main><i>0</i></main>")
check("empty, to an empty tag", lambda: after("", page="<main></main>"), "<main></main>")
check("empty between others", lambda: after("<b>1</b>", "", "<b>2</b>"), "<main><i>0</i><b>1</b><b>2</b></main>")
check("empty, given back", lambda: given(soup("<p></p>").p.append(soup(""))), [])
check("empty among several", lambda: (lambda p: (p.main.extend([soup(""), soup("<b>1</b>")]), str(p))[1])(soup("<main></main>")), "<main><b>1</b></main>")
check("to a document", lambda: (lambda p: (p.append(soup("")), str(p))[1])(soup("<p>a</p>")), "<p>a</p>")
check("one", lambda: after("<b>1</b>"), "<main><i>0</i><b>1</b></main>")
check("two", lambda: after("<b>1</b><b>2</b>"), "<main><i>0</i><b>1</b><b>2</b></main>")
check("white space", lambda: after(" "), "<main><i>0</i> </main>")
check("tag", lambda: (lambda p: (p.main.append(p.new_tag("br")), str(p))[1])(soup("<main></main>")), "<main><br/></main>")
check("tag, given back", lambda: given(soup("<p></p>").p.append(soup("<b>1</b>").b)), ["<b>1</b>"])
check("text", lambda: (lambda p: (p.main.append("x < y"), str(p))[1])(soup("<main></main>")), "<main>x &lt; y</main>")
check("text, given back", lambda: type(soup("<p></p>").p.append("x")).__name__, "NavigableString")
check("moved within", lambda: (lambda p: (p.main.append(p.b), str(p))[1])(soup("<main><b>1</b><i>2</i></main>")), "<main><i>2</i><b>1</b></main>")
try:
    soup("<p></p>").p.append(None)
    print("None is appended")
    sys.exit(1)
except ValueError:
    pass
