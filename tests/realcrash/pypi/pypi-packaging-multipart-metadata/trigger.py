from packaging.metadata import parse_email


def summary(upload):
    raw, unparsed = parse_email(upload)
    return {"name": raw.get("name"), "version": raw.get("version"), "problems": sorted(unparsed)}


def handle(uploads):
    return [summary(u) for u in uploads]


print(handle(["Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n\nSells things.\n"]))
print(handle(["Metadata-Version: 2.1\nName: mail\nVersion: 2\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x--\n"]))
