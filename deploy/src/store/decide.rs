//! What people decide about bugs: merge, split, resolve. For a store that the service may be writing to meanwhile; it takes
//! note with its next batch.

use std::path::Path;

use anyhow::{Context, bail};
use sqlx::{Any, Row, Transaction};
use triage::{Features, assess, title};

use super::{known, now_ms, read::existing};

/// How the reason of a kind begins that a person split from a bug.
const SPLIT: &str = "a person said that this is not";

/// A decision about a bug, by the names that people see.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// These bugs are this one.
    Merge { others: Vec<String> },
    /// These kinds of its events are another bug.
    Split { kinds: Vec<String> },
    /// It is fixed, from a release on where one is told.
    Resolve { release: Option<String> },
}

/// Carries a decision out. Returns what was done, in a sentence, which the store keeps.
///
/// # Errors
/// If there is no store, no such bug or kind, or several bugs have the name.
pub(crate) async fn decide(
    path: &Path,
    project: Option<u64>,
    bug: &str,
    verdict: &Verdict,
) -> anyhow::Result<String> {
    let pool = existing(path).await?;
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let bug = find(&mut tx, project, bug).await?;
    let text = match verdict {
        Verdict::Merge { others } => merge(&mut tx, &bug, others).await?,
        Verdict::Split { kinds } => split(&mut tx, &bug, kinds).await?,
        Verdict::Resolve { release } => resolve(&mut tx, &bug, release.as_deref()).await?,
    };
    note(&mut tx, &bug, &text).await?;
    tx.commit().await?;
    Ok(text)
}

pub(super) struct Found {
    pub(super) id: i64,
    project: i64,
    name: String,
    title: String,
}

/// A bug that has events, by the beginning of its name.
pub(super) async fn find(
    tx: &mut Transaction<'_, Any>,
    project: Option<u64>,
    name: &str,
) -> anyhow::Result<Found> {
    let rows = sqlx::query(
        "SELECT id, project, fingerprint, title FROM bugs WHERE substr(fingerprint, 1, length($1)) = $1 \
         AND ($2 < 0 OR project = $2) AND id IN (SELECT bug FROM kinds)",
    )
    .bind(name)
    .bind(project.map_or(-1, |id| id as i64))
    .fetch_all(&mut **tx)
    .await?;
    match rows.as_slice() {
        _ if name.is_empty() => bail!("a bug's name is needed"),
        [row] => Ok(Found {
            id: row.try_get(0)?,
            project: row.try_get(1)?,
            name: row.try_get(2)?,
            title: row.try_get(3)?,
        }),
        [] => bail!("there is no bug {name}"),
        _ => {
            bail!("several bugs are called {name}: write more of the name, or say which --project")
        }
    }
}

async fn merge(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    others: &[String],
) -> anyhow::Result<String> {
    let mut merged = Vec::new();
    for name in others {
        let other = find(tx, Some(bug.project as u64), name).await?;
        if other.id == bug.id {
            bail!("{} and {name} are the same bug", bug.name);
        }
        let text = format!(
            "a person said that {} ({}) is {}",
            other.name, other.title, bug.name
        );
        join(tx, bug, &other, &text).await?;
        merged.push(format!("{} ({})", other.name, other.title));
    }
    Ok(format!("merged into {}: {}", bug.name, merged.join(", ")))
}

/// Lets all kinds of a bug be another one's, with the reason.
async fn join(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    other: &Found,
    why: &str,
) -> anyhow::Result<()> {
    sqlx::query("UPDATE kinds SET bug = $1, why = $2 WHERE bug = $3")
        .bind(bug.id)
        .bind(why)
        .bind(other.id)
        .execute(&mut **tx)
        .await?;
    note(tx, other, why).await
}

/// Lets a bug be the one whose fix cures it as well, unless a person said that one of its kinds is not what it was taken for.
pub(super) async fn join_cured(
    tx: &mut Transaction<'_, Any>,
    project: u64,
    by: &str,
    cured: &Found,
) -> anyhow::Result<()> {
    let bug = find(tx, Some(project), by).await?;
    let said =
        sqlx::query("SELECT id FROM kinds WHERE bug = $1 AND substr(why, 1, length($2)) = $2")
            .bind(cured.id)
            .bind(SPLIT)
            .fetch_optional(&mut **tx)
            .await?;
    if said.is_some() || bug.id == cured.id {
        return Ok(());
    }
    let text = format!(
        "the fix of {} cures {} ({}) as well",
        bug.name, cured.name, cured.title
    );
    join(tx, &bug, cured, &text).await?;
    note(tx, &bug, &text).await
}

async fn split(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    kinds: &[String],
) -> anyhow::Result<String> {
    let own = sqlx::query(
        "SELECT kinds.id, kinds.fingerprint, kinds.features, events.body FROM kinds \
         LEFT JOIN events ON events.project = kinds.project AND events.event_id = kinds.event_id \
         WHERE kinds.bug = $1 ORDER BY kinds.wealth DESC, kinds.id",
    )
    .bind(bug.id)
    .fetch_all(&mut **tx)
    .await?;
    let mut moved = Vec::new();
    for name in kinds {
        let of_name = |row: &&sqlx::any::AnyRow| {
            let fingerprint = row.try_get::<String, _>(1);
            !name.is_empty() && fingerprint.is_ok_and(|f| f.starts_with(name.as_str()))
        };
        match own.iter().filter(of_name).collect::<Vec<_>>().as_slice() {
            [row] => moved.push(*row),
            [] => bail!(
                "{} has no kind {name}: `outerloop bugs --bug {}` lists them",
                bug.name,
                bug.name
            ),
            _ => bail!(
                "several kinds of {} begin with {name}: write more of the name",
                bug.name
            ),
        }
    }
    let mut ids: Vec<i64> = moved
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == own.len() {
        bail!(
            "these are all kinds of {}: nothing would be left of it",
            bug.name
        );
    }
    // The one that tells most speaks for the new bug.
    let fullest = own
        .iter()
        .find(|row| row.try_get(0).is_ok_and(|id: i64| ids.contains(&id)))
        .context("no kind is named")?;
    let body: Option<Vec<u8>> = fullest.try_get(3)?;
    let event = known::event(&body.context("the kind's event is gone")?)?;
    let features: Features = serde_json::from_str(&fullest.try_get::<String, _>(2)?)?;
    let assessment = serde_json::to_string(&assess(&event))?;
    let made = known::insert(tx, bug.project, &features, &title(&event), &assessment).await?;
    let row = sqlx::query("SELECT fingerprint FROM bugs WHERE id = $1")
        .bind(made)
        .fetch_one(&mut **tx)
        .await?;
    let made = Found {
        id: made,
        project: bug.project,
        name: row.try_get(0)?,
        title: title(&event),
    };
    if made.id == bug.id {
        bail!(
            "the kind that gave {} its name stays with it: name the others",
            bug.name
        );
    }
    let text = format!("{SPLIT} {} ({})", bug.name, bug.title);
    for id in &ids {
        sqlx::query("UPDATE kinds SET bug = $1, why = $2 WHERE id = $3")
            .bind(made.id)
            .bind(&text)
            .bind(id)
            .execute(&mut **tx)
            .await?;
    }
    note(tx, &made, &text).await?;
    let n = ids.len();
    let what = if n == 1 { "kind" } else { "kinds" };
    Ok(format!(
        "split from {}: {n} {what} of events, now {} ({})",
        bug.name, made.name, made.title
    ))
}

async fn resolve(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    release: Option<&str>,
) -> anyhow::Result<String> {
    sqlx::query(
        "UPDATE bugs SET resolved_at = $1, resolved_in = $2, regressed_at = NULL, regressed_in = NULL WHERE id = $3",
    )
    .bind(now_ms())
    .bind(release)
    .bind(bug.id)
    .execute(&mut **tx)
    .await?;
    Ok(match release {
        Some(release) => format!("{} is fixed from release {release} on", bug.name),
        None => format!("{} is fixed", bug.name),
    })
}

async fn note(tx: &mut Transaction<'_, Any>, bug: &Found, text: &str) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO decisions (project, bug, at, text) VALUES ($1, $2, $3, $4)")
        .bind(bug.project)
        .bind(bug.id)
        .bind(now_ms())
        .bind(text)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
