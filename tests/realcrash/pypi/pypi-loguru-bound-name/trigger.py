import logging
import sys

from loguru import logger

logger.remove()
logger.add(logging.StreamHandler(sys.stdout), format="{level} {message}", catch=False)


def audit(event, **context):
    logger.bind(**context).info(event)


def handle(request):
    audit("request", path=request["path"])
    if "user" in request:
        audit("login", name=request["user"])


handle({"path": "/"})
handle({"path": "/login", "user": "ann"})
