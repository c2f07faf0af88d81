import jsonpickle


def load(message):
    return jsonpickle.decode(message)


def handle(messages):
    return [load(m) for m in messages]


print(handle(['{"id": 1, "blob": {"py/b64": "aGVsbG8="}}', '{"id": 2, "blob": {"py/b64": 17}}']))
print(handle(['{"id": 3, "blob": {"py/b64": "\\udc00"}}']))
