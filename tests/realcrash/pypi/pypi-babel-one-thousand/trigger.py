from babel.numbers import format_compact_currency


def label(amount, currency, locale):
    return format_compact_currency(amount, currency, locale=locale)


def handle(report):
    return [label(amount, report["currency"], report["locale"]) for amount in report["amounts"]]


print(handle({"locale": "nl", "currency": "EUR", "amounts": [12, 1200, 25000]}))
print(handle({"locale": "nl", "currency": "EUR", "amounts": [950, 1000]}))
