"""The first program of an install job: opens the way to the registries and starts pip or npm behind it.

The job's network has its own loopback and nothing else. What connects to a port there is joined to a socket of the
host's, whose other end decides what may be reached: nothing here is trusted with that.
Arguments: the socket, then the command.
"""
import os
import socket
import subprocess
import sys
import threading


def copy(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            end.shutdown(how)
        except OSError:
            pass


def join(client, place):
    way = socket.socket(socket.AF_UNIX)
    with client, way:
        try:
            way.connect(place)
        except OSError:
            return
        back = threading.Thread(target=copy, args=(way, client), daemon=True)
        back.start()
        copy(client, way)
        back.join()


def serve(listener, place):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=join, args=(client, place), daemon=True).start()


def main(place, *command):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    threading.Thread(target=serve, args=(listener, place), daemon=True).start()
    way = "http://127.0.0.1:%d" % listener.getsockname()[1]
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "npm_config_proxy", "npm_config_https_proxy")
    status = subprocess.call(command, env={**os.environ, **dict.fromkeys(names, way)})
    sys.stderr.flush()
    os._exit(status if status >= 0 else 128 - status)


main(*sys.argv[1:])
