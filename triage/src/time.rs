//! When an event happened, from what its source wrote.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Milliseconds since 1970 of a reported time: RFC 3339 and its kin (`2026-09-24 10:11:12,345`, Go's `2026/09/24 …`), or seconds,
/// milliseconds, microseconds or nanoseconds since 1970. One without a zone counts as UTC. `None` for other forms (syslog's lack
/// the year) and for times before 2000 or after 2100, which come from clocks that nobody set.
pub(crate) fn at(text: &str) -> Option<i64> {
    let text = text.trim();
    let ms = match text.parse::<f64>() {
        Ok(number) => of_number(number)?,
        Err(_) => of_text(text)?,
    };
    // 2000-01-01 and 2100-01-01.
    (946_684_800_000..4_102_444_800_000)
        .contains(&ms)
        .then_some(ms)
}

fn of_number(number: f64) -> Option<i64> {
    let ms = match number.abs() {
        n if n < 1e11 => number * 1e3,
        n if n < 1e14 => number,
        n if n < 1e17 => number / 1e3,
        n if n < 1e20 => number / 1e6,
        _ => return None,
    };
    Some(ms as i64)
}

fn of_text(text: &str) -> Option<i64> {
    // The longest form has nanoseconds and a zone.
    let text = text.get(..text.len().min(48))?;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let is_slashed = text.get(4..5) == Some("/") && text.get(7..8) == Some("/");
    let slashed = is_slashed.then(|| text.replacen('/', "-", 2));
    let text = slashed.as_deref().unwrap_or(text);
    let time = text.strip_suffix(" UTC").unwrap_or(text);
    let time: DateTime = time.parse().ok()?;
    Some(TimeZone::UTC.to_timestamp(time).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn forms_of_one_moment() {
        for text in [
            "2026-09-24T10:11:12.345Z",
            "2026-09-24T12:11:12.345+02:00",
            "2026-09-24 10:11:12.345",
            "2026-09-24 10:11:12,345",
            "2026-09-24T10:11:12.345678901Z",
            "2026/09/24 10:11:12.345",
            "1790244672.345",
            "1790244672345",
            "1790244672345000000",
        ] {
            let found = at(text).unwrap_or_else(|| panic!("{text}"));
            assert!((found - 1_790_244_672_345).abs() <= 1, "{text}: {found}");
        }
    }

    #[test]
    fn what_tells_no_moment() {
        for text in [
            "",
            "Sep 24 10:11:12",
            "10:11:12",
            "0",
            "-1",
            "NaN",
            "1e300",
            "1970-01-01T00:00:00Z",
            "ä".repeat(90).as_str(),
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
