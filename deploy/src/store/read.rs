//! What the store is asked for.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    path::Path,
};

use anyhow::Context;
use ingest::ErrorEvent;
use serde_json::Value;
use sqlx::{AnyPool, Row};
use triage::{Assessment, Impact, Priority, Project, Releases, Rollout, assess};

use super::{
    Attempt, Outcome, Store, attempts, connect, decide::SAID, mute::Muted, now_ms, writer,
};

/// A bug as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredBug {
    pub(crate) project: u64,
    /// Ten hex digits.
    pub(crate) id: String,
    pub(crate) title: String,
    /// As [`triage::Assessment`] is written.
    pub(crate) assessment: Value,
    pub(crate) impact: Impact,
    pub(crate) priority: Priority,
    /// The event that tells most of it.
    pub(crate) event_id: String,
    pub(crate) state: State,
    /// The deployment that all its events coincide with.
    rollout: Option<Rollout>,
    /// The kinds of its events, the oldest first.
    pub(crate) kinds: Vec<Kind>,
    /// What people decided about it, the oldest first.
    pub(crate) decisions: Vec<Decision>,
    /// Its newest release.
    pub(crate) release: Option<String>,
    /// How much that event tells.
    pub(crate) wealth: i64,
    /// What came of it when the fixer had it last.
    pub(crate) attempt: Option<Attempt>,
}

impl StoredBug {
    /// What is to be made of it, by an event and by when its events came.
    pub(crate) fn assessed(&self, event: &ErrorEvent) -> Assessment {
        let assessment = assess(event);
        match &self.rollout {
            Some(rollout) => rollout.explain(assessment),
            None => assessment,
        }
    }

    /// Why the fixer leaves it alone for now: it had it, and nothing is new since; or it is said to be fixed.
    pub(crate) fn why_settled(&self) -> Option<String> {
        let regressed = match self.state {
            State::Resolved { .. } => return Some("it is said to be fixed".to_owned()),
            State::Muted(ref muted) => return Some(muted.why.clone()),
            State::Regressed { at, .. } => Some(at),
            State::Open => None,
        };
        let attempt = self.attempt.as_ref()?;
        let is_fixed = attempt.outcome == Outcome::Fixed;
        let is_new = self.release != attempt.release
            || !is_fixed && self.wealth > attempt.wealth
            || regressed.is_some_and(|at| at > attempt.at);
        let what = if is_fixed {
            "fixed; it waits for a newer release that has it"
        } else {
            "tried and not fixed; it waits for an event that tells more, or a newer release that has it"
        };
        (!is_new).then(|| what.to_owned())
    }
}

/// Whether a bug is there, and to be heard of. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Open,
    /// It is said to be fixed.
    Resolved {
        at: i64,
        release: Option<String>,
    },
    /// It was said to be fixed, and came again.
    Regressed {
        at: i64,
        release: Option<String>,
    },
    /// A person wants to hear no more of it, and that holds still.
    Muted(Muted),
}

/// Events of a bug whose fingerprints are equal.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// Ten hex digits of the fingerprint.
    pub(crate) id: String,
    /// Why they belong to the bug.
    pub(crate) why: String,
    pub(crate) n_events: u64,
    pub(crate) event_id: String,
}

impl Kind {
    /// Whether a person said that it belongs to the bug, or that it is not another one.
    pub(crate) fn is_decided(&self) -> bool {
        self.why.starts_with(SAID)
    }
}

/// What somebody decided.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) at: i64,
    pub(crate) text: String,
}

/// The bugs of a store that another process may be writing, what matters most first.
///
/// # Errors
/// If there is no store.
pub(crate) async fn bugs(path: &Path, project: Option<u64>) -> anyhow::Result<Vec<StoredBug>> {
    let pool = existing(path).await?;
    let project = project.map_or(-1, |id| id as i64);
    read(&pool, project)
        .await
        .with_context(|| format!("reading {}", path.display()))
}

/// A store that is there.
pub(super) async fn existing(path: &Path) -> anyhow::Result<AnyPool> {
    anyhow::ensure!(path.exists(), "there is no store at {}", path.display());
    let pool = connect(path, "rw").await?;
    super::migrate(&pool, path).await?;
    Ok(pool)
}

/// What is gathered of a bug from its kinds.
#[derive(Default)]
struct Gathered {
    impact: Impact,
    best: (i64, String),
    kinds: Vec<Kind>,
    decisions: Vec<Decision>,
}

async fn read(pool: &AnyPool, project: i64) -> anyhow::Result<Vec<StoredBug>> {
    let mut gathered = kinds(pool, project).await?;
    let rows =
        sqlx::query("SELECT bug, at, text FROM decisions WHERE $1 < 0 OR project = $1 ORDER BY id")
            .bind(project)
            .fetch_all(pool)
            .await?;
    for row in rows {
        if let Some(bug) = gathered.get_mut(&row.try_get(0)?) {
            bug.decisions.push(Decision {
                at: row.try_get(1)?,
                text: row.try_get(2)?,
            });
        }
    }
    let (projects, releases) = projects(pool, &gathered).await?;
    let mut attempts = attempts::newest(pool).await?;
    let rows = sqlx::query(
        "SELECT id, project, fingerprint, title, assessment, resolved_at, resolved_in, regressed_at, regressed_in, \
         muted, muted_until, muted_count FROM bugs WHERE $1 < 0 OR project = $1 ORDER BY id",
    )
    .bind(project)
    .fetch_all(pool)
    .await?;
    let mut bugs = Vec::new();
    for row in rows {
        // One without kinds was merged into another.
        let id: i64 = row.try_get(0)?;
        let Some((project, gathered)) = gathered
            .remove(&id)
            .zip(row.try_get(1).ok())
            .map(|(gathered, project): (Gathered, i64)| (project, gathered))
        else {
            continue;
        };
        let assessment: String = row.try_get(4)?;
        let muted = Muted::of(&row, 9)?;
        let n_events = gathered.impact.n_events;
        let muted = muted.filter(|muted| !muted.is_over(now_ms(), n_events));
        let state = match (muted, row.try_get(5)?, row.try_get(7)?) {
            (Some(muted), ..) => State::Muted(muted),
            (None, _, Some(at)) => State::Regressed {
                at,
                release: row.try_get(8)?,
            },
            (None, Some(at), None) => State::Resolved {
                at,
                release: row.try_get(6)?,
            },
            (None, None, None) => State::Open,
        };
        bugs.push(StoredBug {
            project: project as u64,
            id: row.try_get(2)?,
            title: row.try_get(3)?,
            assessment: serde_json::from_str(&assessment)?,
            priority: gathered.impact.priority(&projects[&project]),
            rollout: releases
                .get(&project)
                .and_then(|releases| Rollout::of(&gathered.impact, releases, now_ms())),
            release: releases.get(&project).and_then(|releases| {
                let names = gathered.impact.releases.keys().map(String::as_str);
                releases.newest_of(names).map(str::to_owned)
            }),
            impact: gathered.impact,
            wealth: gathered.best.0,
            attempt: attempts.remove(&id),
            event_id: gathered.best.1,
            state,
            kinds: gathered.kinds,
            decisions: gathered.decisions,
        });
    }
    bugs.sort_by_key(|bug| {
        let is_resolved = matches!(bug.state, State::Resolved { .. });
        (
            is_resolved,
            Reverse((bug.priority.score, bug.impact.n_events)),
        )
    });
    Ok(bugs)
}

async fn kinds(pool: &AnyPool, project: i64) -> anyhow::Result<HashMap<i64, Gathered>> {
    let rows = sqlx::query(
        "SELECT bug, fingerprint, why, impact, event_id, wealth FROM kinds WHERE $1 < 0 OR project = $1 ORDER BY id",
    )
    .bind(project)
    .fetch_all(pool)
    .await?;
    let mut bugs: HashMap<i64, Gathered> = HashMap::new();
    for row in rows {
        let bug = bugs.entry(row.try_get(0)?).or_insert_with(|| Gathered {
            best: (i64::MIN, String::new()),
            ..Gathered::default()
        });
        let impact = writer::impact(&row.try_get::<String, _>(3)?);
        let event_id: String = row.try_get(4)?;
        let wealth: i64 = row.try_get(5)?;
        if wealth > bug.best.0 {
            bug.best = (wealth, event_id.clone());
        }
        bug.kinds.push(Kind {
            id: row.try_get::<String, _>(1)?.chars().take(10).collect(),
            why: row.try_get(2)?,
            n_events: impact.n_events,
            event_id,
        });
        bug.impact.merge(&impact);
    }
    // A kind whose only event was refused as known has none.
    bugs.retain(|_, bug| bug.impact.n_events > 0);
    Ok(bugs)
}

/// What the bugs of each project are looked at beside, and its releases.
async fn projects(
    pool: &AnyPool,
    gathered: &HashMap<i64, Gathered>,
) -> anyhow::Result<(HashMap<i64, Project>, HashMap<i64, Releases>)> {
    let mut projects: HashMap<i64, Project> = HashMap::new();
    let mut releases: HashMap<i64, Releases> = HashMap::new();
    for row in sqlx::query("SELECT project, name, first_seen FROM releases")
        .fetch_all(pool)
        .await?
    {
        let name: String = row.try_get(1)?;
        releases
            .entry(row.try_get(0)?)
            .or_default()
            .note(&name, row.try_get(2)?);
    }
    for row in sqlx::query("SELECT id, project FROM bugs")
        .fetch_all(pool)
        .await?
    {
        let id: i64 = row.try_get(1)?;
        let project = projects.entry(id).or_insert_with(|| Project {
            newest_release: releases
                .get(&id)
                .and_then(Releases::newest)
                .map(str::to_owned),
            since: None,
            now: Some(now_ms()),
        });
        let first = gathered
            .get(&row.try_get(0)?)
            .and_then(|bug| bug.impact.activity.first);
        project.since = match (project.since, first) {
            (Some(since), Some(first)) => Some(since.min(first)),
            (since, first) => since.or(first),
        };
    }
    Ok((projects, releases))
}

impl Store {
    /// What became of a project's records, by name.
    ///
    /// # Errors
    /// If the store can't be read.
    pub(crate) async fn outcomes(&self) -> anyhow::Result<BTreeMap<(u64, String), u64>> {
        let rows = sqlx::query("SELECT project, outcome, count FROM outcomes")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let key = (row.try_get::<i64, _>(0)? as u64, row.try_get(1)?);
                Ok((key, row.try_get::<i64, _>(2)? as u64))
            })
            .collect()
    }
}
