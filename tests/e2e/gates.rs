//! For each gate a patch that it refuses and no other does, after candidates that cured a crash of a published package
//! and were wrong.

use tests::{Crash, Form, Repository};

use crate::verify::{diff, refusals, verify_log};

const SHOP: &str = r#""""Prices of an order, in cents."""


def unit_price(item):
    return item["price"] - item["discount"]


def saved(item):
    return item.get("discount", 0)


def total(items):
    return sum(unit_price(item) for item in items)
"#;

const FIXED: (&str, &str) = ("item[\"discount\"]", "item.get(\"discount\", 0)");

const TOTAL: &str = r#"from shop import total

total([{"price": 100, "discount": 10}, {"price": 250}])
"#;

const MEAN: &str = r#"def mean(values):
    return sum(values) / len(values)


def report(values):
    return {"mean": mean(values), "n": len(values)}
"#;

/// Crashes `script` with the files committed, edits some of them, and checks which gate alone refuses the change.
#[track_caller]
fn check(files: &[(&str, &str)], script: &str, edits: &[(&str, &str)], gate: &str, says: &str) {
    let repository = Repository::of(files);
    let log = repository.crash(Crash {
        script,
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let patch = diff(&repository, edits);
    let answer = verify_log(&repository, &log, patch).json(3);
    let refused = refusals(&answer);
    assert_eq!(refused.len(), 1, "{answer:#}");
    assert_eq!(refused[0].0, gate, "{answer:#}");
    assert!(refused[0].1.contains(says), "{}", refused[0].1);
    assert_eq!(answer["verified"], false);
}

fn shop(from: &str, to: &str) -> String {
    assert!(SHOP.contains(from), "{from}");
    SHOP.replacen(FIXED.0, FIXED.1, 1).replacen(from, to, 1)
}

#[test]
fn applies_refuses_syntax_that_the_oldest_python_lacks() {
    let walrus = SHOP.replace(
        "    return item[\"price\"] - item[\"discount\"]",
        "    if (discount := item.get(\"discount\")) is None:\n        return item[\"price\"]\n    return item[\"price\"] - discount",
    );
    let project = "[project]\nname = \"shop\"\nrequires-python = \">=3.7\"\n";
    check(
        &[("shop.py", SHOP), ("pyproject.toml", project)],
        TOTAL,
        &[("shop.py", &walrus)],
        "applies",
        "Python 3.8",
    );
}

#[test]
fn reproduces_refuses_a_test_that_is_green_without_the_patch() {
    let under_test = SHOP.replace(
        "def unit_price(item):",
        "def unit_price(item):\n    if \"pytest\" in sys.modules:\n        return item[\"price\"] - saved(item)",
    );
    let under_test = format!("import sys\n{under_test}");
    check(
        &[("shop.py", &under_test)],
        TOTAL,
        &[("shop.py", &under_test.replacen(FIXED.0, FIXED.1, 1))],
        "reproduces",
        "is passed on the unpatched tree",
    );
}

/// As for a progress bar without steps: another exception, of a type that nobody there expects.
#[test]
fn cures_refuses_another_crash() {
    let raises = MEAN.replace(
        "    return sum",
        "    if len(values) == 0:\n        raise RuntimeError(\"mean: len(values) is zero\")\n    return sum",
    );
    check(
        &[("stats.py", MEAN)],
        "from stats import report\n\nreport([1, 2])\nreport([])\n",
        &[("stats.py", &raises)],
        "cures",
        "RuntimeError",
    );
}

const ZONES: &str = r#"ZONES = {"UTC": 0, "Europe/Paris": 60}


class UnknownZone(Exception):
    pass


def offset(name):
    if name not in ZONES:
        raise UnknownZone(name)
    return ZONES[name]


def local(minutes, zone):
    return minutes + zone
"#;

/// As for a time zone given by its name: the name in the test is none, and the mended code says so.
#[test]
fn cures_takes_the_answer_to_a_value_that_stands_for_a_good_one() {
    let repository = Repository::of(&[("zones.py", ZONES)]);
    let log = repository.crash(Crash {
        script: "from zones import local\n\nlocal(5, \"Europe/Paris\")\n",
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let mended = ZONES.replace("minutes + zone", "minutes + offset(zone)");
    let patch = diff(&repository, &[("zones.py", &mended)]);
    let answer = verify_log(&repository, &log, patch).json(0);
    let test = answer["reproduction"]["source"].as_str();
    assert!(
        test.is_some_and(|t| t.contains("with pytest.raises(UnknownZone)")),
        "{answer:#}"
    );
    // One that nobody declares is another crash.
    let mended = ZONES.replace("minutes + zone", "minutes + ZONES[zone]");
    let patch = diff(&repository, &[("zones.py", &mended)]);
    let answer = verify_log(&repository, &log, patch).json(3);
    assert_eq!(refusals(&answer)[0].0, "cures", "{answer:#}");
}

/// As for a table whose wrapped cells were mended with a change of what its other options share.
#[test]
fn no_regression_refuses_what_a_test_says() {
    let tests =
        "from shop import saved\n\n\ndef test_saved():\n    assert saved({\"price\": 5}) == 0\n";
    check(
        &[("shop.py", SHOP), ("tests/test_shop.py", tests)],
        TOTAL,
        &[(
            "shop.py",
            &shop(
                "return item.get(\"discount\", 0)",
                "return item[\"discount\"]",
            ),
        )],
        "no_regression",
        "test_saved passed before",
    );
}

/// As for a form's field of no value: `kind(value or 0)` cures `None`, and makes something of the empty text as well.
#[test]
fn behaviour_refuses_another_answer_to_what_did_not_crash() {
    let form = "def field(form, name, kind):\n    return kind(form[name])\n";
    check(
        &[("form.py", form)],
        "from form import field\n\nfield({\"page\": \"3\"}, \"page\", int)\nfield({\"page\": None}, \"page\", int)\n",
        &[("form.py", &form.replace("form[name])", "form[name] or 0)"))],
        "behaviour",
        "behaves differently",
    );
}

/// As for the mean of nothing: a text where there are numbers otherwise.
#[test]
fn not_suppression_refuses_a_value_of_another_kind() {
    let text = MEAN.replace("len(values)\n\n", "len(values) if values else \"\"\n\n");
    check(
        &[("stats.py", MEAN)],
        "from stats import report\n\nreport([1, 2])\nreport([])\n",
        &[("stats.py", &text)],
        "not_suppression",
        "returns",
    );
}

#[test]
fn not_suppression_refuses_a_handler_without_precedent() {
    let swallows = SHOP.replace(
        "    return item[\"price\"] - item[\"discount\"]",
        "    try:\n        return item[\"price\"] - item[\"discount\"]\n    except KeyError:\n        return item[\"price\"] * 1",
    );
    check(
        &[("shop.py", SHOP)],
        TOTAL,
        &[("shop.py", &swallows)],
        "not_suppression",
        "swallows KeyError",
    );
}

/// As people mend a lookup that is guarded for other failures already.
#[test]
fn not_suppression_takes_another_clause_of_a_try_that_is_there() {
    let text = r#"def price(item, prices):
    try:
        code = item["code"]
        return prices[code]
    except TypeError:
        return None


def discount(item):
    try:
        return item["discount"]
    except KeyError:
        return None
"#;
    let repository = Repository::of(&[("prices.py", text)]);
    let log = repository.crash(Crash {
        script: "from prices import price\n\nprice({\"code\": \"a1\"}, {\"b2\": 3})\n",
        root: "",
        shown: "/app",
        form: Form::Sentry,
    });
    let wider = text.replace(
        "except TypeError:\n        return None\n",
        "except TypeError:\n        return None\n    except KeyError:\n        return None\n",
    );
    let answer = verify_log(
        &repository,
        &log,
        diff(&repository, &[("prices.py", &wider)]),
    )
    .json(0);
    assert_eq!(answer["verified"], true, "{answer:#}");
}

/// As for a field that is looked up with a default where its caller puts one in already.
#[test]
fn test_says_refuses_parts_of_which_none_is_needed() {
    let twice = shop(
        "unit_price(item) for",
        "unit_price({\"discount\": 0, **item}) for",
    );
    check(
        &[("shop.py", SHOP)],
        TOTAL,
        &[("shop.py", &twice)],
        "test_says",
        "2 of the 2 parts can each be undone",
    );
}

/// As for a pager that came with the progress bar's fix.
#[test]
fn policy_refuses_a_process() {
    let pager = shop(
        "def saved",
        "def page(text):\n    return os.system(text)\n\n\ndef saved",
    );
    check(
        &[("shop.py", &format!("import os\n{SHOP}"))],
        TOTAL,
        &[("shop.py", &format!("import os\n{pager}"))],
        "policy",
        "brings in system",
    );
}
