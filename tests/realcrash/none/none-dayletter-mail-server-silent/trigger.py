import socket

from dayletter.letter import write
from dayletter.post import Post


def handle(port, rows):
    letter = write("2024-05-01", rows, "shop@example.org", "boss@example.org")
    return Post("127.0.0.1", port, timeout=0.5).send(letter)


# it listens, and nobody ever greets
server = socket.create_server(("127.0.0.1", 0))
print(handle(server.getsockname()[1], [{"branch": "Oslo", "orders": 2, "total": 50}]))
