import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


import astroid
from astroid import nodes


def inferred(source):
    call = next(c for c in astroid.parse(source).nodes_of_class(nodes.Call))
    return [i.as_string() for i in call.infer()]


check("no argument", lambda: inferred("def _alias(): return 7\n_alias()"), ["7"])
check("keyword only", lambda: inferred("def _alias(a=1): return 8\n_alias(a=2)"), ["8"])
check("own other name", lambda: inferred("def _DeprecatedGenericAlias(): return 9\n_DeprecatedGenericAlias()"), ["9"])
check("text as argument", lambda: inferred("def _alias(x): return 7\n_alias('a')"), ["7"])
check("unknown", lambda: len(list(astroid.parse("x = _alias()").nodes_of_class(nodes.Call))), 1)
check("no argument, printed", lambda: astroid.parse("x = _alias()").as_string().strip(), "x = _alias()")
check("a text's method", lambda: inferred("'a'.upper()") != [], True)
check("other function", lambda: inferred("def f(): return 1\nf()"), ["1"])


def base(source):
    node = astroid.extract_node(source)
    found = next(node.infer())
    return type(found).__name__, getattr(found, "name", None)


check("typing's", lambda: base("import typing\ntyping.List #@"), ("ClassDef", "List"))
check("typing's, subscript", lambda: base("import typing\ntyping.Dict[str, int] #@"), ("ClassDef", "Dict"))
alias = astroid.extract_node("from typing import _alias\nx = _alias(dict, set)\n")
check("typing's helper", lambda: [b.name for b in next(alias.value.infer()).bases], ["dict"])
check("class from it", lambda: [c.name for c in astroid.extract_node("import typing\nclass A(typing.List[int]): #@\n  pass").ancestors()][-1], "object")
