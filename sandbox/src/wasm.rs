//! A Python interpreter in WebAssembly: explores, thousands of times a minute, each time in a fresh machine.
//!
//! Read `compiled` (how the guest gets from its file into memory), then `host` (what a program can reach and what it may
//! use), then [`Wasm::run`]. The guest itself is in `guest/`.
//!
//! | a program | finds |
//! |---|---|
//! | network, processes, threads | nothing of the kind: no address is allowed, the platform has no processes |
//! | files | the mounts and an empty `/tmp`, read only; a path, `..` or link that leads out of one is refused |
//! | environment, arguments | nothing of the host; `HOME` and the like as natively |
//! | clocks | the machine's; a sleep sets them forward instead of waiting |
//! | randomness | the same numbers in every run |
//! | hash seed | chosen when the guest was built, the same in every run |
//!
//! It is a 32-bit machine (`sys.maxsize` is 2³¹ − 1), and its answers hold for it alone: what they show is confirmed natively.

mod compiled;
mod host;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use wasmtime::{
    Config, Engine, Store, Trap, UpdateDeadline,
    component::{InstancePre, Linker},
};
use wasmtime_wasi::I32Exit;

use self::host::{Host, Ticker};
use crate::{Ending, Limits, Mount, Outcome, SandboxError};

/// What the guest's calls may use of the machine's stack. It is enough for CPython's own check of its C stack (1 MiB in the
/// guest's memory) to come first, and to raise `RecursionError`; C code that does not check, like `json`'s, stops here.
const STACK_BYTES: usize = 16 << 20;

/// What the host's own functions need below the guest's frames.
const HOST_STACK_BYTES: usize = 1 << 20;

/// One Python program to run in WebAssembly.
#[derive(Debug, Clone)]
pub struct GuestJob {
    /// The program's text. It is run as `__main__`, and finds a name `isolate` there: `isolate.report` is a binary file
    /// that stands for file descriptor 3, `isolate.deadline(seconds)` ends the job unless called again in time (0 lifts
    /// it; slept time counts). Programs named when the guest was built start without being compiled.
    pub program: String,
    /// Bytes given on standard input.
    pub request: Vec<u8>,
    /// Folders of the host that are visible; for reading only. They must hold no named pipes (git and wheels carry none):
    /// opening one would wait beyond every limit.
    pub mounts: Vec<Mount>,
    /// What it may use. There are no processes to count and no files to write.
    pub limits: Limits,
}

/// Runs Python programs in WebAssembly. Cheap to clone; any number of threads may run jobs at once.
#[derive(Clone)]
pub struct Wasm {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    guest: InstancePre<Host>,
    ticker: Ticker,
    /// A folder with nothing in it.
    empty: PathBuf,
}

impl std::fmt::Debug for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasm").finish_non_exhaustive()
    }
}

impl Wasm {
    /// Loads the guest, compiled by an earlier call if there was one.
    ///
    /// The first call compiles it, which takes seconds, and keeps the machine code in `cache_dir`: a folder that only this user
    /// may enter, made if it is absent. Two processes may share it.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] if the guest's file is not there; [`SandboxError::Failed`] if it is no guest of ours, or
    /// others may write to `cache_dir`.
    pub fn load(component: &Path, cache_dir: &Path) -> Result<Self, SandboxError> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .max_wasm_stack(STACK_BYTES)
            .async_stack_size(STACK_BYTES + HOST_STACK_BYTES)
            .wasm_backtrace_max_frames(None)
            .concurrency_support(false);
        let engine = Engine::new(&config).map_err(failed("configuring WebAssembly"))?;
        compiled::make_private(cache_dir)?;
        let empty = cache_dir.join("empty");
        compiled::make_private(&empty)?;
        let component = compiled::load(&engine, component, cache_dir)?;
        let mut linker = Linker::new(&engine);
        host::add_to_linker(&mut linker).map_err(failed("linking the guest"))?;
        let guest = linker
            .instantiate_pre(&component)
            .map_err(failed("linking the guest"))?;
        let ticker = Ticker::start(engine.clone()).map_err(|error| {
            SandboxError::Failed(format!("starting the guest's clock: {error}"))
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                guest,
                ticker,
                empty,
            }),
        })
    }

    /// Runs a program to its end in a machine of its own, on the caller's thread, which must not be one that drives
    /// asynchronous tasks.
    ///
    /// - [`Ending::Exited`] has the status given to `sys.exit` or `os._exit`; 1 after an uncaught exception.
    /// - A trap is told as the signal that would have ended a native process: 11 where the stack was exhausted (never to be
    ///   taken for a `RecursionError`) or memory violated, 6 for any other. Standard error says which.
    /// - [`Outcome::report`] has every piece that the program sent before it ended, however it ended.
    ///
    /// # Errors
    /// [`SandboxError::Failed`] if a mount is unusable, or this machine is out of something.
    pub fn run(&self, job: &GuestJob) -> Result<Outcome, SandboxError> {
        let started = Instant::now();
        let host = Host::new(job, &self.shared.empty, started)?;
        let mut store = Store::new(&self.shared.engine, host);
        store.limiter(|host| host);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            context.data().check_time()?;
            Ok(UpdateDeadline::Yield(1))
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| SandboxError::Failed(format!("starting a run: {error}")))?;
        let _ticking = self.shared.ticker.tick();
        let call = async {
            let instance = self.shared.guest.instantiate_async(&mut store).await?;
            let run = instance.get_typed_func::<(&str, &[u8]), (i32,)>(&mut store, "run")?;
            run.call_async(&mut store, (&job.program, &job.request))
                .await
        };
        // The epoch ends what computes; this ends what waits.
        let waited = job.limits.wall + Duration::from_millis(20);
        let called = runtime.block_on(async { tokio::time::timeout(waited, call).await });
        let mut host = store.into_data();
        let ending = match called {
            _ if host.ended().is_some() => host.ended().expect("just seen"),
            Err(_elapsed) => Ending::TimedOut,
            Ok(Ok((status,))) => Ending::Exited(status),
            Ok(Err(error)) => {
                if let Some(I32Exit(status)) = error.downcast_ref() {
                    Ending::Exited(*status)
                } else {
                    host.complain(&format!("{:#}\n", error.root_cause()));
                    match error.downcast_ref::<Trap>() {
                        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Ending::Signaled(11),
                        _ => Ending::Signaled(6),
                    }
                }
            }
        };
        let (stdout, stderr, report) = host.into_output();
        Ok(Outcome {
            ending,
            stdout,
            stderr,
            report,
            wall: started.elapsed(),
        })
    }
}

/// Says what we were doing when WebAssembly refused.
fn failed(doing: &str) -> impl FnOnce(wasmtime::Error) -> SandboxError + '_ {
    move |error| SandboxError::Failed(format!("{doing}: {error:#}"))
}
