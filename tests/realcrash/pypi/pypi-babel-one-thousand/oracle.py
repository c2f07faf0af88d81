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


from babel.numbers import format_compact_currency, format_compact_decimal


def money(n, locale, **kw):
    return format_compact_currency(n, "EUR", locale=locale, **kw)


check("thousand", lambda: money(1000, "nl"), "\u20ac\xa01K")
check("thousand, of a country", lambda: money(1000, "nl_BE"), "\u20ac\xa01K")
check("thousand, negative", lambda: money(-1000, "nl"), "-\u20ac\xa01K", "\u20ac\xa0-1K")
check("thousand, digits", lambda: money(1000, "nl", fraction_digits=2), "\u20ac\xa01K")
check("thousand, float", lambda: money(1000.0, "nl"), "\u20ac\xa01K")
check("no currency", lambda: format_compact_decimal(1000, locale="nl"), "1K")
check("no currency, rounded to it", lambda: format_compact_decimal(1000000, locale="zu_ZA"), "1M")
check("no currency, Filipino", lambda: format_compact_decimal(10000, locale="fil"), "10K")
check("million, Hausa", lambda: money(1000000, "ha"), "\u20ac\xa01M")
check("rounded", lambda: money(1200, "nl"), "\u20ac\xa01K")
check("one", lambda: money(1, "nl"), "\u20ac\xa01")
check("below", lambda: money(999, "nl"), "\u20ac\xa0999")
check("ten thousand", lambda: money(10000, "nl"), "\u20ac\xa010K")
check("digits", lambda: money(1250, "nl", fraction_digits=2), "\u20ac\xa01,25K")
check("million", lambda: money(1000000, "nl"), "\u20ac\xa01\xa0mln.")
check("a form for one", lambda: format_compact_decimal(1000000, format_type="long", locale="es"), "1 mill\u00f3n")
check("a form for more", lambda: format_compact_decimal(2000000, format_type="long", locale="es"), "2 millones")
check("a form for exactly one", lambda: format_compact_decimal(1000, format_type="long", locale="fr"), "mille")
check("two, French", lambda: format_compact_decimal(2000, format_type="long", locale="fr"), "2 mille")
check("English", lambda: money(1000, "en"), "\u20ac1K")
check("Japanese", lambda: money(1000, "ja"), "\u20ac1000")
