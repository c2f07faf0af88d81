//! `outerloop search` from its arguments to what it prints, and what `.outerloopignore` keeps from search and fix.

use std::{fs, path::Path};

use serde_json::Value;
use tests::{Form, Outerloop, Ran, Repository};

use crate::shop;

fn search<const N: usize>(repository: &Repository, arguments: [&str; N]) -> Outerloop {
    Outerloop::with(["search", "--repo", repository.root().to_str().unwrap()])
        .cache(&repository.beside("cache"))
        .and(arguments)
}

fn hits(ran: &Ran, status: i32) -> Vec<Value> {
    let answer = ran.json(status);
    for number in ["indexed", "skipped", "ms"] {
        assert!(answer[number].is_u64(), "{number} in {answer}");
    }
    answer["hits"].as_array().unwrap().clone()
}

#[test]
fn hits_are_told_to_people_and_to_programs() {
    let repository = shop::shop();
    let ran = search(&repository, ["unit", "price"]).run();
    ran.ended(0);
    assert!(
        ran.errors().starts_with("indexing 2 files at "),
        "{}",
        ran.errors()
    );
    let expected = "shop/pricing.py:4  unit_price\n     4  def unit_price(item):\n     5  ";
    assert!(ran.text().starts_with(expected), "{}", ran.text());

    // Now it is there, and nothing is to be told.
    let ran = search(&repository, ["--kind", "refs", "unit_price"]).run();
    ran.ended(0);
    assert_eq!(
        (ran.text().as_str(), ran.errors().as_str()),
        (
            "shop/pricing.py:14  total\n    16  return sum(unit_price(item) for item in items)\n",
            ""
        )
    );
    let ran = search(&repository, ["--kind", "def", "total", "--output", "json"]).run();
    let found = hits(&ran, 0);
    assert_eq!(found.len(), 1);
    let hit = &found[0];
    assert_eq!(
        (
            &hit["path"],
            &hit["line"],
            &hit["end_line"],
            &hit["kind"],
            &hit["name"],
            &hit["snippet"]
        ),
        (
            &"shop/pricing.py".into(),
            &14.into(),
            &16.into(),
            &"function".into(),
            &"total".into(),
            &"def total(items):".into()
        )
    );
    assert!(
        hit["score"].is_number() && hit["snippet_lines"] == Value::from(vec![14]),
        "{hit}"
    );
    assert_eq!(
        hits(
            &search(&repository, ["nowhere", "--output", "json"]).run(),
            3
        ),
        [Value::Null; 0]
    );
    let ran = search(&repository, ["nowhere"]).run();
    ran.ended(3);
    assert_eq!(ran.text(), "");
}

#[test]
fn a_pasted_trace_finds_the_code_that_failed() {
    let repository = shop::shop();
    repository.commit(&[(
        "docs/total.md",
        "The total of items: a KeyError 'discount', KeyError.\n",
    )]);
    let log = fs::read_to_string(shop::crash(&repository, Form::Text)).unwrap();
    let ran = search(&repository, ["-", "--output", "json", "--limit", "2"])
        .run_with(|input| input.write_all(log.as_bytes()));
    let names: Vec<Value> = hits(&ran, 0).iter().map(|h| h["name"].clone()).collect();
    assert_eq!(names, ["unit_price", "total"]);
}

#[test]
fn another_commit_and_a_work_tree_that_differs() {
    let repository = shop::shop();
    let first = repository.head();
    repository.commit(&[("shop/pricing.py", "def renamed():\n    return 1\n")]);
    repository.write("shop/pricing.py", "def untold():\n    return 1\n");
    search(&repository, ["unit_price"]).run().ended(3);
    search(&repository, ["untold"]).run().ended(3);
    search(&repository, ["renamed"]).run().ended(0);
    search(&repository, ["unit_price", "--commit", &first])
        .run()
        .ended(0);
}

#[test]
fn bad_usage_is_told_and_leaves_nothing() {
    let repository = shop::shop();
    let empty = Repository::empty();
    for (ran, reason) in [
        (
            search(&Repository::without_git(), ["x"]).run(),
            "no git repository",
        ),
        (search(&empty, ["x"]).run(), "has no commit"),
        (
            search(&repository, ["x", "--commit", "gone"]).run(),
            "no commit named gone",
        ),
        (
            search(&repository, ["x", "--commit=--help"]).run(),
            "no commit named --help",
        ),
        (search(&repository, ["x", "--limit", "0"]).run(), "--limit"),
        (search(&repository, ["x", "--kind", "file"]).run(), "--kind"),
        (search(&repository, []).run(), "QUERY"),
    ] {
        ran.ended(2);
        assert!(ran.errors().contains(reason), "{reason}: {}", ran.errors());
        assert_eq!(ran.text(), "");
    }
    let blocked = repository.beside("file");
    fs::write(&blocked, "").unwrap();
    let ran = search(&repository, ["x"]).cache(&blocked).run();
    ran.ended(1);
    assert!(ran.errors().contains("indexing into"), "{}", ran.errors());
}

#[test]
fn what_a_terminal_would_obey_is_not_printed() {
    let name = "evil\n\u{1b}]0;title\u{7}.py";
    let repository = Repository::of(&[(name, "needle = '\u{1b}[2J\u{202e}'\n")]);
    let ran = search(&repository, ["needle"])
        .env("CLICOLOR_FORCE", "1")
        .run();
    ran.ended(0);
    let text = ran.text();
    let plain = anstream_free(&text);
    assert!(
        text.contains("\u{1b}[1m\u{1b}[31mneedle\u{1b}[0m"),
        "{text:?}"
    );
    assert!(!plain.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert_eq!(text.lines().count(), 2, "{text:?}");
    let found = hits(
        &search(&repository, ["needle", "--output", "json"]).run(),
        0,
    );
    assert_eq!(found[0]["path"], name);
}

/// The text without the colours that the command itself sets.
fn anstream_free(text: &str) -> String {
    let own = ["[0m", "[1m", "[2m", "[31m", "[36m"].map(|code| format!("\u{1b}{code}"));
    own.iter()
        .fold(text.to_owned(), |text, code| text.replace(code, ""))
}

#[test]
fn the_index_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let repository = shop::shop();
    search(&repository, ["total"]).run().ended(0);
    let folder = repository.beside("cache/search");
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o700);
    }
    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }
}

#[test]
fn what_the_owner_hides_is_neither_found_nor_fixed_nor_shown() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Sentry);
    repository.commit(&[(
        ".outerloopignore",
        "# prices are nobody's business\n/shop/pric*.py\n",
    )]);
    search(&repository, ["unit_price"]).run().ended(3);
    let ran = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run();
    let answer = ran.json(3);
    shop::check_shape(&answer);
    let bug = &answer["bugs"][0];
    assert_eq!(
        bug["why_not"],
        "the crash lies in shop/pricing.py, which is to be left alone: .outerloopignore names it"
    );
    assert_eq!(
        (&bug["fix"], &bug["reproduction"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(bug["locations"], Value::Array(Vec::new()));

    // A mistake in the file hides more, not less, and says where it is.
    repository.commit(&[(".outerloopignore", "[z-a]\n")]);
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    let why = answer["bugs"][0]["why_not"].as_str().unwrap();
    assert!(
        why.contains(".outerloopignore cannot be read: line 1"),
        "{why}"
    );
}
