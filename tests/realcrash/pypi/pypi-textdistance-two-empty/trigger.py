import textdistance


def similar(a, b):
    return textdistance.levenshtein.normalized_distance(a, b) <= 0.3


def handle(rows):
    """Neighbours that are nearly the same."""
    return [(a, b) for a, b in zip(rows, rows[1:]) if similar(a, b)]


print(handle(["main street", "main streat", "hill road"]))
print(handle(["main street", "", ""]))
