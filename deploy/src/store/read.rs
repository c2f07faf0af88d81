//! What the store is asked for.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use serde_json::Value;
use sqlx::{Row, any::AnyRow};

use super::{Store, connect};

/// A bug as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredBug {
    pub(crate) project: u64,
    /// Ten hex digits.
    pub(crate) id: String,
    pub(crate) title: String,
    /// As [`triage::Assessment`] is written.
    pub(crate) assessment: Value,
    pub(crate) count: u64,
    /// Milliseconds since 1970.
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    /// The event that tells most of it.
    pub(crate) event_id: String,
}

const BUGS: &str = "SELECT project, fingerprint, title, assessment, count, first_seen, last_seen, event_id FROM bugs \
                    WHERE count > 0 AND ($1 < 0 OR project = $1) ORDER BY count DESC, first_seen, id LIMIT $2";

/// The bugs of a store that another process may be writing, the most frequent first.
///
/// # Errors
/// If there is no store.
pub(crate) async fn bugs(
    path: &Path,
    project: Option<u64>,
    most: u64,
) -> anyhow::Result<Vec<StoredBug>> {
    anyhow::ensure!(path.exists(), "there is no store at {}", path.display());
    let pool = connect(path, "rw").await?;
    let rows = sqlx::query(BUGS)
        .bind(project.map_or(-1, |id| id as i64))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&pool)
        .await;
    let rows = rows.with_context(|| format!("reading {}", path.display()))?;
    rows.iter().map(bug).collect()
}

fn bug(row: &AnyRow) -> anyhow::Result<StoredBug> {
    let assessment: String = row.try_get(3)?;
    Ok(StoredBug {
        project: row.try_get::<i64, _>(0)? as u64,
        id: row.try_get::<String, _>(1)?.chars().take(10).collect(),
        title: row.try_get(2)?,
        assessment: serde_json::from_str(&assessment)?,
        count: row.try_get::<i64, _>(4)? as u64,
        first_seen: row.try_get(5)?,
        last_seen: row.try_get(6)?,
        event_id: row.try_get(7)?,
    })
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
