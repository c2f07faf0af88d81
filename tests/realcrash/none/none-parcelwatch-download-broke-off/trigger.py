from parcelwatch import latest, parse

HOUR = "P1;2024-05-01T08:00;OSLO;ACCEPTED\nP2;2024-05-01T09:00;BERGEN;ACCEPTED\n"


def handle(body):
    return {parcel: f"{event.state} in {event.place}" for parcel, event in latest(parse(body)).items()}


print(handle(HOUR))
print(handle(HOUR[:60]))  # the carrier's server closed the connection
