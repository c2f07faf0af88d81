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


import decimal

from wtforms import DecimalField, Form
from wtforms.validators import InputRequired


class Payload(dict):
    def getlist(self, key):
        return self[key]


def result(*values, **kw):
    class F(Form):
        n = DecimalField(**kw)

    form = F(Payload(n=list(values)))
    return form.validate(), form.n.errors and list(form.n.errors), form.n.data


BAD = (False, ["Not a valid decimal value."], None)
check("null", lambda: result(None), BAD)
check("object", lambda: result({"n": 1}), BAD)
check("null, shown again", lambda: result(None)[2], None)
check("null, then others", lambda: result(None, "2"), BAD)
check("null, default", lambda: result(None, default=decimal.Decimal(3)), BAD)
check("text", lambda: result("2.50")[2], decimal.Decimal("2.50"))
check("text, valid", lambda: result("2.50")[0], True)
check("no number", lambda: result("cheap"), BAD)
check("empty text", lambda: result(""), BAD)
check("number", lambda: result(5)[2], decimal.Decimal(5))
check("nothing sent", lambda: result()[2], None)
check("nothing sent, valid", lambda: result()[0], True)
check("required", lambda: result(validators=[InputRequired()])[1], ["This field is required."])
check("negative", lambda: result("-1")[2], decimal.Decimal("-1"))
