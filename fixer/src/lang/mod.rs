//! What the fixer knows of each programming language, one module each.

pub mod python;
