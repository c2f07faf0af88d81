"""Orders: what clients send becomes one, and what is printed of it."""

from __future__ import annotations

from shop import pricing, validation
from shop.errors import ValidationError


def create(data: dict, products: dict[str, dict], order_id: str, day: str) -> dict:
    """Return a new order made of what the client sent.

    Raises ValidationError if a field is missing, an article unknown or a quantity out of range.
    """
    validation.require(data, "user", "items")
    items = price_items(data["items"], products)
    return {
        "id": order_id,
        "day": day,
        "user": data["user"],
        "items": items,
        "gift_message": data.get("gift_message"),
        "note": data.get("note", ""),
        "total": pricing.total(items),
    }


def price_items(wanted: list[dict], products: dict[str, dict]) -> list[dict]:
    """Return the wanted items with today's prices; raises ValidationError as ``create`` does."""
    items = []
    for entry in wanted:
        validation.require(entry, "sku", "quantity")
        sku = entry["sku"]
        if sku not in products:
            raise ValidationError(f"unknown article: {sku!r}")
        item = {
            "sku": sku,
            "price": products[sku]["price"],
            "quantity": validation.quantity(entry["quantity"], sku),
        }
        if "discount" in entry:
            item["discount"] = validation.percentage(entry["discount"])
        items.append(item)
    if not items:
        raise ValidationError("an order needs at least one item")
    return items


def find(orders: list[dict], user: str, min_total: int = 0) -> list[dict]:
    """Return a user's orders of at least this total."""
    return [order for order in orders if order["user"] == user and order["total"] >= min_total]


def gift_message(order: dict) -> str:
    """Return the text for the gift card, trimmed; "" if there is none."""
    return (order["gift_message"] or "").strip()


def delivery_note(order: dict) -> str:
    """Return the customer's note to the courier, trimmed; "" if there is none."""
    return order["note"].strip()


def packing_slip(order: dict) -> str:
    """Return the text that is printed and put into the parcel."""
    lines = [f"Order {order['id']} of {order['day']}"]
    for item in order["items"]:
        lines.append(f"{item['quantity']:3} x {item['sku']}")
    card = gift_message(order)
    if card:
        lines.append(f"Gift card: {card}")
    note = delivery_note(order)
    if note:
        lines.append(f"Note: {note}")
    return "\n".join(lines)
