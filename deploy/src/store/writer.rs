//! Writes batches, as many at once as wait.

use std::collections::HashMap;

use ingest::{Batch, ErrorEvent, SinkError, Stored, Summary};
use sqlx::{Any, AnyPool, Row, Transaction};
use tokio::sync::mpsc;
use triage::{Features, Impact, assess, title, wealth};

use super::{
    Work,
    known::{Known, Project},
    now_ms, random_hex,
};

/// Batches of one transaction.
const MAX_AT_ONCE: usize = 256;

/// A batch as rows, but for what only the database knows.
pub(super) struct Prepared {
    batch: Batch,
    rows: Vec<EventRow>,
}

pub(super) struct EventRow {
    pub(super) event_id: String,
    pub(super) features: Features,
    pub(super) title: String,
    pub(super) assessment: String,
    wealth: i64,
    release: Option<String>,
    impact: Impact,
    body: Vec<u8>,
}

/// Does all of the work that needs no database.
pub(super) fn prepare(mut batch: Batch) -> Result<Prepared, SinkError> {
    let now = now_ms();
    let events = std::mem::take(&mut batch.events);
    let rows: anyhow::Result<_> = events.iter().map(|event| row(event, now)).collect();
    match rows {
        Ok(rows) => Ok(Prepared { batch, rows }),
        Err(error) => Err(SinkError::Failed(error.to_string())),
    }
}

fn row(event: &ErrorEvent, now: i64) -> anyhow::Result<EventRow> {
    Ok(EventRow {
        event_id: event.id.clone().unwrap_or_else(random_hex),
        features: Features::of(event),
        title: title(event),
        assessment: serde_json::to_string(&assess(event))?,
        wealth: wealth(event) as i64,
        release: event.release.clone(),
        impact: Impact::of(event, Some(now)),
        body: zstd::bulk::compress(&serde_json::to_vec(event)?, 1)?,
    })
}

/// Writes until nobody can send any more.
pub(super) async fn run(pool: AnyPool, mut work: mpsc::Receiver<Work>) {
    let mut known = Known::default();
    let mut waiting = Vec::new();
    while work.recv_many(&mut waiting, MAX_AT_ONCE).await > 0 {
        match write(&pool, &mut known, &waiting).await {
            Ok(stored) => {
                for (work, stored) in waiting.drain(..).zip(stored) {
                    // Who no longer waits asks again, and finds the events known.
                    drop(work.done.send(Ok(stored)));
                }
            }
            Err(error) => {
                tracing::error!(%error, "events could not be stored");
                known.clear();
                for work in waiting.drain(..) {
                    drop(work.done.send(Err(SinkError::Failed(error.to_string()))));
                }
            }
        }
    }
}

/// What changes of a kind with one transaction.
struct Change {
    impact: Impact,
    best: (i64, String),
}

async fn write(pool: &AnyPool, known: &mut Known, all: &[Work]) -> sqlx::Result<Vec<Stored>> {
    let now = now_ms();
    // From the beginning as one who writes: another process may decide about bugs.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    known.refresh(&mut transaction).await?;
    let mut changes: HashMap<i64, Change> = HashMap::new();
    let mut answers = Vec::with_capacity(all.len());
    for work in all {
        let Prepared { batch, rows } = &work.prepared;
        let project = batch.project as i64;
        let known = known.project(&mut transaction, project).await?;
        let mut stored = Stored::default();
        let mut n_sampled = 0;
        for row in rows {
            let kind = known.kind_of(&mut transaction, project, row).await?;
            let is_whole = known.kind(kind).keeps(row.wealth);
            let inserted = sqlx::query(
                "INSERT INTO events (project, event_id, kind, received_at, body) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (project, event_id) DO NOTHING",
            )
            .bind(project)
            .bind(&row.event_id)
            .bind(kind)
            .bind(now)
            .bind(if is_whole { row.body.as_slice() } else { &[] })
            .execute(&mut *transaction)
            .await?;
            if inserted.rows_affected() == 0 {
                stored.n_known += 1;
                continue;
            }
            stored.n_new += 1;
            known.kind(kind).count(row.wealth);
            n_sampled += u64::from(!is_whole);
            let change = changes.entry(kind).or_insert(Change {
                impact: Impact::default(),
                best: (-1, String::new()),
            });
            change.impact.merge(&row.impact);
            if row.wealth > change.best.0 {
                change.best = (row.wealth, row.event_id.clone());
            }
            watch(&mut transaction, project, known, kind, row).await?;
        }
        checkpoints(&mut transaction, batch).await?;
        outcomes(&mut transaction, project, &batch.summary, stored, n_sampled).await?;
        answers.push(stored);
    }
    for (kind, change) in changes {
        count(&mut transaction, kind, change).await?;
    }
    transaction.commit().await?;
    Ok(answers)
}

/// Adds to what is counted of a kind.
async fn count(tx: &mut Transaction<'_, Any>, kind: i64, change: Change) -> sqlx::Result<()> {
    let row = sqlx::query("SELECT impact FROM kinds WHERE id = $1")
        .bind(kind)
        .fetch_one(&mut **tx)
        .await?;
    let mut impact = impact(&row.try_get::<String, _>(0)?);
    impact.merge(&change.impact);
    sqlx::query(
        "UPDATE kinds SET impact = $1, event_id = CASE WHEN wealth < $2 THEN $3 ELSE event_id END, \
         wealth = CASE WHEN wealth < $2 THEN $2 ELSE wealth END WHERE id = $4",
    )
    .bind(serde_json::to_string(&impact).expect("an impact is texts and numbers"))
    .bind(change.best.0)
    .bind(change.best.1)
    .bind(kind)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is stored of an impact; nothing, and a warning, where that is damaged.
pub(super) fn impact(text: &str) -> Impact {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::warn!(%error, "what was counted of a kind of events can't be read");
        Impact::default()
    })
}

/// Notes what a new event shows beside itself: a new release, and that a bug is back which was said to be fixed.
async fn watch(
    tx: &mut Transaction<'_, Any>,
    project: i64,
    known: &mut Project,
    kind: i64,
    row: &EventRow,
) -> sqlx::Result<()> {
    let at = row.impact.activity.last.unwrap_or_default();
    if let Some(release) = &row.release
        && known.releases.note(release, at)
    {
        sqlx::query(
            "INSERT INTO releases (project, name, first_seen) VALUES ($1, $2, $3) ON CONFLICT (project, name) DO NOTHING",
        )
        .bind(project)
        .bind(release)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    }
    let bug = known.kind(kind).bug;
    let release = row.release.as_deref();
    let is_back = known
        .resolved
        .get(&bug)
        .is_some_and(|fixed| fixed.is_undone_by(release, at, &known.releases));
    if is_back {
        known.resolved.remove(&bug);
        sqlx::query("UPDATE bugs SET regressed_at = $1, regressed_in = $2 WHERE id = $3")
            .bind(at)
            .bind(release)
            .bind(bug)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn checkpoints(transaction: &mut Transaction<'_, Any>, batch: &Batch) -> sqlx::Result<()> {
    for (key, value) in &batch.checkpoints {
        let query = match value {
            Some(value) => sqlx::query(
                "INSERT INTO checkpoints (project, key, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (project, key) DO UPDATE SET value = excluded.value",
            )
            .bind(batch.project as i64)
            .bind(key)
            .bind(value),
            None => sqlx::query("DELETE FROM checkpoints WHERE project = $1 AND key = $2")
                .bind(batch.project as i64)
                .bind(key),
        };
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn outcomes(
    transaction: &mut Transaction<'_, Any>,
    project: i64,
    summary: &Summary,
    stored: Stored,
    n_sampled: u64,
) -> sqlx::Result<()> {
    let mut counts = vec![
        ("stored", stored.n_new as u64),
        // Of those that are stored.
        ("not_kept_whole", n_sampled),
        ("known", stored.n_known as u64),
    ];
    counts.extend(
        summary
            .dropped
            .iter()
            .map(|(reason, &n)| (reason.as_str(), n)),
    );
    for (outcome, n) in counts {
        if n == 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO outcomes (project, outcome, count) VALUES ($1, $2, $3) \
             ON CONFLICT (project, outcome) DO UPDATE SET count = outcomes.count + excluded.count",
        )
        .bind(project)
        .bind(outcome)
        .bind(n as i64)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
