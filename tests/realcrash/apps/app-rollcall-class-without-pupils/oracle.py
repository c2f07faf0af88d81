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


import datetime
import io

import openpyxl

from rollcall.figures import attendance, lateness
from rollcall.register import Register, read
from rollcall.report import report


def book(**sheets):
    b = openpyxl.Workbook()
    b.remove(b.active)
    for name, rows in sheets.items():
        s = b.create_sheet(name)
        for row in rows:
            s.append(row)
    f = io.BytesIO()
    b.save(f)
    return read(io.BytesIO(f.getvalue()))


HEAD = ["Pupil", "2024-08-26", "2024-08-27"]
DAYS = [datetime.date(2024, 8, 26), datetime.date(2024, 8, 27)]
check("no pupils", lambda: attendance(Register("a", DAYS, {})), None)
check("no days", lambda: attendance(Register("a", [], {"Ann": []})), None)
check("neither", lambda: attendance(Register("a", [], {})), None)
check("report, no pupils", lambda: report(book(a1=[HEAD, ["Ann", "x", "l"]], a2=[HEAD])).splitlines(),
      ["Class  Pupils  Present  Late", "a1          1    100 %  50 %", "a2          0        –     –"])
check("report, no days", lambda: report(book(a1=[["Pupil"], ["Ann"]])).splitlines()[1].split(), ["a1", "1", "–", "–"])
check("report, empty sheet", lambda: report(book(a1=[])).splitlines()[1].split(), ["a1", "0", "–", "–"])
check("nobody came", lambda: attendance(Register("a", DAYS, {"Ann": ["", "s"]})), 0.0)
check("nobody came, report", lambda: report(book(a1=[HEAD, ["Ann", None, "s"]])).splitlines()[1].split(), ["a1", "1", "0", "%", "–"])
check("half", lambda: attendance(Register("a", DAYS, {"Ann": ["x", "l"], "Bo": ["", "s"]})), 0.5)
check("a single mark", lambda: attendance(Register("a", DAYS[:1], {"Ann": ["x"]})), 1.0)
check("lateness", lambda: lateness(Register("a", DAYS, {"Ann": ["x", "l"]})), 0.5)
check("lateness, nobody", lambda: lateness(Register("a", DAYS, {})), None)
check("away", lambda: report([Register("a1", DAYS * 2, {"Ann": ["", "", "", "x"]})]).splitlines()[-1], "Ann (a1) was away on 3 days")
