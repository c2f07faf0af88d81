"""Figures for the people who run the shop."""

from __future__ import annotations


def revenue(orders: list[dict]) -> int:
    """Return the total of all orders, in cents."""
    return sum(order["total"] for order in orders)


def average_total(orders: list[dict]) -> int:
    """Return the average total of an order in cents, rounded down; 0 without orders."""
    if not orders:
        return 0
    return revenue(orders) // len(orders)


def largest_total(orders: list[dict]) -> int:
    """Return the total of the largest order, in cents; 0 without orders."""
    return max((order["total"] for order in orders), default=0)


def most_lines(orders: list[dict]) -> int:
    """Return how many lines the longest order has; 0 without orders."""
    return max(len(order["items"]) for order in orders)


def daily(orders: list[dict], day: str) -> dict:
    """Return the figures of one day, given as "2024-03-04"."""
    todays = [order for order in orders if order["day"] == day]
    return {
        "day": day,
        "orders": len(todays),
        "revenue": revenue(todays),
        "average_total": average_total(todays),
        "largest_total": largest_total(todays),
        "most_lines": most_lines(todays),
    }
