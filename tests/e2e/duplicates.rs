//! Bugs of a log that one fix cures.

use std::fs;

use tests::{Crash, Form, Outerloop, Repository};

use crate::shop;

const WEB: &str = r#""""Pages."""
from shop.pricing import total


def basket(order):
    return total(order["items"])


def page(order):
    return f"{basket(order)} cents"


def show(session):
    return page(session["order"])


def get(request):
    return show(request["session"])
"#;

const LEDGER: &str = r#""""The books."""
from shop.pricing import total


def entry(day):
    return -total(day)


def balance(days):
    return sum(entry(day) for day in days)


def month(books):
    return {name: balance(days) for name, days in books.items()}


def close(books):
    return sorted(month(books).items())
"#;

#[test]
fn what_one_fix_cures_is_not_fixed_twice() {
    let repository = Repository::of(&[
        ("shop/__init__.py", ""),
        ("shop/pricing.py", shop::PRICING),
        ("shop/web.py", WEB),
        ("shop/ledger.py", LEDGER),
    ]);
    let item = "{\"price\": 250}";
    let scripts = [
        format!(
            "from shop.web import get\n\nget({{\"session\": {{\"order\": {{\"items\": [{item}]}}}}}})\n"
        ),
        format!("from shop.ledger import close\n\nclose({{\"may\": [[{item}]]}})\n"),
    ];
    let log: String = scripts
        .iter()
        .map(|script| {
            let log = repository.crash(Crash {
                script,
                root: "",
                shown: "/app",
                form: Form::Sentry,
            });
            fs::read_to_string(log).unwrap()
        })
        .collect();
    let log = repository.log(log);
    let run = |output| {
        Outerloop::fix(&log, &repository)
            .and(["--output", output])
            .run()
    };
    let answer = run("json").json(0);
    shop::check_shape(&answer);
    let bugs = answer["bugs"].as_array().unwrap();
    assert_eq!(bugs.len(), 2, "{answer}");
    assert!(bugs[0]["fix"].is_object(), "{answer}");
    assert_eq!(bugs[1]["cured_by"], bugs[0]["id"], "{answer}");
    assert!(
        bugs[1]["fix"].is_null() && bugs[1]["reproduction"].is_object(),
        "{answer}"
    );
    let text = run("human").text();
    assert!(
        text.contains("2 bugs: 1 fixed, 1 cured by another's fix, 0 declined"),
        "{text}"
    );
}
