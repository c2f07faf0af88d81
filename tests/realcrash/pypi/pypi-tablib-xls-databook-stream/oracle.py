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


import io

import tablib


def book():
    return tablib.Databook([
        tablib.Dataset(("a", 1), ("b", 2), headers=["name", "n"], title="May"),
        tablib.Dataset(("c", 3.5), headers=["name", "n"], title="June"),
    ])


def content(b):
    return [(s.title, s.headers, [tuple(r) for r in s]) for s in b.sheets()]


WANT = [("May", ["name", "n"], [("a", 1), ("b", 2)]), ("June", ["name", "n"], [("c", 3.5)])]
xls = book().export("xls")
check("bytes", lambda: content(tablib.import_book(xls, "xls")), WANT)
check("stream", lambda: content(tablib.import_book(io.BytesIO(xls), "xls")), WANT)
check("load of a book", lambda: content(tablib.Databook().load(io.BytesIO(xls), "xls")), WANT)
check("replaces what was there", lambda: len(book().load(xls, "xls").sheets()), 2)
check("one sheet", lambda: content(tablib.import_book(tablib.Databook([book().sheets()[1]]).export("xls"), "xls")), WANT[1:])
check("data set", lambda: tablib.import_set(xls, "xls").dict, [{"name": "a", "n": 1}, {"name": "b", "n": 2}])
check("data set, no headers", lambda: len(tablib.import_set(xls, "xls", headers=False)), 3)
check("JSON book", lambda: content(tablib.import_book(book().export("json"), "json")), WANT)
check("detected", lambda: tablib.detect_format(xls), "xls")
