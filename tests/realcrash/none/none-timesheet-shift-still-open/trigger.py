import datetime

from timesheet import Clock, pay


def handle(events, wages):
    clock = Clock()
    for what, person, time in events:
        getattr(clock, what)(person, datetime.datetime.fromisoformat(time))
    return pay(clock.entries, wages)


EVENTS = [("come", "ann", "2024-05-02T08:00"), ("go", "ann", "2024-05-02T16:30")]
print(handle(EVENTS, {"ann": 2000}))
print(handle([*EVENTS, ("come", "ann", "2024-05-31T08:00")], {"ann": 2000}))
