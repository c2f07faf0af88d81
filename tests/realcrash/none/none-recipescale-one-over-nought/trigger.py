from recipescale import parse, words


def handle(form):
    recipe = parse(form["text"], int(form["people"]))
    return words(recipe.scaled(int(form["guests"])))


print(handle({"text": "1/2 l milk\n2 pcs eggs", "people": "2", "guests": "6"}))
print(handle({"text": "1/0 l milk\n2 pcs eggs", "people": "2", "guests": "6"}))
