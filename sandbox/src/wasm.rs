//! A Python interpreter in WebAssembly: explores, thousands of times a minute, each time in a fresh machine.
//!
//! Read `compiled` (how the guest gets from its file into memory), then `host` (what a program can reach and what it may
//! use) with `files` and `scratch` (its files), then [`Wasm::run`], and `bytecode` (what makes later imports fast). The guest
//! itself is in `guest/`.
//!
//! | a program | finds |
//! |---|---|
//! | network, processes, threads | nothing of the kind: no address is allowed, the platform has no processes |
//! | files | the mounts, read only; a path, `..` or link that leads out of one is refused, and so is a pipe or device |
//! | `/tmp` | a folder of its own, in memory: it never touches a disk and is gone with the machine |
//! | environment, arguments | nothing of the host; `HOME` and the like as natively |
//! | clocks | the machine's; a sleep sets them forward instead of waiting |
//! | randomness | the same numbers in every run |
//! | hash seed | chosen when the guest was built, the same in every run |
//!
//! It is a 32-bit machine (`sys.maxsize` is 2³¹ − 1), and its answers hold for it alone: what they show is confirmed natively.

mod bytecode;
mod compiled;
mod files;
mod host;
mod scratch;

use std::{
    fs,
    future::poll_fn,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use wasmtime::{
    Config, Engine, Store, Trap, UpdateDeadline,
    component::{InstancePre, Linker},
};
use wasmtime_wasi::I32Exit;

pub use self::bytecode::Preparation;
use self::{
    bytecode::Bytecode,
    host::{Desk, Host, Ticker},
};
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
    /// it; slept time does not count), `isolate.receive()` gives the next request of a [`Session`], or `None`. Programs named when the guest was built start without being compiled.
    pub program: String,
    /// Bytes given on standard input.
    pub request: Vec<u8>,
    /// Folders of the host that are visible; for reading only.
    pub mounts: Vec<Mount>,
    /// What it may use. There are no processes to count; `file_bytes` bounds all that it keeps in `/tmp`, where each name
    /// counts as a kibibyte, and comes on top of its memory.
    pub limits: Limits,
}

/// Runs Python programs in WebAssembly. Cheap to clone; any number of threads may run jobs at once.
#[derive(Clone)]
pub struct Wasm {
    shared: Arc<Shared>,
    bytecode: Option<Arc<Bytecode>>,
}

struct Shared {
    engine: Engine,
    guest: InstancePre<Host>,
    ticker: Ticker,
    /// What tells this build of the guest from others.
    key: String,
}

impl std::fmt::Debug for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasm").finish_non_exhaustive()
    }
}

impl Wasm {
    /// Loads the guest, compiled by an earlier call if there was one.
    ///
    /// The first call compiles it, which takes seconds (`compiling` is called before), and keeps the machine code in
    /// `cache_dir`: a folder that only this user may enter, made if it is absent. Two processes may share it.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] if the guest's file is not there; [`SandboxError::Failed`] if it is no guest of ours, or
    /// others may write to `cache_dir`.
    pub fn load(
        component: &Path,
        cache_dir: &Path,
        compiling: &dyn Fn(),
    ) -> Result<Self, SandboxError> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .max_wasm_stack(STACK_BYTES)
            .async_stack_size(STACK_BYTES + HOST_STACK_BYTES)
            .wasm_backtrace_max_frames(None)
            .concurrency_support(false);
        let engine = Engine::new(&config).map_err(failed("configuring WebAssembly"))?;
        compiled::make_private(cache_dir)?;
        let (component, key) = compiled::load(&engine, component, cache_dir, compiling)?;
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
                key,
            }),
            bytecode: None,
        })
    }

    /// The same, with the bytecode that [`Wasm::prepare`] has left in `folder`, which only this user may enter; it is
    /// made if it is absent. Two processes may share it. It holds at most 256 MiB; what was written first goes first.
    ///
    /// Imports are faster for it, and otherwise the same: a source's bytecode is found by the SHA-256 of its bytes, and
    /// what is damaged is not loaded.
    ///
    /// # Errors
    /// [`SandboxError::Failed`] if the folder cannot be made, or others may enter it.
    pub fn with_bytecode(mut self, folder: &Path) -> Result<Self, SandboxError> {
        self.bytecode = Some(Arc::new(Bytecode::open(folder, &self.shared.key)?));
        Ok(self)
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
        let mut session = self.start(job, false)?;
        let answer = session.drive(job.limits.wall, &|| false);
        Ok(Outcome {
            ending: answer.ended.expect("nothing keeps it waiting"),
            stdout: answer.stdout,
            stderr: answer.stderr,
            report: answer.report,
            wall: answer.wall,
        })
    }

    /// Starts a program that stays, with what it has imported, to answer one request after another.
    ///
    /// It is to call `isolate.receive()` for each: that gives the bytes of [`Session::ask`]. All limits of the job but the
    /// memory hold for each request anew; the first one counts from the start. What one request leaves behind the next
    /// one finds: what must not see that is given a machine of its own, by [`Wasm::run`].
    ///
    /// # Errors
    /// As for [`Wasm::run`].
    pub fn open(&self, job: &GuestJob) -> Result<Session, SandboxError> {
        self.start(job, true)
    }

    fn start(&self, job: &GuestJob, in_session: bool) -> Result<Session, SandboxError> {
        let desk = Arc::new(Desk::new(&job.limits, in_session));
        let host = Host::new(job, Arc::clone(&desk), self.bytecode.clone())?;
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
        let (guest, program, request) = (
            self.shared.guest.clone(),
            job.program.clone(),
            job.request.clone(),
        );
        let call = Box::pin(async move {
            let instance = guest.instantiate_async(&mut store).await?;
            let run = instance.get_typed_func::<(&str, &[u8]), (i32,)>(&mut store, "run")?;
            let (status,) = run.call_async(&mut store, (&program, &request)).await?;
            Ok(status)
        });
        Ok(Session {
            wasm: self.clone(),
            runtime,
            desk,
            mounts: job.mounts.clone(),
            call: Some(call),
        })
    }
}

/// A running program, between two requests.
pub struct Session {
    wasm: Wasm,
    runtime: tokio::runtime::Runtime,
    desk: Arc<Desk>,
    mounts: Vec<Mount>,
    /// The program's run, with the machine that it owns; none once it is over.
    call: Option<Pin<Box<dyn Future<Output = wasmtime::Result<i32>>>>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// What a program in a session did with one request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Why it is over, if it is: then nothing more can be asked of it.
    pub ended: Option<Ending>,
    /// Standard output since the last request, up to the limit; so the next two.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// What it reported.
    pub report: Vec<u8>,
    /// Wall-clock time it took, in the first answer with the start of the program.
    pub wall: Duration,
}

impl Session {
    /// Gives the program its next request, and waits until it asks for another, or is over, or so much time has passed
    /// (then it is over too).
    ///
    /// On the caller's thread, as [`Wasm::run`].
    pub fn ask(&mut self, request: Vec<u8>, wall: Duration) -> Answer {
        self.desk.ask(request, wall);
        self.drive(wall, &|| false)
    }

    /// Files in the mounts of which the program says that it had to compile them, since this was asked last: for
    /// [`Wasm::prepare`]. It may say so of any file there. Of 4096 at most, and none without [`Wasm::with_bytecode`].
    pub fn uncompiled(&self) -> Vec<PathBuf> {
        let on_host = |path: &PathBuf| {
            self.mounts.iter().find_map(|mount| {
                let source = fs::canonicalize(&mount.source).ok()?;
                let file = path.strip_prefix(&mount.target).ok()?;
                let file = fs::canonicalize(source.join(file)).ok()?;
                file.starts_with(source).then_some(file)
            })
        };
        let named = self.desk.take_uncompiled();
        named.iter().filter_map(on_host).collect()
    }

    /// Lets the program run until it waits or is over, or is no longer wanted.
    fn drive(&mut self, wall: Duration, is_over: &dyn Fn() -> bool) -> Answer {
        let started = Instant::now();
        let ended = match self.call.as_mut() {
            None => Some(self.desk.ended().unwrap_or(Ending::Exited(0))),
            Some(call) => {
                let _ticking = self.wasm.shared.ticker.tick();
                let desk = &self.desk;
                let step = poll_fn(|context| match call.as_mut().poll(context) {
                    Poll::Ready(result) => Poll::Ready(Some(result)),
                    Poll::Pending if desk.is_awaited() || is_over() => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                });
                // The epoch ends what computes; this ends what waits.
                let waited = wall + Duration::from_millis(20);
                let stepped = self
                    .runtime
                    .block_on(async { tokio::time::timeout(waited, step).await });
                match stepped {
                    _ if desk.ended().is_some() => desk.ended(),
                    Err(_elapsed) => Some(Ending::TimedOut),
                    Ok(None) => None,
                    Ok(Some(Ok(status))) => Some(Ending::Exited(status)),
                    Ok(Some(Err(error))) => Some(self.trapped(&error)),
                }
            }
        };
        if ended.is_some() {
            self.call = None;
        }
        let (stdout, stderr, report) = self.desk.take_output();
        Answer {
            ended,
            stdout,
            stderr,
            report,
            wall: started.elapsed(),
        }
    }

    /// Why a call failed.
    fn trapped(&self, error: &wasmtime::Error) -> Ending {
        if let Some(I32Exit(status)) = error.downcast_ref() {
            return Ending::Exited(*status);
        }
        self.desk.complain(&format!("{:#}\n", error.root_cause()));
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Ending::Signaled(11),
            _ => Ending::Signaled(6),
        }
    }
}

/// Says what we were doing when WebAssembly refused.
fn failed(doing: &str) -> impl FnOnce(wasmtime::Error) -> SandboxError + '_ {
    move |error| SandboxError::Failed(format!("{doing}: {error:#}"))
}
