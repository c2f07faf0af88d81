import pytest

from shop.errors import ValidationError
from shop.validation import percentage, quantity, require, to_cents, to_int


def test_require():
    require({"user": "u1", "items": []}, "user", "items")
    with pytest.raises(ValidationError, match="missing: user, items"):
        require({}, "user", "items")
    with pytest.raises(ValidationError, match="expected an object, got NoneType"):
        require(None, "user")


def test_quantity():
    assert quantity(1, "T-1004") == 1
    assert quantity(99, "T-1004") == 99


@pytest.mark.parametrize("value", [0, -1, 100, "2", None])
def test_quantity_out_of_range(value):
    with pytest.raises(ValidationError, match="quantity of T-1004 must be between 1 and 99"):
        quantity(value, "T-1004")


def test_percentage():
    assert percentage(0) == 0
    assert percentage(100) == 100
    with pytest.raises(ValidationError):
        percentage(101)


def test_to_int():
    assert to_int("12", default=1) == 12
    assert to_int(3, default=1) == 3
    assert to_int("-4", default=1) == -4
    assert to_int("two", default=1) == 1
    assert to_int("", default=20) == 20


def test_to_cents():
    assert to_cents("12.50", default=0) == 1250
    assert to_cents(3, default=0) == 300
    assert to_cents("free", default=0) == 0
    assert to_cents(None, default=100) == 100
