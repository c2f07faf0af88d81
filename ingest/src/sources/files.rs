//! Log files: found by pattern, followed as they grow, through rotation by renaming, copying, truncating, compressing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    Source, SourceError, checkpoints, store,
    tail::{FileId, Saved, SavedId, Tail},
};
use crate::{
    read::Format,
    redact::Redactor,
    sink::{Batch, EventSink},
};

/// Between two looks at files that have brought nothing new.
const PAUSE: Duration = Duration::from_millis(250);
/// Files that are followed at once; further ones wait until one of them is gone.
const MAX_FILES: usize = 1024;
/// Logs that are over and remembered, so that a copy of one is not read again.
const MAX_DONE: usize = 256;
/// What one round reads of a file, so that none waits for another's backlog, and of all.
const FILE_BYTES: usize = 1 << 20;
const ROUND_BYTES: usize = 8 << 20;

/// Follows all files that match its patterns, from the beginning of each or from where it stopped before.
#[derive(Debug)]
pub struct Files {
    /// The project that the events belong to.
    pub project: u64,
    /// Patterns of paths: `/var/log/shop/*.log`, `**/x.log`.
    pub patterns: Vec<String>,
    /// The form of the lines.
    pub format: Format,
    /// Redacts before anything is handed over.
    pub redactor: Redactor,
}

#[async_trait]
impl Source for Files {
    fn name(&self) -> String {
        format!("files {}", self.patterns.join(" "))
    }

    async fn run(
        self: Box<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) -> Result<(), SourceError> {
        let name = self.name();
        let failed = |why: String| SourceError {
            what: name.clone(),
            why,
        };
        for pattern in &self.patterns {
            glob::Pattern::new(pattern).map_err(|error| failed(format!("{pattern}: {error}")))?;
        }
        let prefix = format!("{name}\0");
        let Some(saved) = checkpoints(&*sink, self.project, &prefix, &stop).await else {
            return Ok(());
        };
        let mut follower = Follower::new(*self, prefix, &saved);
        while !stop.is_cancelled() {
            let (returned, batch, is_busy) = tokio::task::spawn_blocking(move || {
                let (batch, is_busy) = follower.round(Instant::now());
                (follower, batch, is_busy)
            })
            .await
            .map_err(|error| failed(error.to_string()))?;
            follower = returned;
            if let Some(batch) = batch
                && store(&*sink, batch, &stop).await.is_none()
            {
                return Ok(());
            }
            if !is_busy {
                stop.run_until_cancelled(sleep(PAUSE)).await;
            }
        }
        Ok(())
    }
}

/// The files that are followed, and what is known of others.
struct Follower {
    options: Files,
    prefix: String,
    tails: Vec<Tail>,
    /// Logs that were read before and that no file has been found to be.
    others: BTreeMap<SavedId, Saved>,
    /// What the store has.
    stored: BTreeMap<String, String>,
    /// Paths that could not be opened, so that each is told once.
    unreadable: BTreeSet<PathBuf>,
    /// Files that could not be read to their end.
    given_up: BTreeSet<FileId>,
}

impl Follower {
    fn new(options: Files, prefix: String, stored: &BTreeMap<String, String>) -> Self {
        let others = stored.values().filter_map(|value| {
            let saved: Saved = serde_json::from_str(value).ok()?;
            Some((saved.id(), saved))
        });
        Self {
            options,
            prefix,
            tails: Vec::new(),
            others: others.collect(),
            stored: stored.clone(),
            unreadable: BTreeSet::new(),
            given_up: BTreeSet::new(),
        }
    }

    /// Reads what is new, some of it where there is much; and says whether to come again at once.
    fn round(&mut self, now: Instant) -> (Option<Batch>, bool) {
        let mut batch = Batch {
            project: self.options.project,
            ..Batch::default()
        };
        let paths = self.paths();
        self.follow(&paths, &mut batch);
        self.discover(&paths, now);
        let mut left = ROUND_BYTES;
        let mut is_busy = false;
        for tail in &mut self.tails {
            let most = left.min(FILE_BYTES);
            match tail.read(most, now) {
                Ok(n) => {
                    is_busy |= n == most;
                    left -= n;
                }
                Err(error) => {
                    tracing::warn!(%error, path = %tail.path.display(), "a log could not be read on");
                    self.given_up.insert(tail.id());
                    tail.give_up();
                }
            }
            tail.hand_over(&mut batch);
        }
        // Who comes first in a round is served first.
        if is_busy {
            self.tails.rotate_left(1);
        }
        for tail in self.tails.extract_if(.., |tail| tail.is_over()) {
            let saved = tail.saved(true);
            self.others.insert(saved.id(), saved);
        }
        self.checkpoints(&mut batch);
        let is_something = batch.summary.records > 0 || !batch.checkpoints.is_empty();
        (is_something.then_some(batch), is_busy)
    }

    fn paths(&self) -> BTreeMap<PathBuf, FileId> {
        let found = self
            .options
            .patterns
            .iter()
            .filter_map(|p| glob::glob(p).ok());
        found
            .flatten()
            .filter_map(|path| {
                let path = path.ok()?;
                let metadata = fs::metadata(&path).ok().filter(Metadata::is_file)?;
                Some((path, (metadata.dev(), metadata.ino())))
            })
            .collect()
    }

    /// Sees what became of the files that are open: renamed, gone, truncated.
    fn follow(&mut self, paths: &BTreeMap<PathBuf, FileId>, batch: &mut Batch) {
        for tail in &mut self.tails {
            tail.find(paths);
            match tail.restart_if_truncated(batch) {
                Ok(None) => {}
                Ok(Some(before)) => {
                    self.others.insert(before.id(), before);
                }
                Err(error) => {
                    tracing::warn!(%error, path = %tail.path.display(), "a log could not be read on");
                    self.given_up.insert(tail.id());
                    tail.give_up();
                }
            }
        }
    }

    /// Opens files that are new.
    fn discover(&mut self, paths: &BTreeMap<PathBuf, FileId>, now: Instant) {
        self.given_up
            .retain(|id| paths.values().any(|other| other == id));
        let mut open: BTreeSet<FileId> = self.tails.iter().map(Tail::id).collect();
        for (path, id) in paths {
            if self.tails.len() >= MAX_FILES {
                break;
            }
            if self.given_up.contains(id) || !open.insert(*id) {
                continue;
            }
            let redactor = self.options.redactor.clone();
            let mut logs = self.others.clone();
            logs.extend(self.tails.iter().map(|tail| {
                let saved = tail.saved(false);
                (saved.id(), saved)
            }));
            match Tail::open(path, &logs, self.options.format, redactor, now) {
                Ok(Some(tail)) => {
                    self.unreadable.remove(path);
                    self.others.remove(&tail.saved(false).id());
                    self.tails.push(tail);
                }
                Ok(None) => {}
                Err(error) => {
                    if self.unreadable.insert(path.clone()) {
                        tracing::warn!(%error, path = %path.display(), "a log can't be opened");
                    }
                }
            }
        }
    }

    /// Puts what changed since the last batch into this one, which is stored as a whole.
    fn checkpoints(&mut self, batch: &mut Batch) {
        while self.others.len() > MAX_DONE {
            let oldest = self
                .others
                .values()
                .min_by_key(|saved| saved.read_at)
                .map(Saved::id);
            oldest.and_then(|id| self.others.remove(&id));
        }
        let all = self.tails.iter().map(|tail| tail.saved(false));
        let all = all.chain(self.others.values().cloned());
        let now: BTreeMap<String, String> = all
            .filter_map(|saved| {
                let value = serde_json::to_string(&saved).ok()?;
                let (log, inode) = saved.id();
                Some((format!("{}{log:016x} {inode}", self.prefix), value))
            })
            .collect();
        for (key, value) in &now {
            if self.stored.get(key) != Some(value) {
                batch.checkpoints.insert(key.clone(), Some(value.clone()));
            }
        }
        for key in self.stored.keys().filter(|key| !now.contains_key(*key)) {
            batch.checkpoints.insert(key.clone(), None);
        }
        // A batch that is not stored now is stored later, or never and then nothing after it.
        self.stored = now;
    }
}
