//! Bugs that the service has stored, in the fixer's hands: which are taken, and what is kept of them.

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
};

use anyhow::Context;
use ingest::ErrorEvent;
use triage::{Bug, BugId, Fixability, History, Impact, Kind, Likeness, Worth, assess, worth};

use super::{Answer, LANGUAGES, session::MAX_COMPARED, usage, wait};
use crate::store::{self, Attempt, Cure, Outcome, StoredBug};

/// The store that bugs were taken from.
pub(super) struct Stored {
    path: PathBuf,
    project: u64,
    bugs: Vec<StoredBug>,
}

impl Stored {
    /// The bugs of these names (or beginnings of names), or the `next` ones that are worth most; in the order of their worth.
    ///
    /// # Errors
    /// A usage error where a name is nobody's or several bugs', or the bugs are of several projects.
    pub(super) fn take(
        path: PathBuf,
        project: Option<u64>,
        names: &[String],
        next: Option<usize>,
    ) -> anyhow::Result<(Self, Vec<Bug>)> {
        let all = wait(store::bugs(&path, project))?;
        let mut chosen = match next {
            Some(_) => all,
            None => named(&all, names)?,
        };
        let project = chosen.first().map_or(0, |bug| bug.project);
        if chosen.iter().any(|bug| bug.project != project) {
            return Err(usage(
                "these bugs are of several projects, and --repo is one: say which --project",
            ));
        }
        chosen.retain(|bug| next.is_none() || bug.why_settled().is_none());
        let events = wait(store::events(&path, &ids(&chosen)))?;
        let history = wait(store::history(&path))?;
        let mut pairs: Vec<(f64, StoredBug, Bug)> = Vec::new();
        for (stored, event) in chosen.into_iter().zip(events) {
            let event = match event {
                Some(event) => event,
                None if next.is_some() => continue,
                None => return Err(usage(format!("no event of {} is kept", stored.id))),
            };
            let bug = Bug {
                id: BugId::parse(&stored.id).context("a stored bug's name is damaged")?,
                title: stored.title.clone(),
                impact: stored.impact.clone(),
                assessment: history.corrected(stored.assessed(&event), &event),
                kinds: kinds(&path, &stored, &event)?,
                event,
            };
            // What was tried in vain counts there once already.
            let worth = worth(
                &stored.assessed(&bug.event),
                &stored.priority,
                &bug.event,
                LANGUAGES,
                &history,
            );
            if next.is_none() || worth.score > 0.0 {
                pairs.push((worth.score, stored, bug));
            }
        }
        pairs.sort_by_key(|(score, ..)| Reverse((score * 100.0) as u64));
        pairs.truncate(next.unwrap_or(usize::MAX));
        let (stored, bugs) = pairs.into_iter().map(|(_, s, b)| (s, b)).unzip();
        let taken = Self {
            path,
            project,
            bugs: stored,
        };
        Ok((taken, bugs))
    }

    /// Keeps what came of the `nth` bug, at once: what comes after it may be killed.
    ///
    /// # Errors
    /// If the store can't be written.
    pub(super) fn note(&self, nth: usize, answer: &mut Answer) -> anyhow::Result<()> {
        let (bug, stored) = (&answer.bug, &self.bugs[nth]);
        // By what the event alone says: what was tried does not make a bug another one.
        let assessment = assess(&bug.event);
        let is_tried =
            assessment.kind != Fixability::NotFixable && LANGUAGES.contains(&bug.event.platform);
        let attempt = Attempt {
            at: store::now_ms(),
            outcome: answer.outcome(),
            reason: match &answer.fix {
                Some(fix) => fix.generator.clone(),
                None => answer.why_not().to_owned(),
            },
            fix: answer
                .fix
                .as_ref()
                .map(|fix| fix.to_json(answer.report.n_candidates)),
            release: stored.release.clone(),
            wealth: stored.wealth,
            likeness: is_tried.then(|| Likeness::of(&assessment, &bug.event)),
        };
        let cure = Cure {
            by: answer.report.cured_by.as_deref(),
            left: answer.part.as_ref().map_or(&[], |part| &part.kinds),
        };
        let noted = store::note_attempt(&self.path, self.project, &bug.id, &attempt, &cure);
        let other = wait(noted).with_context(|| format!("keeping what came of {}", bug.id))?;
        if let Some(part) = &mut answer.part {
            part.bug = other;
        }
        Ok(())
    }
}

/// The kinds of a stored bug that may turn out to be another one, that of its fullest event first; none where a person said that
/// this one belongs to it, for then it is what the person says that the bug is.
fn kinds(path: &Path, stored: &StoredBug, event: &ErrorEvent) -> anyhow::Result<Vec<Kind>> {
    let is_own = |kind: &&store::Kind| kind.event_id == stored.event_id;
    let Some(own) = stored
        .kinds
        .iter()
        .find(is_own)
        .filter(|kind| !kind.is_decided())
    else {
        return Ok(Vec::new());
    };
    let mut others: Vec<_> = stored.kinds.iter().filter(|kind| !is_own(kind)).collect();
    others.retain(|kind| !kind.is_decided());
    others.sort_by_key(|kind| Reverse(kind.n_events));
    others.truncate(MAX_COMPARED);
    let ids: Vec<_> = others
        .iter()
        .map(|kind| (stored.project, kind.event_id.as_str()))
        .collect();
    let events = wait(store::events(path, &ids))?;
    let known = others
        .iter()
        .zip(events)
        .filter_map(|(kind, event)| Some((*kind, event?)));
    let all = [(own, event.clone())].into_iter().chain(known);
    let kinds: Vec<Kind> = all
        .filter_map(|(kind, event)| {
            Some(Kind {
                id: BugId::parse(&kind.id)?,
                impact: Impact::of(&event, None),
                event,
            })
        })
        .collect();
    Ok(kinds)
}

/// The events that tell most of bugs, by project and id.
pub(crate) fn ids(bugs: &[StoredBug]) -> Vec<(u64, &str)> {
    bugs.iter()
        .map(|bug| (bug.project, bug.event_id.as_str()))
        .collect()
}

fn named(all: &[StoredBug], names: &[String]) -> anyhow::Result<Vec<StoredBug>> {
    let mut chosen: Vec<StoredBug> = Vec::new();
    for name in names {
        let found: Vec<_> = all.iter().filter(|b| b.id.starts_with(name)).collect();
        match found.as_slice() {
            [bug] if !name.is_empty() => {
                let is_known = chosen.iter().any(|c| c.id == bug.id);
                chosen.extend((!is_known).then(|| (*bug).clone()));
            }
            [] => return Err(usage(format!("there is no bug {name}"))),
            _ => {
                return Err(usage(format!(
                    "several bugs are called {name}: write more of the name, or say which --project"
                )));
            }
        }
    }
    Ok(chosen)
}

/// What the fixer's time is worth on a stored bug: nothing while it has had it and nothing is new.
pub(crate) fn worth_now(bug: &StoredBug, event: &ErrorEvent, history: &History) -> Worth {
    match bug.why_settled() {
        Some(reason) => Worth { score: 0.0, reason },
        None => worth(
            &bug.assessed(event),
            &bug.priority,
            event,
            LANGUAGES,
            history,
        ),
    }
}

impl Answer {
    /// How it ended.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            a if a.fix.is_some() => Outcome::Fixed,
            a if a.report.cured_by.is_some() => Outcome::Cured,
            a if a.bug.assessment.kind != Fixability::Fixable => Outcome::Declined,
            _ => Outcome::Unfixed,
        }
    }
}
