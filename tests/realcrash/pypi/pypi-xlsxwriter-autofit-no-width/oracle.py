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


import io
import re
import zipfile

import xlsxwriter

LONG = "a rather long text for a cell"


def cols(*columns, rows=((LONG, "short"),), fit=True):
    """The columns as the file has them: first, last, width, has a style, hidden."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for first, last, width, style, options in columns:
            sheet.set_column(first, last, width, bold if style else None, options)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
        if fit:
            sheet.autofit()
    xml = zipfile.ZipFile(io.BytesIO(out.getvalue())).read("xl/worksheets/sheet1.xml").decode()
    found = []
    for tag in re.findall(r"<col [^>]*>", xml):
        a = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        found.append((a["min"], a["max"], round(float(a["width"]), 2), "style" in a, "hidden" in a))
    return found


A, B = 24.14, 5.57
check("style, no width", lambda: cols((0, 0, None, True, {})), [("1", "1", A, True, False), ("2", "2", B, False, False)])
check("both", lambda: cols((0, 1, None, True, {})), [("1", "1", A, True, False), ("2", "2", B, True, False)])
check("outline level, no width", lambda: [c[:3] for c in cols((1, 1, None, False, {"level": 1}))], [("1", "1", A), ("2", "2", B)])
check("no width, not autofitted", lambda: cols((0, 0, None, True, {}), fit=False), [("1", "1", 9.14, True, False)])
check("no width beside a wide one", lambda: cols((0, 0, None, True, {}), (1, 1, 20, False, {})), [("1", "1", A, True, False), ("2", "2", 20.71, False, False)])
check("no width, no cells", lambda: cols((3, 3, None, True, {})), [("1", "1", A, False, False), ("2", "2", B, False, False), ("4", "4", 9.14, True, False)])
check("wider already", lambda: cols((0, 0, 60, True, {}))[0], ("1", "1", 60.71, True, False))
check("narrower", lambda: cols((0, 0, 5, True, {}))[0], ("1", "1", A, True, False))
check("nothing set", lambda: cols(), [("1", "1", A, False, False), ("2", "2", B, False, False)])
check("not autofitted", lambda: cols(fit=False), [])
check("very long", lambda: cols(rows=(("x" * 400,),))[0][2] > 200, True)
