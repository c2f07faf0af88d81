//! What a guest can call, and what it may use.

use std::{
    io, iter,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use wasmtime::{
    Engine, ResourceLimiter, StoreContextMut, bail,
    component::{Linker, ResourceTable},
};
use wasmtime_wasi::{
    FsPerms, HostMonotonicClock, HostWallClock, I32Exit, WasiCtx, WasiCtxView, WasiView,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
    random::Deterministic,
};

use super::GuestJob;
use crate::{Access, Ending, Limits, Mount, SandboxError};

/// How often a running guest is asked whether its time is up.
const TICK: Duration = Duration::from_millis(2);

/// Files, streams and the like that a guest may hold at once.
const N_RESOURCES: usize = 4096;

/// Bytes of randomness before they repeat.
const RANDOM_BYTES: usize = 1 << 12;

/// Everything that belongs to one run.
pub(super) struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    clock: Clock,
    limits: Limits,
    /// In the guest's time.
    deadline: Option<Duration>,
    ended: Arc<Mutex<Option<Ending>>>,
    stdout: Output,
    stderr: Output,
    report: Output,
}

impl Host {
    /// For one run of this job; `empty` is what it sees as `/tmp`.
    pub(super) fn new(
        job: &GuestJob,
        empty: &Path,
        started: Instant,
    ) -> Result<Self, SandboxError> {
        let ended = Arc::new(Mutex::new(None));
        let output = || Output {
            bytes: Arc::default(),
            limit: job.limits.output_bytes,
            ended: Arc::clone(&ended),
        };
        let (stdout, stderr, report) = (output(), output(), output());
        let clock = Clock {
            started,
            epoch: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            skipped: Arc::default(),
        };
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout.clone())
            .stderr(stderr.clone())
            .wall_clock(clock.clone())
            .monotonic_clock(clock.clone())
            .secure_random(Deterministic::new(noise(1)))
            .insecure_random(Deterministic::new(noise(2)))
            .insecure_random_seed(0)
            .allow_tcp(false)
            .allow_udp(false)
            // The thread has nothing else to do, and handing each file to another one would cost more than reading it.
            .allow_blocking_current_thread(true);
        let scratch = Mount {
            source: empty.to_owned(),
            target: "/tmp".into(),
            access: Access::Read,
        };
        for mount in iter::once(&scratch).chain(&job.mounts) {
            let refuse = |reason: &str| {
                SandboxError::Failed(format!("mounting {}: {reason}", mount.source.display()))
            };
            if mount.access != Access::Read {
                return Err(refuse("this isolate mounts for reading only"));
            }
            let target = mount.target.to_str().filter(|_| mount.target.is_absolute());
            let target = target.ok_or_else(|| refuse("the place inside is no absolute path"))?;
            wasi.preopened_dir(&mount.source, target, FsPerms::ReadOnly)
                .map_err(|error| refuse(&format!("{error:#}")))?;
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(N_RESOURCES);
        Ok(Self {
            wasi: wasi.build(),
            table,
            clock,
            limits: job.limits.clone(),
            deadline: None,
            ended,
            stdout,
            stderr,
            report,
        })
    }

    /// The limit that was reached, if one was.
    pub(super) fn ended(&self) -> Option<Ending> {
        *lock(&self.ended)
    }

    /// Adds to standard error.
    pub(super) fn complain(&mut self, text: &str) {
        lock(&self.stderr.bytes).extend_from_slice(text.as_bytes());
    }

    /// Standard output, standard error, report.
    pub(super) fn into_output(self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let take = |output: &Output| std::mem::take(&mut *lock(&output.bytes));
        (take(&self.stdout), take(&self.stderr), take(&self.report))
    }

    /// Fails where the time is up: the job's by the machine's clock, the program's own by the guest's.
    pub(super) fn check_time(&self) -> wasmtime::Result<()> {
        let late = self
            .deadline
            .is_some_and(|deadline| self.clock.elapsed() >= deadline);
        if late || self.clock.started.elapsed() >= self.limits.wall {
            return Err(end(&self.ended, Ending::TimedOut));
        }
        Ok(())
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired as u64 > self.limits.memory_bytes {
            return Err(end(&self.ended, Ending::OutOfMemory));
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // The guest asked for more than 32 bits can address, or the machine has no more.
        Err(end(&self.ended, Ending::OutOfMemory))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 1 << 20)
    }
}

/// Notes why the run ends, and gives the error that ends it.
fn end(ended: &Mutex<Option<Ending>>, why: Ending) -> wasmtime::Error {
    lock(ended).get_or_insert(why);
    wasmtime::format_err!("the run reached a limit: {why:?}")
}

/// A value that stays whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the guest WASI and the functions of `guest/wit/guest.wit`.
pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    let mut root = linker.root();
    root.func_wrap(
        "report",
        |context: StoreContextMut<'_, Host>, (line,): (Vec<u8>,)| {
            context.data().report.append(&line)
        },
    )?;
    root.func_wrap(
        "deadline",
        |mut context: StoreContextMut<'_, Host>, (milliseconds,): (u64,)| {
            let host = context.data_mut();
            host.deadline = (milliseconds > 0).then(|| {
                host.clock
                    .elapsed()
                    .saturating_add(Duration::from_millis(milliseconds))
            });
            Ok(())
        },
    )?;
    root.func_wrap(
        "leave",
        |_: StoreContextMut<'_, Host>, (status,): (i32,)| {
            Err::<(), _>(wasmtime::Error::from(I32Exit(status)))
        },
    )?;
    root.func_wrap(
        "sleep",
        |context: StoreContextMut<'_, Host>, (nanoseconds,): (u64,)| {
            let host = context.data();
            // The guest's clocks count in 64 bits of nanoseconds from 1970: stay far below.
            let skipped = host
                .clock
                .skipped
                .load(Ordering::Relaxed)
                .saturating_add(nanoseconds);
            if skipped > u64::MAX / 8 {
                bail!("slept longer than clocks can tell");
            }
            host.clock.skipped.store(skipped, Ordering::Relaxed);
            host.check_time()
        },
    )?;
    Ok(())
}

/// The guest's clocks: the machine's, set forward by what the program slept.
#[derive(Clone)]
struct Clock {
    started: Instant,
    epoch: Duration,
    skipped: Arc<AtomicU64>,
}

impl Clock {
    fn elapsed(&self) -> Duration {
        self.started.elapsed() + Duration::from_nanos(self.skipped.load(Ordering::Relaxed))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        // Not from zero: a program may take that for "never".
        u64::try_from((Duration::from_secs(1000) + self.elapsed()).as_nanos()).unwrap_or(u64::MAX)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.epoch + self.elapsed()
    }
}

/// Bytes without a pattern, the same for the same seed.
///
/// Source: Marsaglia, "Xorshift RNGs" (2003), the 64-bit triple (13, 7, 17).
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(RANDOM_BYTES);
    while bytes.len() < RANDOM_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

/// One of the three things that a guest writes to.
#[derive(Clone)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    limit: usize,
    ended: Arc<Mutex<Option<Ending>>>,
}

impl Output {
    fn append(&self, more: &[u8]) -> wasmtime::Result<()> {
        let mut bytes = lock(&self.bytes);
        let room = self.limit - bytes.len().min(self.limit);
        bytes.extend_from_slice(&more[..more.len().min(room)]);
        if more.len() > room {
            return Err(end(&self.ended, Ending::OutputLimit));
        }
        Ok(())
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Never asked for: `p2_stream` is what the guest's version of WASI uses.
        Box::new(Vec::new())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.append(&bytes).map_err(StreamError::Trap)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 16)
    }
}

/// Counts time for the guests that run, and sleeps while none does.
pub(super) struct Ticker {
    state: Arc<(Mutex<Ticking>, Condvar)>,
}

#[derive(Default)]
struct Ticking {
    n_running: usize,
    over: bool,
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let state = Arc::new((Mutex::new(Ticking::default()), Condvar::new()));
        let shared = Arc::clone(&state);
        thread::Builder::new()
            .name("guest-clock".to_owned())
            .spawn(move || {
                let (ticking, changed) = &*shared;
                loop {
                    let idle = changed
                        .wait_while(lock(ticking), |t| t.n_running == 0 && !t.over)
                        .unwrap_or_else(PoisonError::into_inner);
                    if idle.over {
                        return;
                    }
                    drop(idle);
                    thread::sleep(TICK);
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { state })
    }

    /// Ticks until the answer is dropped.
    pub(super) fn tick(&self) -> Tick<'_> {
        lock(&self.state.0).n_running += 1;
        self.state.1.notify_one();
        Tick { ticker: self }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        lock(&self.state.0).over = true;
        self.state.1.notify_one();
    }
}

/// While it lives, time is counted.
pub(super) struct Tick<'a> {
    ticker: &'a Ticker,
}

impl Drop for Tick<'_> {
    fn drop(&mut self) {
        lock(&self.ticker.state.0).n_running -= 1;
    }
}
