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
from networkx.algorithms import isomorphism as iso

same = iso.categorical_edge_match("kind", None)


def graph(text, cls=nx.DiGraph):
    g = cls()
    for a, b, kind in text.split():
        g.add_edge(a, b, kind=kind)
    return g


def matcher(big, small, cls=nx.DiGraph):
    m = iso.GraphMatcher if cls is nx.Graph else iso.DiGraphMatcher
    return m(graph(big, cls), graph(small, cls), edge_match=same)


def mono(big, small, cls=nx.DiGraph):
    return matcher(big, small, cls).subgraph_is_monomorphic()


def all_mono(big, small, cls=nx.DiGraph):
    return sorted(tuple(sorted(m.items())) for m in matcher(big, small, cls).subgraph_monomorphisms_iter())


check("loop and way back", lambda: mono("12A 21D 11C", "56A"), True)
check("which", lambda: all_mono("12A 21D 11C", "56A"), [(("1", "5"), ("2", "6"))])
check("loop only", lambda: mono("12A 22C", "56A"), True)
check("loop on the first", lambda: mono("11C 12A", "56A"), True)
check("way back only", lambda: mono("12A 21B", "56A"), True)
check("other kind", lambda: mono("12A 21D 11C", "56E"), False)
check("kind of the way back", lambda: all_mono("12A 21D 11C", "56D"), [(("1", "6"), ("2", "5"))])
check("loop wanted, there", lambda: mono("12A 22C", "56A 66C"), True)
check("loop wanted, other kind", lambda: mono("12A 22C", "56A 66D"), False)
check("loop wanted, not there", lambda: mono("12A", "56A 66C"), False)
check("triangle holds a path", lambda: all_mono("12A 23B 31C", "56A 67B"), [(("1", "5"), ("2", "6"), ("3", "7"))])
check("undirected triangle holds a path", lambda: mono("12A 23B 31C", "56A 67B", nx.Graph), True)
check("undirected, wrong kinds", lambda: mono("12A 23B 31C", "56A 67D", nx.Graph), False)
check("undirected loop", lambda: mono("11C 12A", "56A", nx.Graph), True)
check("isomorphic", lambda: matcher("12A 23B", "56A 67B").is_isomorphic(), True)
check("isomorphic, other kinds", lambda: matcher("12A 23B", "56A 67C").is_isomorphic(), False)
check("isomorphic, loops", lambda: matcher("12A 22C", "56A 66C").is_isomorphic(), True)
check("isomorphic, other loop", lambda: matcher("12A 22C", "56A 66D").is_isomorphic(), False)
check("induced subgraph", lambda: matcher("12A 23B 31C", "56A").subgraph_is_isomorphic(), True)
check("induced subgraph, loop in the way", lambda: matcher("12A 22C", "56A").subgraph_is_isomorphic(), False)
