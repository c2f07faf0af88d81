//! Runs scripts in the WebAssembly guest: one session a bug, so that the repository is imported once.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use sandbox::{Ending, GuestJob, Limits, Preparation, Session, Wasm};

use super::run::{Bench, Kind, MEMORY_BYTES, REPO, RUNNER, Ran, Run, answers};
use crate::FixError;

/// Where a bug is explored while its crash happens there.
pub(crate) struct Explorer<'a> {
    wasm: &'a Wasm,
    session: Option<Session>,
    /// What the first import had to compile is compiled for later runs.
    preparation: Option<Preparation>,
}

impl<'a> Explorer<'a> {
    pub(crate) fn new(wasm: &'a Wasm) -> Self {
        Self {
            wasm,
            session: None,
            preparation: None,
        }
    }

    /// Runs scripts one after another, each beside what the earlier ones left behind in the interpreter.
    ///
    /// A run that hangs or ends the guest costs its own answer; those after it go on in a new one.
    ///
    /// # Errors
    /// [`FixError::Sandbox`] where the sandbox itself failed.
    pub(crate) fn run(
        &mut self,
        bench: &Bench<'_>,
        runs: &[Run],
        wall: Duration,
    ) -> Result<Vec<Ran>, FixError> {
        let until = Instant::now() + wall.min(bench.left() + Duration::from_secs(1));
        let mut out = Vec::new();
        let mut todo = runs;
        while !todo.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let mut session = match self.session.take() {
                Some(open) => open,
                None => self.wasm.open(&job(bench)).map_err(FixError::Sandbox)?,
            };
            let request = serde_json::json!({
                "runs": todo, "seconds": (left.as_secs_f64() - 0.5).max(0.5),
            });
            let request = serde_json::to_vec(&request).expect("strings and numbers serialise");
            let answer = session.ask(request, left);
            let told = answers(&answer.report, todo);
            tracing::debug!(
                runs.n = todo.len(),
                answers.n = told.len(),
                duration_ms = answer.wall.as_millis() as u64,
                "ran a batch in WebAssembly: {:?} {}",
                answer.ended,
                String::from_utf8_lossy(&answer.stderr[..answer.stderr.len().min(2000)])
            );
            let n_told = told.len();
            out.extend(told);
            if self.preparation.is_none() {
                self.prepare(session.uncompiled());
            }
            let Some(ending) = answer.ended else {
                self.session = Some(session);
                break;
            };
            // They answer in their order: the first that did not has ended it.
            let Some(culprit) = todo.get(n_told).filter(|_| Instant::now() < until) else {
                break;
            };
            let outcome = match ending {
                Ending::TimedOut => Kind::Timeout,
                _ => Kind::Died,
            };
            out.push(Ran::without_answer(culprit.id, outcome));
            todo = &todo[n_told + 1..];
        }
        Ok(out)
    }

    /// Ends the session, and hands over what is being prepared.
    pub(crate) fn close(self) -> Option<Preparation> {
        self.preparation
    }

    /// Has these files compiled beside what goes on; the rest of them is given up when the bug is done.
    fn prepare(&mut self, sources: Vec<PathBuf>) {
        if sources.is_empty() {
            return;
        }
        tracing::debug!(sources.n = sources.len(), "prepares bytecode");
        match self.wasm.prepare(sources) {
            Ok(preparation) => self.preparation = Some(preparation),
            Err(error) => tracing::warn!("later imports stay slow: {error}"),
        }
    }
}

fn job(bench: &Bench<'_>) -> GuestJob {
    // The guest brings its own pytest.
    let bench = Bench {
        tools: None,
        ..bench.clone()
    };
    let (mounts, paths) = bench.view();
    let setup = serde_json::json!({"repo": REPO, "paths": paths, "preload": bench.preload});
    GuestJob {
        program: RUNNER.to_owned(),
        request: serde_json::to_vec(&setup).expect("strings serialise"),
        mounts,
        limits: Limits {
            memory_bytes: MEMORY_BYTES,
            ..Limits::default()
        },
    }
}
