//! Bytecode for the guest's imports: made in machines of their own, kept in a private folder, found by the source alone.
//!
//! A program in the guest can ask for the bytecode of a source that it has. It can neither write here nor say which
//! entry belongs to which source: the host takes the digest of what it is given. And it can name files that it had to
//! compile; a [`Preparation`] reads those on the host and compiles each in a fresh machine that runs nothing else, so that
//! a source that turns the compiler against itself spoils its own entry alone.

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::{GuestJob, Wasm, compiled};
use crate::{Ending, Limits, SandboxError};

/// Sources beyond this are compiled each time, in bytes.
const MAX_SOURCE_BYTES: usize = 2 << 20;

/// The largest entry, in bytes.
const MAX_ENTRY_BYTES: usize = 8 << 20;

/// What one preparation adds to the folder at most, in bytes.
const MAX_ADDED_BYTES: u64 = 64 << 20;

/// What the folder holds at most, for all guests together, in bytes; what was written first goes first.
const MAX_BYTES: u64 = 256 << 20;

/// What it may take for one source, in seconds of the clock: it shares the processor with what is more urgent.
const SECONDS: u64 = 30;

/// The priority of the thread, as `nice` counts: a tenth of what runs beside it gets. 19 would be a seventieth, with which
/// a bug is over first on a busy machine.
const NICE: i32 = 10;

const DIGEST_BYTES: usize = 32;

/// A source that warns has no bytecode, or it would warn the first time only. The file's name is put in by the guest.
const COMPILE: &str = "import marshal, sys, warnings
warnings.simplefilter('error')
isolate.report.write(marshal.dumps(compile(sys.stdin.buffer.read(), '<source>', 'exec', dont_inherit=True)))";

/// The bytecode for one build of the guest.
#[derive(Debug)]
pub(super) struct Bytecode {
    /// For all builds.
    root: PathBuf,
    folder: PathBuf,
}

impl Bytecode {
    /// In folders that only this user may enter, made if they are absent.
    pub(super) fn open(root: &Path, guest: &str) -> Result<Self, SandboxError> {
        let folder = root.join(guest);
        compiled::make_private(root)?;
        compiled::make_private(&folder)?;
        Ok(Self {
            root: root.to_owned(),
            folder,
        })
    }

    /// The bytecode of this source; none where an entry is absent, cut short or another's.
    pub(super) fn get(&self, source: &[u8]) -> Option<Vec<u8>> {
        if source.len() > MAX_SOURCE_BYTES {
            return None;
        }
        let key = Sha256::digest(source);
        let mut entry = Vec::new();
        fs::File::open(self.place(&key))
            .ok()?
            .take((DIGEST_BYTES + MAX_ENTRY_BYTES) as u64)
            .read_to_end(&mut entry)
            .ok()?;
        let (sealed, code) = entry.split_at_checked(DIGEST_BYTES)?;
        (sealed == seal(&key, code)).then(|| code.to_vec())
    }

    fn put(&self, source: &[u8], code: &[u8]) -> io::Result<()> {
        let key = Sha256::digest(source);
        let entry = [&seal(&key, code), code].concat();
        compiled::write(&self.place(&key), &entry)
    }

    fn place(&self, key: &[u8]) -> PathBuf {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }
}

/// Ties an entry's bytecode to its source.
fn seal(key: &[u8], code: &[u8]) -> [u8; DIGEST_BYTES] {
    let digest = Sha256::new().chain_update(key).chain_update(code);
    digest.finalize().into()
}

/// Removes the oldest files of the folders in this one until no more than so many bytes are left.
fn shrink(root: &Path, bytes: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for folder in fs::read_dir(root)? {
        // What is no folder is not ours, and what is gone by now was removed by another process.
        for file in fs::read_dir(folder?.path()).into_iter().flatten() {
            let file = file?;
            if let Ok(found) = file.metadata() {
                let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((written, found.len(), file.path()));
            }
        }
    }
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    files.sort();
    for (_, size, path) in files {
        if total <= bytes {
            break;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => total -= size,
        }
    }
    Ok(())
}

/// Compiles sources for later runs, on a thread of its own, until it is done or dropped.
#[derive(Debug)]
pub struct Preparation {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<usize>>,
}

impl Preparation {
    /// Waits for the rest, and says how many of the sources were compiled and kept.
    pub fn wait(mut self) -> usize {
        let thread = self.thread.take();
        thread.map_or(0, |thread| thread.join().unwrap_or_default())
    }
}

/// Gives up what is not compiled yet, within milliseconds; what is kept stays.
impl Drop for Preparation {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has nothing to hand over.
            drop(thread.join());
        }
    }
}

impl Wasm {
    /// Begins to compile Python sources of the host, as [`super::Session::uncompiled`] names them, where
    /// [`Wasm::with_bytecode`] keeps them.
    ///
    /// Each is compiled in a machine of its own, and none of their code is run. What cannot be read or compiled, warns,
    /// or is too large (2 MiB of source, 8 MiB of bytecode) is left out; after 64 MiB the rest is. The thread has a
    /// low priority, so that it takes little from what runs beside it.
    ///
    /// # Errors
    /// [`SandboxError::Failed`] where no thread can be started.
    pub fn prepare(&self, sources: Vec<PathBuf>) -> Result<Preparation, SandboxError> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (wasm, seen) = (self.clone(), Arc::clone(&is_over));
        let thread = thread::Builder::new()
            .name("guest-bytecode".to_owned())
            .spawn(move || {
                // Of this thread alone, on Linux. Where it is not allowed, it goes on as it is.
                rustix::process::nice(NICE).ok();
                wasm.compile_all(&sources, &seen)
            })
            .map_err(|error| SandboxError::Failed(format!("preparing bytecode: {error}")))?;
        Ok(Preparation {
            is_over,
            thread: Some(thread),
        })
    }

    fn compile_all(&self, sources: &[PathBuf], is_over: &AtomicBool) -> usize {
        let Some(bytecode) = self.bytecode.as_deref() else {
            return 0;
        };
        if shrink(&bytecode.root, MAX_BYTES - MAX_ADDED_BYTES).is_err() {
            return 0;
        }
        let (mut n_kept, mut left, mut seen) = (0, MAX_ADDED_BYTES, HashSet::new());
        for source in sources.iter().filter(|path| seen.insert(*path)) {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let Some(source) = read(source).filter(|source| bytecode.get(source).is_none()) else {
                continue;
            };
            let Some(code) = self.compile(&source, is_over) else {
                continue;
            };
            left = left.saturating_sub((DIGEST_BYTES + code.len()) as u64);
            if left == 0 || bytecode.put(&source, &code).is_err() {
                break;
            }
            n_kept += 1;
        }
        n_kept
    }

    /// What a fresh machine makes of a source; none where that fails or is no longer wanted.
    fn compile(&self, source: &[u8], is_over: &AtomicBool) -> Option<Vec<u8>> {
        let wall = Duration::from_secs(SECONDS);
        let job = GuestJob {
            program: COMPILE.to_owned(),
            request: source.to_vec(),
            mounts: Vec::new(),
            limits: Limits {
                wall,
                output_bytes: MAX_ENTRY_BYTES,
                ..Limits::default()
            },
        };
        let mut session = self.start(&job, false).ok()?;
        let answer = session.drive(wall, &|| is_over.load(Ordering::Relaxed));
        (answer.ended == Some(Ending::Exited(0))).then_some(answer.report)
    }
}

/// A source that is a file of ordinary size. Nothing waits for a named pipe's other end.
fn read(path: &Path) -> Option<Vec<u8>> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut open = OpenOptions::new();
    let file = open.read(true).custom_flags(nonblocking).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut source = Vec::new();
    file.take(MAX_SOURCE_BYTES as u64 + 1)
        .read_to_end(&mut source)
        .ok()?;
    (source.len() <= MAX_SOURCE_BYTES).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_whole_and_its_own() {
        let root = tempfile::tempdir().expect("a folder");
        let kept = Bytecode::open(&root.path().join("bytecode"), "guest").expect("it opens");
        assert_eq!(kept.get(b"source"), None);
        kept.put(b"source", b"code").expect("it is kept");
        kept.put(b"other", b"").expect("it is kept");
        assert_eq!(kept.get(b"source").as_deref(), Some(b"code".as_slice()));
        assert_eq!(kept.get(b"other").as_deref(), Some(b"".as_slice()));
        let place = |source: &[u8]| kept.place(&Sha256::digest(source));
        let good = fs::read(place(b"source")).expect("it is there");
        let mut garbled = good.clone();
        *garbled.last_mut().expect("it has bytes") ^= 1;
        for bad in [&good[..good.len() - 1], &good[..7], b"", &garbled] {
            fs::write(place(b"source"), bad).expect("it is written");
            assert_eq!(kept.get(b"source"), None);
        }
        fs::write(place(b"other"), &good).expect("it is written");
        assert_eq!(kept.get(b"other"), None, "another source's");
    }

    #[test]
    fn the_oldest_go_first() {
        let root = tempfile::tempdir().expect("a folder");
        for (name, hours) in [("a/new", 1), ("b/old", 3), ("a/older", 4), ("b/newer", 2)] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(&path, [0; 10]).expect("a file");
            let written = SystemTime::now() - Duration::from_secs(3600 * hours);
            let file = fs::File::options().write(true).open(&path);
            file.and_then(|f| f.set_modified(written))
                .expect("its time");
        }
        fs::write(root.path().join("stray"), "no folder").expect("a file");
        shrink(root.path(), 25).expect("it shrinks");
        let is_there = |name: &str| root.path().join(name).exists();
        assert_eq!(
            ["a/new", "b/newer", "b/old", "a/older"].map(is_there),
            [true, true, false, false]
        );
    }
}
