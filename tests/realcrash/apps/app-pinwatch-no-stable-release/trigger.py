import json

from pinwatch.index import load
from pinwatch.pins import pins
from pinwatch.report import rows, table


def nightly(requirements, mirror):
    return table(rows(pins(requirements), load(json.dumps(mirror))))


MIRROR = {"flask": ["2.1.0", "2.3.2", "3.0.0rc1"], "swiftbird": ["0.1a1", "0.1a2"]}
print(nightly("flask==2.1.0\nswiftbird==0.1a1\n", MIRROR))
print(nightly("flask==2.3.2\nswiftbird==0.0.1\n", MIRROR))
