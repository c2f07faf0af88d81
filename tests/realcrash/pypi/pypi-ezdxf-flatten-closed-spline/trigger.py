from ezdxf.math import BSpline


def polyline(control_points, tolerance=0.1):
    return [(round(p.x, 2), round(p.y, 2)) for p in BSpline(control_points).flattening(tolerance)]


def handle(shapes):
    return {name: len(polyline(points)) for name, points in shapes.items()}


print(handle({"arc": [(0, 0), (1, 2), (3, 2), (4, 0)]}))
print(handle({"loop": [(0, 0), (2, 2), (2, -2), (0, 0)]}))
print(handle({"dot": [(1, 1), (1, 1), (1, 1), (1, 1)]}))
