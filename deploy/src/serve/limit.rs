//! How many events a second a project may bring: what is beyond it has to come again later.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ingest::{Batch, EventSink, SinkError, Stored};

/// So many seconds' events may come at once. Clients that are refused are told to wait as long.
pub(super) const BURST_SECS: u32 = 10;

/// A sink in front of which each project has a limit, or none: clients are answered that it is too much, files and topics
/// wait. A batch that is larger than what may come at once counts as much as that.
pub(super) struct Limited {
    sink: Arc<dyn EventSink>,
    projects: HashMap<u64, Limit>,
}

struct Limit {
    limiter: DefaultDirectRateLimiter,
    burst: NonZeroU32,
    /// Events that were told to come again, each time that they were.
    n_refused: AtomicU64,
}

impl Limited {
    /// Each project's id with its events a second.
    pub(super) fn new(
        sink: Arc<dyn EventSink>,
        projects: impl IntoIterator<Item = (u64, NonZeroU32)>,
    ) -> Self {
        let limit = |(id, per_second): (u64, NonZeroU32)| {
            let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECS).expect("not 0"));
            let limiter = RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst));
            let n_refused = AtomicU64::new(0);
            (
                id,
                Limit {
                    limiter,
                    burst,
                    n_refused,
                },
            )
        };
        Self {
            sink,
            projects: projects.into_iter().map(limit).collect(),
        }
    }

    /// Of each project that has a limit, how many events were beyond it since the service began.
    pub(super) fn refused(&self) -> BTreeMap<u64, u64> {
        let projects = self.projects.iter();
        projects
            .map(|(id, limit)| (*id, limit.n_refused.load(Ordering::Relaxed)))
            .collect()
    }
}

#[async_trait]
impl EventSink for Limited {
    async fn store(&self, batch: Batch) -> Result<Stored, SinkError> {
        let n_events = u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
        if let (Some(limit), Some(n)) =
            (self.projects.get(&batch.project), NonZeroU32::new(n_events))
            && !matches!(limit.limiter.check_n(n.min(limit.burst)), Ok(Ok(())))
        {
            limit
                .n_refused
                .fetch_add(n_events.into(), Ordering::Relaxed);
            return Err(SinkError::Busy);
        }
        self.sink.store(batch).await
    }

    async fn checkpoints(
        &self,
        project: u64,
        prefix: &str,
    ) -> Result<BTreeMap<String, String>, SinkError> {
        self.sink.checkpoints(project, prefix).await
    }
}
