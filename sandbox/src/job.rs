//! What is asked of an isolate, and what it answers.

use std::{ffi::OsString, path::PathBuf, time::Duration};

/// One untrusted program to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program (an absolute path as seen inside) and its arguments.
    pub command: Vec<OsString>,
    /// What of the host is visible, beside the system's own libraries.
    pub mounts: Vec<Mount>,
    /// Working directory inside; must lie in a mount or in the scratch (`/tmp`).
    pub cwd: PathBuf,
    /// The whole environment: nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Bytes given on standard input.
    pub stdin: Vec<u8>,
    /// What it may use.
    pub limits: Limits,
}

/// A folder or file of the host, made visible inside.
///
/// There must be no socket and no named pipe in it behind which a process of the host listens: a mount keeps a job from
/// writing files, not from connecting, whatever its access.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Where it is on the host.
    pub source: PathBuf,
    /// Where it appears inside.
    pub target: PathBuf,
    /// Whether the job may write there.
    pub access: Access,
}

impl Mount {
    /// To be read, not written.
    pub fn read_only(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self {
            source: source.into(),
            target: target.into(),
            access: Access::Read,
        }
    }
}

/// What a job may do with a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    Write,
}

/// What a job may use before it is ended.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Wall-clock time. Default: 10 s.
    pub wall: Duration,
    /// Processor time of all its processes together, those that have ended included. Default: 60 s.
    ///
    /// Seen within some 10 ms on each core that it keeps busy. Natively only: in WebAssembly a job has one thread, and
    /// `wall` bounds it.
    pub cpu: Duration,
    /// Memory of all its processes together, in bytes. Default: 1 GiB.
    ///
    /// Natively, where a cgroup counts, with the files of its scratch and what the kernel keeps for it; where the
    /// watchdog counts, resident memory alone.
    pub memory_bytes: u64,
    /// Bytes kept of standard output, standard error and the report, each; one more ends the job. Default: 16 MiB.
    pub output_bytes: usize,
    /// Processes and threads at once. Default: 256.
    pub n_processes: u64,
    /// Largest file it may write, and size of the scratch, in bytes. Default: 64 MiB.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(10),
            cpu: Duration::from_secs(60),
            memory_bytes: 1 << 30,
            output_bytes: 16 << 20,
            n_processes: 256,
            file_bytes: 64 << 20,
        }
    }
}

/// How a job ended and what it left. Never a verdict by itself: the exit status belongs to the untrusted program.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it is over.
    pub ending: Ending,
    /// Standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// Standard error, up to the limit.
    pub stderr: Vec<u8>,
    /// What was written to file descriptor 3, up to the limit.
    pub report: Vec<u8>,
    /// Wall-clock time it took, start-up included.
    pub wall: Duration,
}

/// Why a job is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this status.
    Exited(i32),
    /// A signal of its own making ended it.
    Signaled(i32),
    /// It reached the wall-clock limit.
    TimedOut,
    /// It used more processor time than allowed.
    CpuLimit,
    /// It wanted more memory than allowed.
    OutOfMemory,
    /// It printed more than allowed.
    OutputLimit,
    /// It wanted more processes or threads than allowed, however it took the refusal.
    ProcessLimit,
    /// It wrote more to its writable mounts than allowed: sixteen files of the largest size, all in all.
    DiskLimit,
}

/// Why an isolate could not tell how a job would end.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This machine lacks something that isolation needs; the text says what, and what to do.
    #[error("isolation is not available here: {0}")]
    Unavailable(String),
    /// The isolate itself failed.
    #[error("the sandbox failed: {0}")]
    Failed(String),
}
