"""The errors that a client can cause."""


class ShopError(Exception):
    """The base of our own errors."""


class ValidationError(ShopError):
    """The request makes no sense; the message tells the client why."""


class NotFoundError(ShopError):
    """There is no such product, order or user."""
