import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import uuid

from wtforms import Form, StringField
from wtforms.validators import UUID, Optional

TEXT = "6f2c9f4e-0a53-4f0c-9f0e-3f7a1d1f2b10"


def result(data, *before, **kw):
    class F(Form):
        serial = StringField(validators=[*before, UUID(**kw)])

    form = F(data={"serial": data})
    return form.validate(), form.errors.get("serial", [])


BAD = (False, ["Invalid UUID."])
GOOD = (True, [])
check("UUID", lambda: result(uuid.UUID(TEXT)), GOOD)
check("UUID, kept", lambda: (lambda f: (f.validate(), f.serial.data)[1])(type("F", (Form,), {"serial": StringField(validators=[UUID()])})(data={"serial": uuid.UUID(TEXT)})), uuid.UUID(TEXT))
check("number", lambda: result(5), BAD)
check("nothing", lambda: result(None), BAD)
check("list", lambda: result([TEXT]), BAD)
check("bytes", lambda: result(TEXT.encode()), BAD)
check("number, own message", lambda: result(5, message="no"), (False, ["no"]))
check("text", lambda: result(TEXT), GOOD)
check("text in braces", lambda: result("{" + TEXT + "}"), GOOD)
check("text without dashes", lambda: result(TEXT.replace("-", "")), GOOD)
check("other text", lambda: result("printer"), BAD)
check("empty text", lambda: result(""), BAD)
check("text too long", lambda: result(TEXT + "0"), BAD)
check("own message", lambda: result("x", message="no"), (False, ["no"]))
