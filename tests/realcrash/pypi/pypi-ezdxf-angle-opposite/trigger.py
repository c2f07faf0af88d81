from math import degrees

from ezdxf.math import Vector


def turn(a, b, c):
    """Angle at b on the way from a over b to c, in degrees."""
    before, after = Vector(b) - Vector(a), Vector(c) - Vector(b)
    return round(degrees(before.angle_between(after)), 3)


def handle(points):
    return [turn(*points[i:i + 3]) for i in range(len(points) - 2)]


print(handle([(0, 0), (1, 0), (1, 1), (0, 2)]))
print(handle([(0, 0), (12.3, 4.56), (0, 0)]))
