import io

import mido


def seconds(data):
    return round(mido.MidiFile(file=io.BytesIO(data)).length, 3)


def song(*extra):
    track = mido.MidiTrack([mido.Message("note_on", note=60, time=0), *extra, mido.Message("note_off", note=60, time=480)])
    out = io.BytesIO()
    mido.MidiFile(tracks=[track]).save(file=out)
    return out.getvalue()


def handle(upload):
    return {name: seconds(data) for name, data in upload.items()}


print(handle({"plain.mid": song(), "tempo.mid": song(mido.MetaMessage("set_tempo", tempo=250000))}))
print(handle({"vendor.mid": song(mido.UnknownMetaMessage(0x60, [1, 2]))}))
