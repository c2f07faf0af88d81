//! Hostile programs in the sandboxes: what they reach, what they may use, and what is left of them.
//!
//! Every attack is Python, run by the interpreter behind `python3`. Where the tests run as root, the whole binary runs a
//! second time as an ordinary user ([`lifecycle`]). What is asked of the WebAssembly isolate is in `wasm`.

mod contained;
mod lab;
mod lifecycle;
mod limited;
mod wasm;
