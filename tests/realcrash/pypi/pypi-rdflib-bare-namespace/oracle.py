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


import inspect
import warnings

from rdflib import Namespace, URIRef
from rdflib.namespace import FOAF, RDF, DefinedNamespace

warnings.simplefilter("ignore")


class EX(DefinedNamespace):
    _NS = Namespace("http://x/")
    _fail = True
    _extras = ["odd-name"]
    first: URIRef


class Loose(DefinedNamespace):
    _NS = Namespace("http://l/")
    first: URIRef


class Mixin(DefinedNamespace):
    """No URI of its own."""


class Late(Mixin):
    _NS = Namespace("http://late/")
    a: URIRef


check("signature", lambda: str(inspect.signature(DefinedNamespace)).startswith("("), True)
check("signature, no URI", lambda: str(inspect.signature(Mixin)).startswith("("), True)
check("hasattr", lambda: hasattr(DefinedNamespace, "label"), False)
check("hasattr, no URI", lambda: hasattr(Mixin, "label"), False)
check("the URI itself", lambda: hasattr(DefinedNamespace, "_NS"), False)
check("getattr with a default", lambda: getattr(Mixin, "label", "-"), "-")
check("below one without a URI", lambda: Late.a, URIRef("http://late/a"))
check("term", lambda: FOAF.name, URIRef("http://xmlns.com/foaf/0.1/name"))
check("item", lambda: RDF["type"], URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"))
check("own", lambda: EX.first, URIRef("http://x/first"))
check("own extra", lambda: EX["odd-name"], URIRef("http://x/odd-name"))
check("own, hasattr", lambda: (hasattr(EX, "first"), hasattr(EX, "second")), (True, False))
check("unknown, loose", lambda: Loose.second, URIRef("http://l/second"))
check("text", lambda: str(EX), "http://x/")
check("in", lambda: ("first" in EX, "http://x/first" in EX, "second" in EX), (True, True, False))
check("dunder", lambda: hasattr(FOAF, "__wrapped__"), False)
check("settings", lambda: (EX._fail, Loose._fail, EX._extras), (True, False, ["odd-name"]))
try:
    EX.second
    print("a closed namespace gives a term that it does not have")
    sys.exit(1)
except AttributeError:
    pass
