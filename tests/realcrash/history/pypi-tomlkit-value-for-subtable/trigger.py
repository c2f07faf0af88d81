import tomlkit

TEXT = """[tool.lint]
rules = ["a"]

[tool.build]
jobs = 2
"""


def switch_off(text, name):
    document = tomlkit.parse(text)
    document["tool"][name] = False
    return tomlkit.dumps(document)


print(switch_off(TEXT, "lint"))
