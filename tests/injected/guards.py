"""Takes out what keeps a program from crashing: one guard, default or conversion at a time."""

import ast

EXIT = (ast.Return, ast.Continue, ast.Assign, ast.AugAssign, ast.Break)
DEFAULTS = (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Call)


class Program:
    def __init__(self, text):
        self.text = text
        self.bytes = text.encode()
        self.tree = ast.parse(text)
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.found = []

    def span(self, node):
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node):
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def replace(self, kind, node, text):
        start, end = self.span(node)
        self.found.append((kind, node.lineno, (self.bytes[:start] + text.encode() + self.bytes[end:]).decode()))

    def without_lines(self, kind, node):
        start, end = self.starts[node.lineno - 1], self.starts[node.end_lineno]
        self.found.append((kind, node.lineno, (self.bytes[:start] + self.bytes[end:]).decode()))

    def is_in_function(self, node):
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return True
        return False

    def asks_for_safety(self, test):
        """Whether a condition asks for absence, emptiness, a type, membership or a length."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return True
        if isinstance(test, ast.Compare):
            is_member = isinstance(test.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn))
            return is_member or "len(" in self.source(test) or isinstance(test.comparators[0], ast.Constant)
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Name):
            return test.func.id in ("isinstance", "hasattr", "callable")
        if isinstance(test, ast.BoolOp):
            return any(self.asks_for_safety(value) for value in test.values)
        return isinstance(test, (ast.Name, ast.Attribute))

    def of_if(self, node):
        body, parent = node.body, self.parents[node]
        if not self.asks_for_safety(node.test):
            return
        is_elif = isinstance(parent, ast.If) and parent.orelse == [node] and self.source(node).startswith("elif")
        around = [getattr(parent, field) for field in ("body", "orelse", "finalbody") if node in getattr(parent, field, [])]
        if not node.orelse and len(body) == 1 and isinstance(body[0], EXIT):
            if is_elif or (around and len(around[0]) > 1):
                self.without_lines("elif" if is_elif else "guard", node)
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) and len(node.test.values) == 2:
            for part, other in (node.test.values, node.test.values[::-1]):
                if self.asks_for_safety(part):
                    self.replace("and", node.test, self.source(other))
        if not node.orelse and not is_elif and len(body) == 1 and isinstance(body[0], (ast.Expr, ast.Assign)):
            self.replace("condition", node, self.source(body[0]))

    def of_call(self, node):
        source, arguments = self.source, [self.source(argument) for argument in node.args]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        plain = not node.keywords
        if isinstance(node.func, ast.Attribute):
            of = source(node.func.value)
            if name == "get" and plain and len(arguments) in (1, 2):
                self.replace("get", node, f"{of}[{arguments[0]}]")
            if name == "pop" and plain and len(arguments) == 2:
                self.replace("pop", node, f"{of}.pop({arguments[0]})")
        elif name in ("getattr", "next") and len(arguments) == {"getattr": 3, "next": 2}[name]:
            self.replace(name, node, f"{name}({', '.join(arguments[:-1])})")
        elif name in ("max", "min") and any(keyword.arg == "default" for keyword in node.keywords):
            self.replace("default", node, f"{name}({', '.join(arguments)})")
        elif name in ("str", "int", "list", "float") and plain and len(arguments) == 1:
            self.replace("conversion", node, arguments[0])
        elif name == "isinstance" and len(arguments) == 2:
            self.fewer("isinstance", node.args[1])

    def fewer(self, kind, node):
        """Leaves out one of several types."""
        if not isinstance(node, ast.Tuple) or len(node.elts) < 2:
            return
        for left_out in node.elts[:3]:
            rest = [self.source(other) for other in node.elts if other is not left_out]
            self.replace(kind, node, rest[0] if len(rest) == 1 else f"({', '.join(rest)})")

    def without(self):
        """(what was taken out, its line, the program without it), as long as it parses."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ExceptHandler):
                self.fewer("except", node.type)
            if not self.is_in_function(node):
                continue
            if isinstance(node, ast.If):
                self.of_if(node)
            elif isinstance(node, ast.Call):
                self.of_call(node)
            elif isinstance(node, ast.IfExp):
                self.replace("conditional", node, self.source(node.body))
                self.replace("conditional", node, self.source(node.orelse))
            elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
                is_value = not isinstance(self.parents[node], (ast.If, ast.While))
                if is_value and isinstance(node.values[1], DEFAULTS):
                    self.replace("or", node, self.source(node.values[0]))
        for kind, line, text in self.found:
            try:
                ast.parse(text)
            except SyntaxError:
                continue
            if text != self.text:
                yield kind, line, text
