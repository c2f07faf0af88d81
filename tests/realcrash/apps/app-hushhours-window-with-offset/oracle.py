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


import os
import time
from datetime import datetime

os.environ["TZ"] = "XXX-05:45"
time.tzset()

from hushhours import Alert, Desk, load
from hushhours.digest import next_window


def windows(*pairs):
    return load("windows:\n" + "".join(f"  - {{name: w{i}, start: {s}, end: {e}}}\n" for i, (s, e) in enumerate(pairs)))


def hours(*pairs):
    """The hours of 5 August at half past which alerts are kept."""
    desk = Desk(windows(*pairs), lambda alert: None)
    for hour in range(24):
        desk.take(Alert("web", "x", datetime(2023, 8, 5, hour, 30)))
    return [alert.at.hour for _, alert in desk.kept]


EAST = ("2023-08-05 12:00:00+02:00", "2023-08-05 14:00:00+02:00")
check("east", lambda: hours(EAST), [10, 11])
check("west", lambda: hours(("2023-08-05 12:00:00-05:00", "2023-08-05 14:00:00-05:00")), [17, 18])
check("Z", lambda: hours(("2023-08-05T12:00:00Z", "2023-08-05T14:00:00Z")), [12, 13])
check("half an hour", lambda: hours(("2023-08-05 12:00:00+05:30", "2023-08-05 14:00:00+05:30")), [6, 7])
check("offset at one end", lambda: hours(("2023-08-05 10:00:00", "2023-08-05 14:00:00+02:00")), [10, 11])
check("a day and an offset", lambda: hours(("2023-08-05", "2023-08-05 04:00:00+02:00")), [0, 1])
check("order of both kinds", lambda: [w.name for w in windows(("2023-08-05 11:00:00", "2023-08-06"), EAST)], ["w1", "w0"])
check("next", lambda: next_window(windows(EAST), datetime(2023, 8, 5, 9)).name, "w0")
check("next, begun", lambda: next_window(windows(EAST), datetime(2023, 8, 5, 11)), None)
check("no offset", lambda: hours(("2023-08-05 12:00:00", "2023-08-05 14:00:00")), [12, 13])
check("no offset, kept as it is", lambda: windows(("2023-08-05 12:00:00", "2023-08-06"))[0].start, datetime(2023, 8, 5, 12))
check("days", lambda: len(hours(("2023-08-05", "2023-08-06"))), 24)


def refused(value):
    try:
        windows((value, "2023-08-06"))
    except ValueError as e:
        return str(e)
    return "taken"


check("no time", lambda: refused("soon"), "neither a time nor a date: 'soon'")
