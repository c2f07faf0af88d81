//! End-to-end tests of the `outerloop` command.
