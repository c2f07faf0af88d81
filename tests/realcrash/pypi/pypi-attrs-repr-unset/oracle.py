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


import attr


@attr.s
class Job:
    name = attr.ib()
    result = attr.ib(init=False)


@attr.s(slots=True)
class Slotted:
    name = attr.ib()
    result = attr.ib(init=False)
    last = attr.ib(init=False, default=3)


@attr.s
class Hidden:
    name = attr.ib()
    result = attr.ib(init=False, repr=False)


class Loud(object):
    def __repr__(self):
        raise AttributeError("loud")


def says(text, *parts):
    return [p in text for p in parts]


def deleted():
    j = Job("a")
    j.result = 5
    del j.result
    return says(repr(j), "Job(", "name='a'", "result=5")


check("unset", lambda: says(repr(Job("a")), "Job(", "name='a'"), [True, True])
check("unset, slots", lambda: says(repr(Slotted("a")), "Slotted(", "name='a'", "last=3"), [True, True, True])
check("unset says no value", lambda: [v in repr(Job("a")) for v in ("result=None", "result=''", "result=0")], [False] * 3)
check("deleted", deleted, [True, True, False])
check("in a list", lambda: repr([Job("a")]).startswith("[Job("), True)


def full(cls):
    o = cls("a")
    o.result = None
    return repr(o)


check("set to None", lambda: full(Job), "Job(name='a', result=None)")
check("set, slots", lambda: full(Slotted), "Slotted(name='a', result=None, last=3)")
check("hidden", lambda: repr(Hidden("a")), "Hidden(name='a')")
check("nested", lambda: repr(Hidden(Hidden(1))), "Hidden(name=Hidden(name=1))")
try:
    repr(Hidden(Loud()))
    print("an AttributeError of a member's own repr is swallowed")
    sys.exit(1)
except AttributeError:
    pass
try:
    Job("a").result
    print("an unset member reads as something")
    sys.exit(1)
except AttributeError:
    pass
