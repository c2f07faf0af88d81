#!/usr/bin/env python3
"""Make the shop's git repository, with a history: make_repo.py TARGET

`shop/` beside this script is the last state. Each commit below takes files from it, a few of them without
what came later. Authors and dates are fixed, so the commits have the same ids everywhere.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent / "shop"
AUTHOR = ("Shop Team", "team@shop.example")

# What came late: functions and classes of a Python file, headings of a Markdown file, or any other text and
# what stood there before.
BACK_OFFICE = {
    "README.md": ["Back office"],
    "shop/__main__.py": [
        ("from shop.db import StockDatabase\n", ""),
        ('    host, port = options.stock.rsplit(":", 1)\n', ""),
        ("Shop(Store.load(), StockDatabase(host, int(port)), Archive(options.archive))", "Shop(Store.load())"),
        ('    parser.add_argument("--archive", type=Path, default=Path("archive.jsonl"))\n', ""),
        (
            '    parser.add_argument("--stock", default="127.0.0.1:5433", help="the stock database, as HOST:PORT")\n',
            "",
        ),
    ],
    "shop/app.py": ["show_receipt", "archive_order", "show_stock"],
    "shop/pricing.py": ["savings"],
    "shop/storage.py": ["Archive", (" in memory, archived orders in a file", " in memory")],
    "tests/test_pricing.py": ["test_savings"],
    "tests/test_storage.py": ["test_archive_appends"],
}
BACK_OFFICE_AND_LOGS = {
    **BACK_OFFICE,
    "README.md": ["Back office", "Logs"],
    "shop/__main__.py": BACK_OFFICE["shop/__main__.py"]
    + [
        ('logs.configure(options.log_dir, release=f"v{__version__}")', "logging.basicConfig(level=logging.INFO)"),
        ('    parser.add_argument("--log-dir", type=Path, help="default: log to standard error")\n', ""),
    ],
}
ALL_LATE = {
    **BACK_OFFICE,
    "README.md": ["Serving", "Back office", "Logs"],
    "shop/__init__.py": [("products, prices, orders, users and reports behind a JSON API", "products and prices")],
}

# A day without orders had a figure until the report was tidied up: the history knows what is right.
BEFORE_TIDYING = {
    "shop/reports.py": [
        ('max(len(order["items"]) for order in orders)', 'max((len(order["items"]) for order in orders), default=0)')
    ],
}

# Date, message, version, new or changed files, what they lack as yet.
HISTORY = [
    (
        "2023-09-04T09:12:31+00:00",
        "Start with products and prices",
        "0.1.0",
        [".gitignore", "README.md", "pyproject.toml", "shop/__init__.py", "shop/products.py", "shop/pricing.py"]
        + ["tests/test_products.py", "tests/test_pricing.py"],
        ALL_LATE,
    ),
    (
        "2023-09-11T14:40:05+00:00",
        "Check what clients send",
        "0.1.0",
        ["shop/errors.py", "shop/validation.py", "tests/test_validation.py"],
        {},
    ),
    (
        "2023-09-25T10:03:47+00:00",
        "Take orders and print packing slips\n\nGift messages and notes to the courier come with the order.",
        "1.0.0",
        ["CHANGELOG.md", "shop/__init__.py", "shop/orders.py", "shop/storage.py", "tests/test_orders.py"]
        + ["tests/test_storage.py", "shop/data/products.json", "shop/data/users.json", "shop/data/orders.json"],
        ALL_LATE,
    ),
    (
        "2023-10-16T08:55:20+00:00",
        "Add the daily report and the user search",
        "1.1.0",
        ["CHANGELOG.md", "shop/__init__.py", "shop/reports.py", "tests/test_reports.py", "shop/users.py"]
        + ["tests/test_users.py"],
        BEFORE_TIDYING,
    ),
    (
        "2023-11-20T16:21:58+00:00",
        "Serve the shop as a JSON API\n\nThe views know nothing of HTTP, so the tests need no sockets. The report is tidied up.",
        "1.2.0",
        ["CHANGELOG.md", "README.md", "shop/__init__.py", "shop/app.py", "shop/server.py", "shop/__main__.py"]
        + ["shop/reports.py"]
        + ["tests/test_app.py", "tests/test_server.py"],
        BACK_OFFICE_AND_LOGS,
    ),
    (
        "2024-01-15T11:30:12+00:00",
        "Log errors with their local variables\n\nAs text, as JSON, and as events for the error tracker.",
        "1.3.0",
        ["CHANGELOG.md", "README.md", "shop/__init__.py", "shop/__main__.py", "shop/logs.py", "shop/telemetry.py"]
        + ["tests/test_logs.py"],
        BACK_OFFICE,
    ),
    (
        "2024-02-26T13:08:44+00:00",
        "Add receipts, the archive and the stock to the back office",
        "1.4.0",
        ["CHANGELOG.md", "README.md", "shop/__init__.py", "shop/__main__.py", "shop/app.py", "shop/pricing.py"]
        + ["shop/storage.py", "shop/db.py", "tests/test_back_office.py", "tests/test_db.py", "tests/test_pricing.py"]
        + ["tests/test_storage.py"],
        {},
    ),
]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    git(target, "init", "--quiet")
    git(target, "symbolic-ref", "HEAD", "refs/heads/main")
    git(target, "config", "user.name", AUTHOR[0])
    git(target, "config", "user.email", AUTHOR[1])
    for date, message, version, files, late in HISTORY:
        for name in files:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (TEMPLATE / name).read_text("utf-8")
            path.write_text(as_of(name, text, version, late.get(name, [])), "utf-8")
        git(target, "add", "--all")
        git(target, "commit", "--quiet", "--message", message, date=date)
        if not version.startswith("0."):
            git(target, "tag", "--annotate", "--message", f"Version {version}", f"v{version}", date=date)
    check_complete(target)


def as_of(name, text, version, late):
    """Return a file's text as it was in a version: without what came later."""
    for new, old in [entry for entry in late if not isinstance(entry, str)]:
        if new not in text:
            sys.exit(f"make_repo.py: {name} has no {new!r}")
        text = text.replace(new, old)
    names = [entry for entry in late if isinstance(entry, str)]
    if name == "CHANGELOG.md":
        versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
        text = without_sections(text, versions[: versions.index(version)])
    elif name == "README.md":
        text = without_sections(text, names)
    elif late and name.endswith(".py"):
        text = without_unused_imports(without_definitions(text, names))
    if name == "shop/__init__.py":
        text = re.sub(r'(__version__ = )".*"', rf'\1"{version}"', text)
    return text


def without_definitions(text, names):
    """Return a module without these top-level functions and classes."""
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if getattr(node, "name", None) in names:
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list]) - 1
            while first > 0 and not lines[first - 1].strip():
                first -= 1
            del lines[first : node.end_lineno]
    return "".join(lines)


def without_unused_imports(text):
    """Return a module without the names that it imports from others and does not use."""
    lines = text.splitlines(keepends=True)
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in reversed(tree.body):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__" and node.lineno == node.end_lineno:
            names = [alias.name for alias in node.names if alias.name in used]
            lines[node.lineno - 1] = f"from {node.module} import {', '.join(names)}\n" if names else ""
    return "".join(lines)


def without_sections(text, titles):
    """Return a Markdown page without the sections of these titles."""
    for title in titles:
        text = re.sub(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    return text.rstrip("\n") + "\n"


def git(target, *arguments, date="2023-09-04T09:00:00+00:00"):
    environment = {
        **os.environ,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": AUTHOR[0],
        "GIT_AUTHOR_EMAIL": AUTHOR[1],
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": AUTHOR[0],
        "GIT_COMMITTER_EMAIL": AUTHOR[1],
        "GIT_COMMITTER_DATE": date,
    }
    subprocess.run(["git", *arguments], cwd=target, env=environment, check=True)


def check_complete(target):
    """Fail if the last commit is not exactly the template."""
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_dir() or "__pycache__" in path.parts or ".pytest_cache" in path.parts:
            continue
        name = path.relative_to(TEMPLATE)
        if not (target / name).exists() or (target / name).read_bytes() != path.read_bytes():
            sys.exit(f"make_repo.py: no commit brings {name} to its last state")


if __name__ == "__main__":
    main()
