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


from rdflib import Graph, Literal, URIRef

DATA = """@prefix : <http://x/> .
:a :name "Ann" ; :place :Rome .
:b :name "Bo" ; :place "Oslo" .
:c :name "Cleo"@fr ; :place "Lyon"@fr .
"""


def rows(select):
    g = Graph().parse(data=DATA, format="turtle")
    return sorted((tuple(r) for r in g.query("PREFIX : <http://x/> " + select)), key=str)


def one(expression):
    return next(iter(Graph().query("SELECT (%s AS ?v) WHERE {}" % expression)))[0]


def bound(select):
    return [tuple(str(v) if v is not None else None for v in r) for r in rows(select)]


check("IRI in BIND", lambda: bound('SELECT ?n ?v WHERE { ?s :name ?n ; :place ?p BIND(CONCAT(?n, "/", ?p) AS ?v) FILTER(?s != :c) }'), [("Ann", None), ("Bo", "Bo/Oslo")])
check("IRI first", lambda: bound('SELECT ?n ?v WHERE { ?s :name ?n ; :place ?p BIND(CONCAT(?p, ?n) AS ?v) FILTER(?s != :c) }'), [("Ann", None), ("Bo", "OsloBo")])
check("IRI in the head", lambda: bound('SELECT ?n (CONCAT(?n, ?p) AS ?v) WHERE { ?s :name ?n ; :place ?p FILTER(?s != :c) }'), [("Ann", None), ("Bo", "BoOslo")])
check("IRI, with a way out", lambda: bound('SELECT (COALESCE(CONCAT(?n, ?p), "?") AS ?v) WHERE { :a :name ?n ; :place ?p }'), [("?",)])
check("IRI in a filter", lambda: bound('SELECT ?n WHERE { ?s :name ?n ; :place ?p FILTER(CONCAT(?n, ?p) = "BoOslo") }'), [("Bo",)])
check("unbound", lambda: one('COALESCE(CONCAT("a", ?nothing), "?")'), Literal("?"))
check("error within", lambda: one('COALESCE(CONCAT("k", MD5(?who)), "?")'), Literal("?"))
check("blank node", lambda: one('COALESCE(CONCAT("a", BNODE()), "?")'), Literal("?"))
check("literals", lambda: one('CONCAT("a", "b")'), Literal("ab"))
check("same language", lambda: one('CONCAT("a"@en, "b"@en)'), Literal("ab", lang="en"))
check("different languages", lambda: one('CONCAT("a"@en, "b"@de)'), Literal("ab"))
check("number", lambda: one('COALESCE(CONCAT("a", 1), "?")'), Literal("?"))
check("str of an IRI", lambda: one('CONCAT("<", STR(<http://x/>), ">")'), Literal("<http://x/>"))
check("one", lambda: one('CONCAT("a")'), Literal("a"))
