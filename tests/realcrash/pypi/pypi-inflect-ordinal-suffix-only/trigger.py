import inflect

engine = inflect.engine()


def spell(token):
    return engine.number_to_words(token)


def handle(line):
    return " ".join(spell(word) if word[-2:] in ("st", "nd", "rd", "th") else word for word in line.split())


print(handle("on the 21st of May"))
print(handle("the 3rd and 12th rows"))
print(handle("to the n th power"))
