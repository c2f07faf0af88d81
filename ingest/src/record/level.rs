//! The names that logging libraries give to severities.

/// How bad a record says that it is, as syslog numbers it (RFC 5424, 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// The system is unusable, or a program says that it ends: 0 to 2.
    Critical,
    Error,
    Warning,
    /// Notice, information, debugging and tracing: 5 to 7.
    Info,
}

impl Severity {
    /// Whether someone should look at the record even if it holds no trace.
    pub(crate) fn is_error(self) -> bool {
        self <= Self::Error
    }

    /// Syslog's number, `0..=7`.
    pub(crate) fn of_syslog(number: u64) -> Option<Self> {
        Some(match number {
            0..=2 => Self::Critical,
            3 => Self::Error,
            4 => Self::Warning,
            5..=7 => Self::Info,
            _ => return None,
        })
    }

    /// The word for it where the record has only a number.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Every name of a level that is an error, in small letters: a record of such a level holds one of them, unless it has a
/// letter or a number for it.
pub(crate) const ERROR_NAMES: [&str; 14] = [
    "fatal",
    "ftl",
    "critical",
    "crit",
    "panic",
    "dpanic",
    "alert",
    "emerg",
    "emergency",
    "error",
    "err",
    "eror",
    "fail",
    "severe",
];

/// What a level's name means, in any case: `ERROR`, `ftl`, `fail`, `debug2`.
pub(crate) fn severity(name: &str) -> Option<Severity> {
    const MAX_BYTES: usize = 13;
    if name.is_empty() || name.len() > MAX_BYTES || !name.is_ascii() {
        return None;
    }
    Some(
        match name
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .to_ascii_lowercase()
            .as_str()
        {
            "fatal" | "ftl" | "critical" | "crit" | "panic" | "dpanic" | "alert" | "emerg"
            | "emergency" => Severity::Critical,
            "error" | "err" | "eror" | "fail" | "severe" | "failed" => Severity::Error,
            "warning" | "warn" | "wrn" => Severity::Warning,
            "notice" | "note" | "success" | "info" | "inf" | "information" | "informational"
            | "log" | "config" | "debug" | "dbug" | "dbg" | "trace" | "trce" | "trc"
            | "verbose" | "fine" | "finer" | "finest" => Severity::Info,
            _ => return None,
        },
    )
}

/// What one letter means where a layout has letters for levels (klog, logcat, Rails, MongoDB).
pub(crate) fn of_letter(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "V" | "T" => "trace",
        "D" => "debug",
        "I" => "info",
        "W" => "warning",
        "E" => "error",
        "F" | "C" => "fatal",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "ERROR",
            "err",
            "Fatal",
            "SEVERE",
            "ftl",
            "crit",
            "PANIC",
            "EMERGENCY",
            "fail",
        ] {
            assert!(severity(name).is_some_and(Severity::is_error), "{name}");
        }
        for name in [
            "WARN", "info", "DEBUG", "debug2", "Trace", "Notice", "LOG", "FINEST",
        ] {
            assert!(
                severity(name).is_some_and(|severity| !severity.is_error()),
                "{name}"
            );
        }
        for name in ["", "errors", "7", "Errata", "in", "érr"] {
            assert_eq!(severity(name), None, "{name}");
        }
    }
}
