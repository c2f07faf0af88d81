import astroid


def calls(source):
    module = astroid.parse(source)
    return [c.func.as_string() for c in module.nodes_of_class(astroid.nodes.Call)]


def handle(files):
    return {name: calls(source) for name, source in files.items()}


print(handle({"a.py": "import typing\nprint(len('x'))\n", "b.py": "List = _alias(list, 1)\n"}))
print(handle({"c.py": "def _alias():\n    return 'x'\n\nname = _alias()\n"}))
