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


import xmltodict


def un(value, **kw):
    return xmltodict.unparse({"a": value}, full_document=False, **kw)


check("int", lambda: un({"@k": "x", "#text": 1}), '<a k="x">1</a>')
check("float", lambda: un({"@k": 42, "#text": 3.5}), '<a k="42">3.5</a>')
check("zero", lambda: un({"@k": "x", "#text": 0}), '<a k="x">0</a>')
check("True", lambda: un({"@k": "x", "#text": True}), '<a k="x">true</a>', '<a k="x">True</a>')
check("no attribute", lambda: un({"#text": 5}), "<a>5</a>")
check("nested", lambda: un({"b": {"@k": "x", "#text": 2}}), '<a><b k="x">2</b></a>')
check("several", lambda: un([{"@k": 1, "#text": 2}, {"@k": 3, "#text": 4}]), '<a k="1">2</a><a k="3">4</a>')
check("own name of the text", lambda: un({"@k": "x", "$": 9}, cdata_key="$"), '<a k="x">9</a>')
check("text", lambda: un({"@k": "x", "#text": "t"}), '<a k="x">t</a>')
check("escaped text", lambda: un({"@k": "x", "#text": "a<b"}), '<a k="x">a&lt;b</a>')
check("empty text", lambda: un({"@k": "x", "#text": ""}), '<a k="x"></a>')
check("no text", lambda: un({"@k": "x"}), '<a k="x"></a>')
check("plain int", lambda: un(1), "<a>1</a>")
check("plain bool", lambda: un(True), "<a>true</a>")
check("plain None", lambda: un(None), "<a></a>")
check("child beside text", lambda: un({"#text": "t", "b": 1}), "<a><b>1</b>t</a>")
