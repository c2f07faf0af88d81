from bitstring import Bits, BitStream


def frame(parts):
    stream = BitStream()
    for part in parts:
        stream = stream + part
    return stream


def handle(payload):
    header = Bits(uint=len(payload), length=8)
    return frame([header, Bits(bytes=payload)]).hex


print((BitStream("0x01") + Bits("0xff")).hex)
print(handle(b"abc"))
