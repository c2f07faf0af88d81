"""Where log records go: text for people, JSON for machines, events for the error tracker."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from shop.telemetry import EventHandler

TEXT = "%(asctime)s %(levelname)s [%(threadName)s] %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object, with the fields of python-json-logger."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "asctime": self.formatTime(record),
            "levelname": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def configure(folder: Path | None, release: str) -> None:
    """Log to standard error, or to three files in a folder."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    if folder is None:
        add(root, logging.StreamHandler(), logging.Formatter(TEXT))
        return
    folder.mkdir(parents=True, exist_ok=True)
    add(root, logging.FileHandler(folder / "shop.log", encoding="utf-8"), logging.Formatter(TEXT))
    add(root, logging.FileHandler(folder / "shop.jsonl", encoding="utf-8"), JsonFormatter())
    root.addHandler(EventHandler(folder / "events.jsonl", release))


def add(logger: logging.Logger, handler: logging.Handler, formatter: logging.Formatter) -> None:
    """Give a logger a handler with this formatter."""
    handler.setFormatter(formatter)
    logger.addHandler(handler)
