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


import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope


def scopes(query):
    return [s.expression.sql() for s in traverse_scope(sqlglot.parse_one(query))]


def sources(query):
    s = build_scope(sqlglot.parse_one(query))
    return sorted((n, "table" if isinstance(v, exp.Table) else "scope") for n, v in s.sources.items() if v is not None and isinstance(v, (exp.Table, Scope)))


Q = "SELECT c FROM (DESCRIBE x) AS t"
check("statement", lambda: scopes(Q)[-1], Q)
check("statement: no scope of it", lambda: [s for s in scopes(Q) if s.startswith("SELECT")], [Q])
check("statement and table", lambda: ("y", "table") in sources("SELECT * FROM y JOIN (DESCRIBE x) AS t ON y.c = t.c"), True)
check("statement and query", lambda: ("q", "scope") in sources("SELECT * FROM (SELECT 1 AS a) AS q CROSS JOIN (DESCRIBE x) AS t"), True)
check("query before is not taken for it", lambda: len(build_scope(sqlglot.parse_one("SELECT * FROM (SELECT 1 AS a) AS q CROSS JOIN (DESCRIBE x) AS t")).derived_table_scopes), 1)
check("list of scopes holds scopes", lambda: all(isinstance(c, Scope) for c in build_scope(sqlglot.parse_one(Q)).derived_table_scopes + build_scope(sqlglot.parse_one(Q)).table_scopes), True)
check("all below", lambda: all(isinstance(s, Scope) for s in build_scope(sqlglot.parse_one(Q)).traverse()), True)
check("within a query", lambda: scopes("SELECT a FROM (SELECT c AS a FROM (DESCRIBE x) AS t) AS u")[-1], "SELECT a FROM (SELECT c AS a FROM (DESCRIBE x) AS t) AS u")
check("expression", lambda: scopes("SELECT * FROM (x[1]) AS t")[-1], "SELECT * FROM (x[1]) AS t")
check("query", lambda: scopes("SELECT a FROM (SELECT b AS a FROM x) AS t"), ["SELECT b AS a FROM x", "SELECT a FROM (SELECT b AS a FROM x) AS t"])
check("query: source", lambda: sources("SELECT a FROM (SELECT b AS a FROM x) AS t"), [("t", "scope")])
check("query: scopes", lambda: len(build_scope(sqlglot.parse_one("SELECT a FROM (SELECT b AS a FROM x) AS t")).derived_table_scopes), 1)
check("union", lambda: len(scopes("SELECT a FROM (SELECT 1 AS a UNION SELECT 2) AS t")), 4)
check("lateral", lambda: [n for n, _ in sources("SELECT * FROM x, LATERAL (SELECT x.a) AS l")], ["l", "x"])
check("join of tables", lambda: sources("SELECT * FROM (a JOIN b ON a.i = b.i)"), [("a", "table"), ("b", "table")])
check("with", lambda: len(scopes("WITH q AS (SELECT 1) SELECT * FROM q")), 2)
