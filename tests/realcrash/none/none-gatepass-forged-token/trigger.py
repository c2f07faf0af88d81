from gatepass import Gate, Office


def handle(gate, tokens):
    return [gate.show(token) for token in tokens]


office = Office("the key of the office, long enough")
gate = Gate("north", office)
print(handle(gate, [office.issue("ann", {"north"}), office.issue("bo", {"east"})]))
forged = Office("the key of somebody else, long enough").issue("eve", {"north"})
print(handle(gate, [forged]))
