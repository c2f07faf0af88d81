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


import inflect

w = inflect.engine().number_to_words

for suffix in ("st", "nd", "rd", "th"):
    check(f"only {suffix}", lambda: w(suffix), "zero", "zeroth")
check("own word for zero", lambda: w("th", zero="nought"), "nought", "noughtth", "zeroth")
check("list", lambda: w("nd", wantlist=True), ["zero"], ["zeroth"])
check("1st", lambda: w("1st"), "first")
check("22nd", lambda: w("22nd"), "twenty-second")
check("103rd", lambda: w("103rd"), "one hundred and third")
check("10th", lambda: w("10th"), "tenth")
check("0th", lambda: w("0th"), "zeroth")
check("0", lambda: w(0), "zero")
check("text without digits", lambda: w("abc"), "zero")
check("point", lambda: w("3."), "three point")
check("fraction", lambda: w("1.25"), "one point two five")
check("no whole part", lambda: w(".5"), "point five")
check("minus", lambda: w(-7), "minus seven")
check("groups", lambda: w("12345", group=2), "twelve, thirty-four, five")
check("list of a number", lambda: w(1234, wantlist=True), ["one thousand", "two hundred and thirty-four"])
