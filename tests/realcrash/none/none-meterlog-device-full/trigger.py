import os

from meterlog import Log, receive


def handle(log, messages):
    return [receive(log, message) for message in messages]


log = Log(os.devnull)
print(handle(log, ["2024-05-01T12:00:00 M17 1204.5\n2024-05-01T12:00:00 M18 7\n"]))
print(handle(Log("/dev/full"), ["2024-05-01T13:00:00 M17 1204.9\n"]))
