//! Bugs that people want to hear no more of, for a while or for good.

use sqlx::{Any, Row, Transaction, any::AnyRow};

use super::{decide::Found, now_ms, rfc3339, writer};

/// For how long a bug is muted; with neither, until a person says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MuteUntil {
    /// A moment, in milliseconds since 1970.
    pub(crate) at: Option<i64>,
    /// So many events: further ones when a person says it, of the bug in all when it is kept.
    pub(crate) n_events: Option<u64>,
}

/// That a bug is muted.
#[derive(Debug, Clone)]
pub(crate) struct Muted {
    /// What was said, in a sentence.
    pub(crate) why: String,
    pub(crate) until: MuteUntil,
}

impl Muted {
    /// From columns `muted`, `muted_until` and `muted_count` that begin at a place of a row.
    pub(super) fn of(row: &AnyRow, at: usize) -> sqlx::Result<Option<Self>> {
        let why: Option<String> = row.try_get(at)?;
        let until = MuteUntil {
            at: row.try_get(at + 1)?,
            n_events: row
                .try_get::<Option<i64>, _>(at + 2)?
                .map(|n| n.max(0) as u64),
        };
        Ok(why.map(|why| Self { why, until }))
    }

    /// Whether it holds no longer, at a moment and with so many events.
    pub(super) fn is_over(&self, now: i64, n_events: u64) -> bool {
        self.until.at.is_some_and(|at| now >= at)
            || self.until.n_events.is_some_and(|n| n_events >= n)
    }
}

/// Mutes a bug. Returns what was said.
pub(super) async fn mute(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    until: MuteUntil,
    because: Option<&str>,
) -> anyhow::Result<String> {
    let mut text = format!("a person muted {}", bug.name);
    if let Some(at) = until.at {
        text += &format!(" until {}", rfc3339(at));
    }
    if let Some(n) = until.n_events {
        let events = if n == 1 { "event" } else { "events" };
        text += &format!(" for {n} more {events}");
    }
    if let Some(because) = because {
        text += &format!(": {because}");
    }
    let rows = sqlx::query("SELECT impact FROM kinds WHERE bug = $1")
        .bind(bug.id)
        .fetch_all(&mut **tx)
        .await?;
    let mut n_events = 0;
    for row in rows {
        n_events += writer::impact(&row.try_get::<String, _>(0)?).n_events;
    }
    sqlx::query("UPDATE bugs SET muted = $1, muted_until = $2, muted_count = $3 WHERE id = $4")
        .bind(&text)
        .bind(until.at)
        .bind(until.n_events.map(|n| n_events.saturating_add(n) as i64))
        .bind(bug.id)
        .execute(&mut **tx)
        .await?;
    Ok(text)
}

/// Lets a bug be heard of again.
pub(super) async fn unmute(tx: &mut Transaction<'_, Any>, bug: &Found) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE bugs SET muted = NULL, muted_until = NULL, muted_count = NULL WHERE id = $1",
    )
    .bind(bug.id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A moment that people tell: `2026-12-01`, `2026-12-01 08:00:00`, `2026-12-01T08:00:00Z`, in UTC; in milliseconds since 1970.
pub(crate) fn moment(text: &str) -> Result<i64, String> {
    let whole = if text.len() == "2026-12-01".len() {
        format!("{text} 00:00:00")
    } else {
        text.to_owned()
    };
    let time = humantime::parse_rfc3339_weak(&whole).map_err(|error| error.to_string())?;
    let since = time.duration_since(std::time::UNIX_EPOCH);
    let at = since.map_err(|error| error.to_string())?.as_millis() as i64;
    if at <= now_ms() {
        return Err("it has passed already".to_owned());
    }
    Ok(at)
}

/// The moment that is so far ahead: `90m`, `2h 30m`, `14days`; in milliseconds since 1970.
pub(crate) fn from_now(text: &str) -> Result<i64, String> {
    let span = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let at = i64::try_from(span.as_millis())
        .ok()
        .and_then(|span| now_ms().checked_add(span));
    at.ok_or_else(|| "it is too far ahead".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_what_has_passed_is_refused() {
        let at = 4_102_444_800_000;
        for text in ["2100-01-01", "2100-01-01 00:00:00", "2100-01-01T00:00:00Z"] {
            assert_eq!(moment(text), Ok(at), "{text}");
        }
        assert_eq!(
            moment("2001-01-01"),
            Err("it has passed already".to_owned())
        );
        for text in ["tomorrow", "2100-13-01", "", "2100-01-01T00:00:00+02:00"] {
            assert!(moment(text).is_err(), "{text}");
        }
        let ahead = from_now("2h 30m").unwrap() - now_ms();
        assert!((8_999_000..=9_000_000).contains(&ahead), "{ahead}");
        for text in ["3", "-2h", "999999999999years"] {
            assert!(from_now(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_ends_first_ends_it() {
        let muted = |at, n_events| Muted {
            why: String::new(),
            until: MuteUntil { at, n_events },
        };
        assert!(!muted(None, None).is_over(i64::MAX, u64::MAX));
        let both = muted(Some(10), Some(3));
        assert!(!both.is_over(9, 2) && both.is_over(10, 2) && both.is_over(9, 3));
    }
}
