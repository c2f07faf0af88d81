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


from click.testing import CliRunner

from hourbook.book import Book
from hourbook.cli import main
from hourbook.invoice import unpaid, write

OLD = {"project": "mill", "day": "2020-12-29", "minutes": 45, "note": "drawings"}


def book(*more, old=(OLD,)):
    b = Book()
    for e in old:
        b.entries.insert(dict(e))
    for day, minutes, billable in more:
        b.add("mill", day, minutes, billable=billable)
    return b


check("old", lambda: write(book(), "mill", 1, 4000), ["Invoice 1: mill", "2020-12-29    0:45  drawings", "30.00"])
check("old and new", lambda: write(book(("2021-06-01", 30, True), ("2021-06-02", 60, False)), "mill", 1, 4000)[-3:], ["2020-12-29    0:45  drawings", "2021-06-01    0:30", "50.00"])
check("old, on one invoice only", lambda: (lambda b: (write(b, "mill", 1, 4000), write(b, "mill", 2, 4000))[1])(book()), ["nothing to bill"])
check("old, marked", lambda: (lambda b: (write(b, "mill", 5, 4000), [e["invoice"] for e in b.find()])[1])(book()), [5])
check("old, billed already", lambda: unpaid(book(old=({**OLD, "invoice": 3},)), "mill"), [])
check("old, of another project", lambda: unpaid(book(), "lighthouse"), [])
check("old, before", lambda: unpaid(book(("2021-06-01", 30, False)), "mill", "2021-01-01"), [])
check("new", lambda: write(book(("2021-06-01", 30, True), old=()), "mill", 1, 4000), ["Invoice 1: mill", "2021-06-01    0:30", "20.00"])
check("free", lambda: write(book(("2021-06-01", 30, False), old=()), "mill", 1, 4000), ["nothing to bill"])
check("free is not marked", lambda: (lambda b: (write(b, "mill", 1, 4000), ["invoice" in e for e in b.find()])[1])(book(("2021-06-01", 30, False), ("2021-06-02", 30, True), old=())), [False, True])


def run(*words):
    import json, os, tempfile
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "b.json")
        with open(path, "w") as f:
            json.dump({"entries": {"1": OLD}}, f)
        return CliRunner().invoke(main, ["--book", path, *words]).output.splitlines()


check("command", lambda: run("bill", "mill", "9", "--rate", "40"), ["Invoice 9: mill", "2020-12-29    0:45  drawings", "30.00"])
check("list", lambda: run("list"), ["2020-12-29  mill            0:45  drawings", "0:45"])
