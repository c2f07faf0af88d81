//! The bugs that are known, and what their events are known by.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::Read,
};

use anyhow::Context;
use ingest::ErrorEvent;
use sqlx::{Any, AnyPool, Row, Transaction};
use triage::{BugId, Clusters, FEATURES_VERSION, Features, Why};

use super::writer::EventRow;

/// Bytes of a stored event: more than any has.
const MAX_EVENT_BYTES: u64 = 64 << 20;

/// Bugs by project, as far as they have been asked for.
#[derive(Default)]
pub(super) struct Known(HashMap<i64, Clusters>);

impl Known {
    /// Forgets all: what was changed with a transaction that failed is not so.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The row of the bug that an event belongs to; made where there is none.
    pub(super) async fn bug(
        &mut self,
        transaction: &mut Transaction<'_, Any>,
        project: i64,
        row: &EventRow,
        now: i64,
    ) -> sqlx::Result<i64> {
        let clusters = match self.0.entry(project) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(load(transaction, project).await?),
        };
        let (bug, why) = match clusters.find(&row.features) {
            Some((bug, Why::Equal)) => return Ok(bug as i64),
            Some((bug, why)) => (bug as i64, why.to_string()),
            None => {
                let bug = insert(transaction, project, row, now).await?;
                (bug, "the first".to_owned())
            }
        };
        remember(&mut **transaction, project, bug, &row.features, &why).await?;
        clusters.insert(&row.features, bug as u64);
        Ok(bug)
    }
}

async fn load(transaction: &mut Transaction<'_, Any>, project: i64) -> sqlx::Result<Clusters> {
    let rows = sqlx::query(
        "SELECT features, bug FROM fingerprints WHERE project = $1 AND version = $2 ORDER BY bug",
    )
    .bind(project)
    .bind(FEATURES_VERSION)
    .fetch_all(&mut **transaction)
    .await?;
    let mut clusters = Clusters::default();
    for row in rows {
        let features: String = row.try_get(0)?;
        let bug: i64 = row.try_get(1)?;
        match serde_json::from_str(&features) {
            Ok(features) => clusters.insert(&features, bug as u64),
            Err(error) => tracing::warn!(%error, bug, "what a bug is known by can't be read"),
        }
    }
    Ok(clusters)
}

/// A new bug, named by its place; by its fingerprint where another bug in that place has the name.
async fn insert(
    transaction: &mut Transaction<'_, Any>,
    project: i64,
    row: &EventRow,
    now: i64,
) -> sqlx::Result<i64> {
    for name in [row.features.bug_id(), BugId::of(&row.features.fingerprint)] {
        let found = sqlx::query(
            "INSERT INTO bugs (project, fingerprint, title, assessment, count, first_seen, last_seen, event_id, wealth) \
             VALUES ($1, $2, $3, $4, 0, $5, $5, $6, -1) ON CONFLICT (project, fingerprint) DO NOTHING RETURNING id",
        )
        .bind(project)
        .bind(name.as_str())
        .bind(&row.title)
        .bind(&row.assessment)
        .bind(now)
        .bind(&row.event_id)
        .fetch_optional(&mut **transaction)
        .await?;
        if let Some(found) = found {
            return found.try_get(0);
        }
    }
    // One whose features were not kept, or can't be read.
    sqlx::query("SELECT id FROM bugs WHERE project = $1 AND fingerprint = $2")
        .bind(project)
        .bind(BugId::of(&row.features.fingerprint).as_str())
        .fetch_one(&mut **transaction)
        .await?
        .try_get(0)
}

async fn remember<'c>(
    executor: impl sqlx::Executor<'c, Database = Any>,
    project: i64,
    bug: i64,
    features: &Features,
    why: &str,
) -> sqlx::Result<()> {
    let text = serde_json::to_string(features).expect("features are texts and numbers");
    sqlx::query(
        "INSERT INTO fingerprints (project, fingerprint, bug, version, features, why) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (project, fingerprint) DO NOTHING",
    )
    .bind(project)
    .bind(features.fingerprint.as_str())
    .bind(bug)
    .bind(FEATURES_VERSION)
    .bind(text)
    .bind(why)
    .execute(executor)
    .await?;
    Ok(())
}

/// Lets bugs that are known by what an older version compared be known by what this one does: through their fullest events.
pub(super) async fn renew(pool: &AnyPool) -> anyhow::Result<()> {
    let old = sqlx::query(
        "SELECT bugs.id, bugs.project, events.body FROM bugs \
         JOIN events ON events.project = bugs.project AND events.event_id = bugs.event_id \
         WHERE NOT EXISTS (SELECT 1 FROM fingerprints WHERE fingerprints.bug = bugs.id AND version = $1)",
    )
    .bind(FEATURES_VERSION)
    .fetch_all(pool)
    .await?;
    for row in old {
        let body: Vec<u8> = row.try_get(2)?;
        let mut event = Vec::new();
        let mut decoder = zstd::Decoder::new(body.as_slice())?.take(MAX_EVENT_BYTES);
        decoder.read_to_end(&mut event)?;
        let event: ErrorEvent = serde_json::from_slice(&event).context("a stored event")?;
        let features = Features::of(&event);
        let why = "its fullest event when an older version had made it";
        remember(pool, row.try_get(1)?, row.try_get(0)?, &features, why).await?;
    }
    Ok(())
}
