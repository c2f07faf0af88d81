import networkx as nx
from networkx.algorithms import isomorphism as iso


def graph(edges):
    g = nx.DiGraph()
    for a, b, kind in edges:
        g.add_edge(a, b, kind=kind)
    return g


def contains(flow, pattern):
    same = iso.categorical_edge_match("kind", None)
    return iso.DiGraphMatcher(graph(flow), graph(pattern), edge_match=same).subgraph_is_monomorphic()


print(contains([(1, 2, "call"), (2, 3, "call")], [(7, 8, "call")]))
print(contains([("a", "b", "call"), ("b", "c", "call"), ("a", "c", "log")], [("x", "y", "call"), ("y", "z", "call")]))
