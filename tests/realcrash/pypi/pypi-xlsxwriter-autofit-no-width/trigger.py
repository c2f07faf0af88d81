import io

import xlsxwriter


def export(rows, money_columns=(), width=12):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("Export")
        money = book.add_format({"num_format": "#,##0.00"})
        for col in money_columns:
            sheet.set_column(col, col, width, money)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
        sheet.autofit()
    return len(out.getvalue()) > 1000


print(export([["name", "total"], ["Ann", 12.5]], money_columns=[1]))
print(export([["name", "total"], ["Ann", 12.5]], money_columns=[1], width=None))
