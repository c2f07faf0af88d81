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


from jinja2 import Environment

env = Environment()


def show(expression, **names):
    return env.from_string("{{ " + expression + " }}").render(**names)


check("too large", lambda: show("x|int", x="4e5000"), "0")
check("too large, own default", lambda: show("x|int(7)", x="9e999"), "7")
check("too small", lambda: show("x|int(7)", x="-9e999"), "7")
check("inf", lambda: show("x|int(7)", x="inf"), "7")
check("in a list", lambda: show("['1', '1e999', '2']|map('int')|list"), "[1, 0, 2]")
check("in a sum", lambda: show("x|int + 1", x="1e999"), "1")
check("nan", lambda: show("x|int(7)", x="nan"), "7")
check("scientific", lambda: show("x|int", x="1e3"), "1000")
check("fraction", lambda: show("x|int", x="42.23"), "42")
check("many digits", lambda: show("x|int", x="12345678901234567890"), "12345678901234567890")
check("minus", lambda: show("x|int", x="-7"), "-7")
check("text", lambda: show("x|int", x="abc"), "0")
check("None", lambda: show("x|int(3)", x=None), "3")
check("hexadecimal", lambda: show("x|int(0, 16)", x="0x1f"), "31")
check("bad hexadecimal", lambda: show("x|int(5, 16)", x="0xz"), "5")
check("float", lambda: show("x|int", x=3.9), "3")


class Odd:
    def __int__(self):
        raise RuntimeError("odd")


try:
    show("x|int", x=Odd())
    print("an error of the object's own __int__ is swallowed")
    sys.exit(1)
except RuntimeError:
    pass
