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


from shelfwatch.shops import SHOPS
from shelfwatch.watch import check as watch
from shelfwatch.wishes import load


def page(inner, title="Bartleby"):
    return f"<h1 class='bk-title'>{title}</h1><p>3 pages, 1853</p><section class='bk-buy'>{inner}</section>"


def offer(inner, shop="boklada"):
    got = SHOPS[shop].offer(page(inner) if shop == "boklada" else inner)
    return got.title, got.price


def day(*pages, limit=6):
    seen = []
    wishes = load("".join(f"[b{i}]\nshop = boklada\nlimit = {limit}\n" for i in range(len(pages))))
    met = [w.book for w, _ in watch(wishes, lambda w: page(pages[int(w.book[1:])]), lambda w, o: seen.append(o.price))]
    return met, seen


PRICE = "<span class='bk-price'>EUR 5,50</span><button>Buy</button>"
GONE = "<p class='bk-gone'>Sold out</p>"
check("sold out", lambda: offer(GONE), ("Bartleby", None))
check("sold out, a number in the text", lambda: offer("<p>Sold out, new print in 2025</p>"), ("Bartleby", None))
check("nothing in the box", lambda: offer(""), ("Bartleby", None))
check("sold out meets no wish", lambda: day(GONE), ([], [None]))
check("sold out among others", lambda: day(PRICE, GONE, PRICE), (["b0", "b2"], [550, None, 550]))
check("price", lambda: offer(PRICE), ("Bartleby", 550))
check("reduced", lambda: offer(PRICE + "<span class='bk-reduced'>now 4,00</span>"), ("Bartleby", 400))
check("reduced alone", lambda: offer("<span class='bk-reduced'>now 4,00</span>"), ("Bartleby", 400))
check("too dear", lambda: day(PRICE, limit=5), ([], [550]))
check("other shop", lambda: offer("<div class='product'><h2>Emma</h2><b class='amount'>9,90</b></div>", "pagewright"), ("Emma", 990))
check("other shop, not out", lambda: offer("<div class='product'><h2>Emma</h2></div>", "pagewright"), ("Emma", None))


def refused():
    try:
        offer("<span class='bk-price'>ask us</span>")
    except ValueError:
        return True
    return False


check("a price that is no amount is still an error", refused, True)
