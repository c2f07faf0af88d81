from haversine import Unit, haversine


def nearest(position, shops):
    return min(shops, key=lambda shop: haversine(position, shop["position"], unit=Unit.KILOMETERS))


def handle(request, shops):
    return nearest((request["lat"], request["lon"]), shops)["name"]


SHOPS = [{"name": "Harbour", "position": (59.9, 10.7)}, {"name": "Station", "position": (60.4, 5.3)}]
print(handle({"lat": 60.1, "lon": 5.5}, SHOPS))
print(handle({"lat": 60.1, "lon": None}, SHOPS))
