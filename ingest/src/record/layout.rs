//! Where the records of a stream begin, learned from its first lines.

use regex::Regex;

use super::head::{Head, Place, Start};

/// Lines that a stream's layout is learned from.
const LEARNED_LINES: u32 = 128;
/// Places of a time that are remembered of a stream.
const MAX_PLACES: usize = 8;

/// How a stream lays out its records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// What the user says that a record's first line matches.
    given: Option<Regex>,
    /// Where the lines seen so far have a time.
    places: Vec<Place>,
    has_dates: bool,
    has_columns: bool,
    n_levels: u32,
    /// Lines so far that are not further in than others.
    n_outer: u32,
    n_lines: u32,
    /// Whether the stream is one report of a crash: sections under a title, not records.
    is_report: bool,
}

impl Layout {
    /// A layout whose records begin with what the pattern matches.
    pub(crate) fn given(pattern: Regex) -> Self {
        Self {
            given: Some(pattern),
            ..Self::default()
        }
    }

    /// Whether the next line should be shown to [`Layout::learn`] even if nobody asks about it.
    pub(crate) fn is_learning(&self) -> bool {
        self.n_lines < LEARNED_LINES
    }

    /// Takes a line of the stream into account.
    pub(crate) fn learn(&mut self, line: &str, head: &Head<'_>) {
        if self.n_lines == 0 {
            self.is_report = is_title(line);
        }
        if self.n_lines >= LEARNED_LINES && (self.is_timed() || self.is_levelled()) {
            return;
        }
        self.n_lines = self.n_lines.saturating_add(1);
        if line.starts_with(char::is_whitespace) || line.is_empty() {
            return;
        }
        self.n_outer = self.n_outer.saturating_add(1);
        match head.start {
            Some(Start::Dated(place)) => {
                self.has_dates = true;
                self.place(place);
            }
            Some(Start::Timed(place)) => self.place(place),
            Some(Start::Column) => self.has_columns = true,
            // Compilers and shells print `error: ` now and then; that is no layout.
            Some(Start::Level)
                if head
                    .level
                    .is_some_and(|level| !level.contains(char::is_lowercase)) =>
            {
                self.n_levels += 1;
            }
            Some(Start::Level) | None => {}
        }
    }

    fn place(&mut self, place: Place) {
        if !self.places.contains(&place) && self.places.len() < MAX_PLACES {
            self.places.push(place);
        }
    }

    /// Whether the stream is a report, whose lines stand for themselves.
    pub(crate) fn is_report(&self) -> bool {
        self.is_report
    }

    fn is_timed(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether levels are what records begin with. One in a while, as compilers print, tells nothing of other lines.
    fn is_levelled(&self) -> bool {
        const SHARE: u32 = 3;
        self.has_columns || self.n_levels > 0 && self.n_levels.saturating_mul(SHARE) >= self.n_outer
    }

    /// Whether the line is the first one of a record.
    pub(crate) fn is_start(&self, line: &str, head: &Head<'_>) -> bool {
        if let Some(given) = &self.given {
            return given.is_match(line);
        }
        if self.is_report {
            return true;
        }
        match head.start {
            Some(Start::Dated(_) | Start::Column) => true,
            Some(Start::Timed(place)) => !self.has_dates || self.places.contains(&place),
            Some(Start::Level) => !self.is_timed(),
            None if self.is_timed() || self.is_levelled() => false,
            None => !continues(line),
        }
    }
}

/// Whether a line by itself looks like a further one of what was printed before.
pub(crate) fn continues(line: &str) -> bool {
    const LEADS: [&str; 8] = [
        "Caused by: ",
        "Suppressed: ",
        "... ",
        "goroutine ",
        "created by ",
        "[stacktrace]",
        "---> ",
        "--- End of ",
    ];
    line.starts_with([' ', '\t'])
        || is_thrown(line)
        || LEADS.iter().any(|lead| line.starts_with(lead))
        || matches!(line.trim_end(), "" | "}" | "]" | ")" | "};" | "])" | "})")
}

/// `System.AggregateException: …`: what was thrown, named after what the logger said of it.
fn is_thrown(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or(line).trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$');
    (name.ends_with("Exception") || name.ends_with("Error") && name.len() > "Error".len())
        && name.chars().all(is_name)
}

/// `---- Minecraft Crash Report ----`: the title that crash handlers write above a report.
fn is_title(line: &str) -> bool {
    let inner = line.trim().trim_matches(['-', '=', '*']);
    let n_marks = line.trim().len() - inner.len();
    n_marks >= 6
        && inner.starts_with(' ')
        && inner.ends_with(' ')
        && inner.trim().contains(char::is_alphabetic)
}
