from more_itertools import interleave_evenly


def playlist(sources, skip=()):
    """Spreads the tracks of each source evenly."""
    lists = [tracks for name, tracks in sources.items() if name not in skip]
    return list(interleave_evenly(lists))


SOURCES = {"rock": ["r1", "r2", "r3", "r4"], "jazz": ["j1", "j2"]}


def handle(requests):
    return [playlist(SOURCES, skip=r) for r in requests]


print(handle([[], ["jazz"]]))
print(handle([["jazz", "rock"]]))
