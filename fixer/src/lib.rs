//! Turns a bug into a verified fix.
