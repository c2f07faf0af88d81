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


from pycparser import c_ast, c_parser


def parse(text):
    return c_parser.CParser().parse(text)


def names(text):
    return [d.name if isinstance(d, c_ast.Decl) else type(d).__name__ for d in parse(text).ext]


check("before one", lambda: names("; int a;"), ["a"])
check("before two", lambda: names(";int a, b; int c;"), ["a", "b", "c"])
check("several", lambda: names(";;; int a;"), ["a"])
check("only one", lambda: names(";"), [])
check("before a function", lambda: names("; int f(void) { return 0; }"), ["FuncDef"])
check("before a typedef that is used", lambda: names("; typedef int t; t a;"), ["Typedef", "a"])
check("between", lambda: names("int a;; int b;"), ["a", "b"])
check("at the end", lambda: names("int a;;"), ["a"])
check("none", lambda: names("int a; char b;"), ["a", "b"])
check("empty file", lambda: names(""), [])
check("struct", lambda: [d.name for d in parse("struct { int a; ; int b; } s;").ext[0].type.type.decls], ["a", "b"])
check("only semicolons: a tree with a list", lambda: type(parse(";;").ext).__name__, "list")
