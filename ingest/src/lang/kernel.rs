//! The Linux kernel: oopses, panics, warnings, what its sanitizers and watchdogs find, and how it ends processes.
//!
//! `line` knows single lines, `trace` puts them together. Nothing is known of a function but its name; the application is
//! the kernel.
//! Sources: `arch/x86/kernel/dumpstack.c`, `arch/arm64/kernel/traps.c`, `kernel/panic.c`, `mm/kasan/report.c`,
//! `kernel/hung_task.c`, `mm/oom_kill.c`.

mod line;
mod trace;

pub(crate) use trace::{Trace, begin};

/// What a line that opens a trace has.
pub(crate) const TRIGGERS: &[&str] = &[
    " BUG",
    "\nBUG: ",
    " handle kernel ",
    "protection fault",
    "Internal error: ",
    "divide error: ",
    "Kernel panic - not syncing",
    "WARNING: CPU: ",
    "UBSAN: ",
    " blocked for more than ",
    "self-detected stall",
    ": segfault at ",
    "ut of memory: Kill",
];
