from shop import reports

SMALL = {"day": "2024-03-04", "items": [{"sku": "T-1004"}], "total": 1210}
LARGE = {"day": "2024-03-04", "items": [{"sku": "P-3001"}, {"sku": "C-2001"}], "total": 5751}
LATER = {"day": "2024-03-05", "items": [{"sku": "T-1001"}], "total": 1180}


def test_revenue():
    assert reports.revenue([SMALL, LARGE]) == 6961
    assert reports.revenue([]) == 0


def test_average_total():
    assert reports.average_total([SMALL, LARGE]) == 3480
    assert reports.average_total([]) == 0


def test_largest_total():
    assert reports.largest_total([SMALL, LARGE]) == 5751
    assert reports.largest_total([]) == 0


def test_most_lines():
    assert reports.most_lines([SMALL, LARGE]) == 2


def test_daily():
    assert reports.daily([SMALL, LARGE, LATER], "2024-03-04") == {
        "day": "2024-03-04",
        "orders": 2,
        "revenue": 6961,
        "average_total": 3480,
        "largest_total": 5751,
        "most_lines": 2,
    }
