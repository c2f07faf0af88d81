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


from asn1crypto import x509


def load(content):
    return x509.IPAddress.load(bytes([4, len(content)]) + content)


def native(content):
    try:
        return load(content).native
    except ValueError:
        return None


def general(content):
    der = bytes([0x87, len(content)]) + content
    return [n.native for n in x509.GeneralNames.load(bytes([0x30, len(der)]) + der)]


check("empty", lambda: load(b"").native, None, "")
check("empty, read twice", lambda: (lambda a: (a.native, a.native)[1])(load(b"")), None, "")
check("empty, among names", lambda: general(b""), [None], [""])
check("empty, bytes", lambda: bytes(load(b"")), b"")
check("empty, there and back", lambda: load(b"").dump(), b"\x04\x00")
check("odd length", lambda: native(b"\x0a\x00\x00"), None, "")
check("nothing set", lambda: x509.IPAddress().native, None)
check("IPv4", lambda: load(b"\x0a\x00\x00\x01").native, "10.0.0.1")
check("IPv4 range", lambda: load(b"\x0a\x00\x00\x00\xff\x00\x00\x00").native, "10.0.0.0/8")
check("IPv6", lambda: load(b"\x00" * 15 + b"\x01").native, "::1")
check("IPv6 range", lambda: load(b"\xfe\x80" + b"\x00" * 14 + b"\xff\xc0" + b"\x00" * 14).native, "fe80::/10")
check("from text", lambda: x509.IPAddress("127.0.0.1").native, "127.0.0.1")
check("from text, bytes", lambda: bytes(x509.IPAddress("127.0.0.1")), b"\x7f\x00\x00\x01")
check("IPv4 among names", lambda: general(b"\x7f\x00\x00\x01"), ["127.0.0.1"])
