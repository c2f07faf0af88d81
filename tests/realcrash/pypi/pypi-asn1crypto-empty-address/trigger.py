from asn1crypto import x509


def names(der):
    out = []
    for name in x509.GeneralNames.load(der):
        out.append((name.name, name.native))
    return out


def handle(hexdump):
    return names(bytes.fromhex(hexdump))


print(handle("300c8204612e6f7287040a000001"))
print(handle("30088204612e6f728700"))
