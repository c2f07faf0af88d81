//! What was measured, for people and for programs.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};

use super::{Kind, Row};

/// What was asked for.
pub(super) struct About {
    pub(super) runs: u32,
    pub(super) imports: u32,
    pub(super) at_once: u32,
    pub(super) module: String,
}

/// The table, each number with its ratio to `python3` without a sandbox.
pub(super) fn human(about: &About, rows: &[Row]) -> String {
    let mut out = String::new();
    let base = rows.iter().find(|r| r.kind == Kind::Bare);
    let n = format!("{} at once", about.at_once);
    let heads = ["one line, p50", "p99", "import cold", "warm", &n, "memory"];
    write!(out, "{:<28}", "").expect(FITS);
    for head in heads {
        write!(out, "{head:>19}").expect(FITS);
    }
    out.push('\n');
    for row in rows {
        write!(out, "{:<28}", row.kind.name()).expect(FITS);
        for (n, figure) in figures(row).into_iter().enumerate() {
            let base = base.and_then(|b| figures(b)[n]);
            let text = match figure {
                Some(bytes) if n == MEMORY => {
                    let text = format!("{:.1} MiB", bytes / f64::from(1 << 20));
                    with_ratio(text, bytes, base)
                }
                Some(seconds) => with_ratio(time(Duration::from_secs_f64(seconds)), seconds, base),
                None => "-".to_owned(),
            };
            write!(out, "{text:>19}").expect(FITS);
        }
        out.push('\n');
    }
    write!(
        out,
        "\nIn brackets: times that of python3 without a sandbox. {} runs of a one-line test, {} imports of {} (cold: no \
         bytecode;\nwarm: with it, in a session the second import), {} one-line tests at once until the last is \
         over\n(in sessions: shared among one session a core, started before). Files are in the system's cache throughout.\n",
        about.runs, about.imports, about.module, about.at_once
    )
    .expect(FITS);
    out
}

const FITS: &str = "a string can be written to";

/// The memory's place among the figures.
const MEMORY: usize = 5;

/// The row's numbers in the table's order: seconds, and bytes in the end.
fn figures(row: &Row) -> [Option<f64>; 6] {
    let (cold, warm) = row.import.unzip();
    let [p50, p99, at_once] = [row.p50, row.p99, row.at_once].map(|t| Some(t.as_secs_f64()));
    let [cold, warm] = [cold, warm].map(|t| t.map(|t| t.as_secs_f64()));
    [p50, p99, cold, warm, at_once, Some(row.memory_bytes as f64)]
}

fn with_ratio(text: String, value: f64, base: Option<f64>) -> String {
    match base {
        Some(base) if base > 0.0 => match value / base {
            ratio if ratio >= 0.95 => format!("{text} ({ratio:.1})"),
            ratio => format!("{text} ({ratio:.2})"),
        },
        _ => text,
    }
}

fn time(time: Duration) -> String {
    match time.as_secs_f64() * 1000.0 {
        ms if ms >= 1000.0 => format!("{:.2} s", ms / 1000.0),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

/// One object; times in milliseconds.
pub(super) fn json(about: &About, rows: &[Row]) -> Value {
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let rows = rows.iter().map(|row| {
        json!({
            "way": row.kind.key(),
            "one_line_p50_ms": ms(row.p50),
            "one_line_p99_ms": ms(row.p99),
            "import_cold_ms": row.import.map(|(cold, _)| ms(cold)),
            "import_warm_ms": row.import.map(|(_, warm)| ms(warm)),
            "at_once_ms": ms(row.at_once),
            "memory_bytes": row.memory_bytes,
        })
    });
    json!({
        "runs": about.runs, "imports": about.imports, "at_once": about.at_once, "module": about.module,
        "ways": rows.collect::<Vec<_>>(),
    })
}
