import datetime

import pytest

from shop.app import Request, Shop
from shop.errors import NotFoundError, ValidationError
from shop.storage import Store

PRODUCTS = [
    {"sku": "T-1004", "name": "Earl Grey", "price": 720},
    {"sku": "C-2001", "name": "Cup, white", "price": 850},
]
USERS = [{"id": "u1", "name": "Ada Moreau", "city": "Lyon"}, {"id": "u2", "name": "Ben Okafor", "city": "Leeds"}]


@pytest.fixture
def shop():
    return Shop(Store(PRODUCTS, USERS, []), today=lambda: datetime.date(2024, 3, 4))


def get(shop, path, **query):
    return shop.handle(Request("GET", path, query))


def post(shop, path, body=None):
    return shop.handle(Request("POST", path, body=body))


def place(shop, **changes):
    body = {"user": "u1", "items": [{"sku": "T-1004", "quantity": 2, "discount": 10}], "note": "Please ring twice"}
    body.update(changes)
    return post(shop, "/orders", body)


def test_health(shop):
    assert get(shop, "/health") == {"status": "ok"}


def test_unknown_page(shop):
    with pytest.raises(NotFoundError, match="no page GET /nowhere"):
        get(shop, "/nowhere")


def test_products(shop):
    assert [row["sku"] for row in get(shop, "/products")] == ["C-2001", "T-1004"]
    assert get(shop, "/products/T-1004")["family"] == "tea"
    with pytest.raises(NotFoundError):
        get(shop, "/products/T-1")


def test_quote(shop):
    answer = post(shop, "/quote", {"items": [{"sku": "C-2001", "quantity": 2}]})
    assert answer == {"subtotal": 1700, "total": 2190, "reduced": False}


def test_order(shop):
    order = place(shop)
    assert order["id"] == "1001"
    assert order["day"] == "2024-03-04"
    assert get(shop, "/orders/1001") == order
    assert get(shop, "/orders/1001/slip")["slip"].endswith("Note: Please ring twice")


def test_order_of_nothing(shop):
    with pytest.raises(ValidationError):
        place(shop, items=[])


def test_search_orders(shop):
    order = place(shop)
    assert post(shop, "/orders/search", {"user": "u1"}) == [order]
    assert post(shop, "/orders/search", {"user": "u1", "min_total": "50"}) == []


def test_users(shop):
    assert get(shop, "/users/u1") == {"name": "Ada Moreau", "initials": "AM", "city": "Lyon"}
    assert post(shop, "/users/search", {"text": "ben"}) == {"count": 1, "users": ["Ben Okafor"]}
    assert post(shop, "/users/search", {"text": "", "page": "x"})["count"] == 2


def test_daily_report(shop):
    place(shop)
    assert get(shop, "/reports/daily", day="2024-03-04")["orders"] == 1
    with pytest.raises(ValidationError, match="missing: day"):
        get(shop, "/reports/daily")
