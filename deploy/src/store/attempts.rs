//! What came of bugs that the fixer had.

use std::{collections::HashMap, path::Path};

use anyhow::Context;
use ingest::ErrorEvent;
use serde_json::Value;
use sqlx::{AnyPool, Row};
use triage::{BugId, History, Likeness};

use super::{decide, known, read::existing};

/// How a bug ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a verified fix.
    Fixed,
    /// By the fix of another bug.
    Cured,
    /// Tried in vain.
    Unfixed,
    /// Not for code, or not surely.
    Declined,
}

impl Outcome {
    /// As it is stored and shown.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Cured => "cured",
            Self::Unfixed => "unfixed",
            Self::Declined => "declined",
        }
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        [Self::Fixed, Self::Cured, Self::Unfixed, Self::Declined]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .with_context(|| format!("{text} is no outcome"))
    }
}

/// What came of a bug that the fixer had.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) outcome: Outcome,
    /// What fixed it, or why it was not fixed.
    pub(crate) reason: String,
    /// The verified fix, as `outerloop fix` prints it.
    pub(crate) fix: Option<Value>,
    /// The bug's newest release then.
    pub(crate) release: Option<String>,
    /// How much the event told that told most.
    pub(crate) wealth: i64,
    /// None where it was not tried.
    pub(crate) likeness: Option<Likeness>,
}

/// What a fix cures beside the bug that it was made for, and what of a bug it does not cure.
#[derive(Debug)]
pub(crate) struct Cure<'a> {
    /// The other bug whose fix cures this one.
    pub(crate) by: Option<&'a str>,
    /// The kinds of events that the fix leaves as they are.
    pub(crate) left: &'a [BugId],
}

/// Keeps what came of a bug. One that the fix of another one cures becomes one with it, and kinds of events that the fix
/// leaves as they are become a bug of their own, which is returned; unless a person said otherwise.
///
/// # Errors
/// If there is no store, or a bug is not in it any more.
pub(crate) async fn note_attempt(
    path: &Path,
    project: u64,
    bug: &BugId,
    attempt: &Attempt,
    cure: &Cure<'_>,
) -> anyhow::Result<Option<BugId>> {
    let pool = existing(path).await?;
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let bug = decide::find(&mut tx, Some(project), bug.as_str()).await?;
    let likeness = attempt.likeness.as_ref().map(serde_json::to_string);
    sqlx::query(
        "INSERT INTO attempts (project, bug, at, outcome, reason, fix, seen_in, wealth, likeness) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(project as i64)
    .bind(bug.id)
    .bind(attempt.at)
    .bind(attempt.outcome.as_str())
    .bind(&attempt.reason)
    .bind(attempt.fix.as_ref().map(Value::to_string))
    .bind(&attempt.release)
    .bind(attempt.wealth)
    .bind(likeness.transpose()?)
    .execute(&mut *tx)
    .await?;
    let by = cure.by.unwrap_or(&bug.name);
    let other = decide::split_uncured(&mut tx, &bug, cure.left, by).await?;
    if let Some(by) = cure.by {
        decide::join_cured(&mut tx, project, by, &bug).await?;
    }
    tx.commit().await?;
    Ok(other)
}

/// The newest attempt on each bug.
pub(super) async fn newest(pool: &AnyPool) -> anyhow::Result<HashMap<i64, Attempt>> {
    let rows = sqlx::query(
        "SELECT bug, at, outcome, reason, fix, seen_in, wealth, likeness FROM attempts \
         WHERE id IN (SELECT max(id) FROM attempts GROUP BY bug)",
    )
    .fetch_all(pool)
    .await?;
    let mut attempts = HashMap::new();
    for row in rows {
        let fix: Option<String> = row.try_get(4)?;
        let likeness: Option<String> = row.try_get(7)?;
        let attempt = Attempt {
            at: row.try_get(1)?,
            outcome: Outcome::parse(&row.try_get::<String, _>(2)?)?,
            reason: row.try_get(3)?,
            fix: fix.map(|text| serde_json::from_str(&text)).transpose()?,
            release: row.try_get(5)?,
            wealth: row.try_get(6)?,
            // One of a newer version says nothing here.
            likeness: likeness.and_then(|text| serde_json::from_str(&text).ok()),
        };
        attempts.insert(row.try_get(0)?, attempt);
    }
    Ok(attempts)
}

/// What the fixer's attempts teach: each bug counts once, with what came of it last. What another's fix cured was not tried.
///
/// # Errors
/// If there is no store.
pub(crate) async fn history(path: &Path) -> anyhow::Result<History> {
    let pool = existing(path).await?;
    let mut history = History::default();
    for attempt in newest(&pool).await?.values() {
        if let Some(like) = &attempt.likeness
            && attempt.outcome != Outcome::Cured
        {
            history.add(like, attempt.outcome == Outcome::Fixed);
        }
    }
    Ok(history)
}

/// The stored events of these projects and ids, in their order; none for one that is gone or not kept whole.
///
/// # Errors
/// If there is no store.
pub(crate) async fn events(
    path: &Path,
    ids: &[(u64, &str)],
) -> anyhow::Result<Vec<Option<ErrorEvent>>> {
    let pool = existing(path).await?;
    let mut events = Vec::with_capacity(ids.len());
    for (project, id) in ids {
        let row = sqlx::query("SELECT body FROM events WHERE project = $1 AND event_id = $2")
            .bind(*project as i64)
            .bind(*id)
            .fetch_optional(&pool)
            .await?;
        let body: Option<Vec<u8>> = row.map(|row| row.try_get(0)).transpose()?;
        events.push(body.and_then(|body| known::event(&body).ok()));
    }
    Ok(events)
}
