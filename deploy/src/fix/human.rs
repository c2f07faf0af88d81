//! The answer on a terminal. Colour only where it is wanted (`NO_COLOR`, a pipe).

use anstream::{print, println};
use anstyle::{AnsiColor, Style};
use fixer::{GateOutcome, GateReport};

use super::answer::{Answer, Counts};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Text of others without what a terminal would obey: control characters, and those that turn text around.
pub(crate) fn plain(text: &str) -> String {
    let obeys = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if obeys(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Everything about one bug.
pub(super) fn show(answer: &Answer) {
    reproduced(answer);
    result(answer);
    let Some(part) = &answer.part else {
        return;
    };
    let n = part.kinds.len();
    let what = if n == 1 { "kind" } else { "kinds" };
    let now = match &part.bug {
        Some(bug) => format!("now {bug}"),
        None => "which a person said belongs here".to_owned(),
    };
    println!(
        "  in part: {n} {what} of its events, {now}, because {}",
        part.reason
    );
}

/// The fix, or why there is none.
fn result(answer: &Answer) {
    let Some(fix) = &answer.fix else {
        let what = match answer.report.cured_by {
            Some(_) => "no fix of its own",
            None => "not fixed",
        };
        refusal(what, answer);
        return;
    };
    println!(
        "  {GREEN}fixed{GREEN:#} by: {} (of {} candidates, confidence {:.2})",
        fix.generator,
        answer.report.n_candidates,
        fix.verified.confidence()
    );
    if let Some(witness) = &fix.verified.candidate().witness {
        println!("  {DIM}because: {}{DIM:#}", plain(witness));
    }
    for line in plain(&fix.diff).lines() {
        let style = match line.chars().next() {
            Some('+') => GREEN,
            Some('-') => RED,
            Some('@') => CYAN,
            _ => Style::new(),
        };
        println!("    {style}{line}{style:#}");
    }
    gates(fix.verified.gates());
}

/// What did not come about, and why.
pub(crate) fn refusal(what: &str, answer: &Answer) {
    println!("  {RED}{what}{RED:#}: {}", plain(answer.why_not()));
}

/// What each gate saw.
pub(crate) fn gates(gates: &[GateReport]) {
    for gate in gates {
        let (style, sign) = match gate.outcome {
            GateOutcome::Passed => (GREEN, "passed"),
            GateOutcome::Refused => (RED, "refused"),
            GateOutcome::None => (DIM, "none"),
            GateOutcome::Skipped => (DIM, "skipped"),
        };
        println!(
            "    {style}{sign:<7}{style:#} {:<16} {} {DIM}{} ms{DIM:#}",
            format!("{:?}", gate.gate),
            plain(&gate.detail),
            gate.ms
        );
    }
}

/// The bug, and the test that shows it.
pub(crate) fn reproduced(answer: &Answer) {
    let bug = &answer.bug;
    println!("\n{BOLD}{}{BOLD:#}  {}", bug.id, plain(&bug.title));
    let note = answer
        .note
        .as_ref()
        .map(|n| format!(" ({n})"))
        .unwrap_or_default();
    println!(
        "{DIM}  {} × · {} · commit {}{note}{DIM:#}",
        bug.impact.n_events,
        plain(&bug.assessment.reason),
        &answer.commit.as_str()[..10]
    );
    for place in answer.report.locations.iter().take(3) {
        println!(
            "{DIM}  at {}:{} in {}{DIM:#}",
            plain(&place.file),
            place.line,
            plain(&place.function)
        );
    }
    if let Some(test) = &answer.report.reproduction {
        println!("  reproduced by {}", plain(&test.path));
        for line in plain(&test.source).lines() {
            println!("{DIM}    {line}{DIM:#}");
        }
    }
    if let Some(exploration) = &answer.report.exploration {
        println!(
            "{DIM}  explored in {}: {}{DIM:#}",
            exploration.isolate,
            plain(&exploration.reason)
        );
    }
    if let Some(history) = &answer.report.history {
        let [good, bad] = [&history.last_good, &history.first_bad].map(|c| &c.as_str()[..10]);
        println!("{DIM}  did not crash at {good}, does since {bad}{DIM:#}");
    }
}

/// The last lines.
pub(super) fn summary(n_events: u64, answers: &[Answer]) {
    let Counts {
        fixed,
        cured,
        declined,
        unfixed,
    } = Counts::of(answers);
    let cured = match cured {
        0 => String::new(),
        n => format!("{n} cured by another's fix, "),
    };
    let seconds: f64 = answers.iter().map(|a| a.took.as_secs_f64()).sum();
    if n_events == 0 {
        println!("no error in the log");
        return;
    }
    print!("\n");
    println!(
        "{BOLD}{n_events} events, {} bugs: {fixed} fixed, {cured}{declined} declined, {unfixed} not fixed, in {seconds:.1} s{BOLD:#}",
        answers.len()
    );
}
