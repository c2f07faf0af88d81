"""Checks and conversions of what clients send."""

from __future__ import annotations

from shop.errors import ValidationError

MAX_QUANTITY = 99


def require(data: dict, *names: str) -> None:
    """Raise ValidationError unless ``data`` is an object with all these fields."""
    if not isinstance(data, dict):
        raise ValidationError(f"expected an object, got {type(data).__name__}")
    missing = [name for name in names if name not in data]
    if missing:
        raise ValidationError("missing: " + ", ".join(missing))


def quantity(value: int, sku: str) -> int:
    """Return ``value`` if so many pieces can be ordered, else raise ValidationError."""
    if not isinstance(value, int) or not 1 <= value <= MAX_QUANTITY:
        raise ValidationError(f"quantity of {sku} must be between 1 and {MAX_QUANTITY}, got {value!r}")
    return value


def percentage(value: int) -> int:
    """Return ``value`` if it is a percentage, else raise ValidationError."""
    if not isinstance(value, int) or not 0 <= value <= 100:
        raise ValidationError(f"a discount must be between 0 and 100, got {value!r}")
    return value


def to_int(value: object, default: int) -> int:
    """Return ``value`` as a whole number, or ``default`` if it is not one."""
    try:
        return int(value)
    except ValueError:
        return default


def to_cents(value: object, default: int) -> int:
    """Return an amount such as "12.50" in cents, or ``default`` if it is not one."""
    try:
        return round(float(value) * 100)
    except (TypeError, ValueError):
        return default
