"""Prices, in whole cents.

An item is a dictionary with "price" (of one piece), "quantity" and, where there is one, "discount" in percent.
"""

from __future__ import annotations

SHIPPING = 490
FREE_SHIPPING_FROM = 5000


def line_total(item: dict) -> int:
    """Return what one line of an order costs after its discount."""
    gross = item["price"] * item["quantity"]
    return gross - gross * item.get("discount", 0) // 100


def subtotal(items: list[dict]) -> int:
    """Return what all lines cost together."""
    return sum(line_total(item) for item in items)


def is_reduced(items: list[dict]) -> bool:
    """Tell whether any line carries a discount."""
    return any(item.get("discount", 0) > 0 for item in items)


def savings(items: list[dict]) -> int:
    """Return what the discounts of all lines save the customer."""
    saved = 0
    for item in items:
        saved += item["price"] * item["quantity"] * item["discount"] // 100
    return saved


def shipping(amount: int) -> int:
    """Return what sending goods of this value costs."""
    return 0 if amount >= FREE_SHIPPING_FROM else SHIPPING


def total(items: list[dict]) -> int:
    """Return what the customer pays: all lines and the shipping."""
    goods = subtotal(items)
    return goods + shipping(goods)
