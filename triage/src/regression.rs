//! Whether a bug that was fixed is back.

use std::collections::HashMap;

/// Releases of a project that are told apart; of further ones no order is known.
const MAX_RELEASES: usize = 10_000;
/// Bytes of a release's name.
const MAX_NAME_BYTES: usize = 200;

/// The releases of a project, by when each was first seen. Versions have no order that all agree on.
#[derive(Debug, Clone, Default)]
pub struct Releases {
    first_seen: HashMap<String, i64>,
    newest: Option<(i64, String)>,
}

impl Releases {
    /// Notes a release at a moment (milliseconds since 1970, or any number that grows). `true` if it is not known yet, and there
    /// is room for it.
    pub fn note(&mut self, name: &str, at: i64) -> bool {
        if self.first_seen.contains_key(name)
            || self.first_seen.len() >= MAX_RELEASES
            || name.len() > MAX_NAME_BYTES
        {
            return false;
        }
        self.first_seen.insert(name.to_owned(), at);
        if self.newest.as_ref().is_none_or(|(newest, _)| *newest <= at) {
            self.newest = Some((at, name.to_owned()));
        }
        true
    }

    /// Of these releases the one that was first seen last.
    pub fn newest_of<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        names
            .filter_map(|name| Some((self.first_seen.get(name)?, name)))
            .max()
            .map(|(_, name)| name)
    }

    /// A release that was first seen between two moments, both included, when another one was known before.
    pub(crate) fn changed_between(&self, from: i64, to: i64) -> Option<&str> {
        let oldest = self.first_seen.values().min()?;
        let is_change = |at: i64| (from..=to).contains(&at) && at > *oldest;
        let mut seen: Vec<_> = self
            .first_seen
            .iter()
            .filter(|(_, at)| is_change(**at))
            .collect();
        seen.sort_by_key(|(name, at)| (**at, name.as_str()));
        seen.first().map(|(name, _)| name.as_str())
    }

    /// The release that was first seen last.
    pub fn newest(&self) -> Option<&str> {
        self.newest.as_ref().map(|(_, name)| name.as_str())
    }
}

/// That people, or a merged fix, say that a bug is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The first release that has the fix, if it is known.
    pub release: Option<String>,
}

impl Resolution {
    /// Whether an event at a moment, of a release, shows that the bug is back.
    ///
    /// Where the release with the fix is known, an event of it or of one that was first seen later does; older ones still run
    /// here and there, and die as before. Where nothing is known of the event's release, or of the fix's, any later event does.
    pub fn is_undone_by(&self, release: Option<&str>, at: i64, releases: &Releases) -> bool {
        if at <= self.at {
            return false;
        }
        let (Some(fixed), Some(release)) = (self.release.as_deref(), release) else {
            return true;
        };
        let first_seen = |name: &str| releases.first_seen.get(name);
        release == fixed
            || first_seen(fixed)
                .zip(first_seen(release))
                .is_some_and(|(fixed, own)| own > fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_with_the_fix_undo_it() {
        let mut releases = Releases::default();
        for (at, name) in [(1, "1.9"), (5, "1.10"), (9, "2.0")] {
            assert!(releases.note(name, at));
        }
        assert!(!releases.note("1.9", 20));
        assert_eq!(releases.newest(), Some("2.0"));
        let fixed = Resolution {
            at: 4,
            release: Some("1.10".to_owned()),
        };
        let is_undone = |release, at| fixed.is_undone_by(release, at, &releases);
        assert!(is_undone(Some("1.10"), 6) && is_undone(Some("2.0"), 10) && is_undone(None, 10));
        assert!(!is_undone(Some("1.9"), 10), "still running somewhere");
        assert!(!is_undone(Some("2.0"), 3), "late in coming");
        assert!(!is_undone(Some("never seen"), 10));
    }

    #[test]
    fn without_a_release_any_later_event_does() {
        let fixed = Resolution {
            at: 4,
            release: None,
        };
        let releases = Releases::default();
        assert!(fixed.is_undone_by(Some("1.0"), 5, &releases));
        assert!(!fixed.is_undone_by(Some("1.0"), 4, &releases));
    }
}
