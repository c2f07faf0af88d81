from shop.users import display_name, initials, matches, search

ADA = {"id": "u1", "name": "Ada Moreau", "city": "Lyon"}
BEN = {"id": "u2", "name": "Ben Okafor", "city": "Leeds", "nickname": "Benny"}
IVAN = {"id": "u9", "name": "Ivan Petrov", "city": "Varna", "nickname": ""}


def test_display_name():
    assert display_name(ADA) == "Ada Moreau"
    assert display_name(BEN) == "Benny"
    assert display_name(IVAN) == "Ivan Petrov"


def test_initials():
    assert initials(ADA) == "AM"


def test_matches():
    assert matches(ADA, "lyon")
    assert matches(ADA, " MOR ")
    assert not matches(ADA, "leeds")


def test_search():
    assert search([IVAN, BEN, ADA], "", page=1) == {"count": 3, "users": ["Ada Moreau", "Benny", "Ivan Petrov"]}
    assert search([IVAN, BEN, ADA], "an", page=1) == {"count": 1, "users": ["Ivan Petrov"]}
    assert search([], "", page=1) == {"count": 0, "users": []}


def test_search_pages():
    many = [dict(ADA, name=f"User {number}") for number in range(1, 8)]
    assert search(many, "user", page=2)["users"] == ["User 6", "User 7"]
    assert search(many, "user", page=3)["users"] == []
    assert search(many, "user", page=0) == search(many, "user", page=1)
