"""The JSON API without the HTTP: from a Request to an answer that json.dumps takes."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

from shop import orders, pricing, products, reports, users, validation
from shop.errors import NotFoundError

ROUTES = []


@dataclass
class Request:
    """One request: ``params`` come from the path, ``query`` from behind its question mark."""

    method: str
    path: str
    query: dict = field(default_factory=dict)
    body: object = None
    params: dict = field(default_factory=dict)


class Shop:
    """All that a request may need; ``stock`` and ``archive`` belong to the back office."""

    def __init__(self, store, stock=None, archive=None, today=datetime.date.today) -> None:
        self.store = store
        self.stock = stock
        self.archive = archive
        self.today = today

    def handle(self, request: Request) -> object:
        """Return the answer to a request, or raise NotFoundError or ValidationError."""
        for method, pattern, view in ROUTES:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                request.params = match.groupdict()
                return view(self, request)
        raise NotFoundError(f"no page {request.method} {request.path}")


def route(method: str, path: str):
    """Register a view for a path such as "/orders/<order_id>"."""
    pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", path))

    def register(view):
        ROUTES.append((method, pattern, view))
        return view

    return register


@route("GET", "/health")
def health(shop: Shop, request: Request) -> dict:
    return {"status": "ok"}


@route("GET", "/products")
def list_products(shop: Shop, request: Request) -> list[dict]:
    return products.listing(list(shop.store.products.values()))


@route("GET", "/products/<sku>")
def show_product(shop: Shop, request: Request) -> dict:
    return products.describe(shop.store.product(request.params["sku"]))


@route("POST", "/quote")
def quote(shop: Shop, request: Request) -> dict:
    validation.require(request.body, "items")
    items = orders.price_items(request.body["items"], shop.store.products)
    return {
        "subtotal": pricing.subtotal(items),
        "total": pricing.total(items),
        "reduced": pricing.is_reduced(items),
    }


@route("POST", "/orders")
def place_order(shop: Shop, request: Request) -> dict:
    day = shop.today().isoformat()
    order = orders.create(request.body, shop.store.products, shop.store.new_order_id(), day)
    shop.store.add_order(order)
    return order


@route("POST", "/orders/search")
def search_orders(shop: Shop, request: Request) -> list[dict]:
    validation.require(request.body, "user")
    min_total = validation.to_cents(request.body.get("min_total"), default=0)
    return orders.find(list(shop.store.orders.values()), request.body["user"], min_total)


@route("GET", "/orders/<order_id>")
def show_order(shop: Shop, request: Request) -> dict:
    return shop.store.order(request.params["order_id"])


@route("GET", "/orders/<order_id>/slip")
def show_slip(shop: Shop, request: Request) -> dict:
    order = shop.store.order(request.params["order_id"])
    return {"slip": orders.packing_slip(order)}


@route("GET", "/orders/<order_id>/receipt")
def show_receipt(shop: Shop, request: Request) -> dict:
    order = shop.store.order(request.params["order_id"])
    return {"total": order["total"], "saved": pricing.savings(order["items"])}


@route("POST", "/orders/<order_id>/archive")
def archive_order(shop: Shop, request: Request) -> dict:
    order = shop.store.order(request.params["order_id"])
    shop.archive.append(order)
    return {"archived": order["id"]}


@route("GET", "/users/<user_id>")
def show_user(shop: Shop, request: Request) -> dict:
    user = shop.store.user(request.params["user_id"])
    return {"name": users.display_name(user), "initials": users.initials(user), "city": user["city"]}


@route("POST", "/users/search")
def search_users(shop: Shop, request: Request) -> dict:
    validation.require(request.body, "text")
    page = validation.to_int(request.body.get("page", 1), default=1)
    return users.search(list(shop.store.users.values()), request.body["text"], page)


@route("GET", "/reports/daily")
def daily_report(shop: Shop, request: Request) -> dict:
    validation.require(request.query, "day")
    return reports.daily(list(shop.store.orders.values()), request.query["day"])


@route("GET", "/stock/<sku>")
def show_stock(shop: Shop, request: Request) -> dict:
    product = shop.store.product(request.params["sku"])
    return {"sku": product["sku"], "stock": shop.stock.level(product["sku"])}
