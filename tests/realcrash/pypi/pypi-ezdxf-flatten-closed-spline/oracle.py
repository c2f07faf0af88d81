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


from ezdxf.math import BSpline, Vec3


def flat(points, distance=0.1, segments=4):
    return list(BSpline(points).flattening(distance, segments))


def ends(points, **kw):
    p = flat(points, **kw)
    return p[0].isclose(points[0]), p[-1].isclose(points[-1])


def near(points, distance):
    """The polyline is never further from the curve than about `distance`."""
    spline = BSpline(points)
    line = list(spline.flattening(distance))
    worst = 0.0
    for p in spline.approximate(300):
        best = 1e9
        for a, b in zip(line, line[1:]):
            d = b - a
            t = max(0.0, min(1.0, (p - a).dot(d) / d.magnitude_square)) if d.magnitude_square else 0.0
            best = min(best, (a + d * t).distance(p))
        worst = max(worst, best)
    return worst <= distance * 2


DOT = [(1, 1, 0)] * 5
check("a point: all at it", lambda: all(p.isclose((1, 1, 0)) for p in flat(DOT)), True)
check("a point: something comes out", lambda: len(flat(DOT)) >= 2, True)
check("another point", lambda: all(p.isclose((-3, 0, 7)) for p in flat([(-3, 0, 7)] * 4, 0.01)), True)
check("a point, one segment between knots", lambda: all(p.isclose((1, 1, 0)) for p in flat(DOT, segments=1)), True)
check("a point, in the plane", lambda: all(p.isclose((0, 0, 0)) for p in flat([(0, 0)] * 6, 1)), True)
LOOP = [(0, 0), (2, 2), (2, -2), (0, 0)]
check("a loop", lambda: ends(LOOP), (True, True))
check("a loop: near", lambda: near(LOOP, 0.01), True)
ARC = [(0, 0), (1, 2), (3, 2), (4, 0)]
check("an arc: ends", lambda: ends(ARC), (True, True))
check("an arc: near", lambda: near(ARC, 0.01), True)
check("finer tolerance, more points", lambda: len(flat(ARC, 0.0005)) > len(flat(ARC, 0.5)), True)
check("straight line", lambda: len(flat([(0, 0), (1, 0), (2, 0), (3, 0)])), 5)
