//! Rust's errors with their causes, by our own examples.

use super::check;

#[test]
fn anyhow_and_eyre() {
    check(
        "Error: could not start

Stack backtrace:
   0: shop::load
             at ./src/load.rs:7:3
   1: main

next
",
        &["- - \"-\"
Error: \"could not start\"
  :0 main | -
  ./src/load.rs:7 shop::load | -"],
    );
    check(
        "Error: could not start

Caused by:
    gone (os error 2)

Location:
    src/load.rs:7:3
",
        &["- - \"-\"
Error: \"could not start\" @src/load.rs:7
Error: \"gone (os error 2)\" <cause of 0>"],
    );
    check(
        "2024-01-01T12:00:00Z ERROR shop::orders: could not take order 7

Caused by:
    0: no stock
    1: gone (os error 2)
2024-01-01T12:00:01Z  INFO shop: next
",
        &["2024-01-01T12:00:00Z error \"-\"
Error: \"could not take order 7\"
Error: \"no stock\" <cause of 0>
Error: \"gone (os error 2)\" <cause of 1>"],
    );
    check(
        "thread 'main' panicked at src/main.rs:4:5:
called `Result::unwrap()` on an `Err` value: could not start

Caused by:
    gone (os error 2)
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
",
        &["- - \"-\"
panic: \"called `Result::unwrap()` on an `Err` value: could not start\" @src/main.rs:4
Error: \"gone (os error 2)\" <cause of 0>"],
    );
    // A heading of another program.
    check(
        "12:00:00 INFO plan\nCaused by:\n  rain\n\nLocation:\n  here\n   0: x\n",
        &[],
    );
}

#[test]
fn color_eyre() {
    let log = "Error: 
   0: \u{1b}[91mcould not start\u{1b}[0m
   1: \u{1b}[91mgone (os error 2)\u{1b}[0m

Location:
   \u{1b}[35msrc/load.rs\u{1b}[0m:\u{1b}[35m7\u{1b}[0m

  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ SPANTRACE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

   0: \u{1b}[91mshop::load\u{1b}[0m with \u{1b}[36mpath=\"x\"\u{1b}[0m
      at \u{1b}[35msrc/load.rs\u{1b}[0m:\u{1b}[35m3\u{1b}[0m

  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ BACKTRACE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
                                ⋮ 5 frames hidden ⋮                               
   6: \u{1b}[91mshop::load\u{1b}[0m\u{1b}[90m::h97dc24d9e02fb9fb\u{1b}[0m
      at \u{1b}[35m/app/src/load.rs\u{1b}[0m:\u{1b}[35m7\u{1b}[0m
        6 │     let path = path();
        7 >     read(path)?;
        8 │ }
   7: main\u{1b}[90m::h97dc24d9e02fb9fc\u{1b}[0m
      at \u{1b}[35m/app/src/main.rs\u{1b}[0m:\u{1b}[35m3\u{1b}[0m
                                ⋮ 10 frames hidden ⋮                              

Run with COLORBT_SHOW_HIDDEN=1 environment variable to disable frame filtering.
next
";
    check(
        log,
        &["- error \"-\"
Error: \"could not start\" @src/load.rs:7
  /app/src/main.rs:3 main | -
  /app/src/load.rs:7 shop::load | read(path)?;
Error: \"gone (os error 2)\" <cause of 0>"],
    );
}
