import io
import zipfile

from openpyxl import load_workbook


def total(data):
    sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).active
    return sum(row[1] for row in sheet.iter_rows(min_row=2, values_only=True))


def export_of_partner():
    """Tonight the partner's export holds CSV files, under the name of a workbook."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as export:
        export.writestr("sales.csv", "day;total\n1;17\n")
    return data.getvalue()


print(total(export_of_partner()))
