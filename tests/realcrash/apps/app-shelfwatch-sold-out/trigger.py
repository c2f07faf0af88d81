from shelfwatch.watch import check
from shelfwatch.wishes import load

WISHES = "[moby-dick]\nshop = boklada\nlimit = 13\n[bartleby]\nshop = boklada\nlimit = 6\n"
PAGE = "<html><body><h1 class='bk-title'>%s</h1><section class='bk-buy'>%s</section></body></html>"


def handle(pages):
    seen = []
    met = [wish.book for wish, _ in check(load(WISHES), pages.get_page, lambda wish, offer: seen.append((wish.book, offer.price)))]
    return met, seen


class Pages(dict):
    def get_page(self, wish):
        return self.get(wish.book)


moby = PAGE % ("Moby Dick", "<span class='bk-price'>EUR 12,50</span><button>Buy</button>")
print(handle(Pages({"moby-dick": moby})))
print(handle(Pages({"moby-dick": moby, "bartleby": PAGE % ("Bartleby", "<p class='bk-gone'>Sold out</p>")})))
