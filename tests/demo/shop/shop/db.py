"""A client of the warehouse's stock database, which speaks lines of text over TCP."""

from __future__ import annotations

import socket

TIMEOUT_SECONDS = 2.0


class StockDatabase:
    """Asks how many pieces of an article lie in the warehouse."""

    def __init__(self, host: str, port: int, connect=socket.create_connection) -> None:
        self.address = (host, port)
        self._connect = connect

    def level(self, sku: str) -> int:
        """Return the number of pieces in stock.

        Raises OSError if the database cannot be reached.
        """
        with self._connect(self.address, timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(f"LEVEL {sku}\n".encode("utf-8"))
            with connection.makefile("r", encoding="utf-8") as answer:
                return int(answer.readline())
