from shop.pricing import is_reduced, line_total, savings, shipping, subtotal, total

PLAIN = {"price": 720, "quantity": 2}
FULL_PRICE = {"price": 1450, "quantity": 1, "discount": 0}
REDUCED = {"price": 850, "quantity": 3, "discount": 10}


def test_line_total():
    assert line_total(PLAIN) == 1440
    assert line_total(FULL_PRICE) == 1450
    assert line_total(REDUCED) == 2295


def test_subtotal():
    assert subtotal([PLAIN, REDUCED]) == 3735
    assert subtotal([]) == 0


def test_is_reduced():
    assert is_reduced([PLAIN, REDUCED])
    assert not is_reduced([PLAIN, FULL_PRICE])
    assert not is_reduced([])


def test_savings():
    assert savings([REDUCED, FULL_PRICE]) == 255
    assert savings([FULL_PRICE]) == 0
    assert savings([]) == 0


def test_shipping_is_free_from_fifty():
    assert shipping(4999) == 490
    assert shipping(5000) == 0


def test_total():
    assert total([PLAIN, REDUCED]) == 3735 + 490
    assert total([{"price": 4900, "quantity": 2}]) == 9800
