//! What Python's own rules, a method's relatives and a program's start say of a fix.

use serde_json::Value;
use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

/// Fixes a crash of a module `shop/things.py` and gives the bug's answer.
#[track_caller]
pub(crate) fn bug_of(module: &str, script: &str, status: i32) -> Value {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/things.py", module)]);
    let log = repository.crash(Crash {
        script,
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json", "--cured"])
        .run()
        .json(status);
    shop::check_shape(&answer);
    answer["bugs"][0].clone()
}

/// Checks which form fixed a bug and that its diff has a line.
#[track_caller]
pub(crate) fn check_fix(bug: &Value, generator: &str, line: &str) {
    assert_eq!(bug["fix"]["generator"], generator, "{bug}");
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains(line), "{diff}");
}

const SETTINGS: &str = r#""""Settings with paths."""


class UnknownSetting(KeyError):
    """There is no such setting."""


class Settings(dict):
    """`"a.b" in settings` asks for `b` in `settings["a"]`."""

    def __getitem__(self, key):
        try:
            return super().__getitem__(key)
        except KeyError:
            raise UnknownSetting(f"no setting {key}") from None

    def __contains__(self, path):
        first, dot, rest = path.partition(".")
        if dot:
            return rest in self[first]
        return first in self.keys()
"#;

#[test]
fn what_python_asks_of_a_method_is_given() {
    let script = "from shop.things import Settings\n\nSettings(a=80).__contains__(\"a.b\")\n";
    let bug = bug_of(SETTINGS, script, 0);
    check_fix(&bug, "answer as Python asks", "    return False");
    // There the module itself raises the error, and still `in` is not to.
    let script = "from shop.things import Settings\n\nprint(\"a.b\" in Settings(c=80))\n";
    let bug = bug_of(SETTINGS, script, 0);
    assert_eq!(bug["assessment"]["kind"], "unsure", "{bug}");
    check_fix(&bug, "answer as Python asks", "    return False");
}

#[test]
fn an_error_raised_on_purpose_is_left_alone() {
    let module = "def split(text):\n    \"\"\"Name and number.\"\"\"\n    if \" \" not in text:\n        raise ValueError(\"no number: \" + text)\n    name, number = text.rsplit(\" \", 1)\n    return name, int(number)\n";
    let script = "from shop.things import split\n\nsplit(\"nut\")\n";
    let bug = bug_of(module, script, 3);
    let why = bug["why_not"].as_str().unwrap();
    assert!(
        why.starts_with("deliberate: the program itself raises ValueError there"),
        "{why}"
    );
    assert!(bug["reproduction"].is_object(), "{bug}");
}

const PARTS: &str = r#""""Parts and what they are made of."""


class Part:
    def __init__(self, kind, size=1):
        self.kind = kind
        self.size = size

    def copy(self, **changes):
        """The same with other values."""
        values = dict(vars(self))
        values.update(changes)
        return self.__class__(**values)


class Bolt(Part):
    def __init__(self, size=1):
        super().__init__("bolt", size)


def sizes(parts, scale):
    return [enlarged(part) for part in parts]


def enlarged(part, scale):
    return part.size * scale
"#;

#[test]
fn a_method_takes_what_its_relatives_take() {
    let script = "from shop.things import Bolt\n\nBolt(3).copy(size=4)\n";
    let bug = bug_of(PARTS, script, 0);
    check_fix(
        &bug,
        "take an argument as another class does",
        "+    def __init__(self, size=1, kind=None):",
    );
    let gates = bug["fix"]["gates"].to_string();
    assert!(
        gates.contains("Part.__init__ takes it (shop/things.py:5)"),
        "{gates}"
    );
}

#[test]
fn a_caller_passes_on_what_it_has() {
    let script = "from shop.things import Bolt, sizes\n\nsizes([Bolt(3), Bolt(1)], 2)\n";
    let bug = bug_of(PARTS, script, 0);
    check_fix(
        &bug,
        "pass on the argument of that name",
        "+    return [enlarged(part, scale=scale) for part in parts]",
    );
}

#[test]
fn a_default_that_is_changed_in_place_is_kept() {
    let module = "class Basket:\n    def __init__(self, items=None):\n        self.items = items\n\n    def add(self, item):\n        \"\"\"Puts an item in; gives how many there are.\"\"\"\n        self.items.append(item)\n        return len(self.items)\n";
    let script = "from shop.things import Basket\n\nBasket().add(\"nut\")\n";
    let bug = bug_of(module, script, 3);
    // Nothing says whether the item is to be kept; what loses it is not even thought of.
    let diffs: Vec<&str> = bug["ranked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["diff"].as_str().unwrap())
        .collect();
    let kept = "+        if self.items is None:\n+            self.items = []";
    assert!(diffs.iter().any(|d| d.contains(kept)), "{diffs:#?}");
    let lost = "(self.items or []).append";
    assert!(!diffs.iter().any(|d| d.contains(lost)), "{diffs:#?}");
}

#[test]
fn a_conversion_that_is_done_already_is_left_out() {
    let module = "import json\n\n\ndef label(row):\n    \"\"\"What is printed on the box.\"\"\"\n    text = json.dumps(row, sort_keys=True).decode(\"ascii\")\n    return text.strip(\"{}\")\n";
    let script = "from shop.things import label\n\nlabel({\"part\": \"nut\"})\n";
    let bug = bug_of(module, script, 0);
    check_fix(
        &bug,
        "leave out a conversion that is done already",
        "+    text = json.dumps(row, sort_keys=True)",
    );
}

#[test]
fn an_object_is_configured_as_the_program_did() {
    let module = "class Till:\n    def __init__(self):\n        self.rates = []\n\n    def register(self, rate):\n        self.rates.append(rate)\n\n    def total(self, prices):\n        \"\"\"The prices with all rates on them; 0 where there are no prices.\"\"\"\n        top = max(prices)\n        return top * sum(self.rates) if self.rates else 0\n\n\ntill = Till()\n";
    let broken = module.replace(
        "        top = max(prices)\n        return top * sum(self.rates) if self.rates else 0\n",
        "        if not self.rates:\n            return 0\n        top = max(prices)\n        return top * sum(self.rates)\n",
    );
    let script = "from shop.things import till\n\ntill.register(2)\n\n\ndef close(prices):\n    return till.total(prices)\n\n\nclose([])\n";
    let bug = bug_of(&broken, script, 3);
    let test = bug["reproduction"]["source"].as_str().unwrap();
    assert!(test.contains("till.register("), "{test}");
}
