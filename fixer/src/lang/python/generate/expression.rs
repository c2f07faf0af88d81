//! Edit forms within an expression.

use tree_sitter::Node;

use super::{Bad, Edit, Proposal, Site, Target, bad::Fault, bad::call_arguments, proposal};
use crate::lang::python::source::{PyFile, ancestors, children, descendants, is_statement};

/// `a[1] == "x"` in a condition becomes `len(a) > 1 and a[1] == "x"`.
pub(super) fn conjoin(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some((atom, certain)) = atom(target.failing) else { return out };
    let text = wrapped_for_and(file, atom);
    let weight = bad.weight * if certain { 1.0 } else { 0.8 };
    out.push(proposal(vec![Edit::replace(atom, format!("{} and {text}", bad.good))], "guard the condition", 0.9 * weight));
    out.push(proposal(vec![Edit::replace(atom, format!("({} or {text})", bad.bad))], "let the condition hold", 0.3 * weight));
    out
}

/// The operand of a condition that holds a node, and whether it surely is a condition.
fn atom(node: Node<'_>) -> Option<(Node<'_>, bool)> {
    let mut at = node;
    loop {
        let parent = at.parent()?;
        let is_field = |name: &str| parent.child_by_field_name(name).is_some_and(|c| c.id() == at.id());
        match parent.kind() {
            "boolean_operator" => return Some((at, true)),
            "if_statement" | "elif_clause" | "while_statement" if is_field("condition") => return Some((at, true)),
            "if_clause" | "assert_statement" | "not_operator" => return Some((at, true)),
            "conditional_expression" if parent.named_child(1).is_some_and(|c| c.id() == at.id()) => return Some((at, true)),
            "return_statement" if matches!(at.kind(), "comparison_operator") => return Some((at, false)),
            "parenthesized_expression" | "comparison_operator" | "attribute" | "subscript" | "call" | "binary_operator" | "unary_operator" | "argument_list" | "await" => at = parent,
            "list_comprehension" | "generator_expression" | "set_comprehension" if matches!(at.kind(), "comparison_operator") => return Some((at, false)),
            _ => return None,
        }
    }
}

fn wrapped_for_and(file: &PyFile, node: Node<'_>) -> String {
    let text = file.text_of(node);
    match node.kind() {
        "boolean_operator" if text.contains(" or ") => format!("({text})"),
        "conditional_expression" | "lambda" | "named_expression" => format!("({text})"),
        _ => text.to_owned(),
    }
}

/// The failing value replaced: `(x or D)`, `E if good else D`.
pub(super) fn substitute(site: &Site<'_>, target: &Target<'_>, bad: &Bad) -> Vec<Proposal> {
    let file = site.file;
    let mut out = Vec::new();
    let Some(node) = file.root().named_descendant_for_byte_range(bad.start, bad.end) else { return out };
    if bad.fault == Fault::None && bad.good == bad.text {
        for (default, fit) in defaults(site, target, node) {
            let text = or_default(file, node, default);
            // `(x or "").strip()` elsewhere in the file is how its authors take a missing text.
            let used = node.parent().filter(|p| p.kind() == "attribute").and_then(|p| p.child_by_field_name("attribute")).map(|a| format!(" or {default}).{}", file.text_of(a)));
            let witness = used.and_then(|u| precedent(site, &u));
            let fit = if witness.is_some() { 1.0 } else { 0.8 * fit };
            out.push(Proposal { witness, value: Some(default.to_owned()), ..proposal(vec![Edit::replace(node, text)], "default for a missing value", 0.85 * fit) });
            let method = node.child_by_field_name("function").and_then(|f| f.child_by_field_name("attribute")).map_or("", |a| file.text_of(a));
            if let ("get", [only]) = (method, call_arguments(node).as_slice()) {
                out.push(proposal(vec![Edit::insert(only.end_byte(), format!(", {default}"))], "default for a missing value", 0.7 * bad.weight * fit));
            }
        }
    }
    if bad.fault == Fault::Type && bad.good.ends_with(", str)") {
        out.push(proposal(vec![Edit::replace(node, format!("str({})", bad.text))], "convert to a string", 0.45 * bad.weight));
    }
    // The whole operand, conditional on the value: the largest expression that needs it and is not the statement's target.
    let whole = operand(target.failing, target.statement);
    for (default, fit) in results(site, target, whole) {
        let text = format!("{} if {} else {default}", file.text_of(whole), bad.good);
        let bare = whole.parent().is_some_and(|p| matches!(p.kind(), "assignment" | "return_statement" | "parenthesized_expression"));
        let text = if bare { text } else { format!("({text})") };
        out.push(Proposal { value: Some(default.to_owned()), ..proposal(vec![Edit::replace(whole, text)], "conditional value", 0.5 * bad.weight * fit) });
    }
    // The item that the wrong value gives rise to is left out of its comprehension.
    if let Some(comprehension) = ancestors(target.failing).take_while(|n| !is_statement(*n)).find(|n| n.kind().ends_with("comprehension") || n.kind() == "generator_expression") {
        if let Some(last) = children(comprehension).last() {
            if last.kind() != "if_clause" {
                out.push(proposal(vec![Edit::insert(last.end_byte(), format!(" if {}", bad.good))], "leave the item out", 0.7 * bad.weight));
            } else if let Some(condition) = last.named_child(0) {
                out.push(proposal(vec![Edit::replace(condition, format!("{} and {}", bad.good, wrapped_for_and(file, condition)))], "leave the item out", 0.6 * bad.weight));
            }
        }
    }
    out
}

fn or_default(file: &PyFile, node: Node<'_>, default: &str) -> String {
    let text = format!("{} or {default}", file.text_of(node));
    let bare = node.parent().is_some_and(|p| match p.kind() {
        "for_statement" | "for_in_clause" => true,
        "argument_list" | "assignment" | "return_statement" | "keyword_argument" | "parenthesized_expression" => true,
        _ => false,
    });
    if bare { text } else { format!("({text})") }
}

/// Neutral values for an operand, by how it is used, with how well they fit.
fn defaults(site: &Site<'_>, target: &Target<'_>, node: Node<'_>) -> Vec<(&'static str, f64)> {
    let file = site.file;
    let Some(parent) = node.parent() else { return Vec::new() };
    let message = site.error.message.as_str();
    let attribute = parent.child_by_field_name("attribute").map_or("", |a| file.text_of(a));
    if parent.kind() == "attribute" {
        return match attribute {
            "items" | "keys" | "values" | "get" | "update" | "copy" | "pop" => vec![("{}", 1.0)],
            "append" | "extend" | "sort" => vec![("[]", 0.8)],
            _ => vec![("\"\"", 0.9)],
        };
    }
    if message.contains("not iterable") || message.contains("len()") || matches!(parent.kind(), "for_statement" | "for_in_clause") {
        return vec![("[]", 1.0), ("\"\"", 0.3), ("{}", 0.3)];
    }
    if message.contains("subscriptable") {
        let index = parent.child_by_field_name("subscript").map_or("", |n| n.kind());
        return match index {
            "slice" | "integer" => vec![("[]", 0.9), ("\"\"", 0.5)],
            "string" => vec![("{}", 0.9)],
            _ => vec![("{}", 0.6), ("[]", 0.3), ("\"\"", 0.3)],
        };
    }
    if message.contains("expected string or bytes") || message.contains("to str") || message.contains("str instance") {
        return vec![("\"\"", 1.0)];
    }
    if message.contains("unsupported operand") || message.contains("not supported between") || message.contains("int() argument") || message.contains("float() argument") {
        let string = message.contains("'str'");
        return if string { vec![("\"\"", 0.9)] } else { vec![("0", 0.8), ("\"\"", 0.2), ("[]", 0.3)] };
    }
    if target.failing.kind() == "call" {
        return vec![("\"\"", 0.5), ("[]", 0.4), ("{}", 0.4), ("0", 0.3)];
    }
    vec![("\"\"", 0.5), ("[]", 0.4), ("0", 0.4), ("{}", 0.4)]
}

/// Values that may stand for a whole expression.
fn results(site: &Site<'_>, target: &Target<'_>, whole: Node<'_>) -> Vec<(&'static str, f64)> {
    let numeric = matches!(site.error.type_name.as_str(), "ZeroDivisionError") || matches!(whole.kind(), "binary_operator");
    let mut out: Vec<(&'static str, f64)> = vec![("None", 0.8), ("\"\"", 0.6), ("0", if numeric { 1.0 } else { 0.4 }), ("[]", 0.4), ("{}", 0.3), ("False", 0.4)];
    if site.error.type_name == "ZeroDivisionError" {
        out.push(("0.0", 0.9));
        out.push(("1", 0.3));
    }
    // What the function gives back elsewhere is likelier than what it never does.
    if let Some(function) = target.function {
        let returned = returned_values(site.file, function);
        for (value, fit) in &mut out {
            if returned.iter().any(|r| r.trim_matches(['"', '\'']) == value.trim_matches('"')) && whole.parent().is_some_and(|p| p.kind() == "return_statement") {
                *fit = (*fit + 0.5).min(1.2);
            }
        }
    }
    out
}

/// The values that a function returns, as source.
pub(super) fn returned_values(file: &PyFile, function: Node<'_>) -> Vec<String> {
    let nodes = crate::lang::python::source::own_descendants(function);
    nodes.into_iter().filter(|n| n.kind() == "return_statement").map(|n| n.named_child(0).map_or("None".to_owned(), |v| file.text_of(v).to_owned())).collect()
}

/// The largest expression that holds a node and is a whole operand: an argument, a right side, a returned value.
fn operand<'a>(node: Node<'a>, statement: Node<'a>) -> Node<'a> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        if parent.id() == statement.id() || is_statement(parent) {
            break;
        }
        let is_right = parent.child_by_field_name("right").is_some_and(|r| r.id() == at.id());
        if matches!(parent.kind(), "argument_list" | "keyword_argument" | "pair" | "list" | "tuple" | "if_clause" | "for_in_clause" | "list_comprehension" | "generator_expression" | "dictionary" | "interpolation" | "boolean_operator" | "expression_list" | "conditional_expression" | "lambda") {
            break;
        }
        if matches!(parent.kind(), "assignment" | "augmented_assignment" | "named_expression") {
            return if is_right { at } else { node };
        }
        at = parent;
    }
    at
}

/// Forms for one kind of crash each.
pub(super) fn special(site: &Site<'_>, target: &Target<'_>) -> Vec<Proposal> {
    let file = site.file;
    let failing = target.failing;
    let message = site.error.message.as_str();
    let field = |name: &str| failing.child_by_field_name(name);
    let mut out = Vec::new();
    match site.error.type_name.as_str() {
        "KeyError" if failing.kind() == "subscript" => {
            if let Some((map, key)) = field("value").zip(field("subscript")) {
                let (map, key) = (file.text_of(map), file.text_of(key));
                out.push(proposal(vec![Edit::replace(failing, format!("{map}.get({key})"))], "optional key", 0.6));
                for default in ["\"\"", "0", "[]", "{}", "False"] {
                    out.push(proposal(vec![Edit::replace(failing, format!("{map}.get({key}, {default})"))], "optional key with a default", 0.3));
                }
                for (default, witness) in elsewhere(site, key) {
                    let text = if default.is_empty() { format!("{map}.get({key})") } else { format!("{map}.get({key}, {default})") };
                    out.push(Proposal { witness: Some(witness), ..proposal(vec![Edit::replace(failing, text)], "optional key, as elsewhere", 0.95) });
                }
                for default in ["[]", "{}", "None", "0"] {
                    out.push(proposal(vec![Edit::replace(failing, format!("{map}.setdefault({key}, {default})"))], "create the key", 0.25));
                }
            }
        }
        "KeyError" if failing.kind() == "call" => {
            let method = field("function").and_then(|f| f.child_by_field_name("attribute")).map_or("", |a| file.text_of(a));
            if let ("pop", [only]) = (method, call_arguments(failing).as_slice()) {
                out.push(proposal(vec![Edit::insert(only.end_byte(), ", None")], "optional key", 0.75));
            }
        }
        "IndexError" if failing.kind() == "subscript" => {
            if let Some((list, index)) = field("value").zip(field("subscript")) {
                let (list_text, index) = (file.text_of(list), file.text_of(index));
                let is_string = site.frame.probes.get(list_text).is_some_and(|k| k.type_name == "str");
                if let (true, Ok(n)) = (is_string, index.parse::<i64>()) {
                    let slice = if n == -1 { format!("{list_text}[-1:]") } else { format!("{list_text}[{n}:{}]", n + 1) };
                    out.push(proposal(vec![Edit::replace(failing, slice)], "slice instead of an index", 0.7));
                }
            }
        }
        "ValueError" | "StopIteration" | "TypeError" if failing.kind() == "call" => {
            let function = field("function").map_or("", |f| file.text_of(f));
            let arguments = call_arguments(failing);
            if matches!(function, "max" | "min") && message.contains("empty") {
                let numbers = if sized(file, failing) { 0.9 } else { 0.6 };
                for (default, fit) in [("0", numbers), ("None", 0.5), ("\"\"", 0.2)] {
                    if let [only] = arguments.as_slice() {
                        let text = if only.kind() == "generator_expression" && file.text_of(*only).starts_with('(') && only.start_byte() == failing.end_byte() - file.text_of(*only).len() {
                            format!("{function}({}, default={default})", file.text_of(*only))
                        } else {
                            format!("{function}({}, default={default})", file.text_of(*only))
                        };
                        out.push(Proposal { witness: precedent(site, &format!("default={default}")), value: Some(default.to_owned()), ..proposal(vec![Edit::replace(failing, text)], "default for an empty sequence", fit) });
                    } else if let Some(last) = arguments.last() {
                        out.push(proposal(vec![Edit::insert(last.end_byte(), format!(", default={default}"))], "default for an empty sequence", fit));
                    }
                }
            }
            if function == "next" && site.error.type_name == "StopIteration" {
                if let [only] = arguments.as_slice() {
                    out.push(proposal(vec![Edit::replace(*only, format!("{}, None", wrapped_generator(file, *only)))], "default for an exhausted iterator", 0.7));
                }
            }
            if function.ends_with(".join") && message.contains("sequence item") {
                if let [only] = arguments.as_slice() {
                    join_items(site, *only, &mut out);
                }
            }
            if matches!(function, "sorted" | "sum" | "max" | "min" | "any" | "all" | "set") && message.contains("NoneType") {
                if let Some(first) = arguments.first() {
                    if first.kind() == "identifier" || first.kind() == "attribute" {
                        out.push(proposal(vec![Edit::replace(*first, format!("[item for item in {} if item is not None]", file.text_of(*first)))], "leave the missing items out", 0.55));
                    }
                }
            }
            unexpected_keyword(site, target, &mut out);
        }
        "RuntimeError" if message.contains("changed size during iteration") || message.contains("mutated during iteration") => {
            if let Some(iterated) = target.statement.child_by_field_name("right") {
                out.push(proposal(vec![Edit::replace(iterated, format!("list({})", file.text_of(iterated)))], "iterate over a copy", 0.9));
            }
        }
        "UnicodeDecodeError" | "UnicodeEncodeError" if failing.kind() == "call" => {
            let method = field("function").and_then(|f| f.child_by_field_name("attribute")).map_or("", |a| file.text_of(a));
            let arguments = call_arguments(failing);
            if matches!(method, "decode" | "encode") && !arguments.iter().any(|a| file.text_of(*a).starts_with("errors")) {
                let text = if arguments.is_empty() { "errors=\"replace\"".to_owned() } else { ", errors=\"replace\"".to_owned() };
                out.push(proposal(vec![Edit::insert(failing.end_byte() - 1, text)], "replace what cannot be coded", 0.5));
                if arguments.len() == 1 {
                    out.push(proposal(vec![Edit::replace(arguments[0], "\"utf-8\"")], "another encoding", 0.4));
                }
            }
        }
        "UnboundLocalError" => unbound_local(site, target, &mut out),
        "NameError" => missing_import(site, target, &mut out),
        _ => {}
    }
    if site.error.type_name == "ValueError" && message.contains("too many values to unpack") {
        for call in descendants(target.statement).into_iter().filter(|n| n.kind() == "call") {
            let method = call.child_by_field_name("function").and_then(|f| f.child_by_field_name("attribute")).map_or("", |a| file.text_of(a));
            let left = target.statement.named_child(0).and_then(|a| a.child_by_field_name("left")).map_or(0, |l| children(l).len());
            if let (true, [only], true) = (matches!(method, "split" | "rsplit"), call_arguments(call).as_slice(), left > 1) {
                out.push(proposal(vec![Edit::insert(only.end_byte(), format!(", {}", left - 1))], "split at most as often as needed", 0.85));
            }
        }
    }
    if site.error.type_name == "AttributeError" && failing.kind() == "attribute" {
        if let Some((object, name)) = field("object").zip(field("attribute")) {
            if failing.parent().is_none_or(|p| p.kind() != "call" || p.child_by_field_name("function").is_none_or(|f| f.id() != failing.id())) {
                let (object, name) = (file.text_of(object), file.text_of(name));
                for (default, fit) in [("None", 0.55), ("\"\"", 0.25), ("False", 0.3), ("[]", 0.25)] {
                    out.push(proposal(vec![Edit::replace(failing, format!("getattr({object}, \"{name}\", {default})"))], "optional attribute", fit));
                }
            }
        }
    }
    index_bounds(site, target, &mut out);
    out
}

fn wrapped_generator(file: &PyFile, node: Node<'_>) -> String {
    let text = file.text_of(node);
    if node.kind() == "generator_expression" && !text.starts_with('(') { format!("({text})") } else { text.to_owned() }
}

/// Whether a call is about lengths: then 0 is the neutral element.
fn sized(file: &PyFile, call: Node<'_>) -> bool {
    let text = file.text_of(call);
    text.contains("len(") || text.contains("width") || text.contains("count") || text.contains("size")
}

/// `sep.join(x)` with items that are no strings.
fn join_items(site: &Site<'_>, argument: Node<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let text = file.text_of(argument);
    let none = site.error.message.contains("NoneType");
    if matches!(argument.kind(), "generator_expression" | "list_comprehension") {
        let parts = children(argument);
        if let (Some(body), Some(last)) = (parts.first(), parts.last()) {
            if none && last.kind() != "if_clause" {
                out.push(proposal(vec![Edit::insert(last.end_byte(), format!(" if {} is not None", file.text_of(*body)))], "leave the missing items out", 0.6));
                out.push(proposal(vec![Edit::insert(last.end_byte(), format!(" if {}", file.text_of(*body)))], "leave the missing items out", 0.5));
            }
            out.push(proposal(vec![Edit::replace(*body, format!("str({})", file.text_of(*body)))], "convert the items to strings", if none { 0.15 } else { 0.8 }));
        }
        return;
    }
    if none {
        out.push(proposal(vec![Edit::replace(argument, format!("item for item in {text} if item is not None"))], "leave the missing items out", 0.65));
        out.push(proposal(vec![Edit::replace(argument, format!("item for item in {text} if item"))], "leave the missing items out", 0.5));
        out.push(proposal(vec![Edit::replace(argument, format!("item or \"\" for item in {text}"))], "empty string for a missing item", 0.3));
    }
    out.push(proposal(vec![Edit::replace(argument, format!("map(str, {text})"))], "convert the items to strings", if none { 0.15 } else { 0.8 }));
}

/// `f() got an unexpected keyword argument 'x'`: the argument is not passed.
fn unexpected_keyword(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let Some(at) = site.error.message.find("unexpected keyword argument '") else { return };
    let name = site.error.message[at + 29..].split('\'').next().unwrap_or_default();
    let arguments = call_arguments(target.failing);
    for (n, argument) in arguments.iter().enumerate() {
        if argument.kind() == "keyword_argument" && argument.child_by_field_name("name").is_some_and(|k| site.file.text_of(k) == name) {
            let (start, end) = if n > 0 { (arguments[n - 1].end_byte(), argument.end_byte()) } else { (argument.start_byte(), arguments.get(1).map_or(argument.end_byte(), |a| a.start_byte())) };
            out.push(proposal(vec![Edit { start, end, text: String::new() }], "drop an argument that the callee does not know", 0.4));
        }
    }
}

/// How the repository reads the same key elsewhere: `.get(key)` and `.get(key, D)`.
fn elsewhere(site: &Site<'_>, key: &str) -> Vec<(String, String)> {
    let bare = key.trim_matches(['"', '\'']);
    if bare == key && !key.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
        return Vec::new();
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let folder = crate::lang::python::project::parent(&site.file.path).to_owned();
    let mut files: Vec<String> = site.project.sources().filter(|p| crate::lang::python::project::parent(p) == folder).map(str::to_owned).collect();
    files.sort_by_key(|p| *p != site.file.path);
    for path in files.into_iter().take(40) {
        if !site.project.read(&path).is_some_and(|t| t.contains(".get(") && t.contains(bare)) {
            continue;
        }
        let Some(file) = site.project.file(&path) else { continue };
        for call in descendants(file.root()).into_iter().filter(|n| n.kind() == "call") {
            let method = call.child_by_field_name("function").and_then(|f| f.child_by_field_name("attribute")).map_or("", |a| file.text_of(a));
            let arguments = call_arguments(call);
            if method == "get" && arguments.first().is_some_and(|a| file.text_of(*a).trim_matches(['"', '\'']) == bare) && arguments.len() <= 2 {
                let default = arguments.get(1).map_or(String::new(), |a| file.text_of(*a).to_owned());
                let simple = default.len() <= 20 && !default.contains('(');
                if simple && !out.iter().any(|(d, _)| *d == default) {
                    out.push((default, format!("{path}:{} reads it so", file.line_of(call.start_byte()))));
                }
            }
        }
    }
    out
}

/// Where the file itself does the same.
fn precedent(site: &Site<'_>, text: &str) -> Option<String> {
    let at = site.file.text.find(text)?;
    Some(format!("{}:{} does so", site.file.path, site.file.line_of(at)))
}

/// A local that one path leaves unset gets a value at the start.
fn unbound_local(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let Some(name) = site.error.message.split('\'').nth(1) else { return };
    let Some(body) = target.function.and_then(|f| f.child_by_field_name("body")) else { return };
    // Before the compound statement of the body in which it is bound.
    let binds = |n: &Node<'_>| descendants(*n).iter().any(|d| d.kind() == "assignment" && d.child_by_field_name("left").is_some_and(|l| file.text_of(l) == name));
    let Some(first) = children(body).into_iter().find(binds) else { return };
    let indent = file.indent_of(first).to_owned();
    for (value, fit) in [("None", 0.6), ("\"\"", 0.35), ("[]", 0.3), ("{}", 0.3), ("0", 0.35), ("False", 0.3)] {
        out.push(proposal(vec![Edit::insert(file.line_start_of(first), format!("{indent}{name} = {value}\n"))], "value for a local that was never set", fit));
    }
}

/// A name that the standard library or the repository defines, and the file forgot to import.
fn missing_import(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    let file = site.file;
    let Some(name) = site.error.message.split('\'').nth(1) else { return };
    if let Some(import) = site.project.import_of(name, &[file.path.clone()]) {
        let own = site.project.module_of(&file.path).is_some_and(|m| import.contains(&format!("from {m} import")));
        let last = children(file.root()).into_iter().filter(|n| n.kind().starts_with("import")).last();
        let at = last.map_or(0, |n| n.end_byte());
        let text = if last.is_some() { format!("\n{import}") } else { format!("{import}\n") };
        if !own {
            out.push(proposal(vec![Edit::insert(at, text)], "import a name that is used", 0.85));
        }
    }
    // A misspelt name: the one in scope that differs in a letter or two.
    let mut near: Vec<&String> = site.frame.locals.keys().filter(|k| k.as_str() != name && distance(k, name) <= 2.min(name.len() / 3)).collect();
    near.sort_by_key(|k| distance(k, name));
    for other in near.into_iter().take(3) {
        for node in descendants(target.statement).into_iter().filter(|n| n.kind() == "identifier" && file.text_of(*n) == name) {
            out.push(proposal(vec![Edit::replace(node, other.clone())], "a misspelt name", 0.7));
        }
    }
}

/// Levenshtein's distance (1966), over characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// A loop or condition that runs one step too far: `<=` for `<`.
fn index_bounds(site: &Site<'_>, target: &Target<'_>, out: &mut Vec<Proposal>) {
    if site.error.type_name != "IndexError" {
        return;
    }
    let file = site.file;
    let around = ancestors(target.statement).take_while(|n| n.kind() != "function_definition").filter(|n| matches!(n.kind(), "while_statement" | "if_statement"));
    for condition in around.filter_map(|n| n.child_by_field_name("condition")) {
        for comparison in descendants(condition).into_iter().filter(|n| n.kind() == "comparison_operator") {
            for n in 0..comparison.child_count() {
                let Some(operator) = comparison.child(n as u32).filter(|c| !c.is_named()) else { continue };
                let other = match file.text_of(operator) {
                    "<=" => "<",
                    ">=" => ">",
                    _ => continue,
                };
                out.push(proposal(vec![Edit::replace(operator, other)], "off by one in a bound", 0.45));
            }
        }
    }
}
