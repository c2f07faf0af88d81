import pytest

from shop import orders
from shop.errors import ValidationError

PRODUCTS = {
    "T-1004": {"sku": "T-1004", "name": "Earl Grey", "price": 720},
    "C-2001": {"sku": "C-2001", "name": "Cup, white", "price": 850},
}


def make_order(**changes):
    order = {
        "id": "1001",
        "day": "2024-03-04",
        "user": "u1",
        "items": [{"sku": "T-1004", "price": 720, "quantity": 2}],
        "gift_message": None,
        "note": "",
        "total": 1930,
    }
    order.update(changes)
    return order


def test_create():
    data = {
        "user": "u1",
        "items": [{"sku": "T-1004", "quantity": 2}, {"sku": "C-2001", "quantity": 1, "discount": 10}],
        "note": "Please ring twice",
    }
    assert orders.create(data, PRODUCTS, "1001", "2024-03-04") == {
        "id": "1001",
        "day": "2024-03-04",
        "user": "u1",
        "items": [
            {"sku": "T-1004", "price": 720, "quantity": 2},
            {"sku": "C-2001", "price": 850, "quantity": 1, "discount": 10},
        ],
        "gift_message": None,
        "note": "Please ring twice",
        "total": 1440 + 765 + 490,
    }


@pytest.mark.parametrize(
    "data, message",
    [
        ({"items": []}, "missing: user"),
        ({"user": "u1", "items": []}, "at least one item"),
        ({"user": "u1", "items": [{"sku": "X-1", "quantity": 1}]}, "unknown article: 'X-1'"),
        ({"user": "u1", "items": [{"sku": "T-1004", "quantity": 0}]}, "quantity of T-1004"),
    ],
)
def test_create_refuses(data, message):
    with pytest.raises(ValidationError, match=message):
        orders.create(data, PRODUCTS, "1001", "2024-03-04")


def test_find():
    small, large = make_order(), make_order(id="1002", total=9000)
    other = make_order(id="1003", user="u2")
    assert orders.find([small, large, other], "u1") == [small, large]
    assert orders.find([small, large, other], "u1", 5000) == [large]


def test_gift_message():
    assert orders.gift_message(make_order(gift_message=" Happy birthday! ")) == "Happy birthday!"
    assert orders.gift_message(make_order(gift_message="")) == ""
    assert orders.gift_message(make_order(gift_message=None)) == ""


def test_delivery_note():
    assert orders.delivery_note(make_order(note="  Back door, please ")) == "Back door, please"
    assert orders.delivery_note(make_order(note="")) == ""


def test_packing_slip():
    assert orders.packing_slip(make_order()) == "Order 1001 of 2024-03-04\n  2 x T-1004"


def test_packing_slip_with_card_and_note():
    order = make_order(gift_message="Happy birthday!", note="Please ring twice")
    assert orders.packing_slip(order).splitlines() == [
        "Order 1001 of 2024-03-04",
        "  2 x T-1004",
        "Gift card: Happy birthday!",
        "Note: Please ring twice",
    ]
