import json

from wtforms import DecimalField, Form, StringField


class Order(Form):
    item = StringField()
    price = DecimalField()


class Payload(dict):
    def getlist(self, key):
        return [self[key]] if key in self else []


def handle(body):
    form = Order(Payload(json.loads(body)))
    return form.validate(), dict(form.errors), str(form.price.data)


print(handle('{"item": "pen", "price": "2.50"}'), handle('{"item": "pen", "price": "cheap"}'))
print(handle('{"item": "pen", "price": null}'))
