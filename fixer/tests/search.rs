//! The code search on repositories of its own: what is found, in what order, and how the index follows the commits.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fixer::{
    git::{CommitSha, Repository},
    search::{Hit, Index, Kind, Query},
};
use ingest::Frame;
use tempfile::TempDir;

/// A repository with room beside it for the index.
struct Place {
    folder: TempDir,
}

impl Place {
    fn of(files: &[(&str, &str)]) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(place.root()).unwrap();
        place.git(&["init", "--quiet"]);
        place.commit(files);
        place
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn index(&self) -> PathBuf {
        self.folder.path().join("cache/index-of-it")
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(arguments)
            .current_dir(self.root())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    fn commit(&self, files: &[(&str, &str)]) -> CommitSha {
        for (path, text) in files {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all", "--force"]);
        self.git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "Change it",
        ]);
        self.head()
    }

    fn repository(&self) -> Repository {
        Repository::open(&self.root()).unwrap()
    }

    fn head(&self) -> CommitSha {
        self.repository().resolve("HEAD").unwrap()
    }

    fn open(&self) -> Index {
        self.at(&self.head())
    }

    fn at(&self, commit: &CommitSha) -> Index {
        Index::open(&self.repository(), commit, &self.index(), &|_| ()).unwrap()
    }
}

fn ask(index: &Index, kind: Kind, text: &str, stack: &[Frame]) -> Vec<Hit> {
    let query = Query {
        text,
        kind,
        stack,
        limit: 20,
    };
    index.search(&query).unwrap()
}

/// What is found, in order, as `path:line name`.
#[track_caller]
fn check(index: &Index, kind: Kind, text: &str, expected: &[&str]) {
    let hits = ask(index, kind, text, &[]);
    let shown: Vec<String> = hits
        .iter()
        .map(|hit| {
            format!("{}:{} {}", hit.path, hit.line, hit.name)
                .trim_end()
                .to_owned()
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

const ORDERS: &str = r#""""Orders."""
from shop.money import roundUp

LIMIT = 10


class Order:
    """What a customer wants."""

    def total(self):
        """The price of all items, in cents."""
        return roundUp(sum(unit_price(i) for i in self.items))


def unit_price(item):
    # An item without a discount has none.
    return item["price"] - item.get("discount", 0)
"#;

const MONEY: &str = "def roundUp(cents):\n    return -(-cents // 1)\n";

fn shop() -> Place {
    Place::of(&[
        ("shop/orders.py", ORDERS),
        ("shop/money.py", MONEY),
        (
            "web/cart.js",
            "function showCart(order) {\n  return roundUp(order.total)\n}\n",
        ),
        (
            "README.md",
            "# Shop\n\nSells things; prices are in cents.\n",
        ),
    ])
}

#[test]
fn words_phrases_and_paths() {
    let place = shop();
    let index = place.open();
    let text = |query: &str, expected: &[&str]| check(&index, Kind::Text, query, expected);
    assert_eq!((index.n_files(), index.n_skipped()), (4, 0));
    text(
        "unit price",
        &[
            "shop/orders.py:15 unit_price",
            "shop/orders.py:10 Order.total",
        ],
    );
    text(
        "UnitPrice",
        &[
            "shop/orders.py:15 unit_price",
            "shop/orders.py:10 Order.total",
        ],
    );
    text("customer", &["shop/orders.py:7 Order"]);
    text("show cart", &["web/cart.js:1"]);
    text("\"item without a\"", &["shop/orders.py:15 unit_price"]);
    text("\"item without  a\"", &[]);
    text("\"item['price']\"", &[]);
    text("roundup path:WEB/", &["web/cart.js:1"]);
    text("path:readme", &["README.md:1"]);
    // All words are nowhere together: any of them will do.
    text("customer nowhere", &["shop/orders.py:7 Order"]);
    text("nowhere", &[]);
    text("", &[]);
    let hit = &ask(&index, Kind::Text, "discount", &[])[0];
    let lines: Vec<(u32, &str)> = hit
        .lines
        .iter()
        .map(|l| (l.number, &l.text[l.marks[0].clone()]))
        .collect();
    assert_eq!(
        (hit.line, hit.end_line, lines),
        (15, 17, vec![(16, "discount"), (17, "discount")])
    );
}

#[test]
fn definitions_references_callers_and_callees() {
    let place = shop();
    let index = place.open();
    check(
        &index,
        Kind::Definitions,
        "total",
        &["shop/orders.py:10 Order.total"],
    );
    check(
        &index,
        Kind::Definitions,
        "Order.total",
        &["shop/orders.py:10 Order.total"],
    );
    check(
        &index,
        Kind::Definitions,
        "shop.orders.Order",
        &["shop/orders.py:7 Order"],
    );
    check(
        &index,
        Kind::Definitions,
        "LIMIT",
        &["shop/orders.py:4 LIMIT"],
    );
    check(&index, Kind::Definitions, "item", &[]);
    check(
        &index,
        Kind::Callers,
        "unit_price",
        &["shop/orders.py:10 Order.total"],
    );
    check(
        &index,
        Kind::Callees,
        "Order.total",
        &["shop/money.py:1 roundUp", "shop/orders.py:15 unit_price"],
    );
    let references = ask(&index, Kind::References, "roundUp", &[]);
    let mut lines: Vec<String> = references
        .iter()
        .flat_map(|hit| {
            hit.lines
                .iter()
                .map(|l| format!("{}:{}", hit.path, l.number))
        })
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        ["shop/orders.py:12", "shop/orders.py:2", "web/cart.js:2"]
    );
    assert_eq!(index.definitions("unit_price", 5).unwrap().len(), 1);
    assert_eq!(index.references("roundUp", 1).unwrap().len(), 1);
    assert_eq!(index.callers("nobody", 5).unwrap(), []);
    assert_eq!(index.callees("nobody", 5).unwrap(), []);
    assert_eq!(index.callers("unit_price", usize::MAX).unwrap().len(), 1);
    assert_eq!(index.callers("unit_price", 0).unwrap(), []);
}

#[test]
fn code_on_the_stack_comes_first() {
    let place = shop();
    let index = place.open();
    let frame = |path: &str, line, function: &str| Frame {
        path: path.into(),
        line: Some(line),
        function: function.into(),
        ..Frame::default()
    };
    let stack = [
        frame("/app/shop/orders.py", 12, "total"),
        frame("/app/shop/money.py", 2, "roundUp"),
        frame("/usr/lib/python3.11/decimal.py", 2, "quantize"),
    ];
    let first = |stack: &[Frame]| {
        ask(&index, Kind::Text, "discount price", stack)[0]
            .name
            .clone()
    };
    assert_eq!(first(&[]), "unit_price");
    assert_eq!(first(&stack), "roundUp");
    assert_eq!(first(&stack[..1]), "Order.total");
    let trace = "Traceback (most recent call last):\n  File \"/app/shop/orders.py\", line 12, in total\n    \
        return roundUp(sum(unit_price(i) for i in self.items))\nTypeError: no item\n";
    assert_eq!(ask(&index, Kind::Text, trace, &[])[0].name, "Order.total");
}

#[test]
fn generated_and_vendored_files_come_last_and_ignored_ones_never() {
    let needle = "def needle():\n    return 1\n";
    let place = Place::of(&[
        ("a/_vendor/x.py", needle),
        ("a/made.py", &format!("# @generated\n{needle}")),
        ("build/out.py", needle),
        (
            "z/own.py",
            "def other():\n    return needle()\n\n\nx = 1\ny = 2\n",
        ),
        ("secret/key.py", needle),
        ("z/hidden.py", needle),
        ("z/shown.py", needle),
        (".gitignore", "/build/\n"),
        (".outerloopignore", "/secret/\n"),
        ("z/.outerloopignore", "hidden.*\n"),
    ]);
    let index = place.open();
    let paths: Vec<String> = ask(&index, Kind::Text, "needle", &[])
        .into_iter()
        .map(|h| h.path)
        .collect();
    assert_eq!(
        paths,
        [
            "z/shown.py",
            "z/own.py",
            "a/made.py",
            "build/out.py",
            "a/_vendor/x.py"
        ]
    );
    check(&index, Kind::Text, "path:secret/", &[]);
    assert_eq!(index.n_files(), 8);
    // Lifted, and laid on another file.
    place.commit(&[(".outerloopignore", "/build/\n")]);
    let index = place.open();
    assert_eq!((index.n_added(), index.n_removed()), (2, 2));
    check(
        &index,
        Kind::Definitions,
        "needle path:secret",
        &["secret/key.py:1 needle"],
    );
    check(&index, Kind::Text, "path:build/", &[]);
}

#[test]
fn another_commit_costs_what_differs() {
    let place = shop();
    let first = place.head();
    let index = place.open();
    assert_eq!((index.n_added(), index.n_removed()), (4, 0));
    let again = place.open();
    assert_eq!(
        (again.n_added(), again.n_removed(), again.n_files()),
        (0, 0, 4)
    );
    fs::remove_file(place.root().join("README.md")).unwrap();
    fs::rename(
        place.root().join("shop/money.py"),
        place.root().join("shop/cash.py"),
    )
    .unwrap();
    let second = place.commit(&[
        ("web/cart.js", "function hideCart() {}\n"),
        ("new.py", "x = 1\n"),
    ]);
    let moved = place.at(&second);
    assert_eq!(
        (moved.n_added(), moved.n_removed(), moved.n_files()),
        (3, 3, 4)
    );
    check(&moved, Kind::Text, "hideCart", &["web/cart.js:1"]);
    check(&moved, Kind::Text, "showCart", &[]);
    check(
        &moved,
        Kind::Definitions,
        "roundUp",
        &["shop/cash.py:1 roundUp"],
    );
    // What was opened before stays as it was, also while others move the index on.
    check(&again, Kind::Text, "showCart", &["web/cart.js:1"]);
    check(
        &again,
        Kind::Definitions,
        "roundUp",
        &["shop/money.py:1 roundUp"],
    );
    let back = place.at(&first);
    assert_eq!((back.n_added(), back.n_removed()), (3, 3));
    check(&back, Kind::Text, "showCart", &["web/cart.js:1"]);
    // The same files at another commit cost nothing.
    place.at(&second);
    let same = place.at(&place.commit(&[]));
    assert_eq!((same.n_added(), same.n_removed()), (0, 0));
}

#[test]
fn several_may_write_at_once() {
    let place = shop();
    let first = place.head();
    let second = place.commit(&[("web/cart.js", "function hideCart() {}\n")]);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (commit, word) = if n % 2 == 0 {
                (&first, "showCart")
            } else {
                (&second, "hideCart")
            };
            let place = &place;
            scope.spawn(move || check(&place.at(commit), Kind::Text, word, &["web/cart.js:1"]));
        }
    });
}

/// Every file of the index, spoilt in one way, is an index made anew.
#[track_caller]
fn check_damage(spoil: fn(&Path)) {
    let place = shop();
    place.open();
    let folder = place.index().join("index");
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(names.len() > 6, "{names:?}");
    for name in names {
        let path = folder.join(&name);
        if !path.exists() {
            // The index has been made anew, under other names.
            continue;
        }
        spoil(&path);
        let index = place.open();
        check(
            &index,
            Kind::Text,
            "unit price",
            &[
                "shop/orders.py:15 unit_price",
                "shop/orders.py:10 Order.total",
            ],
        );
        place.commit(&[("new.py", &format!("'{}'\n", name.display()))]);
        check(
            &place.open(),
            Kind::Callers,
            "unit_price",
            &["shop/orders.py:10 Order.total"],
        );
    }
}

#[test]
fn a_damaged_index_is_made_anew() {
    check_damage(|path| fs::remove_file(path).unwrap());
    check_damage(|path| fs::write(path, "").unwrap());
    check_damage(|path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    check_damage(|path| {
        let n_bytes = fs::read(path).unwrap().len();
        fs::write(path, [b'x', 0xff, 0x80].repeat(n_bytes / 3 + 1)).unwrap();
    });
    // What a run that was killed leaves.
    let place = shop();
    fs::create_dir_all(place.index().join("index")).unwrap();
    fs::write(place.index().join("index/meta.json.tmp"), "{").unwrap();
    assert_eq!(place.open().n_added(), 4);
}

#[test]
fn hostile_files_are_skipped_and_counted() {
    let deep = format!("{}deep.py", "d/".repeat(150));
    let place = Place::of(&[
        ("good.py", "needle = 1\n"),
        ("evil\n\u{1b}[31m.py", "needle = 2\n"),
        ("large.py", &"# needle\n".repeat(200_000)),
        (
            "line.txt",
            &format!("needle {}needle_at_the_end\n", "x ".repeat(100_000)),
        ),
        ("nested.py", &format!("needle = {}", "[".repeat(50_000))),
        (&deep, "needle = 3\n"),
    ]);
    fs::write(place.root().join("binary.py"), b"needle\0needle").unwrap();
    fs::write(place.root().join("latin.py"), b"needle = '\xe9t\xe9'\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.root().join("link.py")).unwrap();
    std::os::unix::fs::symlink("good.py", place.root().join("inner.py")).unwrap();
    let head = place.head();
    place.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{},sub", head.as_str()),
    ]);
    place.commit(&[]);
    let index = place.open();
    let mut paths: Vec<String> = ask(&index, Kind::Text, "needle", &[])
        .into_iter()
        .map(|h| h.path)
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "evil\n\u{1b}[31m.py",
            "good.py",
            "latin.py",
            "line.txt",
            "nested.py"
        ]
    );
    assert_eq!((index.n_files(), index.n_skipped()), (5, 3));
    check(&index, Kind::Text, "needle_at_the_end path:line", &[]);
    check(&index, Kind::Text, "path:binary", &["binary.py:1"]);
    check(&index, Kind::Text, "root path:link", &[]);
}

#[test]
fn no_query_is_an_error() {
    let place = shop();
    let index = place.open();
    let long = "unit_price ".repeat(100_000);
    let quotes = "\"".repeat(10_001);
    let phrases = "\"unit price\" ".repeat(1000);
    let trace = format!(
        "Traceback (most recent call last):\n{}KeyError: 1\n",
        "  File \"/app/shop/orders.py\", line 4294967295, in f\n    x\n".repeat(5000)
    );
    for text in [
        "\"",
        "\"\"",
        ":",
        "path:",
        "AND",
        "(a OR",
        "+-*?~^[]{}\\/!",
        "\u{0}",
        "\u{202e}",
        "a:b:c",
        "x:99999999999999",
        "..",
        ".a.",
        "é\u{301}",
        "path:[z-a]",
        &long,
        &quotes,
        &phrases,
        &trace,
    ] {
        for kind in [
            Kind::Text,
            Kind::Definitions,
            Kind::References,
            Kind::Callers,
            Kind::Callees,
        ] {
            ask(&index, kind, text, &[]);
        }
    }
}
