from decimal import Decimal

from ratefeed import read

FEED = b'<feed><day date="2024-05-01"><rate currency="NOK" value="11.8"/></day></feed>'
PAGE = b"<html><body><h1>We are back at six</h1></body></html>"


def handle(fetch, amount, currency):
    return read("https://bank.example.org/daily.xml", fetch).from_euro(Decimal(amount), currency)


print(handle(lambda url: FEED, "25.50", "NOK"))
print(handle(lambda url: PAGE, "25.50", "NOK"))
