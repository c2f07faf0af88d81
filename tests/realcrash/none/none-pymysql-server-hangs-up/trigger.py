import socket
import threading

import pymysql


def drop_everybody(server):
    while True:
        client, _ = server.accept()
        client.close()


def handle(port, order):
    database = pymysql.connect(host="127.0.0.1", port=port, user="shop", password="secret", database="shop")
    with database, database.cursor() as cursor:
        cursor.execute("SELECT total FROM orders WHERE id = %s", (order,))
        return cursor.fetchone()


server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=drop_everybody, args=(server,), daemon=True).start()
print(handle(server.getsockname()[1], 17))
