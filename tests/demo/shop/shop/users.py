"""Users and the search for them."""

from __future__ import annotations

PAGE_SIZE = 5


def display_name(user: dict) -> str:
    """Return the name that the site greets a user with: the nickname, or else the full name."""
    return user.get("nickname") or user["name"]


def initials(user: dict) -> str:
    """Return the initials for the round picture: "AL" of "Ada Lovelace"."""
    return "".join(part[0].upper() for part in user["name"].split())


def matches(user: dict, text: str) -> bool:
    """Tell whether the text occurs in a user's name or city, in any case."""
    text = text.strip().lower()
    return text in user["name"].lower() or text in user["city"].lower()


def search(users: list[dict], text: str, page: int) -> dict:
    """Return one page of the matching users, by name; the first page is 1, and smaller numbers mean it too."""
    found = sorted((user for user in users if matches(user, text)), key=lambda user: user["name"])
    start = (max(page, 1) - 1) * PAGE_SIZE
    return {
        "count": len(found),
        "users": [display_name(user) for user in found[start : start + PAGE_SIZE]],
    }
