import io

from shop.db import StockDatabase


class Connection:
    """Answers every question with 12."""

    def __init__(self):
        self.sent = b""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def sendall(self, data):
        self.sent += data

    def makefile(self, mode, encoding):
        return io.StringIO("12\n")


def test_level():
    connection = Connection()
    database = StockDatabase("stock.example", 5433, connect=lambda address, timeout: connection)
    assert database.level("T-1004") == 12
    assert connection.sent == b"LEVEL T-1004\n"
