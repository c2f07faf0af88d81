//! Forms of logs, by our own examples.

mod apple;
mod kernel;
mod listed;
mod rust;
mod swift;
mod unity;

use ingest::{ErrorEvent, Format, Link};

use crate::corpus::read_bytes;

/// An event on few lines: the record's parts, then each exception with its frames.
fn render(event: &ErrorEvent) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let level = event
        .attributes
        .get("level")
        .and_then(|level| level.as_str())
        .unwrap_or("-");
    let mut text = format!(
        "{} {level} {:?}\n",
        or_dash(&event.timestamp),
        event.message.as_deref().unwrap_or("-")
    );
    for exception in &event.exceptions {
        let link = exception.parent.map_or(String::new(), |parent| {
            let link = match parent.link {
                Link::Cause => "cause",
                Link::Context => "context",
                Link::Member => "member",
                Link::Suppressed => "suppressed",
            };
            format!(" <{link} of {}>", parent.index)
        });
        let notes = if exception.notes.is_empty() {
            String::new()
        } else {
            format!(" +{:?}", exception.notes)
        };
        let location = exception.location.as_ref().map_or(String::new(), |place| {
            format!(" @{}:{}", place.path, place.line.unwrap_or(0))
        });
        text.push_str(&format!(
            "{}: {:?}{notes}{location}{link}\n",
            exception.qualified_name(),
            exception.message
        ));
        for frame in &exception.frames {
            let marked = frame
                .columns
                .zip(frame.context_line.as_ref())
                .and_then(|((from, to), line)| line.get(from as usize..to as usize));
            let repeated = if frame.repeated > 0 {
                format!(" x{}", frame.repeated)
            } else {
                String::new()
            };
            text.push_str(&format!(
                "  {}:{} {}{repeated} | {}{}\n",
                frame.path,
                frame.line.unwrap_or(0),
                frame.function,
                frame.context_line.as_deref().unwrap_or("-"),
                marked.map_or(String::new(), |marked| format!(" | {marked}")),
            ));
        }
    }
    text
}

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    for input in [input.to_owned(), input.replace('\n', "\r\n")] {
        let (events, _) = read_bytes(input.as_bytes(), Format::Auto);
        let rendered: Vec<String> = events.iter().map(render).collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|event| format!("{}\n", event.trim_end()))
            .collect();
        assert_eq!(
            rendered.join("---\n"),
            expected.join("---\n"),
            "in\n{input}"
        );
    }
}

const PLAIN: &str = "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    g(x)\n    ~^^^\n  File \"a.py\", line 7, in g\n    return d['k']\nKeyError: 'k'\n";
const PLAIN_EXCEPTION: &str =
    "KeyError: \"'k'\"\n  a.py:3 f | g(x) | g(x)\n  a.py:7 g | return d['k'] | -";

fn plain(head: &str) -> String {
    format!("{head}\n{}", PLAIN_EXCEPTION.replace(" | -", ""))
}

#[test]
fn records_around() {
    check(PLAIN, &[&plain("- - \"-\"")]);
    check(
        &format!("ERROR:root:it broke\n{PLAIN}INFO:root:next\n"),
        &[&plain("- error \"it broke\"")],
    );
    check(
        &format!(
            "2024-01-01 12:00:00,123 INFO app: fine\n[2024-01-01 12:00:01,000] ERROR in app: Exception on /orders [POST]\n{PLAIN}\n[2024-01-01 12:00:02,000] INFO in app: next\n"
        ),
        &[&plain(
            "2024-01-01 12:00:01,000 error \"Exception on /orders [POST]\"",
        )],
    );
    check(
        &format!("Exception in thread Thread-1 (run):\n{PLAIN}"),
        &[&plain("- - \"Exception in thread Thread-1 (run):\"")],
    );
    check(
        &format!(
            "2024-01-01 12:00:00,123 - app.jobs - ERROR - first line\nsecond line\n{PLAIN}2024-01-01 12:00:01,000 - app - INFO - x\n"
        ),
        &[&plain(
            "2024-01-01 12:00:00,123 error \"first line\\nsecond line\"",
        )],
    );
    check(
        &format!("{PLAIN}{PLAIN}"),
        &[&plain("- - \"-\""), &plain("- - \"-\"")],
    );
}

#[test]
fn prefixes_on_every_line() {
    let prefixed = |prefix: &str, text: &str| -> String {
        text.lines()
            .map(|line| format!("{prefix}{line}\n"))
            .collect()
    };
    check(&prefixed("web-1  | ", PLAIN), &[&plain("- - \"-\"")]);
    check(&prefixed("    ", PLAIN), &[&plain("- - \"-\"")]);
    check(
        &prefixed("Jul  5 12:00:01 host app[123]: ", PLAIN),
        &[&plain("Jul  5 12:00:01 - \"-\"")],
    );
    check(
        &prefixed("2024-01-01T12:00:00.000000001Z stderr F ", PLAIN),
        &[&plain("2024-01-01T12:00:00.000000001Z - \"-\"")],
    );
    check(
        &prefixed(
            "2024-01-01 12:00:00,123 ERROR my.app: ",
            &format!("it broke\n{PLAIN}"),
        ),
        &[&plain("2024-01-01 12:00:00,123 error \"it broke\"")],
    );
    // Two containers write at the same time.
    let (one, two) = (
        prefixed("web-1  | ", PLAIN),
        prefixed("web-2  | ", &PLAIN.replace("'k'", "'l'")),
    );
    let mixed: String = one
        .lines()
        .zip(two.lines())
        .flat_map(|(one, two)| [one, "\n", two, "\n"])
        .collect();
    check(
        &mixed,
        &[
            &plain("- - \"-\""),
            &plain("- - \"-\"").replace("'k'", "'l'"),
        ],
    );
}

#[test]
fn chains() {
    let chain = format!(
        "{PLAIN}\nThe above exception was the direct cause of the following exception:\n\n{}",
        PLAIN.replace("KeyError: 'k'", "app.errors.Lookup: no k")
    );
    let lookup = plain("- - \"-\"").replace("KeyError: \"'k'\"", "app.errors.Lookup: \"no k\"");
    let cause = PLAIN_EXCEPTION
        .replace(" | -", "")
        .replace("KeyError: \"'k'\"", "KeyError: \"'k'\" <cause of 0>");
    check(&chain, &[&format!("{lookup}\n{cause}")]);
    let context = chain.replace(
        "The above exception was the direct cause of the following exception:",
        "During handling of the above exception, another exception occurred:",
    );
    check(
        &context,
        &[&format!(
            "{lookup}\n{}",
            cause.replace("cause of", "context of")
        )],
    );
    check(
        &context
            .lines()
            .map(|line| format!("app | {line}\n"))
            .collect::<String>(),
        &[&format!(
            "{lookup}\n{}",
            cause.replace("cause of", "context of")
        )],
    );
}

#[test]
fn groups() {
    check(
        "  + Exception Group Traceback (most recent call last):
  |   File \"g.py\", line 9, in <module>
  |     raise eg
  | ExceptionGroup: nested (3 sub-exceptions)
  | a note
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File \"g.py\", line 2, in f
    |     int('x')
    | ValueError: bad
    | 
    | During handling of the above exception, another exception occurred:
    | 
    | Traceback (most recent call last):
    |   File \"g.py\", line 3, in f
    |     raise TypeError()
    | TypeError
    +---------------- 2 ----------------
    | Exception Group Traceback (most recent call last):
    |   File \"g.py\", line 5, in h
    |     raise inner
    | ExceptionGroup: imports (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | ImportError: no.such
      +---------------- 2 ----------------
      | OSError: x
      +------------------------------------
    +---------------- 3 ----------------
    | RuntimeError: last
    +------------------------------------
done
",
        &["- - \"-\"
ExceptionGroup: \"nested (3 sub-exceptions)\" +[\"a note\"]
  g.py:9 <module> | raise eg
TypeError: \"\" <member of 0>
  g.py:3 f | raise TypeError()
ValueError: \"bad\" <context of 1>
  g.py:2 f | int('x')
ExceptionGroup: \"imports (2 sub-exceptions)\" <member of 0>
  g.py:5 h | raise inner
ImportError: \"no.such\" <member of 3>
OSError: \"x\" <member of 3>
RuntimeError: \"last\" <member of 0>"],
    );
    check(
        "Traceback (most recent call last):
  File \"g.py\", line 1, in <module>
    f()
ValueError: first

During handling of the above exception, another exception occurred:

  + Exception Group Traceback (most recent call last):
  |   File \"g.py\", line 9, in <module>
  |     raise eg
  | ExceptionGroup: g (1 sub-exception)
  +-+---------------- 1 ----------------
    | KeyError: 'x'
    +------------------------------------

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"g.py\", line 11, in <module>
    raise RuntimeError from e
RuntimeError
",
        &["- - \"-\"
RuntimeError: \"\"
  g.py:11 <module> | raise RuntimeError from e
ExceptionGroup: \"g (1 sub-exception)\" <cause of 0>
  g.py:9 <module> | raise eg
KeyError: \"'x'\" <member of 1>
ValueError: \"first\" <context of 1>
  g.py:1 <module> | f()"],
    );
}

/// CPython closes groups that end together with one line, that of the innermost.
#[test]
fn groups_go_on_and_follow_each_other() {
    let group = "  + Exception Group Traceback (most recent call last):
  |   File \"g.py\", line 9, in <module>
  |     raise eg
  | ExceptionGroup: outer (1 sub-exception)
  +-+---------------- 1 ----------------
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | ValueError: a
      | 
      | b
      +------------------------------------
";
    let shown = |at: usize, link: &str| {
        format!(
            "ExceptionGroup: \"outer (1 sub-exception)\"{link}\n  g.py:9 <module> | raise eg\nExceptionGroup: \"inner (1 sub-exception)\" <member of {at}>\nValueError: \"a\\n\\nb\" <member of {}>",
            at + 1
        )
    };
    check(
        &format!("{group}{group}{PLAIN}"),
        &[
            &format!("- - \"-\"\n{}", shown(0, "")),
            &format!("- - \"-\"\n{}", shown(0, "")),
            &plain("- - \"-\""),
        ],
    );
    check(
        &format!(
            "{group}\nDuring handling of the above exception, another exception occurred:\n\n{PLAIN}"
        ),
        &[&format!(
            "{}\n{}",
            plain("- - \"-\""),
            shown(1, " <context of 0>")
        )],
    );
}

#[test]
fn messages_and_notes() {
    let trace = |raising: &str, rest: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    {raising}\n{rest}"
        )
    };
    let event =
        |raising: &str, exception: &str| format!("- - \"-\"\n{exception}\n  a.py:3 f | {raising}");
    check(
        &trace(
            "M(**data)",
            "pydantic.ValidationError: 1 validation error for M\nname\n  field required (type=missing)\n\nnext thing\n",
        ),
        &[&event(
            "M(**data)",
            "pydantic.ValidationError: \"1 validation error for M\\nname\\n  field required (type=missing)\"",
        )],
    );
    check(
        &trace(
            "raise ValueError(\"bad value\")",
            "ValueError: bad value\nwhile reading x\n",
        ),
        &[&event(
            "raise ValueError(\"bad value\")",
            "ValueError: \"bad value\" +[\"while reading x\"]",
        )],
    );
    check(
        &trace(
            "raise ValueError(f\"bad {x} here\")",
            "ValueError: bad 3 here\na note\n",
        ),
        &[&event(
            "raise ValueError(f\"bad {x} here\")",
            "ValueError: \"bad 3 here\" +[\"a note\"]",
        )],
    );
    check(
        &trace("raise ValueError(text)", "ValueError: one\ntwo\n"),
        &[&event(
            "raise ValueError(text)",
            "ValueError: \"one\\ntwo\"",
        )],
    );
    check(
        &trace("raise", "KeyError\n"),
        &[&event("raise", "KeyError: \"\"")],
    );
    // With records around, a message goes on over blank lines until the next record.
    check(
        &format!("2024-01-01 12:00:00,123 ERROR my.app: x\n{}2024-01-01 12:00:01,123 INFO app: y\n", trace("validate()", "jsonschema.exceptions.ValidationError: 'a' is required\n\nFailed validating 'required' in schema:\n    {'x': 1}\n")),
        &[&event("validate()", "jsonschema.exceptions.ValidationError: \"'a' is required\\n\\nFailed validating 'required' in schema:\\n    {'x': 1}\"").replace("- - \"-\"", "2024-01-01 12:00:00,123 error \"x\"")],
    );
}

#[test]
fn odd_tracebacks() {
    check(
        "Traceback (most recent call last):\n  File \"m.py\", line 1, in <module>\n    import b\n  File \"/app/b.py\", line 4\n    b = 7 *\n           ^\nSyntaxError: invalid syntax\n",
        &[
            "- - \"-\"\nSyntaxError: \"invalid syntax (b.py, line 4)\"\n  m.py:1 <module> | import b",
        ],
    );
    check(
        "  File \"<string>\", line 1\n    foo =\n         ^\nSyntaxError: invalid syntax\n",
        &["- - \"-\"\nSyntaxError: \"invalid syntax (<string>, line 1)\""],
    );
    check("x.py: note:\n  File \"x.py\", line 1\nnothing else\n", &[]);
    check(
        "Traceback (most recent call last):\n  File \"r.py\", line 2, in r\n    r()\n  [Previous line repeated 975 more times]\nRecursionError: maximum recursion depth exceeded\n",
        &["- - \"-\"\nRecursionError: \"maximum recursion depth exceeded\"\n  r.py:2 r x975 | r()"],
    );
    check(
        "Traceback (most recent call last):\n  File \"<frozen importlib._bootstrap>\", line 1206, in _gcd_import\n  File \"a.pyx\", line 5, in a.b.C.get\nModuleNotFoundError: No module named 'x'\n",
        &[
            "- - \"-\"\nModuleNotFoundError: \"No module named 'x'\"\n  <frozen importlib._bootstrap>:1206 _gcd_import | -\n  a.pyx:5 a.b.C.get | -",
        ],
    );
    check(
        "Traceback (most recent call last):\n  File \"a.py\", line 5, in f\n    call(\n    ~~~~^\n        a,\n        ^^\n    )\n    ^\nValueError: x\n",
        &["- - \"-\"\nValueError: \"x\"\n  a.py:5 f | call( | call("],
    );
    check(
        "ERROR boom Traceback (most recent call last):\nValueError: nothing between\n",
        &["- error \"boom\"\nValueError: \"nothing between\""],
    );
}

#[test]
fn torn_ones_are_counted_and_lose_nothing() {
    let torn = "Traceback (most recent call last):\n  File \"t.py\", line 1, in f\n    g()\n";
    let input = format!("{torn}2024-01-01 12:00:00 INFO fine\n{PLAIN}{torn}{PLAIN}{torn}");
    let (events, summary) = read_bytes(input.as_bytes(), Format::Auto);
    assert_eq!(
        (events.len(), summary.n_dropped(ingest::DropReason::Torn)),
        (2, 3),
        "{summary:?}"
    );
    // Another thread's record inside a traceback.
    let inside = PLAIN.replace("    g(x)\n", "2024-01-01 12:00:00 INFO fine\n    g(x)\n");
    check(&inside, &[&plain("- - \"-\"")]);
    let (events, _) = read_bytes(
        format!("{torn}INFO: done\nwarning: x\nsomething: else\n").as_bytes(),
        Format::Auto,
    );
    assert!(events.is_empty());
}

#[test]
fn jvm_stacks() {
    check(
        "2024-01-01 12:00:00 ERROR shop.Orders - Order 7 failed
java.lang.IllegalStateException: no stock
for 3 items
\tat shop.Stock.take(Stock.java:10) ~[app.jar:1.2]
\tat java.base/java.util.Optional.map(Optional.java:260)
\tat shop.Main.main(Main.java:3)
\tSuppressed: java.io.IOException: close
\t\tat shop.Stock.close(Stock.java:40)
\t\t... 2 more
Caused by: java.sql.SQLException: gone
\tat shop.Db.<init>(Db.kt)
\t... 12 common frames omitted
2024-01-01 12:00:01 INFO [main] shop.Orders - next
",
        &["2024-01-01 12:00:00 error \"Order 7 failed\"
java.lang.IllegalStateException: \"no stock\\nfor 3 items\"
  Main.java:3 shop.Main.main | -
  Optional.java:260 java.util.Optional.map | -
  Stock.java:10 shop.Stock.take | -
java.io.IOException: \"close\" <suppressed of 0>
  Stock.java:40 shop.Stock.close | -
java.sql.SQLException: \"gone\" <cause of 0>
  Db.kt:0 shop.Db.<init> | -"],
    );
    check(
        "java.lang.RuntimeException: root
\tat a.B.c(B.java:1)
Wrapped by: java.lang.Error: outer
\tat a.B.d(B.java:2)
",
        &["- - \"-\"
java.lang.Error: \"outer\"
  B.java:2 a.B.d | -
java.lang.RuntimeException: \"root\" <cause of 0>
  B.java:1 a.B.c | -"],
    );
    // A thread dump is no error.
    check(
        "\"main\" #1 prio=5 os_prio=0\n   java.lang.Thread.State: RUNNABLE\n\tat a.B.c(B.java:1)\n",
        &[],
    );
}

#[test]
fn dotnet_stacks() {
    check(
        "fail: Shop.Api[1] it broke
System.AggregateException: One or more errors occurred. (no)
 ---> System.InvalidOperationException: no
 ---> Shop.Oops: root
   at Shop.Db.Get(Int32 id) in C:\\shop\\Db.cs:line 9
   --- End of inner exception stack trace ---
   at Shop.A.B()
   --- End of stack trace from previous location ---
   at Shop.A.C[T](T x) in /src/A.cs:line 5
   --- End of inner exception stack trace ---
   at Program.Main(String[] args) in /src/P.cs:line 3
 ---> (Inner Exception #1) System.IO.IOException: disk
   at Shop.D.E(String path)<---

next
",
        &["- fail \"Shop.Api[1] it broke\"
System.AggregateException: \"One or more errors occurred. (no)\"
  /src/P.cs:3 Program.Main(String[] args) | -
System.InvalidOperationException: \"no\" <cause of 0>
  /src/A.cs:5 Shop.A.C[T](T x) | -
  :0 Shop.A.B() | -
Shop.Oops: \"root\" <cause of 1>
  C:\\shop\\Db.cs:9 Shop.Db.Get(Int32 id) | -
System.IO.IOException: \"disk\" <member of 0>
  :0 Shop.D.E(String path) | -"],
    );
}

#[test]
fn other_languages_stacks() {
    check(
        "a.b.C: javax.mail.SendFailedException: Invalid;
  nested exception is:
com.sun.mail.AddressException: 550

\tat a.b.C.send(C.java:1)
",
        &["- - \"-\"
a.b.C: \"javax.mail.SendFailedException: Invalid;\\n  nested exception is:\\ncom.sun.mail.AddressException: 550\"
  C.java:1 a.b.C.send | -"],
    );
    check(
        "web-1  | panic: first [recovered]
web-1  | \tpanic: second
db-1   | LOG: checkpoint
web-1  | [signal SIGSEGV: segmentation violation code=0x1]
web-1  | 
web-1  | goroutine 7 [running]:
web-1  | main.(*Shop).take(0xc0001, {0x1, 0x2})
web-1  | \t/app/stock.go:12 +0x1d
db-1   | LOG: checkpoint
web-1  | created by main.main in goroutine 1
web-1  | \t/app/main.go:3 +0x1
web-1  | 
web-1  | goroutine 1 [select]:
web-1  | main.main()
web-1  | \t/app/main.go:9
",
        &["- - \"-\"
panic: \"second\"
  /app/stock.go:12 main.(*Shop).take | -
panic: \"first\" <context of 0>"],
    );
    check(
        "thread 'main' panicked at 'first
second', src/main.rs:4:5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
",
        &["- - \"-\"\npanic: \"first\\nsecond\" @src/main.rs:4"],
    );
    check(
        "Error: could not start

Caused by:
    0: no configuration
    1: gone (os error 2)

Stack backtrace:
   0: shop::load::h0123456789abcdef
             at ./src/load.rs:7:3
   1: main
",
        &["- - \"-\"
Error: \"could not start\"
  :0 main | -
  ./src/load.rs:7 shop::load | -
Error: \"no configuration\" <cause of 0>
Error: \"gone (os error 2)\" <cause of 1>"],
    );
    check(
        "Traceback (most recent call last):
\t2: from a.rb:10:in `<main>'
\t1: from a.rb:5:in `f'
a.rb:2:in `g': no (Shop::Oops)
",
        &["- - \"-\"
Shop::Oops: \"no\"
  a.rb:10 <main> | -
  a.rb:5 f | -
  a.rb:2 g | -"],
    );
    check(
        "PHP Fatal error:  Uncaught Gone: no in /app/a.php:3
Stack trace:
#0 /app/b.php(7): f(1)
#1 {main}

Next App\\Oops: outer in /app/b.php:8
Stack trace:
#0 {main}
  thrown in /app/b.php on line 8
",
        &["- - \"PHP Fatal error:\"
App\\Oops: \"outer\"
  /app/b.php:8 {main} | -
Gone: \"no\" <cause of 0>
  /app/b.php:7 {main} | -
  /app/a.php:3 f | -"],
    );
    check(
        "12:00:00.123 [error] GenServer Shop.Stock terminating
** (KeyError) key :x not found in: %{}
    (shop 0.1.0) lib/shop/stock.ex:12: Shop.Stock.take/2
    (stdlib 5.0) gen_server.erl:1123: :gen_server.try_handle_call/4
Last message: :take
",
        &["12:00:00.123 error \"GenServer Shop.Stock terminating\"
KeyError: \"key :x not found in: %{}\"
  gen_server.erl:1123 :gen_server.try_handle_call/4 | -
  lib/shop/stock.ex:12 Shop.Stock.take/2 | -"],
    );
    check(
        "Unhandled exception:
RangeError (index): Invalid value: 3
package:shop/main.dart 17:20  main.<fn>
===== asynchronous gap ===========================
dart:async/zone.dart          _rootRun
",
        &["- - \"Unhandled exception:\"
RangeError: \"Invalid value: 3\"
  dart:async/zone.dart:0 _rootRun | -
  package:shop/main.dart:17 main.<fn> | -"],
    );
}

#[test]
fn records_with_other_languages_stacks() {
    let check = |record: serde_json::Value, expected: &str| {
        let (events, summary) = read_bytes(format!("{record}\n").as_bytes(), Format::Auto);
        let found: Vec<String> = events
            .iter()
            .map(|event| {
                let exception = event.exception();
                let top = exception
                    .frames
                    .last()
                    .map_or("-", |frame| frame.function.as_str());
                format!("{:?} {} {top}", event.platform, exception.qualified_name())
            })
            .collect();
        assert_eq!(found.join(", "), expected, "{record}: {summary:?}");
    };
    check(
        serde_json::json!({"level": "ERROR", "message": "it broke",
            "stack_trace": "java.lang.RuntimeException: x\n\tat shop.Stock.take(Stock.java:10)\n"}),
        "Java java.lang.RuntimeException shop.Stock.take",
    );
    check(
        serde_json::json!({"level": "error", "msg": "it broke",
            "stacktrace": "main.take\n\t/app/stock.go:12\nmain.main\n\t/app/main.go:3"}),
        "Go error main.take",
    );
    check(
        serde_json::json!({"level": "error", "exception": {"type": "Oops", "message": "no",
            "stack": "    at take (/app/a.js:1:2)\n    at main (/app/b.js:3:4)"}}),
        "JavaScript Oops take",
    );
    check(
        serde_json::json!({"severity": "ERROR",
            "message": "boom (RuntimeError)\n/app/stock.rb:12:in 'take'\n/app/main.rb:3:in '<main>'"}),
        "Ruby RuntimeError take",
    );
}

#[test]
fn node_stacks() {
    check(
        "2024-01-01T12:00:00Z error: Unhandled TypeError: Cannot read properties of undefined (reading 'id')
    at load (/app/src/a.js:10:5)
    at async main (/app/src/b.js:3:1) {
  code: 'E',
  [cause]: RangeError: too big
      at inner (/app/src/c.js:1:2)
      at load (/app/src/a.js:9:5)
}
after
",
        &["2024-01-01T12:00:00Z error \"Unhandled\"
TypeError: \"Cannot read properties of undefined (reading 'id')\"
  /app/src/b.js:3 main | -
  /app/src/a.js:10 load | -
RangeError: \"too big\" <cause of 0>
  /app/src/a.js:9 load | -
  /app/src/c.js:1 inner | -"],
    );
    check(
        "/app/a.js:3\n    throw new Error('x');\n    ^\n\nError: x\n    at Object.<anonymous> (/app/a.js:3:11)\n    at node:internal/main:5:1\n\nNode.js v20.0.0\n",
        &[
            "- - \"-\"\nError: \"x\"\n  node:internal/main:5  | -\n  /app/a.js:3 Object.<anonymous> | -",
        ],
    );
}

#[test]
fn json_records() {
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let trace = json(PLAIN);
    for field in [
        "exc_info",
        "exception",
        "traceback",
        "stack_trace",
        "error.stack_trace",
        "anything",
    ] {
        check(
            &format!(
                "{{\"asctime\": \"12:00\", \"level\": \"error\", \"message\": \"it broke\", \"{field}\": {trace}}}\n"
            ),
            &[&plain("12:00 error \"it broke\"")],
        );
    }
    check(
        &format!(
            "{{\"event\": \"it broke\", \"timestamp\": \"t\", \"exc\": {{\"nested\": [{trace}]}}}}\n"
        ),
        &[&plain("t - \"it broke\"")],
    );
    check(
        &format!(
            "{{\"level\": \"error\", \"message\": {}}}\n",
            json(&format!("it broke\n{PLAIN}"))
        ),
        &[&plain("- error \"it broke\"")],
    );
    check(
        "{\"level\":\"error\",\"time\":1,\"err\":{\"type\":\"TypeError\",\"message\":\"m\",\"stack\":\"TypeError: m\\n    at f (/app/a.js:1:2)\"},\"msg\":\"failed\"}\n",
        &["1 error \"failed\"\nTypeError: \"m\"\n  /app/a.js:1 f | -"],
    );
    check(
        "{\"level\":\"error\",\"err\":{\"type\":\"TypeError\",\"message\":\"m\",\"stack\":\"    at f (/app/a.js:1:2)\"},\"msg\":\"failed\"}\n",
        &["- error \"failed\"\nTypeError: \"m\"\n  /app/a.js:1 f | -"],
    );
    check(
        "{\"event\":\"x\",\"level\":\"error\",\"exception\":[{\"exc_type\":\"KeyError\",\"exc_value\":\"'k'\",\"is_cause\":false,\"frames\":[{\"filename\":\"a.py\",\"lineno\":3,\"name\":\"f\",\"line\":\"\",\"locals\":{\"x\":\"1\"}}]},{\"exc_type\":\"ValueError\",\"exc_value\":\"v\",\"is_cause\":true,\"frames\":[]}]}\n",
        &["- error \"x\"\nKeyError: \"'k'\"\n  a.py:3 f | -\nValueError: \"v\" <cause of 0>"],
    );
    check(
        "{\"level\": \"error\", \"message\": \"no trace\", \"stack_info\": \"Stack (most recent call last):\\n  File \\\"a.py\\\", line 1, in f\"}\n",
        &["- error \"no trace\""],
    );
    // Other lines between are text.
    check(
        &format!(
            "{{\"message\": \"ok\", \"error\": null}}\nERROR:root:it broke\n{PLAIN}{{\"message\": \"ok\"}}\n"
        ),
        &[&plain("- error \"it broke\"")],
    );
}

#[test]
fn containers() {
    let docker = |text: &str, stream: &str| -> String {
        text.lines()
            .map(|line| {
                format!(
                    "{}\n",
                    serde_json::json!({"log": format!("{line}\n"), "stream": stream, "time": "t"})
                )
            })
            .collect()
    };
    let (out, err) = (
        docker("a\nb\nc\nd\ne\nf\ng", "stdout"),
        docker(PLAIN, "stderr"),
    );
    let mixed: String = out
        .lines()
        .zip(err.lines())
        .flat_map(|(out, err)| [out, "\n", err, "\n"])
        .collect();
    check(&mixed, &[&plain("t - \"-\"")]);
    // The application's own record inside, split by the runtime.
    let record =
        serde_json::json!({"message": "it broke", "level": "error", "exc_info": PLAIN}).to_string();
    let (one, two) = record.split_at(30);
    check(
        &format!(
            "2024-01-01T12:00:00.000000001Z stdout F {{}}\n2024-01-01T12:00:00.000000001Z stdout P {one}\n2024-01-01T12:00:00.000000001Z stdout F {two}\n"
        ),
        &[&plain("- error \"it broke\"")],
    );
}

#[test]
fn sentry_lenience() {
    check(
        "{\"event_id\": \"1\", \"platform\": \"python\", \"message\": \"hello\", \"threads\": {\"values\": [{\"stacktrace\": {\"frames\": [{}]}}]}}\n",
        &["- - \"hello\""],
    );
    check(
        "{\"platform\": \"python\", \"logentry\": {\"message\": \"p %s\", \"formatted\": \"p 1\"}, \"level\": \"error\", \"timestamp\": 1.5, \"exception\": {\"type\": \"Outer.E\", \"module\": \"m\", \"value\": 3, \"stacktrace\": {\"frames\": [null, 7, {\"lineno\": \"x\"}, {\"filename\": \"a.py\", \"abs_path\": \"/app/a.py\", \"lineno\": \"12\", \"function\": \"f\", \"vars\": []}]}}}\n",
        &["1.5 error \"p 1\"\nm.Outer.E: \"3\"\n  :0  | -\n  /app/a.py:12 f | -"],
    );
    check(
        "{\"platform\": \"python\", \"exception\": {\"values\": [{\"type\": \"A\", \"value\": \"inner\"}, null, {\"type\": \"B\", \"value\": \"outer\", \"stacktrace\": {\"frames\": null}}]}}\n",
        &["- - \"-\"\nB: \"outer\"\nA: \"inner\" <cause of 0>"],
    );
}

#[test]
fn folded_into_one_line() {
    let escaped = serde_json::to_string(PLAIN.trim_end()).unwrap();
    let octal = PLAIN.trim_end().replace('\n', "#012");
    check(
        &format!("Jul  5 12:00:01 host app[1]: {octal}\n"),
        &[&plain("Jul  5 12:00:01 - \"-\"")],
    );
    check(
        &format!("level=error exc={escaped} k=v\n"),
        &[&plain("- error \"level=error exc\"")],
    );
    check(
        &format!(
            "2024-01-01 12:00:00 ERROR {{\"level\": \"error\", \"msg\": \"x\", \"exc_info\": {escaped}}}\n"
        ),
        &[&plain("- error \"x\"")],
    );
}

#[test]
fn fields_that_only_look_like_sentry() {
    let trace = serde_json::to_string(PLAIN).unwrap();
    check(
        &format!(
            "{{\"message\": \"it broke\", \"event_id\": \"1\", \"level\": \"error\", \"exception\": {{\"type\": \"KeyError\", \"message\": \"'k'\", \"stacktrace\": {trace}}}}}\n"
        ),
        &[&plain("- error \"it broke\"")],
    );
    check(
        &format!(
            "{{\"message\": \"it broke\", \"event_id\": \"1\", \"level\": \"error\", \"exc_info\": {trace}}}\n"
        ),
        &[&plain("- error \"it broke\"")],
    );
}

#[test]
fn queue_messages() {
    let data = "{\"type\": \"error\", \"exception\": {\"values\": [{\"type\": \"E\", \"value\": \"v\"}, null]}, \"tags\": [[\"a\", \"b\"], null], \"threads\": null}";
    let message = format!(
        "[2, \"insert\", {{\"event_id\": \"1\", \"project_id\": 1, \"platform\": \"python\", \"message\": \"\", \"datetime\": \"t\", \"data\": {data}}}, {{\"is_new\": true}}]"
    );
    check(&message, &["t - \"-\"\nE: \"v\""]);
    let value: serde_json::Value = serde_json::from_str(&message).unwrap();
    check(
        &serde_json::to_string_pretty(&value).unwrap(),
        &["t - \"-\"\nE: \"v\""],
    );
    check(
        "[2, \"end_delete_groups\", {\"transaction_id\": \"x\", \"group_ids\": [1], \"datetime\": \"t\"}]",
        &[],
    );
}

#[test]
fn envelopes() {
    let event = "{\"platform\": \"python\", \"exception\": {\"values\": [{\"type\": \"E\", \"value\": \"ä\"}]}}";
    let header = "{\"event_id\": \"1\", \"dsn\": \"https://k@x/1\", \"sdk\": {\"name\": \"s\"}}";
    let n = event.len();
    let expected = "- - \"-\"\nE: \"ä\"";
    check(
        &format!("{header}\n{{\"type\": \"event\"}}\n{event}"),
        &[expected],
    );
    let items = format!(
        "{{\"type\": \"attachment\", \"length\": 3}}\n\n{{\n\n{{\"type\": \"event\", \"length\": {n}}}\n{event}\n{{\"type\": \"session\", \"length\": 0}}\n\n"
    );
    let (events, summary) = read_bytes(
        format!("{header}\n{items}{header}\n{items}").as_bytes(),
        Format::Auto,
    );
    assert_eq!(
        (
            events.len(),
            summary.n_dropped(ingest::DropReason::OtherItem)
        ),
        (2, 4),
        "{summary:?}"
    );
    assert_eq!(events[1].id.as_deref(), Some("1"));
    // A length that counts characters, not bytes.
    check(
        &format!(
            "{header}\n{{\"type\": \"event\", \"length\": {}}}\n{event}\n",
            n - 1
        ),
        &[expected],
    );
    check(
        &format!("{header}\n{{\"type\": \"event\", \"length\": 99999999999}}\n{event}"),
        &[],
    );
}
