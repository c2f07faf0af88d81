import datetime

from hushhours import Alert, Desk, load


def night(config, *alerts):
    woken = []
    desk = Desk(load(config), woken.append)
    for service, hour in alerts:
        desk.take(Alert(service, "no answer", datetime.datetime(2023, 8, 5, hour, 30)))
    return [a.service for a in woken], [name for name, _ in desk.kept]


WINDOW = "windows:\n  - {name: new switch, start: %s, end: %s, services: [web]}\n"
print(night(WINDOW % ("2023-08-05 20:00:00", "2023-08-05 22:00:00"), ("web", 20), ("db", 20)))
print(night(WINDOW % ("2023-08-05 22:00:00+02:00", "2023-08-06 00:00:00+02:00"), ("db", 20), ("web", 20)))
