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
import struct

from mutagen.trueaudio import TrueAudio
from mutagen.trueaudio import error as TrueAudioError


def tta(rate, samples, tail=40):
    return b"TTA1" + struct.pack("<HHHII", 1, 2, 16, rate, samples) + bytes(tail)


def info(data):
    i = TrueAudio(io.BytesIO(data)).info
    return i.length, i.sample_rate


check("no rate", lambda: info(tta(0, 441000)), (0.0, 0))
check("no rate, no samples", lambda: info(tta(0, 0)), (0.0, 0))
check("no rate, many samples", lambda: info(tta(0, 0xFFFFFFFF)), (0.0, 0))
check("no rate, type of the length", lambda: float(TrueAudio(io.BytesIO(tta(0, 5))).info.length), 0.0)
check("no rate, printed", lambda: "0.00 seconds" in TrueAudio(io.BytesIO(tta(0, 5))).pprint(), True)
check("ten seconds", lambda: info(tta(44100, 441000)), (10.0, 44100))
check("half a second", lambda: info(tta(48000, 24000)), (0.5, 48000))
check("no samples", lambda: info(tta(48000, 0)), (0.0, 48000))
check("rate of 1", lambda: info(tta(1, 3)), (3.0, 1))
check("printed", lambda: "10.00 seconds, 44100 Hz" in TrueAudio(io.BytesIO(tta(44100, 441000))).pprint(), True)
for what, data in (("no True Audio", b"RIFF" + bytes(60)), ("cut off", b"TTA1\x00\x00")):
    try:
        TrueAudio(io.BytesIO(data))
        print(f"{what}: accepted")
        sys.exit(1)
    except TrueAudioError:
        pass
