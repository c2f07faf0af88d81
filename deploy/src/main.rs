//! The `outerloop` command.
fn main() {}
