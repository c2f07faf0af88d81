#!/usr/bin/env python3
"""Send the shop about two hundred requests, some of which it fails at: traffic.py URL

Most visits are ordinary ones. Mixed among them are what real clients send now and then: an app that writes
null where the site writes "", a partner who leaves a field out, a report of a day without orders, an
article number of one character. Stops by itself, after a minute at the latest.
"""

import collections
import http.client
import json
import random
import sys
import time
from urllib.parse import quote, urlsplit

DEADLINE_SECONDS = 60
REQUEST_SECONDS = 5

TEAS = ["T-1001", "T-1002", "T-1003", "T-1004", "T-1004/L", "T-1005", "T-1006", "T-1006/S"]
WARES = ["C-2001", "C-2002", "P-3001", "P-3002", "P-3002/L", "88"]
OPEN_DAYS = ["2024-03-01", "2024-03-02", "2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"]
CLOSED_DAYS = ["2024-03-03", "2024-03-10", "2024-02-25", "2024-03-17", "2024-12-25"]
NOTES = ["", "", "Please ring twice", "Leave it with the neighbour", " Back door, please "]


class Client:
    """Talks to the shop and counts what it answers."""

    def __init__(self, url):
        self.address = urlsplit(url)
        self.connection = http.client.HTTPConnection(
            self.address.hostname, self.address.port, timeout=REQUEST_SECONDS
        )
        self.random = random.Random(20240304)
        self.ends = time.monotonic() + DEADLINE_SECONDS
        self.statuses = collections.Counter()

    def get(self, path):
        return self.send("GET", path, None)

    def post(self, path, body):
        return self.send("POST", path, json.dumps(body))

    def send(self, method, path, body):
        if time.monotonic() > self.ends:
            sys.exit(f"traffic.py: not done after {DEADLINE_SECONDS} s")
        headers = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, quote(path, safe="/?=&-"), body, headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        self.statuses[response.status] += 1
        return answer

    def user(self):
        return f"u{self.random.randint(1, 12)}"

    def basket(self, discounts=True):
        skus = self.random.sample(TEAS + WARES, self.random.randint(1, 3))
        items = [{"sku": sku, "quantity": self.random.randint(1, 4)} for sku in skus]
        if discounts:
            for item in items:
                item["discount"] = self.random.choice([0, 0, 0, 10, 20])
        return items

    def place(self, **changes):
        order = {"user": self.user(), "items": self.basket(), "note": self.random.choice(NOTES)}
        order.update(changes)
        return self.post("/orders", order)["id"]


# Ordinary visits.


def browse(client):
    client.get("/products")
    client.get("/products/" + client.random.choice(["T-1001", "T-1003", "C-2002", "P-3001", "88"]))


def buy(client):
    client.post("/quote", {"items": client.basket()})
    order = client.place(gift_message=client.random.choice([None, None, "Happy birthday!"]))
    client.get(f"/orders/{order}/slip")
    client.get(f"/orders/{order}/receipt")


def look_up(client):
    client.get(f"/users/{client.user()}")
    client.post("/orders/search", {"user": client.user(), "min_total": client.random.choice(["", "20", "49.90"])})


def search(client):
    text = client.random.choice(["an", "lyon", "Bremen", "e", "jo"])
    client.post("/users/search", {"text": text, "page": client.random.choice([1, 1, 2, "2", "last"])})


def report(client):
    client.get("/reports/daily?day=" + client.random.choice(OPEN_DAYS))


def get_lost(client):
    client.get(client.random.choice(["/products/T-9999", "/orders/1", "/favicon.ico"]))


# Visits that the shop fails at, or refuses.


def report_of_a_closed_day(client, day):
    client.get("/reports/daily?day=" + day)


def order_from_the_app(client, gift):
    """The app writes null where the site writes ""."""
    order = client.place(note=None, gift_message=gift)
    client.get(f"/orders/{order}/slip")


def old_article(client, sku):
    client.get(f"/products/{sku}")


def search_from_the_app(client, text):
    client.post("/users/search", {"text": text, "page": None})


def order_from_a_partner(client, quantity):
    """The partner leaves "discount" out where there is none."""
    items = client.basket() + [{"sku": client.random.choice(WARES), "quantity": quantity}]
    order = client.place(items=items[-2:])
    client.get(f"/orders/{order}/receipt")


def ask_for_stock(client, sku):
    client.get(f"/stock/{sku}")


def archive(client, order):
    client.post(f"/orders/{order}/archive", None)


def order_of_too_many(client, quantity):
    client.post("/orders", {"user": client.user(), "items": [{"sku": "T-1004", "quantity": quantity}]})


ORDINARY = [browse] * 30 + [buy] * 15 + [look_up] * 12 + [search] * 10 + [report] * 10 + [get_lost] * 4
FAILING = (
    [(report_of_a_closed_day, day) for day in CLOSED_DAYS]
    + [(order_from_the_app, gift) for gift in [None, "Happy birthday!", None, " For you ", None, ""]]
    + [(old_article, sku) for sku in ["7", "4", "9", "7"]]
    + [(search_from_the_app, text) for text in ["an", "lyon", "", "Bremen", "o"]]
    + [(order_from_a_partner, quantity) for quantity in [1, 2, 3, 1, 6, 12, 1]]
    + [(ask_for_stock, sku) for sku in ["T-1001", "T-1004", "P-3001", "C-2002", "88", "T-1001", "T-1006", "P-3002"]]
    + [(archive, order) for order in ["1001", "1005", "1013"]]
    + [(order_of_too_many, quantity) for quantity in [0, 100, 250, -1, 1000, 0]]
)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    client = Client(sys.argv[1])
    visits = [(visit,) for visit in ORDINARY] + FAILING
    client.random.shuffle(visits)
    for visit, *arguments in visits:
        visit(client, *arguments)
    statuses = client.statuses
    print(
        f"{sum(statuses.values())} requests: {statuses[200]} answered, {statuses[404]} not found, "
        f"{statuses[400]} refused, {statuses[500]} failed"
    )


if __name__ == "__main__":
    main()
