"""A handler for Python's ``logging`` that writes errors as lines of JSON, with the local variables of every frame.

For services without an error tracker's SDK. Copy this file, then::

    import logging, outerloop_logging
    logging.getLogger().addHandler(outerloop_logging.Handler("/var/log/shop/errors.jsonl", release="1.4.2"))
    outerloop_logging.install_hooks()     # what nobody catches, in the main program and in threads

``outerloop serve`` follows that file; ``outerloop fix --log`` reads it. Each line is an event as Sentry's clients send it, but
values are Python expressions: a tuple is no list, a key stays a number, containers are whole up to 16 KB.

Secrets are masked before anything is written, by the names of variables and keys and by well-known shapes, at the same length.
What is written is bounded, in size and in lines a second; nothing here raises into the program. Python 3.8 or newer, no
dependencies.
"""

import datetime
import decimal
import enum
import fractions
import itertools
import json
import linecache
import logging
import os
import pathlib
import re
import sys
import threading
import time
import uuid

MAX_VALUE = 16 << 10  # characters of one variable
MAX_EVENT = 512 << 10  # characters of all variables of an event; further ones are left out
MAX_DEPTH = 8  # containers in containers
MAX_ITEMS = 1000  # items of a container
MAX_FRAMES = 100  # frames of one exception: the outermost and innermost halves
MAX_LOCALS = 100  # variables of a frame
MAX_CHAIN = 16  # exceptions of an event
MAX_PER_SECOND = 20  # events written; further ones are counted in the next line
CONTEXT_LINES = 5  # source lines before and after
MAX_LINE = 512  # characters of a source line

SECRET_NAME = re.compile(
    r"passw|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|credential|authori[sz]ation|cookie|session_?id|"
    r"csrf|cvv|card_?number|ssn\b|(^|_)(auth|pin)($|_)",
    re.IGNORECASE,
)
SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|rk_live_|pypi-|npm_)[\w-]{16,}"
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"
    r"|(?<=[Bb]earer )[\w.~+/=-]{8,}"
)
# Types whose repr is an expression that makes the value again, and that no one else wrote.
PLAIN = (
    bool,
    int,
    float,
    complex,
    type(None),
    type(Ellipsis),
    range,
    decimal.Decimal,
    fractions.Fraction,
    datetime.datetime,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    uuid.UUID,
    pathlib.PurePosixPath,
    pathlib.PosixPath,
)


class TooLong(Exception):
    """There is no more room. ``is_whole`` if what was written of the value is an expression all the same."""

    is_whole = False


class Writer:
    """Writes a value as a Python expression, as far as there is room."""

    def __init__(self, room):
        self.parts = []
        self.room = room

    def put(self, text):
        self.room -= len(text)
        if self.room < 0:
            raise TooLong
        self.parts.append(text)

    def value(self, value, depth=0, above=(), is_secret=False):
        kind = type(value)
        if kind is str or kind is bytes:
            self.text(value, is_secret)
        elif kind in (dict, list, tuple, set, frozenset):
            self.container(value, kind, depth, above, is_secret)
        elif is_secret and value is not None and kind is not bool:
            self.put("'[Filtered]'")
        elif kind in PLAIN:
            # Python refuses to print integers of thousands of digits.
            self.put(repr(value) if kind is not int or value.bit_length() < 10_000 else "<int of %d bits>" % value.bit_length())
        elif isinstance(value, enum.Enum):
            self.put("%s.%s" % (kind.__qualname__, value._name_))
        elif hasattr(kind, "__dataclass_fields__") or issubclass(kind, tuple) and hasattr(kind, "_fields"):
            self.record(value, kind, depth, above)
        elif isinstance(value, type):
            self.put("<class '%s.%s'>" % (value.__module__, value.__qualname__))
        else:
            # Its own repr may take long, call the network or raise.
            self.put("<%s.%s object at %#x>" % (kind.__module__, kind.__qualname__, id(value)))

    def text(self, value, is_secret):
        if len(value) > self.room - 8:
            # Quotes and escapes need room as well.
            value = value[: max(self.room // 2 - 8, 0)]
        if is_secret:
            value = value[:0] + ("x" if isinstance(value, str) else b"x") * len(value)
        elif isinstance(value, str):
            value = masked(value)
        self.put(repr(value))

    def container(self, value, kind, depth, above, is_secret):
        if id(value) in above or depth >= MAX_DEPTH:
            self.put("...")
            return
        above = above + (id(value),)
        opening, closing = {
            dict: ("{", "}"),
            list: ("[", "]"),
            tuple: ("(", ")"),
            set: ("{", "}") if value else ("set(", ")"),
            frozenset: ("frozenset({", "})") if value else ("frozenset(", ")"),
        }[kind]
        self.put(opening)
        dots = "'...': ..." if kind is dict else "..."
        # A copy, made at once: another thread may change it meanwhile.
        for n, item in enumerate(list(itertools.islice(value.items() if kind is dict else value, MAX_ITEMS + 1))):
            separator = ", " if n else ""
            if n >= MAX_ITEMS:
                self.parts.append(separator + dots)
                break
            mark = len(self.parts)
            try:
                self.put(separator)
                hides = is_secret
                if kind is dict:
                    key, item = item
                    self.value(key, depth + 1, above)
                    self.put(": ")
                    hides = hides or isinstance(key, str) and bool(SECRET_NAME.search(key))
                self.value(item, depth + 1, above, hides)
            except TooLong as full:
                if full.is_whole:
                    separator = ", "
                else:
                    del self.parts[mark:]
                self.parts.append(separator + dots + closing)
                full.is_whole = True
                raise
        self.put(",)" if kind is tuple and len(value) == 1 else closing)

    def record(self, value, kind, depth, above):
        if id(value) in above or depth >= MAX_DEPTH:
            self.put("...")
            return
        above = above + (id(value),)
        if hasattr(kind, "__dataclass_fields__"):
            names = [name for name, field in kind.__dataclass_fields__.items() if field.init]
            # Not by getattr: a property is the program's own code.
            items = [(name, vars(value)[name]) for name in names if name in getattr(value, "__dict__", ())]
        else:
            items = list(zip(kind._fields, tuple.__iter__(value)))
        try:
            self.put(kind.__qualname__ + "(")
            for n, (name, item) in enumerate(items):
                self.put(("%s=" if n == 0 else ", %s=") % name)
                self.value(item, depth + 1, above, bool(SECRET_NAME.search(name)))
            self.put(")")
        except TooLong as full:
            # An object without some of its fields is none.
            full.is_whole = False
            raise


def expression(name, value, room=MAX_VALUE):
    """A variable's value as text; what is beyond the room is cut, and ends in dots."""
    writer = Writer(room)
    try:
        writer.value(value, is_secret=bool(SECRET_NAME.search(name)))
    except TooLong as full:
        if not full.is_whole:
            return "<%s too long to be written>" % type(value).__name__
    except Exception as error:
        return "<%s while it was read>" % type(error).__name__
    return "".join(writer.parts)


def masked(text):
    """A text without secrets of well-known shapes, at the same length."""
    return SECRET_VALUE.sub(lambda found: "x" * len(found.group()), text)


def is_in_app(path):
    """Whether a file is the application's own, as far as its path tells."""
    if path.startswith("<") or "site-packages" in path or "dist-packages" in path:
        return False
    return not path.startswith(os.path.dirname(os.__file__))


def frame_of(frame, line, room):
    """One call, as Sentry writes it; and the room that is left for variables."""
    path = frame.f_code.co_filename
    lines = linecache.getlines(path, frame.f_globals)
    cut = [source.rstrip("\n")[:MAX_LINE] for source in lines[max(line - 1 - CONTEXT_LINES, 0) : line + CONTEXT_LINES]]
    at = min(line - 1, CONTEXT_LINES)
    out = {
        "filename": path,
        "abs_path": os.path.abspath(path) if not path.startswith("<") else path,
        "function": getattr(frame.f_code, "co_qualname", frame.f_code.co_name),
        "module": str(frame.f_globals.get("__name__", "")),
        "lineno": line,
        "in_app": is_in_app(path),
        "pre_context": [masked(source) for source in cut[:at]],
        "context_line": masked(cut[at]) if at < len(cut) else None,
        "post_context": [masked(source) for source in cut[at + 1 :]],
    }
    variables = {}
    for name, value in list(frame.f_locals.items())[:MAX_LOCALS]:
        if room <= 0 or name.startswith("__") and name.endswith("__"):
            continue
        variables[name] = expression(name, value, min(room, MAX_VALUE))
        room -= len(variables[name])
    out["vars"] = variables
    return out, room


def frames_of(traceback, room):
    calls = []
    while traceback is not None:
        calls.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    if len(calls) > MAX_FRAMES:
        calls = calls[: MAX_FRAMES // 2] + calls[-MAX_FRAMES // 2 :]
    frames = []
    # Innermost first: those are the ones whose variables matter most.
    for frame, line in reversed(calls):
        made, room = frame_of(frame, line, room)
        frames.append(made)
    return frames[::-1], room


def chain_of(error):
    """The exceptions of a chain: each with the index of the one that it hangs on, and how."""
    chain, seen, waiting = [], set(), [(error, None, None)]
    while waiting and len(chain) < MAX_CHAIN:
        error, parent, link = waiting.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        at = len(chain)
        chain.append((error, parent, link))
        if error.__cause__ is not None:
            waiting.append((error.__cause__, at, "__cause__"))
        elif error.__context__ is not None and not error.__suppress_context__:
            waiting.append((error.__context__, at, "__context__"))
        members = getattr(error, "exceptions", ())
        if isinstance(members, (tuple, list)):
            waiting.extend((e, at, "exceptions[%d]" % n) for n, e in enumerate(members) if isinstance(e, BaseException))
    return chain


def event_of(error, handled=True):
    """An exception as an event."""
    room = MAX_EVENT
    values = []
    for at, (each, parent, link) in enumerate(chain_of(error)):
        frames, room = frames_of(each.__traceback__, room)
        try:
            message = str(each)
        except Exception:
            message = "<its message could not be made>"
        for note in getattr(each, "__notes__", None) or ():
            message += "\n%s" % (note,)
        mechanism = {"type": "logging" if at == 0 else "chained", "handled": handled, "exception_id": at}
        if parent is not None:
            mechanism.update(parent_id=parent, source=link)
        values.append(
            {
                "type": type(each).__name__,
                "module": type(each).__module__,
                "value": masked(message[:MAX_VALUE]),
                "mechanism": mechanism,
                "stacktrace": {"frames": frames},
            }
        )
    # Sentry's order: the one that surfaced comes last.
    return {"exception": {"values": values[::-1]}}


class Handler(logging.Handler):
    """Writes each record with an exception, and each of level ERROR and above, as a line of JSON to a file.

    ``path`` is opened for appending; a line is one write, so that processes may share it, and a file that was moved away is
    opened anew. ``release`` and ``environment`` are written with each event.
    """

    def __init__(self, path, release=None, environment=None, level=logging.WARNING):
        super().__init__(level)
        self.path = os.fspath(path)
        self.program = {"release": release, "environment": environment}
        self.file = None
        self.second = 0
        self.written = 0
        self.suppressed = 0
        handlers.append(self)

    def emit(self, record):
        try:
            error = record.exc_info[1] if record.exc_info else None
            if error is None and record.levelno < logging.ERROR:
                return
            if not self.may_write(record.created):
                return
            event = event_of(error) if isinstance(error, BaseException) else {}
            event["message"] = masked(record.getMessage()[:MAX_VALUE])
            self.send(event, record.levelname.lower(), record.name, record.created)
        except Exception:
            self.handleError(record)

    def crashed(self, error, thread=None):
        """Writes what nobody caught. What ends the program is written whatever came before."""
        now = time.time()
        with self.lock:
            if self.may_write(now) or thread is None:
                event = event_of(error, handled=False)
                if thread is not None:
                    event["threads"] = {"values": [{"name": thread, "crashed": True}]}
                self.send(event, "fatal", "unhandled", now)

    def may_write(self, now):
        if int(now) != self.second:
            self.second, self.written = int(now), 0
        self.written += 1
        if self.written > MAX_PER_SECOND:
            self.suppressed += 1
            return False
        return True

    def send(self, event, level, logger, created):
        event.update(
            event_id=uuid.uuid4().hex,
            timestamp=datetime.datetime.fromtimestamp(created, datetime.timezone.utc).isoformat(),
            platform="python",
            level={"critical": "fatal"}.get(level, level),
            logger=logger,
            **self.program,
        )
        if self.suppressed:
            event["extra"] = {"suppressed": self.suppressed}
            self.suppressed = 0
        line = json.dumps(event, default=str).encode("utf-8", "backslashreplace") + b"\n"
        self.reopen()
        os.write(self.file, line)

    def reopen(self):
        try:
            is_same = self.file is not None and os.path.samestat(os.stat(self.path), os.fstat(self.file))
        except OSError:
            is_same = False
        if not is_same:
            if self.file is not None:
                os.close(self.file)
                self.file = None
            self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def close(self):
        with self.lock:
            if self in handlers:
                handlers.remove(self)
            if self.file is not None:
                os.close(self.file)
                self.file = None
        super().close()


handlers = []


def install_hooks():
    """Lets every handler write what nobody caught, in the main program and in threads; what was done before is done after."""
    before, thread_before = sys.excepthook, threading.excepthook

    def tell(error, thread=None):
        for handler in list(handlers):
            try:
                handler.crashed(error, thread)
            except Exception:
                pass

    def excepthook(kind, error, traceback):
        if not isinstance(error, KeyboardInterrupt):
            tell(error)
        before(kind, error, traceback)

    def thread_excepthook(args):
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            tell(args.exc_value, args.thread.name if args.thread else None)
        thread_before(args)

    sys.excepthook, threading.excepthook = excepthook, thread_excepthook
