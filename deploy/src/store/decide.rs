//! What people decide about bugs: merge, split, resolve, mute. For a store that the service may be writing to meanwhile; it takes
//! note with its next batch.

use std::path::Path;

use anyhow::{Context, bail};
use sqlx::{Any, Row, Transaction};
use triage::{Assessment, BugId, Features, assess, title};

use super::{
    known,
    mute::{self, MuteUntil},
    now_ms,
    read::existing,
};

/// How the reason of a kind begins that a person gave its bug.
pub(super) const SAID: &str = "a person said that";
/// How that of one begins that a person split from a bug.
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
    /// It is to be left out of the list and of the fixer's turn, for a reason if one is told.
    Mute {
        until: MuteUntil,
        because: Option<String>,
    },
    /// It is to be heard of again.
    Unmute,
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
        Verdict::Mute { until, because } => {
            mute::mute(&mut tx, &bug, *until, because.as_deref()).await?
        }
        Verdict::Unmute => {
            mute::unmute(&mut tx, &bug).await?;
            format!("a person said that {} is to be heard of again", bug.name)
        }
    };
    note(&mut tx, &bug, &text).await?;
    tx.commit().await?;
    Ok(text)
}

pub(super) struct Found {
    pub(super) id: i64,
    project: i64,
    pub(super) name: String,
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
        let text = format!("{SAID} {} ({}) is {}", other.name, other.title, bug.name);
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

/// Lets a bug be the one whose fix cures it as well, unless a person said of a kind of either that it is not what it was
/// taken for.
pub(super) async fn join_cured(
    tx: &mut Transaction<'_, Any>,
    project: u64,
    by: &str,
    cured: &Found,
) -> anyhow::Result<()> {
    let bug = find(tx, Some(project), by).await?;
    let said = sqlx::query(
        "SELECT id FROM kinds WHERE bug IN ($1, $2) AND substr(why, 1, length($3)) = $3",
    )
    .bind(cured.id)
    .bind(bug.id)
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
    let own = kinds_of(tx, bug).await?;
    let mut ids = Vec::new();
    for name in kinds {
        let is_meant = |kind: &&OwnKind| !name.is_empty() && kind.fingerprint.starts_with(name);
        match own.iter().filter(is_meant).collect::<Vec<_>>().as_slice() {
            [kind] => ids.push(kind.id),
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
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == own.len() {
        bail!(
            "these are all kinds of {}: nothing would be left of it",
            bug.name
        );
    }
    let why = format!("{SPLIT} {} ({})", bug.name, bug.title);
    let Some(made) = part(tx, bug, own, &ids, &why).await? else {
        bail!(
            "the kind that gave {} its name stays with it: name the others",
            bug.name
        );
    };
    Ok(format!(
        "split from {}: {}, now {} ({})",
        bug.name,
        n_kinds(ids.len()),
        made.name,
        made.title
    ))
}

/// Makes kinds of events that a fix leaves as they are a bug of their own, but for those of which a person said that they belong
/// where they are. `None` where none is left, or nothing would be left of the bug.
pub(super) async fn split_uncured(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    kinds: &[BugId],
    by: &str,
) -> anyhow::Result<Option<BugId>> {
    let own = kinds_of(tx, bug).await?;
    let is_left = |kind: &&OwnKind| {
        let is_meant = |id: &BugId| kind.fingerprint.starts_with(id.as_str());
        kinds.iter().any(is_meant) && !kind.why.starts_with(SAID)
    };
    let ids: Vec<i64> = own.iter().filter(is_left).map(|kind| kind.id).collect();
    if ids.is_empty() || ids.len() == own.len() {
        return Ok(None);
    }
    let why = format!("the fix of {by} does not cure it, so it is another bug");
    let Some(made) = part(tx, bug, own, &ids, &why).await? else {
        return Ok(None);
    };
    let text = format!(
        "the fix of {by} does not cure {}: now {} ({})",
        n_kinds(ids.len()),
        made.name,
        made.title
    );
    note(tx, bug, &text).await?;
    Ok(BugId::parse(&made.name))
}

fn n_kinds(n: usize) -> String {
    format!("{n} {} of events", if n == 1 { "kind" } else { "kinds" })
}

/// A kind of a bug.
struct OwnKind {
    id: i64,
    fingerprint: String,
    features: String,
    why: String,
    /// Of its fullest event, if that is kept.
    body: Option<Vec<u8>>,
}

impl OwnKind {
    /// What its event makes of a bug; none where that is gone.
    fn told(&self) -> Option<(String, Assessment)> {
        let event = known::event(self.body.as_ref()?).ok()?;
        Some((title(&event), assess(&event)))
    }
}

/// The kinds of a bug, those that tell most first.
async fn kinds_of(tx: &mut Transaction<'_, Any>, bug: &Found) -> anyhow::Result<Vec<OwnKind>> {
    let rows = sqlx::query(
        "SELECT kinds.id, kinds.fingerprint, kinds.features, kinds.why, events.body FROM kinds \
         LEFT JOIN events ON events.project = kinds.project AND events.event_id = kinds.event_id \
         WHERE kinds.bug = $1 ORDER BY kinds.wealth DESC, kinds.id",
    )
    .bind(bug.id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OwnKind {
                id: row.try_get(0)?,
                fingerprint: row.try_get(1)?,
                features: row.try_get(2)?,
                why: row.try_get(3)?,
                body: row.try_get(4)?,
            })
        })
        .collect()
}

/// Makes kinds of a bug another bug, with the reason. `None`, and nothing is changed, where one of them gave the bug its name.
async fn part(
    tx: &mut Transaction<'_, Any>,
    bug: &Found,
    own: Vec<OwnKind>,
    ids: &[i64],
    why: &str,
) -> anyhow::Result<Option<Found>> {
    // The one that tells most speaks for the new bug.
    let (others, own): (Vec<OwnKind>, Vec<OwnKind>) =
        own.into_iter().partition(|kind| ids.contains(&kind.id));
    let fullest = others.first().context("no kind is named")?;
    let (title, assessment) = fullest.told().context("the kind's event is gone")?;
    let features: Features = serde_json::from_str(&fullest.features)?;
    let assessment = serde_json::to_string(&assessment)?;
    let id = known::insert(tx, bug.project, &features, &title, &assessment).await?;
    if id == bug.id {
        return Ok(None);
    }
    let row = sqlx::query("SELECT fingerprint FROM bugs WHERE id = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    let made = Found {
        id,
        project: bug.project,
        name: row.try_get(0)?,
        title,
    };
    for id in ids {
        sqlx::query("UPDATE kinds SET bug = $1, why = $2 WHERE id = $3")
            .bind(made.id)
            .bind(why)
            .bind(id)
            .execute(&mut **tx)
            .await?;
    }
    // What is left may have been called by what it is not.
    if let Some((title, assessment)) = own.iter().find_map(|kind| kind.told()) {
        sqlx::query("UPDATE bugs SET title = $1, assessment = $2 WHERE id = $3")
            .bind(title)
            .bind(serde_json::to_string(&assessment)?)
            .bind(bug.id)
            .execute(&mut **tx)
            .await?;
    }
    note(tx, &made, why).await?;
    Ok(Some(made))
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
    // Who says that it is fixed wants to hear if it is not.
    mute::unmute(tx, bug).await?;
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
