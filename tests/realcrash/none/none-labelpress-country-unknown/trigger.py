from labelpress import from_order, sheet

ANN = {"name": "Ann", "street": "Main Street 1", "code": "0150", "city": "Oslo", "country": "Norway"}
BO = {"name": "Bo", "street": "Hill Road 7", "code": "111 20", "city": "Stockholm", "country": None}


def handle(orders):
    return sheet([from_order(order) for order in orders])


print(handle([{"number": 17, "ship_to": ANN}]))
print(handle([{"number": 17, "ship_to": ANN}, {"number": 3, "ship_to": BO}]))
