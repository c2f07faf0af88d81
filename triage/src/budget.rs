//! Which bugs get the fixer's time.

use std::collections::HashMap;

use ingest::{ErrorEvent, Platform};
use serde::{Deserialize, Serialize};

use crate::{Assessment, BugClass, Fixability, Priority};

/// How many bugs of its own kind weigh as much as what is known of bugs in general.
const PRIOR_TRIES: f64 = 4.0;

/// How many bugs that are alike have to be tried in vain, all of them, before `fixable` is not believed: then the share
/// that can be fixed is below a quarter with 95% confidence.
///
/// Source: the rule of three, `3 / n`: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?" (JAMA 1983).
const MIN_IN_VAIN: u32 = 12;

/// What the fixer's time is worth on a bug, and why, for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worth {
    /// The bug's priority times the chance that a right fix is found: `0.0..=100.0`. At 0 the fixer leaves it alone.
    pub score: f64,
    /// Why.
    pub reason: String,
}

/// What makes the fixer's chance on two bugs alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Likeness {
    /// Of the program.
    pub platform: Platform,
    /// Whether it is a bug at all.
    pub kind: Fixability,
    /// Whether the event has captured values.
    pub has_values: bool,
    /// What went wrong.
    pub class: BugClass,
}

impl Likeness {
    /// That of a bug by the event that tells most of it.
    pub fn of(assessment: &Assessment, event: &ErrorEvent) -> Self {
        let mut frames = event.exceptions.iter().flat_map(|e| &e.frames);
        Self {
            platform: event.platform,
            kind: assessment.kind,
            has_values: frames.any(|frame| !frame.locals.is_empty()),
            class: assessment.class,
        }
    }

    /// The chance before anything was tried: of simple crashes with captured values a half was fixed, of those in text logs a
    /// third, and few errors that may be meant are bugs at all.
    fn prior(&self) -> f64 {
        let chance = if self.has_values { 0.5 } else { 0.3 };
        match self.kind {
            Fixability::Fixable => chance,
            Fixability::Unsure => chance / 5.0,
            Fixability::NotFixable => 0.0,
        }
    }

    /// The same without the class: what is looked at where few of the class were tried.
    fn of_any_class(&self) -> Self {
        Self {
            class: BugClass::Other,
            ..self.clone()
        }
    }
}

/// What came of the bugs that the fixer had, one outcome for each. Empty, nothing was tried.
#[derive(Debug, Clone, Default)]
pub struct History {
    by_class: HashMap<Likeness, Tried>,
    of_any_class: HashMap<Likeness, Tried>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    n: u32,
    n_fixed: u32,
}

impl Tried {
    fn add(&mut self, is_fixed: bool) {
        self.n += 1;
        self.n_fixed += u32::from(is_fixed);
    }

    /// The share that was fixed, drawn to `expected` where few were tried (a beta prior's mean).
    fn chance(self, expected: f64) -> f64 {
        (f64::from(self.n_fixed) + PRIOR_TRIES * expected) / (f64::from(self.n) + PRIOR_TRIES)
    }
}

impl History {
    /// Counts a bug that was tried.
    pub fn add(&mut self, like: &Likeness, is_fixed: bool) {
        let of_any_class = like.of_any_class();
        self.of_any_class
            .entry(of_any_class)
            .or_default()
            .add(is_fixed);
        self.by_class.entry(like.clone()).or_default().add(is_fixed);
    }

    /// What is to be made of a bug by what came of those like it, too: `fixable` becomes `unsure` where a dozen were
    /// tried and none was fixed. The [`Likeness`] of a bug is that of what its event alone says, so that a first fix of
    /// one of them takes this back.
    ///
    /// The probability is corrected by the tries as by further labelled errors: `(p m + k) / (m + n)`, where `k` of `n`
    /// like it were fixed and the assessment's own `p` is worth `m` errors (a beta prior's mean; see
    /// [`Assessment::probability`]). What could not be fixed may have been fixable by a person, so it errs downwards.
    pub fn corrected(&self, assessment: Assessment, event: &ErrorEvent) -> Assessment {
        let like = Likeness::of(&assessment, event);
        let Some(Tried { n, n_fixed }) = self.by_class.get(&like).copied() else {
            return assessment;
        };
        let m = assessment.n_labelled();
        let probability = (assessment.probability * m + f64::from(n_fixed)) / (m + f64::from(n));
        if assessment.kind == Fixability::Fixable && n_fixed == 0 && n >= MIN_IN_VAIN {
            return Assessment {
                kind: Fixability::Unsure,
                reason: format!(
                    "{}, but none of the {n} like it that were tried could be fixed",
                    assessment.reason
                ),
                probability,
                ..assessment
            };
        }
        Assessment {
            probability,
            ..assessment
        }
    }

    /// The chance of a right fix, `0.0..=1.0`, and the bugs of its class that it was learned from.
    fn chance(&self, like: &Likeness) -> (f64, Tried) {
        let of = |counts: &HashMap<Likeness, Tried>, like: &Likeness| {
            counts.get(like).copied().unwrap_or_default()
        };
        let of_any_class = like.of_any_class();
        let general = of(&self.of_any_class, &of_any_class).chance(like.prior());
        let own = of(&self.by_class, like);
        (own.chance(general), own)
    }
}

/// What the fixer's time is worth on a bug: its priority times the chance of a right fix, as its `history` tells. `languages`
/// are those that can be fixed.
pub fn worth(
    assessment: &Assessment,
    priority: &Priority,
    event: &ErrorEvent,
    languages: &[Platform],
    history: &History,
) -> Worth {
    let like = Likeness::of(assessment, event);
    let with = if like.has_values {
        "with captured values"
    } else {
        "without captured values"
    };
    let (chance, own) = history.chance(&like);
    let (chance, reason) = match assessment.kind {
        Fixability::NotFixable => (0.0, assessment.reason.clone()),
        _ if !languages.contains(&event.platform) => {
            (0.0, format!("{:?} can't be fixed yet", event.platform))
        }
        Fixability::Unsure => (chance, format!("may not be a bug, {with}")),
        Fixability::Fixable => (chance, format!("fixable, {with}")),
    };
    // What nobody is known to suffer from is worth something where all else is done.
    let score = chance * f64::from(priority.score.max(1));
    let tried = match own.n {
        0 => String::new(),
        n => format!(", {} of {n} like it were fixed", own.n_fixed),
    };
    let reason = match score {
        0.0 => reason,
        _ => format!("{reason}{tried}, priority {}", priority.score),
    };
    Worth { score, reason }
}

#[cfg(test)]
mod tests {
    use ingest::{Exception, Frame};

    use super::*;
    use crate::{Impact, Project, assess};

    #[test]
    fn what_is_likely_to_be_fixed_and_matters_comes_first() {
        let event = |type_name: &str, message: &str, locals: &[&str], platform| ErrorEvent {
            platform,
            exceptions: vec![Exception {
                type_name: type_name.to_owned(),
                message: message.to_owned(),
                frames: vec![Frame {
                    path: "/app/shop/orders.py".to_owned(),
                    function: "total".to_owned(),
                    locals: locals
                        .iter()
                        .map(|name| ((*name).to_owned(), 1.into()))
                        .collect(),
                    ..Frame::default()
                }],
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        };
        let of = |event: &ErrorEvent, n_events: usize| {
            let mut impact = Impact::default();
            (0..n_events).for_each(|_| impact.add(event, None));
            let priority = impact.priority(&Project::default());
            let history = History::default();
            worth(
                &assess(event),
                &priority,
                event,
                &[Platform::Python],
                &history,
            )
        };
        let rich = event("KeyError", "'a'", &["order"], Platform::Python);
        let poor = event("KeyError", "'a'", &[], Platform::Python);
        let meant = event("AssertionError", "", &["order"], Platform::Python);
        let world = event("ConnectionRefusedError", "", &["order"], Platform::Python);
        let other = event("KeyError", "'a'", &["order"], Platform::Ruby);
        let frequent = of(&rich, 100);
        assert!(frequent.score > of(&rich, 10).score);
        assert!(of(&rich, 10).score > of(&poor, 10).score);
        assert!(of(&poor, 10).score > of(&meant, 10).score);
        assert_eq!(
            frequent.reason,
            "fixable, with captured values, priority 27"
        );
        assert!(of(&meant, 10).score > 0.0);
        for left in [world, other] {
            assert_eq!(of(&left, 1000).score, 0.0, "{left:?}");
        }
    }

    #[test]
    fn what_was_tried_in_vain_sinks() {
        let like = |class, has_values| Likeness {
            platform: Platform::Python,
            kind: Fixability::Fixable,
            has_values,
            class,
        };
        let mut history = History::default();
        let chance = |history: &History, class| history.chance(&like(class, true)).0;
        assert_eq!(chance(&history, BugClass::Encoding), 0.5);
        (0..12).for_each(|_| history.add(&like(BugClass::Encoding, true), false));
        (0..12).for_each(|n| history.add(&like(BugClass::NoneDeref, true), n > 2));
        let encoding = chance(&history, BugClass::Encoding);
        let (none, new) = (
            chance(&history, BugClass::NoneDeref),
            chance(&history, BugClass::ZeroDiv),
        );
        // A class that was never tried lies between: only what is known in general speaks for it.
        assert!(
            encoding < 0.12 && encoding < new && new < none && none > 0.6,
            "{encoding} {new} {none}"
        );
        // That none was fixed takes the verdict back, until one is.
        let event = ErrorEvent {
            platform: Platform::Python,
            exceptions: vec![Exception {
                type_name: "UnicodeDecodeError".to_owned(),
                frames: vec![Frame {
                    path: "/app/shop/orders.py".to_owned(),
                    locals: [("order".to_owned(), 1.into())].into(),
                    ..Frame::default()
                }],
                ..Exception::default()
            }],
            ..ErrorEvent::default()
        };
        let said = assess(&event);
        assert_eq!(
            (said.kind, said.class),
            (Fixability::Fixable, BugClass::Encoding)
        );
        let corrected = history.corrected(said.clone(), &event);
        assert_eq!(corrected.kind, Fixability::Unsure);
        assert!(
            corrected
                .reason
                .ends_with("none of the 12 like it that were tried could be fixed"),
            "{corrected:?}"
        );
        assert!(
            said.probability > 0.95 && corrected.probability < 0.6,
            "{corrected:?}"
        );
        let mut better = history.clone();
        better.add(&like(BugClass::Encoding, true), true);
        let again = better.corrected(said, &event);
        assert_eq!(again.kind, Fixability::Fixable);
        assert!(again.probability > corrected.probability);
        // Text logs are another matter.
        let others = history.chance(&like(BugClass::Encoding, false)).0;
        assert_eq!(others, 0.3);
    }
}
