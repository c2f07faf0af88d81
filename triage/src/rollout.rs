//! Whether a bug is what a deployment brought about while it was under way, by the releases and times of events alone.

use crate::{Assessment, BugClass, Fixability, Impact, Releases};

/// How long after a new release is first seen its deployment may be under way, in milliseconds: ten minutes. And how long
/// before, as the first to stop are seen before the first that is new: two. Both are judgements.
const MAX_AFTER: i64 = 10 * MINUTE;
const MAX_BEFORE: i64 = 2 * MINUTE;
/// How long it must be over: an hour. What still happens is no matter of the deployment.
const MIN_SINCE: i64 = 60 * MINUTE;
/// Events of a burst: fewer come together by chance.
const MIN_EVENTS: u64 = 5;

const MINUTE: i64 = 60_000;

/// A change of releases that all events of a bug coincide with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The newer release.
    release: String,
    n_events: u64,
    /// From the first event to the last, in milliseconds.
    took: i64,
    /// Whether some of the events are of an older release, or all are.
    is_of_older: bool,
}

impl Rollout {
    /// Of a bug that hit so, looked at at a moment (milliseconds since 1970), among the releases of its project by their
    /// times. `None` where it goes on, is a few events only, or began or ended at another time than a change from one
    /// release to another.
    pub fn of(impact: &Impact, releases: &Releases, now: i64) -> Option<Self> {
        let (first, last) = impact.activity.first.zip(impact.activity.last)?;
        if impact.n_events < MIN_EVENTS || now - last < MIN_SINCE || last - first > MAX_AFTER {
            return None;
        }
        let release = releases.changed_between(last - MAX_AFTER, first + MAX_BEFORE)?;
        Some(Self {
            release: release.to_owned(),
            n_events: impact.n_events,
            took: last - first,
            is_of_older: impact.releases.keys().any(|name| name != release),
        })
    }

    /// The assessment of the bug by this. A peer that was away, or a module that was, was the deployment; what code could
    /// have fixed may have been two versions at once where the older one failed, and becomes unsure; where only the newer
    /// one did it is a defect of that. Any other stays as it is.
    pub fn explain(&self, assessment: Assessment) -> Assessment {
        let (kind, begins) = match assessment.class {
            BugClass::Network | BugClass::Upstream | BugClass::Dependency => (
                Fixability::NotFixable,
                "not for code: a release was being rolled out",
            ),
            BugClass::AttrMissing | BugClass::UnboundName
                if assessment.kind == Fixability::Fixable && self.is_of_older =>
            {
                (Fixability::Unsure, "two versions may have run at once")
            }
            _ => return assessment,
        };
        let minutes = (self.took / MINUTE + 1).to_string() + " min";
        let reason = format!(
            "{begins} ({}): all {} events came within {minutes} of the change to release {}, none since",
            assessment.evidence, self.n_events, self.release
        );
        let evidence = format!("release {}", self.release);
        Assessment::new(
            kind,
            BugClass::Deploy,
            reason,
            BugClass::Deploy.advice(),
            evidence,
        )
    }
}

#[cfg(test)]
mod tests {
    use ingest::{ErrorEvent, Exception, Frame};

    use super::*;
    use crate::assess;

    const NOW: i64 = 1_790_244_672_000;

    fn bug(type_name: &str, minutes: &[i64], release: &str) -> (ErrorEvent, Impact) {
        let event = ErrorEvent {
            release: Some(release.to_owned()),
            platform: ingest::Platform::Python,
            exceptions: vec![Exception {
                type_name: type_name.to_owned(),
                frames: vec![Frame {
                    path: "/app/shop/orders.py".to_owned(),
                    ..Frame::default()
                }],
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        };
        let mut impact = Impact::default();
        for minute in minutes {
            impact.add(&event, Some(NOW - 300 * MINUTE + minute * MINUTE));
        }
        (event, impact)
    }

    #[track_caller]
    fn check(type_name: &str, minutes: &[i64], expected: Option<Fixability>) {
        check_of("1.0", type_name, minutes, expected);
    }

    #[track_caller]
    fn check_of(release: &str, type_name: &str, minutes: &[i64], expected: Option<Fixability>) {
        let (event, impact) = bug(type_name, minutes, release);
        let mut releases = Releases::default();
        releases.note("1.0", NOW - 5_000 * MINUTE);
        releases.note("1.1", NOW - 300 * MINUTE);
        let rollout = Rollout::of(&impact, &releases, NOW);
        let found = rollout.map(|rollout| rollout.explain(assess(&event)));
        let found = found.filter(|found| found.class == BugClass::Deploy);
        assert_eq!(
            found.map(|found| found.kind),
            expected,
            "{type_name} {minutes:?}"
        );
    }

    #[test]
    fn a_burst_at_a_change_of_releases_is_the_deployment() {
        let burst = [0, 1, 1, 2, 4];
        check(
            "ConnectionRefusedError",
            &burst,
            Some(Fixability::NotFixable),
        );
        check("ModuleNotFoundError", &burst, Some(Fixability::NotFixable));
        check("AttributeError", &burst, Some(Fixability::Unsure));
        check(
            "ConnectionRefusedError",
            &[-2, -1, 0, 0, 1],
            Some(Fixability::NotFixable),
        );
        // A defect of the new release, which was taken back.
        check_of("1.1", "AttributeError", &burst, None);
        check_of(
            "1.1",
            "ConnectionRefusedError",
            &burst,
            Some(Fixability::NotFixable),
        );
        // Another class, too few, before it, too late after it, and what still happens.
        check("ZeroDivisionError", &burst, None);
        check("AttributeError", &burst[..4], None);
        check("AttributeError", &[-60, 0, 1, 1, 2], None);
        check("AttributeError", &[5, 6, 7, 8, 30], None);
        check("AttributeError", &[20, 21, 21, 22, 23], None);
        check("AttributeError", &[0, 1, 1, 2, 290], None);
    }

    #[test]
    fn the_first_release_of_all_is_no_change() {
        let (_, impact) = bug("AttributeError", &[0, 1, 1, 2, 4], "1.0");
        let mut releases = Releases::default();
        releases.note("1.1", NOW - 300 * MINUTE);
        assert_eq!(Rollout::of(&impact, &releases, NOW), None);
    }
}
