//! Which bugs get the fixer's time.

use ingest::{ErrorEvent, Platform};
use serde::Serialize;

use crate::{Assessment, Fixability, Priority};

/// What the fixer's time is worth on a bug, and why, for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worth {
    /// The bug's priority times the chance that a right fix is found: `0.0..=100.0`. At 0 the fixer leaves it alone.
    pub score: f64,
    /// Why.
    pub reason: String,
}

/// What the fixer's time is worth on a bug: its priority times the chance of a right fix. `languages` are those that can be fixed.
///
/// The chances are rough: of simple crashes with captured values a half was fixed, of those in text logs a third, and few
/// errors that may be meant are bugs at all.
pub fn worth(
    assessment: &Assessment,
    priority: &Priority,
    event: &ErrorEvent,
    languages: &[Platform],
) -> Worth {
    let has_values = event
        .exceptions
        .iter()
        .flat_map(|exception| &exception.frames)
        .any(|frame| !frame.locals.is_empty());
    let (with, chance) = if has_values {
        ("with captured values", 0.5)
    } else {
        ("without captured values", 0.3)
    };
    let (chance, reason) = match assessment.kind {
        Fixability::NotFixable => (0.0, assessment.reason.clone()),
        _ if !languages.contains(&event.platform) => {
            (0.0, format!("{:?} can't be fixed yet", event.platform))
        }
        Fixability::Unsure => (chance / 5.0, format!("may not be a bug, {with}")),
        Fixability::Fixable => (chance, format!("fixable, {with}")),
    };
    // What nobody is known to suffer from is worth something where all else is done.
    let score = chance * f64::from(priority.score.max(1));
    let reason = match score {
        0.0 => reason,
        _ => format!("{reason}, priority {}", priority.score),
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
            worth(&assess(event), &priority, event, &[Platform::Python])
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
}
