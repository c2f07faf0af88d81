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


import io

from mutagen.ac3 import AC3, AC3Error


def header(*fields):
    """Bytes of a header from (value, number of bits)."""
    bits = "".join(format(v, f"0{n}b") for v, n in fields)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def normal(tail, mode=2, rate=0, size=20):
    return header((0x0b77, 16), (0, 16), (rate, 2), (size, 6), (8, 5), (0, 3), (mode, 3), (0, 2), (0, 1), *tail)


def enhanced(tail, mode=2):
    return header((0x0b77, 16), (0, 2), (0, 3), (383, 11), (0, 2), (3, 2), (mode, 3), (0, 1), (16, 5), *tail)


def facts(data, rest=600):
    i = AC3(io.BytesIO(data + bytes(rest))).info
    return i.codec, i.sample_rate, i.channels, i.bitrate


def outcome(data, rest=0):
    try:
        return facts(data, rest)
    except AC3Error:
        return "AC3Error"


NORMAL = [(0, 5), (0, 1), (0, 1), (0, 1), (0, 2), (0, 1), (0, 1)]
ENHANCED = [(0, 5), (0, 1), (0, 1), (0, 1), ]
check("information", lambda: facts(normal(NORMAL + [(1, 1), (2, 6)])), ("ac-3", 48000, 2, 192000))
check("no byte of it", lambda: facts(normal(NORMAL + [(1, 1), (0, 6)])), ("ac-3", 48000, 2, 192000))
check("most of it", lambda: facts(normal(NORMAL + [(1, 1), (63, 6)])), ("ac-3", 48000, 2, 192000))
check("information, length", lambda: round(AC3(io.BytesIO(normal(NORMAL + [(1, 1), (2, 6)]) + bytes(24000))).info.length, 2), 1.0)
check("enhanced", lambda: facts(enhanced(ENHANCED + [(1, 1), (2, 6)])), ("ec-3", 48000, 2, 192000))
check("cut off within it", lambda: outcome(normal(NORMAL + [(1, 1), (63, 6)])), "AC3Error")
check("enhanced, cut off within it", lambda: outcome(enhanced(ENHANCED + [(1, 1), (63, 6)])), "AC3Error")
check("none", lambda: facts(normal(NORMAL + [(0, 1)])), ("ac-3", 48000, 2, 192000))
check("enhanced, none", lambda: facts(enhanced(ENHANCED + [(0, 1)])), ("ec-3", 48000, 2, 192000))
check("44.1 kHz", lambda: facts(normal(NORMAL + [(0, 1)], rate=1, size=0)), ("ac-3", 44100, 2, 32000))
check("time codes", lambda: facts(normal(NORMAL[:-2] + [(1, 1), (1, 1), (0, 14), (0, 14), (0, 1)])), ("ac-3", 48000, 2, 192000))
check("bad sample rate", lambda: outcome(normal(NORMAL, rate=3), 600), "AC3Error")
check("no AC-3", lambda: outcome(b"RIFF" + bytes(60)), "AC3Error")
check("too short", lambda: outcome(b"\x0b\x77\x00"), "AC3Error")
