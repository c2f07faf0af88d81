import networkx as nx
from networkx.algorithms.approximation import steiner_tree


def network(cables):
    g = nx.Graph()
    for a, b, cost in cables:
        g.add_edge(a, b, cost=cost)
    return g


def connect(cables, sites, method):
    tree = steiner_tree(network(cables), sites, weight="cost", method=method)
    return sorted(tuple(sorted(e)) for e in tree.edges)


RING = [("a", "b", 1), ("b", "c", 1), ("c", "d", 1), ("d", "a", 1)]
print(connect(RING, ["a", "c"], "kou"))
print(connect(RING[:3], ["a", "d"], "mehlhorn"))
print(connect(RING, ["a", "c"], "mehlhorn"))
