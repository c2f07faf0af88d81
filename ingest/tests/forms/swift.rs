//! Swift, by our own examples in the forms of its releases.

use super::check;

#[test]
fn fatal_errors_without_a_stack() {
    check(
        "Swift/ContiguousArrayBuffer.swift:600: Fatal error: Index out of range\n",
        &["- - \"-\"\nFatal error: \"Index out of range\" @Swift/ContiguousArrayBuffer.swift:600"],
    );
    check(
        "ready\n\nshop/Cart.swift:12: Precondition failed\nlast\n",
        &["- - \"-\"\nPrecondition failed: \"\" @shop/Cart.swift:12"],
    );
    check(
        "fatal error: no stock: file /app/Sources/shop/Cart.swift, line 12\n",
        &["- - \"-\"\nFatal error: \"no stock\" @/app/Sources/shop/Cart.swift:12"],
    );
}

/// 5.9 and later, on Linux, into a file: the thread that crashed is not the first one.
#[test]
fn program_crashed() {
    let log = "shop/Cart.swift:5: Fatal error: Unexpectedly found nil while unwrapping an Optional value

*** Signal 4: Backtracing from 0x7fcf719240b3... done ***

*** Program crashed: Illegal instruction at 0x00007fcf719240b3 ***

Thread 0 \"shop\":

0  0x00007fcf7040880a <unknown> in libc.so.6

Thread 1 \"NIO-ELT-0-#0\" crashed:

0 [inlined] [system] 0x00007fcf719240b3 _assertionFailure(_:_:file:line:flags:) in libswiftCore.so at /home/build/swift/stdlib/public/core/AssertCommon.swift:171:11
1                    0x0000562f234240b1 closure #1 in Cart.total(of:) + 624 in shop at /app/Sources/shop/Cart.swift:5:21

     3│   func total(of item: Item?) -> Int {
     4│     items.reduce(0) {
     5│       $0 + price(of: item!)
      │                     ▲
     6│     }

2 [ra] [inlined]     0x0000562f23424eba specialized run<A>(_:) in shop at /app/.build/checkouts/swift-nio/Sources/Loop.swift:29:16
3 [ra] [thunk]       0x0000562f23424eba thunk for @escaping @callee_guaranteed () -> () + 12 in shop at /app/<compiler-generated>
...
9 [ra] [system]      0x0000562f23424ebb main + 41 in shop

Thread 2:

0  0x00007fcf7040880a <unknown> in libc.so.6


Registers:

rax 0x0000000000000001  1
rip 0x00007fcf719240b3  0f 0b c3 cc  ····

Images (20 omitted):

0x0000562f23400000–0x0000562f23500000 <no build ID> shop /app/shop

Backtrace took 0.12s

next
";
    check(
        log,
        &["- - \"-\"
Fatal error: \"Unexpectedly found nil while unwrapping an Optional value\" @shop/Cart.swift:5
  :0 main | -
  /app/<compiler-generated>:0 thunk for @escaping @callee_guaranteed () -> () | -
  /app/.build/checkouts/swift-nio/Sources/Loop.swift:29 specialized run<A>(_:) | -
  /app/Sources/shop/Cart.swift:5 closure #1 in Cart.total(of:) | $0 + price(of: item!)
  /home/build/swift/stdlib/public/core/AssertCommon.swift:171 _assertionFailure(_:_:file:line:flags:) | -"],
    );
    check(
        &prefixed("shop-1  | ", log),
        &["- - \"-\"
Fatal error: \"Unexpectedly found nil while unwrapping an Optional value\" @shop/Cart.swift:5
  :0 main | -
  /app/<compiler-generated>:0 thunk for @escaping @callee_guaranteed () -> () | -
  /app/.build/checkouts/swift-nio/Sources/Loop.swift:29 specialized run<A>(_:) | -
  /app/Sources/shop/Cart.swift:5 closure #1 in Cart.total(of:) | $0 + price(of: item!)
  /home/build/swift/stdlib/public/core/AssertCommon.swift:171 _assertionFailure(_:_:file:line:flags:) | -"],
    );
    check(
        "ready

\u{1b}[91m💣 Program crashed: Bad pointer dereference at 0x0000000000000004\u{1b}[0m

Thread 0 crashed:

0 take() + 404 in shop at /app/main.swift:4:15

1 main + 12 in shop at /app/main.swift:8:3

Press space to interact, D to debug, or any other key to quit (30s)
",
        &["- - \"-\"
Bad pointer dereference: \"Bad pointer dereference at 0x0000000000000004\"
  /app/main.swift:8 main | -
  /app/main.swift:4 take() | -"],
    );
}

fn prefixed(prefix: &str, text: &str) -> String {
    text.lines()
        .map(|line| format!("{prefix}{line}\n"))
        .collect()
}

#[test]
fn older_stacks() {
    check(
        "Fatal error: no stock: file /app/Cart.swift, line 12
Current stack trace:
0    libswiftCore.so                    0x000072d18b357030 swift_reportError + 197
1    libswiftCore.so                    0x000072d18b366df1 <unavailable> + 16
2    shop                               0x00005f1f3efee9da Cart.total(of:) + 277
next
",
        &["- - \"-\"
Fatal error: \"no stock\" @/app/Cart.swift:12
  :0 Cart.total(of:) | -
  libswiftCore.so+0x10:0  | -
  :0 swift_reportError | -"],
    );
    // Behind a message that others may print as well.
    check(
        "Fatal error: no stock
Received signal 4. Backtrace:
0x559f386e6bf2, Backtrace.(printBacktrace in _B82A)(signal: Swift.Int32) -> () at /build/.build/checkouts/swift-backtrace/Sources/Backtrace/Backtrace.swift:66
0x7f1d42bcb51f
0x559f38d15e43, Shop.Cart.total(of: Swift.Int) -> Swift.Int at /app/Cart.swift:109
0x559f38d15e44, main at /app/<compiler-generated>:0
next
",
        &["- - \"-\"
Fatal error: \"no stock\"
  /app/<compiler-generated>:0 main | -
  /app/Cart.swift:109 Shop.Cart.total(of: Swift.Int) | -
  :0  | -
  /build/.build/checkouts/swift-backtrace/Sources/Backtrace/Backtrace.swift:66 Backtrace.(printBacktrace in _B82A)(signal: Swift.Int32) | -"],
    );
    check(
        "* thread #1, queue = 'com.apple.main-thread', stop reason = Fatal error: no stock
    frame #0: 0x00007fff5 libswiftCore.dylib`_swift_runtime_on_report
    frame #1: 0x00007fff6 libswiftCore.dylib`_fatalErrorMessage(_:_:file:line:flags:) + 26
  * frame #2: 0x000000010 shop`Cart.total(n=3, self=0x0000600) at Cart.swift:12:5
next
",
        &["- - \"-\"
Fatal error: \"no stock\"
  Cart.swift:12 Cart.total | -
  :0 _fatalErrorMessage(_:_:file:line:flags:) | -
  :0 _swift_runtime_on_report | -"],
    );
}

/// As LLDB shows a stop, and the stack when it is asked for it.
#[test]
fn stops_by_signal() {
    let stack = "- - \"Process 7 stopped\"
SIGSEGV: \"invalid address (fault address: 0x8)\"
  main.c:9 main | -
  cart.c:12 total | -";
    check(
        "Process 7 stopped
* thread #1, name = 'shop', stop reason = signal SIGSEGV: invalid address (fault address: 0x8)
    frame #0: 0x0000000000401136 shop`total(cart=0x0000000000000000) at cart.c:12:10
   11  \tint total(struct cart *cart) {
-> 12  \t    return cart->sum;
   13  \t}
(lldb) bt
* thread #1, name = 'shop', stop reason = signal SIGSEGV: invalid address (fault address: 0x8)
  * frame #0: 0x0000000000401136 shop`total(cart=0x0000000000000000) at cart.c:12:10
    frame #1: 0x0000000000401150 shop`main at main.c:9:3
(lldb) quit
",
        &[stack],
    );
    check(
        "* thread #1, queue = 'com.apple.main-thread', stop reason = breakpoint 1.1
  * frame #0: 0x0000000000401136 shop`total(cart=0x0000000000000000) at cart.c:12:10
",
        &[],
    );
}

/// What swift-log and Vapor write.
#[test]
fn error_records() {
    check(
        "2024-01-01T12:00:00+0000 info shop.orders : id=1 [Shop] taken\n2024-01-01T12:00:01+0000 error shop.orders : id=2 [Shop] no stock\n",
        &["2024-01-01T12:00:01+0000 error \"id=2 [Shop] no stock\""],
    );
    check(
        "[ INFO ] GET / [request-id: 7]\n[ ERROR ] Abort.404: Not Found [request-id: 8] (shop/Routes.swift:12)\n",
        &["- error \"Not Found [request-id: 8] (shop/Routes.swift:12)\""],
    );
}
