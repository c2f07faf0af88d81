//! What the service remembers: one database, SQLite in a file.
//!
//! All writing goes through one task (`writer`), which commits whatever waits in one transaction: an acknowledgement
//! costs one write to the disk, shared by all that wait for it.

mod attempts;
mod decide;
mod known;
mod mute;
mod read;
mod writer;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use async_trait::async_trait;
use ingest::{Batch, EventSink, RedactionKey, SinkError, Stored};
use sqlx::{
    AnyPool, Executor, Row, SqlStr,
    any::AnyPoolOptions,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use self::writer::Prepared;
pub(crate) use self::{
    attempts::{Attempt, Cure, Outcome, events, history, note_attempt},
    decide::{Verdict, decide},
    mute::{MuteUntil, from_now, moment},
    read::{Kind, State, StoredBug, bugs},
};

/// Batches that wait for the writer.
const MAX_WAITING: usize = 64;
/// How long others wait to be among them before they are refused.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The last second of the year 9999: times beyond it have no such form.
const MAX_MS: i64 = 253_402_300_799_000;

/// The event store.
#[derive(Clone)]
pub(crate) struct Store {
    pool: AnyPool,
    writer: mpsc::Sender<Work>,
}

/// A batch for the writer, and who waits for it.
struct Work {
    prepared: Prepared,
    done: oneshot::Sender<Result<Stored, SinkError>>,
}

/// A project's secrets.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// What clients show (the user part of a DSN); no secret, but not to be guessed.
    pub(crate) public: String,
    pub(crate) redaction: RedactionKey,
}

impl Store {
    /// Opens the database, makes it if need be, and brings its tables up to date. Needs a runtime to write with.
    ///
    /// # Errors
    /// If the file is not to be written, or is from a newer version.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let pool = connect(path, "rwc").await?;
        migrate(&pool, path).await?;
        known::renew(&pool).await?;
        let (writer, work) = mpsc::channel(MAX_WAITING);
        tokio::spawn(writer::run(pool.clone(), work));
        Ok(Self { pool, writer })
    }

    /// The project's keys; made where it has none. A public key that is given takes the place of the one it had.
    ///
    /// # Errors
    /// If the database can't be read or written.
    pub(crate) async fn keys(&self, project: u64, public: Option<&str>) -> anyhow::Result<Keys> {
        let made = public.map_or_else(random_hex, str::to_owned);
        sqlx::query(
            "INSERT INTO projects (id, public_key, redaction_key) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        )
        .bind(project as i64)
        .bind(made)
        .bind(random_hex())
        .execute(&self.pool)
        .await?;
        if let Some(public) = public {
            sqlx::query("UPDATE projects SET public_key = $1 WHERE id = $2")
                .bind(public)
                .bind(project as i64)
                .execute(&self.pool)
                .await?;
        }
        let row = sqlx::query("SELECT public_key, redaction_key FROM projects WHERE id = $1")
            .bind(project as i64)
            .fetch_one(&self.pool)
            .await?;
        let redaction: String = row.try_get(1)?;
        let bytes = u128::from_str_radix(&redaction, 16).context("the redaction key is damaged")?;
        Ok(Keys {
            public: row.try_get(0)?,
            redaction: RedactionKey::new(bytes.to_be_bytes()),
        })
    }
}

async fn connect(path: &Path, mode: &str) -> anyhow::Result<AnyPool> {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}?mode={mode}", escaped(path)?);
    AnyPoolOptions::new()
        .max_connections(4)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // FULL: in WAL mode a commit is on the disk when it returns.
                connection
                    .execute(
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000",
                    )
                    .await?;
                Ok(())
            })
        })
        .connect(&url)
        .await
        .with_context(|| format!("opening {}", path.display()))
}

/// Brings the tables up to date.
async fn migrate(pool: &AnyPool, path: &Path) -> anyhow::Result<()> {
    migrations()
        .run(pool)
        .await
        .with_context(|| format!("bringing {} up to date", path.display()))
}

/// A path as it stands in a URL.
fn escaped(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().context("the store's path is not UTF-8")?;
    Ok(text
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23"))
}

fn migrations() -> Migrator {
    const ALL: [(&str, &str); 5] = [
        ("events", include_str!("../../migrations/0001_events.sql")),
        (
            "fingerprints",
            include_str!("../../migrations/0002_fingerprints.sql"),
        ),
        ("kinds", include_str!("../../migrations/0003_kinds.sql")),
        (
            "attempts",
            include_str!("../../migrations/0004_attempts.sql"),
        ),
        ("muted", include_str!("../../migrations/0005_muted.sql")),
    ];
    let migration = |(at, (name, sql)): (usize, (&'static str, &'static str))| {
        let version = at as i64 + 1;
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            false,
        )
    };
    Migrator::with_migrations(ALL.into_iter().enumerate().map(migration).collect())
}

/// 128 random bits from the operating system, as 32 hex digits.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    format!("{:032x}", u128::from_be_bytes(bytes))
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

/// A time as people and programs read it, in UTC.
pub(crate) fn rfc3339(ms: i64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(ms.clamp(0, MAX_MS) as u64);
    humantime::format_rfc3339_seconds(time).to_string()
}

#[async_trait]
impl EventSink for Store {
    async fn store(&self, batch: Batch) -> Result<Stored, SinkError> {
        let failed = |what: &str| SinkError::Failed(what.to_owned());
        let slot = timeout(MAX_WAIT, self.writer.reserve()).await;
        let slot = slot.map_err(|_| SinkError::Busy)?;
        let slot = slot.map_err(|_| failed("the store is closed"))?;
        let prepared = tokio::task::spawn_blocking(|| writer::prepare(batch))
            .await
            .map_err(|error| failed(&error.to_string()))??;
        let (done, answer) = oneshot::channel();
        slot.send(Work { prepared, done });
        answer.await.map_err(|_| failed("the store is closed"))?
    }

    async fn checkpoints(
        &self,
        project: u64,
        prefix: &str,
    ) -> Result<BTreeMap<String, String>, SinkError> {
        let found = sqlx::query("SELECT key, value FROM checkpoints WHERE project = $1")
            .bind(project as i64)
            .fetch_all(&self.pool)
            .await;
        let rows = found.map_err(|error| SinkError::Failed(error.to_string()))?;
        let pairs = rows
            .iter()
            .filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?)));
        Ok(pairs
            .filter(|(key, _): &(String, String)| key.starts_with(prefix))
            .collect())
    }
}

#[cfg(test)]
mod tests;
