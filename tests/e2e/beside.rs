//! What code like the crashing one does, elsewhere in the file, is done there too.

use crate::rules::{bug_of, check_fix};

#[track_caller]
fn check(module: &str, call: &str, generator: &str, line: &str, witness: &str) {
    let name = call.split('(').next().unwrap().split('.').next().unwrap();
    let script =
        format!("from shop.things import {name}\n\n\ndef run():\n    return {call}\n\n\nrun()\n");
    let bug = bug_of(module, &script, 0);
    check_fix(&bug, generator, line);
    let gates = bug["fix"]["gates"].to_string();
    assert!(gates.contains(witness), "{gates}");
}

/// Checks that a form cures a crash; whether it is proposed depends on what else would.
#[track_caller]
pub(crate) fn check_cured(module: &str, call: &str, line: &str) {
    let name = call.split('(').next().unwrap();
    let script =
        format!("from shop.things import {name}\n\n\ndef run():\n    return {call}\n\n\nrun()\n");
    let bug = bug_of(module, &script, 3);
    let cured = bug["cured"].as_array().unwrap();
    assert!(
        cured
            .iter()
            .any(|diff| diff.as_str().unwrap().contains(line)),
        "{bug}"
    );
}

#[test]
fn a_statement_gets_the_condition_that_its_like_has() {
    let module = "def limits(given):\n    \"\"\"The limits that are given.\"\"\"\n    low = high = None\n    low = given[\"low\"].lower(low, given[\"low\"])\n    if \"high\" in given:\n        high = given[\"high\"].lower(high, given[\"high\"])\n    return low, high\n";
    let module = module.replace(".lower(", ".at(");
    let module = format!(
        "class Limit:\n    def __init__(self, value):\n        self.value = value\n\n    def at(self, old, new):\n        return self.value if old is None else old\n\n\n{module}"
    );
    check(
        &module,
        "limits({})",
        "as the like beside it",
        "+    if \"low\" in given:",
        "shop/things.py:13 is alike and does so",
    );
}

#[test]
fn an_expression_gets_what_its_like_falls_back_on() {
    check_cured(
        "def texts(mark):\n    \"\"\"What stands around a mark, if there is one.\"\"\"\n    return {\n        \"before\": mark.before,\n        \"after\": mark.after if mark else [],\n    }\n",
        "texts(None)",
        "+        \"before\": mark.before if mark else [],",
    );
}

#[test]
fn a_value_is_converted_as_elsewhere_in_the_function() {
    check(
        "def pages(text, last):\n    \"\"\"First and last page of `3-5`, `3-` and `-5`.\"\"\"\n    start, end = text.split(\"-\")\n    try:\n        if not start:\n            return max(last - int(end), 0), last\n        if not end:\n            return int(start), last\n        return int(start), min(end + 1, last)\n    except ValueError:\n        return None\n",
        "pages(\"3-5\", 9)",
        "convert as beside it",
        "+        return int(start), min(int(end) + 1, last)",
        "shop/things.py:6 takes it through int",
    );
}

#[test]
fn a_default_that_nobody_reads_is_for_what_is_missing() {
    check(
        "class Record:\n    def __init__(self, fields):\n        self.fields = fields\n\n    def get(self, key, default=None):\n        \"\"\"The value of a field.\"\"\"\n        return self.fields[key]\n",
        "Record({\"a\": 1}).get(\"b\", 5)",
        "optional key with a default",
        "+        return self.fields.get(key, default)",
        "nothing else uses the parameter default",
    );
}

#[test]
fn what_is_asked_for_afterwards_may_be_missing() {
    check(
        "def lines(frame):\n    \"\"\"The lines that show a frame.\"\"\"\n    out = [frame[\"name\"]]\n    anchor = frame[\"anchor\"]\n    if anchor:\n        out.append(anchor)\n    return out\n",
        "lines({\"name\": \"nut\"})",
        "optional key",
        "+    anchor = frame.get(\"anchor\")",
        "shop/things.py:5 asks whether there is one",
    );
    check_cured(
        "class Part:\n    pass\n\n\ndef size(part):\n    \"\"\"The size of a part, 1 where it has none.\"\"\"\n    known = getattr(part, \"size\")\n    if known is not None:\n        return known\n    return 1\n\n\ndef of_new():\n    return size(Part())\n",
        "of_new()",
        "+    known = getattr(part, \"size\", None)",
    );
}

#[test]
fn a_method_is_called_of_what_is_asked_elsewhere() {
    check(
        "class Tree(dict):\n    def plain(self):\n        \"\"\"The tree in plain dicts.\"\"\"\n        out = {}\n        for key, value in self.items():\n            if isinstance(value, type(self)):\n                out[key] = value.plain()\n            elif isinstance(value, list):\n                out[key] = [item.plain() for item in value]\n            else:\n                out[key] = value\n        return out\n",
        "Tree(a=[Tree(b=1), 2, \"c\"]).plain()",
        "leave as it is",
        "(item.plain() if isinstance(item, type(self)) else item)",
        "shop/things.py:6 asks that before plain",
    );
}

#[test]
fn what_is_asked_of_one_end_is_asked_of_the_other() {
    check(
        "class Span:\n    def __init__(self, first, last):\n        self.first = first\n        self.last = last\n\n\ndef ends(span):\n    \"\"\"Where it begins and ends; where it begins alone.\"\"\"\n    if span.first is not None:\n        return span.first.strip() + span.last.strip()\n    return \"\"\n\n\ndef between(first, last):\n    return ends(Span(first, last))\n",
        "between(\" a\", None)",
        "ask more of the condition around",
        "+    if span.first is not None and span.last is not None:",
        "shop/things.py:9 asks for span.first is not None",
    );
}
