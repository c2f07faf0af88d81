"""What the shop remembers: products, users and orders in memory, archived orders in a file."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from shop.errors import NotFoundError

DATA = Path(__file__).parent / "data"


class Store:
    """Products, users and orders, each by its id. Safe to use from several threads."""

    def __init__(self, products: list[dict], users: list[dict], orders: list[dict]) -> None:
        self.products = {product["sku"]: product for product in products}
        self.users = {user["id"]: user for user in users}
        self.orders = {order["id"]: order for order in orders}
        self._lock = threading.Lock()
        self._next_order = 1 + max((int(order["id"]) for order in orders), default=1000)

    @classmethod
    def load(cls, folder: Path = DATA) -> Store:
        """Return a store filled from the JSON files in a folder."""
        names = ("products", "users", "orders")
        return cls(*(json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names))

    def new_order_id(self) -> str:
        """Return an id that no order has yet."""
        with self._lock:
            order_id = str(self._next_order)
            self._next_order += 1
        return order_id

    def add_order(self, order: dict) -> None:
        """Remember an order."""
        with self._lock:
            self.orders[order["id"]] = order

    def product(self, sku: str) -> dict:
        """Return a product, or raise NotFoundError."""
        return self._one(self.products, "product", sku)

    def user(self, user_id: str) -> dict:
        """Return a user, or raise NotFoundError."""
        return self._one(self.users, "user", user_id)

    def order(self, order_id: str) -> dict:
        """Return an order, or raise NotFoundError."""
        return self._one(self.orders, "order", order_id)

    @staticmethod
    def _one(things: dict[str, dict], kind: str, key: str) -> dict:
        if key not in things:
            raise NotFoundError(f"no {kind} {key!r}")
        return things[key]


class Archive:
    """Orders that are done with, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def append(self, order: dict) -> None:
        """Write an order to the end of the file."""
        line = json.dumps(order, sort_keys=True) + "\n"
        # Unbuffered: when this returns, the operating system has the line.
        with self.path.open("ab", buffering=0) as file:
            file.write(line.encode("utf-8"))
