import xmltodict


def element(value, **attributes):
    return {**{"@" + k: v for k, v in attributes.items()}, "#text": value}


def handle(order):
    body = {"order": {"item": [element(i["name"], sku=i["sku"]) for i in order["items"]], "total": order["total"]}}
    if "weight" in order:
        body["order"]["weight"] = element(order["weight"], unit="kg")
    return xmltodict.unparse(body, full_document=False)


print(handle({"items": [{"name": "tea", "sku": 7}], "total": 12.5}))
print(handle({"items": [{"name": "tea", "sku": 7}], "total": 12, "weight": 3}))
