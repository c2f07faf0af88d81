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


from werkzeug.test import Client

from sqldojo import Dojo
from sqldojo.rules import Refused
from sqldojo.rules import check as rule


def send(query, lesson=1):
    response = Client(Dojo()).post("/run", json={"query": query, "lesson": lesson})
    return response.status_code, response.json


def said(query, lesson=1):
    try:
        rule(query, lesson)
    except Refused as e:
        return str(e)
    return "allowed"


FIRST = "Write a query first."
check("comment", lambda: send("-- select * from birds\n"), (422, {"error": FIRST}))
check("comment, no line end", lambda: send("-- todo"), (422, {"error": FIRST}))
check("comment of several lines", lambda: send("/* select\n * from birds */"), (422, {"error": FIRST}))
check("semicolon", lambda: said(";"), FIRST)
check("comment, to the rules", lambda: said("-- x", 3), FIRST)
check("comment, no such lesson", lambda: said("-- x", 9), "There is no lesson 9.", FIRST)
check("nothing", lambda: send(" "), (422, {"error": FIRST}))
check("query", lambda: send("select name from birds where song is null"), (200, {"columns": ["name"], "rows": [["swift"]]}))
check("comment before", lambda: send("-- x\nselect 1 as n"), (200, {"columns": ["n"], "rows": [[1]]}))
check("comment after", lambda: send("select 1 as n; -- x"), (200, {"columns": ["n"], "rows": [[1]]}))
check("not in the lesson", lambda: said("delete from birds"), "No DELETE in lesson 1. Wait for lesson 2.")
check("of no kind", lambda: said("explain select 1", 3), "No UNKNOWN in lesson 3.")
check("two", lambda: said("select 1; select 2"), "One statement at a time, please.")
check("syntax", lambda: send("select * form birds")[0], 422)
check("no query", lambda: Client(Dojo()).post("/run", json={}).status_code, 400)
