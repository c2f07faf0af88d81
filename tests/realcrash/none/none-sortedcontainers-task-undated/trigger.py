from datetime import date

from sortedcontainers import SortedKeyList


def agenda(tasks):
    due = SortedKeyList(key=lambda task: task["due"])
    for task in tasks:
        due.add(task)
    return [task["name"] for task in due]


print(agenda([{"name": "invoice", "due": date(2024, 5, 2)}, {"name": "call", "due": date(2024, 5, 1)}]))
print(agenda([{"name": "invoice", "due": date(2024, 5, 2)}, {"name": "tidy up", "due": None}]))
