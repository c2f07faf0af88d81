from pycparser import c_ast, c_parser


def switches(source):
    found = []

    class Visitor(c_ast.NodeVisitor):
        def visit_Switch(self, node):
            found.append(len(node.stmt.block_items or []))
            self.generic_visit(node)

    Visitor().visit(c_parser.CParser().parse(source))
    return found


def handle(upload):
    return {name: switches(text) for name, text in upload.items()}


print(handle({"a.c": "int f(int x) { switch (x) { case 1: return 2; default: return 3; } }"}))
print(handle({"stub.c": "int g(int x) { switch (x) { } return 0; }"}))
