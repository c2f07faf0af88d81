from pycparser import c_ast, c_parser


def declared(source):
    tree = c_parser.CParser().parse(source, filename="upload.c")
    return [node.name for node in tree.ext if isinstance(node, c_ast.Decl)]


def handle(upload):
    return {name: declared(text) for name, text in upload.items()}


print(handle({"a.h": "int a; char *b;", "b.h": ""}))
print(handle({"c.h": "int a;; int b;"}))
print(handle({"d.h": "; int a;"}))
