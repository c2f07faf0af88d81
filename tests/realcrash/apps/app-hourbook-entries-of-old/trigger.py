from hourbook.book import Book
from hourbook.invoice import write

LAST_YEAR = [
    {"project": "mill", "day": "2020-12-29", "minutes": 45, "note": "drawings"},
    {"project": "mill", "day": "2020-12-30", "minutes": 80, "note": ""},
]


def bill(book, number, since=None):
    return "\n".join(write(book, "mill", number, 4000, since))


book = Book()
book.entries.insert_multiple(LAST_YEAR)
book.add("mill", "2021-06-01", 30, "wheel")
print(bill(book, "2021-06", since="2021-01-01"))
print(bill(book, "2021-07"))
