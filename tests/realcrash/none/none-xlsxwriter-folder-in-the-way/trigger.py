import os
import tempfile

import xlsxwriter


def export(path, rows):
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("Sales")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    workbook.close()
    return len(rows)


os.chdir(tempfile.mkdtemp())
os.makedirs("reports/may.xlsx")  # somebody unpacked it there
print(export("reports/april.xlsx", [("day", "total"), ("1", 17)]))
print(export("reports/may.xlsx", [("day", "total"), ("1", 23)]))
