import os
import tempfile

from stockroom import Stock


def handle(place, delivery):
    stock = Stock(place)
    try:
        return {article: stock.bring(article, pieces) for article, pieces in delivery.items()}
    finally:
        stock.close()


os.chdir(tempfile.mkdtemp())
print(handle("stock.db", {"lamp": 3, "bulb": 20}))
print(handle("file:stock.db?mode=ro", {"lamp": 2}))
