#!/usr/bin/env python3
"""Judge the fixes of a demo run by what we know of the bugs: oracle.py OUT_DIR

The fixer never sees this file. A fix is right if, on its branch,

- the code does what we wrote down below for that bug,
- every request of a long list that did not crash before is answered as before,
- the shop's own tests, as they stood, still pass,
- the new test passes, and fails on the code as it was.

Exit status 1 if a fix is wrong, if a bug that code can't cure got one, or if fewer than three are right.
"""

import copy
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from pages import branch_of, short

RELEASE = "v1.4.0"
ENOUGH = 3
SECONDS = 120

# Each bug of the shop has an exception type of its own, and so tells us its name.
NOT_FOR_CODE = {
    "ConnectionRefusedError": "the stock database is down",
    "OSError": "the disk is full",
    "ValidationError": "the client sent nonsense and was told so",
}


# What is right. These run within a fixed tree: see `check`.


def empty_report():
    """A day without orders has zeros everywhere, as the siblings of most_lines say."""
    from shop import reports

    same(reports.most_lines([]), 0)
    same(reports.most_lines([{"items": [1, 2]}, {"items": [1]}]), 2)
    same(reports.most_lines([{"items": []}]), 0)
    zeros = {"orders": 0, "revenue": 0, "average_total": 0, "largest_total": 0, "most_lines": 0}
    for day in ("2024-03-03", "1999-01-01"):
        same(answer("GET", "/reports/daily", {"day": day}), {"day": day, **zeros})


def order_without_note():
    """A note of None is no note, as it is with gift messages."""
    from shop import orders

    order = {"id": "1", "day": "2024-03-04", "items": [{"sku": "7", "quantity": 2}], "gift_message": " Hi "}
    order["note"] = None
    before = copy.deepcopy(order)
    same(orders.delivery_note(order), "")
    same(orders.packing_slip(order), "Order 1 of 2024-03-04\n  2 x 7\nGift card: Hi")
    same(order, before)
    same(orders.delivery_note({"note": " x "}), "x")
    shop = new_shop()
    body = {"user": "u1", "items": [{"sku": "7", "quantity": 1}], "note": None}
    placed = answer("POST", "/orders", body=body, shop=shop)
    slip = answer("GET", f"/orders/{placed['id']}/slip", shop=shop)
    same(slip, {"slip": f"Order {placed['id']} of 2024-03-11\n  1 x 7"})


def article_of_one_character():
    """An article number without a dash in its second place has no family, however short it is."""
    from shop import products

    for sku in ("7", "4", "T", "-"):
        same(products.family(sku), "")
    for sku, family in (("T-1", "T"), ("T-", "T"), ("88", ""), ("88-1", ""), ("--", "-")):
        same(products.family(sku), family)
    for sku in ("7", "4", "9"):
        product = answer("GET", f"/products/{sku}")
        same((product["sku"], product["family"], product["size"]), (sku, "other", ""))


def page_of_null():
    """What is no number means the default, None included."""
    from shop import validation

    for default in (1, 20, 0, -5):
        same(validation.to_int(None, default=default), default)
        same(validation.to_int("x", default), default)
        same(validation.to_int("0", default), 0)
        same(validation.to_int(0, default), 0)
    for text in ("an", "", "lyon"):
        page = answer("POST", "/users/search", body={"text": text, "page": None})
        same(page, answer("POST", "/users/search", body={"text": text, "page": 1}))


def item_without_discount():
    """A line without a discount saves nothing, as line_total has it."""
    from shop import pricing

    plain = {"price": 450, "quantity": 2}
    reduced = {"price": 850, "quantity": 3, "discount": 10}
    items = [dict(plain), dict(reduced), dict(plain)]
    same(pricing.savings(items), 255)
    same(items, [plain, reduced, plain])
    same(pricing.savings([plain]), 0)
    same(pricing.savings([dict(plain, discount=0)]), 0)
    shop = new_shop()
    placed = answer("POST", "/orders", body={"user": "u1", "items": [{"sku": "7", "quantity": 2}]}, shop=shop)
    same(answer("GET", f"/orders/{placed['id']}/receipt", shop=shop), {"total": 900 + 490, "saved": 0})


BUGS = {
    "ValueError": empty_report,
    "AttributeError": order_without_note,
    "IndexError": article_of_one_character,
    "TypeError": page_of_null,
    "KeyError": item_without_discount,
}


def same(actual, expected):
    if type(actual) is not type(expected) or actual != expected:
        raise AssertionError(f"{actual!r}, not {expected!r}")


class Stock:
    def level(self, sku):
        return len(sku)


def new_shop():
    import datetime

    from shop.app import Shop
    from shop.storage import Store

    return Shop(Store.load(), stock=Stock(), today=lambda: datetime.date(2024, 3, 11))


def answer(method, path, query=None, body=None, shop=None):
    from shop.app import Request

    return (shop or new_shop()).handle(Request(method, path, query or {}, body))


def record():
    """Return the answers of the shop to a long list of requests, in order; for a crash, the exception's type."""
    shop = new_shop()
    requests = []

    def get(path, **query):
        requests.append(("GET", path, query, None))

    def post(path, body):
        requests.append(("POST", path, None, body))

    for path in ("/health", "/products", "/nowhere"):
        get(path)
    for sku in [*shop.store.products, "x"]:
        get(f"/products/{sku}")
        get(f"/stock/{sku}")
    for user in [*shop.store.users, "u0"]:
        get(f"/users/{user}")
    plain, reduced = {"sku": "T-1004", "quantity": 2}, {"sku": "7", "quantity": 1, "discount": 10}
    unknown, too_few = {"sku": "P-3001/L", "quantity": 1}, {"sku": "T-1004", "quantity": 0}
    for items in ([], [plain], [plain, reduced], [reduced], [unknown], [too_few], [{}], [None]):
        post("/quote", {"items": items})
        for extra in ({}, {"note": " n "}, {"note": ""}, {"note": None}, {"gift_message": " g ", "note": "n"}):
            post("/orders", {"user": "u1", "items": items, **extra})
    post("/orders", None)
    for order in range(1000, 1060):
        for page in ("", "/slip", "/receipt"):
            get(f"/orders/{order}{page}")
    for text in ("", "an", " LYON ", "zzz"):
        post("/users/search", {"text": text})
        for page in (0, 1, 2, 3, -1, "2", "x", "", 1.9, True, None):
            post("/users/search", {"text": text, "page": page})
    post("/users/search", {})
    for amount in (None, "", "x", "12.50", 49.9, 0):
        post("/orders/search", {"user": "u3", "min_total": amount})
    for day in range(1, 12):
        get("/reports/daily", day=f"2024-03-{day:02}")
    get("/reports/daily")
    answers = []
    for method, path, query, body in requests:
        try:
            result = answer(method, path, query, body, shop)
        except Exception as error:
            result = {"raised": type(error).__name__, "message": str(error)}
        answers.append([f"{method} {path} {query} {body}", result])
    answers.append(["orders", shop.store.orders])
    return answers


# How a fix is judged.


def check(out, bug, before, scratch):
    """Return what is wrong with a bug's fix, None if nothing is."""
    kind = short(bug["exception"]["type"])
    branch = branch_of(out / "shop", bug)
    if branch is None:
        return "it has no branch"
    if kind not in BUGS:
        return f"we know of no {kind} that code should cure"
    changed = git(out / "shop", "diff", "--name-only", f"{RELEASE}...{branch}").decode().split()
    strange = [name for name in changed if not name.startswith(("shop/", "tests/")) or not name.endswith(".py")]
    if strange:
        return "it changes " + ", ".join(strange)
    tree = export(out / "shop", branch, scratch / bug["id"])
    for mode in (kind, "record"):
        run = python(tree, __file__, "--within", tree, mode)
        if run.returncode:
            return f"{BUGS[kind].__name__}: {last_line(run.stderr)}"
    different = differences(before, json.loads(run.stdout))
    if different:
        return different
    return check_tests(out / "shop", branch, bug["fix"]["test"]["path"], scratch / (bug["id"] + "-old"), tree)


def differences(before, after):
    for (request, old), (_, new) in zip(before, after):
        crashed = isinstance(old, dict) and old.get("raised") in BUGS
        if old != new and not crashed:
            return f"{request} gives {new!r}, and gave {old!r}"
    return None


def check_tests(repo, branch, path, scratch, tree):
    old = export(repo, RELEASE, scratch)
    new_test = (tree / path).read_bytes()
    if python(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", path).returncode:
        return f"its test {path} fails"
    ours = git(repo, "ls-tree", "-r", "--name-only", RELEASE, "--", "tests").decode().split()
    for name in ours:  # As they stood, in case the branch has touched them.
        (tree / name).write_bytes((old / name).read_bytes())
    run = python(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ours)
    if run.returncode:
        return f"the shop's own tests fail: {last_line(run.stdout)}"
    (old / path).parent.mkdir(parents=True, exist_ok=True)
    (old / path).write_bytes(new_test)
    if python(old, "-m", "pytest", "-q", "-p", "no:cacheprovider", path).returncode != 1:
        return f"its test {path} does not fail on the code as it was"
    return None


def git(repo, *arguments):
    return subprocess.run(["git", *arguments], cwd=repo, check=True, stdout=subprocess.PIPE).stdout


def export(repo, revision, target):
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(git(repo, "archive", revision))) as archive:
        for member in archive.getmembers():
            if member.isfile():
                path = target / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())
    return target


def python(tree, *arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=tree,
        timeout=SECONDS,
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def last_line(text):
    return (text.strip().splitlines() or ["no output"])[-1]


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--within":
        sys.path.insert(0, sys.argv[2])
        if sys.argv[3] == "record":
            print(json.dumps(record()))
        else:
            BUGS[sys.argv[3]]()
        return 0
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1]).resolve()
    bugs = json.loads((out / "fix.json").read_text("utf-8"))["bugs"]
    right, wrong = set(), 0
    with tempfile.TemporaryDirectory() as scratch:
        run = python(export(out / "shop", RELEASE, Path(scratch, "release")), __file__, "--within", ".", "record")
        before = json.loads(run.stdout)
        for bug in bugs:
            if not bug["fix"]:
                continue
            kind = short(bug["exception"]["type"])
            if kind in NOT_FOR_CODE:
                problem = f"there is nothing to fix: {NOT_FOR_CODE[kind]}"
            else:
                problem = check(out, bug, before, Path(scratch))
            if problem:
                wrong += 1
            else:
                right.add(kind)
            print(f"      {kind:<15} {'wrong: ' + problem if problem else 'right'}")
    if wrong:
        print(f"demo: {wrong} of the fixes should not be there", file=sys.stderr)
    if len(right) < ENOUGH:
        print(f"demo: {len(right)} right fixes, and {ENOUGH} were expected", file=sys.stderr)
    return 1 if wrong or len(right) < ENOUGH else 0


if __name__ == "__main__":
    sys.exit(main())
