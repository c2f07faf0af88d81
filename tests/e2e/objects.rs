//! Objects of which the log shows the class alone are made as that class.

use serde_json::Value;
use tests::{Crash, Form, Outerloop, Repository};

/// The answer for a crash of `report(thing)`, called far from where the thing was made.
#[track_caller]
fn bug_of(module: &str, made: &str) -> Value {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/things.py", module)]);
    let far = "#\n".repeat(12);
    let script = format!(
        "from shop import things\n\nthing = things.{made}\n{far}\n\ndef run(thing):\n    return things.report(thing)\n\n\n{far}run(thing)\n"
    );
    let log = repository.crash(Crash {
        script: &script,
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let log = log.to_str().unwrap();
    let answer = Outerloop::with(["test", "--log", log, "--output", "json", "--repo"])
        .and([repository.root()])
        .run()
        .json(0);
    answer["bugs"][0].clone()
}

#[track_caller]
fn check(module: &str, made: &str, call: &str) {
    let bug = bug_of(module, made);
    let source = bug["reproduction"]["source"].as_str();
    assert!(source.is_some_and(|s| s.contains(call)), "{bug:#}");
}

const STORE: &str = r#"class Store:
    def __init__(self, path):
        self.path = path
        self.notes = {}


def report(store):
    if not isinstance(store, Store):
        raise TypeError("no store")
    return store.notes.get("today").strip()
"#;

#[test]
fn an_object_is_made_by_its_constructor() {
    check(STORE, "Store(\"/srv/notes\")", "report(Store(path=\"a\"))");
}

#[test]
fn a_container_of_its_own_class_is_made_of_its_items() {
    let module = "class Rows(dict):\n    def total(self):\n        return sum(row.size() for row in self[\"rows\"])\n\n\ndef report(rows):\n    return rows.total()\n";
    let made = "Rows(rows=[4, 5])";
    check(module, made, "Rows(");
}

#[test]
fn the_class_is_that_of_the_object_not_of_the_method() {
    let module = "class Shape:\n    def label(self):\n        return self.name().strip()\n\n\nclass Square(Shape):\n    def name(self):\n        return None\n\n\ndef report(shape):\n    if type(shape) is Shape:\n        return \"\"\n    return shape.label()\n";
    check(module, "Square()", "Square()");
}

#[test]
fn a_repr_that_is_no_python_shows_fields() {
    let module = "class Field:\n    def __init__(self, key, value):\n        self.key = key\n        self.value = value\n\n    def __repr__(self):\n        return f\"<Field key={self.key!r} value={self.value}>\"\n\n\ndef report(field):\n    if not isinstance(field, Field):\n        raise TypeError(\"no field\")\n    if field.key == \"month\":\n        return 1 <= field.value <= 12\n    return None\n";
    check(module, "Field(\"month\", \"13\")", "report(Field(key=");
}

#[test]
fn an_object_of_nobody_knows_what_is_a_bare_one() {
    let module = "def other():\n    class Bare:\n        pass\n\n    return Bare()\n\n\ndef report(thing):\n    return thing.notes\n";
    check(module, "other()", "report(Bare())");
}

#[test]
fn a_file_holds_what_was_read_from_it() {
    let module = "import io\nimport json\n\n\ndef file():\n    return io.StringIO('{\"rows\": [{\"id\": 1}, {\"name\": \"b\"}]}')\n\n\ndef report(file):\n    rows = json.load(file)\n    return [row[\"id\"] for row in rows[\"rows\"]]\n";
    check(module, "file()", "report(io.StringIO(json.dumps(");
}

#[test]
fn a_repr_between_backticks_shows_fields() {
    let module = "class Field:\n    def __init__(self, key, value):\n        self.key = key\n        self.value = value\n\n    def __repr__(self):\n        return f\"Field(key=`{self.key}`, value=`{self.value}`)\"\n\n\ndef report(field):\n    return 12 - field.value\n";
    check(module, "Field(\"month\", \"13\")", "report(Field(key=");
}
