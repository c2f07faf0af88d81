from jinja2 import Environment

TEMPLATE = Environment().from_string("{{ name }}: {{ quantity | int(1) }} x {{ price | float }}")


def line(item):
    return TEMPLATE.render(item)


def handle(order):
    return [line(item) for item in order]


print(handle([{"name": "tea", "quantity": "3", "price": "4.5"}, {"name": "cake", "quantity": "lots", "price": 2}]))
print(handle([{"name": "rice", "quantity": "9e999", "price": "1.2"}]))
