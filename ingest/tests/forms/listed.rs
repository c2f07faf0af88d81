//! Languages whose stacks are a list of calls, by our own examples.

use super::check;

#[test]
fn perl() {
    check(
        "12:00:00 INFO a
no stock at /app/lib/Shop/Cart.pm line 12.
\tShop::Cart::total('Shop::Cart=HASH(0x55d0)', 3) called at /usr/share/perl5/Try/Tiny.pm line 100
\teval {...} called at /app/shop.pl line 7
next
",
        &["12:00:00 info \"a\"
die: \"no stock\"
  /app/shop.pl:7 main | -
  /usr/share/perl5/Try/Tiny.pm:100 eval {...} | -
  /app/lib/Shop/Cart.pm:12 Shop::Cart::total | -"],
    );
    check(
        "2024-01-01 12:00:00 ERROR Can't call method \"total\" on an undefined value at /app/shop.pl line 7, <STDIN> line 3.\n",
        &[
            "2024-01-01 12:00:00 error \"-\"\ndie: \"Can't call method \\\"total\\\" on an undefined value\" @/app/shop.pl:7",
        ],
    );
    // A warning.
    check(
        "Use of uninitialized value $n in addition (+) at /app/shop.pl line 7.\n",
        &[],
    );
}

#[test]
fn lua() {
    check(
        "lua: cart.lua:3: attempt to index a nil value (global 'cart')
stack traceback:
\t[C]: in function 'error'
\tcart.lua:3: in local 'total'
\t(...tail calls...)
\tcart.lua:7: in main chunk
\t[C]: in ?
",
        &["- - \"-\"
error: \"attempt to index a nil value (global 'cart')\" @cart.lua:3
  cart.lua:7 main chunk | -
  cart.lua:3 total | -
  [C]:0 error | -"],
    );
    check(
        "2024/01/01 12:00:00 [error] 7#7: *4 lua entry thread aborted: runtime error: /app/cart.lua:3: no stock
stack traceback:
coroutine 0:
\t/app/cart.lua: in function 'total'
\t/app/web.lua:264: in function </app/web.lua:2>, client: 127.0.0.1, server: , request: \"GET / HTTP/1.1\"
2024/01/01 12:00:01 [info] 7#7: next
",
        &["2024/01/01 12:00:00 error \"*4 lua entry thread aborted:\"
error: \"no stock\" @/app/cart.lua:3
  /app/web.lua:264 /app/web.lua:2 | -
  /app/cart.lua:0 total | -"],
    );
}

#[test]
fn haskell() {
    check(
        "shop: Prelude.head: empty list
CallStack (from HasCallStack):
  error, called at libraries/base/GHC/List.hs:1646:3 in base:GHC.List
  errorEmptyList, called at libraries/base/GHC/List.hs:85:11 in base:GHC.List
  head, called at src/Cart.hs:139:67 in shop-1.7.3-8QBd:Shop.Cart
HasCallStack backtrace:
  collectBacktraces, called at libraries/ghc-internal/src/GHC/Internal/Exception.hs:169:13 in ghc-internal:GHC.Internal.Exception
next
",
        &["- - \"-\"
ErrorCall: \"Prelude.head: empty list\"
  src/Cart.hs:139  | -
  libraries/base/GHC/List.hs:85 head | -
  libraries/base/GHC/List.hs:1646 errorEmptyList | -"],
    );
}

#[test]
fn ocaml() {
    check(
        "Fatal error: exception Failure(\"no stock\")
Raised at Stdlib.failwith in file \"stdlib.ml\", line 29, characters 17-33
Called from Dune__exe__Cart.total in file \"bin/cart.ml\" (inlined), line 3, characters 8-15
Called from unknown location
Called from file \"bin/main.ml\", line 7, characters 2-9
next
",
        &["- - \"-\"
Failure: \"no stock\"
  bin/main.ml:7  | -
  bin/cart.ml:3 Dune.exe.Cart.total | -
  stdlib.ml:29 Stdlib.failwith | -"],
    );
    check(
        "Uncaught exception:

  (Failure \"no stock\")

Raised at file \"src/cart.ml\", line 12, characters 22-23
Called from file \"src/main.ml\", line 3, characters 8-18
",
        &["- - \"-\"
Failure: \"no stock\"
  src/main.ml:3  | -
  src/cart.ml:12  | -"],
    );
}

#[test]
fn julia() {
    check(
        "ERROR: LoadError: BoundsError: attempt to access 1-element Vector{Symbol} at index [2]
Stacktrace:
 [1] getindex
   @ ./array.jl:861 [inlined]
 [2] total(cart::Shop.Cart, n::Int64)
   @ Shop /app/src/cart.jl:12
 [3] top-level scope
   @ /app/main.jl:3
in expression starting at /app/main.jl:3
next
",
        &["- - \"-\"
BoundsError: \"attempt to access 1-element Vector{Symbol} at index [2]\"
  /app/main.jl:3 top-level scope | -
  /app/src/cart.jl:12 total | -
  ./array.jl:861 getindex | -"],
    );
    check(
        "ERROR: no stock\nStacktrace:\n [1] error(::String) at ./error.jl:33\n [2] total(::Int64) at /app/cart.jl:12\n",
        &[
            "- - \"-\"\nErrorException: \"no stock\"\n  /app/cart.jl:12 total | -\n  ./error.jl:33 error | -",
        ],
    );
}

#[test]
fn erlang() {
    check(
        "=CRASH REPORT==== 1-Jan-2024::12:00:00 ===
  crasher:
    initial call: shop_cart:init/1
    pid: <0.27534.1310>
    registered_name: []
    exception error: bad argument
      in function  shop_cart:total/3 (src/shop_cart.erl, line 135)
      in call from gen_server:handle_msg/6 (gen_server.erl, line 637)
    ancestors: [shop_sup,<0.23988.1302>]
",
        &["- - \"=CRASH REPORT==== 1-Jan-2024::12:00:00 ===\"
error: \"bad argument\"
  gen_server.erl:637 gen_server:handle_msg/6 | -
  src/shop_cart.erl:135 shop_cart:total/3 | -"],
    );
}

#[test]
fn crystal() {
    check(
        "Unhandled exception: Index out of bounds (IndexError)
  from /usr/share/crystal/src/indexable.cr:74:8 in 'fetch'
  from src/cart.cr:12:5 in 'total'
  from src/shop.cr:3:1 in '__crystal_main'
next
",
        &["- - \"-\"
IndexError: \"Index out of bounds\"
  src/shop.cr:3 __crystal_main | -
  src/cart.cr:12 total | -
  /usr/share/crystal/src/indexable.cr:74 fetch | -"],
    );
}

/// Programs in C and C++ that their library ends.
#[test]
fn ended() {
    check(
        "terminate called after throwing an instance of 'std::out_of_range'
  what():  vector::_M_range_check: __n (which is 3) >= this->size() (which is 2)
next
libc++abi: terminating due to uncaught exception of type shop::Empty: no stock
shop: src/cart.c:12: int total(Cart *): Assertion `cart' failed.
free(): double free detected in tcache 2
",
        &[
            "- - \"-\"\nstd::out_of_range: \"vector::_M_range_check: __n (which is 3) >= this->size() (which is 2)\"",
            "- - \"next\"\nshop::Empty: \"no stock\"",
            "- - \"-\"\nAssertion failed: \"Assertion `cart' failed.\" @src/cart.c:12",
            "- - \"-\"\nSIGABRT: \"free(): double free detected in tcache 2\"",
        ],
    );
}
