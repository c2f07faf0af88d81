import uuid

from wtforms import Form, StringField
from wtforms.validators import UUID, Length


class Device(Form):
    name = StringField(validators=[Length(min=1)])
    serial = StringField(validators=[UUID()])


def handle(row):
    """Checks a row as it comes from the database before it is shown for editing."""
    form = Device(data=row)
    return form.validate(), dict(form.errors)


print(handle({"name": "printer", "serial": "6f2c9f4e-0a53-4f0c-9f0e-3f7a1d1f2b10"}))
print(handle({"name": "scanner", "serial": uuid.UUID(int=7)}))
