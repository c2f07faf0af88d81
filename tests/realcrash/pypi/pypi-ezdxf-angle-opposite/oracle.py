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


import math
import random

from ezdxf.math import Vector


def angle(a, b):
    return round(Vector(a).angle_between(Vector(b)), 5) + 0.0


V = (12.3, 4.56, 0.0)
W = (-12.3, -4.56, 0.0)
PI = round(math.pi, 5)
check("opposite", lambda: angle(V, W), PI)
check("opposite, other order", lambda: angle(W, V), PI)
check("with itself", lambda: angle(V, V), 0.0)
rnd = random.Random(5)
for _ in range(400):
    v = Vector(rnd.uniform(-9, 9), rnd.uniform(-9, 9), rnd.uniform(-9, 9))
    k = rnd.uniform(0.1, 8)
    check("random, same direction", lambda: angle(v, v * k), 0.0)
    check("random, opposite", lambda: angle(v, v * -k), PI)
check("right angle", lambda: angle((1, 0), (0, 7)), round(math.pi / 2, 5))
check("45 degrees", lambda: angle((1, 0), (2, 2)), round(math.pi / 4, 5))
check("135 degrees", lambda: angle((1, 0), (-2, 2)), round(3 * math.pi / 4, 5))
check("in space", lambda: angle((0, 0, 3), (0, 3, 3)), round(math.pi / 4, 5))
check("a small angle", lambda: angle((1, 0), (1, 0.001)), 0.001)
check("nearly opposite", lambda: angle((1, 0), (-1, 0.01)), round(math.pi - 0.01, 5))
check("60 degrees", lambda: angle((1, 0), (1, math.sqrt(3))), round(math.pi / 3, 5))
