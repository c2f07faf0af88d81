from roombook import Desk


def handle(desk, bodies):
    return [desk.receive(body) for body in bodies]


desk = Desk({"blue": 12, "red": 4})
print(handle(desk, ['{"room": "blue", "name": "Ann", "seats": 2}']))
print(handle(desk, ['{"room": "red", "name": "Bo", "seats": "2.5"}']))
