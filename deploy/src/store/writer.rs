//! Writes batches, as many at once as wait.

use std::collections::HashMap;

use ingest::{Batch, ErrorEvent, SinkError, Stored, Summary};
use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::mpsc;
use triage::{Features, assess, title, wealth};

use super::{Work, known::Known, now_ms, random_hex};

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
    body: Vec<u8>,
}

/// Does all of the work that needs no database.
pub(super) fn prepare(mut batch: Batch) -> Result<Prepared, SinkError> {
    let rows = std::mem::take(&mut batch.events).iter().map(row).collect();
    let rows: anyhow::Result<_> = rows;
    match rows {
        Ok(rows) => Ok(Prepared { batch, rows }),
        Err(error) => Err(SinkError::Failed(error.to_string())),
    }
}

fn row(event: &ErrorEvent) -> anyhow::Result<EventRow> {
    Ok(EventRow {
        event_id: event.id.clone().unwrap_or_else(random_hex),
        features: Features::of(event),
        title: title(event),
        assessment: serde_json::to_string(&assess(event))?,
        wealth: wealth(event) as i64,
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

/// What changes of a bug with one transaction.
struct Change {
    project: i64,
    n_events: i64,
    best: (i64, String),
}

async fn write(pool: &AnyPool, known: &mut Known, all: &[Work]) -> sqlx::Result<Vec<Stored>> {
    let now = now_ms();
    let mut transaction = pool.begin().await?;
    let mut changes: HashMap<i64, Change> = HashMap::new();
    let mut answers = Vec::with_capacity(all.len());
    for work in all {
        let Prepared { batch, rows } = &work.prepared;
        let project = batch.project as i64;
        let mut stored = Stored::default();
        for row in rows {
            let bug = known.bug(&mut transaction, project, row, now).await?;
            let inserted = sqlx::query(
                "INSERT INTO events (project, event_id, bug, received_at, body) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (project, event_id) DO NOTHING",
            )
            .bind(project)
            .bind(&row.event_id)
            .bind(bug)
            .bind(now)
            .bind(&row.body)
            .execute(&mut *transaction)
            .await?;
            if inserted.rows_affected() == 0 {
                stored.n_known += 1;
                continue;
            }
            stored.n_new += 1;
            let change = changes.entry(bug).or_insert(Change {
                project,
                n_events: 0,
                best: (-1, String::new()),
            });
            change.n_events += 1;
            if row.wealth > change.best.0 {
                change.best = (row.wealth, row.event_id.clone());
            }
        }
        checkpoints(&mut transaction, batch).await?;
        outcomes(&mut transaction, project, &batch.summary, stored).await?;
        answers.push(stored);
    }
    for (bug, change) in changes {
        sqlx::query(
            "UPDATE bugs SET count = count + $1, last_seen = $2, \
             event_id = CASE WHEN wealth < $3 OR count = 0 THEN $4 ELSE event_id END, \
             wealth = CASE WHEN wealth < $3 THEN $3 ELSE wealth END WHERE id = $5 AND project = $6",
        )
        .bind(change.n_events)
        .bind(now)
        .bind(change.best.0)
        .bind(change.best.1)
        .bind(bug)
        .bind(change.project)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(answers)
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
) -> sqlx::Result<()> {
    let mut counts = vec![
        ("stored", stored.n_new as u64),
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
