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


from more_itertools import interleave_evenly


def woven(iterables, *lengths):
    return list(interleave_evenly(iterables, *lengths))


def later(iterables, **kw):
    """The error's type comes when it is iterated, not when it is called."""
    it = interleave_evenly(iterables, **kw)
    try:
        return list(it)
    except ValueError:
        return "ValueError"


check("none", lambda: woven([]), [])
check("none, tuple", lambda: woven(()), [])
check("none, with lengths", lambda: woven([], []), [])
check("none, as an iterator", lambda: next(interleave_evenly([]), "end"), "end")
check("none, but a length", lambda: later([], lengths=[1]), "ValueError")
check("one that is empty", lambda: woven([[]]), [])
check("two that are empty", lambda: woven([[], ""]), [])
check("one", lambda: woven(["abc"]), ["a", "b", "c"])
check("one and an empty one", lambda: woven([[], "ab"]), ["a", "b"])
check("evenly", lambda: woven([[1, 2, 3, 4, 5], ["a", "b"]]), [1, 2, "a", 3, 4, "b", 5])
check("three", lambda: woven([[1, 2, 3], [4, 5], [6, 7, 8]]), [1, 6, 4, 2, 7, 3, 8, 5])
check("lengths", lambda: woven([iter("abc"), iter("xy")], [3, 2]), ["a", "x", "b", "c", "y"])
check("lengths missing", lambda: later([iter("abc")]), "ValueError")
check("lengths of others", lambda: later(["abc"], lengths=[1, 2]), "ValueError")
