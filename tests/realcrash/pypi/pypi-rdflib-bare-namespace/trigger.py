import inspect

from rdflib.namespace import FOAF, DefinedNamespace, Namespace


def describe(obj):
    if inspect.isclass(obj) or callable(obj):
        return f"{obj.__name__}{inspect.signature(obj)}"
    return repr(obj)


def handle(module):
    """One line for each name of a vocabulary module."""
    return {name: describe(obj) for name, obj in module.items()}


print(handle({"slug": lambda text: text.lower(), "EX": Namespace("http://x/")}))
print(FOAF.name, FOAF["name"])
print(handle({"DefinedNamespace": DefinedNamespace}))
