"""A Sentry-style event log: for each logged exception one JSON line in Sentry's event format.

Local variables are written as Sentry's Python SDK does it: scalars as their repr, containers as JSON with
reprs as leaves, at most ten entries of a container and five levels of nesting.
"""

from __future__ import annotations

import datetime
import json
import linecache
import logging
import os
import platform
import sys
import uuid
from pathlib import Path

CONTEXT_LINES = 5
MAX_BREADTH = 10
MAX_DEPTH = 5
MAX_TEXT = 1024


class EventHandler(logging.FileHandler):
    """Appends an event for every record that carries an exception."""

    def __init__(self, path: Path, release: str) -> None:
        super().__init__(path, encoding="utf-8")
        self.shop_release = release

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        event = {
            "event_id": uuid.uuid4().hex,
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "platform": "python",
            "release": self.shop_release,
            "environment": "production",
            "logentry": {"message": str(record.msg), "params": [str(arg) for arg in record.args or ()]},
            "contexts": {"runtime": {"name": "CPython", "version": platform.python_version()}},
            "exception": {"values": exception_values(record.exc_info[1])},
        }
        request = getattr(record, "request", None)
        if request is not None:
            event["request"] = {"method": request.method, "url": request.path, "data": request.body}
        return json.dumps(event, default=repr)


def exception_values(error: BaseException | None) -> list[dict]:
    """Return an exception and those it came from, the oldest first."""
    values = []
    while error is not None and len(values) < MAX_BREADTH:
        values.append(
            {
                "type": type(error).__name__,
                "module": type(error).__module__,
                "value": str(error),
                "stacktrace": {"frames": frames(error.__traceback__)},
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return values[::-1]


def frames(traceback) -> list[dict]:
    """Return the frames of a traceback, the innermost last."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        module = traceback.tb_frame.f_globals.get("__name__", "")
        number = traceback.tb_lineno
        lines = [line.rstrip("\n") for line in linecache.getlines(code.co_filename)]
        found.append(
            {
                "filename": short_path(code.co_filename),
                "abs_path": os.path.abspath(code.co_filename),
                "function": code.co_name,
                "module": module,
                "lineno": number,
                "pre_context": lines[max(number - 1 - CONTEXT_LINES, 0) : number - 1],
                "context_line": "".join(lines[number - 1 : number]),
                "post_context": lines[number : number + CONTEXT_LINES],
                "in_app": module.split(".")[0] == "shop",
                "vars": serialize(traceback.tb_frame.f_locals),
            }
        )
        traceback = traceback.tb_next
    return found


def short_path(path: str) -> str:
    """Return a file's path below the folder it was imported from."""
    folders = [os.path.join(os.path.abspath(folder), "") for folder in sys.path]
    inside = [folder for folder in folders if os.path.abspath(path).startswith(folder)]
    return os.path.abspath(path)[len(max(inside, key=len, default="")) :]


def serialize(value: object, depth: int = MAX_DEPTH) -> object:
    """Return a value as JSON: containers stay what they are, everything else becomes its repr."""
    if depth > 0 and isinstance(value, dict):
        return {str(key): serialize(item, depth - 1) for key, item in list(value.items())[:MAX_BREADTH]}
    if depth > 0 and isinstance(value, (list, tuple, set, frozenset)):
        return [serialize(item, depth - 1) for item in list(value)[:MAX_BREADTH]]
    try:
        text = repr(value)
    except Exception:
        text = "<broken repr>"
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
