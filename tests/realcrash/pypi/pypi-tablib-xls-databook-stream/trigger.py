import tablib


def convert(upload, fmt):
    book = tablib.import_book(upload, fmt)
    return {sheet.title: len(sheet) for sheet in book.sheets()}


def handle(fmt, sheets):
    book = tablib.Databook([tablib.Dataset(*rows, headers=["name", "n"], title=title) for title, rows in sheets.items()])
    return convert(book.export(fmt), fmt)


print(handle("json", {"May": [("a", 1)], "June": []}))
print(handle("xls", {"May": [("a", 1), ("b", 2)], "June": [("c", 3)]}))
