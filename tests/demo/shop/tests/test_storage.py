import json

import pytest

from shop.errors import NotFoundError
from shop.storage import Archive, Store

PRODUCT = {"sku": "T-1004", "name": "Earl Grey", "price": 720}
USER = {"id": "u1", "name": "Ada Moreau", "city": "Lyon"}
ORDER = {"id": "1001", "day": "2024-03-04", "user": "u1", "items": [], "total": 0}


def test_store_finds_things():
    store = Store([PRODUCT], [USER], [ORDER])
    assert store.product("T-1004") is PRODUCT
    assert store.user("u1") is USER
    assert store.order("1001") is ORDER


def test_store_knows_what_it_lacks():
    store = Store([], [], [])
    with pytest.raises(NotFoundError, match="no product 'T-1'"):
        store.product("T-1")


def test_order_ids_go_on_after_the_last_one():
    assert Store([], [], [ORDER]).new_order_id() == "1002"
    assert Store([], [], []).new_order_id() == "1001"


def test_shipped_data_is_whole():
    store = Store.load()
    for order in store.orders.values():
        assert order["user"] in store.users
        assert all(item["sku"] in store.products for item in order["items"])


def test_archive_appends(tmp_path):
    archive = Archive(tmp_path / "archive.jsonl")
    archive.append(ORDER)
    archive.append(dict(ORDER, id="1002"))
    lines = archive.path.read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1001", "1002"]
