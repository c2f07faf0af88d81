from shop.products import describe, family, listing, size


def test_family():
    assert family("T-1004") == "T"
    assert family("C-2001") == "C"
    assert family("T-1004/L") == "T"


def test_old_articles_have_no_family():
    assert family("88") == ""


def test_size():
    assert size("T-1004/L") == "L"
    assert size("T-1004") == ""
    assert size("88") == ""
    assert size("7") == ""


def test_describe():
    product = {"sku": "P-3002/L", "name": "Pot, glass, large", "price": 3900}
    assert describe(product) == {
        "sku": "P-3002/L",
        "name": "Pot, glass, large",
        "price": 3900,
        "family": "pots",
        "size": "L",
    }


def test_describe_an_old_article():
    assert describe({"sku": "88", "name": "Kitchen scales", "price": 2490})["family"] == "other"


def test_listing_is_sorted_by_name():
    products = [{"sku": "T-1002", "name": "Ceylon", "price": 640}, {"sku": "T-1001", "name": "Assam", "price": 690}]
    assert [row["name"] for row in listing(products)] == ["Assam", "Ceylon"]
    assert listing([]) == []
