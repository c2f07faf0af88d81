import io

from mutagen.ac3 import AC3

# sync word, checksum, rate and size, stream, 2 channels, then what may follow
PLAIN = bytes.fromhex("0b7700001440400000") + bytes(700)
EXTRA = bytes.fromhex("0b770000144040002100") + bytes(700)


def facts(data):
    info = AC3(io.BytesIO(data)).info
    return info.codec, info.sample_rate, info.channels


def handle(uploads):
    return {name: facts(data) for name, data in uploads.items()}


print(handle({"plain.ac3": PLAIN}))
print(handle({"extra.ac3": EXTRA}))
