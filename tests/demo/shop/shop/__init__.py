"""A small tea shop: products, prices, orders, users and reports behind a JSON API."""

__version__ = "1.4.0"
