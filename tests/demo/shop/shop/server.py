"""The HTTP around the API."""

from __future__ import annotations

import json
import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from shop.app import Request, Shop
from shop.errors import NotFoundError, ValidationError

MAX_BODY_BYTES = 1_000_000

logger = logging.getLogger("shop.server")
access = logging.getLogger("shop.access")


class Server(ThreadingHTTPServer):
    """Serves one shop."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], shop: Shop) -> None:
        super().__init__(address, Handler)
        self.shop = shop


class Handler(BaseHTTPRequestHandler):
    """Answers one request, whatever happens in it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.answer(self.rfile.read(min(length, MAX_BODY_BYTES)))

    def answer(self, raw: bytes | None) -> None:
        started = time.monotonic()
        url = urlsplit(self.path)
        request = Request(self.command, unquote(url.path), dict(parse_qsl(url.query)))
        try:
            request.body = parse_body(raw)
            status, answer = 200, self.server.shop.handle(request)
        except NotFoundError as error:
            status, answer = 404, {"error": str(error)}
        except ValidationError as error:
            logger.exception("%s %s refused", self.command, self.path, extra={"request": request})
            status, answer = 400, {"error": str(error)}
        except Exception:
            logger.exception("%s %s failed", self.command, self.path, extra={"request": request})
            status, answer = 500, {"error": "internal error"}
        self.send(status, answer)
        access.info("%s %s %d %.1f ms", self.command, self.path, status, (time.monotonic() - started) * 1000)

    def send(self, status: int, answer: object) -> None:
        content = json.dumps(answer).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: ``answer`` logs each request itself."""


def parse_body(raw: bytes | None) -> object:
    """Return the JSON value of a request's body, None without one; raises ValidationError."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ValidationError(f"the body is not JSON: {error}") from error
