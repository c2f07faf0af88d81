//! What a repository says elsewhere decides a fix; what a log does not say is guessed from how it is used.

use serde_json::Value;
use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

/// Fixes a crash of a program and gives the bug's answer.
#[track_caller]
fn bug_of(repository: &Repository, script: &str, form: Form, status: i32) -> Value {
    let log = repository.crash(Crash {
        script,
        root: "",
        shown: "/app",
        form,
    });
    let answer = Outerloop::fix(&log, repository)
        .and(["--output", "json"])
        .run()
        .json(status);
    shop::check_shape(&answer);
    answer["bugs"][0].clone()
}

/// A store whose other callers handle a key that is not there.
const STOCK: &str = r#""""What is on the shelves."""

SHELVES = {"A1": {"nut": 4, "bolt": 0}, "B2": {}}


def on_shelf(shelf, part):
    """How many pieces of a part lie on a shelf."""
    return SHELVES[shelf][part]


def available(parts):
    """Parts of which the first shelf has some."""
    found = []
    for part in parts:
        try:
            found.append(on_shelf("A1", part))
        except KeyError:
            continue
    return found


def has(part):
    """Whether the first shelf has a part."""
    try:
        return on_shelf("A1", part) > 0
    except KeyError:
        return False


def counts(part):
    """The pieces of a part, shelf by shelf."""
    numbers = [on_shelf(shelf, part) for shelf in sorted(SHELVES)]
    return numbers
"#;

#[test]
fn the_caller_that_forgot_handles_what_its_siblings_handle() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/stock.py", STOCK)]);
    let script = "from shop.stock import counts\n\ncounts(\"nut\")\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    // Not `on_shelf`, of which others expect the KeyError.
    assert_eq!(bug["locations"][0]["function"], "counts", "{bug}");
    assert_eq!(
        bug["fix"]["generator"], "handle as other callers do",
        "{bug}"
    );
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("+        except KeyError:"), "{diff}");
    assert!(diff.contains("+            continue"), "{diff}");
}

/// Two files that differ in their subject and in a line that one of them lacks.
const INVOICES: &str = r#""""Invoices."""


class InvoiceBook:
    """The invoices of a customer."""

    def __init__(self, rows):
        self.rows = rows

    def newest(self, year):
        """The newest invoice of a year."""
        rows = [r for r in self.rows if r["year"] == year]
        if not rows:
            return None
        rows.sort(key=lambda r: r["day"])
        invoice = rows[-1]
        return invoice["id"]
"#;

#[test]
fn a_twin_shows_the_line_that_is_missing() {
    let receipts = INVOICES
        .replace("Invoice", "Receipt")
        .replace("invoice", "receipt")
        .replace("        if not rows:\n            return None\n", "");
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/invoices.py", INVOICES),
        ("shop/receipts.py", &receipts),
    ]);
    let script = "from shop.receipts import ReceiptBook\n\nReceiptBook([]).newest(2024)\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(
        diff.contains("+        if not rows:\n+            return None"),
        "{diff}"
    );
    let gates = bug["fix"]["gates"].to_string();
    assert!(
        gates.contains("shop/invoices.py:10 does so in InvoiceBook.newest"),
        "{gates}"
    );
}

const LIMITS: &str = r#""""Limits of a form's values."""


class LimitError(ValueError):
    """A value breaks a limit."""


class Most:
    """At most so much."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, value):
        try:
            if value > self.limit:
                raise LimitError(f"more than {self.limit}")
            return value
        except TypeError:
            raise LimitError("no number")


class Clip:
    """At most so much; what is more is cut."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, value):
        if value > self.limit:
            return self.limit
        return value
"#;

#[test]
fn a_sibling_class_shows_the_error_that_is_meant() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/limits.py", LIMITS)]);
    let script = "from shop.limits import Clip\n\nClip(10)(None)\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(
        diff.contains("+            raise LimitError(\"no number\")"),
        "{diff}"
    );
    let test = bug["fix"]["test"]["source"].as_str().unwrap();
    assert!(test.contains("pytest.raises(LimitError)"), "{test}");
}

/// A function whose argument no text log shows.
const WIDTHS: &str = r#""""Widths of a table's columns."""


def longest_word(text):
    """The length of the longest word; 0 without text."""
    return max(len(word) for word in text.split()) if text else 0


def widths(rows):
    """The width of each row's longest word."""
    return [longest_word(row) for row in rows]
"#;

#[test]
fn what_a_text_log_does_not_show_is_guessed() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/widths.py", WIDTHS)]);
    let script = "import sys\n\nfrom shop.widths import widths\n\nrows = [\"a b\", \" \" * len(sys.argv)]\nwidths(rows)\n";
    let bug = bug_of(&repository, script, Form::Text, 0);
    let test = bug["reproduction"]["source"].as_str().unwrap();
    assert!(
        test.contains("longest_word(\" \")") || test.contains("widths(["),
        "{test}"
    );
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("default=0"), "{diff}");
}

/// A carrier's JSON gives one thing alone where there is one.
const PARCELS: &str = r#""""Parcels, from a carrier's JSON."""

from .forms import many


def stops(parcel):
    """The towns on a parcel's way."""
    return [stop["town"] for stop in many(parcel["stops"])]


def weights(parcel):
    """The weights of its boxes, in grams."""
    boxes = parcel["boxes"]
    return [box["grams"] for box in boxes]
"#;

const FORMS: &str = r#""""What others' JSON looks like."""


def many(value):
    """A list of what may stand alone."""
    return value if isinstance(value, list) else [value]
"#;

#[test]
fn a_helper_is_applied_where_it_was_forgotten() {
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/forms.py", FORMS),
        ("shop/parcels.py", PARCELS),
    ]);
    let script = "from shop.parcels import weights\n\nweights({\"boxes\": {\"grams\": 300}})\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(
        diff.contains("for box in many(boxes)]") || diff.contains("= many(parcel[\"boxes\"])"),
        "{diff}"
    );
    let gates = bug["fix"]["gates"].to_string();
    assert!(
        gates.contains("shop/parcels.py:8 applies many to "),
        "{gates}"
    );
}

const LETTER: &str = r#"import re

from .reader import Reader


class Letter(Reader):
    """A bill on paper."""

    def due(self, text):
        found = re.search(r"until (\d+)", text)
        if found is None:
            return None
        return found.group(1)
"#;

const FAX: &str = r#"import re

from .reader import Reader


class Fax(Reader):
    """A bill by fax."""

    def due(self, text):
        return re.search(r"DUE (\d+)", text).group(1)
"#;

const READER: &str = r#""""Reads bills."""


class Reader:
    """A kind of bill."""

    def due(self, text):
        """The day by which it is to be paid, None if it names none."""
        raise NotImplementedError
"#;

#[test]
fn a_base_class_says_what_a_method_returns() {
    let only_stated = [("shop/reader.py", READER), ("shop/fax.py", FAX)];
    let shown = READER.replace(", None if it names none", "");
    let only_shown = [
        ("shop/reader.py", shown.as_str()),
        ("shop/fax.py", FAX),
        ("shop/letter.py", LETTER),
    ];
    check_due(&only_stated, "Reader.due's docstring: The day by which");
    check_due(
        &only_shown,
        "Letter.due returns None where its found is missing (shop/letter.py:12)",
    );
}

#[track_caller]
fn check_due(files: &[(&str, &str)], witness: &str) {
    let files: Vec<(&str, &str)> = [("shop/__init__.py", "")]
        .into_iter()
        .chain(files.iter().copied())
        .collect();
    let repository = Repository::of(&files);
    let script = "from shop.fax import Fax\n\nFax().due(\"no day\")\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("None"), "{diff}");
    let gates = bug["fix"]["gates"].to_string();
    assert!(gates.contains(witness), "{gates}\n{diff}");
}

const LABELS: &str = r#""""Labels on parcels."""

import re


def weight(label):
    """The grams on a label."""
    found = re.search(r"(\d+) g", label)
    return int(found.group(1))
"#;

const RECEIPTS: &str = r#""""Receipts."""

import re


def sums(lines):
    """The sum on each line that has one."""
    for line in lines:
        found = re.search(r"(\d+) EUR", line)
        if found is None:
            continue
        yield int(found.group(1))


def customer(line):
    """The number of the customer; the house's own sales have none."""
    found = re.search(r"no\. (\d+)", line)
    if not found:
        return -1
    return int(found.group(1))
"#;

#[test]
fn a_guard_elsewhere_shows_what_stands_for_a_missing_value() {
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/labels.py", LABELS),
        ("shop/receipts.py", RECEIPTS),
    ]);
    let script = "from shop.labels import weight\n\nweight(\"fragile\")\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("+        return -1"), "{diff}");
    let gates = bug["fix"]["gates"].to_string();
    let witness = "shop/receipts.py:18 does so where its search is missing";
    assert!(gates.contains(witness), "{gates}");
}

/// An application whose functions take objects that no log can rebuild.
const BILLING: &str = r#""""What is billed."""
from dataclasses import dataclass


@dataclass
class Entry:
    """A piece of work; those from before there were rates have none."""

    minutes: int
    rate: int = None


def shown(entry):
    """An entry for people."""
    return f"{entry.minutes} min at {entry.rate or 0}"


def cost(book, project):
    """What a project costs."""
    return sum(entry.minutes * entry.rate for entry in book.find(project))
"#;

/// Its caller, of which the log shows the last lines only: not where the book comes from.
const BILL: &str = r#"from shop.billing import Entry, cost


class Book:
    def __init__(self, path):
        self.path = path
        self.entries = {"mill": [Entry(30, 100), Entry(45)]}

    def find(self, project):
        return self.entries[project]


def opened():
    return Book("/srv/book.json")


# A server has more to do than this:
# read its configuration,
# wait for requests,
# ask who they come from,
# write what it did.


def bill(book, project):
    total = cost(book, project)
    return total


def answer(project):
    return bill(BOOK, project)


# So much stands between.
#
#
#
#
#
BOOK = opened()
answer("mill")
"#;

#[test]
fn an_object_that_no_log_rebuilds_has_a_stand_in() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/billing.py", BILLING)]);
    // Nothing in the repository says what work without a rate costs.
    let bug = bug_of(&repository, BILL, Form::Sentry, 3);
    let test = bug["reproduction"]["source"].as_str().unwrap();
    let book = "book = SimpleNamespace(find=lambda *args, **kwargs: [Entry(minutes=1, rate=None)])";
    assert!(test.contains(book), "{test}");
    assert!(test.contains("from shop.billing import Entry"), "{test}");
    assert!(test.contains("def test_cost"), "{test}");
}

/// A reader of tokens that handles one of the two ways in which they may be broken.
const TOKENS: &str = r#""""Tokens of a request."""

import base64


def owner(header):
    """Whose token a header holds; None of one that cannot be read."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, _ = base64.b64decode(rest).decode().partition(":")
    except UnicodeError:
        return None
    return name
"#;

#[test]
fn a_handler_takes_a_library_error_of_the_same_base_by_its_full_name() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/tokens.py", TOKENS)]);
    let script = "from shop.tokens import owner\n\nowner(\"Basic a\")\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    assert_eq!(bug["fix"]["generator"], "widen the handler", "{bug}");
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(diff.contains("+import binascii"), "{diff}");
    assert!(diff.contains("(UnicodeError, binascii.Error)"), "{diff}");
}

/// A module that guards one of its divisions.
const PACE: &str = r#""""How a job gets on."""


def share(done, total):
    return done / total if total else 0.0


def pace(done, seconds):
    return done / seconds
"#;

#[test]
fn a_divisor_of_zero_gives_what_it_gives_at_other_divisions() {
    let repository = Repository::of(&[("shop/__init__.py", ""), ("shop/pace.py", PACE)]);
    let script = "from shop.pace import pace\n\npace(3, 0)\n";
    let bug = bug_of(&repository, script, Form::Sentry, 0);
    let generator = "conditional value, as at other divisions";
    assert_eq!(bug["fix"]["generator"], generator, "{bug}");
    let diff = bug["fix"]["diff"].as_str().unwrap();
    assert!(
        diff.contains("return done / seconds if seconds else 0.0"),
        "{diff}"
    );
}
