//! Crashes of common kinds, each cured by the edit form for it.

use crate::{
    beside::check_cured,
    rules::{bug_of, check_fix},
};

/// Fixes a crash of a function of `shop/things.py` that is given a value, and checks form and diff.
#[track_caller]
fn check(module: &str, call: &str, generator: &str, line: &str) {
    let name = call.split('(').next().unwrap().split('.').next().unwrap();
    let script =
        format!("from shop.things import {name}\n\n\ndef run():\n    return {call}\n\n\nrun()\n");
    check_fix(&bug_of(module, &script, 0), generator, line);
}

#[test]
fn lazy_values_become_lists() {
    check(
        "def first(sections):\n    \"\"\"The name of the first section.\"\"\"\n    return sections.keys()[0]\n",
        "first({\"main\": 1, \"other\": 2})",
        "make a list of it",
        "+    return list(sections.keys())[0]",
    );
}

#[test]
fn a_tuple_is_formatted_as_one_value() {
    check(
        "def describe(value):\n    \"\"\"The value as people read it.\"\"\"\n    return \"value: %s\" % value\n",
        "describe((1, 2))",
        "format a tuple as one value",
        "% (value,)",
    );
}

#[test]
fn positions_are_whole_numbers() {
    check(
        "def median(values):\n    \"\"\"The middle value.\"\"\"\n    values = sorted(values)\n    middle = len(values) / 2\n    return values[middle]\n",
        "median([3, 1, 2])",
        "divide without a fraction",
        "+    middle = len(values) // 2",
    );
}

#[test]
fn text_and_bytes_are_converted() {
    check(
        "import hashlib\n\n\ndef digest(text):\n    \"\"\"The digest of a text.\"\"\"\n    return hashlib.sha256(text).hexdigest()\n",
        "digest(\"nut\")",
        "convert between text and bytes",
        "+    if isinstance(text, str):",
    );
}

#[test]
fn numbers_are_joined_to_text() {
    check(
        "def label(name, number):\n    \"\"\"The label of a part.\"\"\"\n    return name + \"-\" + number\n",
        "label(\"nut\", 4)",
        "convert an operand to the other's kind",
        "+    return name + \"-\" + str(number)",
    );
}

#[test]
fn a_sum_of_numbers_is_not_made_a_text() {
    let module = "def total(parts, factors):\n    \"\"\"The parts' sum, each with its factor.\"\"\"\n    total = 0\n    for amount, unit in parts:\n        total = total + amount * factors[unit]\n    return total\n";
    let script = "from shop.things import total\n\n\ndef run():\n    return total([(\"1\", \"d\"), (\"2\", \"h\")], {\"d\": 24, \"h\": 1})\n\n\nrun()\n";
    let bug = bug_of(module, script, 3);
    assert!(bug["reproduction"].is_object(), "{bug}");
}

#[test]
fn what_is_not_there_is_not_taken_out() {
    check(
        "class Room:\n    \"\"\"Who is in it.\"\"\"\n\n    def __init__(self):\n        self.guests = []\n\n    def leave(self, guest):\n        \"\"\"The guest is no longer there.\"\"\"\n        self.guests.remove(guest)\n",
        "Room().leave(\"ann\")",
        "take out what is there",
        "+        if guest in self.guests:",
    );
    check(
        "class Room:\n    \"\"\"Who is in it.\"\"\"\n\n    def __init__(self):\n        self.guests = set()\n\n    def leave(self, guest):\n        \"\"\"The guest is no longer there.\"\"\"\n        self.guests.remove(guest)\n",
        "Room().leave(\"ann\")",
        "take out what is there",
        "+        self.guests.discard(guest)",
    );
}

#[test]
fn an_attribute_has_a_value_from_the_start() {
    check(
        "class Client:\n    \"\"\"Talks to a server.\"\"\"\n\n    def __init__(self, host):\n        self.host = host\n\n    def connect(self):\n        self._socket = [self.host]\n\n    def close(self):\n        \"\"\"Ends the connection, if there is one.\"\"\"\n        if self._socket is not None:\n            self._socket = None\n",
        "Client(\"nut\").close()",
        "value for an attribute that was never set",
        "+        self._socket = None",
    );
}

const RECORD: &str = r#""""Rows."""
import copy


class Record:
    """A row whose columns are attributes."""

    def __init__(self, columns):
        self._columns = columns

    def __getattr__(self, name):
        if name in self._columns:
            return self._columns[name]
        raise AttributeError(name)


def copied(columns):
    """A copy of a row."""
    return copy.copy(Record(columns)).size
"#;

#[test]
fn an_object_without_its_attributes_can_be_copied() {
    check(
        RECORD,
        "copied({\"size\": 3})",
        "answer as Python asks",
        "+        if name == \"_columns\":",
    );
}

const TREE: &str = r#""""Trees."""


def names(node):
    """The names of a node and of those below it."""
    out = [node["name"]]
    for child in node["children"]:
        out.extend(names(child))
    return out


def family(name):
    """The names of a parent and a child that know each other."""
    parent = {"name": name, "children": []}
    parent["children"].append({"name": "child", "children": [parent]})
    return names(parent)
"#;

#[test]
fn a_value_that_holds_itself_is_gone_through_once() {
    check(
        TREE,
        "family(\"nut\")",
        "do not go through the same value again",
        "+    if id(node) in _seen:",
    );
}

#[test]
fn names_that_python_took_away_have_others() {
    check(
        "import collections\n\n\ndef is_mapping(value):\n    \"\"\"Whether a value is a mapping.\"\"\"\n    return isinstance(value, collections.Mapping)\n",
        "is_mapping({\"nut\": 3})",
        "another name for what Python took away",
        "collections.abc.Mapping",
    );
    check(
        "def pairs(stock):\n    \"\"\"The names and numbers in order.\"\"\"\n    return sorted(stock.iteritems())\n",
        "pairs({\"nut\": 3})",
        "another name for what Python took away",
        "+    return sorted(stock.items())",
    );
}

const TOTAL: &str = r#""""Sums."""


class ParseError(Exception):
    """The text is no sum."""


def number(tokens):
    if not tokens[0].isdigit():
        raise ParseError("no number: " + tokens[0])
    return int(tokens.pop(0))


def total(text):
    """The sum, or None where the text is none."""
    tokens = text.split()
    try:
        out = number(tokens)
        while tokens:
            tokens.pop(0)
            out += number(tokens)
    except ParseError:
        return None
    return out
"#;

#[test]
fn what_a_caller_handles_is_raised() {
    check(
        TOTAL,
        "total(\"1 + 2 +\")",
        "raise the declared error",
        "+        raise ParseError(",
    );
}

const HEADER: &str = r#""""Headers of files."""
import struct


class FormatError(Exception):
    """The file is none of ours."""


def size(data):
    """The size that a header tells; FormatError where it is none."""
    if not data.startswith(b"SHOP"):
        raise FormatError("no header")
    return struct.unpack("<I", data[4:])[0]
"#;

#[test]
fn what_another_raises_becomes_the_declared_error() {
    check(
        HEADER,
        "size(b\"SHOP-1\")",
        "raise the declared error",
        "+    except struct.error as error:",
    );
}

#[test]
fn text_is_searched_for_as_it_is() {
    check(
        "import re\n\n\ndef mentions(text, name):\n    \"\"\"How often a text has a name as a word.\"\"\"\n    return len(re.findall(r\"\\b\" + name, text))\n",
        "mentions(\"c (c) d\", \"(c\")",
        "search for a text as it is",
        "re.escape(name)",
    );
}

/// What is taken from an empty container may mean anything: nothing is proposed.
#[test]
fn what_is_taken_from_nothing_is_not_guessed() {
    let module = "def unclosed(tokens):\n    \"\"\"Tags that are open at the end.\"\"\"\n    stack = []\n    for token in tokens:\n        if token.startswith(\"/\"):\n            stack.pop()\n        else:\n            stack.append(token)\n    return stack\n";
    let script = "from shop.things import unclosed\n\n\ndef run(tokens):\n    return unclosed(tokens)\n\n\nrun([\"/b\", \"i\"])\n";
    let bug = bug_of(module, script, 3);
    assert!(bug["fix"].is_null(), "{bug}");
    assert!(bug["candidates"].as_u64().unwrap() > 0, "{bug}");
}

#[test]
fn a_bound_is_one_less() {
    check(
        "def pick(names, at):\n    \"\"\"The name at a place, if there is one.\"\"\"\n    if at <= len(names):\n        return names[at]\n    return None\n",
        "pick([\"a\", \"b\"], 2)",
        "off by one in a bound",
        "+    if at < len(names):",
    );
}

#[test]
fn a_text_that_is_a_number_is_compared_as_one() {
    check_cured(
        "def is_late(minutes):\n    \"\"\"Whether it is late.\"\"\"\n    return minutes > 15\n",
        "is_late(\"12.5\")",
        "+    return float(minutes) > 15",
    );
}

#[test]
fn a_number_in_a_path_is_a_place_in_a_list() {
    check_cured(
        "def walk(tree, path):\n    \"\"\"What stands at the end of a path.\"\"\"\n    for step in path:\n        tree = tree[step]\n    return tree\n",
        "walk({\"a\": [\"b\", \"c\"]}, [\"a\", \"0\"])",
        "+            step = int(step)",
    );
}

#[test]
fn what_is_named_after_a_class_is_one_of_it() {
    check(
        "class RowWriter:\n    def write(self, row):\n        return \",\".join(row)\n\n\nclass Report:\n    def __init__(self, row_writer=None):\n        self.row_writer = row_writer\n\n    def line(self, row):\n        \"\"\"The row as a line.\"\"\"\n        return self.row_writer.write(row)\n",
        "Report().line([\"a\", \"b\"])",
        "default of the class that it is named after",
        "self.row_writer or RowWriter()",
    );
}

#[test]
fn a_mapping_of_our_own_may_lack_a_key() {
    check(
        "class Section(dict):\n    def __getitem__(self, key):\n        return dict.__getitem__(self, key)\n\n\ndef title(section):\n    \"\"\"The title, if it has one.\"\"\"\n    found = section[\"title\"]\n    if found is not None and found.strip():\n        return found.strip()\n    return \"\"\n\n\ndef titled(given):\n    return title(Section(given))\n",
        "titled({\"name\": \"a\"})",
        "optional key",
        "+    found = section.get(\"title\")",
    );
}

#[test]
fn what_has_no_style_stays_as_it_is() {
    check_cured(
        "def shown(text, style):\n    \"\"\"The text in a style.\"\"\"\n    return style.format(text)\n",
        "shown(\"a\", None)",
        "+    return style.format(text) if style is not None else text",
    );
}

#[test]
fn a_condition_asks_whether_there_are_items() {
    check_cured(
        "def names(given):\n    \"\"\"The names that are given.\"\"\"\n    if isinstance(given, dict):\n        return [*given]\n    if not isinstance(given[0], tuple):\n        return [given[0]]\n    return [name for name, _ in given]\n",
        "names({(\"a\", 1)})",
        "+    if isinstance(given, (list, tuple)) and not isinstance(given[0], tuple):",
    );
}

#[test]
fn a_sum_is_asked_for_texts_only() {
    check_cured(
        "def joined(parts):\n    \"\"\"The parts, texts side by side as one.\"\"\"\n    out = []\n    for part in parts:\n        if out:\n            out[-1] += part\n        else:\n            out.append(part)\n    return out\n",
        "joined([range(2), \"a\"])",
        "+        if out and isinstance(out[-1], str):",
    );
}

/// What a function registered at import is exchanged while it stays registered.
#[test]
fn a_function_made_at_import_is_exchanged() {
    check(
        "RULES = {}\n\n\ndef rules():\n    def rule(name):\n        def put(function):\n            RULES[name] = function\n            return function\n\n        return put\n\n    @rule(\"pair\")\n    def pair(left, right):\n        return {\"left\": left.strip() if left else \"\", \"right\": right.strip()}\n\n\nrules()\n\n\ndef apply(name, *given):\n    \"\"\"What a rule makes of the given.\"\"\"\n    return RULES[name](*given)\n",
        "apply(\"pair\", \"a\", None)",
        "as the like beside it",
        "\"right\": right.strip() if right else \"\"}",
    );
}

#[test]
fn a_key_has_the_default_that_it_has_elsewhere() {
    check(
        "def open_tasks(tasks):\n    \"\"\"The tasks that are to be done.\"\"\"\n    return [task[\"name\"] for task in tasks if task[\"active\"] and not task.get(\"done\")]\n\n\ndef is_active(task):\n    \"\"\"Whether somebody works on it.\"\"\"\n    return task.get(\"active\", True)\n",
        "open_tasks([{\"name\": \"a\"}, {\"name\": \"b\", \"active\": False}])",
        "optional key, as elsewhere",
        "if task.get(\"active\", True) and not",
    );
}
