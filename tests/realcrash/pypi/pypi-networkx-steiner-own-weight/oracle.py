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


import networkx as nx
from networkx.algorithms.approximation import steiner_tree


def tree(edges, sites, method="mehlhorn", name="cost", cls=nx.Graph):
    g = cls()
    for a, b, cost in edges:
        g.add_edge(a, b, **{name: cost})
    t = steiner_tree(g, list(sites), weight=name, method=method)
    return nx.is_tree(nx.Graph(t)), set(sites) <= set(t), sum(d.get(name, 1) for _, _, d in t.edges(data=True))


RING = [("a", "b", 1), ("b", "c", 1), ("c", "d", 1), ("d", "a", 1)]
SQUARE = [("a", "b", 3), ("b", "c", 2), ("c", "d", 3), ("d", "a", 1), ("a", "c", 9)]
check("ring", lambda: tree(RING, "ac"), (True, True, 2))
check("ring, three sites", lambda: tree(RING, "abc"), (True, True, 2))
check("ring, all sites", lambda: tree(SQUARE, "abcd"), (True, True, 6))
check("costs decide", lambda: tree([("a", "b", 5), ("a", "x", 1), ("x", "b", 1)], "axb"), (True, True, 2))
check("parallel cables", lambda: tree([("a", "b", 5), ("a", "b", 2), ("b", "c", 1)], "ac", cls=nx.MultiGraph)[:2], (True, True))
check("same as under the usual name", lambda: tree(SQUARE, "acd") == tree(SQUARE, "acd", name="weight"), True)
check("usual name", lambda: tree(SQUARE, "abcd", name="weight"), (True, True, 6))
check("usual name, ring", lambda: tree(RING, "ac", name="weight"), (True, True, 2))
check("other method", lambda: tree(SQUARE, "abcd", method="kou"), (True, True, 6))
check("a path", lambda: tree(RING[:3], "ad"), (True, True, 3))
check("two neighbours", lambda: tree(RING, "ab"), (True, True, 1))


def choose(name):
    """Two ways between the regions of two sites: the dear one is read first."""
    g = nx.Graph()
    for a, b, c in [("s", "p", 1), ("t", "q", 1), ("p", "q", 50), ("s", "u", 1), ("t", "v", 1), ("u", "v", 2)]:
        g.add_edge(a, b, **{name: c})
    return sorted(tuple(sorted(e)) for e in steiner_tree(g, ["s", "t"], weight=name, method="mehlhorn").edges)


check("cheaper way between two regions", lambda: choose("cost"), [("s", "u"), ("t", "v"), ("u", "v")])
check("cheaper way, usual name", lambda: choose("weight"), [("s", "u"), ("t", "v"), ("u", "v")])


def regions(name):
    """The least cost between regions decides which are joined."""
    g = nx.Graph()
    for a, b, c in [("s", "t", 3), ("s", "p", 5), ("t", "p", 5), ("t", "r", 2), ("s", "r", 2)]:
        g.add_edge(a, b, **{name: c})
    t = steiner_tree(g, ["s", "t", "r"], weight=name, method="mehlhorn")
    return sum(d[name] for _, _, d in t.edges(data=True))


check("least cost between regions", lambda: regions("cost"), 4)
check("least cost between regions, usual name", lambda: regions("weight"), 4)
