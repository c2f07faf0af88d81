//! The bugs that are known, and what their events are known by.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::Read,
};

use anyhow::Context;
use ingest::ErrorEvent;
use sqlx::{Any, AnyPool, Row, Transaction};
use triage::{BugId, Clusters, FEATURES_VERSION, Features, Releases, Resolution, Why};

use super::writer::{EventRow, impact};

/// Bytes of a stored event: more than any has.
const MAX_EVENT_BYTES: u64 = 64 << 20;

/// Kinds of events that are told apart in a project. Those of further kinds are one bug, so that who invents errors does not
/// fill the store with bugs.
const MAX_KINDS: usize = 200_000;

/// Events of a kind that are kept whole; of further ones one of so many is, the others are counted, by their ids once each.
const MAX_WHOLE: u64 = 1_000;
const ONE_OF: u64 = 100;

/// What is known of projects, as far as they have been asked for.
#[derive(Default)]
pub(super) struct Known {
    projects: HashMap<i64, Project>,
    /// The last decision that was known then.
    decision: i64,
}

/// What is known of a project.
#[derive(Default)]
pub(super) struct Project {
    /// Knows kinds.
    clusters: Clusters,
    kinds: HashMap<i64, Kind>,
    pub(super) releases: Releases,
    /// Bugs that are said to be fixed, and have not come back.
    pub(super) resolved: HashMap<i64, Resolution>,
}

/// What is known of a kind of events.
pub(super) struct Kind {
    pub(super) bug: i64,
    /// Events stored so far.
    n_events: u64,
    /// How much the one tells that tells most.
    wealth: i64,
}

impl Kind {
    /// Whether the next event is to be kept whole, if it tells so much: of a storm only some events are, and each that tells
    /// more than those before.
    pub(super) fn keeps(&self, wealth: i64) -> bool {
        wealth > self.wealth || self.n_events < MAX_WHOLE || self.n_events.is_multiple_of(ONE_OF)
    }

    pub(super) fn count(&mut self, wealth: i64) {
        self.n_events += 1;
        self.wealth = self.wealth.max(wealth);
    }
}

impl Known {
    /// Forgets all: what was changed with a transaction that failed is not so.
    pub(super) fn clear(&mut self) {
        self.projects.clear();
    }

    /// Forgets all if people have decided something since.
    pub(super) async fn refresh(&mut self, tx: &mut Transaction<'_, Any>) -> sqlx::Result<()> {
        let row = sqlx::query("SELECT COALESCE(MAX(id), 0) FROM decisions")
            .fetch_one(&mut **tx)
            .await?;
        let decision = row.try_get(0)?;
        if decision != self.decision {
            self.decision = decision;
            self.clear();
        }
        Ok(())
    }

    pub(super) async fn project(
        &mut self,
        tx: &mut Transaction<'_, Any>,
        project: i64,
    ) -> sqlx::Result<&mut Project> {
        Ok(match self.projects.entry(project) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(load(tx, project).await?),
        })
    }
}

impl Project {
    /// One that [`Self::kind_of`] gave.
    pub(super) fn kind(&mut self, kind: i64) -> &mut Kind {
        self.kinds.get_mut(&kind).expect("it was given out")
    }

    /// The kind of an event; made where there is none, with its bug if need be.
    pub(super) async fn kind_of(
        &mut self,
        tx: &mut Transaction<'_, Any>,
        project: i64,
        row: &EventRow,
    ) -> sqlx::Result<i64> {
        let is_full = self.kinds.len() >= MAX_KINDS;
        let found = self.clusters.find(&row.features);
        let (features, bug, why) = match found {
            Some((kind, Why::Equal)) => return Ok(kind as i64),
            Some((kind, _)) if is_full => return Ok(kind as i64),
            Some((kind, why)) => (
                row.features.clone(),
                self.kinds[&(kind as i64)].bug,
                why.to_string(),
            ),
            None if is_full => {
                let features = Features::overflow();
                if let Some((kind, _)) = self.clusters.find(&features) {
                    return Ok(kind as i64);
                }
                let title = format!("errors of further kinds than {MAX_KINDS}");
                let bug = insert(tx, project, &features, &title, &row.assessment).await?;
                (features, bug, "what is beyond the limit".to_owned())
            }
            None => {
                let bug = insert(tx, project, &row.features, &row.title, &row.assessment).await?;
                (row.features.clone(), bug, "the first".to_owned())
            }
        };
        let kind = sqlx::query(
            "INSERT INTO kinds (project, fingerprint, bug, version, features, why, event_id, wealth, impact) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, -1, '{}') RETURNING id",
        )
        .bind(project)
        .bind(features.fingerprint.as_str())
        .bind(bug)
        .bind(FEATURES_VERSION)
        .bind(text(&features))
        .bind(why)
        .bind(&row.event_id)
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)?;
        self.clusters.insert(&features, kind as u64);
        let known = Kind {
            bug,
            n_events: 0,
            wealth: -1,
        };
        self.kinds.insert(kind, known);
        Ok(kind)
    }
}

fn text(features: &Features) -> String {
    serde_json::to_string(features).expect("features are texts and numbers")
}

async fn load(tx: &mut Transaction<'_, Any>, project: i64) -> sqlx::Result<Project> {
    let mut known = Project::default();
    let rows =
        sqlx::query("SELECT id, bug, features, version, impact, wealth FROM kinds WHERE project = $1 ORDER BY id")
            .bind(project)
            .fetch_all(&mut **tx)
            .await?;
    for row in rows {
        let (kind, bug): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let state = Kind {
            bug,
            n_events: impact(&row.try_get::<String, _>(4)?).n_events,
            wealth: row.try_get(5)?,
        };
        known.kinds.insert(kind, state);
        if row.try_get::<i64, _>(3)? != FEATURES_VERSION {
            continue;
        }
        match serde_json::from_str(&row.try_get::<String, _>(2)?) {
            Ok(features) => known.clusters.insert(&features, kind as u64),
            Err(error) => tracing::warn!(%error, bug, "what a bug is known by can't be read"),
        }
    }
    let rows =
        sqlx::query("SELECT name, first_seen FROM releases WHERE project = $1 ORDER BY first_seen")
            .bind(project)
            .fetch_all(&mut **tx)
            .await?;
    for row in rows {
        let name: String = row.try_get(0)?;
        known.releases.note(&name, row.try_get(1)?);
    }
    let rows = sqlx::query(
        "SELECT id, resolved_at, resolved_in FROM bugs \
         WHERE project = $1 AND resolved_at IS NOT NULL AND regressed_at IS NULL",
    )
    .bind(project)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let resolution = Resolution {
            at: row.try_get(1)?,
            release: row.try_get(2)?,
        };
        known.resolved.insert(row.try_get(0)?, resolution);
    }
    Ok(known)
}

/// A new bug, named by its place; by its fingerprint where another bug in that place has the name.
pub(super) async fn insert(
    tx: &mut Transaction<'_, Any>,
    project: i64,
    features: &Features,
    title: &str,
    assessment: &str,
) -> sqlx::Result<i64> {
    let by_kind = BugId::of(&features.fingerprint);
    for name in [features.bug_id(), by_kind.clone()] {
        let found = sqlx::query(
            "INSERT INTO bugs (project, fingerprint, title, assessment) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (project, fingerprint) DO NOTHING RETURNING id",
        )
        .bind(project)
        .bind(name.as_str())
        .bind(title)
        .bind(assessment)
        .fetch_optional(&mut **tx)
        .await?;
        if let Some(found) = found {
            return found.try_get(0);
        }
    }
    // One whose features can't be read, or that was made for this kind before.
    sqlx::query("SELECT id FROM bugs WHERE project = $1 AND fingerprint = $2")
        .bind(project)
        .bind(by_kind.as_str())
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)
}

/// Lets kinds that are known by what an older version compared be known by what this one does, through their fullest events.
pub(super) async fn renew(pool: &AnyPool) -> anyhow::Result<()> {
    let old = sqlx::query(
        "SELECT kinds.id, kinds.project, events.body FROM kinds \
         JOIN events ON events.project = kinds.project AND events.event_id = kinds.event_id \
         WHERE version <> $1 ORDER BY kinds.id",
    )
    .bind(FEATURES_VERSION)
    .fetch_all(pool)
    .await?;
    for row in old {
        let features = Features::of(&event(&row.try_get::<Vec<u8>, _>(2)?)?);
        // Where another kind is known by the same now, that one stands for both; this one keeps what was counted.
        sqlx::query(
            "UPDATE kinds SET fingerprint = $1, features = $2, version = $3 WHERE id = $4 AND NOT EXISTS \
             (SELECT 1 FROM kinds other WHERE other.project = $5 AND other.fingerprint = $1 AND other.id <> $4)",
        )
        .bind(features.fingerprint.as_str())
        .bind(text(&features))
        .bind(FEATURES_VERSION)
        .bind(row.try_get::<i64, _>(0)?)
        .bind(row.try_get::<i64, _>(1)?)
        .execute(pool)
        .await?;
    }
    Ok(())
}

/// An event from its stored form.
pub(super) fn event(body: &[u8]) -> anyhow::Result<ErrorEvent> {
    let mut text = Vec::new();
    let mut decoder = zstd::Decoder::new(body)?.take(MAX_EVENT_BYTES);
    decoder.read_to_end(&mut text)?;
    serde_json::from_slice(&text).context("a stored event")
}
