from w3lib.html import replace_entities


def clean(field):
    return replace_entities(field).strip()


def handle(item):
    return {name: clean(value) for name, value in item.items()}


print(handle({"title": "Fish &amp; Chips", "price": "&pound;5"}))
print(handle({"title": "smile &#128512;", "price": "&#xA3;7"}))
print(handle({"title": "spam &#70000000000; spam", "price": "1"}))
