//! When the events of a bug came: how many in which hour, and what that shows.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
/// Hours kept: two weeks, so that a week has one to be compared with.
const MAX_HOURS: i64 = 14 * 24;
/// Silence that parts two bouts of a bug: longer than a night.
const SILENCE_HOURS: i64 = 24;
/// Bouts within two weeks from which on a bug comes and goes.
const MIN_BOUTS: usize = 3;
/// Standard deviations over the mean from which on hours are a spike.
const SPIKE_DEVIATIONS: f64 = 5.0;
/// Events below which nothing is a spike or growth.
const MIN_EVENTS: f64 = 10.0;

/// How many events came in each of the last hours. A value to keep; it does not depend on the order of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When the first came, in milliseconds since 1970; `None` if no event told.
    pub first: Option<i64>,
    /// When the last came.
    pub last: Option<i64>,
    /// Events by hour since 1970, the two weeks up to the last.
    hours: BTreeMap<i64, u64>,
}

/// What the hours of a bug show, the most urgent of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Far more events in the last two hours than in others.
    Spike,
    /// First seen within a day, in a project that is older.
    New,
    /// Twice as many events in a day as the day before.
    Growing,
    /// It came back after a day of silence, again and again.
    Flapping,
    /// None of these.
    Steady,
    /// Not seen for a week.
    Quiet,
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spike => "far more than usual in the last two hours",
            Self::New => "first seen within the last day",
            Self::Growing => "at least twice as often as the day before",
            Self::Flapping => "comes and goes",
            Self::Steady => "as often as before",
            Self::Quiet => "not seen for a week",
        })
    }
}

impl Activity {
    /// Counts an event of a moment, in milliseconds since 1970.
    pub(crate) fn add(&mut self, at: i64) {
        self.span(at, at);
        *self.hours.entry(at.div_euclid(HOUR_MS)).or_default() += 1;
        self.forget();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if let (Some(first), Some(last)) = (other.first, other.last) {
            self.span(first, last);
        }
        for (hour, n) in &other.hours {
            *self.hours.entry(*hour).or_default() += n;
        }
        self.forget();
    }

    fn span(&mut self, first: i64, last: i64) {
        self.first = Some(self.first.map_or(first, |own| own.min(first)));
        self.last = self.last.max(Some(last));
    }

    fn forget(&mut self) {
        if let Some((&last, _)) = self.hours.last_key_value() {
            while self
                .hours
                .first_key_value()
                .is_some_and(|(&hour, _)| hour <= last - MAX_HOURS)
            {
                self.hours.pop_first();
            }
        }
    }

    /// What it shows at a moment, in milliseconds since 1970, in a project whose first event came at `since`. `None` if no event
    /// told its time.
    ///
    /// A spike is five standard deviations over the mean of the bug's other hours of a week, taking it for a Poisson process,
    /// whose variance is its mean.
    pub fn trend(&self, now: i64, since: Option<i64>) -> Option<Trend> {
        let (first, last) = (self.first?, self.last?);
        let hour = now.div_euclid(HOUR_MS);
        let born = first.div_euclid(HOUR_MS);
        let day = self.between(hour - 23, hour);
        let before = self.between(hour - 47, hour - 24);
        let n_others = (hour - 1 - born).clamp(0, 7 * 24 - 2);
        let mean = self.between(hour - 1 - n_others, hour - 2) / n_others.max(1) as f64 * 2.0;
        Some(if now - last > 7 * 24 * HOUR_MS {
            Trend::Quiet
        } else if n_others >= 6
            && self.between(hour - 1, hour) > mean + SPIKE_DEVIATIONS * mean.sqrt() + MIN_EVENTS
        {
            Trend::Spike
        } else if now - first < 24 * HOUR_MS
            && since.is_some_and(|since| now - since > 48 * HOUR_MS)
        {
            Trend::New
        } else if now - first >= 48 * HOUR_MS && day >= 2.0 * before + MIN_EVENTS {
            Trend::Growing
        } else if self.bouts() >= MIN_BOUTS {
            Trend::Flapping
        } else {
            Trend::Steady
        })
    }

    /// Events from one hour to another, both included.
    fn between(&self, from: i64, to: i64) -> f64 {
        if from > to {
            return 0.0;
        }
        self.hours.range(from..=to).map(|(_, n)| *n as f64).sum()
    }

    /// How often it began after a silence, the first time included.
    fn bouts(&self) -> usize {
        let hours = self.hours.keys();
        let pairs = hours.clone().zip(hours.skip(1));
        let n_silences = pairs.filter(|(a, b)| **b - **a > SILENCE_HOURS).count();
        n_silences + usize::from(!self.hours.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_244_672_000;

    /// Events by the hours that they lie back.
    fn activity(events: impl IntoIterator<Item = i64>) -> Activity {
        let mut activity = Activity::default();
        for hours in events {
            activity.add(NOW - hours * HOUR_MS);
        }
        activity
    }

    fn trend(activity: &Activity) -> Trend {
        activity.trend(NOW, Some(NOW - 1000 * HOUR_MS)).unwrap()
    }

    #[test]
    fn trends() {
        let steady = || (0..24 * 10).flat_map(|hour| [hour; 3]);
        assert_eq!(trend(&activity(steady())), Trend::Steady);
        assert_eq!(trend(&activity(steady().chain([0; 40]))), Trend::Spike);
        assert_eq!(trend(&activity([3; 40])), Trend::New);
        // Nothing is new where all is.
        let young = activity([3; 40]).trend(NOW, Some(NOW - 5 * HOUR_MS));
        assert_eq!(young, Some(Trend::Steady));
        let growing = (0..24).flat_map(|hour| [hour; 9]).chain(24..240);
        assert_eq!(trend(&activity(growing)), Trend::Growing);
        assert_eq!(trend(&activity([0, 50, 100, 150])), Trend::Flapping);
        assert_eq!(
            trend(&activity(steady().map(|hour| hour + 200))),
            Trend::Quiet
        );
        assert_eq!(Activity::default().trend(NOW, None), None);
    }

    #[test]
    fn a_few_more_are_no_spike() {
        let steady = (0..24 * 10).flat_map(|hour| [hour; 3]).chain([0; 8]);
        assert_eq!(trend(&activity(steady)), Trend::Steady);
        assert_eq!(trend(&activity((24..200).chain([0; 8]))), Trend::Steady);
    }

    #[test]
    fn what_is_kept_is_bounded_and_parts_add_up() {
        let all = activity(0..5000);
        assert_eq!(all.hours.len(), MAX_HOURS as usize);
        assert_eq!(all.first, Some(NOW - 4999 * HOUR_MS));
        assert_eq!(all.last, Some(NOW));
        let mut parts = activity((0..5000).filter(|n| n % 3 == 0));
        parts.merge(&activity((0..5000).rev().filter(|n| n % 3 != 0)));
        assert_eq!(parts, all);
        // A clock that is ahead by years takes the past's hours, not its count of events.
        let mut ahead = activity(0..10);
        ahead.add(NOW + 20_000 * HOUR_MS);
        assert_eq!(ahead.hours.len(), 1);
    }
}
