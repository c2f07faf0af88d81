import arrow


def departure(stamp, zone):
    return arrow.get(stamp, "YYYYMMDDHH", tzinfo=zone)


for row in [("2019072807", "UTC"), ("2019072912", "UTC")]:
    print(departure(*row).isoformat())
