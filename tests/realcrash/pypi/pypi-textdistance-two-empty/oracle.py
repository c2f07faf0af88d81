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


import textdistance as td


def check_range(label, a, b):
    for name in ("levenshtein", "hamming", "damerau_levenshtein"):
        algorithm = getattr(td, name)
        check(f"{label}, {name}", lambda: float(algorithm.normalized_distance(a, b)), 0.0, 1.0)
        check(f"{label}, {name}, both ways make 1", lambda: float(algorithm.normalized_distance(a, b) + algorithm.normalized_similarity(a, b)), 1.0)


def dist(a, b):
    return round(float(td.levenshtein.normalized_distance(a, b)), 4)


check_range("empty texts", "", "")
check_range("empty lists", [], [])
check("plain distance of empty texts", lambda: td.levenshtein("", ""), 0)
check("one empty", lambda: dist("", "abc"), 1.0)
check("other empty", lambda: dist("abc", ""), 1.0)
check("same", lambda: dist("abc", "abc"), 0.0)
check("one of four", lambda: dist("abcd", "abce"), 0.25)
check("longer", lambda: dist("test", "tests"), 0.2)
check("nothing alike", lambda: dist("abc", "xyz"), 1.0)
check("similarity", lambda: float(td.levenshtein.normalized_similarity("abcd", "abce")), 0.75)
check("Hamming", lambda: float(td.hamming.normalized_distance("test", "text")), 0.25)
check("distance", lambda: td.levenshtein("test", "text"), 1)
