from rdflib import Graph

UPDATE = """PREFIX : <http://x/>
INSERT { ?s :label ?label }
WHERE { ?s :name ?name ; :place ?place BIND(CONCAT(?name, ", ", ?place) AS ?label) }"""


def labels(data):
    graph = Graph().parse(data="@prefix : <http://x/> . " + data, format="turtle")
    graph.update(UPDATE)
    rows = graph.query("SELECT ?s ?l WHERE { ?s <http://x/label> ?l }")
    return sorted((str(s), str(label)) for s, label in rows)


print(labels(':a :name "Ann" ; :place "Rome" .'))
print(labels(':a :name "Ann" ; :place :Rome . :b :name "Bo" ; :place "Oslo" .'))
