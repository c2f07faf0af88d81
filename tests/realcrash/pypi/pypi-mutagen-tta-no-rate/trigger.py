import io
import struct

from mutagen.trueaudio import TrueAudio


def duration(data):
    return round(TrueAudio(io.BytesIO(data)).info.length, 2)


def tta(rate, samples):
    return b"TTA1" + struct.pack("<HHHII", 1, 2, 16, rate, samples) + bytes(40)


def handle(uploads):
    return {name: duration(data) for name, data in uploads.items()}


print(handle({"a.tta": tta(44100, 441000), "b.tta": tta(48000, 0)}))
print(handle({"broken.tta": tta(0, 441000)}))
