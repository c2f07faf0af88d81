import sys
from datetime import datetime

import arrow
from dateutil import tz


def check(label, call, want):
    try:
        got = call()
    except Exception as e:
        got = f"{type(e).__name__}: {e}"
    if got != want:
        print(f"{label}: got {got!r}, want {want!r}")
        sys.exit(1)


PARIS = tz.gettz("Europe/Paris")
check("utc by name", lambda: arrow.get("2019072807", "YYYYMMDDHH", tzinfo="UTC").isoformat(), "2019-07-28T07:00:00+00:00")
check("another day", lambda: arrow.get("2019072912", "YYYYMMDDHH", tzinfo="UTC").isoformat(), "2019-07-29T12:00:00+00:00")
check("without a format", lambda: arrow.get("2019-07-28", tzinfo="UTC").isoformat(), "2019-07-28T00:00:00+00:00")
check("zone as object", lambda: arrow.get("2019072807", "YYYYMMDDHH", tzinfo=PARIS).isoformat(), "2019-07-28T07:00:00+02:00")
check("no zone", lambda: arrow.get("2019072807", "YYYYMMDDHH").isoformat(), "2019-07-28T07:00:00+00:00")
check("parts by name", lambda: arrow.get(year=2019, month=7, day=28).isoformat(), "2019-07-28T00:00:00+00:00")
check("parts", lambda: arrow.get(2019, 7, 28, 7).isoformat(), "2019-07-28T07:00:00+00:00")
check("datetime", lambda: arrow.get(datetime(2019, 7, 28)).isoformat(), "2019-07-28T00:00:00+00:00")
