from queuekeeper import changes, load

BEFORE = """
workers: 8
queues:
  mail: {weight: 3}
  reports: {weight: 1}
"""
AFTER = """
workers: 8
queues:
#  mail: {weight: 3}
#  reports: {weight: 1}
"""


def handle(before, after):
    return changes(load(before), load(after))


print(handle(BEFORE, BEFORE.replace("3", "1")))
print(handle(BEFORE, AFTER))
