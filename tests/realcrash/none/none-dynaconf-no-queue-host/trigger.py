import os
import tempfile

from dynaconf import Dynaconf


def load(text):
    os.chdir(tempfile.mkdtemp())
    with open("settings.toml", "w") as file:
        file.write(text)
    return Dynaconf(settings_files=["settings.toml"], envvar_prefix="SHOP")


def handle(settings):
    return f"{settings.QUEUE_HOST}:{settings.QUEUE_PORT}"


print(handle(load('queue_host = "mq.example.org"\nqueue_port = 5672\n')))
print(handle(load('queue_port = 5672\n')))
