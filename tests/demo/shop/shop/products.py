"""Products and their article numbers (the README says how those are built)."""

from __future__ import annotations

FAMILIES = {"T": "tea", "C": "cups", "P": "pots"}


def family(sku: str) -> str:
    """Return the family letter of an article number: "T" of "T-1004".

    Articles from before 2019 have plain numbers without a family ("88"): for them it is "".
    """
    if sku[1] == "-":
        return sku[0]
    return ""


def size(sku: str) -> str:
    """Return the size of an article number: "L" of "T-1004/L", and "" of one without a size."""
    if len(sku) > 1 and sku[-2] == "/":
        return sku[-1]
    return ""


def describe(product: dict) -> dict:
    """Return what a product's page shows."""
    sku = product["sku"]
    return {
        "sku": sku,
        "name": product["name"],
        "price": product["price"],
        "family": FAMILIES.get(family(sku), "other"),
        "size": size(sku),
    }


def listing(products: list[dict]) -> list[dict]:
    """Return what the list of products shows, by name."""
    rows = [{"sku": product["sku"], "name": product["name"]} for product in products]
    return sorted(rows, key=lambda row: row["name"])
