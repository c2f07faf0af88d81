from orderflow import Order


def handle(orders, messages):
    for number, event in messages:
        orders[number].handle(event)
    return {number: order.state for number, order in orders.items()}


orders = {17: Order(17, 2500), 18: Order(18, 990)}
print(handle(orders, [(17, "pay"), (17, "pack"), (18, "pay"), (18, "cancel")]))
print(handle(orders, [(17, "ship"), (17, "cancel")]))
