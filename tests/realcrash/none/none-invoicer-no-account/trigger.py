import datetime

from invoicer import Invoice, Item, Settings


def handle(environment, order):
    settings = Settings.load(environment)
    items = [Item(text, cents) for text, cents in order["items"]]
    return Invoice(order["number"], order["customer"], datetime.date(2024, 5, 1), items).render(settings)


ORDER = {"number": "17", "customer": "Ann", "items": [("lamp", 2550)]}
print(handle({"INVOICE_SENDER": "Shop", "INVOICE_ACCOUNT": "NO93 8601"}, ORDER))
print(handle({"INVOICE_SENDER": "Shop"}, ORDER))
