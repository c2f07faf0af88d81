import os
import tempfile

from restorer.shelf import Shelf
from restorer.unpack import restore


def handle(service):
    day, files = restore(Shelf("mnt/backups"), service, "data")
    return f"{files} files of {day}"


os.chdir(tempfile.mkdtemp())
os.makedirs("mnt/backups")  # the place where the volume should be
print(handle("shop"))
