import jsonpickle


def load(message):
    return jsonpickle.decode(message)


def handle(message):
    order = load(message)
    return order["customer"], order.get("contact")


print(handle('{"customer": {"name": "Ann"}, "contact": "ann@example.org"}'))
print(handle('{"customer": {"name": "Bo"}, "contact": {"py/id": "customer"}}'))
