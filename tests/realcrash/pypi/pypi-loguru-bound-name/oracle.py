import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import logging

from loguru import logger


class Keep(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append((record, self.format(record)))


keep = Keep()
keep.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
logger.remove()
logger.add(keep, format="{message}", catch=False)


def said(text, **bound):
    del keep.records[:]
    logger.bind(**bound).info(text)
    return [t for _, t in keep.records]


def last(text, **bound):
    said(text, **bound)
    return keep.records[0][0]


def found(record, key):
    return getattr(record, key, None) or (getattr(record, "extra", None) or {}).get(key)


me = __name__
check("name", lambda: said("hi", name="ann"), [f"INFO {me} hi"])
check("message", lambda: said("hi", message="x y"), [f"INFO {me} hi"])
check("args", lambda: said("hi", args=7), [f"INFO {me} hi"])
check("asctime", lambda: said("hi", asctime="x"), [f"INFO {me} hi"])
check("several", lambda: said("hi", args=1, name="a", msg="m", levelno=5, lineno=0), [f"INFO {me} hi"])
check("level stays", lambda: last("hi", levelno=5, name="x").levelno, 20)
check("function stays", lambda: last("hi", funcName="f").funcName, "said")
check("other values are kept", lambda: found(last("hi", abc=123), "abc"), 123)
check("nothing bound", lambda: said("plain"), [f"INFO {me} plain"])
check("percent sign", lambda: said("100%"), [f"INFO {me} 100%"])
check("each message once", lambda: len(said("a") + said("b", name="x")), 1 + 1)


def failing():
    del keep.records[:]
    try:
        1 / 0
    except ZeroDivisionError:
        logger.bind(name="x").exception("boom")
    return keep.records[0][0].exc_info[0]


check("exception", failing, ZeroDivisionError)


class Broken(logging.Handler):
    def emit(self, record):
        raise KeyError("of the handler")


logger.remove()
logger.add(Broken(), format="{message}", catch=False)
try:
    logger.info("x")
    print("a KeyError of the handler is swallowed")
    sys.exit(1)
except KeyError:
    pass
