from geopy.adapters import URLLibAdapter
from geopy.geocoders import Nominatim


class Proxy(URLLibAdapter):
    """What the proxy before the map service answers tonight, with status 200."""

    def get_text(self, url, *, timeout, headers):
        return "<html><body><h1>Down for maintenance</h1></body></html>"


def handle(address):
    maps = Nominatim(user_agent="shop", adapter_factory=Proxy)
    place = maps.geocode(address)
    return place.latitude, place.longitude


print(handle("Main Street 1, Springfield"))
