import pytest

from shop.app import Request, Shop
from shop.storage import Archive, Store

PRODUCT = {"sku": "T-1004", "name": "Earl Grey", "price": 720}
ORDER = {
    "id": "1001",
    "day": "2024-03-04",
    "user": "u1",
    "items": [
        {"sku": "T-1004", "price": 720, "quantity": 2, "discount": 10},
        {"sku": "C-2001", "price": 850, "quantity": 1, "discount": 0},
    ],
    "gift_message": None,
    "note": "",
    "total": 2636,
}


class Stock:
    def level(self, sku):
        return 12


@pytest.fixture
def shop(tmp_path):
    return Shop(Store([PRODUCT], [], [ORDER]), Stock(), Archive(tmp_path / "archive.jsonl"))


def test_receipt(shop):
    assert shop.handle(Request("GET", "/orders/1001/receipt")) == {"total": 2636, "saved": 144}


def test_archive(shop):
    assert shop.handle(Request("POST", "/orders/1001/archive")) == {"archived": "1001"}
    assert shop.archive.path.read_text("utf-8").startswith('{"day": "2024-03-04"')


def test_stock(shop):
    assert shop.handle(Request("GET", "/stock/T-1004")) == {"sku": "T-1004", "stock": 12}
