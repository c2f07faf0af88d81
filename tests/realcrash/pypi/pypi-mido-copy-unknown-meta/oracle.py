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

import mido
from mido import Message, MetaMessage, UnknownMetaMessage


def facts(m):
    return m.type, m.type_byte, tuple(m.data), m.time


U = UnknownMetaMessage(0x60, [1, 2], time=5)
check("copy with a time", lambda: facts(U.copy(time=3)), ("unknown_meta", 0x60, (1, 2), 3))
check("copy with data", lambda: facts(U.copy(data=(7,))), ("unknown_meta", 0x60, (7,), 5))
check("copy, other stays", lambda: (U.copy(time=9), facts(U))[1], ("unknown_meta", 0x60, (1, 2), 5))
check("copy with its own type", lambda: facts(U.copy(type="unknown_meta", time=1)), ("unknown_meta", 0x60, (1, 2), 1))
check("copy is of the class", lambda: type(U.copy(time=3)), UnknownMetaMessage)
check("copied bytes", lambda: U.copy(time=3).bytes(), [0xff, 0x60, 2, 1, 2])


def read(*messages):
    out = io.BytesIO()
    mido.MidiFile(tracks=[mido.MidiTrack(messages)]).save(file=out)
    return mido.MidiFile(file=io.BytesIO(out.getvalue()))


ON, OFF = Message("note_on", note=60, time=0), Message("note_off", note=60, time=480)
check("file: length", lambda: round(read(ON, UnknownMetaMessage(0x60, [1]), OFF).length, 4), 0.5)
check("file: messages", lambda: [m.type for m in read(ON, U.copy(), OFF)], ["note_on", "unknown_meta", "note_off", "end_of_track"])
check("file: data", lambda: [tuple(m.data) for m in read(ON, U.copy(), OFF) if m.type == "unknown_meta"], [(1, 2)])
check("merged tracks", lambda: [(m.type, m.time) for m in mido.merge_tracks([mido.MidiTrack([ON, U]), mido.MidiTrack([OFF])])][:3], [("note_on", 0), ("unknown_meta", 5), ("note_off", 475)])
check("plain copy", lambda: facts(U.copy()), ("unknown_meta", 0x60, (1, 2), 5))
check("made with nothing", lambda: facts(UnknownMetaMessage(0x61)), ("unknown_meta", 0x61, (), 0))
check("known meta message", lambda: (lambda m: (m.type, m.tempo, m.time))(MetaMessage("set_tempo", tempo=250000).copy(time=4)), ("set_tempo", 250000, 4))
check("file without one", lambda: round(read(ON, OFF).length, 4), 0.5)
check("message", lambda: Message("note_on", note=1).copy(note=2).note, 2)
try:
    U.copy(type="set_tempo")
    print("a copy may change its type")
    sys.exit(1)
except (ValueError, TypeError):
    pass
