//! A Python file as text and syntax tree, and the questions that the rest asks of it.

use tree_sitter::{Node, Parser, Tree};

/// A parsed Python file. Parsing never fails: errors are nodes of the tree.
pub(crate) struct PyFile {
    pub(crate) path: String,
    pub(crate) text: String,
    tree: Tree,
    line_starts: Vec<usize>,
}

/// Node kinds that are statements of their own (compound ones included).
const STATEMENTS: &[&str] = &[
    "expression_statement",
    "return_statement",
    "raise_statement",
    "if_statement",
    "for_statement",
    "while_statement",
    "try_statement",
    "with_statement",
    "assert_statement",
    "delete_statement",
    "import_statement",
    "import_from_statement",
    "function_definition",
    "class_definition",
    "decorated_definition",
    "pass_statement",
    "break_statement",
    "continue_statement",
    "global_statement",
    "nonlocal_statement",
    "match_statement",
    "future_import_statement",
    "print_statement",
    "exec_statement",
    "type_alias_statement",
];

pub(crate) fn is_statement(node: Node<'_>) -> bool {
    STATEMENTS.contains(&node.kind())
}

impl PyFile {
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let mut parser = Parser::new();
        parser
            .set_language(&tree_sitter_python::LANGUAGE.into())
            .expect("the grammar is built for this tree-sitter");
        let tree = parser
            .parse(text, None)
            .expect("a parser with a language and no deadline answers");
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tree,
            line_starts,
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub(crate) fn has_error(&self) -> bool {
        self.root().has_error()
    }

    pub(crate) fn text_of(&self, node: Node<'_>) -> &str {
        &self.text[node.byte_range()]
    }

    /// The text of a 1-based line, without its end.
    pub(crate) fn line(&self, line: u32) -> Option<&str> {
        let start = *self.line_starts.get(line.checked_sub(1)? as usize)?;
        self.text[start..].lines().next().or(Some(""))
    }

    /// Byte offset of (1-based line, 0-based byte column).
    pub(crate) fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let start = *self.line_starts.get(line.checked_sub(1)? as usize)?;
        let offset = start + column as usize;
        (offset <= self.text.len() && self.text.is_char_boundary(offset)).then_some(offset)
    }

    /// 1-based line of a byte offset.
    pub(crate) fn line_of(&self, offset: usize) -> u32 {
        self.line_starts.partition_point(|s| *s <= offset) as u32
    }

    /// The white space at the start of the line on which a node begins.
    pub(crate) fn indent_of(&self, node: Node<'_>) -> &str {
        let line = self
            .line(self.line_of(node.start_byte()))
            .unwrap_or_default();
        &line[..line.len() - line.trim_start().len()]
    }

    /// The start of the line on which a node begins.
    pub(crate) fn line_start_of(&self, node: Node<'_>) -> usize {
        self.line_starts[self.line_of(node.start_byte()) as usize - 1]
    }

    /// The innermost function definition around a line.
    pub(crate) fn function_at(&self, line: u32) -> Option<Node<'_>> {
        ancestors(self.first_of(line)?).find(|n| n.kind() == "function_definition")
    }

    /// The smallest node at the first character of a line that is no white space.
    fn first_of(&self, line: u32) -> Option<Node<'_>> {
        let text = self.line(line)?;
        let start = self.line_starts[line as usize - 1] + (text.len() - text.trim_start().len());
        self.root().descendant_for_byte_range(start, start)
    }

    /// The smallest node that is exactly the span (lines 1-based, columns 0-based bytes), or else covers it.
    pub(crate) fn node_at(&self, span: Span) -> Option<Node<'_>> {
        let start = self.offset(span.0, span.2)?;
        let end = self.offset(span.1, span.3)?;
        let mut node = self.root().named_descendant_for_byte_range(start, end)?;
        // `(x)` and `x` of an expression statement share a range: take the outermost that is still an expression.
        while let Some(parent) = node.parent() {
            if parent.byte_range() == node.byte_range()
                && !is_statement(parent)
                && parent.kind() != "block"
                && parent.kind() != "module"
            {
                node = parent;
            } else {
                break;
            }
        }
        Some(node)
    }

    /// The innermost statement at a line: the simple one that covers it, or the compound one whose header does.
    pub(crate) fn statement_at(&self, line: u32) -> Option<Node<'_>> {
        ancestors(self.first_of(line)?).find(|n| is_statement(*n))
    }

    /// The class that directly holds a function.
    pub(crate) fn class_of<'a>(&'a self, function: Node<'a>) -> Option<Node<'a>> {
        ancestors(function)
            .skip(1)
            .find(|n| matches!(n.kind(), "class_definition" | "function_definition"))
            .filter(|n| n.kind() == "class_definition")
    }

    /// The name of a function or class definition.
    pub(crate) fn name_of(&self, definition: Node<'_>) -> &str {
        definition
            .child_by_field_name("name")
            .map_or("", |n| self.text_of(n))
    }

    /// The parameters of a function.
    pub(crate) fn parameters(&self, function: Node<'_>) -> Vec<Parameter> {
        let Some(list) = function.child_by_field_name("parameters") else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut keyword_only = false;
        for child in children(list) {
            let mut parameter = Parameter {
                name: String::new(),
                default: None,
                annotation: None,
                kind: ParameterKind::Plain,
            };
            let named = match child.kind() {
                "identifier" => Some(child),
                "typed_parameter" => {
                    parameter.annotation = child
                        .child_by_field_name("type")
                        .map(|t| self.text_of(t).to_owned());
                    child.named_child(0)
                }
                "default_parameter" | "typed_default_parameter" => {
                    parameter.annotation = child
                        .child_by_field_name("type")
                        .map(|t| self.text_of(t).to_owned());
                    parameter.default = child
                        .child_by_field_name("value")
                        .map(|v| self.text_of(v).to_owned());
                    child.child_by_field_name("name")
                }
                "list_splat_pattern" | "dictionary_splat_pattern" => Some(child),
                "keyword_separator" => {
                    keyword_only = true;
                    None
                }
                _ => None,
            };
            let Some(named) = named else { continue };
            if keyword_only {
                parameter.kind = ParameterKind::KeywordOnly;
            }
            match named.kind() {
                "list_splat_pattern" => {
                    parameter.kind = ParameterKind::Args;
                    keyword_only = true;
                }
                "dictionary_splat_pattern" => parameter.kind = ParameterKind::Kwargs,
                _ => {}
            }
            parameter.name = self.text_of(named).trim_start_matches('*').to_owned();
            out.push(parameter);
        }
        out
    }
}

/// Where an expression stands: first line, last line (1-based), first column, end column (0-based bytes).
pub(crate) type Span = (u32, u32, u32, u32);

/// A parameter of a function definition.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) default: Option<String>,
    pub(crate) annotation: Option<String>,
    pub(crate) kind: ParameterKind,
}

/// How a parameter takes its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Plain,
    KeywordOnly,
    Args,
    Kwargs,
}

/// A node and those around it, inside out.
pub(crate) fn ancestors(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(Some(node), |n| n.parent())
}

/// Whether a node is what its parent has under a field's name.
pub(crate) fn is_field(node: Node<'_>, name: &str) -> bool {
    node.parent()
        .and_then(|p| p.child_by_field_name(name))
        .is_some_and(|child| child.id() == node.id())
}

/// Whether a node lies in another one, or is it.
pub(crate) fn is_in(node: Node<'_>, around: Option<Node<'_>>) -> bool {
    around.is_some_and(|a| a.start_byte() <= node.start_byte() && node.end_byte() <= a.end_byte())
}

/// The named children of a node, comments left out.
pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    // By a cursor: asking for the n-th child walks over all before it, and a hostile list has a million.
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|n| n.kind() != "comment")
        .collect()
}

/// The statements of a function's body, but for texts that stand alone, as its docstring does.
pub(crate) fn statements_of(function: Node<'_>) -> Vec<Node<'_>> {
    let body = function.child_by_field_name("body").map(children);
    let mut statements = body.unwrap_or_default();
    statements.retain(|s| {
        s.kind() != "expression_statement" || s.named_child(0).is_none_or(|n| n.kind() != "string")
    });
    statements
}

/// The exceptions that an `except` clause names; a bare one names none.
pub(crate) fn exceptions_of(clause: Node<'_>) -> Vec<Node<'_>> {
    let parts = children(clause).into_iter().filter(|n| n.kind() != "block");
    let types = parts.map(|n| match n.kind() {
        "as_pattern" => n.named_child(0).unwrap_or(n),
        _ => n,
    });
    types
        .flat_map(|n| match n.kind() {
            "tuple" => children(n),
            _ => vec![n],
        })
        .collect()
}

/// All nodes below (and with) a node, in source order, without recursion.
pub(crate) fn descendants(node: Node<'_>) -> Vec<Node<'_>> {
    descendants_by(node, |_| true)
}

/// Like [`descendants`], but not into nested functions, classes and lambdas.
pub(crate) fn own_descendants(node: Node<'_>) -> Vec<Node<'_>> {
    let scopes = ["function_definition", "class_definition", "lambda"];
    descendants_by(node, |n| n.id() == node.id() || !scopes.contains(&n.kind()))
}

fn descendants_by<'t>(node: Node<'t>, is_entered: impl Fn(Node<'t>) -> bool) -> Vec<Node<'t>> {
    let mut out = Vec::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        out.push(node);
        if is_entered(node) {
            stack.extend(children(node).into_iter().rev());
        }
    }
    out
}

/// Names that Python itself gives.
pub(crate) const BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "__import__",
    "__name__",
    "__file__",
    "Exception",
    "BaseException",
    "BaseExceptionGroup",
    "ExceptionGroup",
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BufferError",
    "EOFError",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "Ellipsis",
    "DeprecationWarning",
    "UserWarning",
    "RuntimeWarning",
    "EnvironmentError",
    "ConnectionError",
    "anext",
    "aiter",
];

/// The names that a piece of code reads but does not bind itself, in order of appearance.
pub(crate) fn free_names(file: &PyFile, node: Node<'_>) -> Vec<String> {
    let mut read = Vec::new();
    let mut bound = Vec::new();
    for n in descendants(node) {
        if n.kind() != "identifier" {
            continue;
        }
        let name = file.text_of(n).to_owned();
        let Some(parent) = n.parent() else { continue };
        let is_field = |field: &str| is_field(n, field);
        match parent.kind() {
            "attribute" if is_field("attribute") => continue,
            "keyword_argument" if is_field("name") => continue,
            "function_definition" | "class_definition" if is_field("name") => bound.push(name),
            "default_parameter" | "typed_default_parameter" if is_field("name") => bound.push(name),
            "parameters"
            | "lambda_parameters"
            | "list_splat_pattern"
            | "dictionary_splat_pattern"
            | "typed_parameter" => bound.push(name),
            "as_pattern_target" | "dotted_name" | "aliased_import" => bound.push(name),
            "for_in_clause" | "for_statement" if is_field("left") => bound.push(name),
            "pattern_list" | "tuple_pattern" | "list_pattern" => bound.push(name),
            "assignment" | "named_expression" if is_field("left") || is_field("name") => {
                bound.push(name)
            }
            _ => read.push(name),
        }
    }
    let mut out: Vec<String> = Vec::new();
    for name in read {
        if !bound.contains(&name) && !BUILTINS.contains(&name.as_str()) && !out.contains(&name) {
            out.push(name);
        }
    }
    out
}
