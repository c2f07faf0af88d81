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


from bitstring import BitArray, Bits, BitStream, ConstBitStream

for cls in (BitStream, ConstBitStream):
    for other in (Bits, BitArray, ConstBitStream, BitStream):
        n = f"empty {cls.__name__} + {other.__name__}"
        check(n, lambda: (cls() + other("0xff")).hex, "ff")
        check(n + ", type", lambda: isinstance(cls() + other("0xff"), cls), True)
        check(n + ", position", lambda: (cls() + other("0xff")).pos, 0)
        check(f"{cls.__name__} + {other.__name__}", lambda: (cls("0x12") + other("0xff")).hex, "12ff")


def operands_stay():
    a, b = BitStream(), BitStream("0xff")
    b.pos = 3
    c = a + b
    c.append("0x1")
    return a.bin, b.hex, b.pos, c.hex


def bits_stay():
    b = Bits("0xf0")
    c = BitStream() + b
    c.append("0x1")
    c.invert()
    return b.hex, c.hex, hasattr(b, "pos")


check("operands stay", operands_stay, ("", "ff", 3, "ff1"))
check("Bits stay", bits_stay, ("f0", "0fe", False))
check("reads from the front", lambda: (BitStream() + Bits("0xa5")).read("uint:4"), 10)
check("text", lambda: (BitStream() + "0xff").hex, "ff")
check("bytes", lambda: (BitStream() + b"a").hex, "61")
check("both empty", lambda: len(BitStream() + Bits()), 0)
check("Bits + Bits", lambda: (Bits("0b1") + Bits("0b0")).bin, "10")
check("Bits + stream", lambda: (Bits("0b1") + BitStream("0b0")).bin, "10")
check("text + stream", lambda: ("0b1" + BitStream("0b0")).bin, "10")
check("compare", lambda: BitStream("0xff") == Bits("0xff"), True)
check("startswith", lambda: BitStream("0xff0").startswith(Bits("0xff")), True)
