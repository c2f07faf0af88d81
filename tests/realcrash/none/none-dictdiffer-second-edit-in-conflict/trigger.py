import dictdiffer


def merge(document, edits):
    for edit in edits:
        document = dictdiffer.patch(edit, document)
    return document


first = {"title": "Offer", "customer": {"name": "Ann", "city": "Oslo"}}
ann = list(dictdiffer.diff(first, {"title": "Offer"}))
bo = list(dictdiffer.diff(first, {"title": "Offer", "customer": {"name": "Ann", "city": "Bergen"}}))

print(merge(first, [bo, ann]))
print(merge(first, [ann, bo]))
