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


from pycparser import c_ast, c_generator, c_parser


def body(text):
    return c_parser.CParser().parse("int f(int x) { %s }" % text).ext[0].body.block_items


def shape(text):
    s = body(text)[0]
    return [type(n).__name__ for n in s.stmt.block_items or []] if isinstance(s.stmt, c_ast.Compound) else type(s.stmt).__name__


def code(text):
    return " ".join(c_generator.CGenerator().visit(c_parser.CParser().parse("int f(int x) { %s }" % text)).split())


check("empty", lambda: shape("switch (x) { } return 0;"), [])
check("empty, still a switch", lambda: type(body("switch (x) { } return 0;")[0]).__name__, "Switch")
check("what follows", lambda: [type(n).__name__ for n in body("switch (x) {} return 0;")], ["Switch", "Return"])
check("condition", lambda: body("switch (x) {}")[0].cond.name, "x")
check("empty within a case", lambda: shape("switch (x) { case 1: switch (x) {} break; }"), ["Case"])
check("statements of that case", lambda: len(body("switch (x) { case 1: switch (x) {} break; }")[0].stmt.block_items[0].stmts), 2)
check("written back", lambda: code("switch (x) { } return 0;"), "int f(int x) { switch (x) { } return 0; }")
check("cases", lambda: shape("switch (x) { case 1: case 2: x = 3; break; default: return 1; }"), ["Case", "Case", "Default"])
check("statements", lambda: [len(c.stmts) for c in body("switch (x) { case 1: case 2: x = 3; break; default: return 1; }")[0].stmt.block_items], [0, 2, 1])
check("statement before a case", lambda: shape("switch (x) { x = 1; case 2: x = 3; }"), ["Assignment", "Case"])
check("no braces", lambda: shape("switch (x) case 1: x = 2;"), "Case")
check("empty statement", lambda: shape("switch (x) { ; }"), ["EmptyStatement"])
