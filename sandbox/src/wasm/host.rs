//! What a guest can call, and what it may use.

use std::{
    future::poll_fn,
    io,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
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
    filesystem::WasiFilesystemView,
    p2::{
        OutputStream, Pollable, StreamError, StreamResult,
        bindings::filesystem::{preopens, types},
    },
    random::Deterministic,
};

use super::{
    GuestJob,
    bytecode::Bytecode,
    files::{Files, View, Views},
    scratch::Scratch,
};
use crate::{Access, Ending, Limits, SandboxError};

/// How often a running guest is asked whether its time is up.
const TICK: Duration = Duration::from_millis(2);

/// Files, streams and the like that a guest may hold at once.
const N_RESOURCES: usize = 512;

/// Paths that a guest may name as not compiled before it is asked for them, and the length of one in bytes.
const N_UNCOMPILED: usize = 4096;
const MAX_PATH_BYTES: usize = 4096;

/// Bytes of randomness before they repeat.
const RANDOM_BYTES: usize = 1 << 12;

/// Everything that belongs to one run.
pub(super) struct Host {
    wasi: Wasi,
    files: Files,
    clock: Clock,
    memory_bytes: u64,
    /// The program's own limit, by the machine's clock: sleeping costs nothing of it.
    deadline: Option<Instant>,
    desk: Arc<Desk>,
    bytecode: Option<Arc<Bytecode>>,
}

/// What wasmtime keeps of it.
struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

/// What the guest's side and the host's hand each other.
pub(super) struct Desk {
    output_bytes: usize,
    stdout: Mutex<Vec<u8>>,
    stderr: Mutex<Vec<u8>>,
    report: Mutex<Vec<u8>>,
    /// The limit that was reached, if one was.
    ended: Mutex<Option<Ending>>,
    /// When the machine's time for the present request is up.
    until: Mutex<Instant>,
    requests: Mutex<Requests>,
    /// Sources that had no bytecode, as the guest names them.
    uncompiled: Mutex<Vec<PathBuf>>,
}

/// What a program in a session is asked next.
enum Requests {
    /// The program is at work.
    None,
    /// This waits for it.
    Next(Vec<u8>),
    /// It waits for one.
    Awaited,
    /// There will be none.
    Over,
}

impl Desk {
    /// For a program that is given its only request at its start, or for one that asks for more.
    pub(super) fn new(limits: &Limits, in_session: bool) -> Self {
        Self {
            output_bytes: limits.output_bytes,
            stdout: Mutex::default(),
            stderr: Mutex::default(),
            report: Mutex::default(),
            ended: Mutex::default(),
            until: Mutex::new(Instant::now() + limits.wall),
            requests: Mutex::new(if in_session {
                Requests::None
            } else {
                Requests::Over
            }),
            uncompiled: Mutex::default(),
        }
    }

    /// The limit that was reached, if one was.
    pub(super) fn ended(&self) -> Option<Ending> {
        *lock(&self.ended)
    }

    /// Gives a waiting program something to do, within so much time.
    pub(super) fn ask(&self, request: Vec<u8>, wall: Duration) {
        *lock(&self.until) = Instant::now() + wall;
        *lock(&self.requests) = Requests::Next(request);
    }

    /// Whether the program has done what it was asked and waits for more.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(*lock(&self.requests), Requests::Awaited)
    }

    /// Ready where there is a request, or there will be none. Who asks polls again: nobody is woken.
    fn receive(&self) -> Poll<Option<Vec<u8>>> {
        let mut requests = lock(&self.requests);
        if matches!(*requests, Requests::Over) {
            return Poll::Ready(None);
        }
        match std::mem::replace(&mut *requests, Requests::Awaited) {
            Requests::Next(request) => {
                *requests = Requests::None;
                Poll::Ready(Some(request))
            }
            _ => Poll::Pending,
        }
    }

    /// Adds to standard error.
    pub(super) fn complain(&self, text: &str) {
        lock(&self.stderr).extend_from_slice(text.as_bytes());
    }

    /// Standard output, standard error and report since this was called last.
    pub(super) fn take_output(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let take = |output: &Mutex<Vec<u8>>| std::mem::take(&mut *lock(output));
        (take(&self.stdout), take(&self.stderr), take(&self.report))
    }

    /// Sources that had no bytecode since this was called last.
    pub(super) fn take_uncompiled(&self) -> Vec<PathBuf> {
        std::mem::take(&mut *lock(&self.uncompiled))
    }

    fn note_uncompiled(&self, path: String) {
        let mut uncompiled = lock(&self.uncompiled);
        if uncompiled.len() < N_UNCOMPILED && path.len() <= MAX_PATH_BYTES {
            uncompiled.push(path.into());
        }
    }

    /// Notes why the run ends, and gives the error that ends it.
    fn end(&self, why: Ending) -> wasmtime::Error {
        lock(&self.ended).get_or_insert(why);
        wasmtime::format_err!("the run reached a limit: {why:?}")
    }

    fn append(&self, output: &Mutex<Vec<u8>>, more: &[u8]) -> wasmtime::Result<()> {
        let mut bytes = lock(output);
        let room = self.output_bytes - bytes.len().min(self.output_bytes);
        bytes.extend_from_slice(&more[..more.len().min(room)]);
        if more.len() > room {
            return Err(self.end(Ending::OutputLimit));
        }
        Ok(())
    }
}

impl Host {
    /// For one run of this job.
    pub(super) fn new(
        job: &GuestJob,
        desk: Arc<Desk>,
        bytecode: Option<Arc<Bytecode>>,
    ) -> Result<Self, SandboxError> {
        let output = |stream| Output {
            stream,
            desk: Arc::clone(&desk),
        };
        let clock = Clock {
            started: Instant::now(),
            epoch: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            skipped: Arc::default(),
        };
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output(Stream::Stdout))
            .stderr(output(Stream::Stderr))
            .wall_clock(clock.clone())
            .monotonic_clock(clock.clone())
            .secure_random(Deterministic::new(noise(1)))
            .insecure_random(Deterministic::new(noise(2)))
            .insecure_random_seed(0)
            .allow_tcp(false)
            .allow_udp(false)
            // The thread has nothing else to do, and handing each file to another one would cost more than reading it.
            .allow_blocking_current_thread(true);
        for mount in &job.mounts {
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
            wasi: Wasi {
                ctx: wasi.build(),
                table,
            },
            files: Files::new(Scratch::new(job.limits.file_bytes, clock.clone())),
            clock,
            memory_bytes: job.limits.memory_bytes,
            deadline: None,
            desk,
            bytecode,
        })
    }

    /// Fails where the time is up, the job's or the program's own.
    pub(super) fn check_time(&self) -> wasmtime::Result<()> {
        let now = Instant::now();
        let late = self.deadline.is_some_and(|deadline| now >= deadline);
        if late || now >= *lock(&self.desk.until) {
            return Err(self.desk.end(Ending::TimedOut));
        }
        Ok(())
    }
}

impl WasiView for Wasi {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.ctx,
            table: &mut self.table,
        }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired as u64 > self.memory_bytes {
            return Err(self.desk.end(Ending::OutOfMemory));
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // The guest asked for more than 32 bits can address, or the machine has no more.
        Err(self.desk.end(Ending::OutOfMemory))
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

/// A value that stays whole whoever panics.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the guest WASI and the functions of `guest/wit/guest.wit`.
pub(super) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    fn files(host: &mut Host) -> View<'_> {
        View {
            files: &mut host.files,
            mounts: host.wasi.filesystem(),
        }
    }
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true); // Of what was just added.
    preopens::add_to_linker::<Host, Views>(linker, files)?;
    types::add_to_linker::<Host, Views>(linker, files)?;
    linker.allow_shadowing(false);
    let mut root = linker.root();
    root.func_wrap(
        "report",
        |context: StoreContextMut<'_, Host>, (line,): (Vec<u8>,)| {
            let desk = &context.data().desk;
            desk.append(&desk.report, &line)
        },
    )?;
    root.func_wrap(
        "bytecode",
        |context: StoreContextMut<'_, Host>, (path, source): (String, Vec<u8>)| {
            let host = context.data();
            host.check_time()?;
            let found = host.bytecode.as_ref().and_then(|kept| kept.get(&source));
            if found.is_none() && host.bytecode.is_some() {
                host.desk.note_uncompiled(path);
            }
            Ok((found,))
        },
    )?;
    root.func_wrap_async("receive", |context: StoreContextMut<'_, Host>, (): ()| {
        let desk = Arc::clone(&context.data().desk);
        Box::new(async move { Ok((poll_fn(|_| desk.receive()).await,)) })
    })?;
    root.func_wrap(
        "deadline",
        |mut context: StoreContextMut<'_, Host>, (milliseconds,): (u64,)| {
            let host = context.data_mut();
            // What is further away than a day is lifted by the job's own limit long before.
            let left = Duration::from_millis(milliseconds.min(86_400_000));
            host.deadline = (milliseconds > 0).then(|| Instant::now() + left);
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
pub(super) struct Clock {
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

/// One of the two streams that a guest writes to.
#[derive(Clone)]
struct Output {
    stream: Stream,
    desk: Arc<Desk>,
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
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
        let to = match self.stream {
            Stream::Stdout => &self.desk.stdout,
            Stream::Stderr => &self.desk.stderr,
        };
        self.desk.append(to, &bytes).map_err(StreamError::Trap)
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
