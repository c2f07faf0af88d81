//! Python for the code search: a file as functions, classes and what is left of its module, and the symbols in it.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

use crate::search::{Chunk, ChunkKind, Role, Symbol};

/// Time to parse one file. Honest files take milliseconds; there are texts on which error recovery takes ages.
const MAX_PARSE_TIME: Duration = Duration::from_secs(5);

/// Classes in classes beyond this depth belong to the outer one: nobody writes them, and each line is counted once a level.
const MAX_NESTING: usize = 8;

/// A docstring's beginning says what a thing is.
const MAX_DOC_BYTES: usize = 2000;

/// Cuts a file at functions and classes; each line belongs to one chunk. `None` where it cannot be parsed in time.
///
/// A method is a chunk of its own; a function in a function is part of the outer one. What is left of a class, and of
/// the module, is a chunk too, with the lines of others left empty.
pub(crate) fn chunks(text: &str) -> Option<Vec<Chunk>> {
    let tree = parse(text)?;
    let lines: Vec<&str> = text.lines().collect();
    let n_lines = lines.len().max(1);
    let mut drafts = vec![Draft::default()];
    let mut owner = vec![0; n_lines];
    walk(&tree, |node, around| {
        let Some(draft) = draft(text, node, around) else {
            return;
        };
        let last = draft.end.min(n_lines as u32) as usize;
        owner[draft.start as usize - 1..last].fill(drafts.len());
        drafts.push(draft);
    });
    for symbol in of_tree(text, &tree) {
        let at = owner.get(symbol.line as usize - 1).copied().unwrap_or(0);
        drafts[at].symbols.push(symbol);
    }
    drafts[0].start = 1;
    drafts[0].end = n_lines as u32;
    drafts[0].doc = docstring(text, tree.root_node());
    let made = drafts.into_iter().enumerate().map(|(at, draft)| {
        let own = (draft.start..=draft.end).map(|line| {
            let line = line as usize - 1;
            match owner.get(line) == Some(&at) {
                true => lines.get(line).copied().unwrap_or_default(),
                false => "",
            }
        });
        Chunk {
            text: own.collect::<Vec<_>>().join("\n"),
            kind: draft.kind,
            name: draft.name,
            line: draft.line.max(1),
            start: draft.start,
            end: draft.end,
            doc: draft.doc,
            symbols: draft.symbols,
        }
    });
    Some(made.collect())
}

/// The symbols of a piece of a file, with lines counted from its first. Of code cut anywhere, what can be told.
pub(crate) fn symbols(text: &str) -> Vec<Symbol> {
    // A method by itself is no module until its indentation is gone; lines of a long string may have less of it.
    let first = text.lines().find(|l| !l.trim().is_empty());
    let indent = first.map_or("", |l| {
        &l[..l.len() - l.trim_start_matches([' ', '\t']).len()]
    });
    let flat: Vec<&str> = text
        .lines()
        .map(|l| l.strip_prefix(indent).unwrap_or(l))
        .collect();
    let flat = flat.join("\n");
    parse(&flat).map_or_else(Vec::new, |tree| of_tree(&flat, &tree))
}

fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("the grammar is built for this tree-sitter");
    let started = Instant::now();
    let mut progress = |_: &_| match started.elapsed() > MAX_PARSE_TIME {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _| text.as_bytes().get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options))
}

/// What is known of a chunk before its lines are dealt out.
#[derive(Default)]
struct Draft {
    kind: ChunkKind,
    name: String,
    /// Of `def` or `class`, below decorators.
    line: u32,
    start: u32,
    end: u32,
    doc: String,
    symbols: Vec<Symbol>,
}

/// A node above the one looked at.
#[derive(Clone, Copy)]
struct Above<'t> {
    node: Node<'t>,
    /// Which field of the node above it it is.
    field: Option<&'t str>,
}

/// Visits each node with those above it, outermost first. Without recursion: trees may be as deep as a file is long.
fn walk<'t>(tree: &'t Tree, mut visit: impl FnMut(Node<'t>, &[Above<'t>])) {
    let mut cursor: TreeCursor<'t> = tree.walk();
    let mut around: Vec<Above<'t>> = Vec::new();
    loop {
        around.push(Above {
            node: cursor.node(),
            field: cursor.field_name(),
        });
        visit(cursor.node(), &around);
        if cursor.goto_first_child() {
            continue;
        }
        loop {
            around.pop();
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// The chunk that begins at a node, if one does.
fn draft(text: &str, node: Node<'_>, around: &[Above<'_>]) -> Option<Draft> {
    let kind = match node.kind() {
        "function_definition" => ChunkKind::Function,
        "class_definition" => ChunkKind::Class,
        _ => return None,
    };
    let above = &around[..around.len() - 1];
    let mut names = Vec::new();
    for level in above
        .iter()
        .filter(|a| a.node.kind().ends_with("_definition"))
    {
        match level.node.kind() {
            "function_definition" => return None,
            "class_definition" => names.push(name_of(text, level.node)),
            _ => {}
        }
    }
    if names.len() >= MAX_NESTING {
        return None;
    }
    names.push(name_of(text, node));
    let outer = above
        .last()
        .filter(|a| a.node.kind() == "decorated_definition");
    let start = outer.map_or(node, |a| a.node).start_position().row as u32 + 1;
    let end = node.end_position();
    // A node that ends before the first column of a line does not reach into it.
    let end = end.row as u32 + u32::from(end.column > 0);
    Some(Draft {
        kind,
        name: names.join("."),
        line: node.start_position().row as u32 + 1,
        start,
        end: end.max(start),
        doc: node
            .child_by_field_name("body")
            .map_or_else(String::new, |body| docstring(text, body)),
        symbols: Vec::new(),
    })
}

fn name_of<'a>(text: &'a str, definition: Node<'_>) -> &'a str {
    definition
        .child_by_field_name("name")
        .map_or("", |n| &text[n.byte_range()])
}

/// The string that a block begins with.
fn docstring(text: &str, block: Node<'_>) -> String {
    let mut cursor = block.walk();
    let first = block
        .named_children(&mut cursor)
        .find(|n| n.kind() != "comment")
        .filter(|n| n.kind() == "expression_statement")
        .and_then(|n| n.named_child(0))
        .filter(|n| n.kind() == "string");
    let Some(string) = first else {
        return String::new();
    };
    let doc = text[string.byte_range()].trim_matches(['"', '\'', 'r', 'R', 'u', 'U']);
    doc[..doc.floor_char_boundary(MAX_DOC_BYTES)]
        .trim()
        .to_owned()
}

/// Each identifier with what the code does with it: defines, calls or uses.
///
/// Definitions are functions and classes anywhere, and what a module or a class assigns; a function's variables are
/// nobody else's.
fn of_tree(text: &str, tree: &Tree) -> Vec<Symbol> {
    let mut out = Vec::new();
    walk(tree, |node, around| {
        if node.kind() != "identifier" {
            return;
        }
        let [.., before, parent, own] = around else {
            return;
        };
        let role = match (parent.node.kind(), own.field) {
            ("function_definition" | "class_definition", Some("name")) => Role::Defines,
            ("assignment", Some("left")) if is_shared(around) => Role::Defines,
            ("pattern_list" | "tuple_pattern", _)
                if before.node.kind() == "assignment"
                    && parent.field == Some("left")
                    && is_shared(around) =>
            {
                Role::Defines
            }
            ("call", Some("function")) => Role::Calls,
            ("attribute", Some("attribute"))
                if before.node.kind() == "call" && parent.field == Some("function") =>
            {
                Role::Calls
            }
            _ => Role::Uses,
        };
        out.push(Symbol {
            name: text[node.byte_range()].to_owned(),
            line: node.start_position().row as u32 + 1,
            role,
        });
    });
    out
}

/// Whether a place is outside functions.
fn is_shared(around: &[Above<'_>]) -> bool {
    !around
        .iter()
        .any(|a| matches!(a.node.kind(), "function_definition" | "lambda"))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    const SHOP: &str = r#""""Orders of the shop."""
import json
from shop import money as m

RATE, LIMIT = 3, 4


@m.cached
def total(order, *, tax=RATE):
    """What an order costs."""
    def share(x):
        return m.round(x)
    return sum(share(i.price) for i in order.items)


class Order(Base):
    """One order."""
    kind = "order"

    def __init__(self):
        self.items = load_items()

    class Meta:
        table = 1

print(total(Order()))
"#;

    fn shown(chunks: &[Chunk]) -> Vec<String> {
        let show = |c: &Chunk| {
            format!(
                "{:?} {} {} {}-{} {}",
                c.kind, c.name, c.line, c.start, c.end, c.doc
            )
        };
        chunks.iter().map(show).collect()
    }

    fn named(chunk: &Chunk, role: Role) -> String {
        let symbols = chunk.symbols.iter().filter(|s| s.role == role);
        let symbols = symbols.map(|s| format!("{}:{}", s.name, s.line));
        symbols.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_file_is_cut_at_functions_and_classes() {
        let chunks = chunks(SHOP).unwrap();
        assert_eq!(
            shown(&chunks),
            [
                "Module  1 1-24 Orders of the shop.",
                "Function total 9 8-13 What an order costs.",
                "Class Order 16 16-22 One order.",
                "Function Order.__init__ 20 20-21 ",
                "Class Order.Meta 23 23-24 ",
            ]
            .map(|line| line.replace("16-22", "16-24").replace("1-24", "1-26"))
        );
        let [module, total, order, init, _] = chunks.as_slice() else {
            panic!("five")
        };
        assert_eq!(named(module, Role::Defines), "RATE:5 LIMIT:5");
        assert_eq!(named(module, Role::Calls), "print:26 total:26 Order:26");
        assert_eq!(named(total, Role::Defines), "total:9 share:11");
        assert_eq!(named(total, Role::Calls), "round:12 sum:13 share:13");
        assert_eq!(named(order, Role::Defines), "Order:16 kind:18");
        assert_eq!(named(init, Role::Calls), "load_items:21");
        assert_eq!(
            order.text,
            "class Order(Base):\n    \"\"\"One order.\"\"\"\n    kind = \"order\"\n\n\n\n\n\n"
        );
    }

    #[test]
    fn every_line_of_real_code_is_in_one_chunk_and_its_symbols_are_found_again() {
        // Whatever standard library is here: code that nobody wrote for this test.
        let output = std::process::Command::new("python3")
            .args(["-c", "import json; print(json.__file__)"])
            .output();
        let Some(found) = output.ok().filter(|o| o.status.success()) else {
            eprintln!("skipped: there is no python3");
            return;
        };
        let found = String::from_utf8(found.stdout).unwrap();
        let library = Path::new(found.trim())
            .ancestors()
            .nth(2)
            .unwrap()
            .to_owned();
        let mut n_functions = 0;
        for entry in fs::read_dir(library).unwrap() {
            let Ok(text) = fs::read_to_string(entry.unwrap().path()) else {
                continue;
            };
            let lines: Vec<&str> = text.lines().collect();
            let mut owners = vec![0; lines.len()];
            for chunk in chunks(&text).unwrap() {
                for (line, at) in chunk.text.lines().zip(chunk.start as usize - 1..) {
                    owners[at] += usize::from(!line.is_empty());
                    assert!(line.is_empty() || line == lines[at], "{line}");
                }
                if chunk.kind == ChunkKind::Function {
                    n_functions += 1;
                    let again = symbols(&chunk.text).into_iter().map(|s| Symbol {
                        line: s.line + chunk.start - 1,
                        ..s
                    });
                    assert_eq!(again.collect::<Vec<_>>(), chunk.symbols, "{}", chunk.text);
                }
            }
            let expected: Vec<usize> = lines.iter().map(|l| usize::from(!l.is_empty())).collect();
            assert_eq!(owners, expected);
        }
        assert!(n_functions > 1000, "{n_functions}");
    }

    #[test]
    fn no_text_is_too_much() {
        let deep = format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000));
        let wide = format!("x = [{}]\n", "a, ".repeat(200_000));
        let nested: String = (0..300)
            .map(|n| format!("{}class A{n}:\n", " ".repeat(n)))
            .collect();
        for text in [
            deep.as_str(),
            &wide,
            &nested,
            "",
            "\n",
            "def",
            "class\n@",
            "\u{0}\u{feff}é(",
            "x\r\ny\r",
        ] {
            let n_lines = text.lines().count();
            for chunk in chunks(text).unwrap() {
                assert!(chunk.start >= 1 && chunk.end as usize <= n_lines.max(1));
            }
        }
        assert_eq!(chunks(&nested).unwrap().len(), 1 + MAX_NESTING);
    }
}
